//! The local gradients of a layer, from the pull of the loss on every region's goodness.

use super::loss::{Linear, total};
use super::{Batch, Block, SAMPLES, Worker};
use crate::kernels::{Affine, Moments, Source, input_gradient};
use rayon::prelude::*;

impl Block {
    /// Gradients of weights, channel weights and channel biases into `self.grads`. `pull`: ∂loss/∂F·(2/HW) of each sample.
    pub(super) fn backward(
        &mut self,
        input: Batch<'_>,
        z: &[f32],
        affines: &[Affine],
        moments: &[Moments],
        pull: &[f32],
    ) {
        let s = self.conv.shape;
        let (c, pixels, out_len, in_len) = (s.out_c, s.out_pixels(), s.out_len(), s.in_len());
        let len = self.grid * self.grid * c;
        // Σ d and Σ d·zh, per sample.
        let sums: Vec<Vec<f64>> = moments
            .iter()
            .zip(pull.chunks_exact(len))
            .map(|(mo, pull)| {
                let mut s = vec![0.0; 2 * c];
                for i in 0..len {
                    s[i % c] += f64::from(pull[i] * mo.open[i]);
                    s[c + i % c] += f64::from(pull[i] * mo.open_norm[i]);
                }
                s
            })
            .collect();
        let all = total(sums.iter(), 2 * c);
        self.channel_gradients(&all);
        // ∂z = scale·h·[u<L] + slope·z + offset, with the two normalization means folded into slope and offset.
        let linears: Vec<Linear> = if self.per_sample {
            affines.iter().zip(&sums).map(|(a, s)| self.through_statistics(a, s, pixels as f64)).collect()
        } else {
            vec![self.through_statistics(&affines[0], &all, (pixels * sums.len()) as f64)]
        };
        let pick = |m: usize| if self.per_sample { m } else { 0 };

        let wlen = s.weight_len();
        let blocks = sums.len().div_ceil(SAMPLES);
        let mut parts = std::mem::take(&mut self.grads.weight);
        parts.resize(blocks * wlen, 0.0);
        let fixed = self.fixed && matches!(input, Batch::Counts(_));
        let group = self.conv.gradient_group() * if fixed { 2 } else { 1 };
        parts.par_chunks_mut(wlen).enumerate().for_each(|(k, dw)| {
            dw.fill(0.0);
            let mut worker = self.worker(k);
            let Worker { scratch, dz, scale } = &mut *worker;
            dz.resize(group * out_len, 0.0);
            scale.resize(len, 0.0);
            let end = ((k + 1) * SAMPLES).min(sums.len());
            for first in (k * SAMPLES..end).step_by(group) {
                let last = (first + group).min(end);
                for m in first..last {
                    let affine = &affines[pick(m)];
                    for i in 0..len {
                        scale[i] = pull[m * len + i] * affine.gain[i % c];
                    }
                    let Linear { slope, offset } = &linears[pick(m)];
                    let dz = &mut dz[(m - first) * out_len..(m - first + 1) * out_len];
                    let z = &z[m * out_len..(m + 1) * out_len];
                    input_gradient(z, affine, self.levels, self.strict, &self.region, scale, slope, offset, dz);
                }
                let dz = &dz[..(last - first) * out_len];
                match input {
                    Batch::Counts(x) if fixed => {
                        let xs: Vec<&[u8]> = x[first * in_len..last * in_len].chunks_exact(in_len).collect();
                        self.conv.add_weight_gradient_counts(&xs, self.largest, dz, dw, scratch);
                    }
                    _ => {
                        let xs: Vec<Source<'_>> = (first..last).map(|m| input.sample(m, in_len)).collect();
                        self.conv.add_weight_gradient(&xs, dz, dw, scratch);
                    }
                }
            }
        });
        self.grads.weight = parts;
    }
}
