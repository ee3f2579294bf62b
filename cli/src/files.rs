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

/// Writes a file under a temporary name in the same folder and renames it, so that an existing file stays untouched until the
/// new one is complete.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with(path, |file| Ok(file.write_all(bytes)?))
}

/// Like [`write`], for contents that are made while they are written. Errors of the maker are passed on as they are.
pub(crate) fn write_with(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let place = || format!("{}: cannot be written; check that the folder exists and is writable", path.display());
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(place)?;
    let mut buffer = std::io::BufWriter::new(&mut file);
    write(&mut buffer).map_err(|error| if error.is::<std::io::Error>() { error.context(place()) } else { error })?;
    buffer.flush().with_context(place)?;
    drop(buffer);
    file.as_file().sync_all().with_context(place)?;
    // Temporary files are private to their owner; an output is readable like any other file.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644)).with_context(place)?;
    }
    file.persist(path).with_context(place)?;
    Ok(())
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

    #[test]
    fn a_missing_folder_is_named() {
        let error = write(Path::new("no/such/folder/x"), b"").unwrap_err().to_string();
        assert!(error.contains("no/such/folder/x") && error.contains("folder exists"), "{error}");
    }
}
