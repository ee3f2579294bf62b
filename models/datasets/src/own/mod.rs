//! Images of one's own: folders of class folders, IDX files of any name, CIFAR's binary layout, archives of numpy.
//!
//! Shape, classes and their number come from the data; [`images`] reads any of them without a network, for training.

mod archive;
mod classes;
mod pictures;
mod write;

pub use archive::{of_arrays, of_layout};
pub use classes::{Entries, entries};
pub use pictures::{Picture, png};
pub use write::npz;

use super::dataset::{Dataset, Split};
use super::error::{Cause, DataError};
use super::{idx, recording::array};
use std::fs;
use std::path::{Path, PathBuf};

/// Most bytes of all images of a data set together.
pub const MAX_BYTES: u64 = 1 << 33;

/// Images, and what is said about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnImages {
    /// The images; labels are 0 where there are none.
    pub data: Dataset,
    /// Whether the data says which class each image has.
    pub labelled: bool,
    /// What was assumed or changed while reading, a sentence each.
    pub remarks: Vec<String>,
}

/// The images of a split in a folder or file; a folder without splits holds the images of both.
///
/// # Errors
/// If nothing there is a form of images that is known, or it is damaged.
pub fn images(path: &Path, split: Split) -> Result<OwnImages, DataError> {
    if !path.is_dir() {
        let bytes = read(path)?;
        return match array_images(&bytes, path, split)? {
            Some(found) => Ok(found),
            None => cifar_files(&[path.to_owned()], path, split),
        };
    }
    if let Some(found) = idx_pair(path, split)? {
        return Ok(found);
    }
    let batches = batches(path, split);
    if !batches.is_empty() {
        return cifar_files(&batches, path, split);
    }
    pictures::folder(path, split)
}

/// The images of an array file; `None` if it is none.
fn array_images(bytes: &[u8], path: &Path, split: Split) -> Result<Option<OwnImages>, DataError> {
    let arrays = if bytes.starts_with(b"PK\x03\x04") {
        array::npz(bytes, path)?
    } else if bytes.starts_with(b"\x93NUMPY") {
        vec![("x".to_owned(), array::npy(bytes, path, "")?)]
    } else {
        return Ok(None);
    };
    archive::images(&arrays, path, split).map(Some)
}

/// The bytes of a file, unpacked if gzip, within the limit.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    let limit = array::MAX_BYTES;
    std::io::Read::read_to_end(&mut std::io::Read::take(idx::open(path)?, limit + 1), &mut bytes)
        .map_err(|e| DataError::io(path, e))?;
    if bytes.len() as u64 > limit {
        return Err(DataError::new(
            path,
            "",
            Cause::refused(format!("is longer than the {limit} bytes that are read"), "Split it."),
        ));
    }
    Ok(bytes)
}

/// Files of a folder, sorted by name; hidden ones are left out.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    list(folder, false)
}

/// Folders of a folder, sorted by name; hidden ones are left out.
pub(crate) fn folders(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    list(folder, true)
}

fn list(folder: &Path, folders: bool) -> Result<Vec<PathBuf>, DataError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| DataError::io(folder, e))? {
        let path = entry.map_err(|e| DataError::io(folder, e))?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_dir() == folders && !hidden {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Whether a name says which split it is.
pub(crate) fn split_of(path: &Path) -> Option<Split> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    if name.contains("train") {
        Some(Split::Train)
    } else if ["test", "t10k", "val"].iter().any(|part| name.contains(part)) {
        Some(Split::Test)
    } else {
        None
    }
}

/// An IDX file of images and one of labels, whatever they are called; of several the ones whose names say the split.
fn idx_pair(folder: &Path, split: Split) -> Result<Option<OwnImages>, DataError> {
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    for file in files(folder)? {
        let mut head = [0; 4];
        let known = idx::open(&file).ok().and_then(|mut reader| std::io::Read::read_exact(&mut reader, &mut head).ok());
        match known.map(|()| u32::from_be_bytes(head)) {
            Some(0x0803) => images.push(file),
            Some(0x0801) => labels.push(file),
            _ => {}
        }
    }
    let choose = |files: &[PathBuf]| match files {
        [one] => Some(one.clone()),
        several => several.iter().find(|file| split_of(file) == Some(split)).cloned(),
    };
    let (Some(images), Some(labels)) = (choose(&images), choose(&labels)) else { return Ok(None) };
    let read = idx::load("", 256, &images, &labels)?;
    Ok(Some(named(read, folder, split, Vec::new())))
}

/// A data set with its name, and as many classes as its labels say.
fn named(mut data: Dataset, path: &Path, split: Split, remarks: Vec<String>) -> OwnImages {
    data.classes = data.labels.iter().map(|&label| usize::from(label) + 1).max().unwrap_or(1);
    let stem = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    data.name = format!("{stem} {split}");
    OwnImages { data, labelled: true, remarks }
}

/// Files in CIFAR's binary layout that belong to a split.
fn batches(folder: &Path, split: Split) -> Vec<PathBuf> {
    let is = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let of = if name.starts_with("data_batch") { Some(Split::Train) } else { split_of(file) };
        name.ends_with(".bin") && of == Some(split)
    };
    files(folder).unwrap_or_default().into_iter().filter(is).collect()
}

/// Records of one label (CIFAR-10) or two (CIFAR-100: the second is the fine one) and 3·32·32 intensities.
fn cifar_files(files: &[PathBuf], path: &Path, split: Split) -> Result<OwnImages, DataError> {
    const IMAGE: usize = 3 * 32 * 32;
    let mut data = Dataset { name: String::new(), classes: 256, shape: [3, 32, 32], pixels: vec![], labels: vec![] };
    let mut remarks = Vec::new();
    for file in files {
        let bytes = read(file)?;
        let labels = match bytes.len() {
            0 => None,
            n if n.is_multiple_of(IMAGE + 1) => Some(1),
            n if n.is_multiple_of(IMAGE + 2) => Some(2),
            _ => None,
        };
        let Some(labels) = labels else {
            let why = format!("{} bytes are not records of one or two labels and {IMAGE} intensities", bytes.len());
            let remedy = "Known are folders of class folders, IDX files, CIFAR's binary layout, .npy and .npz.";
            return Err(DataError::new(file, "", Cause::refused(why, remedy)));
        };
        if labels == 2 && remarks.is_empty() {
            remarks.push("records have two labels, as CIFAR-100: the second, fine one is used".to_owned());
        }
        for record in bytes.chunks_exact(IMAGE + labels) {
            data.labels.push(record[labels - 1]);
            data.pixels.extend_from_slice(&record[labels..]);
        }
    }
    Ok(named(data, path, split, remarks))
}
