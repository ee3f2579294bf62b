//! A data set in one folder, in any of the forms it is published in.
//!
//! | data set | file names accepted, first match wins |
//! |---|---|
//! | MNIST, Fashion-MNIST | `train-images-idx3-ubyte.gz`, without `.gz`, and with `.idx3-ubyte` for `-idx3-ubyte`; likewise `train-labels-idx1-…` and `t10k-…` |
//! | CIFAR-10 | `data_batch_1.bin` … `data_batch_5.bin`, `test_batch.bin`; or the PNG sheets of [`super::sheet`] with `train_lables.json`, `test_lables.json` (so spelled) |
//!
//! The first name of a row is the standard form, in which [`store`] writes.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;

use super::dataset::{Dataset, DatasetName, Split};
use super::error::{Cause, DataError};
use super::{cifar, digest, idx, sheet};

/// The names that the files of `name` may have, all forms.
pub(crate) fn known_files(name: DatasetName) -> Vec<String> {
    match name {
        DatasetName::Mnist | DatasetName::FashionMnist => Split::ALL
            .into_iter()
            .flat_map(|split| [idx_names(split, "images-idx3"), idx_names(split, "labels-idx1")].concat())
            .collect(),
        DatasetName::Cifar10 => {
            let mut names: Vec<String> = Split::ALL
                .into_iter()
                .flat_map(|split| ["bin", "png"].map(|extension| cifar_batches(split, extension)).concat())
                .collect();
            names.extend(Split::ALL.map(|split| cifar_json(split).to_owned()));
            names
        }
    }
}

/// Reads one split from `folder` and checks that it is the published one, byte for byte.
pub(crate) fn read(name: DatasetName, split: Split, folder: &Path) -> Result<Dataset, DataError> {
    let data = match name {
        DatasetName::Mnist | DatasetName::FashionMnist => {
            let images = first_of(folder, &idx_names(split, "images-idx3"))?;
            let labels = first_of(folder, &idx_names(split, "labels-idx1"))?;
            idx::load(&format!("{name} {split}"), name.classes(), &images, &labels)?
        }
        DatasetName::Cifar10 => read_cifar(split, folder)?,
    };
    digest::verify(&data, name, split, folder)?;
    Ok(data)
}

fn idx_names(split: Split, part: &str) -> Vec<String> {
    let stem = match split {
        Split::Train => "train",
        Split::Test => "t10k",
    };
    let dotted = part.replace('-', ".");
    [format!("{stem}-{part}-ubyte"), format!("{stem}-{dotted}-ubyte")]
        .into_iter()
        .flat_map(|base| [format!("{base}.gz"), base])
        .collect()
}

fn cifar_batches(split: Split, extension: &str) -> Vec<String> {
    match split {
        Split::Train => (1..=5).map(|i| format!("data_batch_{i}.{extension}")).collect(),
        Split::Test => vec![format!("test_batch.{extension}")],
    }
}

fn cifar_json(split: Split) -> &'static str {
    match split {
        Split::Train => "train_lables.json",
        Split::Test => "test_lables.json",
    }
}

fn first_of(folder: &Path, names: &[String]) -> Result<PathBuf, DataError> {
    fs::metadata(folder).map_err(|e| DataError::io(folder, e))?;
    names
        .iter()
        .map(|name| folder.join(name))
        .find(|path| path.is_file())
        .ok_or_else(|| DataError::new(folder, "", Cause::NotFound(names.to_vec())))
}

fn read_cifar(split: Split, folder: &Path) -> Result<Dataset, DataError> {
    let name = DatasetName::Cifar10;
    let [_, height, width] = name.shape();
    let mut data = Dataset {
        name: format!("{name} {split}"),
        classes: name.classes(),
        shape: name.shape(),
        pixels: Vec::new(),
        labels: Vec::new(),
    };
    let sheets = !folder.join(&cifar_batches(split, "bin")[0]).is_file()
        && folder.join(&cifar_batches(split, "png")[0]).is_file();
    for file in cifar_batches(split, if sheets { "png" } else { "bin" }) {
        let file = first_of(folder, &[file])?;
        let reader = BufReader::new(File::open(&file).map_err(|e| DataError::io(&file, e))?);
        if sheets {
            data.pixels.extend(sheet::read_sheet(reader, &file, cifar::BATCH_IMAGES, [height, width])?);
        } else {
            cifar::append_batch(&mut data, reader, &file, cifar::BATCH_IMAGES)?;
        }
    }
    if sheets {
        let file = first_of(folder, &[cifar_json(split).to_owned()])?;
        let reader = File::open(&file).map_err(|e| DataError::io(&file, e))?;
        data.labels = sheet::read_labels(reader, &file, name.count(split), name.classes())?;
    }
    Ok(data)
}

/// The files of the standard form: images then labels, or the batches in order.
pub(crate) fn standard_files(name: DatasetName, split: Split) -> Vec<String> {
    match name {
        DatasetName::Mnist | DatasetName::FashionMnist => {
            ["images-idx3", "labels-idx1"].map(|part| idx_names(split, part).swap_remove(0)).to_vec()
        }
        DatasetName::Cifar10 => cifar_batches(split, "bin"),
    }
}

/// Writes `data`, one split of `name`, into the existing `folder` in the standard form and returns the file names.
///
/// The files get their final names at once: call it on a folder nobody reads yet.
pub(crate) fn store(data: &Dataset, name: DatasetName, split: Split, folder: &Path) -> Result<Vec<String>, DataError> {
    let files = standard_files(name, split);
    for (i, file) in files.iter().enumerate() {
        write_file(&folder.join(file), |out| match name {
            DatasetName::Cifar10 => {
                cifar::write_batch(data, i * cifar::BATCH_IMAGES..(i + 1) * cifar::BATCH_IMAGES, out)
            }
            _ if i == 0 => idx::write_images_gz(data, out, Compression::default()),
            _ => idx::write_labels_gz(data, out, Compression::default()),
        })?;
    }
    Ok(files)
}

fn write_file(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<(), DataError> {
    let attempt = || {
        let mut out = BufWriter::new(File::create_new(path)?);
        write(&mut out)?;
        out.flush()?;
        out.get_ref().sync_all()
    };
    attempt().map_err(|e| DataError::io(path, e))
}

/// Moves the finished folder `from` to `to`: as a whole if `to` does not exist, else file by file, replacing the
/// files of the same names and leaving others alone. Both must be on one file system.
pub(crate) fn install(from: &Path, to: &Path, files: &[String]) -> Result<(), DataError> {
    if !to.exists() {
        return fs::rename(from, to).map_err(|e| DataError::io(to, e));
    }
    for file in files {
        let path = to.join(file);
        fs::rename(from.join(file), &path).map_err(|e| DataError::io(&path, e))?;
    }
    Ok(())
}
