//! A network compiled for a chip.

use crate::{arrays::Batch, chip::Chip, errors::raise, result::RunResult, watch::Watch};
use pyo3::{prelude::*, types::PyBytes};
use spikeloom::{Deployed, Executable, RunOptions, isa, simulator::TimingMode};

/// A network compiled for a chip, ready to run. Made by ``Network.compile`` or ``Program.load``.
#[pyclass(module = "spikeloom", frozen)]
pub(crate) struct Program {
    executable: Executable,
    model: String,
    /// Name of a table that follows the chip.
    follows: Option<String>,
}

impl Program {
    pub(crate) fn new(deployed: Deployed, model: String, follows: Option<String>) -> Self {
        Self { executable: deployed.executable, model, follows }
    }
}

#[pymethods]
impl Program {
    /// The program in the bytes of a program file, for a chip.
    #[staticmethod]
    fn _read(py: Python<'_>, name: &str, data: Vec<u8>, chip: &Chip) -> PyResult<Self> {
        let executable = Executable::read(name, &data, chip.chip.clone()).map_err(|e| raise(py, e))?;
        Ok(Self { executable, model: name.to_owned(), follows: chip.follows.clone() })
    }

    /// The bytes of the program file (.slb).
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &isa::encode(&self.executable.program))
    }

    /// What the network was called.
    #[getter]
    fn name(&self) -> &str {
        &self.model
    }

    /// The chip.
    #[getter]
    fn chip(&self) -> Chip {
        Chip { chip: self.executable.chip.clone(), follows: self.follows.clone() }
    }

    /// Cores in use.
    #[getter]
    fn cores(&self) -> usize {
        self.executable.program.cores.len()
    }

    /// Timesteps of one sample.
    #[getter]
    fn timesteps(&self) -> u32 {
        self.executable.program.timesteps
    }

    /// Names and shapes (channels, height, width) of the layers, input first.
    #[getter]
    fn layers(&self) -> Vec<(String, (u16, u16, u16))> {
        self.executable.program.layers.iter().map(|l| (l.name.clone(), l.shape)).collect()
    }

    /// A batch of samples from arrays.
    #[pyo3(signature = (x, labels, name="arrays"))]
    fn _batch(&self, py: Python<'_>, x: &Bound<'_, PyAny>, labels: Option<Vec<u32>>, name: &str) -> PyResult<Batch> {
        Batch::of(py, x, labels, name, &self.executable.input())
    }

    #[allow(clippy::too_many_arguments, reason = "each is an argument of the Python method")]
    fn _run(
        &self,
        py: Python<'_>,
        batch: &Batch,
        mode: &str,
        threads: usize,
        spikes: bool,
        per_sample: bool,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<RunResult> {
        let mode = match mode {
            "counts" => TimingMode::Counts,
            "analytic" => TimingMode::Analytic,
            "cycle" => TimingMode::Cycle,
            other => {
                return Err(crate::errors::input(
                    py,
                    format!("mode: `{other}` is none of \"counts\", \"analytic\", \"cycle\""),
                ));
            }
        };
        let options = RunOptions { mode, threads, keep_ledgers: per_sample, keep_scores: false };
        let mut watch = Watch::new(progress);
        let ran = py.detach(|| {
            let run = self.executable.run(batch.samples(), &options, &mut watch)?;
            let rasters =
                if spikes { Some(self.executable.rasters(batch.samples(), threads, &mut watch)?) } else { None };
            Ok((run, rasters))
        });
        if let Some(error) = watch.raised {
            return Err(error);
        }
        let (run, rasters) = ran.map_err(|e| raise(py, e))?;
        RunResult::new(py, run, rasters, batch.labelled(), &self.executable, self.follows.as_deref())
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, State<'py>)> {
        let this = slf.get();
        Ok((slf.get_type().getattr("_read")?, (this.model.clone(), this.to_bytes(slf.py()), this.chip())))
    }

    fn __repr__(&self) -> String {
        format!("Program({:?} on {:?}, {} cores)", self.model, self.executable.chip.arch.name, self.cores())
    }
}

/// Name, program file and chip.
type State<'py> = (String, Bound<'py, PyBytes>, Chip);
