//! A network to deploy.

use crate::{
    arrays::Batch,
    chip::Chip,
    errors::{input, raise},
    program::Program,
    watch::Watch,
};
use pyo3::prelude::*;
use spikeloom::{ActivitySource, DeployOptions, Format, ImportOptions, Model, training::zoo};

/// A spiking network: one that ships, a trained one, a NIR file or a graph. Made by ``spikeloom.load``.
#[pyclass(module = "spikeloom", frozen)]
pub(crate) struct Network(pub(crate) Model);

#[pymethods]
impl Network {
    /// The network that ships as ``name``, or the one in a file.
    #[staticmethod]
    #[pyo3(signature = (name, *, data=None, dt=None, steps=None, events=None))]
    fn _open(
        py: Python<'_>,
        name: &str,
        data: Option<Vec<u8>>,
        dt: Option<f64>,
        steps: Option<u32>,
        events: Option<bool>,
    ) -> PyResult<Self> {
        let Some(format) = Format::of(name) else {
            return Model::open(name).map(Self).map_err(|e| raise(py, e));
        };
        let bytes = match data {
            Some(bytes) => bytes,
            None => std::fs::read(name).map_err(|e| input(py, format!("{name}: {e}")))?,
        };
        let mut import = ImportOptions::default();
        import.nir.dt = dt;
        import.nir.steps = steps;
        import.nir.coding = events.filter(|yes| *yes).map(|_| spikeloom::nir::Coding::Events);
        py.detach(|| Model::read(name, bytes, format, &import)).map(Self).map_err(|e| raise(py, e))
    }

    /// What the network is called.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    /// What its file does not say and what was taken for it, one line each.
    #[getter]
    fn remarks(&self) -> Vec<String> {
        self.0.remarks.clone()
    }

    /// Names and shapes (channels, height, width) of the populations, input first.
    #[getter]
    fn layers(&self) -> Vec<(String, (usize, usize, usize))> {
        let graph = &self.0.graph;
        let shape = |p: &spikeloom::ir::Population<_>| {
            (p.shape.channels as usize, p.shape.height as usize, p.shape.width as usize)
        };
        graph.populations().map(|(_, p)| (p.name.clone(), shape(p))).collect()
    }

    /// Timesteps of one sample.
    #[getter]
    fn timesteps(&self) -> u32 {
        self.0.graph.timesteps
    }

    #[allow(clippy::too_many_arguments, reason = "each is an argument of the Python method")]
    #[pyo3(signature = (chip, *, weight_bits=8, seed=1, check=false, balance=false, calibration=None, activity=None, progress=None))]
    fn _compile(
        &self,
        py: Python<'_>,
        chip: &Chip,
        weight_bits: u32,
        seed: u64,
        check: bool,
        balance: bool,
        calibration: Option<&Batch>,
        activity: Option<&Batch>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Program> {
        let mut watch = Watch::new(progress);
        let options = DeployOptions {
            weight_bits,
            seed,
            check,
            balance,
            calibration: calibration.map(Batch::samples),
            activity: activity.map(|batch| ActivitySource::Measure(batch.samples())),
            ..DeployOptions::default()
        };
        let chip = &chip.0;
        let deployed = py.detach(|| self.0.deploy(chip, &options, &mut watch));
        if let Some(error) = watch.raised {
            return Err(error);
        }
        Ok(Program::new(deployed.map_err(|e| raise(py, e))?, self.0.name.clone()))
    }

    /// A batch of samples for this network from arrays; see ``Program.run``.
    fn _batch(&self, py: Python<'_>, x: &Bound<'_, PyAny>, labels: Option<Vec<u32>>) -> PyResult<Batch> {
        let input = self.0.input().map_err(|e| raise(py, e))?;
        Batch::of(py, x, labels, &input)
    }

    fn __repr__(&self) -> String {
        format!("Network({:?}, {} timesteps)", self.0.name, self.0.graph.timesteps)
    }
}

/// Names of the networks that ship.
#[pyfunction]
pub(crate) fn networks() -> Vec<&'static str> {
    zoo::ENTRIES.iter().map(|e| e.name).collect()
}
