//! Training in a folder.

use crate::{
    background::{self, Raised},
    data::{load, of_arrays},
    errors::input,
};
use numpy::PyArrayDyn;
use pyo3::prelude::*;
use spikeloom::{
    datasets::Dataset,
    training::ffgaf::{Config, Event, Job, run},
};
use std::path::PathBuf;

/// Images and labels of a split.
type Given<'py> = (Bound<'py, PyArrayDyn<u8>>, Vec<u32>);

/// A configuration from settings in JSON; what is absent keeps its default.
fn config(py: Python<'_>, settings: &str) -> PyResult<Config> {
    let json: serde_json::Value = serde_json::from_str(settings).map_err(|e| input(py, format!("settings: {e}")))?;
    let table = toml::Table::try_from(json).map_err(|e| input(py, format!("settings: {e}; leave out what is None")))?;
    Config::from_toml(&table.to_string()).map_err(|e| input(py, format!("settings: {e}")))
}

/// Every setting of a configuration with these settings, as a TOML text.
#[pyfunction]
pub(crate) fn _settings(py: Python<'_>, settings: &str) -> PyResult<String> {
    Ok(config(py, settings)?.to_toml())
}

/// Trains in the folder `out`; returns the test accuracy, or `None` if it was stopped before the end.
///
/// `train` and `test` are arrays of images and labels; without them the data set that the settings name is loaded from `data`.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "each is an argument of the Python function")]
pub(crate) fn _train(
    py: Python<'_>,
    settings: &str,
    train: Option<Given<'_>>,
    test: Option<Given<'_>>,
    data: Option<PathBuf>,
    out: PathBuf,
    resume: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<Option<f64>> {
    let config = config(py, settings)?;
    let split = |given: Option<Given<'_>>, name: &str| -> PyResult<Dataset> {
        match given {
            Some((x, labels)) => of_arrays(py, name, &x, labels),
            None => load(py, &config.dataset, name, data.clone()),
        }
    };
    let (train, test) = (split(train, "train")?, split(test, "test")?);
    if train.shape != test.shape {
        let message = format!("test: images are {:?}, those of `train` {:?} (C, H, W)", test.shape, train.shape);
        return Err(input(py, message));
    }
    let raised = Raised::default();
    let mut images = 0;
    let outcome = background::run(py, &raised, || {
        let job = Job { resume, ..Job::new(&config, &train, &test, &out) };
        run(&job, raised.stop(), &mut |event| match event {
            Event::Started { images: of, .. } => images = of,
            Event::Batch(now) => {
                let (done, of) = ((now.epoch - 1) * now.of + now.images, config.epochs * images);
                raised.tell(progress.as_ref(), "train", done, of);
            }
            Event::Saved(_) | Event::Epoch(..) => {}
        })
    });
    if let Some(error) = raised.take() {
        return Err(error);
    }
    let outcome = outcome.map_err(|e| input(py, e.to_string()))?;
    Ok(outcome.result.map(|finished| finished.test.accuracy() / 100.0))
}
