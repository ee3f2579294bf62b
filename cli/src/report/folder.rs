//! Output folders of reproductions: every result as JSON, CSV and a picture, with what it was made from.
//!
//! What lies there already is replaced where that was asked for. Otherwise the same results stay as they are, and others are refused.

use crate::files;
use anyhow::{Context, Result, bail};
use experiments::{Exhibit, Provenance};
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A result with what it was made from.
#[derive(Serialize)]
struct Stated<'a, T: Serialize> {
    made_by: &'a Provenance,
    #[serde(flatten)]
    result: &'a T,
}

/// An output folder.
pub(crate) struct Folder {
    path: PathBuf,
    replace: bool,
}

/// A file with its contents.
type Content<'a> = (String, &'a [u8]);

impl Folder {
    /// Creates the folder if it does not exist; `replace` allows that what it holds is replaced.
    pub(crate) fn create(path: &Path, replace: bool) -> Result<Self> {
        std::fs::create_dir_all(path).with_context(|| {
            format!("{}: the output folder cannot be made; choose another with --out", path.display())
        })?;
        Ok(Self { path: path.to_owned(), replace })
    }

    /// Refuses a name under which there are results, before the work for others.
    ///
    /// # Errors
    /// If there are, and they may not be replaced.
    pub(crate) fn ensure_free(&self, name: &str) -> Result<()> {
        let path = self.path.join(format!("{name}.json"));
        if path.exists() && !self.replace {
            bail!("{}: is there already; replace it with --force, or choose another folder with --out", path.display());
        }
        Ok(())
    }

    /// Writes `name.json`, `name.csv` and the picture, and says so on standard error.
    pub(crate) fn write(&self, name: &str, provenance: &Provenance, exhibit: &impl Exhibit) -> Result<()> {
        let json = serde_json::to_vec_pretty(&Stated { made_by: provenance, result: exhibit })?;
        let (csv, picture) = (exhibit.csv(), exhibit.picture(provenance));
        let file = |ending: &str| format!("{name}.{ending}");
        self.put(&[(file("json"), &json), (file("csv"), csv.as_bytes()), (file("svg"), picture.as_bytes())])
    }

    /// Writes files that belong together, all or none.
    ///
    /// # Errors
    /// If one is there with other contents and may not be replaced, or if one cannot be written.
    pub(crate) fn put(&self, files: &[Content]) -> Result<()> {
        let names = files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        let kept =
            |(name, bytes): &Content| std::fs::read(self.path.join(name)).ok().map(|kept| same(name, &kept, bytes));
        let kept: Vec<Option<bool>> = files.iter().map(kept).collect();
        if !self.replace {
            if let Some(at) = kept.iter().position(|kept| *kept == Some(false)) {
                bail!(
                    "{}: is there already with other content, and stays as it is; replace it with --force, or choose another \
                     folder with --out",
                    self.path.join(&files[at].0).display()
                );
            }
            if kept.iter().all(|kept| *kept == Some(true)) {
                eprintln!("{names} in {} say the same already", self.path.display());
                return Ok(());
            }
        }
        for (name, bytes) in files {
            files::write(&self.path.join(name), bytes)?;
        }
        eprintln!("wrote {names} in {}", self.path.display());
        Ok(())
    }
}

/// Whether two files say the same: JSON but for the time that it took.
fn same(name: &str, kept: &[u8], new: &[u8]) -> bool {
    let timeless = |bytes: &[u8]| {
        let mut value: Value = serde_json::from_slice(bytes).ok()?;
        if let Some(made_by) = value.get_mut("made_by").and_then(Value::as_object_mut) {
            made_by.remove("seconds");
        }
        Some(value)
    };
    kept == new || name.ends_with(".json") && timeless(kept).is_some_and(|value| timeless(new) == Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_content_is_replaced_only_where_asked_for() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let put = |replace: bool, json: &str, csv: &str| {
            let folder = Folder::create(dir.path(), replace).expect("it is there");
            folder.put(&[("a.json".into(), json.as_bytes()), ("a.csv".into(), csv.as_bytes())])
        };
        let csv = || std::fs::read_to_string(dir.path().join("a.csv")).expect("there");
        put(false, r#"{"made_by": {"seconds": 1}, "x": 1}"#, "x").expect("new");
        put(false, r#"{"made_by": {"seconds": 2}, "x": 1}"#, "x").expect("the same but for the time");
        let refused = put(false, r#"{"made_by": {"seconds": 2}, "x": 1}"#, "y").unwrap_err().to_string();
        assert!(refused.contains("a.csv") && refused.contains("--force") && csv() == "x", "{refused}");
        put(true, r#"{"made_by": {"seconds": 2}, "x": 2}"#, "y").expect("asked for");
        assert_eq!(csv(), "y");
        let folder = |replace| Folder::create(dir.path(), replace).expect("it is there");
        assert!(folder(false).ensure_free("a").is_err() && folder(true).ensure_free("a").is_ok());
        assert!(folder(false).ensure_free("b").is_ok());
    }
}
