//! Taking named files out of a gzip-compressed tar archive.
//!
//! Only the wanted files are written, each under its last path component directly in the target folder, so nothing
//! in an archive can choose where it lands, and nothing of it is held in memory: headers are read as they stand, so that a long name,
//! which could be of any length, is an entry like any other. An archive with an absolute path, a `..` or a second file of the same
//! name is refused as a whole; links and devices are never followed or made.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Component, Path};

use flate2::bufread::MultiGzDecoder;

use super::error::{Cause, DataError};

/// Bytes one unpacked file may have.
const MAX_FILE_BYTES: u64 = 1 << 28;

/// Bytes that all of an archive may have, unpacked.
const MOST_BYTES: u64 = 1 << 31;

/// A reader of at most so many bytes.
struct Counted<'a, R> {
    inner: R,
    left: &'a mut u64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(into)?;
        match self.left.checked_sub(n as u64) {
            Some(left) => *self.left = left,
            None => return Err(io::Error::other(format!("it unpacks to more than {MOST_BYTES} bytes"))),
        }
        Ok(n)
    }
}

/// Unpacks the regular files of `archive` whose last path component is in `wanted` into the folder `into`.
/// Returns how many there were.
pub(crate) fn unpack(archive: &Path, wanted: &[String], into: &Path) -> Result<usize, DataError> {
    let file = File::open(archive).map_err(|e| DataError::io(archive, e))?;
    let mut left = MOST_BYTES;
    let mut tar = tar::Archive::new(Counted { inner: MultiGzDecoder::new(BufReader::new(file)), left: &mut left });
    let refuse = |place: &str, why: String| DataError::new(archive, place, Cause::Archive(why));
    let broken = |e: io::Error| refuse("", e.to_string());
    let mut n = 0;
    for entry in tar.entries().map_err(broken)?.raw(true) {
        let entry = entry.map_err(broken)?;
        let path = entry.path().map_err(broken)?.into_owned();
        let place = format!("entry {}", path.display());
        if !path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
            return Err(refuse(&place, "the path leads out of the archive".into()));
        }
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if !wanted.iter().any(|file| file == name) || !entry.header().entry_type().is_file() {
            continue;
        }
        if entry.size() > MAX_FILE_BYTES {
            return Err(refuse(&place, format!("{} bytes, at most {MAX_FILE_BYTES} expected", entry.size())));
        }
        let target = into.join(name);
        let mut out = match File::create_new(&target) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                return Err(refuse(&place, "there are two files of this name".into()));
            }
            other => other.map_err(|e| DataError::io(&target, e))?,
        };
        let size = entry.size();
        let copied = io::copy(&mut entry.take(size), &mut out).map_err(|e| refuse(&place, e.to_string()))?;
        if copied != size {
            return Err(refuse(&place, format!("it ends after {copied} of {size} bytes")));
        }
        n += 1;
    }
    Ok(n)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    /// A one-file header with `path` written byte by byte: the library's own builder refuses bad paths.
    fn header(path: &str, kind: tar::EntryType, size: usize) -> tar::Header {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(kind);
        header.set_size(size as u64);
        header.set_mode(0o644);
        header.set_cksum();
        header
    }

    fn archive(folder: &Path, entries: &[(&str, tar::EntryType, &str)]) -> std::path::PathBuf {
        let path = folder.join("a.tgz");
        let mut tar = tar::Builder::new(GzEncoder::new(File::create(&path).unwrap(), Compression::fast()));
        for (name, kind, text) in entries {
            tar.append(&header(name, *kind, text.len()), text.as_bytes()).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap();
        path
    }

    fn run(entries: &[(&str, tar::EntryType, &str)]) -> (Result<usize, DataError>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let path = archive(folder.path(), entries);
        fs::create_dir(folder.path().join("out")).unwrap();
        let result = unpack(&path, &["x.bin".into(), "y.bin".into()], &folder.path().join("out"));
        (result, folder)
    }

    #[test]
    fn only_wanted_regular_files_come_out() {
        use tar::EntryType::{Regular, Symlink};
        let (result, folder) = run(&[("p/x.bin", Regular, "one"), ("p/z.sh", Regular, "no"), ("p/y.bin", Symlink, "")]);
        assert_eq!(result.unwrap(), 1);
        assert_eq!(fs::read_to_string(folder.path().join("out/x.bin")).unwrap(), "one");
        assert_eq!(fs::read_dir(folder.path().join("out")).unwrap().count(), 1);
    }

    #[test]
    fn paths_that_lead_out_are_refused() {
        use tar::EntryType::Regular;
        for path in ["../x.bin", "p/../../x.bin", "/x.bin"] {
            let (result, folder) = run(&[(path, Regular, "one")]);
            let e = result.unwrap_err();
            assert!(e.to_string().contains("leads out of the archive"), "{path}: {e}");
            assert_eq!(fs::read_dir(folder.path().join("out")).unwrap().count(), 0, "{path}");
        }
        let (result, _folder) = run(&[("p/x.bin", Regular, "one"), ("q/x.bin", Regular, "two")]);
        assert!(result.unwrap_err().to_string().contains("two files of this name"));
    }

    /// Of a long name of 600 MB nothing is kept, and an archive that never ends is refused.
    #[test]
    fn bombs_are_neither_kept_nor_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bomb.tgz");
        let bomb = |kind: tar::EntryType, size: u64| {
            let mut gz = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
            let mut header = header("p/x.bin", kind, 0);
            header.set_size(size);
            header.set_cksum();
            io::Write::write_all(&mut gz, header.as_bytes()).unwrap();
            io::copy(&mut io::repeat(b'a').take(size), &mut gz).unwrap();
            gz.finish().unwrap();
        };
        bomb(tar::EntryType::GNULongName, 600 << 20);
        assert_eq!(unpack(&path, &["x.bin".into()], folder.path()).unwrap(), 0);
        bomb(tar::EntryType::Fifo, MOST_BYTES + 1024);
        let e = unpack(&path, &["x.bin".into()], folder.path()).unwrap_err();
        assert!(e.to_string().contains("unpacks to more than"), "{e}");
    }

    #[test]
    fn a_cut_archive_is_an_error() {
        let (_, folder) = run(&[("p/x.bin", tar::EntryType::Regular, &"data ".repeat(1000))]);
        let path = folder.path().join("a.tgz");
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let into = tempfile::tempdir().unwrap();
        let e = unpack(&path, &["x.bin".into()], into.path()).unwrap_err();
        assert!(matches!(e.cause, Cause::Archive(_)), "{e}");
    }
}
