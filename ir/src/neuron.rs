//! Neuron models: what a population does with its summed input in a timestep (docs/semantics.md §3).
//!
//! [`Dynamics`] is the general form, a list of operations; [`NeuronModel::dynamics`] gives the list of any other model here.
//!
//! Per timestep `t` a spiking neuron first adds what arrived, `v ← v + Σ w·s`. Inside its window it then updates, in this
//! order: bias `v ← v + b`; floor `v ← max(v, f)`; compare with θ, fire and reset; decay `v ← v − v·δ/4096`. Decaying
//! last is decaying before the arrivals of the next step, so one state variable suffices. Outside its window a neuron only
//! accumulates.

use crate::{dynamics::Dynamics, ids::Shape, stage::Stage};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// One value for the whole population (length 1), one per channel (length C) or, in [`Dynamics`], one per neuron (length N).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PerChannel<T>(pub Vec<T>);

impl<T: Copy> PerChannel<T> {
    /// The same value in every channel.
    pub fn uniform(value: T) -> Self {
        Self(vec![value])
    }

    /// The value of a channel.
    pub fn at(&self, channel: usize) -> T {
        if self.0.len() == 1 { self.0[0] } else { self.0[channel] }
    }

    /// The value of a neuron of a population of this shape.
    pub fn of(&self, neuron: usize, shape: Shape) -> T {
        match self.0.len() {
            1 => self.0[0],
            n if n == shape.channels as usize => self.0[shape.channel(neuron)],
            _ => self.0[neuron],
        }
    }

    /// Whether the values are one, one per channel or one per neuron of a population of this shape.
    pub fn fits(&self, shape: Shape) -> bool {
        let n = self.0.len();
        n == 1 || n == shape.channels as usize || n == shape.neurons()
    }

    /// The values mapped one by one.
    pub fn map<U>(&self, f: impl FnMut(T) -> U) -> PerChannel<U> {
        PerChannel(self.0.iter().copied().map(f).collect())
    }
}

/// How the outside world drives an input population. Input values arrive in the step in which they are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "CodingText", into = "CodingText")]
pub enum InputCoding {
    /// Direct coding, once: every non-zero value of the sample is one graded event in timestep 0.
    DirectOnce,
    /// Direct coding, repeated: the sample's values are given again in every timestep below `steps`.
    DirectEveryStep {
        /// Number of timesteps in which the sample is presented.
        steps: u32,
    },
    /// Events with timesteps of their own: recorded elsewhere, or made of an image.
    Events {
        /// Number of timesteps in which events may arrive; from timestep `steps` on there are none.
        steps: u32,
        /// Smallest value that a neuron may receive in a timestep; 0 for spikes.
        least: i32,
        /// Largest value that a neuron may receive in a timestep; 1 for spikes.
        most: i32,
    },
}

impl InputCoding {
    /// Spikes, at most one per neuron and timestep, in the first `steps` timesteps.
    pub const fn spikes(steps: u32) -> Self {
        Self::Events { steps, least: 0, most: 1 }
    }

    /// Whether the input is given as events.
    pub const fn is_events(self) -> bool {
        matches!(self, Self::Events { .. })
    }

    /// Whether all that it sends are spikes: 0 or 1.
    pub const fn is_spikes(self) -> bool {
        matches!(self, Self::Events { least: 0, most: 1, .. })
    }

    /// Number of timesteps in which input may arrive.
    pub const fn steps(self) -> u32 {
        match self {
            Self::DirectOnce => 1,
            Self::DirectEveryStep { steps } | Self::Events { steps, .. } => steps,
        }
    }

    /// The same in a sample of `timesteps`: `Events` alone stands for events in all of them.
    #[must_use]
    pub fn within(self, timesteps: u32) -> Self {
        match self {
            Self::Events { steps: u32::MAX, least, most } => Self::Events { steps: timesteps, least, most },
            other => other,
        }
    }
}

/// The coding as text: `Events` alone means spikes in every timestep of the sample.
#[derive(Serialize, Deserialize)]
#[serde(rename = "InputCoding")]
enum CodingText {
    DirectOnce,
    DirectEveryStep {
        steps: u32,
    },
    Events,
    EventsIn {
        steps: u32,
        #[serde(default)]
        least: i32,
        #[serde(default = "one")]
        most: i32,
    },
}

fn one() -> i32 {
    1
}

impl From<CodingText> for InputCoding {
    fn from(text: CodingText) -> Self {
        match text {
            CodingText::DirectOnce => Self::DirectOnce,
            CodingText::DirectEveryStep { steps } => Self::DirectEveryStep { steps },
            CodingText::Events => Self::spikes(u32::MAX),
            CodingText::EventsIn { steps, least, most } => Self::Events { steps, least, most },
        }
    }
}

impl From<InputCoding> for CodingText {
    fn from(coding: InputCoding) -> Self {
        match coding {
            InputCoding::DirectOnce => Self::DirectOnce,
            InputCoding::DirectEveryStep { steps } => Self::DirectEveryStep { steps },
            InputCoding::Events { steps, least, most } => Self::EventsIn { steps, least, most },
        }
    }
}

/// Membrane reset after a spike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reset {
    /// Soft reset: `v ← v − θ`.
    Subtract,
    /// Hard reset: `v ← 0`.
    Zero,
}

/// The comparison that fires a neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Compare {
    /// Fire if `v ≥ θ`.
    GreaterEqual,
    /// Fire if `v > θ`.
    Greater,
}

/// Leak of the membrane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Leak {
    /// Integrate-and-fire: no leak.
    None,
    /// Leaky: each update ends by taking `v·δ/4096` away, δ in 0..=4096 (12-bit fraction, as on Loihi).
    Decay(u16),
}

impl Leak {
    /// Whether an update can change a potential: a decay of 0 takes nothing away and is integrate-and-fire.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Decay(1..))
    }
}

/// The timesteps `start ≤ t < end` in which a population updates: adds its bias, compares, fires and
/// decays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// First timestep of the window.
    pub start: u32,
    /// First timestep after the window.
    pub end: u32,
}

impl Window {
    /// The window `start ≤ t < end`.
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// Whether timestep `t` lies in the window.
    pub const fn contains(self, t: u32) -> bool {
        self.start <= t && t < self.end
    }

    /// Number of timesteps in the window.
    pub const fn len(self) -> u32 {
        self.end.saturating_sub(self.start)
    }

    /// Whether the window has no timestep.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// A neuron that spikes: IF (leak `None`) or LIF.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Spiking<S: Stage> {
    /// Threshold θ > 0.
    pub threshold: PerChannel<S::Value>,
    /// Potential at the start of a sample.
    pub v_init: PerChannel<S::Value>,
    /// Bias b, added once in every timestep of the window.
    pub bias: PerChannel<S::Value>,
    /// Leak of the membrane.
    pub leak: Leak,
    /// Reset after a spike.
    pub reset: Reset,
    /// The comparison that fires.
    pub compare: Compare,
    /// When the population updates; at most one spike per neuron and timestep.
    pub window: Window,
    /// Lower clamp of the potential, applied at the update (never inside an accumulation).
    pub floor: Option<S::Value>,
}

/// What the neurons of a population do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum NeuronModel<S: Stage> {
    /// Driven from outside; holds no potential.
    Input {
        /// How values are presented.
        coding: InputCoding,
        /// Real value of one integer input unit (1 after fusing).
        scale: f32,
    },
    /// IF or LIF neurons.
    Spiking(Spiking<S>),
    /// No threshold: `v` sums all arrivals from its initial value and is read out at the end.
    Accumulator {
        /// Potential at the start of a sample.
        v_init: PerChannel<S::Value>,
    },
    /// Any other model: a list of operations over state words.
    Dynamic(Box<Dynamics<S>>),
    /// Stateless: passes its summed input on in the same timestep (a convolution or pooling without neurons behind it).
    /// Only before fusing.
    Linear,
}

/// What a population sends out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emits {
    /// Nothing.
    Nothing,
    /// Spikes of value 1.
    Spikes,
    /// Values: those of an input, of a linear population, or of a model with an `emit` operation.
    Values,
}

impl<S: Stage> NeuronModel<S> {
    /// The list of operations; `None` for inputs and linear populations, which have no state.
    pub fn dynamics(&self) -> Option<Cow<'_, Dynamics<S>>> {
        match self {
            Self::Spiking(neuron) => Some(Cow::Owned(neuron.dynamics())),
            Self::Accumulator { v_init } => Some(Cow::Owned(Dynamics::accumulator(v_init.clone()))),
            Self::Dynamic(dynamics) => Some(Cow::Borrowed(dynamics)),
            Self::Input { .. } | Self::Linear => None,
        }
    }

    /// Whether its neurons can fire.
    pub fn spikes(&self) -> bool {
        match self {
            Self::Spiking(_) => true,
            Self::Dynamic(dynamics) => dynamics.fires(),
            Self::Input { .. } | Self::Accumulator { .. } | Self::Linear => false,
        }
    }

    /// What it sends out.
    pub fn emits(&self) -> Emits {
        match self {
            Self::Input { .. } | Self::Linear => Emits::Values,
            Self::Spiking(_) => Emits::Spikes,
            Self::Accumulator { .. } => Emits::Nothing,
            Self::Dynamic(dynamics) => dynamics.emits(),
        }
    }

    /// The timesteps in which it updates; `None` for what never does.
    pub fn window(&self) -> Option<Window> {
        match self {
            Self::Spiking(neuron) => Some(neuron.window),
            Self::Dynamic(dynamics) if !dynamics.ops.is_empty() => Some(dynamics.window),
            Self::Dynamic(_) | Self::Input { .. } | Self::Accumulator { .. } | Self::Linear => None,
        }
    }
}

/// Normalization `y = scale·(z − mean)/√(var + eps) + shift` of a population's summed input `z`, per channel.
///
/// `z` is the *sum over the sample's timesteps*; a constant per sample therefore moves into the initial potential.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Normalization {
    /// Mean μ of z.
    pub mean: Vec<f32>,
    /// Variance σ² of z.
    pub var: Vec<f32>,
    /// Multiplier.
    pub scale: Vec<f32>,
    /// Offset.
    pub shift: Vec<f32>,
    /// Added to the variance.
    pub eps: f32,
}

impl Normalization {
    /// Gain g and offset h of a channel, so that `y = g·z + h`.
    pub fn affine(&self, channel: usize) -> (f64, f64) {
        let gain = f64::from(self.scale[channel]) / (f64::from(self.var[channel]) + f64::from(self.eps)).sqrt();
        (gain, f64::from(self.shift[channel]) - gain * f64::from(self.mean[channel]))
    }
}
