//! One layer in training on spikes in time: the neuron works step by step, and so may the loss.
//!
//! ```text
//! z_t    = Σ_{τ≤t} conv(s_τ, W)                    s_τ: spikes of the layer below in step τ = 1 … T
//! u_t    = κ(w_c·(z_t − μ_c·t/T)/σ_c + b_c·t/T)    μ, σ of z_T over (batch, pixels): the drive up to step t, in spikes
//! spike in step t  ⇔  u_t + ½ − n_{t−1} ≥ 1,  n_t = n_{t−1} + spike:   integrate and fire, threshold 1, start ½, subtracting reset
//! F_t,rc = mean over region r of n_t², / number of regions: evidence grows with time
//! loss   = Σ_t ω_t·(−log softmax(α(2/κ²)(1/S̄)·A·F_t)_y) + λ·mean n_T²,  mean over the batch
//! ω_T = 1 alone, or ω_t = 2t/(T(T+1)) in every step: `loss_steps`
//! ```
//!
//! A count never falls: n_t is what u was, rounded, when the neuron fired last. Gradients are therefore those of that moment, straight through
//! the rounding and inside this layer only: with e = (softmax − onehot)/N and d_t = ∂loss/∂n_t, a neuron that fired last in step τ ≤ t and had then
//! given all its drive allows has ∂n_t/∂u_τ = 1; one that lags behind, as it fires once a step at most, has ∂n_t/∂n_{t−1} = 1. u_τ is linear in
//! what arrived up to τ: ∂W = Σ_τ correlate(Σ_{σ≤τ} s_σ, ∂z_τ). The trace of a synapse is the number of spikes that it received; no gradient
//! travels to another layer.

use super::super::goodness::squares;
use super::loss::{Linear, Pulls, channel_sums, total};
use super::{Block, SAMPLES, StepResult, Worker};
use crate::kernels::Affine;
use rayon::prelude::*;

/// When a layer's loss is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LossSteps {
    /// In the last timestep, of the spikes of all.
    #[default]
    Last,
    /// In every timestep, of the spikes until then; later ones weigh more.
    All,
}

impl LossSteps {
    /// ω of step `t` = 1 … `steps`.
    fn weight(self, t: usize, steps: usize) -> f32 {
        match self {
            Self::Last => f32::from(u8::from(t == steps)),
            Self::All => 2.0 * t as f32 / (steps * (steps + 1)) as f32,
        }
    }
}

/// What one sample gives.
struct Sample {
    result: StepResult,
    /// ∂loss/∂A.
    readout: Vec<f32>,
    /// Σ_τ d_τ·τ/T and Σ_τ d_τ·zh_τ per channel, d = ∂loss/∂u.
    sums: Vec<f64>,
}

/// Buffers of one sample.
struct Buffers {
    /// Spikes received so far.
    received: Vec<u8>,
    /// z of every step.
    z: Vec<f32>,
    /// What arrives in one step.
    step: Vec<f32>,
    /// Spikes fired so far.
    counts: Vec<u8>,
    /// ∂loss/∂n of later steps that no spike has answered for yet.
    pending: Vec<f32>,
}

impl Block {
    /// Forward pass and local gradients of one batch of spikes, `[sample][step][pixel][channel]`; emitted spikes go to `emitted`, gradients to
    /// `self.grads` (untouched without `learn`).
    pub(crate) fn forward_backward_steps(
        &mut self,
        input: &[u8],
        labels: &[u8],
        emitted: &mut Vec<u8>,
        learn: bool,
    ) -> StepResult {
        let n = labels.len();
        let s = self.conv.shape;
        let (c, steps, in_len, out_len) = (s.out_c, usize::from(self.levels), s.in_len(), s.out_len());
        let mut z = std::mem::take(&mut self.z);
        z.resize(n * out_len, 0.0);
        emitted.resize(n * steps * out_len, 0);
        if self.fixed {
            self.conv.quantize_weights(&self.weight.value, self.largest, &mut self.fixed_weights);
        }
        self.workers.resize_with(n.div_ceil(SAMPLES).max(self.workers.len()), Default::default);
        let sums: Vec<Vec<f64>> = z
            .par_chunks_mut(SAMPLES * out_len)
            .zip(input.par_chunks(SAMPLES * steps * in_len))
            .enumerate()
            .flat_map_iter(|(k, (z, input))| {
                let mut worker = self.worker(k);
                let mut out = Vec::new();
                let mut received = vec![0; in_len];
                for (z, frames) in z.chunks_exact_mut(out_len).zip(input.chunks_exact(steps * in_len)) {
                    received.fill(0);
                    frames.chunks_exact(in_len).for_each(|frame| add(&mut received, frame));
                    self.convolve(&received, z, &mut worker);
                    out.push(channel_sums(z, c));
                }
                out
            })
            .collect();
        let affine = self.affines(&sums, s.out_pixels()).swap_remove(0);

        let wlen = s.weight_len();
        let mut parts = std::mem::take(&mut self.grads.weight);
        parts.resize(n.div_ceil(SAMPLES) * wlen, 0.0);
        let samples: Vec<Sample> = parts
            .par_chunks_mut(wlen)
            .zip(input.par_chunks(SAMPLES * steps * in_len))
            .zip(emitted.par_chunks_mut(SAMPLES * steps * out_len))
            .zip(labels.par_chunks(SAMPLES))
            .enumerate()
            .flat_map_iter(|(k, (((dw, input), emitted), labels))| {
                if learn {
                    dw.fill(0.0);
                }
                let mut worker = self.worker(k);
                let mut buffers = Buffers {
                    received: vec![0; in_len],
                    z: vec![0.0; steps * out_len],
                    step: vec![0.0; out_len],
                    counts: vec![0; out_len],
                    pending: vec![0.0; out_len],
                };
                let frames = input.chunks_exact(steps * in_len).zip(emitted.chunks_exact_mut(steps * out_len));
                frames
                    .zip(labels)
                    .map(|((frames, emitted), &label)| {
                        let gradient = learn.then_some(&mut *dw);
                        self.sample(&affine, (frames, label, n), emitted, gradient, &mut buffers, &mut worker)
                    })
                    .collect::<Vec<_>>()
            })
            .collect();

        let mut result = StepResult::default();
        let mut readout = vec![0.0f32; self.readout.value.len()];
        for sample in &samples {
            result.loss += sample.result.loss;
            result.correct += sample.result.correct;
            readout.iter_mut().zip(&sample.readout).for_each(|(sum, g)| *sum += g);
        }
        self.grads.weight = parts;
        if learn {
            let all = total(samples.iter().map(|sample| &sample.sums), 2 * c);
            self.channel_gradients(&all);
            let linear = self.through_statistics(&affine, &all, (z.len() / c) as f64);
            self.add_through_statistics(input, &z, &linear);
            self.grads.readout = readout;
        }
        self.z = z;
        result
    }

    /// y of one map of counts.
    fn convolve(&self, counts: &[u8], y: &mut [f32], worker: &mut Worker) {
        if self.fixed {
            self.conv.forward_counts(counts, &self.fixed_weights, y, &mut worker.scratch);
        } else {
            self.conv.forward(crate::kernels::Source::Counts(counts), &self.weight.value, y, &mut worker.scratch);
        }
    }

    /// One sample (`frames`, its label, and the size of its batch) through all steps: emits, and adds to the weight gradient what does not
    /// go through the statistics.
    fn sample(
        &self,
        affine: &Affine,
        (frames, label, batch): (&[u8], u8, usize),
        emitted: &mut [u8],
        gradient: Option<&mut [f32]>,
        buffers: &mut Buffers,
        worker: &mut Worker,
    ) -> Sample {
        let s = &self.conv.shape;
        let (c, pixels, in_len, out_len) = (s.out_c, s.out_pixels() as f32, s.in_len(), s.out_len());
        let (steps, len) = (usize::from(self.levels), self.grid * self.grid * c);
        let mut out = Sample {
            result: StepResult::default(),
            readout: vec![0.0; self.readout.value.len()],
            sums: vec![0.0; 2 * c],
        };
        let mut pulls = vec![0.0; steps * len];
        buffers.received.fill(0);
        buffers.counts.fill(0);
        for (t, (frame, spikes)) in frames.chunks_exact(in_len).zip(emitted.chunks_exact_mut(out_len)).enumerate() {
            let part = (t + 1) as f32 / steps as f32;
            let (before, z) = buffers.z.split_at_mut(t * out_len);
            let z = &mut z[..out_len];
            match before.len().checked_sub(out_len) {
                Some(last) => z.copy_from_slice(&before[last..]),
                None => z.fill(0.0),
            }
            if frame.iter().any(|&n| n > 0) {
                self.convolve(frame, &mut buffers.step, worker);
                z.iter_mut().zip(&buffers.step).for_each(|(z, y)| *z += y);
            }
            fire(z, (&affine.gain, &affine.bias), part, &mut buffers.counts, spikes);
            let weight = self.loss_steps.weight(t + 1, steps);
            if weight == 0.0 {
                continue;
            }
            let f: Vec<f32> = squares(&buffers.counts, &self.region, len).iter().map(|&q| q as f32 / pixels).collect();
            let features = &mut pulls[t * len..][..len];
            if t + 1 == steps {
                features.fill(self.penalty_pull(batch));
                if self.spike_penalty > 0.0 {
                    out.result.loss += self.penalty(&f, batch);
                }
            }
            let pulls = gradient.is_some().then_some(Pulls { features, readout: &mut out.readout });
            let one = self.judge(&f, label, weight, batch, pulls);
            out.result.loss += one.loss;
            out.result.correct = one.correct;
        }
        if let Some(dw) = gradient {
            self.backward_in_time(affine, (frames, emitted, &pulls), &mut out.sums, dw, buffers, worker);
        }
        out
    }

    /// The gradient of one sample: `pulls[t]` is ∂loss/∂F of step t + 1, times 2/HW. `buffers` are as the last step left them.
    fn backward_in_time(
        &self,
        affine: &Affine,
        (frames, emitted, pulls): (&[u8], &[u8], &[f32]),
        sums: &mut [f64],
        dw: &mut [f32],
        buffers: &mut Buffers,
        worker: &mut Worker,
    ) {
        let s = &self.conv.shape;
        let (c, in_len, out_len) = (s.out_c, s.in_len(), s.out_len());
        let (steps, len) = (usize::from(self.levels), self.grid * self.grid * c);
        let Buffers { received, z, counts, pending, .. } = buffers;
        let (sum, sum_norm) = sums.split_at_mut(c);
        let mut dz = std::mem::take(&mut worker.dz);
        dz.resize(out_len, 0.0);
        pending.fill(0.0);
        received.fill(0);
        frames.chunks_exact(in_len).for_each(|frame| add(received, frame));
        for t in (0..steps).rev() {
            let part = (t + 1) as f32 / steps as f32;
            let (z, spikes) = (&z[t * out_len..][..out_len], &emitted[t * out_len..][..out_len]);
            let pulls = &pulls[t * len..][..len];
            let rows = z.chunks_exact(c).zip(spikes.chunks_exact(c));
            let own = counts.chunks_exact_mut(c).zip(pending.chunks_exact_mut(c)).zip(dz.chunks_exact_mut(c));
            let mut any = false;
            for (((z, s), ((n, pending), dz)), &r) in rows.zip(own).zip(&self.region) {
                let pull = &pulls[usize::from(r) * c..][..c];
                for i in 0..c {
                    let mut due = pending[i] + pull[i] * f32::from(n[i]);
                    let u = z[i] * affine.gain[i] + affine.bias[i] * part;
                    let decides = s[i] == 1 && u - f32::from(n[i]) < 0.5;
                    let d = if decides { std::mem::take(&mut due) } else { 0.0 };
                    any |= decides;
                    sum[i] += f64::from(d * part);
                    sum_norm[i] += f64::from(d * (z[i] * affine.norm_gain[i] + affine.norm_bias[i] * part));
                    dz[i] = d * affine.gain[i];
                    pending[i] = due;
                    n[i] -= s[i];
                }
            }
            if any {
                self.correlate(received, &dz, dw, worker);
            }
            received.iter_mut().zip(&frames[t * in_len..][..in_len]).for_each(|(sum, n)| *sum -= n);
        }
        worker.dz = dz;
    }

    /// Adds the weight gradient of one map of counts.
    fn correlate(&self, counts: &[u8], dz: &[f32], dw: &mut [f32], worker: &mut Worker) {
        if self.fixed {
            self.conv.add_weight_gradient_counts(&[counts], self.largest, dz, dw, &mut worker.scratch);
        } else {
            let x = [crate::kernels::Source::Counts(counts)];
            self.conv.add_weight_gradient(&x, dz, dw, &mut worker.scratch);
        }
    }

    /// Adds the part of the weights' gradient that goes through mean and variance, which are those of z_T.
    fn add_through_statistics(&mut self, input: &[u8], z: &[f32], linear: &Linear) {
        let s = self.conv.shape;
        let (c, steps, in_len, out_len) = (s.out_c, usize::from(self.levels), s.in_len(), s.out_len());
        let mut parts = std::mem::take(&mut self.grads.weight);
        parts.par_chunks_mut(s.weight_len()).enumerate().for_each(|(k, dw)| {
            let mut worker = self.worker(k);
            let (mut received, mut dz) = (vec![0; in_len], vec![0.0; out_len]);
            let z = z.chunks(SAMPLES * out_len).nth(k).unwrap_or_default();
            let input = input.chunks(SAMPLES * steps * in_len).nth(k).unwrap_or_default();
            for (z, frames) in z.chunks_exact(out_len).zip(input.chunks_exact(steps * in_len)) {
                received.fill(0);
                frames.chunks_exact(in_len).for_each(|frame| add(&mut received, frame));
                for (dz, z) in dz.chunks_exact_mut(c).zip(z.chunks_exact(c)) {
                    for i in 0..c {
                        dz[i] = z[i] * linear.slope[i] + linear.offset[i];
                    }
                }
                self.correlate(&received, &dz, dw, &mut worker);
            }
        });
        self.grads.weight = parts;
    }
}

/// Adds the spikes of a step.
pub(in crate::ffgaf) fn add(sums: &mut [u8], spikes: &[u8]) {
    sums.iter_mut().zip(spikes).for_each(|(sum, n)| *sum += n);
}

/// The neurons' step after which `part` of the time has passed: `z` is what arrived so far, `counts` the spikes so far; gain and bias per
/// channel.
pub(in crate::ffgaf) fn fire(
    z: &[f32],
    (gain, bias): (&[f32], &[f32]),
    part: f32,
    counts: &mut [u8],
    spikes: &mut [u8],
) {
    let c = gain.len();
    let (gain, bias) = (&gain[..c], &bias[..c]);
    let rows = z.chunks_exact(c).zip(counts.chunks_exact_mut(c)).zip(spikes.chunks_exact_mut(c));
    for ((z, n), s) in rows {
        for i in 0..c {
            let u = z[i] * gain[i] + bias[i] * part;
            let fires = u8::from(u - f32::from(n[i]) >= 0.5);
            n[i] += fires;
            s[i] = fires;
        }
    }
}
