//! Where a product goes: the file that was named, or one called after what it was made from.
//!
//! An output that nobody named is called `NETWORK.ENDING`, or `NETWORK-CHIP.ENDING` where it is for a chip: neither another network
//! nor another chip takes its name. A named file is replaced, since that was asked for. One that nobody named is replaced by the same
//! bytes only: with other content it stays as it is, and the command fails.

use crate::files;
use anyhow::{Result, bail};
use spikeloom::Format;
use std::path::{Path, PathBuf};

/// Where a product goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    path: PathBuf,
    named: bool,
}

impl Destination {
    /// The file that was named, or else this one.
    pub(crate) fn of(named: Option<&Path>, otherwise: impl FnOnce() -> PathBuf) -> Self {
        Self { path: named.map_or_else(otherwise, Path::to_owned), named: named.is_some() }
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the file.
    ///
    /// # Errors
    /// If nobody named it and there is one with other content, or if it cannot be written.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<()> {
        if !self.named && self.path.exists() {
            if std::fs::read(&self.path).is_ok_and(|kept| kept == bytes) {
                return Ok(());
            }
            bail!(
                "{}: is there already with other content, and stays as it is; name another file with --output, or this one to \
                 replace it",
                self.path.display()
            );
        }
        files::write(&self.path, bytes)
    }
}

/// A network's name in that of a file: a file's without folder and ending.
pub(crate) fn of_network(name: &str) -> String {
    let stem = Format::of(name).and_then(|_| Path::new(name).file_stem());
    plain(&stem.map_or_else(|| name.into(), |stem| stem.to_string_lossy()))
}

/// The name of what was made from a network for a chip.
pub(crate) fn for_chip(network: &str, chip: &str, ending: &str) -> String {
    format!("{}-{}.{ending}", of_network(network), plain(chip))
}

/// Without what shells and file systems see more in.
fn plain(text: &str) -> String {
    let kept = |c: char| c.is_alphanumeric() || "-_.=+".contains(c);
    let words = text.split(|c| !kept(c)).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_network_and_chip() {
        let names = [("mnist-small", "loihi1"), ("nets/my net.nir", "speck2"), ("mnist", "loihi1, core.neurons=512")];
        let names = names.map(|(network, chip)| for_chip(network, chip, "slb"));
        assert_eq!(names, ["mnist-small-loihi1.slb", "my-net-speck2.slb", "mnist-loihi1-core.neurons=512.slb"]);
    }

    #[test]
    fn only_what_was_named_is_replaced() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("a");
        let unnamed = Destination::of(None, || path.clone());
        unnamed.write(b"one").expect("new");
        unnamed.write(b"one").expect("the same");
        let refused = unnamed.write(b"two").unwrap_err().to_string();
        assert!(refused.contains("--output") && std::fs::read(&path).expect("there") == b"one", "{refused}");
        Destination::of(Some(&path), || unreachable!()).write(b"two").expect("named");
        assert_eq!(std::fs::read(&path).expect("there"), b"two");
    }
}
