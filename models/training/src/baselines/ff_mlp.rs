//! Hinton's multilayer perceptron: positive data carries the true label in its first pixels, negative data a wrong one.
//!
//! ```text
//! x̂ = x/√(mean x²),  h = max(0, Wx̂ + b),  g = mean h²
//! loss = softplus(γ(θ − g(positive))) + softplus(γ(g(negative) − θ)), per layer; no gradient leaves the layer
//! prediction = argmax over labels of the summed g of all layers but the first (of the only layer, if there is one)
//! ```
//!
//! γ equal to the number of units is the paper's sum of squares. Hard negatives (its section 3.3): an image with a neutral label, 1/10
//! everywhere, passes the network; a softmax classifier on the normalized activities of all layers but the first, trained meanwhile,
//! gives probabilities; the wrong label is drawn from them.

use super::cwcomp::cosine;
use super::linear::gradients;
use super::softmax::Softmax;
use crate::ffgaf::adam::{Param, Rates};
use crate::ffgaf::block::argmax;
use crate::ffgaf::random::{Purpose, Stream};
use crate::ffgaf::{EpochReport, Evaluation, InputCoding};
use crate::kernels::{Product, product};
use datasets::Dataset;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};

/// How the wrong label of negative data is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Negatives {
    /// Every wrong label alike.
    Uniform,
    /// By the probabilities of a classifier that sees the image with a neutral label.
    Hard,
}

/// Hyper-parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FfMlpConfig {
    /// Units of each layer.
    pub hidden: Vec<usize>,
    /// What the first layer sees of an image.
    pub input: InputCoding,
    /// Value at the label's place; 0 at the other labels.
    pub label: f32,
    /// θ, the goodness that separates positive from negative.
    pub threshold: f32,
    /// γ, the slope of the logistic function of the goodness.
    pub gain: f32,
    /// How wrong labels are drawn.
    pub negatives: Negatives,
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
        Self {
            hidden: vec![2000, 2000, 2000],
            input: InputCoding::Pixels,
            label: 5.0,
            threshold: 1.0,
            gain: 30.0,
            negatives: Negatives::Hard,
            learning_rate: 0.001,
            epochs: 20,
            batch: 128,
            seed: 1,
        }
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
    /// Of neutral images; used and trained with hard negatives only.
    classifier: Softmax,
    epoch: usize,
    steps: u64,
}

/// Output columns, and weight-gradient rows, of one parallel task: each packs its part of the weights once for all rows of a batch.
const COLUMNS: usize = 512;
const ROWS: usize = 256;

/// Divides each row by √(mean square); returns the divisors.
fn normalize(x: &mut [f32], width: usize) -> Vec<f32> {
    let rows = x.par_chunks_exact_mut(width).map(|row| {
        let norm = (row.iter().map(|v| v * v).sum::<f32>() / width as f32).sqrt() + 1e-8;
        for v in row {
            *v /= norm;
        }
        norm
    });
    rows.collect()
}

/// Goodness of each row.
fn goodness(h: &[f32], width: usize) -> Vec<f32> {
    h.par_chunks_exact(width).map(|h| h.iter().map(|v| v * v).sum::<f32>() / width as f32).collect()
}

fn softplus(v: f64) -> f64 {
    v.max(0.0) + (-v.abs()).exp().ln_1p()
}

impl Dense {
    /// Wx + b of normalized rows `x`.
    fn potential(&self, x: &[f32]) -> Vec<f32> {
        let (k, n) = (self.inputs, self.outputs);
        let rows = x.len() / k;
        let columns: Vec<usize> = (0..n).step_by(COLUMNS).collect();
        let parts: Vec<Vec<f32>> = columns
            .into_par_iter()
            .map(|first| {
                let width = COLUMNS.min(n - first);
                let mut part = self.bias.value[first..first + width].repeat(rows);
                let p = Product { m: rows, n: width, k, dst_row: width, a_strides: (k, 1), b_row: n };
                product(&p, x, &self.weight.value[first..], &mut part, true);
                part
            })
            .collect();
        let mut h = vec![0.0; rows * n];
        h.par_chunks_exact_mut(n).enumerate().for_each(|(r, h)| {
            for (h, part) in h.chunks_mut(COLUMNS).zip(&parts) {
                h.copy_from_slice(&part[r * h.len()..(r + 1) * h.len()]);
            }
        });
        h
    }

    /// h of normalized rows `x`.
    pub(super) fn forward(&self, x: &[f32]) -> Vec<f32> {
        let mut h = self.potential(x);
        h.par_chunks_mut(self.outputs).flatten().for_each(|v| *v = v.max(0.0));
        h
    }

    /// Loss and gradients; the first half of the rows of `x` is positive.
    pub(super) fn step(&self, x: &[f32], threshold: f32, gain: f32) -> DenseStep {
        let (k, n) = (self.inputs, self.outputs);
        let hidden = self.forward(x);
        let half = hidden.len() / n / 2;
        let mut dh = hidden.clone();
        let mut loss = 0.0;
        let goodness = goodness(&hidden, n);
        let scales: Vec<f32> = goodness
            .iter()
            .enumerate()
            .map(|(r, &g)| {
                let sign = if r < half { -1.0 } else { 1.0 };
                let excess = sign * f64::from(gain) * f64::from(g - threshold);
                loss += softplus(excess) / half as f64;
                (sign * f64::from(gain) / (1.0 + (-excess).exp()) / half as f64 * 2.0 / n as f64) as f32
            })
            .collect();
        dh.par_chunks_exact_mut(n).zip(&scales).for_each(|(row, scale)| {
            for v in row {
                *v *= scale;
            }
        });
        let (weight, bias) = gradients(x, &dh, (k, n), ROWS);
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
        let seen = if layers.len() > 1 { &layers[1..] } else { &layers[..] };
        let classifier = Softmax::new(seen.iter().map(|l| l.outputs).sum(), classes);
        Self { config, classes, layers, classifier, epoch: 0, steps: 0 }
    }

    /// The image with its first `classes` values replaced by the label's code: `on` at the label, `off` elsewhere.
    fn embed(&self, image: &[u8], label: usize, [on, off]: [f32; 2], out: &mut Vec<f32>) {
        let start = out.len();
        let step = self.config.input.step();
        out.extend(self.config.input.encode(image).iter().map(|&v| f32::from(v) * step));
        out[start..start + self.classes].fill(off);
        out[start + label] = on;
    }

    /// Wrong labels of a batch; with hard negatives the classifier is trained on the way.
    fn wrong_labels(&mut self, train: &Dataset, picked: &[u32], labels: &[u8], rates: Rates) -> Vec<usize> {
        let stream = |i: u32| Stream::new(self.config.seed, Purpose::Augment, self.epoch as u64, u64::from(i));
        if self.config.negatives == Negatives::Uniform {
            let wrong = |i: u32, y: u8| (usize::from(y) + 1 + stream(i).below(self.classes - 1)) % self.classes;
            return picked.iter().zip(labels).map(|(&i, &y)| wrong(i, y)).collect();
        }
        let neutral = self.config.label / self.classes as f32;
        let mut x = Vec::new();
        for &i in picked {
            self.embed(train.image(i as usize), 0, [neutral; 2], &mut x);
        }
        normalize(&mut x, self.layers[0].inputs);
        let mut seen = vec![0.0; picked.len() * self.classifier.inputs()];
        let mut at = 0;
        for (l, layer) in self.layers.iter().enumerate() {
            x = layer.forward(&x);
            normalize(&mut x, layer.outputs);
            if l > 0 || self.layers.len() == 1 {
                for (seen, x) in seen.chunks_exact_mut(self.classifier.inputs()).zip(x.chunks_exact(layer.outputs)) {
                    seen[at..at + layer.outputs].copy_from_slice(x);
                }
                at += layer.outputs;
            }
        }
        let mut p = self.classifier.logits(&seen);
        let step = self.classifier.step(&seen, p.clone(), labels);
        self.classifier.probabilities(&mut p);
        let draw = |(p, (&i, &y)): (&[f32], (&u32, &u8))| {
            let y = usize::from(y);
            // A small floor keeps every wrong label possible.
            let chance = |j: usize| if j == y { 0.0 } else { p[j] + 1e-4 };
            let mut left = stream(i).unit() * (0..p.len()).map(chance).sum::<f32>();
            let drawn = (0..p.len()).filter(|j| *j != y).find(|&j| {
                left -= chance(j);
                left < 0.0
            });
            drawn.unwrap_or((y + 1) % p.len())
        };
        let wrong = p.chunks_exact(self.classes).zip(picked.iter().zip(labels)).map(draw).collect();
        self.classifier.update(&step, rates);
        wrong
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
            let time = (self.epoch * batches + b) as f64 / (self.config.epochs * batches) as f64;
            let rate = cosine(self.config.learning_rate, time);
            self.steps += 1;
            let rates = Rates { rate, beta1: 0.9, beta2: 0.999, ema: 0.0, step: self.steps };
            let labels: Vec<u8> = picked.iter().map(|&i| train.labels[i as usize]).collect();
            let wrong = self.wrong_labels(train, picked, &labels, rates);
            let mut x = Vec::new();
            let right = labels.iter().map(|&y| usize::from(y));
            for (label, &i) in right.chain(wrong).zip(picked.iter().chain(picked)) {
                self.embed(train.image(i as usize), label, [self.config.label, 0.0], &mut x);
            }
            for (l, layer) in self.layers.iter_mut().enumerate() {
                normalize(&mut x, layer.inputs);
                let step = layer.step(&x, self.config.threshold, self.config.gain);
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

    /// First layer's activities of images with every label, `[image][label]`: the labels share all products but one row of W, and
    /// the norm.
    pub(super) fn first_activities(&self, data: &Dataset, images: std::ops::Range<usize>) -> Vec<f32> {
        let layer = &self.layers[0];
        let n = layer.outputs;
        let mut x = Vec::new();
        for i in images {
            self.embed(data.image(i), 0, [self.config.label, 0.0], &mut x);
        }
        let norms = normalize(&mut x, layer.inputs);
        x.chunks_exact_mut(layer.inputs).for_each(|x| x[0] = 0.0);
        let common = layer.potential(&x);
        let mut h = vec![0.0; norms.len() * self.classes * n];
        h.par_chunks_exact_mut(n).enumerate().for_each(|(r, h)| {
            let (i, label) = (r / self.classes, r % self.classes);
            let row = &layer.weight.value[label * n..(label + 1) * n];
            for ((h, c), w) in h.iter_mut().zip(&common[i * n..]).zip(row) {
                *h = (c + w * (self.config.label / norms[i])).max(0.0);
            }
        });
        h
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
        for first in (0..data.len()).step_by(100) {
            let images = first..(first + 100).min(data.len());
            let right = |scores: &[f32]| {
                let rows = scores.chunks_exact(self.classes).zip(&data.labels[images.clone()]);
                rows.filter(|(g, y)| argmax(g) == usize::from(**y)).count()
            };
            let mut sum = vec![0.0f32; images.len() * self.classes];
            let mut x = Vec::new();
            for (l, layer) in self.layers.iter().enumerate() {
                x = if l == 0 { self.first_activities(data, images.clone()) } else { layer.forward(&x) };
                let own = goodness(&x, layer.outputs);
                for (s, g) in sum.iter_mut().zip(&own) {
                    *s = if l <= 1 { *g } else { *s + g };
                }
                e.goodness[l] += right(&own);
                e.readout[l] += right(&sum);
                normalize(&mut x, layer.outputs);
            }
        }
        e
    }

    /// All parameters, in order.
    pub(super) fn params(&mut self) -> Vec<&mut Param> {
        let layers = self.layers.iter_mut().flat_map(|l| [&mut l.weight, &mut l.bias]);
        layers.chain([&mut self.classifier.weight, &mut self.classifier.bias]).collect()
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
