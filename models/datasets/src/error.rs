//! What can be wrong with a data file, said so that the reader can act on it.
//!
//! Every message has four parts: the file, the place in it (a byte offset or a named field), the cause, the remedy.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A data file that cannot be used, or a data set that cannot be obtained.
#[derive(Debug)]
pub struct DataError {
    /// The file or folder at fault.
    pub file: PathBuf,
    /// Where in it: `byte 4, image count`, or a field's name; empty when the file as a whole is meant.
    pub place: String,
    /// What is wrong.
    pub cause: Cause,
}

/// What is wrong with a data file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// The operating system refused.
    #[error("{0}")]
    Io(#[source] io::Error),
    /// None of the names the file may have exists in the folder.
    #[error("none of these files is here: {}", .0.join(", "))]
    NotFound(Vec<String>),
    /// The gzip stream is damaged or ends early.
    #[error("the gzip stream is damaged: {0}")]
    Gzip(String),
    /// The first bytes are not those of the format.
    #[error("wrong magic number {found:#010x}, expected {expected:#010x} ({what})")]
    Magic {
        /// The number read.
        found: u32,
        /// The number of the expected format.
        expected: u32,
        /// The expected format in words.
        what: &'static str,
    },
    /// The file ends before its header's contents do.
    #[error("truncated: {found} bytes where {expected} are needed")]
    Truncated {
        /// Bytes needed, counted from the start of the (decompressed) file.
        expected: u64,
        /// Bytes there.
        found: u64,
    },
    /// The file goes on after its contents.
    #[error("oversized: more than the {expected} bytes that its contents take")]
    Oversized {
        /// Bytes the contents take, counted from the start of the (decompressed) file.
        expected: u64,
    },
    /// A number in a header or a file's dimension is outside its range.
    #[error("{found} is out of range, {allowed} expected")]
    Range {
        /// The value read.
        found: u64,
        /// The values allowed.
        allowed: String,
    },
    /// Images and labels do not pair up.
    #[error("{labels} labels for {images} images")]
    CountMismatch {
        /// Number of images.
        images: u64,
        /// Number of labels.
        labels: u64,
    },
    /// A label is not a class.
    #[error("label {label} of image {index} is not below the {classes} classes")]
    Label {
        /// Which image.
        index: usize,
        /// Its label.
        label: u64,
        /// Number of classes.
        classes: usize,
    },
    /// A PNG sheet cannot be decoded.
    #[error("not a readable PNG image: {0}")]
    Png(String),
    /// A label list is not the JSON it should be.
    #[error("not a JSON list of labels: {0}")]
    Json(String),
    /// A file cannot be downloaded.
    #[error("{url}: {why}")]
    Download {
        /// Its address.
        url: String,
        /// Why not.
        why: String,
    },
    /// An archive cannot be unpacked, or holds a path that leads out of it.
    #[error("the archive cannot be used: {0}")]
    Archive(String),
    /// A program that was to obtain the file did not.
    #[error("`{command}` failed: {why}")]
    Command {
        /// The command line.
        command: String,
        /// What it or the operating system said.
        why: String,
    },
    /// The file is well formed but its contents are not the published data set.
    #[error("SHA-256 of the {what} is {found}, the published data set has {expected}")]
    Digest {
        /// `decoded pixels` or `labels`.
        what: &'static str,
        /// Digest of what was read, hexadecimal.
        found: String,
        /// Digest of the published data, hexadecimal.
        expected: &'static str,
    },
    /// The contents cannot be used, for a reason that the reader of the format states with what to do.
    #[error("{why}")]
    Refused {
        /// Why.
        why: String,
        /// What to do.
        remedy: String,
    },
    /// No source could supply the data set.
    #[error("{tried}")]
    Unavailable {
        /// Each source tried and why it failed.
        tried: String,
        /// Home pages, and where to put which files.
        remedy: String,
    },
}

impl Cause {
    /// Contents that cannot be used.
    pub(crate) fn refused(why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Refused { why: why.into(), remedy: remedy.into() }
    }

    /// What the reader can do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Io(e) if e.kind() == io::ErrorKind::NotFound => {
                "Check the path, or obtain the data set with `spikeloom data fetch`.".into()
            }
            Self::Io(_) => "Check the permissions and the free space of the disk, then run the command again.".into(),
            Self::NotFound(_) => {
                "Obtain the data set with `spikeloom data fetch NAME`, or name the folder that holds it with `--dir`."
                    .into()
            }
            Self::Gzip(_) | Self::Truncated { .. } => {
                "The copy is incomplete or damaged: delete the file and obtain it again with `spikeloom data fetch`."
                    .into()
            }
            Self::Magic { .. } => {
                "Check that the file is of this format and that images and labels are not exchanged.".into()
            }
            Self::Oversized { .. } => {
                "The file is not the one it is named after: delete it and obtain it again with `spikeloom data fetch`."
                    .into()
            }
            Self::Range { .. } | Self::Label { .. } | Self::Png(_) | Self::Json(_) => {
                "The file is damaged or of another data set: replace it, or obtain it with `spikeloom data fetch`."
                    .into()
            }
            Self::CountMismatch { .. } => {
                "Use the image file and the label file of the same data set and the same split.".into()
            }
            Self::Archive(_) => "Delete the archive and obtain it again from its publisher.".into(),
            Self::Download { .. } => "Check the connection, then run the command again.".into(),
            Self::Command { .. } => "Run it by hand to see more, then run the command again.".into(),
            Self::Digest { .. } => {
                "The files belong to another data set or were altered: replace them with `spikeloom data fetch`.".into()
            }
            Self::Refused { remedy, .. } | Self::Unavailable { remedy, .. } => remedy.clone(),
        }
    }
}

impl DataError {
    pub(crate) fn new(file: &Path, place: impl Into<String>, cause: Cause) -> Self {
        Self { file: file.to_owned(), place: place.into(), cause }
    }

    /// Place and cause without the remedy, for a list of attempts whose heading names `known` already: the file is
    /// named relative to it.
    pub(crate) fn reason_at(&self, known: &Path) -> String {
        let file = self.file.strip_prefix(known).unwrap_or(&self.file).display().to_string();
        let place: Vec<&str> = [&*file, &*self.place].into_iter().filter(|part| !part.is_empty()).collect();
        let separator = if place.is_empty() { "" } else { ": " };
        format!("{}{separator}{}", place.join(", "), self.cause)
    }

    pub(crate) fn io(file: &Path, e: io::Error) -> Self {
        Self::new(file, "", Cause::Io(e))
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if !self.place.is_empty() {
            write!(f, ", {}", self.place)?;
        }
        write!(f, ": {}. {}", self.cause, self.cause.remedy())
    }
}

impl std::error::Error for DataError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            Cause::Io(e) => Some(e),
            _ => None,
        }
    }
}
