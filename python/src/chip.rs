//! A chip: description and prices.

use crate::errors::{input, raise};
use pyo3::prelude::*;
use spikeloom::{energy::table::PRESETS as TABLES, isa::arch::preset::PRESETS};

/// A neuromorphic chip: its description and the energy table that prices what is counted on it.
///
/// Use ``Chip("loihi1")`` for one that ships (see ``spikeloom.chips()``) or ``Chip("my_chip.ron")`` for a description file.
#[pyclass(module = "spikeloom", frozen, from_py_object)]
#[derive(Clone)]
pub(crate) struct Chip {
    pub(crate) chip: spikeloom::Chip,
    /// Name of a table that follows the chip, and is made when a program is priced: `components`, `scaled:NAME`.
    pub(crate) follows: Option<String>,
}

/// Whether a table of this name follows the chip.
fn follows(name: &str) -> bool {
    name == spikeloom::energy::component::NAME || name.starts_with("scaled:")
}

#[pymethods]
impl Chip {
    #[new]
    #[pyo3(signature = (name, *, prices=None))]
    fn new(py: Python<'_>, name: &str, prices: Option<&str>) -> PyResult<Self> {
        let chip = cli::chip(name).map_err(|e| input(py, cli::paragraph(&e)))?;
        let chip = Self { chip, follows: None };
        prices.map_or(Ok(chip.clone()), |prices| chip.with_prices(py, prices))
    }

    /// Name of the chip.
    #[getter]
    fn name(&self) -> &str {
        &self.chip.arch.name
    }

    /// Name of the energy table, or None if the chip has no prices.
    #[getter]
    fn prices(&self) -> Option<String> {
        self.follows.clone().or_else(|| self.chip.prices().ok().map(|t| t.name.clone()))
    }

    /// A copy with other prices: the name of an energy table that ships, a file (.ron), a projection such as "loihi1:0.5", or a table
    /// that follows the chip: "components", or one that ships scaled to it, as in "scaled:loihi1".
    fn with_prices(&self, py: Python<'_>, table_name: &str) -> PyResult<Self> {
        if follows(table_name) {
            return Ok(Self { chip: self.chip.clone(), follows: Some(table_name.to_owned()) });
        }
        let table = cli::table(table_name).map_err(|e| input(py, cli::paragraph(&e)))?;
        Ok(Self { chip: self.chip.clone().with_prices(table), follows: None })
    }

    /// A copy with fields of the description replaced: a path such as "core.neurons" and its value in words.
    fn _with(&self, py: Python<'_>, changes: Vec<(String, String)>) -> PyResult<Self> {
        let Self { mut chip, follows } = self.clone();
        for (path, value) in changes {
            let scalar = explore::Scalar::parse(&value);
            chip.arch = explore::set(&chip.arch, [(path.as_str(), &scalar)]).map_err(|e| input(py, e))?;
            chip.arch.name = format!("{}, {path}={value}", chip.arch.name);
        }
        Ok(Self { chip, follows })
    }

    /// Description and energy table as JSON texts, and the name of a table that follows the chip, for pickle.
    #[pyo3(name = "_state")]
    fn state(&self) -> State {
        let json = |value: Result<String, serde_json::Error>| value.expect("descriptions have a form in JSON");
        let table = self.chip.prices().ok().map(|t| json(serde_json::to_string(t)));
        (json(serde_json::to_string(&self.chip.arch)), table, self.follows.clone())
    }

    /// The chip of `_state`.
    #[staticmethod]
    fn _of_state(py: Python<'_>, arch: &str, prices: Option<&str>, follows: Option<String>) -> PyResult<Self> {
        let wrong = |e: serde_json::Error| input(py, format!("chip: the stored description cannot be read: {e}"));
        let arch = serde_json::from_str(arch).map_err(wrong)?;
        let chip = spikeloom::Chip::new(arch).map_err(|e| raise(py, e))?;
        let chip = match prices {
            Some(prices) => chip.with_prices(serde_json::from_str(prices).map_err(wrong)?),
            None => chip,
        };
        Ok(Self { chip, follows })
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, State)> {
        Ok((slf.get_type().getattr("_of_state")?, slf.get().state()))
    }

    fn __repr__(&self) -> String {
        format!("Chip({:?})", self.chip.arch.name)
    }
}

/// Description, energy table, and the name of a table that follows the chip, where there are any.
type State = (String, Option<String>, Option<String>);

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
