//! Figures about a compilation.

use crate::{
    cost::MappingCost,
    demand::Resource,
    pass::{place::Method, quantize::LayerReport},
};

/// Figures about a compilation.
#[derive(Clone, Debug)]
pub struct Reports {
    /// What quantization did to each population; empty if the network came quantized.
    pub layers: Vec<LayerReport>,
    /// Cost of the placement asked for and of the baselines.
    pub placements: Vec<(Method, MappingCost)>,
    /// How full the cores in use are.
    pub utilization: Utilization,
    /// Synaptic operations per timestep: the heaviest core's, and the mean over cores in use.
    pub work: (f64, f64),
    /// Synaptic operations per sample of the heaviest core of each timestep: those that no other core can take over.
    pub critical_work: f64,
}

/// Use of the resource that binds each core.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Utilization {
    /// Mean over cores of used / max of the core's fullest resource.
    pub mean: f64,
    /// The same of the fullest core, with the resource.
    pub max: Option<(Resource, f64)>,
}
