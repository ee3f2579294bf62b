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

mod dataset;
mod error;
pub mod idx;

use std::path::Path;

pub use dataset::{Dataset, DatasetName, Split, UnknownDataset};
pub use error::{Cause, DataError};

/// Reads one split of a data set from the folder `dir`.
pub fn load(name: DatasetName, split: Split, dir: &Path) -> Result<Dataset, DataError> {
    let folder = dir.join(name.as_str());
    let stem = match split {
        Split::Train => "train",
        Split::Test => "t10k",
    };
    let images = folder.join(format!("{stem}-images-idx3-ubyte.gz"));
    let labels = folder.join(format!("{stem}-labels-idx1-ubyte.gz"));
    idx::load(&format!("{name} {split}"), name.classes(), &images, &labels)
}
