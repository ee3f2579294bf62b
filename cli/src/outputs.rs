//! Destinations, checked before the work: a run of ten thousand images must not end in "no such folder".

use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};

/// Files that a command is going to write, each with the option that names it.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    written: Vec<(&'static str, PathBuf)>,
    read: Vec<PathBuf>,
}

impl Outputs {
    /// Adds a file, if there is one.
    #[must_use]
    pub(crate) fn and(mut self, option: &'static str, path: Option<&Path>) -> Self {
        self.written.extend(path.map(|path| (option, path.to_owned())));
        self
    }

    /// Names what the command reads: a file, or nothing where it is the name of something that ships.
    #[must_use]
    pub(crate) fn reading(mut self, input: &str) -> Self {
        self.read.extend(Path::new(input).canonicalize());
        self
    }

    /// Checks that every file can be written, that no two are the same, and that none is what the command reads.
    pub(crate) fn check(&self) -> Result<()> {
        let mut places: Vec<(&'static str, PathBuf)> = Vec::new();
        for (option, path) in &self.written {
            let place = place(path).with_context(|| format!("{option} {}", path.display()))?;
            if let Some((other, _)) = places.iter().find(|(_, known)| *known == place) {
                bail!("{other} and {option} name the same file, {}; give each its own", path.display());
            }
            if self.read.contains(&place) {
                bail!("{option} {}: would replace what is read from it; name another file", path.display());
            }
            places.push((*option, place));
        }
        Ok(())
    }
}

/// The file in its folder without links, if it can be written there.
fn place(path: &Path) -> Result<PathBuf> {
    ensure!(!path.is_dir(), "is a folder; name a file in it");
    let name = path.file_name().context("is no name of a file")?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder =
        folder.canonicalize().with_context(|| format!("there is no folder {}; make it first", folder.display()))?;
    base::output::check(path).context("cannot be written; choose another place")?;
    Ok(folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_checked_before_anything_is_written() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| dir.path().join(name);
        let check = |paths: &[(&'static str, PathBuf)]| {
            let outputs = paths.iter().fold(Outputs::default(), |all, (option, path)| all.and(option, Some(path)));
            outputs.check().map_err(|error| format!("{error:#}"))
        };
        std::fs::create_dir(path("sub")).expect("a folder");
        assert_eq!(check(&[("-o", path("a")), ("--per-image", path("b"))]), Ok(()));
        let same = check(&[("--output", path("a")), ("--per-image", path("sub/../a"))]).unwrap_err();
        assert!(same.contains("--output and --per-image name the same file"), "{same}");
        assert!(check(&[("-o", path("no/a"))]).unwrap_err().contains("there is no folder"));
        assert!(check(&[("-o", path("sub"))]).unwrap_err().contains("is a folder"));
        assert_eq!(std::fs::read_dir(dir.path()).expect("readable").count(), 1);
        std::fs::write(path("net.nir"), "").expect("writable");
        let own = Outputs::default()
            .and("--output", Some(&path("sub/../net.nir")))
            .reading(&path("net.nir").to_string_lossy());
        let own = own.check().unwrap_err().to_string();
        assert!(own.contains("would replace what is read"), "{own}");
    }
}
