//! Running images through a program: encoding on the host, samples in parallel, counts merged in the images' order.

use crate::{args::Mode, progress};
use anyhow::{Result, ensure};
use ir::InputEncoding;
use isa::{Coding, Encoding, InputEvent, Ledger, Program, Stimulus};
use models::data::Dataset;
use rayon::prelude::*;
use simulator::{Machine, NoProbe, Run, TimingMode};
use std::sync::atomic::{AtomicBool, Ordering};

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
    /// Duration \[s\], if the chip's description allows it.
    pub(crate) seconds: Option<f64>,
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

/// Images between two looks at the stop flag; also bounds the counts held in memory.
const CHUNK: usize = 32;

/// Runs all images of a data set. `keep_ledgers` keeps each image's own counts.
pub(crate) fn simulate(
    program: &Program,
    machine: &Machine,
    images: &Dataset,
    mode: Mode,
    keep_ledgers: bool,
    stop: &AtomicBool,
) -> Result<Batch> {
    let input = program.layer(program.input.layer);
    ensure!(
        images.image_len() == input.neurons(),
        "{}: images have {} values, but the network's input layer `{}` has {}; use the data set that it was trained on",
        images.name,
        images.image_len(),
        input.name,
        input.neurons()
    );
    let mode = match mode {
        Mode::Counts => TimingMode::Counts,
        Mode::Analytic => TimingMode::Analytic,
        Mode::Cycle => TimingMode::Cycle,
    };
    let mut batch = Batch { layer_spikes: vec![0; program.layers.len()], ..Batch::default() };
    let bar = progress::bar(images.len() as u64, "images");
    for first in (0..images.len()).step_by(CHUNK) {
        if stop.load(Ordering::SeqCst) {
            batch.stopped = true;
            break;
        }
        let runs: Vec<Run> = (first..images.len().min(first + CHUNK))
            .into_par_iter()
            .map_init(
                || machine.state(),
                |state, i| machine.run_in(state, &stimulus(program, images.image(i)), mode, &mut NoProbe),
            )
            .collect::<Result<_, _>>()?;
        for (i, run) in (first..).zip(runs) {
            batch.ledger.merge(&run.ledger);
            for (sum, n) in batch.layer_spikes.iter_mut().zip(&run.layer_spikes) {
                *sum += n;
            }
            let input = program.input.layer.0 as usize;
            batch.samples.push(Sample {
                image: i,
                label: u32::from(images.label(i)),
                class: run.class,
                spikes: run.layer_spikes.iter().sum::<u64>() - run.layer_spikes[input],
                synaptic_operations: run.ledger.total().synaptic_operations(),
                seconds: run.time.as_ref().map(simulator::Time::seconds),
                ledger: keep_ledgers.then_some(run.ledger),
            });
        }
        bar.set_position(batch.samples.len() as u64);
        bar.set_message(format!("{:.2} % right", 100.0 * batch.correct() as f64 / batch.samples.len() as f64));
    }
    bar.finish_and_clear();
    Ok(batch)
}

/// The events that the host sends for an image.
pub(crate) fn stimulus(program: &Program, image: &[u8]) -> Stimulus {
    let encoding = match program.input.encoding {
        Encoding::Pixels => InputEncoding::Pixels,
        Encoding::Standardized { gain, eps, limit } => InputEncoding::Standardized { gain, eps, limit },
    };
    let coding = match program.input.coding {
        Coding::EveryStep { steps } => ir::InputCoding::DirectEveryStep { steps },
        Coding::Once | Coding::Events => ir::InputCoding::DirectOnce,
    };
    let steps = ir::Stimulus::direct(&encoding.encode(image), coding).steps;
    let event = |event: ir::Event| InputEvent { neuron: event.neuron, value: event.value };
    Stimulus { steps: steps.into_iter().map(|events| events.into_iter().map(event).collect()).collect() }
}
