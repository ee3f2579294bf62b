//! HDF5 files of recordings: units and times of spikes, as the Spiking Heidelberg Digits have them (Cramer et al. 2022), or a dense
//! array with labels.
//!
//! ```text
//! spikes/units   a list of numbers per recording      spikes/times   a list of times [s] per recording
//! labels         one number per recording
//! ```
//!
//! Lists of variable length are references into the file's global heaps, which the HDF5 library here does not follow; they are
//! followed by the format's specification (HDF5 File Format Specification 3.0, III.E), 8-byte addresses and lengths.

use super::{
    MAX_EVENTS,
    address::{Address, Raw, RawRecording},
    array::{Array, MAX_BYTES, Values},
    refuse,
};
use crate::error::DataError;
use half::f16;
use hdf5_pure::{DType, Dataset, Datatype, DatatypeByteOrder, File};
use std::{panic, path::Path};

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Units and times.
    Events(Raw),
    /// A dense array and, if there are any, labels.
    Dense(Array, Option<Vec<u32>>),
}

/// Names of dense arrays.
const DENSE: [&str; 5] = ["x", "data", "spikes", "events", "frames"];
/// Names of labels.
const LABELS: [&str; 3] = ["labels", "y", "targets"];

/// Reads a file.
///
/// # Errors
/// If it is not HDF5 that can be read, or holds neither form.
pub fn read(bytes: &[u8], file: &Path, name: &str) -> Result<Content, DataError> {
    let remedy = "Give `spikes/units`, `spikes/times` and `labels` as in SHD, or an array `x` with `labels`.";
    let fail = |place: &str, why: String| refuse(file, place, why, remedy);
    // The library answers damaged files with errors; that it never panics is its promise, not ours.
    let read = panic::catch_unwind(|| content(bytes, name));
    match read {
        Ok(Ok(content)) => Ok(content),
        Ok(Err((place, why))) => Err(fail(&place, why)),
        Err(_) => Err(fail("", "the HDF5 structure is damaged".into())),
    }
}

type Why = (String, String);

fn content(bytes: &[u8], name: &str) -> Result<Content, Why> {
    let at = |place: &str, why: String| (place.to_owned(), why);
    let opened = File::from_bytes(bytes.to_vec()).map_err(|e| at("", format!("cannot be read as HDF5: {e}")))?;
    let labels = LABELS.iter().find_map(|label| opened.dataset(label).ok().map(|found| (label, found)));
    let labels = match labels {
        None => None,
        Some((place, found)) => {
            let values = dense(&found).map_err(|why| at(place, why))?.values;
            Some(values.whole().ok_or_else(|| at(place, "holds values that are no labels".into()))?)
        }
    };
    let lists = |path: &str| -> Result<Option<Vec<Vec<f64>>>, Why> {
        let Ok(found) = opened.dataset(path) else { return Ok(None) };
        self::lists(&found, bytes).map(Some).map_err(|why| at(path, why))
    };
    if let (Some(units), Some(times)) = (lists("spikes/units")?, lists("spikes/times")?) {
        return events(&units, &times, labels, name).map(Content::Events).map_err(|why| at("spikes", why));
    }
    for path in DENSE {
        if let Ok(found) = opened.dataset(path) {
            return dense(&found).map(|array| Content::Dense(array, labels)).map_err(|why| at(path, why));
        }
    }
    Err(at("", "holds no recordings that are known here".into()))
}

fn events(units: &[Vec<f64>], times: &[Vec<f64>], labels: Option<Vec<u32>>, name: &str) -> Result<Raw, String> {
    let n: usize = units.iter().map(Vec::len).sum();
    if units.len() != times.len() || labels.as_ref().is_some_and(|labels| labels.len() != units.len()) {
        let labels = labels.map_or("no".into(), |labels| labels.len().to_string());
        return Err(format!("{} lists of units, {} of times, {labels} labels", units.len(), times.len()));
    }
    if n > MAX_EVENTS {
        return Err(format!("{n} events are more than the {MAX_EVENTS} that are read"));
    }
    let recording = |(number, (units, times)): (usize, (&Vec<f64>, &Vec<f64>))| {
        if units.len() != times.len() {
            return Err(format!("recording {number}: {} units, {} times", units.len(), times.len()));
        }
        let event = |(&unit, &t): (&f64, &f64)| {
            let known = unit.fract() == 0.0 && (0.0..=65535.0).contains(&unit) && t.is_finite() && t >= 0.0;
            let event = Address { t, x: unit as u16, y: 0, on: true };
            known.then_some(event).ok_or_else(|| format!("recording {number}: unit {unit} at {t} s is no event"))
        };
        let events = units.iter().zip(times).map(event).collect::<Result<_, String>>()?;
        Ok(RawRecording { number: number as u64, label: labels.as_ref().map(|labels| labels[number]), events })
    };
    let recordings = units.iter().zip(times).enumerate().map(recording).collect::<Result<_, String>>()?;
    Ok(Raw { name: name.to_owned(), recordings, unit: 1.0 })
}

/// Extents whose product stays within the limit.
fn extents(from: &Dataset) -> Result<(Vec<usize>, usize), String> {
    let shape = from.shape().map_err(|e| e.to_string())?;
    let n = shape.iter().try_fold(1_u64, |n, &side| n.checked_mul(side)).filter(|&n| n <= MAX_BYTES / 8);
    let n = n.ok_or_else(|| format!("shape {shape:?} is beyond the {} values that are read", MAX_BYTES / 8))?;
    Ok((shape.iter().map(|&side| side as usize).collect(), n as usize))
}

fn dense(from: &Dataset) -> Result<Array, String> {
    let (shape, n) = extents(from)?;
    let text = |e: hdf5_pure::Error| e.to_string();
    let values = match from.dtype().map_err(text)? {
        _ if n == 0 => Values::Bytes(Vec::new()),
        DType::U8 => Values::Bytes(from.read_u8().map_err(text)?),
        DType::F32 | DType::F64 => Values::Reals(from.read_f64().map_err(text)?),
        DType::I8 | DType::I16 | DType::I32 | DType::I64 | DType::U16 | DType::U32 => {
            Values::Reals(from.read_i64().map_err(text)?.into_iter().map(|v| v as f64).collect())
        }
        other => return Err(format!("has the element type {other}, which is no number")),
    };
    Ok(Array { name: String::new(), shape, values })
}

/// Bytes of a reference: length, address of a heap, number in it.
const REFERENCE: usize = 16;

/// The lists of a data set: of variable length, or the rows of a matrix.
fn lists(from: &Dataset, file: &[u8]) -> Result<Vec<Vec<f64>>, String> {
    let DType::Other(datatype) = from.dtype().map_err(|e| e.to_string())? else {
        let array = dense(from)?;
        let [_, columns] = array.shape[..] else { return Err("is neither lists nor a matrix".into()) };
        let values: Vec<f64> = array.values.reals().collect();
        return Ok(values.chunks(columns.max(1)).map(<[f64]>::to_vec).collect());
    };
    let Datatype::VariableLength { base_type, .. } = *datatype else {
        return Err(format!("has the element type {datatype:?}, which is no list"));
    };
    let (_, n) = extents(from)?;
    let raw = from.read_raw().map_err(|e| e.to_string())?;
    if raw.len() != n * REFERENCE {
        return Err(format!("{} bytes for {n} lists; files with 8-byte addresses are read", raw.len()));
    }
    let mut left = MAX_EVENTS;
    let list = |reference: &[u8]| {
        let word = |range: std::ops::Range<usize>| {
            reference[range].iter().rev().fold(0_u64, |word, &byte| word << 8 | u64::from(byte))
        };
        let (length, heap, index) = (word(0..4) as usize, word(4..12), word(12..16));
        left = left.checked_sub(length).ok_or("holds too many events")?;
        if length == 0 {
            return Ok(Vec::new());
        }
        let object = object(file, heap, index).ok_or("refers to a list that the file does not hold")?;
        elements(object, length, &base_type)
    };
    raw.chunks_exact(REFERENCE).map(list).collect()
}

/// An object of a global heap.
fn object(file: &[u8], heap: u64, index: u64) -> Option<&[u8]> {
    let heap = file.get(usize::try_from(heap).ok()?..)?;
    if heap.get(..5)? != b"GCOL\x01" {
        return None;
    }
    let word = |at: usize, n: usize| -> Option<usize> {
        let bytes = heap.get(at..at.checked_add(n)?)?;
        usize::try_from(bytes.iter().rev().fold(0_u64, |word, &byte| word << 8 | u64::from(byte))).ok()
    };
    let end = word(8, 8)?;
    let mut at = 16;
    while at + 16 <= end {
        let (number, size) = (word(at, 2)?, word(at + 8, 8)?);
        if number == 0 {
            return None;
        }
        if number as u64 == index {
            return heap.get(at + 16..(at + 16).checked_add(size)?);
        }
        at = at.checked_add(16)?.checked_add(size.checked_next_multiple_of(8)?)?;
    }
    None
}

fn elements(object: &[u8], length: usize, base: &Datatype) -> Result<Vec<f64>, String> {
    let (size, order) = match base {
        Datatype::FixedPoint { size, byte_order, .. } | Datatype::FloatingPoint { size, byte_order, .. } => {
            (*size as usize, *byte_order)
        }
        other => return Err(format!("has lists of the element type {other:?}")),
    };
    if size == 0 || size > 8 || length.checked_mul(size).is_none_or(|total| total > object.len()) {
        return Err(format!("a list of {length} elements of {size} bytes has {} bytes", object.len()));
    }
    let number = |bytes: &[u8]| {
        let fold = |word: u64, &byte: &u8| word << 8 | u64::from(byte);
        let big = order == DatatypeByteOrder::BigEndian;
        let word = if big { bytes.iter().fold(0, fold) } else { bytes.iter().rev().fold(0, fold) };
        match (base, size) {
            (Datatype::FloatingPoint { .. }, 2) => f16::from_bits(word as u16).to_f64(),
            (Datatype::FloatingPoint { .. }, 4) => f64::from(f32::from_bits(word as u32)),
            (Datatype::FloatingPoint { .. }, _) => f64::from_bits(word),
            _ => word as f64,
        }
    };
    Ok(object.chunks_exact(size).take(length).map(number).collect())
}
