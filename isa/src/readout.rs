//! The class decision on the host, in integers: what a compiled program does with the chip's output.

use crate::ids::LayerId;
use serde::{Deserialize, Serialize};

/// How the class follows from the output layer; `n` are spike counts, `v` final potentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Readout {
    /// `argmax_j Σ_{c∈j} Σ_yx n² / sizes[j]` over consecutive channel groups, compared by cross-multiplication.
    Goodness {
        /// The layer read.
        layer: LayerId,
        /// Channels per class.
        sizes: Vec<u32>,
    },
    /// `argmax_j Σ_r Σ_c weights[j][r][c] · Σ_{yx∈r} n²`; (y, x) lies in region `⌊y·grid/H⌋·grid + ⌊x·grid/W⌋`.
    ChannelEnergy {
        /// The layer read.
        layer: LayerId,
        /// Regions along each side of the map.
        grid: u16,
        /// Weights `[class][region][channel]`.
        weights: Vec<i32>,
    },
    /// `argmax_j v_j`.
    Potential {
        /// The layer read.
        layer: LayerId,
    },
    /// `argmax_j n_j`.
    SpikeCount {
        /// The layer read.
        layer: LayerId,
    },
}

impl Readout {
    /// The layer whose outcome is read.
    pub fn layer(&self) -> LayerId {
        match self {
            Self::Goodness { layer, .. }
            | Self::ChannelEnergy { layer, .. }
            | Self::Potential { layer }
            | Self::SpikeCount { layer } => *layer,
        }
    }

    /// The class, from channel-major spike counts and potentials of the layer of shape (channels, rows, columns). The lowest
    /// class wins a tie.
    ///
    /// # Panics
    /// If the read-out has no class, or the slices do not belong to the layer.
    pub fn classify(&self, counts: &[u32], potentials: &[i32], shape: (u16, u16, u16)) -> u32 {
        decide(&self.scores(counts, potentials, shape))
    }

    /// Scores of the classes, as for [`Self::classify`].
    ///
    /// # Panics
    /// If the slices do not belong to the layer.
    pub fn scores(&self, counts: &[u32], potentials: &[i32], (channels, rows, columns): (u16, u16, u16)) -> Vec<Score> {
        let (channels, rows, columns) = (usize::from(channels), usize::from(rows), usize::from(columns));
        let squares =
            |c: usize| -> i128 { counts[c * rows * columns..][..rows * columns].iter().map(|&n| square(n)).sum() };
        let whole = |value: i128| Score { value, size: 1 };
        match self {
            Self::Goodness { sizes, .. } => {
                let ends = sizes.iter().scan(0, |end, &size| {
                    *end += size as usize;
                    Some((*end - size as usize..*end, i128::from(size)))
                });
                ends.map(|(group, size)| Score { value: group.map(squares).sum(), size }).collect()
            }
            Self::ChannelEnergy { grid, weights, .. } => {
                let grid = usize::from(*grid);
                let mut energies = vec![0; grid * grid * channels];
                for (i, &n) in counts.iter().enumerate() {
                    let (c, y, x) = (i / (rows * columns), i / columns % rows, i % columns);
                    energies[(y * grid / rows * grid + x * grid / columns) * channels + c] += square(n);
                }
                let score = |row: &[i32]| row.iter().zip(&energies).map(|(&a, &e)| i128::from(a) * e).sum();
                weights.chunks_exact(energies.len()).map(|row| whole(score(row))).collect()
            }
            Self::Potential { .. } => potentials.iter().map(|&v| whole(v.into())).collect(),
            Self::SpikeCount { .. } => counts.iter().map(|&n| whole(n.into())).collect(),
        }
    }
}

/// A class's score, value / size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Score {
    /// The sum over what belongs to the class.
    pub value: i128,
    /// How much belongs to it.
    pub size: i128,
}

impl Score {
    /// The score of two looks at the same class.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { value: self.value + other.value, size: self.size }
    }
}

/// The class of the largest score, compared by cross-multiplication; the lowest of equals.
///
/// # Panics
/// If there is no score.
pub fn decide(scores: &[Score]) -> u32 {
    let mut best = 0;
    for (j, score) in scores.iter().enumerate() {
        if score.value * scores[best].size > scores[best].value * score.size {
            best = j;
        }
    }
    best as u32
}

fn square(n: u32) -> i128 {
    i128::from(n) * i128::from(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYER: LayerId = LayerId(0);

    #[test]
    fn the_lowest_class_wins_a_tie() {
        let spikes = Readout::SpikeCount { layer: LAYER };
        assert_eq!(spikes.classify(&[1, 3, 3, 2], &[0; 4], (4, 1, 1)), 1);
        assert_eq!(spikes.classify(&[0; 4], &[0; 4], (4, 1, 1)), 0);
        let potential = Readout::Potential { layer: LAYER };
        assert_eq!(potential.classify(&[0; 3], &[-5, -2, -2], (3, 1, 1)), 1);
    }

    #[test]
    fn goodness_compares_means_exactly() {
        // Groups of 1 and 2 channels on 1 × 2 maps: 9 / 1 against (9 + 9) / 2 ties, one spike more decides.
        let readout = Readout::Goodness { layer: LAYER, sizes: vec![1, 2] };
        assert_eq!(readout.classify(&[3, 0, 0, 3, 3, 0], &[0; 6], (3, 1, 2)), 0);
        assert_eq!(readout.classify(&[3, 0, 1, 3, 3, 0], &[0; 6], (3, 1, 2)), 1);
    }

    #[test]
    fn goodness_does_not_overflow() {
        let readout = Readout::Goodness { layer: LAYER, sizes: vec![1, 1] };
        assert_eq!(readout.classify(&[u32::MAX - 1, u32::MAX], &[0; 2], (2, 1, 1)), 1);
    }

    #[test]
    fn channel_energy_weighs_regions() {
        // One channel, 2 × 2 map in four regions; class 1 looks at the bottom right only.
        let weights = vec![1, 1, 1, 0, 0, 0, 0, 1];
        let readout = Readout::ChannelEnergy { layer: LAYER, grid: 2, weights };
        assert_eq!(readout.classify(&[1, 0, 0, 2], &[0; 4], (1, 2, 2)), 1);
        assert_eq!(readout.classify(&[2, 0, 0, 2], &[0; 4], (1, 2, 2)), 0);
    }
}
