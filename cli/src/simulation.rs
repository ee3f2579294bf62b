//! Running images through a program: encoding on the host, samples in parallel, counts merged in the images' order.

use crate::{args::Mode, progress, samples::Samples};
use anyhow::Result;
use isa::{Ledger, Program};
use simulator::{BatchOptions, Machine, QueueTime, TimingMode};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What one image did.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// Index in the data set.
    pub(crate) image: usize,
    /// The right class.
    pub(crate) label: u32,
    /// The simulated chip's decision.
    pub(crate) class: u32,
    /// Spikes of all layers behind the input.
    pub(crate) spikes: u64,
    /// Synaptic operations.
    pub(crate) synaptic_operations: u64,
    /// Updates clipped at the ends of a potential's range, where neurons fire per event.
    pub(crate) saturated: u64,
    /// Duration \[s\], if the chip's description allows it.
    pub(crate) seconds: Option<f64>,
    /// What limited input queues went through, if that was simulated.
    pub(crate) queue: Option<QueueTime>,
    /// The sample's own counts, kept only if asked for.
    pub(crate) ledger: Option<Ledger>,
}

/// What all images did together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    /// Each image, in order.
    pub(crate) samples: Vec<Sample>,
    /// Spikes of each layer; events for the input layer.
    pub(crate) layer_spikes: Vec<u64>,
    /// All counts.
    pub(crate) ledger: Ledger,
    /// Whether Ctrl-C ended the batch early.
    pub(crate) stopped: bool,
}

impl Batch {
    /// Number of right decisions.
    pub(crate) fn correct(&self) -> usize {
        self.samples.iter().filter(|s| s.class == s.label).count()
    }

    /// Time of all samples one after the other \[s\].
    pub(crate) fn seconds(&self) -> Option<f64> {
        self.samples.iter().map(|s| s.seconds).sum()
    }
}

/// How images are simulated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings<'a> {
    /// How time is modelled.
    pub(crate) mode: Mode,
    /// Worker threads; `None` = all processors.
    pub(crate) threads: Option<usize>,
    /// Whether each image's own counts are kept.
    pub(crate) keep_ledgers: bool,
    /// Ends the batch early.
    pub(crate) stop: &'a AtomicBool,
}

/// Runs all samples.
pub(crate) fn simulate(
    program: &Program,
    machine: &Machine,
    samples: &Samples,
    settings: Settings<'_>,
) -> Result<Batch> {
    let input_layer = program.input.layer.0 as usize;
    samples.ensure_fit(program)?;
    let mode = timing(settings.mode);
    let options = BatchOptions { mode, threads: settings.threads.unwrap_or(0), stop: Some(settings.stop) };
    let bar = progress::bar(samples.len() as u64, "images");
    let (done, right) = (AtomicU64::new(0), AtomicU64::new(0));
    let batch = machine.run_batch(
        samples.len(),
        options,
        |i| samples.stimulus(program, i),
        |i, run| {
            let label = samples.label(i);
            let right =
                right.fetch_add(u64::from(run.class == label), Ordering::Relaxed) + u64::from(run.class == label);
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            bar.set_message(format!("{:.2} % right", 100.0 * right as f64 / done as f64));
            bar.inc(1);
            let sample = Sample {
                image: i,
                label,
                class: run.class,
                spikes: run.layer_spikes.iter().sum::<u64>() - run.layer_spikes[input_layer],
                synaptic_operations: run.ledger.total().synaptic_operations(),
                saturated: run.saturated,
                seconds: run.time.as_ref().map(simulator::Time::seconds),
                queue: run.time.as_ref().and_then(simulator::Time::queue),
                ledger: settings.keep_ledgers.then(|| run.ledger.clone()),
            };
            (sample, run.layer_spikes.clone())
        },
    )?;
    bar.finish_and_clear();
    let mut layer_spikes = vec![0; program.layers.len()];
    for (_, (_, spikes)) in &batch.results {
        for (sum, n) in layer_spikes.iter_mut().zip(spikes) {
            *sum += n;
        }
    }
    Ok(Batch {
        stopped: batch.results.len() < samples.len(),
        samples: batch.results.into_iter().map(|(_, (sample, _))| sample).collect(),
        layer_spikes,
        ledger: batch.ledger,
    })
}

/// The simulator's name of a mode.
pub(crate) fn timing(mode: Mode) -> TimingMode {
    match mode {
        Mode::Counts => TimingMode::Counts,
        Mode::Analytic => TimingMode::Analytic,
        Mode::Cycle => TimingMode::Cycle,
    }
}
