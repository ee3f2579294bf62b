//! The loss of one sample from what its regions and channels come to, and the normalization's part of its gradient: the same for layers on
//! counts and on spikes in time.

use super::super::goodness::scores;
use super::{Block, StepResult, argmax};
use crate::kernels::{Affine, sample_sums};

/// Where the gradient of a sample's loss goes.
pub(super) struct Pulls<'a> {
    /// ∂loss/∂F·(2/HW), `[region][channel]`.
    pub(super) features: &'a mut [f32],
    /// ∂loss/∂A.
    pub(super) readout: &'a mut [f32],
}

/// ∂z of a sample through mean and variance: `slope·z + offset` per channel.
pub(super) struct Linear {
    pub(super) slope: Vec<f32>,
    pub(super) offset: Vec<f32>,
}

impl Block {
    /// `share` of the cross-entropy of a sample of a batch of `n` with features F, and whether its class has the largest logit. The gradient is
    /// added to `pulls`.
    pub(super) fn judge(&self, f: &[f32], label: u8, share: f32, n: usize, pulls: Option<Pulls<'_>>) -> StepResult {
        let (y, pixels) = (usize::from(label), self.conv.shape.out_pixels() as f32);
        let logits = scores(&self.readout.value, f, self.logit_gain);
        let top = logits.iter().copied().fold(f32::MIN, f32::max);
        let mass: f64 = logits.iter().map(|l| f64::from(l - top).exp()).sum();
        if let Some(Pulls { features, readout }) = pulls {
            for (j, l) in logits.iter().enumerate() {
                let p = f64::from(l - top).exp() / mass - if j == y { 1.0 } else { 0.0 };
                let e = share * self.logit_gain * (p / n as f64) as f32;
                let a = &self.readout.value[j * f.len()..][..f.len()];
                let g = &mut readout[j * f.len()..][..f.len()];
                for i in 0..f.len() {
                    features[i] += e * a[i] * 2.0 / pixels;
                    g[i] += e * f[i];
                }
            }
        }
        StepResult {
            loss: f64::from(share) * (mass.ln() - f64::from(logits[y] - top)) / n as f64,
            correct: usize::from(argmax(&logits) == y),
        }
    }

    /// λ·mean n² of a sample of a batch of `n` with features F.
    pub(super) fn penalty(&self, f: &[f32], n: usize) -> f64 {
        let energy: f32 = f.iter().sum();
        f64::from(self.spike_penalty * energy) / (self.channels * n) as f64
    }

    /// What [`Self::penalty`] adds to the pull of every feature.
    pub(super) fn penalty_pull(&self, n: usize) -> f32 {
        self.spike_penalty * 2.0 / (n * self.channels * self.conv.shape.out_pixels()) as f32
    }

    /// Gradients of channel weights and biases from Σ d and Σ d·zh of each channel, d = ∂loss/∂u.
    pub(super) fn channel_gradients(&mut self, total: &[f64]) {
        let (kappa, c) = (f64::from(self.kappa), self.conv.shape.out_c);
        self.grads.channel_bias = total[..c].iter().map(|s| (kappa * s) as f32).collect();
        self.grads.channel_weight = total[c..].iter().map(|s| (kappa * s) as f32).collect();
    }

    /// The gradient through the statistics of `count` values, from Σ d and Σ d·zh of each channel over them.
    pub(super) fn through_statistics(&self, affine: &Affine, sums: &[f64], count: f64) -> Linear {
        let c = self.conv.shape.out_c;
        let mut linear = Linear { slope: Vec::with_capacity(c), offset: Vec::with_capacity(c) };
        for i in 0..c {
            let kw = f64::from(self.kappa) * f64::from(self.channel_weight.value[i]);
            let (mean, mean_norm) = (kw * sums[i] / count, kw * sums[c + i] / count);
            let inv = f64::from(affine.norm_gain[i]);
            linear.slope.push((-inv * inv * mean_norm) as f32);
            linear.offset.push((-inv * (mean + f64::from(affine.norm_bias[i]) * mean_norm)) as f32);
        }
        linear
    }
}

/// Σ z and Σ z² of each of `c` channels of one sample, one after the other.
pub(in crate::ffgaf) fn channel_sums(z: &[f32], c: usize) -> Vec<f64> {
    let mut sums = vec![0.0; 2 * c];
    let (sum, square) = sums.split_at_mut(c);
    sample_sums(z, sum, square);
    sums
}

/// The sum of vectors of one length, added in their order.
pub(super) fn total<'a>(parts: impl Iterator<Item = &'a Vec<f64>>, len: usize) -> Vec<f64> {
    let mut total = vec![0.0; len];
    for part in parts {
        total.iter_mut().zip(part).for_each(|(sum, v)| *sum += v);
    }
    total
}
