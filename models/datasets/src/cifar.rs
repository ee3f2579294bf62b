//! The binary version of CIFAR-10: records of one label byte and 3072 intensities, with no header.
//!
//! A record is `label, R[1024], G[1024], B[1024]`, each plane 32×32 row by row, which is the `C × H × W` order of
//! [`Dataset`]. A batch file is a whole number of records; the published ones have 10,000 (Krizhevsky 2009, the
//! CIFAR-10 page, section "Binary version"). A file has no magic number: its length and its labels are all that can
//! be checked here, [`super::digest`] checks the rest.

use std::io::{self, Read, Write};
use std::path::Path;

use super::dataset::Dataset;
use super::error::DataError;
use super::idx::{check_labels, read_exactly};

/// Intensities of one image.
pub const IMAGE_BYTES: usize = 3 * 32 * 32;
/// One label and one image.
pub const RECORD_BYTES: usize = 1 + IMAGE_BYTES;
/// Records in each published batch file.
pub const BATCH_IMAGES: usize = 10_000;

/// Reads a batch of exactly `n` records and appends it to `data`, whose shape must be `[3, 32, 32]`.
///
/// `file` is the name used in errors. Nothing is appended on error.
pub fn append_batch(data: &mut Dataset, reader: impl Read, file: &Path, n: usize) -> Result<(), DataError> {
    assert_eq!(data.shape, [3, 32, 32], "CIFAR-10 images are 3×32×32");
    let bytes = read_exactly(reader, file, 0, (n * RECORD_BYTES) as u64, "records")?;
    let records = bytes.chunks_exact(RECORD_BYTES);
    let labels: Vec<u8> = records.clone().map(|record| record[0]).collect();
    check_labels(&labels, data.classes, file, 0, RECORD_BYTES)?;
    data.labels.extend_from_slice(&labels);
    data.pixels.reserve_exact(n * IMAGE_BYTES);
    for record in records {
        data.pixels.extend_from_slice(&record[1..]);
    }
    Ok(())
}

/// Writes images `range` of `data` as records. Panics if an index is not below `data.len()`.
pub fn write_batch(data: &Dataset, range: std::ops::Range<usize>, mut out: impl Write) -> io::Result<()> {
    if data.shape != [3, 32, 32] {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "CIFAR-10 images are 3×32×32"));
    }
    for i in range {
        out.write_all(&[data.label(i)])?;
        out.write_all(data.image(i))?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::super::error::Cause;
    use super::*;

    fn empty() -> Dataset {
        Dataset { name: "c".into(), classes: 10, shape: [3, 32, 32], pixels: vec![], labels: vec![] }
    }

    fn two() -> (Dataset, Vec<u8>) {
        let pixels = (0..2 * IMAGE_BYTES).map(|i| (i % 251) as u8).collect();
        let data = Dataset { pixels, labels: vec![9, 3], ..empty() };
        let mut bytes = Vec::new();
        write_batch(&data, 0..2, &mut bytes).unwrap();
        (data, bytes)
    }

    fn read(bytes: &[u8], n: usize) -> Result<Dataset, DataError> {
        let mut data = empty();
        append_batch(&mut data, bytes, Path::new("b.bin"), n).map(|()| data)
    }

    #[test]
    fn what_is_written_is_read() {
        let (data, bytes) = two();
        assert_eq!(bytes.len(), 2 * RECORD_BYTES);
        assert_eq!((bytes[0], bytes[1], bytes[RECORD_BYTES]), (9, 0, 3));
        assert_eq!(read(&bytes, 2).unwrap(), data);
    }

    #[test]
    fn wrong_lengths_and_labels_are_named() {
        let (_, mut bytes) = two();
        let e = read(&bytes[..4000], 2).unwrap_err();
        assert!(matches!(e.cause, Cause::Truncated { expected: 6146, found: 4000 }), "{e}");
        let e = read(&bytes, 1).unwrap_err();
        assert!(matches!(e.cause, Cause::Oversized { expected: 3073 }), "{e}");
        bytes[RECORD_BYTES] = 10;
        let e = read(&bytes, 2).unwrap_err();
        assert!(matches!(e.cause, Cause::Label { index: 1, label: 10, classes: 10 }), "{e}");
        assert_eq!(e.place, "byte 3073, label");
    }
}
