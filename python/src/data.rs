//! Data sets as arrays, and arrays as data sets.

use crate::{
    arrays::images_of,
    background::{self, Raised},
    errors::input,
};
use numpy::{PyArray1, PyArrayDyn, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::prelude::*;
use spikeloom::datasets::{self, Dataset, DatasetName, Progress, Split, bundled};
use std::path::PathBuf;

/// Images (N × C × H × W) and labels (N).
pub(crate) type Arrays<'py> = (Bound<'py, PyArrayDyn<u8>>, Bound<'py, PyArray1<u8>>);

fn arrays(py: Python<'_>, data: Dataset) -> Arrays<'_> {
    let (n, [c, h, w]) = (data.len(), data.shape);
    let pixels = numpy::ndarray::ArrayD::from_shape_vec(vec![n, c, h, w], data.pixels);
    (PyArrayDyn::from_owned_array(py, pixels.expect("C·H·W bytes an image")), PyArray1::from_vec(py, data.labels))
}

fn named(py: Python<'_>, name: &str) -> PyResult<DatasetName> {
    name.parse().map_err(|e| input(py, format!("name: {e}")))
}

/// The 500 bundled test images of MNIST: (images, labels), uint8, 500 × 1 × 28 × 28 and 500.
#[pyfunction]
pub(crate) fn mnist_sample(py: Python<'_>) -> Arrays<'_> {
    arrays(py, bundled::mnist_test_500())
}

/// Names of the data sets that are known.
#[pyfunction]
pub(crate) fn _dataset_names() -> Vec<&'static str> {
    DatasetName::ALL.iter().map(|name| name.as_str()).collect()
}

/// Names of the classes of a data set.
#[pyfunction]
pub(crate) fn _class_names(py: Python<'_>, name: &str) -> PyResult<Vec<&'static str>> {
    Ok(named(py, name)?.class_names().to_vec())
}

/// A split of a data set that was fetched before.
#[pyfunction]
pub(crate) fn _dataset<'py>(
    py: Python<'py>,
    name: &str,
    split: &str,
    folder: Option<PathBuf>,
) -> PyResult<Arrays<'py>> {
    Ok(arrays(py, load(py, name, split, folder)?))
}

/// A split of a data set as the library holds it.
pub(crate) fn load(py: Python<'_>, name: &str, split: &str, folder: Option<PathBuf>) -> PyResult<Dataset> {
    let Some(split) = Split::ALL.into_iter().find(|s| s.as_str() == split) else {
        return Err(input(py, format!("split: `{split}` is none of \"train\", \"test\"")));
    };
    let (name, folder) = (named(py, name)?, folder.unwrap_or_else(datasets::default_dir));
    py.detach(|| datasets::load(name, split, &folder)).map_err(|e| input(py, e.to_string()))
}

/// Obtains a data set; returns the folder that holds it.
#[pyfunction]
pub(crate) fn _fetch(
    py: Python<'_>,
    name: &str,
    folder: Option<PathBuf>,
    tell: Option<Py<PyAny>>,
) -> PyResult<PathBuf> {
    let (name, folder) = (named(py, name)?, folder.unwrap_or_else(datasets::default_dir));
    let raised = Raised::default();
    let report = background::run(py, &raised, || {
        datasets::fetch(name, &folder, &mut |progress| {
            let line = match progress {
                Progress::Trying { source } => format!("trying {source}"),
                Progress::Failed { source, reason } => format!("{source}: {reason}"),
                Progress::Verified { split, images } => format!("{split}: {images} images, SHA-256 as published"),
                _ => return,
            };
            if let Some(tell) = &tell
                && let Err(error) = Python::attach(|py| tell.call1(py, (line,)).map(drop))
            {
                raised.keep(error);
            }
        })
    });
    match raised.take() {
        Some(error) => Err(error),
        None => report.map(|report| report.folder).map_err(|e| input(py, e.to_string())),
    }
}

/// The data set in arrays of images (N × C × H × W, uint8) and labels; `argument` is what errors call them.
pub(crate) fn of_arrays(
    py: Python<'_>,
    argument: &str,
    x: &Bound<'_, PyArrayDyn<u8>>,
    labels: Vec<u32>,
) -> PyResult<Dataset> {
    let &[n, c, h, w] = x.shape() else {
        let shape = x.shape();
        return Err(input(
            py,
            format!("{argument}: images have shape {shape:?}; give samples × channels × height × width"),
        ));
    };
    if labels.len() != n {
        return Err(input(py, format!("{argument}: {} labels for {n} images; give one for each", labels.len())));
    }
    let pixels = x.readonly().as_slice().map_err(|_| input(py, format!("{argument}: is not contiguous")))?.to_vec();
    images_of(py, argument, "arrays", [c, h, w], pixels, labels)
}
