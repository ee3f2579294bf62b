//! Output folders of reproductions: every result as JSON, CSV and a picture, with what it was made from.

use crate::files;
use anyhow::{Context, Result};
use serde::Serialize;
use std::{
    path::{Path, PathBuf},
    time::Instant,
};

/// Version and commit of this program, seed and duration: enough to make the result again.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Provenance {
    /// Version of spikeloom.
    pub(crate) spikeloom: &'static str,
    /// Commit that it was built from, if the build knew (`SPIKELOOM_COMMIT`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commit: Option<&'static str>,
    /// Seed; absent where nothing is random.
    pub(crate) seed: Option<u64>,
    /// Time it took \[s\].
    pub(crate) seconds: f64,
}

impl Provenance {
    /// Of a computation that began at `begun`.
    pub(crate) fn new(seed: Option<u64>, begun: Instant) -> Self {
        Self {
            spikeloom: env!("CARGO_PKG_VERSION"),
            commit: option_env!("SPIKELOOM_COMMIT"),
            seed,
            seconds: begun.elapsed().as_secs_f64(),
        }
    }
}

impl Provenance {
    /// Without the time that it took: the same inputs give the same words.
    pub(crate) fn still(&self) -> String {
        let mut text = format!("spikeloom {}", self.spikeloom);
        if let Some(commit) = self.commit {
            text.push_str(&format!(", commit {commit}"));
        }
        match self.seed {
            Some(seed) => text.push_str(&format!(", seed {seed}")),
            None => text.push_str(", nothing random"),
        }
        text
    }
}

impl std::fmt::Display for Provenance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.still())?;
        write!(f, ", {:.1} s", self.seconds)
    }
}

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
    pub(crate) fn write(
        &self,
        name: &str,
        provenance: &Provenance,
        result: &impl Serialize,
        csv: &str,
        (picture, ending): (&[u8], &str),
    ) -> Result<()> {
        let json = serde_json::to_vec_pretty(&Stated { made_by: provenance, result })?;
        let path = |ending: &str| self.0.join(format!("{name}.{ending}"));
        files::write(&path("json"), &json)?;
        files::write(&path("csv"), csv.as_bytes())?;
        files::write(&path(ending), picture)?;
        eprintln!("wrote {name}.json, {name}.csv and {name}.{ending} in {}", self.0.display());
        Ok(())
    }
}

/// A cell of a CSV file: quoted where needed.
pub(crate) fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_with_separators_are_quoted() {
        assert_eq!(quoted("a b"), "a b");
        assert_eq!(quoted("1, \"2\""), "\"1, \"\"2\"\"\"");
    }
}
