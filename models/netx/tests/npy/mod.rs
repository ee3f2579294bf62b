//! Arrays of NumPy files, as much of the formats as the test data use: `.npy` in row-major order, `.npz` stored or deflated.

use flate2::read::DeflateDecoder;
use std::{collections::BTreeMap, io::Read, path::Path};

/// An array of numbers or flags.
pub(crate) struct Npy {
    /// Extents, slowest first.
    pub(crate) shape: Vec<usize>,
    /// Values in row-major order.
    pub(crate) values: Vec<f64>,
}

impl Npy {
    /// The array of a file.
    pub(crate) fn read(path: &Path) -> Self {
        Self::parse(&std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }

    fn parse(bytes: &[u8]) -> Self {
        assert!(bytes.starts_with(b"\x93NUMPY\x01"), "version 1 of the format");
        let end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let header = std::str::from_utf8(&bytes[10..end]).expect("the header is text");
        assert!(header.contains("'fortran_order': False"), "{header}");
        let field = |from: &str, to: char| {
            let rest = &header[header.find(from).expect("the field is there") + from.len()..];
            rest[..rest.find(to).expect("the field ends")].to_owned()
        };
        let shape = field("'shape': (", ')').split(',').filter_map(|side| side.trim().parse().ok()).collect();
        let data = &bytes[end..];
        let values = match field("'descr': '", '\'').as_str() {
            "|b1" | "|u1" => data.iter().map(|&b| f64::from(b)).collect(),
            "|i1" => data.iter().map(|&b| f64::from(b as i8)).collect(),
            "<i2" => data.chunks_exact(2).map(|b| f64::from(i16::from_le_bytes([b[0], b[1]]))).collect(),
            "<i4" => {
                data.chunks_exact(4).map(|b| f64::from(i32::from_le_bytes(b.try_into().expect("4 bytes")))).collect()
            }
            "<f4" => {
                data.chunks_exact(4).map(|b| f64::from(f32::from_le_bytes(b.try_into().expect("4 bytes")))).collect()
            }
            "<f8" => data.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().expect("8 bytes"))).collect(),
            other => panic!("values of type {other}"),
        };
        Self { shape, values }
    }

    /// The value at an index.
    pub(crate) fn at(&self, index: &[usize]) -> f64 {
        assert_eq!(index.len(), self.shape.len());
        let place = index.iter().zip(&self.shape).fold(0, |place, (&i, &side)| {
            assert!(i < side, "{index:?} in {:?}", self.shape);
            place * side + i
        });
        self.values[place]
    }
}

/// The arrays of a `.npz` file by name.
pub(crate) fn read_npz(path: &Path) -> BTreeMap<String, Npy> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let u16_at = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes")) as usize;
    // The end of the central directory names its beginning.
    let end = bytes.windows(4).rposition(|b| b == b"PK\x05\x06").expect("a zip file");
    let (n, mut at) = (u16_at(end + 10), u32_at(end + 16));
    let mut arrays = BTreeMap::new();
    for _ in 0..n {
        let (method, packed, name_len) = (u16_at(at + 10), u32_at(at + 20), u16_at(at + 28));
        let name = String::from_utf8(bytes[at + 46..at + 46 + name_len].to_vec()).expect("a name");
        let local = u32_at(at + 42);
        let data = &bytes[local + 30 + u16_at(local + 26) + u16_at(local + 28)..][..packed];
        let mut whole = Vec::new();
        match method {
            0 => whole.extend_from_slice(data),
            8 => {
                DeflateDecoder::new(data).read_to_end(&mut whole).expect("deflated data");
            }
            other => panic!("{name}: method {other}"),
        }
        arrays.insert(name.trim_end_matches(".npy").to_owned(), Npy::parse(&whole));
        at += 46 + name_len + u16_at(at + 30) + u16_at(at + 32);
    }
    arrays
}
