//! HDF5 as a plain tree: the only module that knows the HDF5 library.
//!
//! A file is a tree of groups; a leaf is an array of reals, integers or strings with its shape. Reading copies the whole
//! file into that tree under the caps below, so that a hostile file costs bounded memory and time, and checks that every
//! array has as many values as its shape says. Format: HDF5 File Format Specification 3.0; what NIR files use of it are old-
//! and new-style groups, contiguous and chunked arrays (deflate, LZF), fixed- and variable-length strings,
//! flags.

use half::f16;
use hdf5_pure::{
    AttrValue, DType, Dataset, Datatype, DatatypeByteOrder, File, FileBuilder, Group, VlenStringReadOptions,
};
use std::{collections::BTreeMap, panic};

/// Largest file read \[bytes\].
const MAX_FILE: usize = 1 << 30;
/// Most values of all arrays together.
const MAX_VALUES: u64 = 1 << 27;
/// Most groups and arrays.
const MAX_OBJECTS: usize = 100_000;
/// Deepest nesting of groups.
const MAX_DEPTH: usize = 32;
/// Longest strings of one array together \[bytes\].
const MAX_TEXT: usize = 1 << 24;
/// Most values that a byte of a file may stand for: deflate cannot pack more than 1032 bytes into one.
const MAX_EXPANSION: u64 = 1032;

/// Why bytes are not a tree: a path inside the file and a reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", if path.is_empty() { "/" } else { path })]
pub struct Hdf5Error {
    /// Path of the group or array.
    pub path: String,
    /// What is wrong.
    pub reason: String,
}

/// Values of an array, in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// 16-, 32- and 64-bit floats.
    Real(Vec<f64>),
    /// Floats to be written with 32 bits.
    Single(Vec<f32>),
    /// Integers of all widths.
    Integer(Vec<i64>),
    /// Strings.
    Text(Vec<String>),
}

/// An array with its shape; a scalar has the shape `[]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Extents, slowest first.
    pub shape: Vec<usize>,
    /// As many values as the product of the shape.
    pub values: Values,
}

/// An attribute of a group.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// A string, stored with variable length.
    Text(String),
    /// A real number.
    Real(f64),
    /// An integer.
    Integer(i64),
}

/// A group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    /// Groups inside, by name.
    pub groups: BTreeMap<String, Tree>,
    /// Arrays inside, by name.
    pub arrays: BTreeMap<String, Array>,
    /// Attributes to write; reading leaves them out.
    pub attributes: BTreeMap<String, Attribute>,
}

impl Values {
    fn len(&self) -> usize {
        match self {
            Self::Real(v) => v.len(),
            Self::Single(v) => v.len(),
            Self::Integer(v) => v.len(),
            Self::Text(v) => v.len(),
        }
    }
}

impl Array {
    /// An array of a shape.
    ///
    /// # Panics
    /// If there are not as many values as the shape says.
    pub fn new(shape: Vec<usize>, values: Values) -> Self {
        assert_eq!(shape.iter().product::<usize>(), values.len(), "values and shape {shape:?} disagree");
        Self { shape, values }
    }

    /// A scalar string.
    pub fn text(text: &str) -> Self {
        Self::new(Vec::new(), Values::Text(vec![text.to_owned()]))
    }

    /// A vector of integers.
    pub fn integers(values: &[i64]) -> Self {
        Self::new(vec![values.len()], Values::Integer(values.to_vec()))
    }
}

/// The tree of an HDF5 file.
///
/// # Errors
/// If the bytes are not HDF5, use a feature that is not supported, or exceed a cap.
pub fn read(bytes: Vec<u8>) -> Result<Tree, Hdf5Error> {
    let at_root = |reason: String| Hdf5Error { path: String::new(), reason };
    if bytes.len() > MAX_FILE {
        return Err(at_root(format!("the file has {} bytes; at most {MAX_FILE} are read", bytes.len())));
    }
    let budget = Budget { values: MAX_VALUES.min(bytes.len() as u64 * MAX_EXPANSION), objects: MAX_OBJECTS };
    // The library answers damaged files with errors; that it never panics is its promise, not ours.
    panic::catch_unwind(move || {
        let file = File::from_bytes(bytes).map_err(|e| {
            at_root(format!(
                "is not an HDF5 file that can be read, as NIR files (nir.write) and netx files (lava-dl) are: {e}"
            ))
        })?;
        let mut budget = budget;
        group(&file.root(), "", 0, &mut budget)
    })
    .unwrap_or_else(|_| Err(at_root("the HDF5 structure is damaged".into())))
}

/// What may still be read.
struct Budget {
    values: u64,
    objects: usize,
}

fn group(from: &Group, path: &str, depth: usize, budget: &mut Budget) -> Result<Tree, Hdf5Error> {
    let fail = |reason: String| Hdf5Error { path: path.to_owned(), reason };
    if depth > MAX_DEPTH {
        return Err(fail(format!("groups are nested deeper than {MAX_DEPTH}")));
    }
    let mut tree = Tree::default();
    let damaged = |e: hdf5_pure::Error| fail(format!("cannot be read: {e}"));
    let (groups, arrays) = (from.iter_groups().map_err(damaged)?, from.iter_datasets().map_err(damaged)?);
    let n = groups.len() + arrays.len();
    budget.objects = budget
        .objects
        .checked_sub(n)
        .ok_or_else(|| fail(format!("holds more than {MAX_OBJECTS} groups and arrays")))?;
    for (name, array) in arrays {
        let path = format!("{path}/{name}");
        let array = dataset(&array, budget).map_err(|reason| Hdf5Error { path, reason })?;
        tree.arrays.insert(name, array);
    }
    for (name, inner) in groups {
        let inner = group(&inner, &format!("{path}/{name}"), depth + 1, budget)?;
        tree.groups.insert(name, inner);
    }
    Ok(tree)
}

fn dataset(from: &Dataset, budget: &mut Budget) -> Result<Array, String> {
    let text = |e: hdf5_pure::Error| format!("cannot be read: {e}");
    let extents = from.shape().map_err(text)?;
    let n = extents.iter().try_fold(1_u64, |n, &side| n.checked_mul(side));
    let left = n.and_then(|n| budget.values.checked_sub(n));
    let (Some(n), Some(left)) = (n, left) else {
        return Err(format!("shape {extents:?} is beyond the {MAX_VALUES} values that are read of one file"));
    };
    budget.values = left;
    let shape: Vec<usize> = extents.iter().map(|&side| side as usize).collect();
    if n == 0 {
        return Ok(Array { shape, values: Values::Real(Vec::new()) });
    }
    let values = match from.dtype().map_err(text)? {
        DType::F32 | DType::F64 => Values::Real(from.read_f64().map_err(text)?),
        DType::I8 | DType::I16 | DType::I32 | DType::I64 | DType::U8 | DType::U16 | DType::U32 => {
            Values::Integer(from.read_i64().map_err(text)?)
        }
        DType::U64 => {
            let values = from.read_u64().map_err(text)?;
            let narrow = values.into_iter().map(|v| i64::try_from(v).map_err(|_| format!("{v} is beyond 2⁶³")));
            Values::Integer(narrow.collect::<Result<_, _>>()?)
        }
        DType::VariableLengthString => {
            let options = VlenStringReadOptions::new().with_max_elements(MAX_OBJECTS).with_max_payload_bytes(MAX_TEXT);
            Values::Text(from.read_vlen_strings(options).map_err(text)?)
        }
        DType::String => {
            let size = from.element_size().map_err(text)?;
            if size.saturating_mul(n) > MAX_TEXT as u64 {
                return Err(format!("{n} strings of {size} bytes are more than the {MAX_TEXT} bytes that are read"));
            }
            let strings = from.read_string().map_err(text)?;
            Values::Text(strings.into_iter().map(|s| s.trim_end_matches('\0').to_owned()).collect())
        }
        // Flags, as h5py writes them.
        DType::Enum(names) if names == ["FALSE", "TRUE"] && from.element_size().map_err(text)? == 1 => {
            Values::Integer(from.read_raw().map_err(text)?.into_iter().map(i64::from).collect())
        }
        DType::Other(datatype) => match *datatype {
            Datatype::FloatingPoint { size: 2, byte_order, .. } => {
                let raw = from.read_raw().map_err(text)?;
                Values::Real(raw.chunks_exact(2).map(|b| half([b[0], b[1]], byte_order)).collect())
            }
            other => return Err(format!("has the element type {other:?}, which is not read")),
        },
        other => return Err(format!("has the element type {other}, which is not read")),
    };
    if values.len() as u64 != n {
        return Err(format!("shape {extents:?} says {n} values, the file holds {}", values.len()));
    }
    Ok(Array { shape, values })
}

/// A 16-bit float.
fn half(bytes: [u8; 2], order: DatatypeByteOrder) -> f64 {
    if order == DatatypeByteOrder::BigEndian { f16::from_be_bytes(bytes) } else { f16::from_le_bytes(bytes) }.to_f64()
}

/// The bytes of an HDF5 file: numeric arrays of rank 1 and more are deflated at level 4, as `h5py` does for NIR.
///
/// # Errors
/// If a name cannot be a link, as when it holds a slash.
pub fn write(tree: &Tree) -> Result<Vec<u8>, Hdf5Error> {
    let mut file = FileBuilder::new();
    for (name, value) in &tree.attributes {
        file.set_attr(name, attribute(value));
    }
    for (name, array) in &tree.arrays {
        put(file.create_dataset(name), array);
    }
    for (name, inner) in &tree.groups {
        let mut builder = file.create_group(name);
        fill(&mut builder, inner);
        file.add_group(builder.finish());
    }
    file.finish().map_err(|e| Hdf5Error { path: String::new(), reason: format!("cannot be written: {e}") })
}

fn fill(builder: &mut hdf5_pure::GroupBuilder, tree: &Tree) {
    for (name, value) in &tree.attributes {
        builder.set_attr(name, attribute(value));
    }
    for (name, array) in &tree.arrays {
        put(builder.create_dataset(name), array);
    }
    for (name, inner) in &tree.groups {
        let mut group = builder.create_group(name);
        fill(&mut group, inner);
        builder.add_group(group.finish());
    }
}

fn attribute(value: &Attribute) -> AttrValue {
    match value {
        Attribute::Text(text) => AttrValue::VarLenString(text.clone()),
        Attribute::Real(value) => AttrValue::F64(*value),
        Attribute::Integer(value) => AttrValue::I64(*value),
    }
}

fn put(to: &mut hdf5_pure::DatasetBuilder, array: &Array) {
    let shape: Vec<u64> = array.shape.iter().map(|&side| side as u64).collect();
    match &array.values {
        Values::Real(v) => to.with_f64_data(v),
        Values::Single(v) => to.with_f32_data(v),
        Values::Integer(v) => to.with_i64_data(v),
        Values::Text(v) => to.with_vlen_strings(&v.iter().map(String::as_str).collect::<Vec<_>>()),
    };
    to.with_shape(&shape);
    if !shape.is_empty() && array.values.len() > 1 && !matches!(array.values, Values::Text(_)) {
        to.with_chunks(&chunk(&shape)).with_deflate(4);
    }
}

/// Chunks of about 2¹⁸ values: whole rows of the trailing dimensions.
fn chunk(shape: &[u64]) -> Vec<u64> {
    let mut left = 1_u64 << 18;
    let mut sides: Vec<u64> = shape
        .iter()
        .rev()
        .map(|&side| {
            let part = side.min(left).max(1);
            left = (left / part).max(1);
            part
        })
        .collect();
    sides.reverse();
    sides
}
