//! One layer of [`super::CwComp`]: conv → ReLU → 2×2 max-pool (some layers) → normalization → goodness.
//!
//! ```text
//! p = pool(max(0, conv(x, W) + b)),  y = γ(p − μ)/√(v + ε) + β     (μ, v over batch and pixels)
//! G_j = mean y² over class j's channels and all pixels;  loss = cross-entropy(softmax αG)
//! ```
//!
//! y is affine in p, so goodness and the gradients of γ and β follow from Σp and Σp² of each sample and channel, and
//! ∂loss/∂p = slope·p + offset with two numbers per sample and channel: with q = ∂loss/∂y ÷ y, a constant of the sample and channel,
//!
//! ```text
//! ∂loss/∂p = γ/σ·(q·y − mean(q·y) − zh·mean(q·y·zh)),  zh = (p − μ)/σ
//! ```
//!
//! Only the convolution, the rectifier and this line visit the pixels.

use crate::ffgaf::EPSILON;
use crate::ffgaf::adam::{Param, Rates};
use crate::ffgaf::block::argmax;
use crate::ffgaf::random::Stream;
use crate::kernels::{
    GroupedConv, GroupedScratch, rectify, rectify_gradient, rectify_pool, rectify_pool_gradient, sample_sums, scale,
};
use rayon::prelude::*;

/// Samples whose weight gradients are summed before the blocks are added in order.
const SAMPLES: usize = 16;

/// What a layer is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct CwShape {
    pub(super) hw: (usize, usize),
    pub(super) inputs: usize,
    pub(super) channels: usize,
    pub(super) groups: usize,
    pub(super) pool: bool,
    pub(super) classes: usize,
}

pub(super) struct CwBlock {
    pub(super) conv: GroupedConv,
    shape: CwShape,
    /// α, gain of the logits.
    alpha: f32,
    pub(super) weight: Param,
    pub(super) bias: Param,
    pub(super) gamma: Param,
    pub(super) beta: Param,
    pub(super) mean: Vec<f64>,
    pub(super) variance: Vec<f64>,
    /// Updates so far.
    pub(super) steps: u64,
}

/// Gradients of a batch: weight in parts of [`SAMPLES`] samples, and bias, γ, β.
pub(super) struct CwGradients {
    pub(super) weight: Vec<f32>,
    pub(super) bias: Vec<f32>,
    pub(super) gamma: Vec<f32>,
    pub(super) beta: Vec<f32>,
}

/// What a batch gave.
pub(super) struct CwStep {
    pub(super) loss: f64,
    pub(super) correct: usize,
    pub(super) output: Vec<f32>,
    /// `None` if the layer does not learn.
    pub(super) gradients: Option<CwGradients>,
}

/// p of a batch, where each maximum was (empty without pooling), and Σp, Σp² of each sample, `[sample][2][channel]`.
struct Pooled {
    value: Vec<f32>,
    from: Vec<u32>,
    sums: Vec<f64>,
}

/// Normalization with given statistics: y = gain·p + bias, zh = (p − μ)·inv.
struct Normal {
    mean: Vec<f64>,
    inv: Vec<f64>,
    gain: Vec<f64>,
    bias: Vec<f64>,
}

impl CwBlock {
    pub(super) fn new(shape: CwShape, alpha: f32, rng: &mut Stream) -> Self {
        let conv = GroupedConv::new(shape.hw, shape.inputs, shape.channels, 3, shape.groups);
        let mut w = vec![0.0; conv.weight_len()];
        let std = (2.0 / (conv.fan_in() * 9) as f32).sqrt();
        for o in 0..shape.channels {
            for (i, t) in (0..conv.fan_in()).flat_map(|i| (0..9).map(move |t| (i, t))) {
                w[conv.weight_index(o, i, t)] = std * rng.normal();
            }
        }
        let c = conv.shape.out_c;
        Self {
            conv,
            shape,
            alpha,
            weight: Param::new(w, false),
            bias: Param::new(vec![0.0; c], false),
            gamma: Param::new(vec![1.0; c], false),
            beta: Param::new(vec![0.0; c], false),
            mean: vec![0.0; c],
            variance: vec![1.0; c],
            steps: 0,
        }
    }

    /// Output height and width.
    pub(super) fn out_hw(&self) -> (usize, usize) {
        let s = &self.conv.shape;
        if self.shape.pool { (s.out_h() / 2, s.out_w() / 2) } else { (s.out_h(), s.out_w()) }
    }

    /// Values of one output sample.
    pub(super) fn out_len(&self) -> usize {
        let (h, w) = self.out_hw();
        h * w * self.conv.shape.out_c
    }

    /// Samples in a batch `x`.
    fn samples(&self, x: &[f32]) -> usize {
        x.len() / self.conv.shape.in_len()
    }

    fn pooled(&self, x: &[f32]) -> Pooled {
        let s = self.conv.shape;
        let (n, c, len) = (self.samples(x), s.out_c, self.out_len());
        let mut value = vec![0.0; n * len];
        let places = if self.shape.pool { len } else { 0 };
        let mut from = vec![0u32; n * places];
        let mut sums = vec![0.0f64; n * 2 * c];
        let mut from_parts: Vec<&mut [u32]> =
            if places > 0 { from.chunks_exact_mut(places).collect() } else { (0..n).map(|_| &mut [][..]).collect() };
        value
            .par_chunks_exact_mut(len)
            .zip(from_parts.par_iter_mut())
            .zip(sums.par_chunks_exact_mut(2 * c))
            .zip(x.par_chunks_exact(s.in_len()))
            .for_each_init(
                || (GroupedScratch::default(), vec![0.0; if self.shape.pool { s.out_len() } else { 0 }]),
                |(scratch, z), (((value, from), sums), x)| {
                    if self.shape.pool {
                        self.conv.forward(x, &self.weight.value, z, scratch);
                        rectify_pool(z, &self.bias.value, s.out_w(), value, from);
                    } else {
                        self.conv.forward(x, &self.weight.value, value, scratch);
                        rectify(value, &self.bias.value);
                    }
                    let (sum, square) = sums.split_at_mut(c);
                    sample_sums(value, sum, square);
                },
            );
        drop(from_parts);
        Pooled { value, from, sums }
    }

    fn normal(&self, mean: &[f64], variance: &[f64]) -> Normal {
        let inv: Vec<f64> = variance.iter().map(|v| 1.0 / (v + f64::from(EPSILON)).sqrt()).collect();
        let gain: Vec<f64> = self.gamma.value.iter().zip(&inv).map(|(g, i)| f64::from(*g) * i).collect();
        let bias = gain.iter().zip(mean).zip(&self.beta.value).map(|((g, m), b)| f64::from(*b) - m * g).collect();
        Normal { mean: mean.to_vec(), inv, gain, bias }
    }

    fn normalize(p: &mut [f32], normal: &Normal) {
        let narrow = |v: &[f64]| v.iter().map(|v| *v as f32).collect::<Vec<f32>>();
        let (gain, bias) = (narrow(&normal.gain), narrow(&normal.bias));
        p.par_chunks_mut(1024 * gain.len()).for_each(|p| scale(p, &gain, &bias));
    }

    /// Channels of one class.
    fn per_class(&self) -> usize {
        self.shape.channels / self.shape.classes
    }

    /// G of every sample, `[sample][class]`.
    fn goodness(&self, sums: &[f64], normal: &Normal) -> Vec<f32> {
        let (c, per) = (self.conv.shape.out_c, self.per_class());
        let pixels = (self.out_len() / c) as f64;
        let of_class = |(sum, square): (&[f64], &[f64]), j: usize| {
            let all = (j * per..(j + 1) * per).map(|i| {
                let (g, b) = (normal.gain[i], normal.bias[i]);
                g * g * square[i] + 2.0 * g * b * sum[i] + b * b * pixels
            });
            (all.sum::<f64>() / (per as f64 * pixels)) as f32
        };
        sums.chunks_exact(2 * c)
            .flat_map(|sums| (0..self.shape.classes).map(move |j| of_class(sums.split_at(c), j)))
            .collect()
    }

    /// Outputs and goodness `[sample][class]` with the stored statistics.
    pub(super) fn infer(&self, x: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let normal = self.normal(&self.mean, &self.variance);
        let Pooled { mut value, sums, .. } = self.pooled(x);
        Self::normalize(&mut value, &normal);
        let goodness = self.goodness(&sums, &normal);
        (value, goodness)
    }

    /// Σ p, Σ p² and the number of values per channel: what statistics are estimated from.
    pub(super) fn sums(&self, x: &[f32]) -> (Vec<f64>, Vec<f64>, f64) {
        let p = self.pooled(x);
        let c = self.conv.shape.out_c;
        let mut total = vec![0.0; 2 * c];
        for sums in p.sums.chunks_exact(2 * c) {
            for (t, s) in total.iter_mut().zip(sums) {
                *t += s;
            }
        }
        let square = total.split_off(c);
        (total, square, (p.value.len() / c) as f64)
    }

    /// Forward pass and loss of a batch; gradients, with the batch's own statistics, if the layer is `learning`.
    pub(super) fn step(&self, x: &[f32], labels: &[u8], learning: bool) -> CwStep {
        let c = self.conv.shape.out_c;
        let mut pooled = self.pooled(x);
        let normal = if learning {
            let count = (pooled.value.len() / c) as f64;
            let total =
                |part: usize, i: usize| pooled.sums.iter().skip(part * c + i).step_by(2 * c).sum::<f64>() / count;
            let mean: Vec<f64> = (0..c).map(|i| total(0, i)).collect();
            let variance: Vec<f64> = mean.iter().enumerate().map(|(i, m)| (total(1, i) - m * m).max(0.0)).collect();
            self.normal(&mean, &variance)
        } else {
            self.normal(&self.mean, &self.variance)
        };
        let (loss, correct, pull) = self.compete(&self.goodness(&pooled.sums, &normal), labels);
        let gradients = learning.then(|| self.gradients(x, &pooled, &normal, &pull));
        Self::normalize(&mut pooled.value, &normal);
        CwStep { loss, correct, output: pooled.value, gradients }
    }

    /// Mean loss, correct decisions, and ∂loss/∂y ÷ y of every sample and class.
    fn compete(&self, goodness: &[f32], labels: &[u8]) -> (f64, usize, Vec<f64>) {
        let n = labels.len() as f64;
        let values = (self.per_class() * self.out_len() / self.conv.shape.out_c) as f64;
        let alpha = f64::from(self.alpha);
        let (mut loss, mut correct, mut pull) = (0.0, 0, Vec::with_capacity(goodness.len()));
        for (g, &label) in goodness.chunks_exact(self.shape.classes).zip(labels) {
            let label = usize::from(label);
            correct += usize::from(argmax(g) == label);
            let top = g.iter().copied().fold(f32::MIN, f32::max);
            let part = |g: f32| (alpha * f64::from(g - top)).exp();
            let mass: f64 = g.iter().map(|g| part(*g)).sum();
            loss += (mass.ln() - alpha * f64::from(g[label] - top)) / n;
            pull.extend(g.iter().enumerate().map(|(j, g)| {
                let error = part(*g) / mass - if j == label { 1.0 } else { 0.0 };
                alpha * error / n * 2.0 / values
            }));
        }
        (loss, correct, pull)
    }

    fn gradients(&self, x: &[f32], pooled: &Pooled, normal: &Normal, pull: &[f64]) -> CwGradients {
        let s = self.conv.shape;
        let (c, len, classes, per) = (s.out_c, self.out_len(), self.shape.classes, self.per_class());
        let pixels = (len / c) as f64;
        let count = (pooled.value.len() / c) as f64;
        let (mut beta, mut gamma) = (vec![0.0f64; c], vec![0.0f64; c]);
        for (sums, pull) in pooled.sums.chunks_exact(2 * c).zip(pull.chunks_exact(classes)) {
            for i in 0..self.shape.channels {
                // Σ y and Σ y·zh over the pixels of the sample.
                let (p, pp, q) = (sums[i], sums[c + i], pull[i / per]);
                let (g, b, m) = (normal.gain[i], normal.bias[i], normal.mean[i]);
                beta[i] += q * (g * p + b * pixels);
                gamma[i] += q * normal.inv[i] * (g * pp + (b - g * m) * p - b * m * pixels);
            }
        }
        let blocks = pooled.value.len().div_ceil(SAMPLES * len);
        let size = self.conv.weight_len();
        let mut weight = vec![0.0; blocks * size];
        let mut bias = vec![0.0; blocks * c];
        weight.par_chunks_exact_mut(size).zip(bias.par_chunks_exact_mut(c)).enumerate().for_each(|(k, (dw, db))| {
            let mut scratch = GroupedScratch::default();
            let mut dz = vec![0.0; s.out_len()];
            let (mut slope, mut offset) = (vec![0.0f32; c], vec![0.0f32; c]);
            let samples = pooled.value.chunks_exact(len).zip(x.chunks_exact(s.in_len())).enumerate();
            for (m, (p, x)) in samples.skip(k * SAMPLES).take(SAMPLES) {
                for i in 0..self.shape.channels {
                    let (g, inv, q) = (normal.gain[i], normal.inv[i], pull[m * classes + i / per]);
                    let spread = inv * gamma[i] / count;
                    slope[i] = (g * (q * g - spread)) as f32;
                    offset[i] = (g * (q * normal.bias[i] - beta[i] / count + spread * normal.mean[i])) as f32;
                }
                if self.shape.pool {
                    let from = &pooled.from[m * len..(m + 1) * len];
                    rectify_pool_gradient(p, from, s.out_w(), &slope, &offset, &mut dz, db);
                } else {
                    rectify_gradient(p, &slope, &offset, &mut dz, db);
                }
                self.conv.add_weight_gradient(x, &dz, dw, &mut scratch);
            }
        });
        let narrow = |v: Vec<f64>| v.into_iter().map(|v| v as f32).collect();
        CwGradients { weight, bias, gamma: narrow(gamma), beta: narrow(beta) }
    }

    pub(super) fn update(&mut self, gradients: &CwGradients, rate: f32) {
        self.steps += 1;
        let r = Rates { rate, beta1: 0.9, beta2: 0.999, ema: 0.0, step: self.steps };
        self.weight.update(&gradients.weight, r);
        self.bias.update(&gradients.bias, r);
        self.gamma.update(&gradients.gamma, r);
        self.beta.update(&gradients.beta, r);
    }
}
