//! The library's errors as Python exceptions, with the same words.
//!
//! ```text
//! SpikeloomError
//! ├─ InputError (also a ValueError)   what was given cannot be used
//! ├─ DoesNotFitError                  the network does not fit on the chip; `.reasons` lists why
//! ├─ UnpricedError                    the energy table lacks a price
//! └─ InternalError                    a defect of spikeloom
//! ```

use pyo3::{create_exception, exceptions::PyException, prelude::*, types::PyTuple};
use spikeloom::Error;

create_exception!(spikeloom, SpikeloomError, PyException, "Something could not be done.");
create_exception!(
    spikeloom,
    DoesNotFitError,
    SpikeloomError,
    "The network does not fit on the chip; `reasons` lists why."
);
create_exception!(spikeloom, UnpricedError, SpikeloomError, "The energy table lacks a price.");
create_exception!(spikeloom, InternalError, SpikeloomError, "A defect of spikeloom; please report it.");

/// Adds the exceptions to the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let base = py.get_type::<SpikeloomError>();
    module.add("SpikeloomError", &base)?;
    module.add("DoesNotFitError", py.get_type::<DoesNotFitError>())?;
    module.add("UnpricedError", py.get_type::<UnpricedError>())?;
    module.add("InternalError", py.get_type::<InternalError>())?;
    // A wrong value is a ValueError to Python; `create_exception!` knows one base only.
    let bases = PyTuple::new(py, [base.as_any(), py.get_type::<pyo3::exceptions::PyValueError>().as_any()])?;
    let space = pyo3::types::PyDict::new(py);
    space.set_item("__module__", "spikeloom")?;
    space.set_item("__doc__", "What was given cannot be used; the message says what, why and what would do.")?;
    let input = py.get_type::<pyo3::types::PyType>().call1(("InputError", bases, space))?;
    module.add("InputError", input)
}

/// An `InputError` with this message.
pub(crate) fn input(py: Python<'_>, message: impl Into<String>) -> PyErr {
    let message = message.into();
    let class = py.import("spikeloom._spikeloom").and_then(|m| m.getattr("InputError"));
    match class.and_then(|class| class.call1((message.clone(),))) {
        Ok(error) => PyErr::from_value(error),
        Err(_) => pyo3::exceptions::PyValueError::new_err(message),
    }
}

/// The exception of an error of the library.
pub(crate) fn raise(py: Python<'_>, error: Error) -> PyErr {
    let message = error.to_string();
    match error {
        Error::Input(_) | Error::Load(_) | Error::Batch(_) | Error::NothingRun | Error::Stopped(_) => {
            input(py, message)
        }
        Error::DoesNotFit { diagnostics, .. } => {
            let error = DoesNotFitError::new_err(message);
            let reasons: Vec<String> = diagnostics.0.iter().map(ToString::to_string).collect();
            let _ = error.value(py).setattr("reasons", reasons);
            error
        }
        Error::Unpriced(_) => UnpricedError::new_err(message),
        _ => InternalError::new_err(message),
    }
}
