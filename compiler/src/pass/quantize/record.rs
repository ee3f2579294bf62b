//! What quantization leaves on record: the integer network and, layer by layer, what was done to it.

use crate::width::Bound;
use ir::{Graph, PopulationId, Quantized};

/// A quantized network with the record of how it came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantization {
    /// The integer network; populations and projections keep their ids.
    pub graph: Graph<Quantized>,
    /// One report per population with potentials, in the order of ids.
    pub layers: Vec<LayerReport>,
}

/// What quantization did to one population.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerReport {
    /// The population.
    pub population: PopulationId,
    /// Its name.
    pub name: String,
    /// Real value of one integer unit, per channel.
    pub scales: Vec<f64>,
    /// Fraction of the largest weight that the range keeps; 1 = no weight is clipped on purpose.
    pub clip: f64,
    /// Weights cut off at the ends of the range.
    pub n_clipped: usize,
    /// Channels with coarser integers than the weight width allows, so that their potentials fit the state.
    pub n_narrowed: usize,
    /// Smallest and largest integer threshold, if it has thresholds.
    pub threshold: Option<(i64, i64)>,
    /// Channels whose threshold is below [`super::QuantizeOptions::min_threshold`]: their weights are large against the threshold.
    pub n_coarse: usize,
    /// Proven range of the potentials over all channels.
    pub bound: Bound,
    /// Proven width of the potentials [bits, signed].
    pub width: u32,
    /// Comparison with the real-valued network, if calibration inputs were given.
    pub observed: Option<Observed>,
}

/// What a population did on the calibration inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Spikes of the real-valued network.
    pub spikes: u64,
    /// Sum over neurons and samples of the difference in spike counts.
    pub changed: u64,
    /// Largest magnitude of an integer potential after an update.
    pub largest_potential: i64,
}

impl Observed {
    /// What two sets of inputs did together.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            spikes: self.spikes + other.spikes,
            changed: self.changed + other.changed,
            largest_potential: self.largest_potential.max(other.largest_potential),
        }
    }
}
