//! Files of one row per image or timestep.

use crate::files;
use anyhow::{Result, bail};
use serde::Serialize;
use std::path::Path;

/// Their formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    Csv,
    Json,
}

impl Rows {
    /// The format that the ending of a file says; `option` names it in errors.
    pub(crate) fn of(option: &str, path: &Path) -> Result<Self> {
        match path.extension().and_then(|e| e.to_str()) {
            Some("csv") => Ok(Self::Csv),
            Some("json") => Ok(Self::Json),
            _ => bail!("{option} {}: the ending says the format; use .csv or .json", path.display()),
        }
    }
}

/// Writes rows, as CSV by `csv`.
pub(crate) fn write<T: Serialize>(option: &str, path: &Path, rows: &[T], csv: fn(&[T]) -> String) -> Result<()> {
    let bytes = match Rows::of(option, path)? {
        Rows::Csv => csv(rows).into_bytes(),
        Rows::Json => serde_json::to_vec_pretty(rows)?,
    };
    files::write(path, &bytes)
}
