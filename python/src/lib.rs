//! The compiled half of the Python package `spikeloom`: a thin layer over the library, without logic of its own.
//!
//! Objects hold what the library returns. Long work releases the interpreter lock and stops at Ctrl-C. What Python users see on
//! top (quantities, tables, plots, networks of PyTorch frameworks) is Python, in `spikeloom/`.

mod analytic;
mod arrays;
mod background;
mod chip;
mod data;
mod errors;
mod network;
mod program;
mod result;
mod search;
mod train;
mod watch;

use pyo3::prelude::*;
use std::process::ExitCode;

/// Runs the command line with these arguments, the program's name first; returns its exit code.
#[pyfunction]
fn main(py: Python<'_>, arguments: Vec<String>) -> u8 {
    let code = py.detach(|| cli::run(arguments));
    // An exit code can be compared but not read.
    (0..=u8::MAX).find(|&n| code == ExitCode::from(n)).unwrap_or(1)
}

#[pymodule]
fn _spikeloom(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    errors::register(module)?;
    module.add_class::<arrays::Batch>()?;
    module.add_class::<network::Network>()?;
    module.add_class::<chip::Chip>()?;
    module.add_class::<program::Program>()?;
    module.add_class::<result::RunResult>()?;
    module.add_function(wrap_pyfunction!(main, module)?)?;
    module.add_function(wrap_pyfunction!(network::networks, module)?)?;
    module.add_function(wrap_pyfunction!(chip::chips, module)?)?;
    module.add_function(wrap_pyfunction!(chip::tables, module)?)?;
    module.add_class::<search::Search>()?;
    module.add_function(wrap_pyfunction!(search::_answers, module)?)?;
    module.add_function(wrap_pyfunction!(analytic::_energy_model, module)?)?;
    module.add_function(wrap_pyfunction!(train::_settings, module)?)?;
    module.add_function(wrap_pyfunction!(train::_train, module)?)?;
    module.add_function(wrap_pyfunction!(data::_dataset_names, module)?)?;
    module.add_function(wrap_pyfunction!(data::_class_names, module)?)?;
    module.add_function(wrap_pyfunction!(data::_dataset, module)?)?;
    module.add_function(wrap_pyfunction!(data::_fetch, module)?)?;
    module.add_function(wrap_pyfunction!(data::mnist_sample, module)?)
}
