//! Files that appear whole or not at all, and folders with one writer.
//!
//! [`write_with`] fills `.NAME.1.tmp` beside the file, flushes it to the disk and renames it. The temporary file is locked while it
//! is written: another writer of the same file takes `.NAME.2.tmp`, and one that a killed process left behind is taken again, so
//! that what kills leave is bounded and gone after the next write. After an error nothing is left.
//!
//! What is not a regular file (a device, a pipe) is written to directly; a link is followed; a file that exists keeps its
//! permissions. [`Claimed`] holds a folder for one process for as long as it lives; the system frees it with the process.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Replaces a file by `bytes`.
///
/// # Errors
/// What the system says; the file is then as it was.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with(path, |to| to.write_all(bytes))
}

/// Replaces a file by what `fill` writes.
///
/// # Errors
/// What the system or `fill` says; the file is then as it was.
pub fn write_with<E: From<io::Error>>(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    let path = &followed(path);
    let existing = fs::metadata(path).ok();
    if existing.as_ref().is_some_and(fs::Metadata::is_dir) {
        return Err(io::Error::from(io::ErrorKind::IsADirectory).into());
    }
    let stream = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"].iter().any(|stream| path.starts_with(stream));
    if stream || existing.as_ref().is_some_and(|data| !data.is_file()) {
        let mut file = BufWriter::new(File::options().append(true).open(path)?);
        fill(&mut file)?;
        return Ok(file.flush()?);
    }
    let temporary = Temporary::beside(path)?;
    let mut buffer = BufWriter::new(&temporary.file);
    fill(&mut buffer)?;
    buffer.flush()?;
    drop(buffer);
    if let Some(existing) = existing {
        temporary.file.set_permissions(existing.permissions())?;
    }
    temporary.file.sync_all()?;
    Ok(temporary.rename_to(path)?)
}

/// Whether a file could be written here: its folder is there and writable, and it is no folder itself. Nothing is left behind.
///
/// # Errors
/// Why not.
pub fn check(path: &Path) -> io::Result<()> {
    let path = &followed(path);
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !fs::metadata(folder_of(path))?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    if path.exists() && !path.is_file() {
        return File::options().append(true).open(path).map(drop);
    }
    Temporary::beside(path).map(drop)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Where links lead. Devices keep their names.
fn followed(path: &Path) -> PathBuf {
    const MOST: usize = 40;
    let mut path = path.to_path_buf();
    for _ in 0..MOST {
        match fs::read_link(&path) {
            Ok(next) if !path.starts_with("/dev") && !path.starts_with("/proc") => path = folder_of(&path).join(next),
            _ => break,
        }
    }
    path
}

/// A locked file beside the one it becomes; removed when dropped.
struct Temporary {
    file: File,
    path: PathBuf,
    kept: bool,
}

impl Temporary {
    fn beside(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        for n in 1_u64.. {
            let mut own = OsString::from(".");
            own.push(name);
            own.push(format!(".{n}.tmp"));
            let path = path.with_file_name(own);
            if let Some(file) = Self::open(&path)? {
                return Ok(Self { file, path, kept: false });
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// The file under this name, empty and locked; `None` if another writer holds it.
    fn open(path: &Path) -> io::Result<Option<File>> {
        let new = || File::options().write(true).create_new(true).open(path);
        let file = match new() {
            // Only a file of our own making is taken up: no link, no device.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let old = match fs::symlink_metadata(path) {
                    Ok(data) if data.is_file() => File::options().write(true).open(path),
                    Ok(_) => return Ok(None),
                    Err(error) => Err(error),
                };
                match old {
                    // Its writer has finished in between.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                    old => old?,
                }
            }
            new => new?,
        };
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(None),
            // A file system without locks: whoever writes last wins, as it always was there.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        // Its writer may have renamed or removed it before the lock was ours.
        if !still_called(&file, path) {
            return Ok(None);
        }
        if let Err(error) = file.set_len(0) {
            let _ = fs::remove_file(path);
            return Err(error);
        }
        Ok(Some(file))
    }

    fn rename_to(mut self, path: &Path) -> io::Result<()> {
        fs::rename(&self.path, path)?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(unix)]
fn still_called(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(own), Ok(named)) => (own.dev(), own.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn still_called(_: &File, path: &Path) -> bool {
    path.exists()
}

/// A folder that this process alone writes in.
#[derive(Debug)]
pub struct Claimed {
    _folder: Option<File>,
}

impl Claimed {
    /// Takes a folder, which is there, for as long as the value lives.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if another process writes there.
    pub fn folder(path: &Path) -> io::Result<Self> {
        if cfg!(not(unix)) {
            return Ok(Self { _folder: None });
        }
        let folder = File::open(path)?;
        match folder.try_lock() {
            Err(TryLockError::WouldBlock) => Err(io::Error::new(
                io::ErrorKind::WouldBlock,
                "another process writes in this folder; wait for it to end, or choose another folder",
            )),
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Self { _folder: Some(folder) }),
        }
    }
}

/// Removes what killed writers left in a folder that is [`Claimed`]: temporary files that nobody holds.
pub fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let ours =
            name.strip_prefix('.').and_then(|name| name.strip_suffix(".tmp")).and_then(|name| name.rsplit_once('.'));
        if ours.is_some_and(|(_, n)| n.parse::<u64>().is_ok()) && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let free = File::options().write(true).open(entry.path()).is_ok_and(|file| file.try_lock().is_ok());
            if free {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("readable");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_missing_folder_ends_the_search_for_a_name() {
        let error = write(Path::new("no/such/folder/x"), b"").expect_err("there is no folder");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn files_are_replaced_whole_and_nothing_else_is_left() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("out");
        write(&path, b"one").expect("writable");
        write(&path, b"two").expect("writable");
        let failed: io::Result<()> = write_with(&path, |to| {
            to.write_all(b"half")?;
            Err(io::ErrorKind::Other.into())
        });
        failed.expect_err("passed on");
        assert_eq!((fs::read(&path).expect("there"), names(dir.path())), (b"two".to_vec(), vec!["out".into()]));
        assert_eq!(write(dir.path(), b"").expect_err("a folder").kind(), io::ErrorKind::IsADirectory);
    }

    #[test]
    fn what_a_kill_left_is_taken_again_and_what_is_held_is_not() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("out");
        fs::write(dir.path().join(".out.1.tmp"), "left by a killed process, and longer").expect("writable");
        write(&path, b"new").expect("writable");
        assert_eq!((fs::read(&path).expect("there"), names(dir.path())), (b"new".to_vec(), vec!["out".into()]));
        let held = Temporary::beside(&path).expect("free");
        write(&path, b"newer").expect("beside the other writer");
        assert_eq!(names(dir.path()), [".out.1.tmp", "out"]);
        sweep(dir.path());
        assert_eq!(names(dir.path()), [".out.1.tmp", "out"], "another's file was swept");
        drop(held);
        fs::write(dir.path().join(".x.7.tmp"), "").expect("writable");
        fs::write(dir.path().join(".x.tmp"), "").expect("writable");
        sweep(dir.path());
        assert_eq!(names(dir.path()), [".x.tmp", "out"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_permissions_kept_and_pipes_written_to() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a folder");
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        fs::write(&real, "old").expect("writable");
        fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).expect("ours");
        std::os::unix::fs::symlink("real", &link).expect("linkable");
        write(&link, b"new").expect("writable");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(fs::read(&real).expect("there"), b"new");
        assert_eq!(fs::metadata(&real).expect("there").permissions().mode() & 0o777, 0o600);
        write(Path::new("/dev/null"), b"gone").expect("a device");
        assert!(!fs::metadata("/dev/null").expect("there").is_file());
        std::os::unix::fs::symlink("/nowhere/at/all", dir.path().join(".new.1.tmp")).expect("linkable");
        write(&dir.path().join("new"), b"x").expect("a planted link is not followed");
    }

    #[test]
    fn a_folder_has_one_writer() {
        let dir = tempfile::tempdir().expect("a folder");
        let first = Claimed::folder(dir.path()).expect("free");
        if cfg!(unix) {
            let error = Claimed::folder(dir.path()).expect_err("taken");
            assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        }
        drop(first);
        Claimed::folder(dir.path()).expect("free again");
    }

    #[test]
    fn places_that_cannot_be_written_are_known_before() {
        let dir = tempfile::tempdir().expect("a folder");
        check(&dir.path().join("new")).expect("writable");
        check(dir.path()).expect_err("a folder");
        check(&dir.path().join("no/new")).expect_err("no folder");
    }
}
