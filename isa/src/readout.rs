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
    pub fn classify(&self, counts: &[u32], potentials: &[i32], (channels, rows, columns): (u16, u16, u16)) -> u32 {
        let (channels, rows, columns) = (usize::from(channels), usize::from(rows), usize::from(columns));
        let squares =
            |c: usize| -> i128 { counts[c * rows * columns..][..rows * columns].iter().map(|&n| square(n)).sum() };
        let scores: Vec<(i128, i128)> = match self {
            Self::Goodness { sizes, .. } => {
                let ends = sizes.iter().scan(0, |end, &size| {
                    *end += size as usize;
                    Some((*end - size as usize..*end, i128::from(size)))
                });
                ends.map(|(group, size)| (group.map(squares).sum(), size)).collect()
            }
            Self::ChannelEnergy { grid, weights, .. } => {
                let grid = usize::from(*grid);
                let mut energies = vec![0; grid * grid * channels];
                for (i, &n) in counts.iter().enumerate() {
                    let (c, y, x) = (i / (rows * columns), i / columns % rows, i % columns);
                    energies[(y * grid / rows * grid + x * grid / columns) * channels + c] += square(n);
                }
                let score = |row: &[i32]| row.iter().zip(&energies).map(|(&a, &e)| i128::from(a) * e).sum();
                weights.chunks_exact(energies.len()).map(|row| (score(row), 1)).collect()
            }
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

fn square(n: u32) -> i128 {
    i128::from(n) * i128::from(n)
}
