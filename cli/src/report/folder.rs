//! Output folders of reproductions: every result as JSON, CSV and a picture, with what it was made from.

use crate::files;
use anyhow::{Context, Result};
use experiments::{Exhibit, Provenance};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// A result with what it was made from.
#[derive(Serialize)]
struct Stated<'a, T: Serialize> {
    made_by: &'a Provenance,
    #[serde(flatten)]
    result: &'a T,
}

/// An output folder.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Creates the folder if it does not exist.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        std::fs::create_dir_all(path).with_context(|| {
            format!("{}: the output folder cannot be made; choose another with --out", path.display())
        })?;
        Ok(Self(path.to_owned()))
    }

    /// Writes `name.json`, `name.csv` and the picture, and says so on standard error.
    pub(crate) fn write(&self, name: &str, provenance: &Provenance, exhibit: &impl Exhibit) -> Result<()> {
        let json = serde_json::to_vec_pretty(&Stated { made_by: provenance, result: exhibit })?;
        let path = |ending: &str| self.0.join(format!("{name}.{ending}"));
        files::write(&path("json"), &json)?;
        files::write(&path("csv"), exhibit.csv().as_bytes())?;
        files::write(&path("svg"), exhibit.picture(provenance).as_bytes())?;
        eprintln!("wrote {name}.json, {name}.csv and {name}.svg in {}", self.0.display());
        Ok(())
    }
}
