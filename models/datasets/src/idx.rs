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
    Ok(Dataset { name: name.to_owned(), classes, shape: [1, images.rows, images.cols], pixels: images.pixels, labels })
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
    let place = format!("byte {at} of the decompressed data");
    match e.kind() {
        io::ErrorKind::UnexpectedEof => DataError::new(file, place, Cause::Gzip("it ends too early".into())),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
            DataError::new(file, place, Cause::Gzip(e.to_string()))
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

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::super::bundled::mnist_test_500;
    use super::*;

    const FILE: &str = "f.idx";

    /// Twelve real images, decompressed: header 16 bytes, 9408 pixels; header 8 bytes, 12 labels.
    fn twelve() -> (Vec<u8>, Vec<u8>) {
        let data = mnist_test_500().subset(0..12);
        let (mut images, mut labels) = (Vec::new(), Vec::new());
        write_images_gz(&data, &mut images, Compression::fast()).unwrap();
        write_labels_gz(&data, &mut labels, Compression::fast()).unwrap();
        [images, labels]
            .map(|gz| {
                let mut plain = Vec::new();
                gunzip_if_needed(&gz[..], Path::new(FILE)).unwrap().read_to_end(&mut plain).unwrap();
                plain
            })
            .into()
    }

    fn images(bytes: &[u8]) -> Result<Images, DataError> {
        read_images(gunzip_if_needed(bytes, Path::new(FILE))?, Path::new(FILE))
    }

    fn labels(bytes: &[u8]) -> Result<Vec<u8>, DataError> {
        read_labels(gunzip_if_needed(bytes, Path::new(FILE))?, Path::new(FILE))
    }

    #[test]
    fn plain_and_gzip_files_read_alike_whatever_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let data = mnist_test_500().subset(0..12);
        let (plain_images, plain_labels) = twelve();
        let [i, l] = ["images.gz", "labels.gz"].map(|name| folder.path().join(name));
        fs::write(&i, plain_images).unwrap();
        fs::write(&l, plain_labels).unwrap();
        let plain = load(&data.name, 10, &i, &l).unwrap();
        write_images_gz(&data, File::create(&i).unwrap(), Compression::best()).unwrap();
        write_labels_gz(&data, File::create(&l).unwrap(), Compression::best()).unwrap();
        assert_eq!(load(&data.name, 10, &i, &l).unwrap(), data);
        assert_eq!(plain, data);
    }

    #[test]
    fn each_damage_has_its_message() {
        let (i, l) = twelve();
        let message = |result: Result<Images, DataError>| result.unwrap_err().to_string();
        let with = |at: usize, bytes: &[u8]| {
            let mut changed = i.clone();
            changed[at..at + bytes.len()].copy_from_slice(bytes);
            changed
        };
        for (bytes, expected) in [
            (l.clone(), "f.idx, byte 0, magic number: wrong magic number 0x00000801, expected 0x00000803"),
            (i[..10].to_vec(), "f.idx, byte 10, header: truncated: 10 bytes where 16 are needed."),
            (i[..9000].to_vec(), "f.idx, byte 9000, pixels: truncated: 9000 bytes where 9424 are needed."),
            ([&i[..], &[0]].concat(), "f.idx, byte 9424, after the pixels: oversized: more than the 9424 bytes"),
            (with(8, &[0; 4]), "f.idx, byte 8, rows: 0 is out of range, 1 to 4096 expected."),
            (with(12, &[1, 0, 0, 0]), "f.idx, byte 12, columns: 16777216 is out of range"),
            (with(4, &[255; 4]), "f.idx, byte 4, image count: 4294967295 is out of range, at most 1369568 images"),
            (Vec::new(), "f.idx, byte 0, header: truncated: 0 bytes where 16 are needed."),
        ] {
            let found = message(images(&bytes));
            assert!(found.starts_with(expected), "{found}");
        }
        let found = labels(&i).unwrap_err().to_string();
        assert!(found.starts_with("f.idx, byte 0, magic number: wrong magic number 0x00000803"), "{found}");
    }

    #[test]
    fn damaged_gzip_is_named_as_such() {
        let mut gz = Vec::new();
        write_images_gz(&mnist_test_500().subset(0..12), &mut gz, Compression::fast()).unwrap();
        let e = images(&gz[..gz.len() / 2]).unwrap_err();
        assert!(e.to_string().contains("the gzip stream is damaged: it ends too early"), "{e}");
        let crc = gz.len() - 6;
        gz[crc] ^= 1;
        let e = images(&gz).unwrap_err();
        assert!(matches!(e.cause, Cause::Gzip(_)), "{e}");
    }

    #[test]
    fn images_and_labels_must_pair_up() {
        let (i, l) = twelve();
        let e = pair("x", 10, images(&i).unwrap(), vec![0; 11], Path::new(FILE)).unwrap_err();
        assert!(e.to_string().starts_with("f.idx, byte 4, label count: 11 labels for 12 images."), "{e}");
        let e = pair("x", 9, images(&i).unwrap(), labels(&l).unwrap(), Path::new(FILE)).unwrap_err();
        // Label 7 of the ten famous ones is the first 9.
        assert!(
            e.to_string().starts_with("f.idx, byte 15, label: label 9 of image 7 is not below the 9 classes."),
            "{e}"
        );
    }

    #[test]
    fn a_lying_header_takes_no_memory() {
        // 2^30 bytes claimed, 4 there: the buffer must have grown with the bytes, not with the claim.
        let header = [0, 0, 8, 1, 0x40, 0, 0, 0, 1, 2, 3, 4];
        let e = labels(&header).unwrap_err();
        assert!(matches!(e.cause, Cause::Truncated { expected: 1_073_741_832, found: 12 }), "{e}");
    }

    proptest! {
        /// Any few bytes changed and any cut: an error, or images of exactly the size the header says. Never a panic.
        #[test]
        fn mutated_files_never_panic(
            gzip: bool,
            edits in prop::collection::vec((any::<prop::sample::Index>(), 0..40_usize, any::<u8>()), 0..6),
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let (mut bytes, _) = twelve();
            if gzip {
                bytes.clear();
                write_images_gz(&mnist_test_500().subset(0..12), &mut bytes, Compression::fast()).unwrap();
            }
            for (anywhere, near_start, value) in edits {
                // Half of the edits hit the header, where they matter most.
                let at = if value % 2 == 0 { near_start.min(bytes.len() - 1) } else { anywhere.index(bytes.len()) };
                bytes[at] = value;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            if let Ok(read) = images(&bytes) {
                prop_assert_eq!(read.pixels.len(), read.len() * read.rows * read.cols);
            }
            if let Ok(read) = labels(&bytes) {
                prop_assert!(read.len() <= bytes.len() * 1100);
            }
        }
    }
}
