//! AEDAT recordings of event cameras: 2.0 of jAER, 3.1 of cAER (DVS-Gesture), 4.0 of DV.
//!
//! ```text
//! #!AER-DATn.m, lines of text                    2.0, 3.1: up to the first line without `#`, to `#!END-HEADER`
//! events                                         see [`two`], [`three`], [`four`]
//! ```
//!
//! Times count from the first event of a recording: cameras count from when they were switched on, or from 1970. A file
//! `NAME.aedat` beside a table `NAME_labels.csv` of `class,startTime_usec,endTime_usec` is cut into one recording per line, as
//! DVS-Gesture means it: classes are numbered from 1 there, and times count from the line's start.

mod flat;
mod four;
mod gestures;
mod three;
mod two;

pub(crate) use gestures::split_list;

use super::address::{Address, Raw, RawRecording};
use super::{MAX_EVENTS, refuse};
use crate::error::DataError;
use std::path::Path;

/// First bytes of any version.
pub(crate) const MAGIC: &[u8] = b"#!AER-DAT";

const REMEDY: &str = "Record it again, or convert it: numpy.save of the events with the fields t, x, y and p.";

/// An event with its camera's time \[µs\].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timed {
    pub(super) t: i64,
    pub(super) x: u16,
    pub(super) y: u16,
    pub(super) on: bool,
}

/// The part of a file that an error speaks of.
pub(super) struct Source<'a> {
    file: &'a Path,
}

impl Source<'_> {
    pub(super) fn fail(&self, at: usize, why: impl Into<String>) -> DataError {
        refuse(self.file, format!("byte {at}"), why, REMEDY)
    }
}

/// One recording, or as many as a table of labels beside the file says.
///
/// # Errors
/// If the version is not known, or the contents are damaged.
pub fn read(bytes: &[u8], file: &Path, name: &str) -> Result<Raw, DataError> {
    let mut recordings = recordings(bytes, file)?;
    for (number, recording) in recordings.iter_mut().enumerate() {
        recording.number = number as u64;
    }
    Ok(Raw { name: name.to_owned(), recordings, unit: 1e-6 })
}

/// The recordings in a file, their numbers left open.
pub(crate) fn recordings(bytes: &[u8], file: &Path) -> Result<Vec<RawRecording>, DataError> {
    let source = Source { file };
    let line = bytes.split(|&b| b == b'\n').next().unwrap_or_default();
    let version = line.strip_prefix(MAGIC).unwrap_or_default();
    let events = match version.get(..3) {
        Some(b"2.0") => two::events(bytes, &source)?,
        Some(b"3.1") => three::events(bytes, &source)?,
        Some(b"4.0") => four::events(bytes, &source)?,
        _ => {
            let version = String::from_utf8_lossy(version).trim().to_owned();
            return Err(refuse(file, "byte 0", format!("is AEDAT {version}; 2.0, 3.1 and 4.0 are read"), REMEDY));
        }
    };
    if events.is_empty() {
        return Err(refuse(file, "", "holds no events of brightness", REMEDY));
    }
    if events.len() > MAX_EVENTS {
        let why = format!("holds {} events, more than the {MAX_EVENTS} that are read", events.len());
        return Err(refuse(file, "", why, "Split it."));
    }
    let since = |start: i64| move |e: &Timed| Address { t: e.t.saturating_sub(start) as f64, x: e.x, y: e.y, on: e.on };
    let Some(parts) = gestures::beside(file)? else {
        let first = events.iter().map(|e| e.t).min().unwrap_or(0);
        return Ok(vec![RawRecording { number: 0, label: None, events: events.iter().map(since(first)).collect() }]);
    };
    let cut = |part: gestures::Part| {
        let inside = events.iter().filter(|e| (part.start..part.end).contains(&e.t));
        RawRecording { number: 0, label: Some(part.label), events: inside.map(since(part.start)).collect() }
    };
    Ok(parts.into_iter().map(cut).collect())
}

/// Where the lines of text end: behind the last line that begins with `#`, or behind the line that says so.
pub(super) fn text_end(bytes: &[u8], last: Option<&[u8]>) -> Option<usize> {
    let mut at = 0;
    while bytes.get(at) == Some(&b'#') {
        let end = at + bytes[at..].iter().position(|&b| b == b'\n')? + 1;
        if last.is_some_and(|last| bytes[at..end].trim_ascii_end() == last) {
            return Some(end);
        }
        at = end;
    }
    if last.is_some() { None } else { Some(at) }
}

/// Four bytes, lowest first, from a place within `bytes`.
pub(super) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// What dv-processing 2.0.4 wrote (`scripts/golden_aedat.py`), with the events that it was given.
    #[test]
    fn files_of_dv_processing_hold_the_events_that_were_written() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/aedat");
        let text = std::fs::read_to_string(folder.join("events.csv")).unwrap();
        let rows: Vec<Vec<i64>> =
            text.lines().skip(1).map(|line| line.split(',').map(|n| n.parse().unwrap()).collect()).collect();
        let first = rows[0][0];
        let expected: Vec<Address> = rows
            .iter()
            .map(|r| Address { t: (r[0] - first) as f64, x: r[1] as u16, y: r[2] as u16, on: r[3] == 1 })
            .collect();
        for name in ["none", "lz4", "zstd"] {
            let file = folder.join(format!("{name}.aedat4"));
            let raw = read(&std::fs::read(&file).unwrap(), &file, name).unwrap();
            assert_eq!(raw.recordings[0].events, expected, "{name}");
        }
    }

    /// DVS-Gesture: two users, whose files are cut by their tables; lists of the splits.
    #[test]
    fn gestures_are_cut_by_their_tables() {
        use crate::{
            dataset::Split,
            recording::{Binning, Opened, Wanted, open},
        };
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
        for (user, times) in [("user01_led", [10, 1500, 2500]), ("user02_led", [0, 20, 1999])] {
            let mut bytes = b"#!AER-DAT3.1\r\n#!END-HEADER\r\n".to_vec();
            for field in [1, 8, 4, 0, 3, 3, 3_u32] {
                bytes.extend(field.to_le_bytes());
            }
            for t in times {
                bytes.extend([(2_u32 << 17 | 1 << 2 | 0b11).to_le_bytes(), u32::to_le_bytes(t)].concat());
            }
            write(&format!("{user}.aedat"), &bytes);
            write(&format!("{user}_labels.csv"), b"class,startTime_usec,endTime_usec\n3,0,2000\n1,2000,3000\n");
        }
        let wanted = |split| Wanted { input: [2, 4, 4], values: false, split, binning: Binning::default() };
        let found = |path: &Path, split| {
            let Opened::Recordings(found) = open(path, &wanted(split)).unwrap() else { panic!("recordings") };
            let one = |r: &crate::recording::Recording| {
                let events: Vec<(u32, u32)> = r.events().iter().map(|e| (e.timestep, e.neuron)).collect();
                (r.number, r.label, events)
            };
            found.samples.iter().map(one).collect::<Vec<_>>()
        };
        let neuron = 16 + 4 + 2;
        let first = [(0, Some(2), vec![(0, neuron), (1, neuron)]), (1, Some(0), vec![(0, neuron)])];
        assert_eq!(found(&dir.path().join("user01_led.aedat"), Split::Test), first);
        // Without lists a folder is one data set; with them each split has its files.
        assert_eq!(found(dir.path(), Split::Test).len(), 4);
        write("trials_to_train.txt", b"user02_led.aedat\n");
        write("trials_to_test.txt", b"user01_led.aedat\n");
        assert_eq!(found(dir.path(), Split::Test), first);
        let train = found(dir.path(), Split::Train);
        assert_eq!(train[0], (0, Some(2), vec![(0, neuron), (1, neuron)]));
        assert_eq!(train[1], (1, Some(0), vec![]));
    }

    #[test]
    fn damaged_files_are_errors() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/aedat");
        for name in ["none", "lz4", "zstd"] {
            let file = folder.join(format!("{name}.aedat4"));
            let bytes = std::fs::read(&file).unwrap();
            for end in (0..bytes.len()).step_by(7) {
                let _ = read(&bytes[..end], &file, name);
            }
            for i in (0..bytes.len()).step_by(3) {
                let mut other = bytes.clone();
                other[i] ^= 0xff;
                let _ = read(&other, &file, name);
            }
            let error = read(&bytes[..bytes.len() / 2], &file, name).unwrap_err().to_string();
            assert!(error.contains("byte ") && error.contains("ends"), "{name}: {error}");
        }
        let other = read(b"#!AER-DAT9.9\r\n", Path::new("x.aedat"), "x").unwrap_err().to_string();
        assert!(other.contains("is AEDAT 9.9; 2.0, 3.1 and 4.0 are read"), "{other}");
    }
}
