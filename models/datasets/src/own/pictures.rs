//! Folders of pictures: PNG, or one array of numpy per image.

use super::{MAX_BYTES, OwnImages, entries, read};
use crate::dataset::{Dataset, Split};
use crate::error::{Cause, DataError};
use crate::recording::array::{self, Array, Content};
use png::{ColorType, Decoder, Limits, Transformations};
use std::io::Cursor;
use std::path::Path;

/// Longest side of a picture.
const MAX_SIDE: u32 = 4096;

/// One image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Channels, rows, columns.
    pub shape: [usize; 3],
    /// Intensities, channel by channel.
    pub pixels: Vec<u8>,
}

/// All images of a folder.
pub(crate) fn folder(path: &Path, split: Split) -> Result<OwnImages, DataError> {
    let entries = entries(path, split)?;
    let mut data = Dataset { name: String::new(), classes: 0, shape: [0; 3], pixels: vec![], labels: vec![] };
    let mut labelled = true;
    for (file, label) in &entries.files {
        let picture = picture(&read(file)?, file)?;
        let fail = |why: String, remedy: &str| DataError::new(file, "", Cause::refused(why, remedy));
        if data.labels.is_empty() {
            data.shape = picture.shape;
        }
        if picture.shape != data.shape {
            let words = |[c, h, w]: [usize; 3]| format!("{c}×{h}×{w}");
            let why = format!(
                "is {} (channels, rows, columns), the first image is {}",
                words(picture.shape),
                words(data.shape)
            );
            return Err(fail(why, "Bring all images to one size."));
        }
        if data.pixels.len() as u64 + picture.pixels.len() as u64 > MAX_BYTES {
            return Err(fail(
                format!("all images together exceed the {MAX_BYTES} bytes that are read"),
                "Use smaller images.",
            ));
        }
        let label = label.map_or(Ok(0), u8::try_from);
        labelled &= entries.files[0].1.is_some();
        data.labels.push(label.map_err(|_| fail("its class is beyond the 256 that are known".into(), "Use fewer."))?);
        data.pixels.extend(picture.pixels);
    }
    let remarks = entries.remark().into_iter().collect();
    Ok(OwnImages { labelled, ..super::named(data, path, split, remarks) })
}

/// One image of a file.
fn picture(bytes: &[u8], file: &Path) -> Result<Picture, DataError> {
    if bytes.starts_with(b"\x89PNG") {
        return png(bytes, file);
    }
    if bytes.starts_with(b"\x93NUMPY") {
        return match array::npy(bytes, file, "")? {
            Content::Dense(array) => of_array(&array, file),
            Content::Events(..) => Err(DataError::new(
                file,
                "",
                Cause::refused("holds events, not an image", "Do not mix them with images."),
            )),
        };
    }
    let format = match bytes {
        [0xff, 0xd8, ..] => "a JPEG",
        [b'G', b'I', b'F', ..] => "a GIF",
        [b'B', b'M', ..] => "a BMP",
        [b'I', b'I', ..] | [b'M', b'M', ..] => "a TIFF",
        _ => "no picture that is known",
    };
    Err(DataError::new(
        file,
        "",
        Cause::refused(format!("is {format}"), "Convert it to PNG, or to one .npy per image."),
    ))
}

/// A PNG: grey or RGB, 8 bits; palettes are resolved, 16 bits cut to 8, transparency dropped.
///
/// # Errors
/// If it is damaged or larger than 4096 rows or columns.
pub fn png(bytes: &[u8], file: &Path) -> Result<Picture, DataError> {
    let fail = |e: png::DecodingError| DataError::new(file, "", Cause::Png(e.to_string()));
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: 1 << 28 });
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(fail)?;
    let (width, height) = (reader.info().width, reader.info().height);
    if width > MAX_SIDE || height > MAX_SIDE {
        let why = format!("{height} rows and {width} columns are beyond the {MAX_SIDE} that are read");
        return Err(DataError::new(file, "", Cause::refused(why, "Scale it down.")));
    }
    let size = reader.output_buffer_size().expect("at most 4096² pixels of 4 bytes");
    let mut buffer = vec![0; size];
    let frame = reader.next_frame(&mut buffer).map_err(fail)?;
    let (stride, channels) = match frame.color_type {
        ColorType::Grayscale => (1, 1),
        ColorType::GrayscaleAlpha => (2, 1),
        ColorType::Rgba => (4, 3),
        ColorType::Rgb | ColorType::Indexed => (3, 3),
    };
    let pixels = &buffer[..frame.buffer_size()];
    let planes = (0..channels).flat_map(|c| pixels.chunks_exact(stride).map(move |pixel| pixel[c]));
    Ok(Picture { shape: [channels, height as usize, width as usize], pixels: planes.collect() })
}

/// An array of two or three axes: rows and columns, with channels first or, if there are 1, 3 or 4, last.
fn of_array(array: &Array, file: &Path) -> Result<Picture, DataError> {
    let shape = [&[1], &array.shape[..]].concat();
    let images = super::archive::pixels(array, &shape, file)?;
    Ok(Picture { shape: images.shape, pixels: images.pixels })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(color: ColorType, side: u32, data: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, side, side);
        encoder.set_color(color);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header().unwrap().write_image_data(data).unwrap();
        bytes
    }

    #[test]
    fn class_folders_are_a_data_set() {
        let dir = tempfile::tempdir().unwrap();
        for (class, value) in [("one", 1), ("two", 2)] {
            std::fs::create_dir(dir.path().join(class)).unwrap();
            std::fs::write(dir.path().join(class).join("a.png"), encode(ColorType::Grayscale, 2, &[value; 4])).unwrap();
        }
        let found = folder(dir.path(), Split::Test).unwrap();
        assert_eq!((found.data.shape, found.data.classes), ([1, 2, 2], 2));
        assert_eq!((&found.data.labels[..], &found.data.pixels[..]), (&[0, 1][..], &[1, 1, 1, 1, 2, 2, 2, 2][..]));
        std::fs::write(dir.path().join("two/b.png"), encode(ColorType::Rgb, 2, &[0; 12])).unwrap();
        let error = folder(dir.path(), Split::Test).unwrap_err().to_string();
        assert!(error.contains("b.png: is 3×2×2 (channels, rows, columns), the first image is 1×2×2"), "{error}");
        std::fs::write(dir.path().join("two/b.png"), b"\xff\xd8\xff").unwrap();
        assert!(folder(dir.path(), Split::Test).unwrap_err().to_string().contains("is a JPEG"));
    }

    #[test]
    fn channels_come_one_after_the_other() {
        let found = png(&encode(ColorType::Rgba, 1, &[1, 2, 3, 9]), Path::new("x.png")).unwrap();
        assert_eq!(found, Picture { shape: [3, 1, 1], pixels: vec![1, 2, 3] });
    }
}
