//! The IDX format of MNIST and Fashion-MNIST: a big-endian header, then unsigned bytes.
//!
//! | file | bytes 0–3 | bytes 4–7 | bytes 8–11 | bytes 12–15 | then |
//! |---|---|---|---|---|---|
//! | images | magic `0x00000803` | count N | rows H | columns W | N·H·W intensities |
//! | labels | magic `0x00000801` | count N | | | N labels |
//!
//! The magic is two zero bytes, the type (8: unsigned byte) and the number of dimensions (LeCun, Cortes, Burges:
//! the MNIST database, section "File formats"). A file may be gzip-compressed; the first bytes decide, not the name.
//! Byte offsets in errors count in the decompressed file. Memory taken is bounded by what the file really holds,
//! not by what its header claims.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use flate2::{Compression, GzBuilder};

use super::dataset::Dataset;
use super::error::{Cause, DataError};

const IMAGES_MAGIC: u32 = 0x0803;
const LABELS_MAGIC: u32 = 0x0801;
const MAX_SIDE: u32 = 4096;
const MAX_BYTES: u64 = 1 << 30;

/// The contents of an IDX image file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// Rows of one image, H.
    pub rows: usize,
    /// Columns of one image, W.
    pub cols: usize,
    /// Intensities, `N × H × W`.
    pub pixels: Vec<u8>,
}

impl Images {
    /// Number of images, `N`.
    pub fn len(&self) -> usize {
        self.pixels.len() / (self.rows * self.cols)
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.pixels.is_empty()
    }
}

/// Reads an IDX image file and its label file into a data set of one channel.
///
/// `classes` bounds the labels. Errors name the file, the byte and the cause; see [`Cause`].
pub fn load(name: &str, classes: usize, images: &Path, labels: &Path) -> Result<Dataset, DataError> {
    let image_data = read_images(open(images)?, images)?;
    let label_data = read_labels(open(labels)?, labels)?;
    pair(name, classes, image_data, label_data, labels)
}

/// Joins decoded images and labels, checking that they pair up and that labels are classes.
/// `label_file` is the file errors name.
pub fn pair(
    name: &str,
    classes: usize,
    images: Images,
    labels: Vec<u8>,
    label_file: &Path,
) -> Result<Dataset, DataError> {
    if images.len() != labels.len() {
        let cause = Cause::CountMismatch { images: images.len() as u64, labels: labels.len() as u64 };
        return Err(DataError::new(label_file, "byte 4, label count", cause));
    }
    check_labels(&labels, classes, label_file, 8, 1)?;
    Ok(Dataset {
        name: name.to_owned(),
        classes,
        shape: [1, images.rows, images.cols],
        pixels: images.pixels,
        labels,
    })
}

/// Checks that every label is below `classes`; label `i` stands at byte `start + i · stride` of `file`.
pub(crate) fn check_labels(
    labels: &[u8],
    classes: usize,
    file: &Path,
    start: usize,
    stride: usize,
) -> Result<(), DataError> {
    match labels.iter().position(|&label| usize::from(label) >= classes) {
        None => Ok(()),
        Some(index) => {
            let cause = Cause::Label { index, label: u64::from(labels[index]), classes };
            Err(DataError::new(file, format!("byte {}, label", start + index * stride), cause))
        }
    }
}

/// Opens `file` for reading, through gzip if its first two bytes are those of gzip.
pub(crate) fn open(file: &Path) -> Result<Box<dyn Read>, DataError> {
    let f = File::open(file).map_err(|e| DataError::io(file, e))?;
    gunzip_if_needed(BufReader::with_capacity(1 << 16, f), file)
}

/// Passes `reader` on, through gzip if its first two bytes are those of gzip.
pub(crate) fn gunzip_if_needed<'a>(
    mut reader: impl BufRead + 'a,
    file: &Path,
) -> Result<Box<dyn Read + 'a>, DataError> {
    let head = reader.fill_buf().map_err(|e| DataError::io(file, e))?;
    if head.starts_with(&[0x1f, 0x8b]) { Ok(Box::new(MultiGzDecoder::new(reader))) } else { Ok(Box::new(reader)) }
}

/// Reads the (decompressed) contents of an IDX image file; `file` is the name used in errors.
pub fn read_images(mut reader: impl Read, file: &Path) -> Result<Images, DataError> {
    let header = read_header::<16>(&mut reader, file, IMAGES_MAGIC, "IDX images of unsigned bytes")?;
    let [count, rows, cols] = [4, 8, 12].map(|at| be_u32(&header, at));
    for (at, field, side) in [(8, "rows", rows), (12, "columns", cols)] {
        if side == 0 || side > MAX_SIDE {
            let cause = Cause::Range { found: u64::from(side), allowed: format!("1 to {MAX_SIDE}") };
            return Err(DataError::new(file, format!("byte {at}, {field}"), cause));
        }
    }
    // At most 2^32 · 2^12 · 2^12: no overflow.
    let bytes = u64::from(count) * u64::from(rows) * u64::from(cols);
    if bytes > MAX_BYTES {
        let allowed = format!("at most {} images of {rows}×{cols}", MAX_BYTES / (u64::from(rows) * u64::from(cols)));
        let cause = Cause::Range { found: u64::from(count), allowed };
        return Err(DataError::new(file, "byte 4, image count", cause));
    }
    let pixels = read_exactly(reader, file, 16, bytes, "pixels")?;
    Ok(Images { rows: rows as usize, cols: cols as usize, pixels })
}

/// Reads the (decompressed) contents of an IDX label file; `file` is the name used in errors.
pub fn read_labels(mut reader: impl Read, file: &Path) -> Result<Vec<u8>, DataError> {
    let header = read_header::<8>(&mut reader, file, LABELS_MAGIC, "IDX labels of unsigned bytes")?;
    let count = u64::from(be_u32(&header, 4));
    if count > MAX_BYTES {
        let cause = Cause::Range { found: count, allowed: format!("at most {MAX_BYTES} labels") };
        return Err(DataError::new(file, "byte 4, label count", cause));
    }
    read_exactly(reader, file, 8, count, "labels")
}

fn be_u32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("the slice is four bytes long"))
}

/// Reads a header of `N` bytes, whose magic is judged before its length.
fn read_header<const N: usize>(
    reader: &mut impl Read,
    file: &Path,
    magic: u32,
    what: &'static str,
) -> Result<[u8; N], DataError> {
    let mut bytes = Vec::with_capacity(N);
    reader.by_ref().take(N as u64).read_to_end(&mut bytes).map_err(|e| read_error(file, 0, e))?;
    if bytes.len() >= 4 && be_u32(&bytes, 0) != magic {
        let cause = Cause::Magic { found: be_u32(&bytes, 0), expected: magic, what };
        return Err(DataError::new(file, "byte 0, magic number", cause));
    }
    bytes.try_into().map_err(|bytes: Vec<u8>| {
        let cause = Cause::Truncated { expected: N as u64, found: bytes.len() as u64 };
        DataError::new(file, format!("byte {}, header", bytes.len()), cause)
    })
}

/// Reads `n` bytes and checks that the stream ends there. `start` is the offset of the first of them in the file.
/// The buffer grows with the bytes that arrive.
pub(crate) fn read_exactly(
    reader: impl Read,
    file: &Path,
    start: u64,
    n: u64,
    field: &str,
) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    reader.take(n + 1).read_to_end(&mut bytes).map_err(|e| read_error(file, start + bytes.len() as u64, e))?;
    let found = bytes.len() as u64;
    if found < n {
        let cause = Cause::Truncated { expected: start + n, found: start + found };
        return Err(DataError::new(file, format!("byte {}, {field}", start + found), cause));
    }
    if found > n {
        let place = format!("byte {}, after the {field}", start + n);
        return Err(DataError::new(file, place, Cause::Oversized { expected: start + n }));
    }
    bytes.shrink_to_fit();
    Ok(bytes)
}

/// Tells a damaged gzip stream from a failing disk.
fn read_error(file: &Path, at: u64, e: io::Error) -> DataError {
    match e.kind() {
        io::ErrorKind::UnexpectedEof => {
            DataError::new(file, format!("byte {at}"), Cause::Gzip("it ends too early".into()))
        }
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
            DataError::new(file, format!("byte {at}"), Cause::Gzip(e.to_string()))
        }
        _ => DataError::new(file, format!("byte {at}"), Cause::Io(e)),
    }
}

/// Writes the images of `data` (one channel) as gzip-compressed IDX. Same data, same bytes: no time, no name.
pub fn write_images_gz(data: &Dataset, out: impl Write, level: Compression) -> io::Result<()> {
    let [channels, rows, cols] = data.shape;
    if channels != 1 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "IDX images have one channel"));
    }
    let mut gz = GzBuilder::new().write(out, level);
    for number in [IMAGES_MAGIC as usize, data.len(), rows, cols] {
        gz.write_all(&header_number(number)?)?;
    }
    gz.write_all(&data.pixels)?;
    gz.finish()?.flush()
}

/// Writes the labels of `data` as gzip-compressed IDX. Same data, same bytes: no time, no name.
pub fn write_labels_gz(data: &Dataset, out: impl Write, level: Compression) -> io::Result<()> {
    let mut gz = GzBuilder::new().write(out, level);
    for number in [LABELS_MAGIC as usize, data.len()] {
        gz.write_all(&header_number(number)?)?;
    }
    gz.write_all(&data.labels)?;
    gz.finish()?.flush()
}

fn header_number(n: usize) -> io::Result<[u8; 4]> {
    let n = u32::try_from(n).map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "IDX numbers are 32 bits"))?;
    Ok(n.to_be_bytes())
}
