//! The grid of a deployed network: 8-bit weights, or the bits that it was trained for.
//!
//! A chip holds `q = round(Θ_c·g_c·W)`, |q| ≤ Q (127 in 8 bits), with `g_c` the fused gain of the channel (for the first layer times the input's step)
//! and `Θ_c` the largest even integer for which no weight of the channel leaves the range (docs/semantics.md §8). Storing q and one
//! unit per channel instead of W takes a quarter of the space and loses nothing that the chip would have seen:
//!
//! ```text
//! W = q·unit_c,   unit_c = (1 − 2⁻²⁰)/(Θ_c·g_c)
//! ```
//!
//! The unit is a hair short so that the compiler, dividing in floating point, finds the same Θ_c again and not Θ_c − 2.

use super::network::{Layer, Network};

/// Width of a weight, unless a network was trained for fewer bits.
const BITS: u32 = 8;
/// The largest threshold: beyond it a hair is more than a unit. Weights of less than half a millionth of a threshold are 0.
const MOST: f64 = 1_048_576.0;
/// See the module's header.
pub(super) const HAIR: f64 = 1.0 - 1.0 / 1_048_576.0;

/// Integer weights of one layer, `[out][in][ky][kx]`, and the real value of one unit per output channel.
#[derive(Clone, Debug, PartialEq)]
pub struct GridWeights {
    /// q.
    pub integers: Vec<i8>,
    /// `unit_c`; 0 for a channel without weights.
    pub units: Vec<f32>,
}

impl GridWeights {
    /// W = q·unit.
    #[must_use]
    pub fn weights(&self) -> Vec<f32> {
        let per_channel = self.integers.len() / self.units.len().max(1);
        self.integers.iter().enumerate().map(|(i, &q)| f32::from(q) * self.units[i / per_channel]).collect()
    }
}

/// What rounding to the grid does to the weights of a network.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rounding {
    /// Weights that are not 0.
    pub weights: usize,
    /// Of these, weights that are 0 on the grid.
    pub zeroed: usize,
    /// Largest error of a weight, as a share of its channel's threshold.
    pub error: f64,
}

/// The largest weight of so many bits.
pub(super) fn largest(bits: u32) -> f32 {
    ((1u32 << (bits - 1)) - 1) as f32
}

/// The largest even integer threshold for weights up to `largest`, as the compiler chooses it.
fn threshold(range: f64, largest: f64) -> f64 {
    (((range / largest).floor() / 2.0).floor() * 2.0).min(MOST)
}

/// Integers and unit of one channel with fused gain `gain`. `None` if a weight exceeds the range even at Θ = 2.
fn channel(range: f64, weights: &[f32], gain: f64) -> Option<(Vec<i8>, f32)> {
    let largest = weights.iter().fold(0.0f64, |m, w| m.max((gain * f64::from(*w)).abs()));
    if largest == 0.0 {
        return Some((vec![0; weights.len()], 0.0));
    }
    let mut theta = threshold(range, largest);
    loop {
        if theta < 2.0 {
            return None;
        }
        let q: Vec<i8> =
            weights.iter().map(|w| (theta * gain * f64::from(*w)).round().clamp(-range, range) as i8).collect();
        let top = q.iter().map(|q| f64::from(q.unsigned_abs())).fold(0.0, f64::max);
        // Rounding down may leave room for a larger threshold; taking it makes the grid its own fixed point.
        let again = threshold(range, top * HAIR / theta);
        if again <= theta {
            return Some((q, (HAIR / (theta * gain)) as f32));
        }
        theta = again;
    }
}

/// Integer weights up to `range` of `layer` whose input counts in steps of `step`. `None` if a channel's weights exceed half of that times
/// its threshold.
#[must_use]
pub fn grid(layer: &Layer, range: f64, step: f32) -> Option<GridWeights> {
    let mut grid = GridWeights { integers: Vec::with_capacity(layer.weight.len()), units: Vec::new() };
    let per_channel = layer.weight.len() / layer.channels;
    for (c, weights) in layer.weight.chunks_exact(per_channel).enumerate() {
        let (q, unit) = channel(range, weights, f64::from(layer.gain(c)) * f64::from(step))?;
        grid.integers.extend(q);
        grid.units.push(unit);
    }
    Some(grid)
}

impl Network {
    /// Width of the weights that it is deployed with: what it was trained for, or 8 bits.
    #[must_use]
    pub fn grid_bits(&self) -> u32 {
        if self.config.weight_bits > 0 { self.config.weight_bits } else { BITS }
    }

    /// Integer weights of every layer; `None` if a layer has none ([`grid`]).
    #[must_use]
    pub fn grids(&self) -> Option<Vec<GridWeights>> {
        let range = f64::from(largest(self.grid_bits()));
        self.layers.iter().enumerate().map(|(l, layer)| grid(layer, range, self.config.input_step(l))).collect()
    }

    /// What rounding to the grid does; `None` as of [`Self::grids`].
    #[must_use]
    pub fn rounding(&self) -> Option<Rounding> {
        let mut found = Rounding::default();
        for (l, (layer, grid)) in self.layers.iter().zip(self.grids()?).enumerate() {
            let step = f64::from(self.config.input_step(l));
            let per_channel = layer.weight.len() / layer.channels;
            for (i, (w, rounded)) in
                layer.weight.iter().zip(grid.weights()).enumerate().filter(|(_, (w, _))| **w != 0.0)
            {
                let gain = f64::from(layer.gain(i / per_channel)) * step;
                found.weights += 1;
                found.zeroed += usize::from(grid.integers[i] == 0);
                found.error = found.error.max((gain * (f64::from(*w) - f64::from(rounded))).abs());
            }
        }
        Some(found)
    }

    /// The network with every convolution weight on its grid.
    #[must_use]
    pub fn on_grid(&self) -> Option<Self> {
        let grids = self.grids()?;
        let mut network = self.clone();
        for (layer, grid) in network.layers.iter_mut().zip(grids) {
            layer.weight = grid.weights();
        }
        Some(network)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_is_its_own_fixed_point() {
        let mut seed = 1u32;
        let mut uniform = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(seed >> 8) / 16_777_216.0 - 0.5
        };
        for round in 0..500 {
            let size = 1 + round % 40;
            let scale = 10f64.powf(4.0 * uniform());
            let gain = scale * (0.1 + uniform().abs()) * if round % 3 == 0 { -1.0 } else { 1.0 };
            let weights: Vec<f32> = (0..size).map(|_| (uniform() / scale) as f32).collect();
            let Some((q, unit)) = channel(127.0, &weights, gain) else { continue };
            for (w, &q) in weights.iter().zip(&q) {
                let error = (f64::from(*w) - f64::from(q) * f64::from(unit)).abs();
                assert!(error <= 0.51 * f64::from(unit.abs()), "round {round}: error {error}, unit {unit}");
            }
            let rounded: Vec<f32> = q.iter().map(|&q| f32::from(q) * unit).collect();
            assert_eq!(channel(127.0, &rounded, gain).expect("still in range").0, q, "round {round}");
        }
    }

    #[test]
    fn silent_channels_and_too_large_weights() {
        assert_eq!(channel(127.0, &[0.0, 0.0], 3.0), Some((vec![0, 0], 0.0)));
        assert_eq!(channel(127.0, &[0.5], 0.0), Some((vec![0], 0.0)));
        assert_eq!(channel(127.0, &[64.0], 1.0), None);
        let (q, _) = channel(127.0, &[1e-5, 1e-20], 1.0).expect("tiny weights have a grid");
        assert_eq!(q, [10, 0]);
        assert_eq!(channel(127.0, &[63.5], 1.0).expect("Θ = 2").0, [127]);
    }
}
