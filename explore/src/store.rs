//! Points on disk: one file each, named by the address of what made it, in a folder that any number of writers may share.
//!
//! A file is written under a name of its own and renamed, so it is whole or absent, whatever happens to the writer; what two
//! writers make of one point is the same. What a writer left behind when it was killed is removed by the next.

use crate::{
    crew::Made,
    record::{FORMAT, PointRecord, VERSION},
};
use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

/// A folder of points.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
}

/// What is wrong with a folder of points.
#[derive(Debug)]
pub struct StoreError {
    place: PathBuf,
    cause: String,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place.display(), self.cause)
    }
}

impl std::error::Error for StoreError {}

fn io_error(place: &Path) -> impl FnOnce(io::Error) -> StoreError + use<'_> {
    move |error| StoreError { place: place.into(), cause: error.to_string() }
}

impl Store {
    /// The store in a folder, made if it is not there.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let points = folder.join("points");
        fs::create_dir_all(&points).map_err(io_error(&points))?;
        base::output::sweep(&points);
        Ok(Self { folder: points })
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.json"))
    }

    /// The point of an address, if it is stored.
    ///
    /// # Errors
    /// If what is stored is damaged, of another version, or not what its name says.
    pub fn get(&self, key: &str) -> Result<Option<PointRecord>, StoreError> {
        let path = self.path(key);
        match fs::read_to_string(&path) {
            Ok(text) => Self::read(&path, &text, key).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error(&path)(error)),
        }
    }

    pub(crate) fn read(path: &Path, text: &str, key: &str) -> Result<PointRecord, StoreError> {
        let fail = |cause: String| StoreError { place: path.into(), cause };
        let record: PointRecord = serde_json::from_str(text).map_err(|error| {
            fail(format!("is not a stored point, or damaged ({error}); remove it, and it is made again"))
        })?;
        if record.format != FORMAT || record.version != VERSION {
            return Err(fail(format!(
                "is version {} of `{}`; this program reads version {VERSION}",
                record.version, record.format
            )));
        }
        if record.key() != key {
            return Err(fail("is not the point that its name says; remove it, and it is made again".into()));
        }
        Ok(record)
    }

    /// Stores a point.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn put(&self, made: &Made) -> Result<(), StoreError> {
        let path = self.path(&made.key);
        base::output::write(&path, made.text.as_bytes()).map_err(io_error(&path))
    }

    /// All points, by address.
    ///
    /// # Errors
    /// If one cannot be read.
    pub fn all(&self) -> Result<Vec<PointRecord>, StoreError> {
        let mut keys: Vec<String> = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(io_error(&self.folder))? {
            let name = entry.map_err(io_error(&self.folder))?.file_name();
            let key = name.to_str().and_then(|name| name.strip_suffix(".json")).filter(|key| !key.starts_with('.'));
            keys.extend(key.map(str::to_owned));
        }
        keys.sort_unstable();
        keys.iter().filter_map(|key| self.get(key).transpose()).collect()
    }
}
