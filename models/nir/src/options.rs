//! What a NIR file does not say, and what is assumed for it.

use ir::{Compare, InputCoding, InputEncoding, Readout, Reset, Trained, Window};
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

/// What the user says; `None` leaves it to the file's metadata or the default.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Options {
    /// Length of a timestep, in the file's unit of time.
    pub dt: Option<f64>,
    /// Reset after a spike.
    pub reset: Option<Reset>,
    /// Comparison that fires.
    pub compare: Option<Compare>,
    /// Integration of time.
    pub integrator: Option<Integrator>,
    /// Timesteps in which input arrives.
    pub steps: Option<u32>,
    /// How samples enter.
    pub coding: Option<Coding>,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An option.
    Given,
    /// Metadata that spikeloom wrote into the file.
    Metadata,
    /// Neither.
    Assumed,
}

/// One thing that a NIR file does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// What.
    pub what: &'static str,
    /// The value that is used.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
    /// How to change it, and why this is the default.
    pub remark: &'static str,
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = match self.origin {
            Origin::Given => "given",
            Origin::Metadata => "from the file's metadata",
            Origin::Assumed => "assumed",
        };
        write!(f, "{:<11} {} ({origin})", self.what, self.value)?;
        if self.origin == Origin::Assumed && !self.remark.is_empty() { write!(f, "; {}", self.remark) } else { Ok(()) }
    }
}

/// Name of the metadata entry that holds [`Said`] as JSON.
pub const METADATA: &str = "spikeloom";

/// What spikeloom writes beside a network so that it means the same when it is read again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// Version of this form: 1.
    pub format: u32,
    /// Name of the network.
    pub name: String,
    /// Length of a timestep.
    pub dt: f64,
    /// Reset after a spike.
    pub reset: Reset,
    /// Comparison that fires.
    pub compare: Compare,
    /// Integration of time.
    pub integrator: Integrator,
    /// Timesteps of a sample.
    pub timesteps: u32,
    /// From pixels to integers.
    pub encoding: InputEncoding,
    /// Real value of one integer input unit.
    pub input_scale: f32,
    /// How samples enter.
    pub coding: InputCoding,
    /// What each population has beyond its node.
    pub populations: BTreeMap<String, Extra>,
    /// The class decision; its population is the one before the output.
    pub readout: Readout<Trained>,
}

/// What a population has beyond its node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extra {
    /// When it updates; `None` for accumulators.
    pub window: Option<Window>,
    /// Potential at the start of a sample, one for all or one per channel.
    pub v_init: Vec<f64>,
    /// Lower clamp.
    pub floor: Option<f64>,
}

/// Everything that a lowering needs to know beyond the graph.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) dt: Option<f64>,
    pub(super) reset: Reset,
    pub(super) compare: Compare,
    pub(super) integrator: Integrator,
    pub(super) steps: u32,
    pub(super) coding: Coding,
    pub(super) said: Option<Said>,
    pub(super) list: Vec<Assumption>,
}

/// Steps in which a sample is presented if nobody says.
const STEPS: u32 = 32;

impl Settings {
    pub(super) fn new(options: &Options, said: Option<Said>) -> Self {
        let mut list = Vec::new();
        let dt = settle(&mut list, "timestep", options.dt, said.as_ref().map(|s| s.dt), f64::NAN, "", |dt| {
            format!("{dt:e}")
        });
        let reset = settle(
            &mut list,
            "reset",
            options.reset,
            said.as_ref().map(|s| s.reset),
            Reset::Zero,
            "NIR's definition; many networks are trained with --reset subtract, ask their author",
            |reset| match reset {
                Reset::Subtract => "by subtraction, v ← v − (θ − v_reset)".into(),
                Reset::Zero => "to v_reset".into(),
            },
        );
        let compare = settle(
            &mut list,
            "comparison",
            options.compare,
            said.as_ref().map(|s| s.compare),
            Compare::Greater,
            "NIR's definition; --compare ge for the other",
            |compare| match compare {
                Compare::Greater => "fires if v > θ".into(),
                Compare::GreaterEqual => "fires if v ≥ θ".into(),
            },
        );
        let integrator = settle(
            &mut list,
            "integrator",
            options.integrator,
            said.as_ref().map(|s| s.integrator),
            Integrator::Euler,
            "as most frameworks; --integrator exponential for the other",
            |integrator| match integrator {
                Integrator::Euler => "forward Euler".into(),
                Integrator::Exponential => "exponential Euler".into(),
            },
        );
        let coding = settle(
            &mut list,
            "input",
            options.coding,
            said.as_ref().map(|s| match s.coding {
                InputCoding::DirectOnce => Coding::Once,
                InputCoding::DirectEveryStep { .. } => Coding::Every,
                InputCoding::Events => Coding::Events,
            }),
            Coding::Every,
            "--coding once or events for spikes",
            |coding| match coding {
                Coding::Every => "values pixel/255 in every timestep".into(),
                Coding::Once => "values pixel/255 in timestep 0".into(),
                Coding::Events => "spikes".into(),
            },
        );
        let said_steps = said.as_ref().map(|s| match s.coding {
            InputCoding::DirectEveryStep { steps } => steps,
            _ => s.timesteps,
        });
        let steps = settle(&mut list, "steps", options.steps, said_steps, STEPS, "set with --steps", |n| n.to_string());
        list.push(Assumption {
            what: "start",
            value: "v = 0".into(),
            origin: if said.is_some() { Origin::Metadata } else { Origin::Assumed },
            remark: "",
        });
        if said.is_some() {
            list.last_mut().expect("just pushed").value = "potentials and windows of each population".into();
        }
        Self { dt: Some(dt).filter(|dt| !dt.is_nan()), reset, compare, integrator, steps, coding, said, list }
    }
}

/// The value of an option, of the metadata, or the default, noted in the list.
fn settle<T: Copy>(
    list: &mut Vec<Assumption>,
    what: &'static str,
    given: Option<T>,
    said: Option<T>,
    default: T,
    remark: &'static str,
    show: impl Fn(T) -> String,
) -> T {
    let (value, origin) = match (given, said) {
        (Some(value), _) => (value, Origin::Given),
        (None, Some(value)) => (value, Origin::Metadata),
        (None, None) => (default, Origin::Assumed),
    };
    list.push(Assumption { what, value: show(value), origin, remark });
    value
}
