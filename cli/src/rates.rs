//! How often neurons fire: measured by running training images through a compiled program, stored in a file, read again.
//!
//! Placement is weighted by these figures, so they must come from training images: results are reported on others.
//!
//! The file is JSON. `events` of a layer lists what each neuron did in `steps` timesteps, channel-major, or, shorter, what
//! each neuron of a channel did on average, one figure per channel.

use crate::{files, progress, samples::Samples};
use anyhow::{Context, Result, bail, ensure};
use compiler::Activity;
use isa::{Arch, LayerId, Program, Timestep};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use simulator::{Machine, Probe, TimingMode};
use std::{path::Path, path::PathBuf, str::FromStr};

/// Where rates come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RateSource {
    /// Measured on this many training images.
    Train(usize),
    /// Stored in a file.
    File(PathBuf),
}

impl FromStr for RateSource {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("train:") {
            None => Ok(Self::File(text.into())),
            Some(n) => match n.parse() {
                Ok(n) if n > 0 => Ok(Self::Train(n)),
                _ => Err(format!("`{n}` is not a number of training images; write train:200, or name a file")),
            },
        }
    }
}

/// Rates with their origin.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rates {
    /// The network.
    pub(crate) network: String,
    /// What was measured, as in `200 images of mnist train`.
    pub(crate) origin: String,
    /// Timesteps counted over.
    pub(crate) steps: u64,
    /// Every layer, the input included.
    pub(crate) layers: Vec<LayerRates>,
}

/// Events of one layer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LayerRates {
    /// The layer.
    pub(crate) layer: String,
    /// Events per neuron, or per neuron of each channel.
    pub(crate) events: Vec<u64>,
}

/// Counts the spikes of every neuron.
struct Counter(Vec<Vec<u64>>);

impl Counter {
    fn new(program: &Program) -> Self {
        Self(program.layers.iter().map(|layer| vec![0; layer.neurons()]).collect())
    }

    fn merge(mut self, other: &Self) -> Self {
        self.0.iter_mut().flatten().zip(other.0.iter().flatten()).for_each(|(sum, n)| *sum += n);
        self
    }
}

impl Probe for Counter {
    const SPIKES: bool = true;

    fn spikes(&mut self, _: Timestep, layer: LayerId, neurons: &[u32]) {
        for &neuron in neurons {
            self.0[layer.0 as usize][neuron as usize] += 1;
        }
    }
}

impl Rates {
    /// Runs samples through a program, whose spikes are those of the reference interpreter.
    pub(crate) fn measure(program: &Program, arch: &Arch, samples: &Samples) -> Result<Self> {
        samples.ensure_fit(program)?;
        let machine = Machine::new(program, arch)?;
        let bar = progress::bar(samples.len() as u64, "training images");
        // Chunks bound the number of counters that live at once; sums of integers do not depend on their order.
        let Counter(counts) = (0..samples.len())
            .collect::<Vec<_>>()
            .par_chunks(64)
            .map(|chunk| {
                let mut counter = Counter::new(program);
                let mut state = machine.state();
                for &i in chunk {
                    let stimulus = samples.stimulus(program, i);
                    machine.run_in(&mut state, &stimulus, TimingMode::Counts, &mut counter)?;
                    bar.inc(1);
                }
                anyhow::Ok(counter)
            })
            .try_reduce(|| Counter::new(program), |a, b| Ok(a.merge(&b)))?;
        bar.finish_and_clear();
        let layer = |(layer, events): (&isa::Layer, Vec<u64>)| LayerRates { layer: layer.name.clone(), events };
        Ok(Self {
            network: program.name.clone(),
            origin: format!("{} images of {}", samples.len(), samples.name()),
            steps: samples.len() as u64 * u64::from(program.timesteps),
            layers: program.layers.iter().zip(counts).map(layer).collect(),
        })
    }

    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        serde_json::from_str(&files::read_text(path)?).with_context(|| {
            format!("{}: is not a file of rates; write one with `spikeloom compile --save-activity`", path.display())
        })
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        files::write(path, &serde_json::to_vec(self)?)
    }

    /// The rates of a program's layers, found by name; `place` is named in errors.
    pub(crate) fn activity(&self, program: &Program, place: &str) -> Result<Activity> {
        ensure!(
            self.steps > 0,
            "{place}: `steps` is 0; give the number of timesteps that the events were counted over"
        );
        let counts = program.layers.iter().map(|layer| {
            let Some(found) = self.layers.iter().find(|rates| rates.layer == layer.name) else {
                bail!(
                    "{place}: says nothing about layer `{}`; it was written for network `{}`, measure again for `{}`",
                    layer.name,
                    self.network,
                    program.name
                );
            };
            // No neuron emits more than once in a timestep.
            if let Some(i) = found.events.iter().position(|&n| n > self.steps) {
                bail!(
                    "{place}: layer `{}`, entry {i}: {} events in {} timesteps are more than one each",
                    layer.name,
                    found.events[i],
                    self.steps
                );
            }
            let (channels, n) = (usize::from(layer.shape.0), layer.neurons());
            match found.events.len() {
                len if len == n => Ok(found.events.clone()),
                len if len == channels => {
                    Ok(found.events.iter().flat_map(|&events| vec![events; n / channels]).collect())
                }
                len => bail!(
                    "{place}: layer `{}` has {len} entries; give one per neuron ({n}) or one per channel ({channels})",
                    layer.name
                ),
            }
        });
        Ok(Activity { counts: counts.collect::<Result<_>>()?, steps: self.steps })
    }
}
