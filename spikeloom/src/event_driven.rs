//! Chips that fire per event execute another network than the one with timesteps: how far apart the two are.
//!
//! The meaning in timesteps is executed on a chip without limits, where the simulator equals the reference interpreter bit for
//! bit and is far faster.

use crate::{
    chip::Chip,
    deploy::Deployed,
    error::{Error, Result},
    executable::Executable,
    progress::Progress,
    run::{Run, RunOptions},
    samples::Samples,
};
use compiler::{Options, compile_quantized};
use simulator::TimingMode;

/// The chip without limits.
const IDEAL: &str = "lemaire_ideal";

/// The same network and samples, in timesteps and per event.
#[derive(Clone, Debug)]
pub struct Mismatch {
    /// Samples compared.
    pub samples: u64,
    /// Right decisions in timesteps.
    pub stepwise_correct: Option<u64>,
    /// Samples whose class differs.
    pub changed_decisions: u64,
    /// The layers that hold neurons.
    pub layers: Vec<LayerMismatch>,
}

/// Spikes of a layer, all samples together.
#[derive(Clone, Debug)]
pub struct LayerMismatch {
    /// Name.
    pub name: String,
    /// Spikes in timesteps.
    pub stepwise_spikes: u64,
    /// Spikes per event.
    pub per_event_spikes: u64,
}

impl Deployed {
    /// Whether the chip fires per event, so that a run is another network than the one with timesteps.
    pub fn is_event_driven(&self) -> bool {
        self.executable.chip.arch.core.is_event_driven()
    }

    /// Runs the samples through the quantized network in timesteps, counts only.
    ///
    /// # Errors
    /// If the network cannot be compiled in timesteps, and as [`Executable::run`].
    pub fn run_in_timesteps(
        &self,
        samples: &dyn Samples,
        options: &RunOptions,
        progress: &mut dyn Progress,
    ) -> Result<Run> {
        let chip = Chip::open(IDEAL)?;
        let ideal = compile_quantized(&self.quantized, &chip.arch, &Options::default())
            .map_err(|error| Error::input(format!("in timesteps, on {IDEAL}: {error}")))?;
        let options = RunOptions { mode: TimingMode::Counts, keep_ledgers: false, keep_scores: false, ..*options };
        Executable::new(ideal.program, chip)?.run(samples, &options, progress)
    }
}

impl Mismatch {
    /// Compares two complete runs of the same network and samples.
    pub fn new(per_event: &Run, stepwise: &Run) -> Self {
        let pairs = per_event.samples.iter().zip(&stepwise.samples);
        let layers = per_event.record.layers.iter().zip(&stepwise.record.layers);
        let layers = layers.filter(|(layer, _)| layer.cores > 0).map(|(event, step)| LayerMismatch {
            name: event.name.clone(),
            stepwise_spikes: step.spikes,
            per_event_spikes: event.spikes,
        });
        Self {
            samples: per_event.samples.len() as u64,
            stepwise_correct: stepwise.record.correct,
            changed_decisions: pairs.filter(|(event, step)| event.class != step.class).count() as u64,
            layers: layers.collect(),
        }
    }
}
