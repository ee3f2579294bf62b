//! What DVS-Gesture has beside its recordings: tables that say when which gesture was made, and lists of the files of each split.
//!
//! ```text
//! user01_led.aedat   user01_led_labels.csv   trials_to_train.txt   trials_to_test.txt
//! ```

use crate::{dataset::Split, error::DataError, own, recording::refuse};
use std::path::{Path, PathBuf};

const REMEDY: &str = "Give a header `class,startTime_usec,endTime_usec` and a line per gesture, classes from 1.";

/// A part of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) label: u32,
    /// First time, and the first that is no longer of it \[µs\].
    pub(super) start: i64,
    pub(super) end: i64,
}

/// The parts that the table beside a recording says; `None` if there is no table.
pub(super) fn beside(file: &Path) -> Result<Option<Vec<Part>>, DataError> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let table = file.with_file_name(format!("{stem}_labels.csv"));
    if !table.is_file() {
        return Ok(None);
    }
    let fail = |line: u64, why: String| refuse(&table, format!("line {line}"), why, REMEDY);
    let bytes = own::read(&table)?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(&bytes[..]);
    let broken = |e: csv::Error| fail(e.position().map_or(1, csv::Position::line), e.to_string());
    let header = reader.headers().map_err(broken)?;
    if header != vec!["class", "startTime_usec", "endTime_usec"] {
        return Err(fail(1, format!("the columns are {}", header.iter().collect::<Vec<_>>().join(", "))));
    }
    let mut parts = Vec::new();
    for row in reader.records() {
        let row = row.map_err(broken)?;
        let line = row.position().map_or(0, csv::Position::line);
        let number =
            |i: usize| row[i].parse::<u32>().map_err(|_| fail(line, format!("`{}` is no whole number", &row[i])));
        let (class, start, end) = (number(0)?, number(1)?, number(2)?);
        let label = class.checked_sub(1).ok_or_else(|| fail(line, "class 0: classes count from 1".into()))?;
        if end <= start {
            return Err(fail(line, format!("ends at {end} µs, not after its start at {start} µs")));
        }
        parts.push(Part { label, start: start.into(), end: end.into() });
    }
    if parts.is_empty() { Err(fail(1, "holds no line".into())) } else { Ok(Some(parts)) }
}

/// The recordings of a split, where a folder has a list of them.
///
/// # Errors
/// If a file of the list is missing.
pub(crate) fn split_list(folder: &Path, split: Split) -> Result<Option<Vec<PathBuf>>, DataError> {
    let list = folder.join(match split {
        Split::Train => "trials_to_train.txt",
        Split::Test => "trials_to_test.txt",
    });
    if !list.is_file() {
        return Ok(None);
    }
    let bytes = own::read(&list)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut files = Vec::new();
    for (i, name) in text.lines().map(str::trim).enumerate().filter(|(_, name)| !name.is_empty()) {
        let file = folder.join(name);
        if Path::new(name).components().count() != 1 || !file.is_file() {
            let why = format!("`{name}` is no file of the folder");
            return Err(refuse(&list, format!("line {}", i + 1), why, "Unpack the data set whole."));
        }
        files.push(file);
    }
    if files.is_empty() {
        return Err(refuse(&list, "", "names no file", "Unpack the data set whole."));
    }
    Ok(Some(files))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn tables_say_what_is_wrong_with_them() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("user01_led.aedat");
        assert_eq!(beside(&file).unwrap(), None);
        let with = |text: &str| {
            fs::write(dir.path().join("user01_led_labels.csv"), text).unwrap();
            beside(&file).map_err(|e| e.to_string())
        };
        let head = "class,startTime_usec,endTime_usec\n";
        let parts = with(&format!("{head}2,100,200\n1,150,300\n")).unwrap().unwrap();
        assert_eq!(parts, [Part { label: 1, start: 100, end: 200 }, Part { label: 0, start: 150, end: 300 }]);
        assert!(with("class,start\n").unwrap_err().contains("line 1: the columns are class, start"));
        assert!(with(&format!("{head}0,1,2\n")).unwrap_err().contains("line 2: class 0"));
        assert!(with(&format!("{head}1,2,2\n")).unwrap_err().contains("not after its start"));
        assert!(with(&format!("{head}1,x,2\n")).unwrap_err().contains("`x` is no whole number"));
        assert!(with(head).unwrap_err().contains("holds no line"));
    }

    #[test]
    fn lists_name_files_of_their_folder() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(split_list(dir.path(), Split::Test).unwrap(), None);
        fs::write(dir.path().join("trials_to_test.txt"), "a.aedat\n\nb.aedat\n").unwrap();
        fs::write(dir.path().join("a.aedat"), "").unwrap();
        let error = split_list(dir.path(), Split::Test).unwrap_err().to_string();
        assert!(error.contains("line 3: `b.aedat` is no file"), "{error}");
        fs::write(dir.path().join("b.aedat"), "").unwrap();
        assert_eq!(split_list(dir.path(), Split::Test).unwrap().unwrap().len(), 2);
    }
}
