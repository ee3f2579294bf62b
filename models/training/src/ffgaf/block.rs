//! One layer in training: forward pass, local loss, gradients, update.
//!
//! ```text
//! z    = conv(n_in, W)                       n_in: spike counts of the layer below (or the encoded image)
//! zh   = (z − μ_c)/√(v_c + ε)                μ, v over (batch, pixels), or over the pixels of each sample
//! u    = κ(w_c·zh + b_c),  n = clip(⌊u + ½⌋, 0, L)
//! F_rc = mean over region r of n², / number of regions
//! logit_j = α(2/κ²)·(1/S̄)·Σ_rc A_jrc·F_rc,  S̄ = channels/classes;  A_jrc = S̄/S_j inside class j's group, 0 outside (eq. 5)
//! loss = −log softmax(logits)_y + λ·mean n² over the neurons, mean over the batch; λ: `spike_penalty`
//! ```
//!
//! Gradients: e = (softmax − onehot)/N; ∂/∂F = α(2/κ²)/S̄·Aᵀe + λ/(N·channels); d = ∂/∂F·(2/HW)·n·[u < L] (straight through the floor, inside this
//! layer only); ∂w_c = κΣd·zh, ∂b_c = κΣd; g = κw_c·d; ∂z = (g − mean g − zh·mean(g·zh))/√(v + ε); ∂W = correlate(n_in, ∂z).
//!
//! Work is split into blocks of 16 samples whose partial gradients are added in order: no result depends on the thread count.

use super::adam::{Param, Rates};
use super::config::{Activation, Arithmetic, Config, Norm, Readout};
use super::goodness::{group_readout, regions};
use super::narrow::Narrow;
use super::random::{Purpose, Stream};
use crate::kernels::{Affine, Conv, ConvShape, FixedWeights, Moments, Scratch, Source, SumPool, activate};
use loss::{Pulls, total};
use rayon::prelude::*;
use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard};

mod backward;
mod loss;
mod stepped;

pub(super) use loss::channel_sums;
pub use stepped::LossSteps;
pub(super) use stepped::{add, fire};

/// Added to the variance.
pub const EPSILON: f32 = 1e-5;
/// Samples of one work block.
const SAMPLES: usize = 16;

/// A batch of samples, one after another, in the kernels' layout.
#[derive(Clone, Copy)]
pub(crate) enum Batch<'a> {
    Real(&'a [f32]),
    Counts(&'a [u8]),
}

impl<'a> Batch<'a> {
    pub(crate) fn sample(self, n: usize, len: usize) -> Source<'a> {
        match self {
            Self::Real(x) => Source::Real(&x[n * len..(n + 1) * len]),
            Self::Counts(x) => Source::Counts(&x[n * len..(n + 1) * len]),
        }
    }
}

/// Loss and hits of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct StepResult {
    /// Mean cross-entropy, nats.
    pub(crate) loss: f64,
    /// Samples whose largest logit is the label's.
    pub(crate) correct: usize,
}

/// Gradients of one step; `weight` holds one part per work block.
#[derive(Default)]
pub(crate) struct Gradients {
    pub(crate) weight: Vec<f32>,
    pub(crate) channel_weight: Vec<f32>,
    pub(crate) channel_bias: Vec<f32>,
    pub(crate) readout: Vec<f32>,
}

/// Buffers of one work block.
#[derive(Default)]
struct Worker {
    scratch: Scratch,
    dz: Vec<f32>,
    scale: Vec<f32>,
}

/// Parameters, fixed tables and buffers of one layer.
#[allow(clippy::struct_excessive_bools, reason = "each is one published switch")]
pub(crate) struct Block {
    pub(crate) conv: Conv,
    /// Sums spikes on their way into the convolution.
    pub(crate) pool: SumPool,
    /// Most spikes that one input of the convolution holds.
    largest: u8,
    pub(crate) channels: usize,
    pub(crate) groups: Vec<usize>,
    pub(crate) grid: usize,
    pub(crate) weight: Param,
    pub(crate) channel_weight: Param,
    pub(crate) channel_bias: Param,
    /// `[class][region][channel]`.
    pub(crate) readout: Param,
    pub(crate) updates: u64,
    pub(crate) region: Vec<u8>,
    kappa: f32,
    levels: u8,
    spike_penalty: f32,
    loss_steps: LossSteps,
    strict: bool,
    per_sample: bool,
    train_channel: bool,
    train_readout: bool,
    pub(crate) logit_gain: f32,
    fixed: bool,
    fixed_weights: FixedWeights,
    /// The weights of the forward pass, where they have few bits.
    narrow: Narrow,
    z: Vec<f32>,
    /// Buffers of each work block, kept between batches. A block is one task, so no lock is ever contended.
    workers: Vec<Mutex<Worker>>,
    pub(crate) grads: Gradients,
}

/// Index of the largest value, the first of equals.
pub(crate) fn argmax(v: &[f32]) -> usize {
    v.iter().enumerate().fold(0, |best, (i, x)| if *x > v[best] { i } else { best })
}

impl Block {
    /// Layer `l` of `config` on the map of shape `input` that the layer below emits; class groups are `groups`.
    pub(crate) fn new(
        config: &Config,
        l: usize,
        input: [usize; 3],
        groups: Vec<usize>,
    ) -> Result<Self, super::ConfigError> {
        let channels = config.channels[l];
        let pool = SumPool::new(input, config.pool.at(l));
        let [in_c, h, w] = pool.output();
        let (kernel, pad) = (config.kernel.at(l), config.padding.at(l));
        if h.min(w) + 2 * pad < kernel {
            return Err(super::ConfigError::Value(format!(
                "layer {}: a {kernel} × {kernel} kernel does not fit on a map of {h} × {w} with padding = {pad}; change \
                 kernel, padding, strides or pool",
                l + 1
            )));
        }
        let shape = ConvShape::new((h, w), in_c, channels, kernel, config.strides[l], pad);
        let mut rng = Stream::new(config.seed, Purpose::Init, 0, l as u64);
        let std = (2.0 / (in_c * shape.taps()) as f32).sqrt();
        let mut w = vec![0.0; shape.weight_len()];
        for o in 0..channels {
            for i in 0..in_c {
                for t in 0..shape.taps() {
                    w[shape.weight_index(o, i, t)] = std * rng.normal();
                }
            }
        }
        let averaged = config.ema > 0.0;
        let mut ones = vec![0.0; shape.out_c];
        ones[..channels].fill(1.0);
        let grid = if config.readout == Readout::Learned { config.readout_grid } else { 1 };
        let kappa = config.kappa;
        let conv = Conv::new(shape);
        if grid > shape.out_h().min(shape.out_w()) {
            return Err(super::ConfigError::Value(format!(
                "readout_grid is {grid}, but layer {} emits {} × {} pixels; make it smaller",
                l + 1,
                shape.out_h(),
                shape.out_w()
            )));
        }
        Ok(Self {
            pool,
            largest: config.levels * (config.pool.at(l) * config.pool.at(l)) as u8,
            spike_penalty: config.spike_penalty,
            loss_steps: config.loss_steps,
            fixed: config.arithmetic == Arithmetic::Fixed && conv.has_fixed(),
            fixed_weights: FixedWeights::default(),
            narrow: Narrow::new(config.weight_bits, config.input_step(l)),
            conv,
            channels,
            grid,
            weight: Param::new(w, averaged),
            channel_weight: Param::new(ones, averaged),
            channel_bias: Param::new(vec![0.0; shape.out_c], averaged),
            readout: Param::new(group_readout(&groups, grid * grid, shape.out_c), averaged),
            updates: 0,
            region: regions(shape.out_h(), shape.out_w(), grid),
            kappa,
            levels: config.levels,
            strict: config.activation == Activation::Relu,
            per_sample: config.norm == Norm::Sample,
            train_channel: config.channel_weights,
            train_readout: config.readout == Readout::Learned,
            logit_gain: config.alpha_of(l) * 2.0 / (kappa * kappa) * groups.len() as f32 / channels as f32,
            z: Vec::new(),
            workers: Vec::new(),
            grads: Gradients::default(),
            groups,
        })
    }

    /// Gives the channels to classes as `groups` says; the read-out starts at the group means.
    pub(crate) fn regroup(&mut self, groups: Vec<usize>, averaged: bool) {
        self.readout = Param::new(group_readout(&groups, self.grid * self.grid, self.conv.shape.out_c), averaged);
        self.groups = groups;
    }

    /// Affine maps of z from a mean and a variance per channel.
    fn affine(&self, mean: &[f64], var: &[f64]) -> Affine {
        let mut a = Affine::default();
        for c in 0..self.conv.shape.out_c {
            let inv = 1.0 / (var[c] + f64::from(EPSILON)).sqrt();
            let gain = f64::from(self.kappa) * f64::from(self.channel_weight.value[c]) * inv;
            a.norm_gain.push(inv as f32);
            a.norm_bias.push((-mean[c] * inv) as f32);
            a.gain.push(gain as f32);
            a.bias.push((f64::from(self.kappa) * f64::from(self.channel_bias.value[c]) - mean[c] * gain) as f32);
        }
        if self.narrow.is_on() {
            self.narrow.snap(&mut a);
        }
        a
    }

    /// Forward pass and local gradients of one batch; emitted counts go to `counts`, gradients to `self.grads`
    /// (untouched without `learn`).
    pub(crate) fn forward_backward(
        &mut self,
        input: Batch<'_>,
        labels: &[u8],
        counts: &mut Vec<u8>,
        learn: bool,
    ) -> StepResult {
        let n = labels.len();
        let s = self.conv.shape;
        let (c, pixels, out_len, in_len) = (s.out_c, s.out_pixels(), s.out_len(), s.in_len());
        let regions = self.grid * self.grid;
        let mut z = std::mem::take(&mut self.z);
        z.resize(n * out_len, 0.0);
        counts.resize(n * out_len, 0);

        if self.narrow.is_on() {
            self.narrow.follow(&s, [self.channels, self.pool.output()[0]], &self.weight.value);
        }
        let weights = if self.narrow.is_on() { &self.narrow.weights } else { &self.weight.value };
        if self.fixed && matches!(input, Batch::Counts(_)) {
            self.conv.quantize_weights(weights, self.largest, &mut self.fixed_weights);
        }
        self.workers.resize_with(n.div_ceil(SAMPLES).max(self.workers.len()), Mutex::default);
        let sums: Vec<Vec<f64>> = z
            .par_chunks_mut(SAMPLES * out_len)
            .enumerate()
            .flat_map_iter(|(k, z)| {
                let mut worker = self.worker(k);
                let scratch = &mut worker.scratch;
                let mut out = Vec::new();
                for (m, z) in z.chunks_exact_mut(out_len).enumerate() {
                    match input.sample(k * SAMPLES + m, in_len) {
                        Source::Counts(x) if self.fixed => self.conv.forward_counts(x, &self.fixed_weights, z, scratch),
                        x => self.conv.forward(x, weights, z, scratch),
                    }
                    out.push(channel_sums(z, c));
                }
                out
            })
            .collect();
        let affines = self.affines(&sums, pixels);
        let affine_of = |m: usize| &affines[if self.per_sample { m } else { 0 }];

        let moments: Vec<Moments> = z
            .par_chunks(SAMPLES * out_len)
            .zip(counts.par_chunks_mut(SAMPLES * out_len))
            .enumerate()
            .flat_map_iter(|(k, (z, counts))| {
                let mut out = Vec::new();
                for (m, (z, counts)) in z.chunks_exact(out_len).zip(counts.chunks_exact_mut(out_len)).enumerate() {
                    let mut mo = Moments::default();
                    mo.reset(regions * c);
                    activate(z, affine_of(k * SAMPLES + m), self.levels, self.strict, &self.region, counts, &mut mo);
                    out.push(mo);
                }
                out
            })
            .collect();

        let mut result = StepResult::default();
        let mut readout = vec![0.0f32; self.readout.value.len()];
        // ∂loss/∂F·(2/HW) of each sample.
        let mut pull = vec![self.penalty_pull(n); n * regions * c];
        for ((mo, &label), features) in moments.iter().zip(labels).zip(pull.chunks_exact_mut(regions * c)) {
            let f: Vec<f32> = mo.square.iter().map(|q| q / pixels as f32).collect();
            if self.spike_penalty > 0.0 {
                result.loss += self.penalty(&f, n);
            }
            let pulls = learn.then_some(Pulls { features, readout: &mut readout });
            let one = self.judge(&f, label, 1.0, n, pulls);
            result.loss += one.loss;
            result.correct += one.correct;
        }
        if learn {
            self.backward(input, &z, &affines, &moments, &pull);
            self.grads.readout = readout;
        }
        self.z = z;
        result
    }

    /// The weights that are evaluated: averaged if averages are kept, in few bits if the run trains for them.
    pub(super) fn evaluated_weight(&self) -> Cow<'_, [f32]> {
        let weights = self.weight.evaluated();
        if !self.narrow.is_on() {
            return Cow::Borrowed(weights);
        }
        let mut narrow = self.narrow.like();
        narrow.follow(&self.conv.shape, [self.channels, self.pool.output()[0]], weights);
        Cow::Owned(narrow.weights)
    }

    fn worker(&self, k: usize) -> MutexGuard<'_, Worker> {
        self.workers[k].lock().expect("no task panicked while holding its buffers")
    }

    /// Normalization of the batch: one map, or one per sample.
    fn affines(&self, sums: &[Vec<f64>], pixels: usize) -> Vec<Affine> {
        let c = self.conv.shape.out_c;
        let map = |total: &[f64], count: f64| {
            let mean: Vec<f64> = total[..c].iter().map(|s| s / count).collect();
            let var: Vec<f64> = total[c..].iter().zip(&mean).map(|(q, m)| (q / count - m * m).max(0.0)).collect();
            self.affine(&mean, &var)
        };
        if self.per_sample {
            return sums.iter().map(|s| map(s, pixels as f64)).collect();
        }
        vec![map(&total(sums.iter(), 2 * c), (pixels * sums.len()) as f64)]
    }

    /// Applies the gradients of the last [`Self::forward_backward`].
    pub(crate) fn update(&mut self, mut rates: Rates, readout_rate: f32) {
        self.updates += 1;
        rates.step = self.updates;
        self.weight.update(&self.grads.weight, rates);
        if self.train_channel {
            self.channel_weight.update(&self.grads.channel_weight, rates);
            self.channel_bias.update(&self.grads.channel_bias, rates);
        }
        if self.train_readout {
            self.readout.update(&self.grads.readout, Rates { rate: readout_rate, ..rates });
        }
    }
}
