//! Training with the narrow weights that a chip will hold, so that nothing is lost when the network is deployed.
//!
//! ```text
//! k   = clip(nearest(w/s), ±Q),  Q = 2^(bits−1) − 1        s per output channel: least Σ(w − s·k)² among a few
//! g'  = ±1/(Θ·s·step),  Θ = the even number nearest to 1/(|g|·s·step), at least 2      step: real value of an input unit
//! h'  = (nearest((½ + h)·Θ) + 1/128)/Θ − ½
//! ```
//!
//! The forward pass and the activity that goodness is made of use s·k, g' and h'; gradients pass through the rounding to w, w_c and b_c
//! inside this layer only. A finished network holds the integers k with statistics, gain and offset to match: its weights, threshold
//! are multiples of one unit within the precision of `f32`, which the compiler finds, and its initial potential is one and a
//! 128th: no sum of integers then meets the threshold so closely that rounding errors of `f32` decide.

use super::block::EPSILON;
use super::grid::{HAIR, largest};
use super::network::Layer;
use crate::kernels::{Affine, ConvShape};

/// Shares of the largest weight that are tried for Q·s.
const TRIED: usize = 12;
/// The largest threshold in units.
const MOST_UNITS: f64 = 65_536.0;

/// Weights of a layer in few bits, in the kernels' layout.
#[derive(Debug, Default)]
pub(super) struct Narrow {
    /// Largest integer, Q; 0: weights stay real.
    largest: f32,
    /// Real value of an input unit.
    step: f32,
    /// s·k.
    pub(super) weights: Vec<f32>,
    /// s of each output channel.
    units: Vec<f32>,
}

/// Rounds weights to k ∈ ±Q and returns s, 0 if all are 0.
fn round(weights: &[f32], largest: f32, k: &mut Vec<f32>) -> f32 {
    let top = weights.iter().fold(0.0f32, |m, w| m.max(w.abs()));
    let rounded = |w: f32, unit: f32| (w / unit).round().clamp(-largest, largest);
    let error = |unit: f32| -> f64 { weights.iter().map(|&w| f64::from(w - unit * rounded(w, unit)).powi(2)).sum() };
    let tried = (1..=TRIED).rev().map(|i| top * i as f32 / TRIED as f32 / largest).filter(|unit| *unit > 0.0);
    let best = tried.map(|unit| (unit, error(unit))).reduce(|a, b| if b.1 < a.1 { b } else { a });
    k.clear();
    match best {
        Some((unit, _)) => k.extend(weights.iter().map(|&w| rounded(w, unit))),
        None => k.resize(weights.len(), 0.0),
    }
    best.map_or(0.0, |(unit, _)| unit)
}

/// Units of the threshold for a gain on sums in units of `unit`.
fn threshold(gain: f64, unit: f64) -> f64 {
    (2.0 * (0.5 / (gain.abs() * unit)).round()).clamp(2.0, MOST_UNITS)
}

/// The offset a hair above whole units of the threshold.
fn offset(h: f64, threshold: f64) -> f64 {
    (((0.5 + h) * threshold).round() + 1.0 / 128.0) / threshold - 0.5
}

/// Gain and offset that integers have in place of `gain` and `bias` of a sum whose mean is `mean`; `unit`: real value of one. `None` where
/// nothing arrives.
fn snapped(gain: f64, bias: f64, mean: f64, unit: f64) -> Option<(f64, f64)> {
    if gain == 0.0 || unit == 0.0 {
        return None;
    }
    let threshold = threshold(gain, unit);
    let snapped = gain.signum() / (threshold * unit);
    // The normalized sum keeps its offset: what the gain changes, it changes about the mean.
    Some((snapped, offset(bias + mean * (gain - snapped), threshold)))
}

impl Narrow {
    /// Weights of `bits`, 0 for real ones, behind inputs of which a unit is worth `step`.
    pub(super) fn new(bits: u32, step: f32) -> Self {
        Self { largest: if bits == 0 { 0.0 } else { largest(bits) }, step, ..Self::default() }
    }

    /// The same rounding, with no weights yet.
    pub(super) fn like(&self) -> Self {
        Self { largest: self.largest, step: self.step, ..Self::default() }
    }

    /// Whether weights are rounded.
    pub(super) fn is_on(&self) -> bool {
        self.largest > 0.0
    }

    /// Rounds packed weights.
    pub(super) fn follow(&mut self, shape: &ConvShape, [channels, in_c]: [usize; 2], packed: &[f32]) {
        self.weights.clear();
        self.weights.resize(packed.len(), 0.0);
        self.units.clear();
        let (mut own, mut k) = (Vec::new(), Vec::new());
        for o in 0..channels {
            let places = || (0..in_c).flat_map(move |i| (0..shape.taps()).map(move |t| shape.weight_index(o, i, t)));
            own.clear();
            own.extend(places().map(|at| packed[at]));
            let unit = round(&own, self.largest, &mut k);
            places().zip(&k).for_each(|(at, k)| self.weights[at] = unit * k);
            self.units.push(unit);
        }
    }

    /// Turns gains and offsets into those that integers have.
    pub(super) fn snap(&self, affine: &mut Affine) {
        for (c, &unit) in self.units.iter().enumerate() {
            let (gain, bias) = (f64::from(affine.gain[c]), f64::from(affine.bias[c]));
            let mean = -f64::from(affine.norm_bias[c]) / f64::from(affine.norm_gain[c]);
            if let Some((gain, bias)) = snapped(gain, bias, mean, f64::from(unit * self.step)) {
                (affine.gain[c], affine.bias[c]) = (gain as f32, bias as f32);
            }
        }
    }
}

impl Layer {
    /// The layer with integer weights of `bits` and the gains and offsets that integers have, once its statistics are known.
    pub(super) fn settle(&mut self, bits: u32, step: f32) {
        let per_channel = self.weight.len() / self.channels;
        let mut k = Vec::new();
        for c in 0..self.channels {
            let (gain, bias) = (f64::from(self.gain(c)), f64::from(self.bias(c)));
            let own = &mut self.weight[c * per_channel..(c + 1) * per_channel];
            let unit = round(own, largest(bits), &mut k);
            // A hair short, as the weights of every grid ([`super::grid`]).
            own.iter_mut().zip(&k).for_each(|(own, k)| *own = k * HAIR as f32);
            let (unit, mean) = (f64::from(unit), f64::from(self.mean[c]));
            let Some((snapped, h)) = snapped(gain, bias, mean, unit * f64::from(step)) else { continue };
            // Statistics of the sums of integers; the channel's own gain and offset are what is left.
            self.mean[c] = (mean / unit) as f32;
            self.variance[c] = (f64::from(self.variance[c]) / (unit * unit)) as f32;
            let deviation = (f64::from(self.variance[c]) + f64::from(EPSILON)).sqrt();
            let kappa = f64::from(self.kappa);
            self.channel_weight[c] = (snapped * unit * deviation / kappa) as f32;
            self.channel_bias[c] = ((h + f64::from(self.mean[c]) * snapped * unit) / kappa) as f32;
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these numbers are exact")]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_its_own_fixed_point() {
        let weights: Vec<f32> = (0..90).map(|i| ((i * 37 % 101) as f32 - 50.0) / 61.0).collect();
        for bits in 2..=8 {
            let (mut k, mut again) = (Vec::new(), Vec::new());
            let unit = round(&weights, largest(bits), &mut k);
            assert!(k.iter().any(|k| k.abs() == largest(bits)), "{bits} bits are used");
            let rounded: Vec<f32> = k.iter().map(|k| unit * k).collect();
            let same = round(&rounded, largest(bits), &mut again);
            assert!(again == k && (same - unit).abs() <= 1e-6 * unit, "{bits} bits");
        }
        let mut k = vec![7.0];
        assert!(round(&[0.0, 0.0], 1.0, &mut k) == 0.0 && k == [0.0, 0.0]);
    }

    #[test]
    fn thresholds_are_even_and_offsets_whole_units() {
        assert_eq!(threshold(0.1, 1.0), 10.0);
        assert_eq!(threshold(-0.1, 2.0), 6.0);
        assert_eq!(threshold(100.0, 1.0), 2.0);
        assert_eq!(threshold(1e-30, 1.0), MOST_UNITS);
        assert!((offset(0.0, 10.0) - 1.0 / 1280.0).abs() < 1e-12);
        assert!((offset(0.13, 10.0) - 0.1 - 1.0 / 1280.0).abs() < 1e-12);
    }
}
