//! What is stored of a point: everything that made it, and what came of it. No clock, no machine: the same point is the same bytes.

use crate::space::{Objective, Scalar, Timing};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Name of the format.
pub(crate) const FORMAT: &str = "spikeloom-point";

/// Version of the format.
pub(crate) const VERSION: u32 = 3;

/// A network and its samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkRecord {
    /// What the user called it, with the options that it was read with.
    pub model: String,
    /// SHA-256 of the text of its graph.
    pub sha256: String,
    /// The samples.
    pub data: String,
    /// How many.
    pub samples: usize,
    /// SHA-256 of what the host sends for them.
    pub samples_sha256: String,
}

/// A chip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChipRecord {
    /// The base chip.
    pub base: String,
    /// SHA-256 of the description, as JSON.
    pub sha256: String,
    /// The description with all values set; the base chip's if they do not fit together.
    pub description: Value,
}

/// Prices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prices {
    /// Name of the table.
    pub table: String,
    /// SHA-256 of its contents, as JSON.
    pub sha256: String,
}

/// How a network was laid onto the chip.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Deployment {
    /// Width of a stored weight \[bits\].
    pub weight_bits: u32,
    /// Whether idle cores shorten the timesteps.
    pub balance: bool,
    /// Seed of the placement.
    pub seed: u64,
    /// Moves of the placement per cluster.
    pub effort: u32,
}

/// When in a search a point was evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// With all others.
    Search,
    /// Placed again, for it was on the front.
    Front,
}

/// Why a point could not be costed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The values do not make a chip.
    Invalid,
    /// The chip does not hold the network.
    DoesNotFit,
    /// A timestep is too short for the work in it.
    Overrun,
    /// The prices lack something that was counted.
    Unpriced,
    /// Something else, as the message says.
    Other,
}

/// A limit that was exceeded, or another reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// The population, projection, tile or core concerned.
    pub entity: String,
    /// What is wrong.
    pub message: String,
    /// The resource, if it is one.
    pub resource: Option<String>,
    /// Amount needed.
    pub used: Option<u64>,
    /// Amount there is.
    pub max: Option<u64>,
    /// What would help.
    pub remedy: String,
}

/// The resource that is fullest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Binding {
    /// The resource.
    pub resource: String,
    /// Share in use on the fullest core.
    pub share: f64,
}

/// What binds the time of a sample, along the slowest core of every timestep.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TimeSplit {
    /// Time by part \[s\]: the parts add up to the time of the timesteps.
    pub parts: BTreeMap<String, f64>,
    /// Time of the timesteps if the part took none, whichever core is the slowest then \[s\].
    pub without: BTreeMap<String, f64>,
}

impl TimeSplit {
    /// The largest part; the first by name of several.
    pub fn largest(&self) -> Option<(&str, f64)> {
        let parts = self.parts.iter().rev().map(|(part, seconds)| (part.as_str(), *seconds));
        parts.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, seconds)| *seconds > 0.0)
    }

    /// All parts together \[s\].
    pub fn total(&self) -> f64 {
        self.parts.values().sum()
    }
}

/// What came of a point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was costed.
    Costed {
        /// Figures by name; those that cannot be derived are absent.
        figures: BTreeMap<String, f64>,
        /// The fullest resource of a core, where any is limited.
        binding: Option<Binding>,
        /// Share in use of every limited resource, on the core that has most of it in use.
        resources: BTreeMap<String, f64>,
        /// What binds time, where samples have time and timesteps do not overlap.
        time: Option<TimeSplit>,
        /// Whether the energy leaves out what nobody has published, so that it is a lower bound.
        lower_bound: bool,
        /// Whether every sample was simulated, rather than costed from a record of spikes.
        simulated: bool,
    },
    /// It was not.
    Failed {
        /// Why.
        reason: Reason,
        /// Every limit that was exceeded.
        limits: Vec<Limit>,
    },
}

/// A point that was evaluated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointRecord {
    /// Always `spikeloom-point`.
    pub format: String,
    /// Version of the format.
    pub version: u32,
    /// Version of spikeloom that made it.
    pub spikeloom: String,
    /// What was set, by path.
    pub values: BTreeMap<String, Scalar>,
    /// When it was evaluated.
    pub stage: Stage,
    /// The network.
    pub network: NetworkRecord,
    /// The chip.
    pub chip: ChipRecord,
    /// The prices, where there are any.
    pub prices: Option<Prices>,
    /// How the one was laid onto the other.
    pub deployment: Deployment,
    /// How time was derived.
    pub timing: Timing,
    /// What came of it.
    pub outcome: Outcome,
}

impl PointRecord {
    /// The address of what made it: the first 128 bits of the SHA-256 of everything but the outcome, as JSON, in hexadecimal.
    pub fn key(&self) -> String {
        let mut whole = serde_json::to_value(self).expect("records have a form in JSON");
        whole.as_object_mut().expect("a record is an object").remove("outcome");
        sha256(whole.to_string().as_bytes())[..32].to_owned()
    }

    /// The bytes that are stored.
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).expect("records have a form in JSON") + "\n"
    }

    /// What tells the point from others of its space, placement effort aside.
    pub(crate) fn place(&self) -> String {
        let values: Vec<String> = self.values.iter().map(|(path, value)| format!("{path}={value}")).collect();
        format!(
            "{}|{}|{}|{}|{}",
            self.chip.base,
            self.chip.sha256,
            self.network.model,
            self.network.data,
            values.join(",")
        )
    }

    /// A figure, if it was derived.
    pub fn figure(&self, name: &str) -> Option<f64> {
        match &self.outcome {
            Outcome::Costed { figures, .. } => figures.get(name).copied(),
            Outcome::Failed { .. } => None,
        }
    }

    /// The costs of objectives, if all were derived.
    pub fn costs(&self, objectives: &[Objective]) -> Option<Vec<f64>> {
        objectives.iter().map(|objective| Some(objective.cost(self.figure(objective.figure())?))).collect()
    }

    /// The fullest resource.
    pub fn binding(&self) -> Option<&Binding> {
        if let Outcome::Costed { binding, .. } = &self.outcome { binding.as_ref() } else { None }
    }

    /// Whether its energy leaves out what has no published price.
    pub(crate) fn is_lower_bound(&self) -> bool {
        matches!(self.outcome, Outcome::Costed { lower_bound: true, .. })
    }

    /// What binds time.
    pub fn time(&self) -> Option<&TimeSplit> {
        if let Outcome::Costed { time, .. } = &self.outcome { time.as_ref() } else { None }
    }

    /// The first limit exceeded, or the reason.
    pub(crate) fn failure(&self) -> Option<String> {
        let Outcome::Failed { reason, limits } = &self.outcome else { return None };
        let resource = limits.iter().find_map(|limit| limit.resource.clone());
        Some(resource.unwrap_or_else(|| match reason {
            Reason::Invalid => "values that do not make a chip".into(),
            Reason::DoesNotFit => limits.first().map_or("does not fit".into(), |limit| limit.message.clone()),
            Reason::Overrun => "timestep too short".into(),
            Reason::Unpriced => "no price".into(),
            Reason::Other => limits.first().map_or("unknown".into(), |limit| limit.message.clone()),
        }))
    }

    /// What was set, base chip and network included.
    pub fn settings(&self) -> Vec<(String, String)> {
        let fixed = [("chip".to_owned(), self.chip.base.clone()), ("network".to_owned(), self.network.model.clone())];
        fixed.into_iter().chain(self.values.iter().map(|(path, value)| (path.clone(), value.to_string()))).collect()
    }
}

/// The SHA-256 of bytes, in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
