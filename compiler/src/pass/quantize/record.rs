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
    /// Channels whose numbers are all integers in their unit: nothing was rounded.
    pub n_exact: usize,
    /// Fraction of the largest weight that the range keeps; 1 = no weight is clipped on purpose.
    pub clip: f64,
    /// Fraction bits k: potentials, thresholds and biases count 2^-k of a unit.
    pub fraction_bits: u8,
    /// What became of the numbers.
    pub losses: Losses,
    /// Channels with coarser integers than the weight width allows, so that their potentials fit the state.
    pub n_narrowed: usize,
    /// Largest factor by which they are coarser; 1 if there are none.
    pub coarsest: f64,
    /// Smallest and largest integer threshold, if it has thresholds \[2^-k units\].
    pub threshold: Option<(i64, i64)>,
    /// Channels whose threshold is below [`super::QuantizeOptions::min_threshold`] and not exact: their weights are large against the
    /// threshold.
    pub n_coarse: usize,
    /// Range that the potentials can have, over all channels.
    pub bound: Bound,
    /// Width of that range [bits, signed].
    pub width: u32,
    /// Whether that is more than the chip's potentials have, which saturate.
    pub saturates: bool,
    /// Comparison with the real-valued network, if calibration inputs were given.
    pub observed: Option<Observed>,
}

/// What rounding took away.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Losses {
    /// Weights that are not 0.
    pub n_weights: usize,
    /// Of these, weights that became 0.
    pub n_zeroed: usize,
    /// Largest share, over channels, of the weights that became 0 in the sum of the channel's magnitudes.
    pub zeroed_share: f64,
    /// Largest sum, over channels, of the magnitudes of weights that became 0 [thresholds].
    pub zeroed_drive: f64,
    /// Weights cut off at the ends of the range.
    pub n_clipped: usize,
    /// Weights cut off without effect: one spike fires the neuron whatever else arrives, before and after.
    pub n_capped: usize,
    /// Largest error of a weight that was not cut off [thresholds; units if there are none].
    pub weight_error: f64,
    /// Channels with a bias.
    pub n_biases: usize,
    /// Of these, biases that became 0.
    pub n_vanished: usize,
    /// Largest relative error of a bias.
    pub bias_error: f64,
    /// Largest relative error of a threshold that decides otherwise than the real one.
    pub threshold_error: f64,
    /// Largest magnitude of a potential that the leak leaves as it is [thresholds]; absent without leak, or with one that leaves
    /// nothing.
    pub dead_zone: Option<f64>,
    /// Most that a potential falls too much where the kept value of a decay is truncated [thresholds]; absent without such a leak.
    pub fall: Option<f64>,
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
