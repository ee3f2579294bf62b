//! A chip: description and prices.

use crate::errors::{input, raise};
use pyo3::prelude::*;
use spikeloom::{energy::table::PRESETS as TABLES, isa::arch::preset::PRESETS, table};

/// A neuromorphic chip: its description and the energy table that prices what is counted on it.
///
/// Use ``Chip("loihi1")`` for one that ships (see ``spikeloom.chips()``) or ``Chip("my_chip.ron")`` for a description file.
#[pyclass(module = "spikeloom", frozen, from_py_object)]
#[derive(Clone)]
pub(crate) struct Chip(pub(crate) spikeloom::Chip);

#[pymethods]
impl Chip {
    #[new]
    #[pyo3(signature = (name, *, prices=None, text=None))]
    fn new(py: Python<'_>, name: &str, prices: Option<&str>, text: Option<&str>) -> PyResult<Self> {
        let chip = match text {
            Some(text) => spikeloom::Chip::parse(name, text),
            None if name.ends_with(".ron") => {
                let text = std::fs::read_to_string(name).map_err(|e| input(py, format!("{name}: {e}")))?;
                spikeloom::Chip::parse(name, &text)
            }
            None => spikeloom::Chip::open(name),
        };
        let chip = chip.map_err(|e| raise(py, e))?;
        match prices {
            None => Ok(Self(chip)),
            Some(prices) => Ok(Self(chip.with_prices(table(prices).map_err(|e| raise(py, e))?))),
        }
    }

    /// Name of the chip.
    #[getter]
    fn name(&self) -> &str {
        &self.0.arch.name
    }

    /// Name of the energy table, or None if the chip has no prices.
    #[getter]
    fn prices(&self) -> Option<String> {
        self.0.prices().ok().map(|t| t.name.clone())
    }

    /// A copy with other prices: the name of an energy table that ships, or a projection such as "loihi1:0.5".
    fn with_prices(&self, py: Python<'_>, table_name: &str) -> PyResult<Self> {
        Ok(Self(self.0.clone().with_prices(table(table_name).map_err(|e| raise(py, e))?)))
    }

    /// A copy with fields of the description replaced: a path such as "core.neurons" and its value in words.
    fn _with(&self, py: Python<'_>, changes: Vec<(String, String)>) -> PyResult<Self> {
        let mut chip = self.0.clone();
        for (path, value) in changes {
            let scalar = explore::Scalar::parse(&value);
            chip.arch = explore::set(&chip.arch, [(path.as_str(), &scalar)]).map_err(|e| input(py, e))?;
            chip.arch.name = format!("{}, {path}={value}", chip.arch.name);
        }
        Ok(Self(chip))
    }

    /// Description and energy table as JSON texts, for pickle.
    #[pyo3(name = "_state")]
    fn state(&self) -> State {
        let json = |value: Result<String, serde_json::Error>| value.expect("descriptions have a form in JSON");
        (json(serde_json::to_string(&self.0.arch)), self.0.prices().ok().map(|t| json(serde_json::to_string(t))))
    }

    /// The chip of `_state`.
    #[staticmethod]
    fn _of_state(py: Python<'_>, arch: &str, prices: Option<&str>) -> PyResult<Self> {
        let wrong = |e: serde_json::Error| input(py, format!("chip: the stored description cannot be read: {e}"));
        let arch = serde_json::from_str(arch).map_err(wrong)?;
        let chip = spikeloom::Chip::new(arch).map_err(|e| raise(py, e))?;
        Ok(Self(match prices {
            Some(prices) => chip.with_prices(serde_json::from_str(prices).map_err(wrong)?),
            None => chip,
        }))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, State)> {
        Ok((slf.get_type().getattr("_of_state")?, slf.get().state()))
    }

    fn __repr__(&self) -> String {
        format!("Chip({:?})", self.0.arch.name)
    }
}

/// Description and, if there is one, energy table.
type State = (String, Option<String>);

/// Names of the chips that ship.
#[pyfunction]
pub(crate) fn chips() -> Vec<&'static str> {
    PRESETS.iter().map(|(name, _)| *name).collect()
}

/// Names of the energy tables that ship.
#[pyfunction]
pub(crate) fn tables() -> Vec<&'static str> {
    TABLES.iter().map(|(name, _)| *name).collect()
}
