//! The compiled program: what every core is loaded with, where the input goes, and how the outcome is read.

use crate::{
    ids::{LayerId, WeightBlockId},
    image::{CoreImage, Emission, Route},
    op::{Descriptor, NeuronDescriptor, NeuronKind},
    readout::Readout,
};
use serde::{Deserialize, Serialize};

/// A program for one architecture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// Name of the network.
    pub name: String,
    /// Name of the architecture that it was compiled for.
    pub arch: String,
    /// Timesteps of one sample.
    pub timesteps: u32,
    /// The layers, by [`LayerId`]: what reports and traces call things.
    pub layers: Vec<Layer>,
    /// Where input events enter.
    pub input: InputPort,
    /// The class decision on the host.
    pub readout: Readout,
    /// Weight blocks, shared by all cores that hold equal tiles. Each core pays for its own copy.
    pub weights: Vec<WeightBlock>,
    /// Images of the cores in use, in ascending order of cores.
    pub cores: Vec<CoreImage>,
}

/// A layer: a population of the compiled graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// Its name in the graph.
    pub name: String,
    /// Channels, rows and columns.
    pub shape: (u16, u16, u16),
    /// The network's number of the neuron at each place, channel-major: what the host calls it. Empty if they are the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<u32>,
}

impl Layer {
    /// Number of neurons.
    pub fn neurons(&self) -> usize {
        self.shape.0 as usize * self.shape.1 as usize * self.shape.2 as usize
    }

    /// The network's number of the neuron at (c, y, x): its channel-major index, unless the layer is renumbered.
    pub fn index(&self, (c, y, x): (u16, u16, u16)) -> usize {
        let place = (c as usize * self.shape.1 as usize + y as usize) * self.shape.2 as usize + x as usize;
        self.numbers.get(place).map_or(place, |&number| number as usize)
    }

    /// The (c, y, x) of a channel-major index.
    pub fn position(&self, index: usize) -> (u16, u16, u16) {
        let (h, w) = (self.shape.1 as usize, self.shape.2 as usize);
        ((index / (h * w)) as u16, (index / w % h) as u16, (index % w) as u16)
    }
}

/// Where input events enter: at router 0, through the port's own route table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputPort {
    /// The input layer.
    pub layer: LayerId,
    /// How the host makes integers of an image.
    pub encoding: Encoding,
    /// When the host sends them.
    pub coding: Coding,
    /// Timesteps from one step of a sample to the next: what a recording holds in step n is sent in timestep n·pace.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub pace: u32,
    /// Which routes an input neuron's events take; classes over the whole layer.
    pub emission: Emission,
    /// The routes.
    pub routes: Vec<Route>,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_one(n: &u32) -> bool {
    *n == 1
}

/// How the host makes integer input values of an image of 8-bit pixels (docs/semantics.md defines the arithmetic).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Encoding {
    /// The pixels themselves.
    Pixels,
    /// Per-image standardization.
    Standardized {
        /// Integer units per standard deviation.
        gain: f32,
        /// Added to the standard deviation.
        eps: f32,
        /// Largest magnitude.
        limit: i32,
    },
    /// A gain and an offset on pixels of 0 to 1.
    Affine {
        /// Integer units from black to white.
        gain: f32,
        /// Value of black.
        offset: f32,
    },
    /// A gain and an offset of each channel on pixels of 0 to 1.
    ByChannel {
        /// Number of channels, at most 4.
        channels: u8,
        /// Integer units from black to white, by channel.
        gain: [f32; 4],
        /// Value of black, by channel.
        offset: [f32; 4],
    },
}

/// When the host sends the values of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Coding {
    /// Once, in timestep 0.
    Once,
    /// In every timestep below `steps`.
    EveryStep {
        /// Timesteps of presentation.
        steps: u32,
    },
    /// Events with timesteps of their own.
    Events {
        /// Number of timesteps in which events may arrive.
        steps: u32,
        /// Smallest value that a neuron may receive in a timestep; 0 for spikes.
        least: i32,
        /// Largest value that a neuron may receive in a timestep; 1 for spikes.
        most: i32,
    },
}

impl Coding {
    /// Spikes, at most one per neuron and timestep, in the first `steps` timesteps.
    pub const fn spikes(steps: u32) -> Self {
        Self::Events { steps, least: 0, most: 1 }
    }

    /// Number of timesteps in which input may arrive.
    pub const fn steps(self) -> u32 {
        match self {
            Self::Once => 1,
            Self::EveryStep { steps } | Self::Events { steps, .. } => steps,
        }
    }
}

/// Weights of one descriptor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightBlock {
    /// Width of a stored weight \[bits\], 1..=16; [`weight_fits`] says what it holds.
    pub bits: u8,
    /// The weights, in the order that the descriptor states.
    pub data: Vec<i16>,
}

/// Whether a stored weight of `bits` bits can have a value: two's complement, but a single bit is a sign, −1 or 1.
pub fn weight_fits(bits: u32, weight: i64) -> bool {
    match bits {
        0 => false,
        1 => weight.abs() == 1,
        _ => (-(1i64 << (bits.min(63) - 1))..1i64 << (bits.min(63) - 1)).contains(&weight),
    }
}

impl Program {
    /// Whether samples may be shorter than the program's input, all windows and the sample then ending that much earlier: the
    /// input is events, every window is as long as the input, and no accumulator begins with the sum of a constant.
    pub fn is_elastic(&self) -> bool {
        let Coding::Events { steps, .. } = self.input.coding else { return false };
        let fits = |d: &NeuronDescriptor| match &d.kind {
            NeuronKind::Accumulator => d.params.iter().all(|params| params.v_init == 0),
            NeuronKind::Listed(list) if list.ops.is_empty() => list.words[0].values.iter().all(|&v| v == 0),
            _ => d.kind.window().is_some_and(|(start, end)| end.saturating_sub(start) == steps),
        };
        let descriptors = self.cores.iter().flat_map(|image| &image.descriptors);
        descriptors.into_iter().all(|descriptor| !matches!(descriptor, Descriptor::Neurons(d) if !fits(d)))
    }

    /// The layer of an id.
    pub fn layer(&self, id: LayerId) -> &Layer {
        &self.layers[id.0 as usize]
    }

    /// The weights of a block.
    pub fn block(&self, id: WeightBlockId) -> &WeightBlock {
        &self.weights[id.0 as usize]
    }
}

/// An event of an input neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputEvent {
    /// Channel-major index in the input layer.
    pub neuron: u32,
    /// Integer value; 1 for a spike, never 0.
    pub value: i32,
}

/// The input events of one sample: `steps[t]` is processed in timestep `t`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stimulus {
    /// Events by timestep, ascending in neurons.
    pub steps: Vec<Vec<InputEvent>>,
    /// Timesteps with input of this sample, where they are fewer than the program's ([`Program::is_elastic`]).
    #[serde(default)]
    pub lasts: Option<u32>,
}
