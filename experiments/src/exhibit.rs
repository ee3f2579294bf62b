//! What every table and figure offers: text, CSV and a picture, and what it was made from.

use serde::Serialize;
use std::time::Instant;

/// A result to show; as JSON it is itself.
pub trait Exhibit: Serialize {
    /// For people.
    fn text(&self) -> String;

    /// For programs.
    fn csv(&self) -> String;

    /// To look at (SVG), with what it was made from.
    fn picture(&self, made_by: &Provenance) -> String;
}

/// Version and commit of this program, seed and duration: enough to make the result again.
#[derive(Clone, Debug, Serialize)]
pub struct Provenance {
    /// Version of spikeloom.
    pub spikeloom: &'static str,
    /// Commit that it was built from, if the build knew (`SPIKELOOM_COMMIT`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<&'static str>,
    /// Seed; absent where nothing is random.
    pub seed: Option<u64>,
    /// Time it took \[s\].
    pub seconds: f64,
}

impl Provenance {
    /// Of a computation that began at `begun`.
    pub fn new(seed: Option<u64>, begun: Instant) -> Self {
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
    pub fn still(&self) -> String {
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
