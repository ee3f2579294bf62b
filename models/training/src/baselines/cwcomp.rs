//! CwComp: convolutional layers whose channels compete per class, trained layer by layer without negative data, and a softmax
//! classifier on the last layer's activities (Papachristodoulou et al., AAAI 2024, architecture CFSE, predictors "Avg" and "Sf").

use super::cwcomp_block::{CwBlock, CwShape};
use super::softmax::Softmax;
use crate::ffgaf::adam::{Param, Rates};
use crate::ffgaf::block::argmax;
use crate::ffgaf::random::{Purpose, Stream};
use crate::ffgaf::{EpochReport, Evaluation, InputCoding};
use datasets::Dataset;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};

/// Hyper-parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CwCompConfig {
    /// Channels of each layer, multiples of the number of classes.
    pub channels: Vec<usize>,
    /// Groups of each layer's convolution.
    pub groups: Vec<usize>,
    /// Layers followed by 2×2 max-pooling.
    pub pool: Vec<bool>,
    /// Epoch after which each layer stops learning (interleaved schedule "Acc"); empty: never.
    pub stop: Vec<usize>,
    /// α, gain of the logits; 1 as published.
    pub alpha: f32,
    /// Adam's rate at the start; cosine to 0.
    pub learning_rate: f32,
    /// The same for the classifier on the last layer.
    pub classifier_rate: f32,
    /// Passes over the training images.
    pub epochs: usize,
    /// Images per step.
    pub batch: usize,
    /// Training images that re-estimate the statistics before each evaluation.
    pub calibration: usize,
    /// Seed of weights and order.
    pub seed: u64,
}

impl Default for CwCompConfig {
    fn default() -> Self {
        Self {
            channels: vec![20, 80, 240, 480],
            groups: vec![1, 10, 1, 10],
            pool: vec![false, true, false, true],
            stop: Vec::new(),
            alpha: 1.0,
            learning_rate: 0.01,
            classifier_rate: 0.0002,
            epochs: 20,
            batch: 128,
            calibration: 1000,
            seed: 1,
        }
    }
}

/// The network in training.
pub struct CwComp {
    config: CwCompConfig,
    shape: [usize; 3],
    pub(super) blocks: Vec<CwBlock>,
    classifier: Softmax,
    epoch: usize,
}

/// Images of one batch outside training.
const CHUNK: usize = 200;

impl CwComp {
    /// Draws the weights.
    #[must_use]
    pub fn new(config: CwCompConfig, shape: [usize; 3], classes: usize) -> Self {
        let mut blocks: Vec<CwBlock> = Vec::new();
        let (mut hw, mut in_c) = ((shape[1], shape[2]), shape[0]);
        for (l, &channels) in config.channels.iter().enumerate() {
            let mut rng = Stream::new(config.seed, Purpose::Init, 2, l as u64);
            let shape = CwShape { hw, inputs: in_c, channels, groups: config.groups[l], pool: config.pool[l], classes };
            let block = CwBlock::new(shape, config.alpha, &mut rng);
            (hw, in_c) = (block.out_hw(), channels);
            blocks.push(block);
        }
        let classifier = Softmax::new(blocks.last().map_or(0, CwBlock::out_len), classes);
        Self { config, shape, blocks, classifier, epoch: 0 }
    }

    /// Standardized images in the kernels' layout.
    fn encode(&self, data: &Dataset, picked: &[u32]) -> Vec<f32> {
        let s = &self.blocks[0].conv.shape;
        let mut x = vec![0.0; picked.len() * s.in_len()];
        x.par_chunks_exact_mut(s.in_len()).zip(picked).for_each(|(x, &i)| {
            InputCoding::Standardized.encode_into(data.image(i as usize), self.shape, s.in_c, x);
        });
        x
    }

    /// Epoch after which layer `l` stops learning.
    fn end(&self, l: usize) -> usize {
        self.config.stop.get(l).copied().unwrap_or(self.config.epochs)
    }

    /// Trains one epoch and validates; `None` if `stop` was raised. Losses and training accuracies: each layer's, then the classifier's.
    pub fn epoch(&mut self, train: &Dataset, validation: &Dataset, stop: &AtomicBool) -> Option<EpochReport> {
        let order = Stream::new(self.config.seed, Purpose::Shuffle, self.epoch as u64, 0).permutation(train.len());
        let size = self.config.batch.min(train.len());
        let batches = train.len() / size;
        let depth = self.blocks.len();
        let (mut loss, mut correct) = (vec![0.0; depth + 1], vec![0usize; depth + 1]);
        for (b, picked) in order.chunks_exact(size).enumerate() {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let labels: Vec<u8> = picked.iter().map(|&i| train.labels[i as usize]).collect();
            let mut x = self.encode(train, picked);
            for l in 0..depth {
                let end = self.end(l);
                let step = self.blocks[l].step(&x, &labels, self.epoch < end);
                loss[l] += step.loss / batches as f64;
                correct[l] += step.correct;
                if let Some(gradients) = &step.gradients {
                    let time = (self.epoch * batches + b) as f64 / (end * batches) as f64;
                    self.blocks[l].update(gradients, cosine(self.config.learning_rate, time));
                }
                x = step.output;
            }
            let time = (self.epoch * batches + b) as f64 / (self.config.epochs * batches) as f64;
            let rate = cosine(self.config.classifier_rate, time);
            let step = self.classifier.step(&x, self.classifier.logits(&x), &labels);
            let update = (self.epoch * batches + b + 1) as u64;
            self.classifier.update(&step, Rates { rate, beta1: 0.9, beta2: 0.999, ema: 0.0, step: update });
            loss[depth] += step.loss / batches as f64;
            correct[depth] += step.correct;
        }
        self.epoch += 1;
        self.calibrate(train);
        let train_accuracy = correct.iter().map(|&c| 100.0 * c as f64 / (batches * size) as f64).collect();
        Some(EpochReport {
            epoch: self.epoch,
            loss,
            train_accuracy,
            validation: self.evaluate(validation),
            training_mode: None,
        })
    }

    /// Re-estimates the statistics layer by layer on clean training images.
    fn calibrate(&mut self, train: &Dataset) {
        let mut picked = Stream::new(self.config.seed, Purpose::Calibrate, 0, 0).permutation(train.len());
        picked.truncate(self.config.calibration.max(1));
        for l in 0..self.blocks.len() {
            let c = self.blocks[l].conv.shape.out_c;
            let (mut sum, mut square, mut count) = (vec![0.0; c], vec![0.0; c], 0.0);
            for picked in picked.chunks(CHUNK) {
                let x = self.blocks[..l].iter().fold(self.encode(train, picked), |x, b| b.infer(&x).0);
                let (s, q, n) = self.blocks[l].sums(&x);
                count += n;
                for i in 0..c {
                    sum[i] += s[i];
                    square[i] += q[i];
                }
            }
            let b = &mut self.blocks[l];
            for i in 0..c {
                b.mean[i] = sum[i] / count;
                b.variance[i] = (square[i] / count - b.mean[i] * b.mean[i]).max(0.0);
            }
        }
    }

    /// Accuracy of each layer's goodness and, as the last layer's read-out, of the classifier.
    #[must_use]
    pub fn evaluate(&self, data: &Dataset) -> Evaluation {
        let depth = self.blocks.len();
        let mut goodness = vec![0; depth];
        let mut classified = 0;
        let all: Vec<u32> = (0..data.len() as u32).collect();
        for picked in all.chunks(CHUNK) {
            let right = |scores: &[f32]| {
                let rows = scores.chunks_exact(data.classes).zip(picked);
                rows.filter(|(g, i)| argmax(g) == usize::from(data.labels[**i as usize])).count()
            };
            let mut x = self.encode(data, picked);
            for (block, count) in self.blocks.iter().zip(&mut goodness) {
                let (output, scores) = block.infer(&x);
                *count += right(&scores);
                x = output;
            }
            classified += right(&self.classifier.logits(&x));
        }
        let mut readout = goodness.clone();
        readout.pop();
        readout.push(classified);
        Evaluation { images: data.len(), readout, goodness, spikes: vec![0; depth] }
    }

    /// All parameters, in order.
    pub(super) fn params(&mut self) -> Vec<&mut Param> {
        let layers = self.blocks.iter_mut().flat_map(|b| [&mut b.weight, &mut b.bias, &mut b.gamma, &mut b.beta]);
        layers.chain([&mut self.classifier.weight, &mut self.classifier.bias]).collect()
    }

    /// Stands after `epoch` epochs of `train`, whose parameters are set by the caller.
    pub(super) fn continue_after(&mut self, epoch: usize, train: &Dataset) {
        self.epoch = epoch;
        let batches = train.len() / self.config.batch.min(train.len());
        for l in 0..self.blocks.len() {
            self.blocks[l].steps = (epoch.min(self.end(l)) * batches) as u64;
        }
        if epoch > 0 {
            self.calibrate(train);
        }
    }

    /// Finished epochs.
    #[must_use]
    pub fn epochs_done(&self) -> usize {
        self.epoch
    }
}

/// Half a cosine from `rate` at time 0 to 0 at time 1.
pub(super) fn cosine(rate: f32, time: f64) -> f32 {
    rate * (0.5 + 0.5 * (std::f64::consts::PI * time).cos()) as f32
}
