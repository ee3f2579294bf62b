//! Recordings as a table (.csv): a header, then a line per event.
//!
//! | column | meaning |
//! |---|---|
//! | `timestep`, `neuron` | when and where, whole numbers from 0; both empty in a line that says only that the recording exists |
//! | `t`, `x`, `y`, `p` | instead: time \[µs\], column, row, polarity, to be binned (`p` may be absent) |
//! | `value` | what the neuron receives; 1 if absent |
//! | `sample` | number of the recording; 0 if absent. Numbers follow one another, beginning where they like |
//! | `label` | class of the recording |
//! | `steps` | timesteps that the recording lasts; if absent, up to its last event |
//!
//! Quotes, byte-order marks and line ends are those of RFC 4180, as the `csv` crate reads them; a header with semicolons or
//! tabs is separated by these throughout.

use super::{
    MAX_EVENTS, MAX_STEPS, Merged, Recording, Recordings, Timed,
    address::{Address, Raw, RawRecording},
    values::Grid,
};
use crate::error::{Cause, DataError};
use std::{collections::BTreeMap, path::Path};

/// The columns of events in timesteps.
const BINNED: [&str; 6] = ["timestep", "neuron", "value", "sample", "label", "steps"];
/// The columns of events with times.
const ADDRESSES: [&str; 6] = ["t", "x", "y", "p", "sample", "label"];

/// A table of either kind.
#[derive(Clone, Debug)]
pub enum Table {
    /// In timesteps.
    Binned(Recordings),
    /// With times.
    Raw(Raw),
}

/// What lines say about one recording.
#[derive(Default)]
struct Sample {
    label: Option<(u32, u64)>,
    steps: Option<(u32, u64)>,
    events: Vec<(u32, u32, f64)>,
    addresses: Vec<Address>,
}

/// Where each column stands.
struct Columns<'a> {
    header: &'a csv::StringRecord,
}

impl Columns<'_> {
    fn find(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }

    /// Refuses unknown, repeated and missing columns.
    fn check(&self) -> Result<bool, String> {
        let raw = self.find("t").is_some() || (self.find("x").is_some() && self.find("timestep").is_none());
        let known = if raw { ADDRESSES } else { BINNED };
        for (i, column) in self.header.iter().enumerate() {
            if !known.contains(&column) {
                let meant = nearest(column, &known).map_or(String::new(), |near| format!("; is `{near}` meant?"));
                return Err(format!("unknown column `{column}`{meant} (known are {})", known.join(", ")));
            }
            if self.header.iter().take(i).any(|other| other == column) {
                return Err(format!("column `{column}` is there twice"));
            }
        }
        let needed: &[&str] = if raw { &["t", "x", "y"] } else { &["timestep", "neuron"] };
        match needed.iter().find(|name| self.find(name).is_none()) {
            Some(name) => Err(format!("there is no column `{name}`; recorded events need {}", needed.join(" and "))),
            None => Ok(raw),
        }
    }
}

/// The known name that differs least from `name`, if few letters differ.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let distance = |other: &str| edits(&lower, other);
    let best = known.iter().copied().min_by_key(|other| distance(other))?;
    (distance(best) <= best.len().div_ceil(2)).then_some(best)
}

/// Letters to insert, delete or replace (Levenshtein 1966).
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, &y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            let least = replaced.min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], least);
        }
    }
    row[b.len()]
}

/// Reads a table; `name` is what the user calls it.
///
/// # Errors
/// The first line that is wrong, and why.
pub fn read(bytes: &[u8], file: &Path, name: &str) -> Result<Table, DataError> {
    let fail = |line: u64, why: String| {
        let remedy = "Give a header and one line per event, as in `timestep,neuron,sample,label`.";
        DataError::new(
            file,
            if line == 0 { String::new() } else { format!("line {line}") },
            Cause::refused(why, remedy),
        )
    };
    let header = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let delimiter = *[b',', b';', b'\t'].iter().find(|mark| header.contains(mark)).unwrap_or(&b',');
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(bytes);
    let broken = |e: csv::Error| fail(e.position().map_or(1, csv::Position::line), reason(&e));
    let header = reader.headers().map_err(broken)?.clone();
    let columns = Columns { header: &header };
    let raw = columns.check().map_err(|why| fail(1, why))?;
    let at = |name: &str| columns.find(name);
    let [timestep, neuron, value, steps] = ["timestep", "neuron", "value", "steps"].map(at);
    let [sample, label, t, x, y, p] = ["sample", "label", "t", "x", "y", "p"].map(at);

    let mut samples: BTreeMap<u64, Sample> = BTreeMap::new();
    let mut n = 0_usize;
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(broken)? {
        let line = record.position().map_or(0, csv::Position::line);
        let bad = |why: String| fail(line, why);
        n += 1;
        if n > MAX_EVENTS {
            return Err(bad(format!("more than the {MAX_EVENTS} lines that are read")));
        }
        let field = |column: Option<usize>| column.and_then(|c| record.get(c)).unwrap_or("");
        let whole = |column: Option<usize>, most: u32| -> Result<u32, DataError> {
            let (text, name) = (field(column), column.map_or("", |c| &header[c]));
            match text.parse::<u32>() {
                Ok(number) if number <= most => Ok(number),
                Ok(number) => Err(bad(format!("{name} {number} is beyond the {most} that are read"))),
                Err(_) => Err(bad(format!("`{text}` is no {name}; a whole number from 0 is one"))),
            }
        };
        let number = if sample.is_some() { u64::from(whole(sample, u32::MAX)?) } else { 0 };
        let own = samples.entry(number).or_default();
        let settle = |what: &str, known: &mut Option<(u32, u64)>, new: u32| match *known {
            Some((old, first)) if old != new => Err(bad(format!(
                "recording {number} has the {what} {new} here and {old} in line {first}; one of them is wrong"
            ))),
            Some(_) => Ok(()),
            None => {
                *known = Some((new, line));
                Ok(())
            }
        };
        if !field(label).is_empty() {
            settle("label", &mut own.label, whole(label, u32::MAX)?)?;
        }
        if !field(steps).is_empty() {
            settle("length", &mut own.steps, whole(steps, MAX_STEPS)?)?;
        }
        if raw {
            let real = |column: Option<usize>| -> Result<f64, DataError> {
                let text = field(column);
                text.parse::<f64>().ok().filter(|v| v.is_finite() && *v >= 0.0).ok_or_else(|| {
                    bad(format!("`{text}` is no {}; a number from 0 is one", column.map_or("", |c| &header[c])))
                })
            };
            let polarity = match field(p) {
                "" | "1" | "true" | "True" => true,
                "0" | "-1" | "false" | "False" => false,
                other => return Err(bad(format!("`{other}` is no polarity; 0, 1 or −1 are"))),
            };
            let place = |column| -> Result<u16, DataError> { Ok(whole(column, u16::MAX.into())? as u16) };
            own.addresses.push(Address { t: real(t)?, x: place(x)?, y: place(y)?, on: polarity });
        } else if !(field(timestep).is_empty() && field(neuron).is_empty()) {
            let amount = match field(value) {
                "" => 1.0,
                text => text
                    .parse::<f64>()
                    .ok()
                    .filter(|v| v.is_finite())
                    .ok_or_else(|| bad(format!("`{text}` is no value; a number is one")))?,
            };
            own.events.push((whole(timestep, MAX_STEPS - 1)?, whole(neuron, u32::MAX)?, amount));
        }
    }
    consecutive(&samples).map_err(|why| fail(0, why))?;
    if raw {
        let recordings = samples.into_iter().map(|(number, sample)| RawRecording {
            number,
            label: sample.label.map(|(label, _)| label),
            events: sample.addresses,
        });
        return Ok(Table::Raw(Raw { name: name.to_owned(), recordings: recordings.collect(), unit: 1e-6 }));
    }
    binned(samples, name).map(Table::Binned).map_err(|why| DataError::new(file, "", why))
}

impl Recordings {
    /// The recordings in a table with timesteps and neurons; `name` is what they are called, and shown in errors.
    ///
    /// # Errors
    /// If it is no such table.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, DataError> {
        match read(bytes, Path::new(name), name)? {
            Table::Binned(recordings) => Ok(recordings),
            Table::Raw(_) => {
                let cause = Cause::refused("holds times, not timesteps", "Give the columns `timestep` and `neuron`.");
                Err(DataError::new(Path::new(name), "", cause))
            }
        }
    }
}

/// Numbers follow one another: a gap is a recording without events, or lost.
fn consecutive(samples: &BTreeMap<u64, Sample>) -> Result<(), String> {
    let numbers: Vec<u64> = samples.keys().copied().collect();
    match numbers.windows(2).find(|pair| pair[1] != pair[0] + 1) {
        Some(pair) => Err(format!(
            "recording {} is missing, {} follows {}; a silent recording needs a line with its number and empty `timestep` and \
             `neuron`",
            pair[0] + 1,
            pair[1],
            pair[0]
        )),
        None => Ok(()),
    }
}

fn binned(samples: BTreeMap<u64, Sample>, name: &str) -> Result<Recordings, Cause> {
    let values = samples.values().flat_map(|sample| sample.events.iter().map(|event| event.2));
    let grid = Grid::of(values).expect("values were read as finite");
    let (mut merged, mut all) = (Merged::default(), Vec::new());
    for (number, sample) in samples {
        let last = sample.events.iter().map(|event| event.0 + 1).max().unwrap_or(0);
        let steps = match sample.steps {
            Some((steps, line)) if steps < last => {
                let why = format!(
                    "line {line}: recording {number} lasts {steps} timesteps, but has an event in {}",
                    last - 1
                );
                return Err(Cause::refused(why, "Correct `steps`, or leave the column out."));
            }
            Some((steps, _)) => steps,
            None => last.max(1),
        };
        let timed =
            |&(timestep, neuron, value): &(u32, u32, f64)| Timed { timestep, neuron, value: grid.integer(value) };
        let events = sample.events.iter().map(timed).collect();
        let label = sample.label.map(|(label, _)| label);
        all.push(Recording::new((number, label), steps, events, &mut merged).map_err(|event| {
            let why = format!(
                "recording {number}: values of neuron {} in timestep {} add up beyond 32 bits",
                event.neuron, event.timestep
            );
            Cause::refused(why, "Give smaller values.")
        })?);
    }
    let recordings = Recordings::new(name.to_owned(), all, merged, grid.remark().into_iter().collect())?;
    Ok(Recordings { unit: grid.unit, ..recordings })
}

fn reason(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} fields, but the header has {expected_len} columns")
        }
        csv::ErrorKind::Utf8 { .. } => "is not text in UTF-8".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Result<Recordings, String> {
        match read(text.as_bytes(), Path::new("x.csv"), "x.csv").map_err(|e| e.to_string())? {
            Table::Binned(recordings) => Ok(recordings),
            Table::Raw(_) => Err("has times".into()),
        }
    }

    fn events(recordings: &Recordings, i: usize) -> Vec<(u32, u32, i32)> {
        recordings.samples[i].events().iter().map(|e| (e.timestep, e.neuron, e.value)).collect()
    }

    #[test]
    fn columns_stand_in_any_order_and_samples_are_those_numbered() {
        let found = table("neuron,label,timestep,sample\n4,1,0,2\n2,1,0,2\n7,3,2,1\n").unwrap();
        let about: Vec<_> = found.samples.iter().map(|s| (s.number, s.label, s.steps)).collect();
        assert_eq!(about, [(1, Some(3), 3), (2, Some(1), 1)]);
        assert_eq!((events(&found, 0), events(&found, 1)), (vec![(2, 7, 1)], vec![(0, 2, 1), (0, 4, 1)]));
    }

    #[test]
    fn marks_quotes_and_separators_of_spreadsheets_are_read() {
        for text in [
            "\u{feff}timestep,neuron\n0,3\n",
            "\"timestep\",\"neuron\"\r\n\"0\",\"3\"\r\n",
            "\u{feff}\"timestep\";\"neuron\"\r\n0;3\r\n",
            "timestep\tneuron\n0\t3",
            " timestep , neuron \n 0 , 3 \n\n",
        ] {
            assert_eq!(events(&table(text).expect(text), 0), [(0, 3, 1)], "{text:?}");
        }
    }

    #[test]
    fn lengths_values_and_silent_recordings_are_as_written() {
        let found = table("sample,steps,timestep,neuron,value\n0,5,1,2,3\n0,,1,2,-1\n1,4,,,\n").unwrap();
        let lengths: Vec<_> = found.samples.iter().map(|s| s.steps).collect();
        assert_eq!((lengths, events(&found, 0), events(&found, 1)), (vec![5, 4], vec![(1, 2, 2)], vec![]));
        assert_eq!(found.range(), (0, 2));
        assert!(found.remarks[0].contains("added up"), "{:?}", found.remarks);
        let halves = table("timestep,neuron,value\n0,1,0.5\n1,1,1.5\n").unwrap();
        assert_eq!((halves.unit, events(&halves, 0)), (0.5, vec![(0, 1, 1), (1, 1, 3)]));
    }

    #[test]
    fn one_line_makes_one_recording() {
        let found = table("timestep,neuron,sample\n0,0,1048575\n").unwrap();
        assert_eq!((found.samples.len(), found.samples[0].number), (1, 1_048_575));
    }

    #[test]
    fn wrong_tables_are_named_by_line() {
        for (text, part) in [
            ("Sample,Label,timestep,neuron\n0,0,0,0\n", "line 1: unknown column `Sample`; is `sample` meant?"),
            ("sample,labels,timestep,neuron\n0,0,0,0\n", "is `label` meant?"),
            ("timestep,neuron,colour\n0,0,0\n", "unknown column `colour` (known"),
            ("timestep,neuron,neuron\n0,0,0\n", "twice"),
            ("a,b\n1,2\n", "line 1: unknown column `a`"),
            ("neuron\n1\n", "no column `timestep`"),
            ("timestep,neuron\n1,x\n", "line 2: `x` is no neuron"),
            ("timestep,neuron\n-1,3\n", "line 2: `-1` is no timestep"),
            ("timestep,neuron\n0.5,3\n", "line 2: `0.5` is no timestep"),
            ("timestep,neuron\n1048576,3\n", "beyond"),
            ("timestep,neuron\n0,3\n1\n", "line 3: 1 fields, but the header has 2"),
            ("timestep,neuron,value\n0,3,inf\n", "line 2: `inf` is no value"),
            ("timestep,neuron\n", "no recording"),
            ("", "no column `timestep`"),
            ("sample,timestep,neuron\n0,0,3\n2,1,4\n", "recording 1 is missing, 2 follows 0"),
            (
                "sample,timestep,neuron,label\n0,0,3,1\n0,1,3,2\n",
                "line 3: recording 0 has the label 2 here and 1 in line 2",
            ),
            ("timestep,neuron,steps\n4,0,3\n", "lasts 3 timesteps, but has an event in 4"),
            ("timestep,neuron,label\n4,0,many\n", "`many` is no label"),
        ] {
            let error = table(text).expect_err(text);
            assert!(error.contains(part), "{text:?}: {error}");
        }
    }

    #[test]
    fn events_with_times_wait_to_be_binned() {
        let text = "x,y,t,p\n3,4,1000,1\n4,4,2000,0\n";
        let Table::Raw(raw) = read(text.as_bytes(), Path::new("x.csv"), "x").unwrap() else { panic!("has times") };
        let expected = [Address { t: 1000.0, x: 3, y: 4, on: true }, Address { t: 2000.0, x: 4, y: 4, on: false }];
        assert_eq!(raw.recordings[0].events, expected);
    }
}
