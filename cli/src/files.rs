//! Reading and writing files: errors name the file, outputs appear whole or not at all.

use anyhow::{Context, Result};
use std::{io::Write, path::Path};

/// The bytes of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path)
        .with_context(|| format!("{}: cannot be read; check the path and its permissions", path.display()))
}

/// The text of a file.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    String::from_utf8(read(path)?)
        .map_err(|error| error.utf8_error())
        .with_context(|| format!("{}: is not a text file in UTF-8", path.display()))
}

/// Writes a file that appears whole or not at all ([`base::output`]).
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with(path, |file| Ok(file.write_all(bytes)?))
}

/// Like [`write`], for contents that are made while they are written. Errors of the maker are passed on as they are.
pub(crate) fn write_with(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    base::output::write_with(path, write).map_err(|error: anyhow::Error| unwritable(path, error))
}

fn unwritable(path: &Path, error: anyhow::Error) -> anyhow::Error {
    if error.is::<std::io::Error>() {
        error.context(format!("{}: cannot be written; check that the folder exists and is writable", path.display()))
    } else {
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_replaces_whole_files_and_leaves_nothing_else() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("out.txt");
        write(&path, b"one").expect("writable");
        write(&path, b"two").expect("writable");
        assert_eq!(read_text(&path).expect("readable"), "two");
        assert_eq!(std::fs::read_dir(dir.path()).expect("readable").count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        write(&file, b"one").expect("writable");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("own");
        symlink(&file, &link).expect("a link");
        write(&link, b"two").expect("writable");
        assert_eq!(read_text(&file).expect("readable"), "two");
        assert!(link.symlink_metadata().expect("there").is_symlink());
        assert_eq!(file.metadata().expect("there").permissions().mode() & 0o777, 0o600);
        write(Path::new("/dev/null"), b"gone").expect("a device");
        assert!(!Path::new("/dev/null").is_file());
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = write(Path::new("no/such/folder/x"), b"").unwrap_err().to_string();
        assert!(error.contains("no/such/folder/x") && error.contains("folder exists"), "{error}");
    }
}
