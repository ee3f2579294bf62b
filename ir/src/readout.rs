//! Read-outs: the class decision on the host, from spike counts or potentials (docs/semantics.md §6).

use crate::{
    ids::{PopulationId, Shape},
    stage::Stage,
};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// How class scores follow from the state of one population at the end of a sample.
/// `n` is a neuron's spike count, `v` its final potential.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Readout<S: Stage> {
    /// Goodness per class over consecutive channel groups: `score_j = Σ_{c∈j} Σ_yx n² / sizes[j]`.
    Goodness {
        /// The population whose spikes are counted.
        population: PopulationId,
        /// Channels of each class; their sum is the number of channels.
        sizes: Vec<u32>,
    },
    /// Learned channel weights: `score_j = Σ_r Σ_c weights[j][r][c] · Σ_{yx∈r} n²` over the regions r of a grid × grid
    /// division of the map; (y, x) lies in region `⌊y·grid/H⌋·grid + ⌊x·grid/W⌋`.
    ChannelEnergy {
        /// The population whose spikes are counted.
        population: PopulationId,
        /// Regions along each side; 1 = the whole map.
        grid: u32,
        /// Weights `[class][region][channel]`.
        weights: Vec<S::Weight>,
    },
    /// `score_j = v_j`, the potential of neuron j.
    Potential {
        /// The population whose potentials are read.
        population: PopulationId,
    },
    /// `score_j = n_j`, the spike count of neuron j.
    SpikeCount {
        /// The population whose spikes are counted.
        population: PopulationId,
    },
}

/// A class score as a fraction, so that goodness of unequal groups compares exactly.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Numerator: exact in integers below 2⁵³.
    pub value: f64,
    /// Positive denominator: channels of the class, or 1.
    pub size: u32,
}

impl Score {
    fn compare(self, other: Self) -> Ordering {
        // A partial order, so that −0 and +0 tie; a score that is not a number beats nothing.
        let (a, b) = (self.value * f64::from(other.size), other.value * f64::from(self.size));
        a.partial_cmp(&b).unwrap_or(Ordering::Equal)
    }
}

/// Class scores and the decision they imply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// One score per class.
    pub scores: Vec<Score>,
    /// The class of the largest score; the lowest class wins a tie.
    pub class: u32,
}

impl<S: Stage> Readout<S> {
    /// The population that is read.
    pub fn population(&self) -> PopulationId {
        match self {
            Self::Goodness { population, .. }
            | Self::ChannelEnergy { population, .. }
            | Self::Potential { population }
            | Self::SpikeCount { population } => *population,
        }
    }

    /// The same read-out of another population.
    #[must_use]
    pub fn of(mut self, other: PopulationId) -> Self {
        match &mut self {
            Self::Goodness { population, .. }
            | Self::ChannelEnergy { population, .. }
            | Self::Potential { population }
            | Self::SpikeCount { population } => *population = other,
        }
        self
    }

    /// The decision from the spike counts and final potentials of the read population of shape `shape`.
    ///
    /// # Panics
    /// If there is no class, or the slices do not belong to the population.
    pub fn decide(&self, counts: &[u32], potentials: &[S::Value], shape: Shape) -> Decision {
        let channels = shape.channels as usize;
        let energy = |c: usize| -> u64 { counts[c * shape.map()..][..shape.map()].iter().map(|&n| square(n)).sum() };
        let scores: Vec<Score> = match self {
            Self::Goodness { sizes, .. } => {
                let mut first = 0;
                sizes
                    .iter()
                    .map(|&size| {
                        let group = first..first + size as usize;
                        first = group.end;
                        Score { value: group.map(energy).sum::<u64>() as f64, size }
                    })
                    .collect()
            }
            Self::ChannelEnergy { grid, weights, .. } => {
                let mut energies = vec![0.0; (grid * grid) as usize * channels];
                for (i, &n) in counts.iter().enumerate() {
                    let (c, y, x) = shape.position(i);
                    let region = y * grid / shape.height * grid + x * grid / shape.width;
                    energies[region as usize * channels + c as usize] += square(n) as f64;
                }
                weights
                    .chunks_exact(energies.len())
                    .map(|row| Score {
                        value: row.iter().zip(&energies).map(|(&a, &e)| S::real_weight(a) * e).sum(),
                        size: 1,
                    })
                    .collect()
            }
            Self::Potential { .. } => potentials.iter().map(|&v| Score { value: S::real(v), size: 1 }).collect(),
            Self::SpikeCount { .. } => counts.iter().map(|&n| Score { value: f64::from(n), size: 1 }).collect(),
        };
        let class = (1..scores.len())
            .fold(0, |best, j| if scores[j].compare(scores[best]) == Ordering::Greater { j } else { best })
            as u32;
        Decision { scores, class }
    }
}

fn square(n: u32) -> u64 {
    u64::from(n) * u64::from(n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::Quantized;

    fn class(readout: &Readout<Quantized>, counts: &[u32], channels: u32) -> u32 {
        readout.decide(counts, &[], Shape::new(channels, 1, 1)).class
    }

    #[test]
    fn the_lowest_class_wins_a_tie_whatever_the_sign_of_zero() {
        let readout = Readout::ChannelEnergy { population: PopulationId(0), grid: 1, weights: vec![-2, 2] };
        assert_eq!(class(&readout, &[0], 1), 0);
        assert_eq!(class(&readout, &[1], 1), 1);
    }

    #[test]
    fn goodness_of_unequal_groups_compares_as_fractions() {
        // Class 0: 9/3 = 3; class 1: (4 + 1)/2 = 2.5; with one more spike (4 + 4)/2 = 4.
        let readout = Readout::Goodness { population: PopulationId(0), sizes: vec![3, 2] };
        assert_eq!(class(&readout, &[3, 0, 0, 2, 1], 5), 0);
        assert_eq!(class(&readout, &[3, 0, 0, 2, 2], 5), 1);
    }
}
