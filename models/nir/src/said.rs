//! What spikeloom writes beside a network so that it means the same when it is read again: JSON in `metadata/spikeloom`.

use super::{model::Problem, options::Integrator, read::Read};
use ir::{Compare, InputCoding, InputEncoding, Readout, Reset, Trained, Window};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Name of the metadata entry that holds [`Said`] as JSON.
pub const METADATA: &str = "spikeloom";

/// What NIR has no words for.
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

/// The metadata of a file, if spikeloom wrote them.
pub(super) fn said(read: &Read) -> Result<Option<Said>, Problem> {
    let Some(text) = read.graph.metadata.get(METADATA) else { return Ok(None) };
    let said: Said = serde_json::from_str(text).map_err(|e| {
        Problem::new("graph", format!("metadata/{METADATA} is not what spikeloom writes: {e}; remove it"))
    })?;
    if said.format != 1 {
        let message = format!("metadata/{METADATA} has format {}; this version reads 1", said.format);
        return Err(Problem::new("graph", message));
    }
    Ok(Some(said))
}
