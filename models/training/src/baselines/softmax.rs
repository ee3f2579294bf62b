//! Softmax regression on activities that do not learn from it.
//!
//! ```text
//! logits = xU + a,  loss = cross-entropy(softmax logits)
//! ```

use super::linear::gradients;
use crate::ffgaf::adam::{Param, Rates};
use crate::ffgaf::block::argmax;
use crate::kernels::{Product, product};
use rayon::prelude::*;

/// Samples, and inputs, of one parallel task.
const SAMPLES: usize = 16;
const INPUTS: usize = 2048;

/// The classifier; it starts at 0.
pub(super) struct Softmax {
    inputs: usize,
    classes: usize,
    /// `[input][class]`.
    pub(super) weight: Param,
    pub(super) bias: Param,
}

/// What a batch gave.
pub(super) struct SoftmaxStep {
    pub(super) loss: f64,
    pub(super) correct: usize,
    pub(super) weight: Vec<f32>,
    pub(super) bias: Vec<f32>,
}

impl Softmax {
    pub(super) fn new(inputs: usize, classes: usize) -> Self {
        let (weight, bias) = (vec![0.0; inputs * classes], vec![0.0; classes]);
        Self { inputs, classes, weight: Param::new(weight, false), bias: Param::new(bias, false) }
    }

    /// Inputs of one sample.
    pub(super) fn inputs(&self) -> usize {
        self.inputs
    }

    /// Logits, `[sample][class]`.
    pub(super) fn logits(&self, x: &[f32]) -> Vec<f32> {
        let (k, n) = (self.inputs, self.classes);
        let mut logits = vec![0.0; x.len() / k * n];
        logits.par_chunks_mut(SAMPLES * n).zip(x.par_chunks(SAMPLES * k)).for_each(|(logits, x)| {
            for row in logits.chunks_exact_mut(n) {
                row.copy_from_slice(&self.bias.value);
            }
            let p = Product { m: x.len() / k, n, k, dst_row: n, a_strides: (k, 1), b_row: n };
            product(&p, x, &self.weight.value, logits, true);
        });
        logits
    }

    /// Class probabilities, in place of the logits.
    pub(super) fn probabilities(&self, logits: &mut [f32]) {
        for row in logits.chunks_exact_mut(self.classes) {
            let top = row.iter().copied().fold(f32::MIN, f32::max);
            let mass: f32 = row.iter().map(|v| (v - top).exp()).sum();
            for v in row {
                *v = (*v - top).exp() / mass;
            }
        }
    }

    /// Mean loss of a batch and its gradients; `classified` are the logits of `x`.
    pub(super) fn step(&self, x: &[f32], classified: Vec<f32>, labels: &[u8]) -> SoftmaxStep {
        let (n, samples) = (self.classes, labels.len());
        let (mut loss, mut correct) = (0.0, 0);
        let mut d = classified;
        for (row, &label) in d.chunks_exact(n).zip(labels) {
            let label = usize::from(label);
            correct += usize::from(argmax(row) == label);
            let top = row.iter().copied().fold(f32::MIN, f32::max);
            let mass: f64 = row.iter().map(|v| f64::from(v - top).exp()).sum();
            loss += (mass.ln() - f64::from(row[label] - top)) / samples as f64;
        }
        self.probabilities(&mut d);
        for (row, &label) in d.chunks_exact_mut(n).zip(labels) {
            row[usize::from(label)] -= 1.0;
            for v in row {
                *v /= samples as f32;
            }
        }
        let (weight, bias) = gradients(x, &d, (self.inputs, n), INPUTS);
        SoftmaxStep { loss, correct, weight, bias }
    }

    pub(super) fn update(&mut self, step: &SoftmaxStep, rates: Rates) {
        self.weight.update(&step.weight, rates);
        self.bias.update(&step.bias, rates);
    }
}
