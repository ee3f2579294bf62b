//! How often neurons fire: measured by running training images through a compiled program, stored in a file, read again.
//!
//! Placement is weighted by these figures, so they must come from training images: results are reported on others.
//!
//! The file is JSON. `events` of a layer lists what each neuron did in `steps` timesteps, channel-major, or, shorter, what
//! each neuron of a channel did on average, one figure per channel.

use crate::{
    error::{Error, Result},
    executable::{Executable, Pass},
    progress::{Progress, Task},
    samples::Samples,
};
use compiler::Activity;
use isa::{LayerId, Program, Timestep};
use serde::{Deserialize, Serialize};
use simulator::{Probe, TimingMode};
use std::sync::{Mutex, PoisonError};

/// The most timesteps: sums over the neurons of a chip are then counted in 64 bits.
const MOST_STEPS: u64 = 1 << 40;

/// Rates with their origin.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// The network.
    pub network: String,
    /// What was measured, as in `200 images of mnist train`.
    pub origin: String,
    /// Timesteps counted over.
    pub steps: u64,
    /// Every layer, the input included.
    pub layers: Vec<LayerRates>,
}

/// Events of one layer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerRates {
    /// The layer.
    pub layer: String,
    /// Events per neuron, or per neuron of each channel.
    pub events: Vec<u64>,
}

/// Counts the spikes of every neuron.
struct Counter(Vec<Vec<u64>>);

impl Counter {
    fn new(program: &Program) -> Self {
        Self(program.layers.iter().map(|layer| vec![0; layer.neurons()]).collect())
    }

    fn add(&mut self, other: &Self) {
        self.0.iter_mut().flatten().zip(other.0.iter().flatten()).for_each(|(sum, n)| *sum += n);
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
    ///
    /// # Errors
    /// If the samples are not what the program takes, or cannot be run.
    pub fn measure(executable: &Executable, samples: &dyn Samples, progress: &mut dyn Progress) -> Result<Self> {
        let program = &executable.program;
        let pass = Pass { task: Task::Measure, mode: TimingMode::Counts, threads: 0 };
        // Sums of integers do not depend on their order.
        let sum = Mutex::new(Counter::new(program));
        let keep = |_: usize, _: &simulator::Run, counter: Counter| {
            sum.lock().unwrap_or_else(PoisonError::into_inner).add(&counter);
            Ok(())
        };
        let n = executable.each(samples, pass, progress, || Counter::new(program), keep)?.kept.len();
        if n < samples.len() {
            return Err(Error::NothingRun);
        }
        let Counter(counts) = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
        let layer = |(layer, events): (&isa::Layer, Vec<u64>)| LayerRates { layer: layer.name.clone(), events };
        Ok(Self {
            network: program.name.clone(),
            origin: format!("{} images of {}", samples.len(), samples.name()),
            steps: samples.len() as u64 * u64::from(program.timesteps),
            layers: program.layers.iter().zip(counts).map(layer).collect(),
        })
    }

    /// The rates in the text of a file; `name` is shown in errors.
    ///
    /// # Errors
    /// If the text is no file of rates.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| {
            Error::input(format!(
                "{name}: is not a file of rates; write one with `spikeloom compile --save-activity`: {error}"
            ))
        })
    }

    /// The text of the file that [`Self::parse`] reads.
    ///
    /// # Panics
    /// Never: every field has a form in JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("every field has a form in JSON")
    }

    /// The rates of a program's layers, found by name; `place` is named in errors.
    pub fn activity(&self, program: &Program, place: &str) -> Result<Activity> {
        if !(1..=MOST_STEPS).contains(&self.steps) {
            return Err(Error::input(format!(
                "{place}: `steps` is {}; give the number of timesteps that the events were counted over",
                self.steps
            )));
        }
        let counts = program.layers.iter().map(|layer| {
            let Some(found) = self.layers.iter().find(|rates| rates.layer == layer.name) else {
                return Err(Error::input(format!(
                    "{place}: says nothing about layer `{}`; it was written for network `{}`, measure again for `{}`",
                    layer.name, self.network, program.name
                )));
            };
            // No neuron emits more than once in a timestep.
            if let Some(i) = found.events.iter().position(|&n| n > self.steps) {
                return Err(Error::input(format!(
                    "{place}: layer `{}`, entry {i}: {} events in {} timesteps are more than one each",
                    layer.name, found.events[i], self.steps
                )));
            }
            let (channels, n) = (usize::from(layer.shape.0), layer.neurons());
            match found.events.len() {
                len if len == n => Ok(found.events.clone()),
                len if len == channels => {
                    Ok(found.events.iter().flat_map(|&events| vec![events; n / channels]).collect())
                }
                len => Err(Error::input(format!(
                    "{place}: layer `{}` has {len} entries; give one per neuron ({n}) or one per channel ({channels})",
                    layer.name
                ))),
            }
        });
        Ok(Activity { counts: counts.collect::<Result<_>>()?, steps: self.steps })
    }
}
