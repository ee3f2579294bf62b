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
    /// `argmax_j Σ_c weights[j][c] · Σ_yx n²`.
    ChannelEnergy {
        /// The layer read.
        layer: LayerId,
        /// Weights `[class][channel]`.
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

    /// The class, from channel-major spike counts and potentials of the layer. The lowest class wins a tie.
    ///
    /// # Panics
    /// If the read-out has no class.
    pub fn classify(&self, counts: &[u32], potentials: &[i32], channels: usize) -> u32 {
        let squares = |c: usize| -> i128 {
            let map = counts.len() / channels;
            counts[c * map..][..map].iter().map(|&n| i128::from(n) * i128::from(n)).sum()
        };
        let scores: Vec<(i128, i128)> = match self {
            Self::Goodness { sizes, .. } => {
                let ends = sizes.iter().scan(0, |end, &size| {
                    *end += size as usize;
                    Some((*end - size as usize..*end, i128::from(size)))
                });
                ends.map(|(group, size)| (group.map(squares).sum(), size)).collect()
            }
            Self::ChannelEnergy { weights, .. } => weights
                .chunks_exact(channels)
                .map(|row| (row.iter().enumerate().map(|(c, &a)| i128::from(a) * squares(c)).sum(), 1))
                .collect(),
            Self::Potential { .. } => potentials.iter().map(|&v| (i128::from(v), 1)).collect(),
            Self::SpikeCount { .. } => counts.iter().map(|&n| (i128::from(n), 1)).collect(),
        };
        let mut best = 0;
        for (j, &(value, size)) in scores.iter().enumerate() {
            if value * scores[best].1 > scores[best].0 * size {
                best = j;
            }
        }
        best as u32
    }
}
