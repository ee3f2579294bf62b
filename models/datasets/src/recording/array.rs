//! Arrays of numpy (.npy, .npz): dense ones, and events in the structured form that tonic writes.
//!
//! The header is read by the `npyz` crate, archives by the `zip` crate. An array's axes follow from the network's input
//! (channels C, rows H, columns W) at its end: what stands in front are timesteps T, samples N, or N and T.

use super::{
    address::{Address, Raw, RawRecording},
    refuse,
};
use crate::error::DataError;
use half::f16;
use npyz::{DType, Endianness, NpyFile, Order, TypeChar, TypeStr};
use std::io::{Cursor, Read};
use std::path::Path;

/// Most bytes of an array, unpacked.
pub const MAX_BYTES: u64 = 1 << 30;
/// Most arrays of an archive.
const MAX_ARRAYS: usize = 4096;

/// Numbers in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Its name in an archive; empty for a file of its own.
    pub name: String,
    /// Extents, slowest first.
    pub shape: Vec<usize>,
    /// As many as the product of the shape.
    pub values: Values,
}

/// The numbers of an array.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// 8-bit integers without sign, and truth values.
    Bytes(Vec<u8>),
    /// All others.
    Reals(Vec<f64>),
}

/// What one .npy file holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Numbers.
    Dense(Array),
    /// Events, with their unit of time \[s\].
    Events(Vec<Address>, f64),
}

impl Values {
    /// The values as reals.
    pub fn reals(&self) -> Box<dyn Iterator<Item = f64> + '_> {
        match self {
            Self::Bytes(bytes) => Box::new(bytes.iter().map(|&byte| f64::from(byte))),
            Self::Reals(reals) => Box::new(reals.iter().copied()),
        }
    }

    /// The values as whole numbers from 0 below 2³²; `None` if one is none.
    pub fn whole(&self) -> Option<Vec<u32>> {
        self.reals()
            .map(|v| (v.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&v)).then_some(v as u32))
            .collect()
    }

    fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Reals(reals) => reals.len(),
        }
    }
}

const REMEDY: &str = "Save it with numpy.save or numpy.savez: numbers, or events with the fields t, x, y and p.";

/// One array; `name` is its name in an archive.
///
/// # Errors
/// If it is damaged, too large, or of a type that is neither numbers nor events.
pub fn npy(bytes: &[u8], file: &Path, name: &str) -> Result<Content, DataError> {
    let place = if name.is_empty() { String::new() } else { format!("array {name}") };
    let fail = |why: String| refuse(file, place.clone(), why, REMEDY);
    if let Some(shape) = impossible(bytes) {
        return Err(fail(format!("shape ({shape}) is beyond the {MAX_BYTES} bytes that are read")));
    }
    let array = NpyFile::new(bytes).map_err(|e| fail(format!("is no array of numpy that can be read: {e}")))?;
    let (dtype, order) = (array.dtype(), array.order());
    let shape: Option<Vec<usize>> = array.shape().iter().map(|&side| usize::try_from(side).ok()).collect();
    let size = dtype.num_bytes().filter(|&size| size > 0);
    let (Some(shape), Some(size)) = (shape, size) else {
        return Err(fail(format!("holds elements of type {}, which are not numbers", dtype.descr())));
    };
    let n = shape.iter().try_fold(1_usize, |n, &side| n.checked_mul(side));
    let total = n.and_then(|n| n.checked_mul(size)).filter(|&total| total as u64 <= MAX_BYTES);
    let (Some(n), Some(total)) = (n, total) else {
        return Err(fail(format!("shape {shape:?} is beyond the {MAX_BYTES} bytes that are read")));
    };
    let rest = array.into_inner();
    let Some(data) = rest.get(..total) else {
        return Err(fail(format!("is cut off: {} of {total} bytes", rest.len())));
    };
    match &dtype {
        DType::Plain(plain) => {
            let mut values = numbers(data, plain).map_err(fail)?;
            if order == Order::Fortran && shape.len() > 1 {
                values = row_major(&values, &shape);
            }
            debug_assert_eq!(values.len(), n);
            Ok(Content::Dense(Array { name: name.to_owned(), shape, values }))
        }
        DType::Record(fields) => {
            let mut offset = 0;
            let mut columns = Vec::new();
            for field in fields {
                let (DType::Plain(plain), Some(size)) = (&field.dtype, field.dtype.num_bytes()) else {
                    return Err(fail(format!("field {} is not a number", field.name)));
                };
                columns.push((field.name.as_str(), plain.clone(), offset, size));
                offset += size;
            }
            let (events, unit) = structured(data, size, &columns).map_err(fail)?;
            Ok(Content::Events(events, unit))
        }
        DType::Array(..) => Err(fail(format!("holds elements of type {}", dtype.descr()))),
    }
}

/// The shape in a header, if its extents multiply to more than can be read; the library that reads headers multiplies unchecked.
fn impossible(bytes: &[u8]) -> Option<&str> {
    let head = bytes.get(..bytes.len().min(1 << 16))?;
    let from = |text: &[u8], what: &[u8]| text.windows(what.len()).position(|window| window == what);
    let start = from(head, b"'shape'")?;
    let open = start + from(&head[start..], b"(")? + 1;
    let close = open + from(&head[open..], b")")?;
    let shape = std::str::from_utf8(&head[open..close]).ok()?;
    let sides = shape.split(',').map(|side| side.trim().trim_end_matches('L')).filter(|side| !side.is_empty());
    let n = sides.map(|side| side.parse::<u64>().ok()).try_fold(1_u64, |n, side| n.checked_mul(side?));
    n.is_none_or(|n| n > MAX_BYTES).then_some(shape)
}

/// All arrays of an archive.
///
/// # Errors
/// As [`npy`], or if the archive is damaged or unpacks to too much.
pub fn npz(bytes: &[u8], file: &Path) -> Result<Vec<(String, Content)>, DataError> {
    let fail = |why: String| refuse(file, "", why, REMEDY);
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| fail(format!("is no archive of arrays: {e}")))?;
    if archive.len() > MAX_ARRAYS {
        return Err(fail(format!("holds {} entries; at most {MAX_ARRAYS} are read", archive.len())));
    }
    let mut left = MAX_BYTES;
    let mut arrays = Vec::new();
    for i in 0..archive.len() {
        let mut entry = archive.by_index(i).map_err(|e| fail(format!("entry {i} cannot be read: {e}")))?;
        let name = entry.name().map_err(|e| fail(format!("entry {i} has no name that can be read: {e}")))?;
        let Some(name) = name.strip_suffix(".npy").map(str::to_owned) else { continue };
        // What the directory says may be a lie: reading stops at the limit whatever it says.
        let mut content = Vec::new();
        let read = entry.by_ref().take(left + 1).read_to_end(&mut content);
        read.map_err(|e| fail(format!("array {name} cannot be unpacked: {e}")))?;
        left = left
            .checked_sub(content.len() as u64)
            .ok_or_else(|| fail(format!("unpacks to more than the {MAX_BYTES} bytes that are read")))?;
        let content = npy(&content, file, &name)?;
        arrays.push((name, content));
    }
    Ok(arrays)
}

/// Events of an archive with one array for each of t, x, y and, if there is one, p.
pub fn columns(arrays: &[(String, Content)], file: &Path) -> Option<Result<(Vec<Address>, f64), DataError>> {
    let find = |names: &[&str]| {
        arrays.iter().find_map(|(name, content)| match content {
            Content::Dense(array) if names.contains(&&**name) && array.shape.len() == 1 => Some(array),
            _ => None,
        })
    };
    let (t, x, y) = (find(&["t", "timestamp", "ts"])?, find(&["x"])?, find(&["y"])?);
    let p = find(&["p", "polarity"]);
    let n = t.values.len();
    if x.values.len() != n || y.values.len() != n || p.is_some_and(|p| p.values.len() != n) {
        return Some(Err(refuse(file, "", "t, x, y and p differ in length", REMEDY)));
    }
    let unit = if t.values.reals().all(|v| v.fract() == 0.0) { 1e-6 } else { 1.0 };
    let mut on = p.map(|p| p.values.reals().map(|v| v > 0.0).collect::<Vec<_>>()).unwrap_or_default().into_iter();
    let events =
        t.values.reals().zip(x.values.reals().zip(y.values.reals())).map(|(t, (x, y))| {
            address(t, x, y, on.next().unwrap_or(true)).map_err(|why| refuse(file, "", why, REMEDY))
        });
    Some(events.collect::<Result<Vec<_>, _>>().map(|events| (events, unit)))
}

/// One recording of events.
pub fn raw(events: Vec<Address>, unit: f64, name: &str) -> Raw {
    Raw { name: name.to_owned(), recordings: vec![RawRecording { number: 0, label: None, events }], unit }
}

fn address(t: f64, x: f64, y: f64, on: bool) -> Result<Address, String> {
    let place = |v: f64| (v.fract() == 0.0 && (0.0..=f64::from(u16::MAX)).contains(&v)).then_some(v as u16);
    match (place(x), place(y)) {
        (Some(x), Some(y)) if t.is_finite() && t >= 0.0 => Ok(Address { t, x, y, on }),
        _ => Err(format!("an event at t = {t}, x = {x}, y = {y} is none")),
    }
}

type Column<'a> = (&'a str, TypeStr, usize, usize);

fn structured(data: &[u8], size: usize, columns: &[Column<'_>]) -> Result<(Vec<Address>, f64), String> {
    let find = |names: &[&str]| columns.iter().find(|(name, ..)| names.contains(name));
    let (Some(t), Some(x), Some(y)) = (find(&["t", "timestamp", "ts"]), find(&["x"]), find(&["y"])) else {
        let names: Vec<&str> = columns.iter().map(|c| c.0).collect();
        return Err(format!("holds records of {}; events have t, x and y", names.join(", ")));
    };
    let p = find(&["p", "polarity"]);
    let of = |row: &[u8], (_, plain, offset, size): &Column<'_>| number(&row[*offset..offset + size], plain);
    let float = matches!(t.1.type_char(), TypeChar::Float);
    let event = |row: &[u8]| {
        let on = p.map_or(Ok(true), |p| of(row, p).map(|v| v > 0.0))?;
        address(of(row, t)?, of(row, x)?, of(row, y)?, on)
    };
    let events = data.chunks_exact(size).map(event).collect::<Result<Vec<_>, String>>()?;
    Ok((events, if float { 1.0 } else { 1e-6 }))
}

fn numbers(data: &[u8], plain: &TypeStr) -> Result<Values, String> {
    let size = plain.num_bytes().unwrap_or(1);
    if size == 1 && matches!(plain.type_char(), TypeChar::Uint | TypeChar::Bool) {
        return Ok(Values::Bytes(data.to_vec()));
    }
    let reals: Result<Vec<f64>, String> = data.chunks_exact(size).map(|bytes| number(bytes, plain)).collect();
    reals.map(Values::Reals)
}

/// A number of numpy's types.
fn number(bytes: &[u8], plain: &TypeStr) -> Result<f64, String> {
    let mut eight = [0_u8; 8];
    let n = bytes.len();
    if n > 8 {
        return Err(format!("holds elements of type {plain}, which are not read"));
    }
    // Little-endian, in the low bytes.
    eight[..n].copy_from_slice(bytes);
    if plain.endianness() == Endianness::Big {
        eight[..n].reverse();
    }
    let word = u64::from_le_bytes(eight);
    let bits = 8 * n as u32;
    Ok(match (plain.type_char(), n) {
        (TypeChar::Bool | TypeChar::Uint, _) => word as f64,
        (TypeChar::Int, _) => ((word << (64 - bits)) as i64 >> (64 - bits)) as f64,
        (TypeChar::Float, 8) => f64::from_bits(word),
        (TypeChar::Float, 4) => f64::from(f32::from_bits(word as u32)),
        (TypeChar::Float, 2) => f16::from_bits(word as u16).to_f64(),
        _ => return Err(format!("holds elements of type {plain}, which are not numbers")),
    })
}

/// Column-major values in row-major order.
fn row_major(values: &Values, shape: &[usize]) -> Values {
    let mut strides = vec![1; shape.len()];
    for i in 1..shape.len() {
        strides[i] = strides[i - 1] * shape[i - 1];
    }
    let n: usize = shape.iter().product();
    let from = |mut i: usize| {
        shape.iter().zip(&strides).rev().fold(0, |at, (&side, &stride)| {
            let digit = i % side;
            i /= side;
            at + digit * stride
        })
    };
    match values {
        Values::Bytes(bytes) => Values::Bytes((0..n).map(|i| bytes[from(i)]).collect()),
        Values::Reals(reals) => Values::Reals((0..n).map(|i| reals[from(i)]).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A .npy file of version 1.
    pub(crate) fn file(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
        let order = if fortran { "True" } else { "False" };
        let mut header = format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}");
        let pad = 64 - (10 + header.len() + 1) % 64;
        header.push_str(&" ".repeat(pad % 64));
        header.push('\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.bytes());
        bytes.extend(data);
        bytes
    }

    fn dense(bytes: &[u8]) -> Array {
        match npy(bytes, Path::new("x.npy"), "").expect("an array") {
            Content::Dense(array) => array,
            Content::Events(..) => panic!("numbers"),
        }
    }

    #[test]
    fn numbers_of_all_types_and_orders() {
        assert_eq!(dense(&file("'|u1'", false, "(2, 2)", &[1, 2, 3, 4])).values, Values::Bytes(vec![1, 2, 3, 4]));
        assert_eq!(
            dense(&file("'|u1'", true, "(2, 3)", &[1, 4, 2, 5, 3, 6])).values,
            Values::Bytes(vec![1, 2, 3, 4, 5, 6])
        );
        let reals = |descr: &str, data: &[u8]| dense(&file(descr, false, "(1,)", data)).values;
        assert_eq!(reals("'<i2'", &[0xfe, 0xff]), Values::Reals(vec![-2.0]));
        assert_eq!(reals("'>i2'", &[0xff, 0xfe]), Values::Reals(vec![-2.0]));
        assert_eq!(reals("'<f4'", &0.5_f32.to_le_bytes()), Values::Reals(vec![0.5]));
        assert_eq!(reals("'<f2'", &[0x00, 0x3e]), Values::Reals(vec![1.5]));
        assert_eq!(reals("'|i1'", &[0x80]), Values::Reals(vec![-128.0]));
    }

    #[test]
    fn structured_arrays_are_events() {
        let descr = "[('x', '<i2'), ('y', '<i2'), ('t', '<i8'), ('p', '|b1')]";
        let data = [&27_i16.to_le_bytes()[..], &20_i16.to_le_bytes(), &718_i64.to_le_bytes(), &[0]].concat();
        let found = npy(&file(descr, false, "(1,)", &data), Path::new("x.npy"), "").unwrap();
        assert_eq!(found, Content::Events(vec![Address { t: 718.0, x: 27, y: 20, on: false }], 1e-6));
        let error = npy(&file("[('a', '<i2')]", false, "(1,)", &[0, 0]), Path::new("x.npy"), "").unwrap_err();
        assert!(error.to_string().contains("holds records of a; events have t, x and y"), "{error}");
    }

    #[test]
    fn lying_shapes_and_other_types_cost_nothing() {
        let error = |bytes: &[u8]| npy(bytes, Path::new("x.npy"), "").unwrap_err().to_string();
        assert!(error(&file("'<f8'", false, "(1000000, 1000000, 1000000, 1000000)", &[])).contains("beyond"));
        assert!(error(&file("'<f8'", false, "(10000, 10000)", &[0; 8])).contains("cut off: 8 of 800000000 bytes"));
        assert!(error(&file("'<U3'", false, "(1,)", &[0; 12])).contains("not read"));
        assert!(error(b"\x93NUMPY\x01\x00").contains("no array of numpy"));
        assert!(error(b"no array").contains("no array of numpy"));
    }
}
