//! Hinton's multilayer perceptron: positive data carries the true label in its first pixels, negative data a wrong one.
//!
//! ```text
//! x̂ = x/√(mean x²),  h = max(0, Wx̂ + b),  g = mean h²
//! loss = softplus(θ − g(positive)) + softplus(g(negative) − θ), per layer; no gradient leaves the layer
//! prediction = argmax over labels of the summed g of all layers but the first (of the only layer, if there is one)
//! ```

use crate::data::Dataset;
use crate::ffgaf::adam::{Param, Rates};
use crate::ffgaf::random::{Purpose, Stream};
use crate::ffgaf::{EpochReport, Evaluation};
use crate::kernels::{Product, product};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};

/// Hyper-parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FfMlpConfig {
    /// Units of each layer.
    pub hidden: Vec<usize>,
    /// θ, the goodness that separates positive from negative.
    pub threshold: f32,
    /// Adam's rate at the start; cosine to 0.
    pub learning_rate: f32,
    /// Passes over the training images.
    pub epochs: usize,
    /// Images per step.
    pub batch: usize,
    /// Seed of weights, order and wrong labels.
    pub seed: u64,
}

impl Default for FfMlpConfig {
    fn default() -> Self {
        Self { hidden: vec![2000, 2000, 2000], threshold: 2.0, learning_rate: 0.001, epochs: 60, batch: 128, seed: 1 }
    }
}

pub(super) struct Dense {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// `[input][output]`.
    pub(super) weight: Param,
    pub(super) bias: Param,
}

/// Gradients of one layer and batch.
pub(super) struct DenseStep {
    pub(super) loss: f64,
    pub(super) weight: Vec<f32>,
    pub(super) bias: Vec<f32>,
    /// Activities, positive rows then negative rows.
    pub(super) hidden: Vec<f32>,
}

/// The network in training.
pub struct FfMlp {
    config: FfMlpConfig,
    classes: usize,
    pub(super) layers: Vec<Dense>,
    epoch: usize,
    steps: u64,
}

/// Rows of one parallel task.
const ROWS: usize = 32;

fn normalize(x: &mut [f32], width: usize) {
    for row in x.chunks_exact_mut(width) {
        let norm = (row.iter().map(|v| v * v).sum::<f32>() / width as f32).sqrt() + 1e-8;
        for v in row {
            *v /= norm;
        }
    }
}

fn softplus(v: f64) -> f64 {
    v.max(0.0) + (-v.abs()).exp().ln_1p()
}

impl Dense {
    /// h of normalized rows `x`.
    pub(super) fn forward(&self, x: &[f32]) -> Vec<f32> {
        let (k, n) = (self.inputs, self.outputs);
        let mut h = vec![0.0; x.len() / k * n];
        h.par_chunks_mut(ROWS * n).zip(x.par_chunks(ROWS * k)).for_each(|(h, x)| {
            for row in h.chunks_exact_mut(n) {
                row.copy_from_slice(&self.bias.value);
            }
            product(
                &Product { m: x.len() / k, n, k, dst_row: n, a_strides: (k, 1), b_row: n },
                x,
                &self.weight.value,
                h,
                true,
            );
            for v in h {
                *v = v.max(0.0);
            }
        });
        h
    }

    /// Loss and gradients; the first half of the rows of `x` is positive.
    pub(super) fn step(&self, x: &[f32], threshold: f32) -> DenseStep {
        let (k, n) = (self.inputs, self.outputs);
        let hidden = self.forward(x);
        let half = hidden.len() / n / 2;
        let mut dh = hidden.clone();
        let mut loss = 0.0;
        for (r, row) in dh.chunks_exact_mut(n).enumerate() {
            let g = f64::from(row.iter().map(|v| v * v).sum::<f32>()) / n as f64;
            let sign = if r < half { -1.0 } else { 1.0 };
            let excess = sign * (g - f64::from(threshold));
            loss += softplus(excess) / half as f64;
            let scale = (sign / (1.0 + (-excess).exp()) / half as f64 * 2.0 / n as f64) as f32;
            for v in row {
                *v *= scale;
            }
        }
        let rows = dh.len() / n;
        let mut weight = vec![0.0; k * n];
        weight.par_chunks_mut(ROWS * n).enumerate().for_each(|(i, w)| {
            let p = Product { m: w.len() / n, n, k: rows, dst_row: n, a_strides: (1, k), b_row: n };
            product(&p, &x[i * ROWS..], &dh, w, false);
        });
        let mut bias = vec![0.0; n];
        for row in dh.chunks_exact(n) {
            for (b, v) in bias.iter_mut().zip(row) {
                *b += v;
            }
        }
        DenseStep { loss, weight, bias, hidden }
    }
}

impl FfMlp {
    /// Draws the weights.
    #[must_use]
    pub fn new(config: FfMlpConfig, shape: [usize; 3], classes: usize) -> Self {
        let mut inputs = shape.iter().product();
        let mut layers = Vec::new();
        for (l, &outputs) in config.hidden.iter().enumerate() {
            let mut rng = Stream::new(config.seed, Purpose::Init, 1, l as u64);
            let std = (2.0 / inputs as f32).sqrt();
            let weight = (0..inputs * outputs).map(|_| std * rng.normal()).collect();
            layers.push(Dense {
                inputs,
                outputs,
                weight: Param::new(weight, false),
                bias: Param::new(vec![0.0; outputs], false),
            });
            inputs = outputs;
        }
        Self { config, classes, layers, epoch: 0, steps: 0 }
    }

    /// Pixels/255 with the first `classes` values replaced by the label.
    fn embed(&self, image: &[u8], label: usize, out: &mut Vec<f32>) {
        let start = out.len();
        out.extend(image.iter().map(|&p| f32::from(p) / 255.0));
        out[start..start + self.classes].fill(0.0);
        out[start + label] = 1.0;
    }

    /// Trains one epoch and validates; `None` if `stop` was raised.
    pub fn epoch(&mut self, train: &Dataset, validation: &Dataset, stop: &AtomicBool) -> Option<EpochReport> {
        let order = Stream::new(self.config.seed, Purpose::Shuffle, self.epoch as u64, 0).permutation(train.len());
        let size = self.config.batch.min(train.len());
        let batches = train.len() / size;
        let mut loss = vec![0.0; self.layers.len()];
        for (b, picked) in order.chunks_exact(size).enumerate() {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let mut x = Vec::new();
            for &i in picked {
                self.embed(train.image(i as usize), usize::from(train.labels[i as usize]), &mut x);
            }
            for &i in picked {
                let mut rng = Stream::new(self.config.seed, Purpose::Augment, self.epoch as u64, u64::from(i));
                let wrong = (usize::from(train.labels[i as usize]) + 1 + rng.below(self.classes - 1)) % self.classes;
                self.embed(train.image(i as usize), wrong, &mut x);
            }
            let time = (self.epoch * batches + b) as f64 / (self.config.epochs * batches) as f64;
            let rate = self.config.learning_rate * (0.5 + 0.5 * (std::f64::consts::PI * time).cos()) as f32;
            self.steps += 1;
            let rates = Rates { rate, beta1: 0.9, beta2: 0.999, ema: 0.0, step: self.steps };
            for (l, layer) in self.layers.iter_mut().enumerate() {
                normalize(&mut x, layer.inputs);
                let step = layer.step(&x, self.config.threshold);
                loss[l] += step.loss / batches as f64;
                layer.weight.update(&step.weight, rates);
                layer.bias.update(&step.bias, rates);
                x = step.hidden;
            }
        }
        self.epoch += 1;
        let validation = self.evaluate(validation);
        Some(EpochReport { epoch: self.epoch, train_accuracy: Vec::new(), loss, validation, training_mode: None })
    }

    /// Accuracy of each layer's goodness alone (`goodness`) and of the sum up to and including it (`readout`).
    #[must_use]
    pub fn evaluate(&self, data: &Dataset) -> Evaluation {
        let depth = self.layers.len();
        let mut e = Evaluation {
            images: data.len(),
            goodness: vec![0; depth],
            readout: vec![0; depth],
            spikes: vec![0; depth],
        };
        for first in (0..data.len()).step_by(200) {
            let last = (first + 200).min(data.len());
            let mut x = Vec::new();
            for i in first..last {
                for label in 0..self.classes {
                    self.embed(data.image(i), label, &mut x);
                }
            }
            let mut sum = vec![0.0f32; (last - first) * self.classes];
            for (l, layer) in self.layers.iter().enumerate() {
                normalize(&mut x, layer.inputs);
                x = layer.forward(&x);
                let own: Vec<f32> = x
                    .chunks_exact(layer.outputs)
                    .map(|h| h.iter().map(|v| v * v).sum::<f32>() / layer.outputs as f32)
                    .collect();
                for (s, g) in sum.iter_mut().zip(&own) {
                    *s = if l <= 1 { *g } else { *s + g };
                }
                for (i, (own, sum)) in own.chunks_exact(self.classes).zip(sum.chunks_exact(self.classes)).enumerate() {
                    let y = usize::from(data.labels[first + i]);
                    e.goodness[l] += usize::from(crate::ffgaf::block::argmax(own) == y);
                    e.readout[l] += usize::from(crate::ffgaf::block::argmax(sum) == y);
                }
            }
        }
        e
    }

    /// All parameters, in order.
    pub(super) fn params(&mut self) -> Vec<&mut Param> {
        self.layers.iter_mut().flat_map(|l| [&mut l.weight, &mut l.bias]).collect()
    }

    /// Stands after `epoch` epochs of `train`, whose parameters are set by the caller.
    pub(super) fn continue_after(&mut self, epoch: usize, train: &Dataset) {
        self.epoch = epoch;
        self.steps = (epoch * (train.len() / self.config.batch.min(train.len()))) as u64;
    }

    /// Finished epochs.
    #[must_use]
    pub fn epochs_done(&self) -> usize {
        self.epoch
    }
}
