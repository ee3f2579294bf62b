//! One layer of [`super::CwComp`]: conv → ReLU → 2×2 max-pool (some layers) → normalization → goodness.
//!
//! ```text
//! r = max(0, conv(x, W)),  p = pool(r),  y = γ(p − μ)/√(v + ε) + β     (μ, v over batch and pixels)
//! G_j = mean y² over class j's channels and all pixels;  loss = cross-entropy(softmax G)
//! ```
//! A grouped convolution is a dense one whose weights between different groups are held at 0.

#![allow(clippy::needless_range_loop, reason = "index loops over registers and lanes are what unrolls and vectorizes")]

use crate::ffgaf::EPSILON;
use crate::ffgaf::adam::{Param, Rates};
use crate::ffgaf::block::argmax;
use crate::ffgaf::random::Stream;
use crate::kernels::{Conv, ConvShape, Scratch, Source, sample_sums};
use rayon::prelude::*;

const SAMPLES: usize = 16;

pub(super) struct CwBlock {
    pub(super) conv: Conv,
    pub(super) channels: usize,
    classes: usize,
    pool: bool,
    pub(super) weight: Param,
    /// 0 where a grouped convolution has no connection.
    mask: Vec<f32>,
    pub(super) gamma: Param,
    pub(super) beta: Param,
    pub(super) mean: Vec<f64>,
    pub(super) variance: Vec<f64>,
    /// Updates so far.
    pub(super) steps: u64,
}

/// What a batch gave.
pub(super) struct CwStep {
    pub(super) loss: f64,
    pub(super) correct: usize,
    pub(super) output: Vec<f32>,
    pub(super) weight: Vec<f32>,
    pub(super) gamma: Vec<f32>,
    pub(super) beta: Vec<f32>,
}

/// Pooled activities of a batch, and where each maximum was.
struct Pooled {
    value: Vec<f32>,
    from: Vec<u32>,
    sum: Vec<f64>,
    square: Vec<f64>,
}

impl CwBlock {
    pub(super) fn new(
        hw: (usize, usize),
        in_c: usize,
        channels: usize,
        groups: usize,
        pool: bool,
        classes: usize,
        rng: &mut Stream,
    ) -> Self {
        let shape = ConvShape::new(hw, in_c, channels, 3, 1, 1);
        let (mut w, mut mask) = (vec![0.0; shape.weight_len()], vec![0.0; shape.weight_len()]);
        let std = (2.0 / (in_c / groups * 9) as f32).sqrt();
        for o in 0..channels {
            for i in (0..in_c).filter(|i| i * groups / in_c == o * groups / channels) {
                for t in 0..9 {
                    w[shape.weight_index(o, i, t)] = std * rng.normal();
                    mask[shape.weight_index(o, i, t)] = 1.0;
                }
            }
        }
        let c = shape.out_c;
        Self {
            conv: Conv::new(shape),
            channels,
            classes,
            pool,
            weight: Param::new(w, false),
            mask,
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
        if self.pool { (s.out_h() / 2, s.out_w() / 2) } else { (s.out_h(), s.out_w()) }
    }

    /// Values of one output sample.
    pub(super) fn out_len(&self) -> usize {
        let (h, w) = self.out_hw();
        h * w * self.conv.shape.out_c
    }

    fn pooled(&self, x: &[f32]) -> Pooled {
        let s = self.conv.shape;
        let (n, c, len) = (x.len() / s.in_len(), s.out_c, self.out_len());
        let (h, w) = self.out_hw();
        let step = if self.pool { 2 } else { 1 };
        let mut value = vec![0.0; n * len];
        let mut from = vec![0u32; n * len];
        let sums: Vec<Vec<f64>> = value
            .par_chunks_mut(len)
            .zip(from.par_chunks_mut(len))
            .zip(x.par_chunks(s.in_len()))
            .map_init(
                || (Scratch::default(), vec![0.0; s.out_len()]),
                |(scratch, z), ((value, from), x)| {
                    self.conv.forward(Source::Real(x), &self.weight.value, z, scratch);
                    for (i, (v, f)) in value.iter_mut().zip(from.iter_mut()).enumerate() {
                        let (y, xx, ch) = (i / c / w, i / c % w, i % c);
                        (*v, *f) = (f32::MIN, 0);
                        for (dy, dx) in (0..step).flat_map(|dy| (0..step).map(move |dx| (dy, dx))) {
                            let at = ((y * step + dy) * s.out_w() + xx * step + dx) * c + ch;
                            if z[at] > *v {
                                (*v, *f) = (z[at], at as u32);
                            }
                        }
                        *v = v.max(0.0);
                    }
                    let mut sums = vec![0.0; 2 * c];
                    let (sum, square) = sums.split_at_mut(c);
                    sample_sums(value, sum, square);
                    sums
                },
            )
            .collect();
        let mut total = vec![0.0; 2 * c];
        for s in &sums {
            for (t, s) in total.iter_mut().zip(s) {
                *t += s;
            }
        }
        debug_assert_eq!(len, h * w * c);
        let square = total.split_off(c);
        Pooled { value, from, sum: total, square }
    }

    /// γ/σ and β − μγ/σ of each channel.
    fn affine(&self, mean: &[f64], var: &[f64]) -> Vec<(f32, f32)> {
        (0..mean.len())
            .map(|i| {
                let g = f64::from(self.gamma.value[i]) / (var[i] + f64::from(EPSILON)).sqrt();
                (g as f32, (f64::from(self.beta.value[i]) - mean[i] * g) as f32)
            })
            .collect()
    }

    fn normalize(p: &mut [f32], affine: &[(f32, f32)]) {
        let c = affine.len();
        p.par_chunks_mut(1024 * c).for_each(|p| {
            for row in p.chunks_exact_mut(c) {
                for (v, (g, b)) in row.iter_mut().zip(affine) {
                    *v = *v * g + b;
                }
            }
        });
    }

    /// G of every sample.
    pub(super) fn goodness(&self, y: &[f32]) -> Vec<Vec<f32>> {
        let c = self.conv.shape.out_c;
        let per = self.channels / self.classes;
        let pixels = self.out_len() / c;
        y.par_chunks(self.out_len())
            .map(|y| {
                let mut g = vec![0.0f32; self.classes];
                for row in y.chunks_exact(c) {
                    for (j, g) in g.iter_mut().enumerate() {
                        *g += row[j * per..(j + 1) * per].iter().map(|v| v * v).sum::<f32>();
                    }
                }
                g.iter().map(|g| g / (per * pixels) as f32).collect()
            })
            .collect()
    }

    /// Inference with the stored statistics.
    pub(super) fn infer(&self, x: &[f32]) -> Vec<f32> {
        let mut p = self.pooled(x).value;
        Self::normalize(&mut p, &self.affine(&self.mean, &self.variance));
        p
    }

    /// Σ p, Σ p² and the number of values per channel: what statistics are estimated from.
    pub(super) fn sums(&self, x: &[f32]) -> (Vec<f64>, Vec<f64>, f64) {
        let p = self.pooled(x);
        let count = (p.value.len() / self.conv.shape.out_c) as f64;
        (p.sum, p.square, count)
    }

    /// Forward pass, loss and gradients of a batch.
    pub(super) fn step(&self, x: &[f32], labels: &[u8]) -> CwStep {
        let s = self.conv.shape;
        let (n, c, len) = (labels.len(), s.out_c, self.out_len());
        let Pooled { value: p, from, sum, square } = self.pooled(x);
        let count = (n * len / c) as f64;
        let mean: Vec<f64> = sum.iter().map(|v| v / count).collect();
        let var: Vec<f64> = square.iter().zip(&mean).map(|(q, m)| (q / count - m * m).max(0.0)).collect();
        let mut y = p.clone();
        Self::normalize(&mut y, &self.affine(&mean, &var));
        let (mut loss, mut correct) = (0.0, 0);
        let per = self.channels / self.classes;
        // ∂loss/∂y = pull·y.
        let mut pull = vec![0.0f32; n * c];
        for (m, g) in self.goodness(&y).iter().enumerate() {
            let label = usize::from(labels[m]);
            correct += usize::from(argmax(g) == label);
            let top = g.iter().copied().fold(f32::MIN, f32::max);
            let mass: f64 = g.iter().map(|g| f64::from(g - top).exp()).sum();
            loss += (mass.ln() - f64::from(g[label] - top)) / n as f64;
            for (j, g) in g.iter().enumerate() {
                let e = f64::from(g - top).exp() / mass - if j == label { 1.0 } else { 0.0 };
                let e = e / n as f64 * 2.0 / (per * len / c) as f64;
                pull[m * c + j * per..m * c + (j + 1) * per].fill(e as f32);
            }
        }
        let inv: Vec<f64> = var.iter().map(|v| 1.0 / (v + f64::from(EPSILON)).sqrt()).collect();
        let (mut beta, mut gamma) = (vec![0.0f64; c], vec![0.0f64; c]);
        for (m, (y, p)) in y.chunks_exact(len).zip(p.chunks_exact(len)).enumerate() {
            for (y, p) in y.chunks_exact(c).zip(p.chunks_exact(c)) {
                for i in 0..c {
                    let d = f64::from(pull[m * c + i] * y[i]);
                    beta[i] += d;
                    gamma[i] += d * (f64::from(p[i]) - mean[i]) * inv[i];
                }
            }
        }
        let blocks = n.div_ceil(SAMPLES);
        let mut weight = vec![0.0; blocks * s.weight_len()];
        weight.par_chunks_mut(s.weight_len()).enumerate().for_each(|(k, dw)| {
            let mut scratch = Scratch::default();
            let mut dz = vec![0.0; s.out_len()];
            for m in k * SAMPLES..((k + 1) * SAMPLES).min(n) {
                dz.fill(0.0);
                for i in 0..len {
                    let (at, ch) = (m * len + i, i % c);
                    if p[at] > 0.0 {
                        let g = f64::from(pull[m * c + ch] * y[at]);
                        let zh = (f64::from(p[at]) - mean[ch]) * inv[ch];
                        let d =
                            f64::from(self.gamma.value[ch]) * inv[ch] * (g - beta[ch] / count - zh * gamma[ch] / count);
                        dz[from[at] as usize] = d as f32;
                    }
                }
                let x = Source::Real(&x[m * s.in_len()..(m + 1) * s.in_len()]);
                self.conv.add_weight_gradient(&[x], &dz, dw, &mut scratch);
            }
            for (d, m) in dw.iter_mut().zip(&self.mask) {
                *d *= m;
            }
        });
        let narrow = |v: Vec<f64>| v.into_iter().map(|v| v as f32).collect();
        CwStep { loss, correct, output: y, weight, gamma: narrow(gamma), beta: narrow(beta) }
    }

    pub(super) fn update(&mut self, step: &CwStep, rate: f32) {
        self.steps += 1;
        let r = Rates { rate, beta1: 0.9, beta2: 0.999, ema: 0.0, step: self.steps };
        self.weight.update(&step.weight, r);
        self.gamma.update(&step.gamma, r);
        self.beta.update(&step.beta, r);
    }
}
