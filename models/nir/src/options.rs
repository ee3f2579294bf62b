//! What a NIR file does not say, as a user says it.

use super::{normalize::Normalize, profile::Profile};
use ir::Compare;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// How a differential equation becomes a step of length dt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Integrator {
    /// Forward Euler: v moves by the fraction dt/τ of its distance to the drive.
    Euler,
    /// Exact for an input that is constant in a step: the fraction is 1 − exp(−dt/τ).
    Exponential,
}

/// What a spike does to the potential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// v ← `v_reset`: NIR's definition.
    Zero,
    /// v ← `v_reset` in the next step, after its input, which is lost: `reset_mechanism="zero"` of snnTorch's `Synaptic`, but
    /// not of its `Leaky`, which keeps the input: that is [`Self::Zero`].
    ZeroNextStep,
    /// v ← v − (θ − `v_reset`), before the next leak.
    Subtract,
    /// v ← v − (θ − `v_reset`) after the next leak: snnTorch's default, v ← βv + x − θ·s.
    SubtractAfterLeak,
    /// Nothing.
    None,
}

/// The potential before the first step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Start {
    /// This value.
    At(f64),
    /// `v_reset`.
    Reset,
    /// `v_leak`.
    Leak,
}

/// How often a neuron may fire in a timestep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spikes {
    /// Once, NIR's z ∈ {0, 1}.
    One,
    /// ⌊v/θ⌋ times, at most so often.
    UpTo(u8),
}

/// How samples enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coding {
    /// The sample's values in every timestep.
    Every,
    /// The sample's values in timestep 0 only.
    Once,
    /// Spikes, with their timesteps.
    Events,
}

/// What can be said of all neurons, or of one node's.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rules {
    /// Reset after a spike.
    pub reset: Option<Reset>,
    /// Comparison that fires.
    pub compare: Option<Compare>,
    /// Least potential; what is below is raised to it before the comparison.
    pub floor: Option<f64>,
    /// Potential before the first step.
    pub start: Option<Start>,
    /// Spikes per timestep.
    pub spikes: Option<Spikes>,
}

impl Rules {
    /// These, and where they say nothing those.
    #[must_use]
    pub fn over(self, those: Self) -> Self {
        Self {
            reset: self.reset.or(those.reset),
            compare: self.compare.or(those.compare),
            floor: self.floor.or(those.floor),
            start: self.start.or(those.start),
            spikes: self.spikes.or(those.spikes),
        }
    }
}

/// What the user says; `None` leaves it to the file's metadata, a profile or the default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// Length of a timestep, in the file's unit of time.
    pub dt: Option<f64>,
    /// Rules of all neurons.
    pub rules: Rules,
    /// Rules of single nodes, by name.
    pub nodes: BTreeMap<String, Rules>,
    /// Integration of time.
    pub integrator: Option<Integrator>,
    /// Timesteps in which input arrives.
    pub steps: Option<u32>,
    /// How samples enter.
    pub coding: Option<Coding>,
    /// The framework that the file comes from.
    pub profile: Option<&'static Profile>,
    /// The Output that the class is read from, where there are several.
    pub output: Option<String>,
    /// How intensities are normalized; as they are, from 0 to 1, if absent.
    pub normalize: Option<Normalize>,
    /// What the samples say that are run, where neither the user nor the file does.
    pub recorded: Option<Recorded>,
}

/// What recordings say about a network's input: that it is events, and more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recorded {
    /// Timesteps of the longest.
    pub steps: u32,
    /// Whether some are shorter: each then ends when it ends.
    pub lengths_differ: bool,
    /// Largest magnitude of what a neuron receives in a timestep.
    pub reach: f64,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An option.
    Given,
    /// Metadata that spikeloom wrote into the file.
    Metadata,
    /// What a framework does, named by its profile.
    Profile(&'static str),
    /// The samples that are run.
    Data,
    /// None of these.
    Assumed,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given => f.write_str("given"),
            Self::Metadata => f.write_str("from the file's metadata"),
            Self::Profile(name) => write!(f, "profile {name}"),
            Self::Data => f.write_str("from the recordings"),
            Self::Assumed => f.write_str("assumed"),
        }
    }
}

/// One thing that a NIR file does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// What.
    pub what: String,
    /// The value that is used.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
    /// How to change it, and why this is the default.
    pub remark: &'static str,
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<11} {} ({})", self.what, self.value, self.origin)?;
        if self.origin == Origin::Assumed && !self.remark.is_empty() { write!(f, "; {}", self.remark) } else { Ok(()) }
    }
}

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Zero => "to v_reset",
            Self::ZeroNextStep => "to v_reset in the next step, whose input is lost",
            Self::Subtract => "by subtraction, v ← v − (θ − v_reset)",
            Self::SubtractAfterLeak => "by subtraction after the next leak, v ← βv + x − (θ − v_reset)",
            Self::None => "none",
        })
    }
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(v) => write!(f, "v = {v}"),
            Self::Reset => f.write_str("v = v_reset"),
            Self::Leak => f.write_str("v = v_leak"),
        }
    }
}

impl fmt::Display for Spikes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One => f.write_str("at most one per neuron and timestep"),
            Self::UpTo(n) => write!(f, "⌊v/θ⌋ per neuron and timestep, at most {n}"),
        }
    }
}
