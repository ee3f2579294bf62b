//! What a run gave: plain numbers and arrays; `spikeloom/_result.py` makes quantities and tables of them.

use crate::errors::{input, raise};
use numpy::PyArray1;
use pyo3::{prelude::*, types::PyDict};
use spikeloom::{
    Executable, Raster, Run,
    energy::{
        price::{Breakdown, Part},
        units::Energy,
    },
    isa::LayerId,
};

/// What a run gave. Made by ``Program.run``.
#[pyclass(module = "spikeloom", frozen)]
pub(crate) struct RunResult {
    run: Run,
    rasters: Option<Vec<Raster>>,
    labelled: bool,
    breakdown: Option<Breakdown>,
    unpriced: Option<String>,
    each: Option<Vec<Energy>>,
    layers: Vec<String>,
}

/// An energy in joules: value, lowest and highest plausible value.
type Joules = (f64, f64, f64);

/// Name, shape (channels, height, width), cores, spikes.
type LayerRow = (String, (u16, u16, u16), u64, u64);

const J_PER_PJ: f64 = 1e-12;

fn joules(e: Energy) -> Joules {
    (e.value * J_PER_PJ, e.low * J_PER_PJ, e.high * J_PER_PJ)
}

impl RunResult {
    pub(crate) fn new(
        py: Python<'_>,
        run: Run,
        rasters: Option<Vec<Raster>>,
        labelled: bool,
        executable: &Executable,
        prices: Option<&str>,
    ) -> PyResult<Self> {
        let described = run.record.chip.as_ref().expect("a run describes its chip");
        let table = cli::table_for(described, &executable.chip, prices);
        // A table that was asked for and cannot be made is an error; a chip that has none is run all the same.
        let (breakdown, unpriced, each) = match &table {
            Err(error) if prices.is_some() => return Err(input(py, cli::paragraph(error))),
            Err(error) => (None, Some(cli::paragraph(error)), None),
            Ok(table) => {
                let priced = run.price(table).map_err(|e| raise(py, e))?;
                let kept = run.samples.iter().all(|s| s.ledger.is_some());
                let each = if kept { Some(run.price_each(table).map_err(|e| raise(py, e))?) } else { None };
                (Some(priced.breakdown), None, each)
            }
        };
        let layers = executable.program.layers.iter().map(|l| l.name.clone()).collect();
        Ok(Self { run, rasters, labelled, breakdown, unpriced, each, layers })
    }

    fn layer_name(&self, layer: LayerId) -> &str {
        &self.layers[usize::from(layer.0)]
    }
}

#[pymethods]
impl RunResult {
    /// Number of samples.
    #[getter]
    fn n_samples(&self) -> usize {
        self.run.samples.len()
    }

    /// Right decisions, or None without labels.
    #[getter]
    fn correct(&self) -> Option<usize> {
        self.run.correct().filter(|_| self.labelled)
    }

    /// The record of the run as `spikeloom run --output` writes it, a JSON text.
    #[getter]
    fn record(&self) -> String {
        self.run.record.to_json()
    }

    #[getter]
    fn _network(&self) -> &str {
        &self.run.record.network
    }

    #[getter]
    fn _chip(&self) -> &str {
        &self.run.record.arch
    }

    #[getter]
    fn _timesteps(&self) -> u32 {
        self.run.record.timesteps
    }

    #[getter]
    fn _cores(&self) -> u64 {
        self.run.record.cores
    }

    #[getter]
    fn _layers(&self) -> Vec<LayerRow> {
        self.run.record.layers.iter().map(|l| (l.name.clone(), l.shape, l.cores, l.spikes)).collect()
    }

    /// Totals over all samples in joules: what was priced, why nothing was, and what the table leaves out.
    #[getter]
    fn _energy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("unpriced", &self.unpriced)?;
        if let Some(b) = &self.breakdown {
            dict.set_item("table", &b.table)?;
            dict.set_item("total", joules(b.total))?;
            dict.set_item("dynamic", joules(b.dynamic))?;
            dict.set_item("static", b.static_energy.energy().map(joules))?;
            dict.set_item("sync", b.sync.energy().map(joules))?;
            let open: Vec<(&str, u64, &str)> =
                b.left_out.iter().map(|l| (l.action.name(), l.count, l.reason.as_str())).collect();
            dict.set_item("left_out", open)?;
            let mut not_derivable = Vec::new();
            for (what, part) in [("sync", &b.sync), ("static", &b.static_energy)] {
                if let Part::NotDerivable(reason) = part {
                    not_derivable.push((what, reason.as_str()));
                }
            }
            dict.set_item("not_derivable", not_derivable)?;
            let lines: Vec<(&str, &str, String, u64, Joules)> = b
                .lines
                .iter()
                .map(|l| {
                    (self.layer_name(l.layer), l.action.name(), l.component.to_string(), l.count, joules(l.energy))
                })
                .collect();
            dict.set_item("lines", lines)?;
        }
        Ok(dict)
    }

    /// Counts over all samples: (core, layer, action, count); what is counted outside of cores has none.
    #[getter]
    fn _counts(&self) -> Vec<(Option<u32>, &str, &'static str, u64)> {
        let mut rows = Vec::new();
        for (site, counts) in self.run.record.ledger.rows() {
            for (action, count) in counts.iter().filter(|(_, n)| *n > 0) {
                rows.push((site.core.map(|c| c.0), self.layer_name(site.layer), action.name(), count));
            }
        }
        rows
    }

    /// One array per figure of a sample.
    #[getter]
    fn _samples<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let samples = &self.run.samples;
        let dict = PyDict::new(py);
        let column = |f: &dyn Fn(&spikeloom::Sample) -> u64| PyArray1::from_iter(py, samples.iter().map(f));
        dict.set_item("class", column(&|s| u64::from(s.class)))?;
        if self.labelled {
            dict.set_item("label", column(&|s| u64::from(s.label.unwrap_or_default())))?;
        }
        dict.set_item("spikes", column(&|s| s.spikes))?;
        dict.set_item("synaptic_operations", column(&|s| s.synaptic_operations))?;
        dict.set_item("saturated", column(&|s| s.saturated))?;
        if samples.iter().all(|s| s.seconds.is_some()) {
            dict.set_item("latency_s", PyArray1::from_iter(py, samples.iter().filter_map(|s| s.seconds)))?;
        }
        if let Some(each) = &self.each {
            dict.set_item("energy_j", PyArray1::from_iter(py, each.iter().map(|e| e.value * J_PER_PJ)))?;
        }
        Ok(dict)
    }

    /// Spikes of a layer as arrays of sample, timestep and neuron; None if they were not kept.
    fn _spikes<'py>(&self, py: Python<'py>, layer: usize) -> Option<[Bound<'py, PyArray1<u32>>; 3]> {
        let rasters = self.rasters.as_ref()?;
        let all = || rasters.iter().enumerate().flat_map(move |(i, r)| r.layers[layer].iter().map(move |s| (i, s)));
        Some([
            PyArray1::from_iter(py, all().map(|(i, _)| i as u32)),
            PyArray1::from_iter(py, all().map(|(_, s)| s.timestep)),
            PyArray1::from_iter(py, all().map(|(_, s)| s.neuron)),
        ])
    }
}
