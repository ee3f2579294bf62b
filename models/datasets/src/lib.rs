//! Data sets: reading them, obtaining them, and a few hundred images that need no obtaining.
//!
//! Layout on disk, written by [`fetch()`] and read by [`load`], below one folder (by default [`default_dir`]):
//!
//! ```text
//! mnist/          train-images-idx3-ubyte.gz  train-labels-idx1-ubyte.gz
//!                 t10k-images-idx3-ubyte.gz   t10k-labels-idx1-ubyte.gz
//! fashion-mnist/  the same four names
//! cifar10/        data_batch_1.bin … data_batch_5.bin  test_batch.bin
//! ```
//!
//! Everything [`load`] returns is the published data set, byte for byte: decoded pixels and labels are checked
//! against [`digest::published`].
//!
//! Samples of one's own, images or recordings of events, are read by [`recording::open`] for a network and by [`own::images`]
//! for training.

mod archive;
pub mod bundled;
pub mod cifar;
mod dataset;
pub mod digest;
mod download;
mod error;
pub mod fetch;
mod folder;
pub mod idx;
pub mod own;
pub mod recording;
pub mod saccades;
pub mod sheet;
mod source;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub use dataset::{Dataset, DatasetName, Split, UnknownDataset};
pub use error::{Cause, DataError};
pub use fetch::{FetchReport, Progress, fetch};

/// Reads one split of a published data set from below `dir` and checks its digests.
///
/// The files are looked for in `dir/NAME/` and, if there is no such folder, in `dir` itself (for CIFAR-10 also in
/// `dir/cifar-10-batches-bin/`); the names accepted are the standard ones above and the variants the publishers use.
/// Pixels come as `N × C × H × W`.
pub fn load(name: DatasetName, split: Split, dir: &Path) -> Result<Dataset, DataError> {
    let candidates = folders(name, dir);
    let folder = candidates.iter().find(|folder| folder.is_dir()).unwrap_or(&candidates[0]);
    folder::read(name, split, folder)
}

/// The folders below `dir` that may hold `name`, the standard one first.
fn folders(name: DatasetName, dir: &Path) -> Vec<PathBuf> {
    let mut folders = vec![dir.join(name.as_str())];
    if name == DatasetName::Cifar10 {
        folders.push(dir.join("cifar-10-batches-bin"));
    }
    folders.push(dir.to_owned());
    folders
}

/// Where data sets are kept unless the user says otherwise: `$SPIKELOOM_DATA`, else `spikeloom/data` in
/// `$XDG_CACHE_HOME`, in `%LOCALAPPDATA%` on Windows, or in `~/.cache`; else `spikeloom-data` in the current folder.
pub fn default_dir() -> PathBuf {
    default_dir_from(|variable| std::env::var_os(variable))
}

fn default_dir_from(get: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    let get = |variable| get(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(dir) = get("SPIKELOOM_DATA") {
        return dir;
    }
    // The XDG base directory specification: relative paths are invalid and to be ignored.
    let cache = get("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    let cache = cache.or_else(|| if cfg!(windows) { get("LOCALAPPDATA") } else { None });
    let cache = cache.or_else(|| get("HOME").map(|home| home.join(".cache")));
    cache.map_or_else(|| PathBuf::from("spikeloom-data"), |cache| cache.join("spikeloom").join("data"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_folder_follows_the_environment() {
        let with = |pairs: &'static [(&str, &str)]| {
            default_dir_from(|key| pairs.iter().find(|(k, _)| *k == key).map(|(_, v)| v.into()))
        };
        assert_eq!(with(&[("SPIKELOOM_DATA", "/d"), ("HOME", "/h")]), Path::new("/d"));
        assert_eq!(with(&[("XDG_CACHE_HOME", "/c"), ("HOME", "/h")]), Path::new("/c/spikeloom/data"));
        assert_eq!(with(&[]), Path::new("spikeloom-data"));
        if cfg!(unix) {
            assert_eq!(with(&[("XDG_CACHE_HOME", "c"), ("HOME", "/h")]), Path::new("/h/.cache/spikeloom/data"));
        }
    }

    #[test]
    fn a_missing_data_set_says_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let e = load(DatasetName::Mnist, Split::Test, &dir.path().join("no")).unwrap_err();
        assert!(matches!(&e.cause, Cause::Io(_)) && e.file.ends_with("no/mnist"), "{e}");
        let e = load(DatasetName::Cifar10, Split::Test, dir.path()).unwrap_err().to_string();
        assert!(e.contains("none of these files is here: test_batch.bin") && e.contains("spikeloom data fetch"), "{e}");
    }
}
