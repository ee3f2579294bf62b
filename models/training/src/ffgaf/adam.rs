//! Adam (Kingma and Ba, 2015) on one flat parameter vector, with an optional running average of the weights.

use rayon::prelude::*;

/// Constants of one update.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    /// Step size.
    pub(crate) rate: f32,
    pub(crate) beta1: f32,
    pub(crate) beta2: f32,
    /// Decay of the weight average; 0 keeps no average.
    pub(crate) ema: f32,
    /// 1-based number of this update.
    pub(crate) step: u64,
}

/// Parameters with first and second moments; all vectors of one length.
#[derive(Clone, Debug, Default)]
pub(crate) struct Param {
    pub(crate) value: Vec<f32>,
    pub(crate) first: Vec<f32>,
    pub(crate) second: Vec<f32>,
    /// Average of `value`; empty if not kept.
    pub(crate) average: Vec<f32>,
}

impl Param {
    pub(crate) fn new(value: Vec<f32>, averaged: bool) -> Self {
        let zero = vec![0.0; value.len()];
        let average = if averaged { value.clone() } else { Vec::new() };
        Self { value, first: zero.clone(), second: zero, average }
    }

    /// The weights used for evaluation.
    pub(crate) fn evaluated(&self) -> &[f32] {
        if self.average.is_empty() { &self.value } else { &self.average }
    }

    /// One update with the gradient Σ_b parts[b], summed in order of b. Elements are independent, so threads change nothing.
    ///
    /// m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², x ← x − rate·m̂/(√v̂ + 10⁻⁸), hats divided by 1 − βᵗ.
    pub(crate) fn update(&mut self, parts: &[f32], r: Rates) {
        const CHUNK: usize = 8192;
        let n = self.value.len();
        assert!(n > 0 && parts.len().is_multiple_of(n), "whole gradient parts");
        let t = i32::try_from(r.step).unwrap_or(i32::MAX);
        let correct1 = 1.0 / (1.0 - f64::from(r.beta1).powi(t)) as f32;
        let correct2 = 1.0 / (1.0 - f64::from(r.beta2).powi(t)) as f32;
        // A short warm-up keeps the start from weighing on the average.
        let ema = r.ema.min((1.0 + r.step as f32) / (10.0 + r.step as f32));
        let mut none: Vec<f32> = Vec::new();
        let keep = !self.average.is_empty();
        let average = if keep {
            &mut self.average
        } else {
            none.resize(n, 0.0);
            &mut none
        };
        self.value
            .par_chunks_mut(CHUNK)
            .zip(self.first.par_chunks_mut(CHUNK))
            .zip(self.second.par_chunks_mut(CHUNK))
            .zip(average.par_chunks_mut(CHUNK))
            .enumerate()
            .for_each(|(k, (((x, m), v), avg))| {
                let at = k * CHUNK;
                let mut g = parts[at..at + x.len()].to_vec();
                for part in parts.chunks_exact(n).skip(1) {
                    for (g, p) in g.iter_mut().zip(&part[at..]) {
                        *g += p;
                    }
                }
                for i in 0..x.len() {
                    m[i] = r.beta1 * m[i] + (1.0 - r.beta1) * g[i];
                    v[i] = r.beta2 * v[i] + (1.0 - r.beta2) * g[i] * g[i];
                    x[i] -= r.rate * (m[i] * correct1) / ((v[i] * correct2).sqrt() + 1e-8);
                }
                if keep {
                    for (a, x) in avg.iter_mut().zip(x) {
                        *a += (1.0 - ema) * (*x - *a);
                    }
                }
            });
    }
}
