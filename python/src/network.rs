//! A network to deploy.

use crate::{
    arrays::Batch,
    chip::Chip,
    errors::{input, raise},
    program::Program,
    watch::Watch,
};
use pyo3::prelude::*;
use spikeloom::{
    ActivitySource, DeployOptions, Format, ImportOptions, Model, ir,
    nir::{self, Coding, Worded},
    training::zoo,
};
use std::collections::BTreeMap;

/// A spiking network: one that ships, a trained one, a NIR file or a graph. Made by ``spikeloom.load``.
#[pyclass(module = "spikeloom", frozen)]
pub(crate) struct Network(pub(crate) Model);

#[pymethods]
impl Network {
    /// The network that ships as ``name``, or the one in a file.
    #[staticmethod]
    #[pyo3(signature = (name, *, data=None, steps=None, reset_interval=None, dt=None, words=None))]
    fn _open(
        py: Python<'_>,
        name: &str,
        data: Option<Vec<u8>>,
        steps: Option<u32>,
        reset_interval: Option<u32>,
        dt: Option<f64>,
        words: Option<BTreeMap<String, String>>,
    ) -> PyResult<Self> {
        let words = words.unwrap_or_default();
        let given = words.keys().map(String::as_str).chain(dt.map(|_| "dt")).next();
        let refuse = |argument: &str, files: &str| {
            Err(input(py, format!("{argument}: is for {files}; `{name}` says this itself")))
        };
        let Some(format) = Format::of(name) else {
            return match given.or(steps.map(|_| "steps")).or(reset_interval.map(|_| "reset_interval")) {
                Some(argument) => refuse(argument, "NIR and netx files"),
                None => Model::open(name).map(Self).map_err(|e| raise(py, e)),
            };
        };
        match (format, given) {
            (Format::Netx, Some(argument)) if argument != "coding" => return refuse(argument, "NIR files"),
            (Format::Safetensors | Format::Graph, Some(argument)) => return refuse(argument, "NIR files"),
            (Format::Nir, _) if reset_interval.is_some() => return refuse("reset_interval", "netx files"),
            _ => {}
        }
        let bytes = match data {
            Some(bytes) => bytes,
            None => std::fs::read(name).map_err(|e| input(py, format!("{name}: {e}")))?,
        };
        let mut import = ImportOptions { nir: options(py, &words)?, ..ImportOptions::default() };
        (import.nir.dt, import.nir.steps) = (dt, steps);
        import.netx.steps = steps;
        import.netx.reset_interval = reset_interval;
        import.netx.events = import.nir.coding.map(|coding| coding == Coding::Events);
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
    #[pyo3(signature = (chip, *, weight_bits=8, seed=1, effort=1000, check=false, balance=false, calibration=None, activity=None, progress=None))]
    fn _compile(
        &self,
        py: Python<'_>,
        chip: &Chip,
        weight_bits: u32,
        seed: u64,
        effort: u32,
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
            effort,
            balance,
            calibration: calibration.map(Batch::samples),
            activity: activity.map(|batch| ActivitySource::Measure(batch.samples())),
            ..DeployOptions::default()
        };
        let on = &chip.chip;
        let deployed = py.detach(|| self.0.deploy(on, &options, &mut watch));
        if let Some(error) = watch.raised {
            return Err(error);
        }
        Ok(Program::new(deployed.map_err(|e| raise(py, e))?, self.0.name.clone(), chip.follows.clone()))
    }

    /// A batch of samples for this network from arrays; see ``Program.run``.
    #[pyo3(signature = (x, labels, name="arrays"))]
    fn _batch(&self, py: Python<'_>, x: &Bound<'_, PyAny>, labels: Option<Vec<u32>>, name: &str) -> PyResult<Batch> {
        let input = self.0.input().map_err(|e| raise(py, e))?;
        Batch::of(py, x, labels, name, &input)
    }

    fn __repr__(&self) -> String {
        format!("Network({:?}, {} timesteps)", self.0.name, self.0.graph.timesteps)
    }
}

/// What a NIR file does not say, from words by argument.
fn options(py: Python<'_>, words: &BTreeMap<String, String>) -> PyResult<nir::Options> {
    let mut options = nir::Options::default();
    for (argument, word) in words {
        let wrong = |message: String| input(py, format!("{argument}: {message}"));
        match argument.as_str() {
            "profile" => {
                let known = nir::PROFILES.map(|profile| profile.name).join(", ");
                let profile = nir::profile(word).ok_or_else(|| wrong(format!("`{word}` is none of {known}")))?;
                options.profile = Some(profile);
            }
            "reset" => options.rules.reset = Some(nir::Reset::of_word(word).map_err(wrong)?),
            "compare" => options.rules.compare = Some(ir::Compare::of_word(word).map_err(wrong)?),
            "floor" => options.rules.floor = Some(word.parse().map_err(|_| wrong(format!("`{word}` is no number")))?),
            "start" => options.rules.start = Some(word.parse().map_err(wrong)?),
            "spikes" => options.rules.spikes = Some(word.parse().map_err(wrong)?),
            "integrator" => options.integrator = Some(nir::Integrator::of_word(word).map_err(wrong)?),
            "coding" => options.coding = Some(nir::Coding::of_word(word).map_err(wrong)?),
            "read_out" => options.output = Some(word.clone()),
            _ => return Err(wrong("is no argument".into())),
        }
    }
    Ok(options)
}

/// Names of the networks that ship.
#[pyfunction]
pub(crate) fn networks() -> Vec<&'static str> {
    zoo::ENTRIES.iter().map(|e| e.name).collect()
}
