//! Images in arrays of numpy: `x` (or another name) with `y`, as bytes or as reals from 0 to 1.

use super::OwnImages;
use crate::dataset::{Dataset, Split};
use crate::error::{Cause, DataError};
use crate::recording::array::{Array, Content, Values};
use std::path::Path;

/// Names of labels, the split's own first.
const LABELS: [&str; 4] = ["y", "labels", "label", "targets"];

const REMEDY: &str = "Save images as `x` (N×C×H×W, N×H×W×C or N×H×W; bytes, or reals from 0 to 1) and classes as `y`.";

/// Images of an array.
pub(crate) struct Pixels {
    pub(crate) shape: [usize; 3],
    pub(crate) pixels: Vec<u8>,
    pub(crate) remarks: Vec<String>,
}

/// The array of samples and the labels of an archive.
///
/// # Errors
/// If there is no such array, or several, or labels are no whole numbers.
pub fn of_arrays<'a>(
    arrays: &'a [(String, Content)],
    file: &Path,
    split: Split,
) -> Result<(&'a Array, Option<Vec<u32>>), DataError> {
    let fail = |why: String| DataError::new(file, "", Cause::refused(why, REMEDY));
    let is_label = |name: &str| {
        LABELS.iter().any(|label| name == *label || name.strip_prefix(label).is_some_and(|rest| rest.starts_with('_')))
    };
    let other = if split == Split::Train { "test" } else { "train" };
    let dense = arrays.iter().filter_map(|(name, content)| match content {
        Content::Dense(array) if !name.ends_with(other) => Some(array),
        _ => None,
    });
    let (labels, data): (Vec<&Array>, Vec<&Array>) = dense.partition(|array| is_label(&array.name));
    let names: Vec<&str> = data.iter().map(|array| array.name.as_str()).collect();
    let [samples] = data[..] else {
        return Err(fail(format!("holds {} arrays of samples ({})", data.len(), names.join(", "))));
    };
    let labels = match labels[..] {
        [] => None,
        [one] => {
            Some(one.values.whole().ok_or_else(|| fail(format!("array {}: not all values are classes", one.name)))?)
        }
        _ => return Err(fail("holds several arrays of labels".into())),
    };
    Ok((samples, labels))
}

/// Images of an archive.
pub(crate) fn images(arrays: &[(String, Content)], file: &Path, split: Split) -> Result<OwnImages, DataError> {
    let (samples, labels) = of_arrays(arrays, file, split)?;
    of_layout(samples, &samples.shape, labels, file, split)
}

/// Images of an array, read as if it had `shape`.
///
/// # Errors
/// If the shape is not one of images, a value is no intensity, or labels do not pair up.
pub fn of_layout(
    samples: &Array,
    shape: &[usize],
    labels: Option<Vec<u32>>,
    file: &Path,
    split: Split,
) -> Result<OwnImages, DataError> {
    let found = pixels(samples, shape, file)?;
    let n = shape[0];
    let labelled = labels.is_some();
    let labels = labels.unwrap_or_else(|| vec![0; n]);
    if labels.len() != n {
        let cause = Cause::CountMismatch { images: n as u64, labels: labels.len() as u64 };
        return Err(DataError::new(file, "", cause));
    }
    let labels: Result<Vec<u8>, _> = labels.into_iter().map(u8::try_from).collect();
    let labels = labels.map_err(|_| DataError::new(file, "", Cause::refused("has classes beyond 255", REMEDY)))?;
    let data = Dataset { name: String::new(), classes: 0, shape: found.shape, pixels: found.pixels, labels };
    Ok(OwnImages { labelled, ..super::named(data, file, split, found.remarks) })
}

/// Images of an array of shape N×H×W, N×C×H×W or, where the last axis is 1, 3 or 4 and the second is not, N×H×W×C.
pub(crate) fn pixels(array: &Array, shape: &[usize], file: &Path) -> Result<Pixels, DataError> {
    let fail = |why: String| DataError::new(file, "", Cause::refused(why, REMEDY));
    let few = |side: usize| matches!(side, 1 | 3 | 4);
    let (n, shape, last) = match *shape {
        [n, h, w] => (n, [1, h, w], false),
        [n, h, w, c] if few(c) && !few(h) => (n, [c, h, w], true),
        [n, c, h, w] => (n, [c, h, w], false),
        _ => return Err(fail(format!("shape {shape:?} is not one of images"))),
    };
    let size = shape.iter().product::<usize>();
    if n == 0 || size == 0 {
        return Err(fail("holds no image".into()));
    }
    let mut remarks = Vec::new();
    let bytes = match &array.values {
        Values::Bytes(bytes) => bytes.clone(),
        Values::Reals(reals) => {
            let largest = reals.iter().copied().fold(0.0, f64::max);
            let scale = if largest <= 1.0 { 255.0 } else { 1.0 };
            if let Some(v) = reals.iter().find(|v| !(0.0..=255.0).contains(*v)) {
                return Err(fail(format!("holds {v}, which is no intensity: bytes, or reals from 0 to 1, are")));
            }
            let level = |v: &f64| (v * scale).round();
            let error = reals.iter().map(|v| (v * scale - level(v)).abs()).fold(0.0, f64::max);
            if error > 1e-3 {
                remarks.push(format!("intensities are rounded to 256 levels, by up to {error:.2} of one"));
            }
            reals.iter().map(|v| level(v) as u8).collect()
        }
    };
    let pixels = if last {
        let c = shape[0];
        let image = |image: &[u8]| (0..c).flat_map(|k| image.iter().skip(k).step_by(c).copied()).collect::<Vec<u8>>();
        remarks.push("channels stand last and are brought to the front".into());
        bytes.chunks_exact(size).flat_map(image).collect()
    } else {
        bytes
    };
    Ok(Pixels { shape, pixels, remarks })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dense(name: &str, shape: &[usize], values: Values) -> (String, Content) {
        (name.into(), Content::Dense(Array { name: name.into(), shape: shape.to_vec(), values }))
    }

    #[test]
    fn splits_shapes_and_reals() {
        let arrays = [
            dense("x_train", &[1, 1, 2], Values::Bytes(vec![1, 2])),
            dense("y_train", &[1], Values::Bytes(vec![4])),
            dense("x_test", &[2, 1, 2], Values::Reals(vec![0.0, 1.0, 0.2, 0.5])),
            dense("y_test", &[2], Values::Reals(vec![1.0, 0.0])),
        ];
        let found = images(&arrays, Path::new("d.npz"), Split::Train).unwrap();
        assert_eq!((found.data.classes, found.data.shape, &*found.data.name), (5, [1, 1, 2], "d.npz train"));
        let found = images(&arrays, Path::new("d.npz"), Split::Test).unwrap();
        assert_eq!((found.data.pixels, found.data.labels), (vec![0, 255, 51, 128], vec![1, 0]));
        assert!(found.remarks[0].contains("rounded to 256 levels"), "{:?}", found.remarks);
    }

    #[test]
    fn last_channels_and_wrong_labels() {
        let array = dense("x", &[1, 2, 2, 3], Values::Bytes((0..12).collect()));
        let found = images(std::slice::from_ref(&array), Path::new("d.npz"), Split::Test).unwrap();
        assert!(!found.labelled);
        assert_eq!((found.data.shape, &found.data.pixels[..4]), ([3, 2, 2], &[0, 3, 6, 9][..]));
        let error = |labels: Values| {
            let n = labels.reals().count();
            let found = images(&[array.clone(), dense("y", &[n], labels)], Path::new("d.npz"), Split::Test);
            found.unwrap_err().to_string()
        };
        assert!(error(Values::Bytes(vec![1, 2])).contains("2 labels for 1 images"));
        assert!(error(Values::Reals(vec![0.5])).contains("not all values are classes"));
        assert!(error(Values::Reals(vec![300.0])).contains("beyond 255"));
    }
}
