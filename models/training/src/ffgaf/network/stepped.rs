//! Networks on recordings: every layer integrates and fires step by step, as [`crate::ffgaf::block`] has it in training.

use super::super::block::{add, channel_sums, fire};
use super::super::input::frames_into;
use super::{Network, Prepared, Runner};
use crate::kernels::{Scratch, Source};
use datasets::Dataset;
use rayon::prelude::*;

impl Prepared {
    /// The spikes of one sample after pooling, `[step][pixel][channel]`.
    fn received<'a>(&self, spikes: &'a [u8], first: bool, pooled: &'a mut Vec<u8>) -> &'a [u8] {
        if first { spikes } else { self.pool.batch(spikes, pooled) }
    }

    /// Spikes of one sample by step, and how many each neuron gave, from those of the layer below after pooling.
    fn steps(&self, below: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let s = &self.conv.shape;
        let (len, steps) = (s.out_len(), below.len() / s.in_len());
        let (mut scratch, mut z, mut y) = (Scratch::default(), vec![0.0; len], vec![0.0; len]);
        let (mut counts, mut spikes) = (vec![0; len], vec![0; steps * len]);
        for (t, (frame, out)) in below.chunks_exact(s.in_len()).zip(spikes.chunks_exact_mut(len)).enumerate() {
            if frame.iter().any(|&n| n > 0) {
                self.conv.forward(Source::Counts(frame), &self.weight, &mut y, &mut scratch);
                z.iter_mut().zip(&y).for_each(|(z, y)| *z += y);
            }
            fire(&z, (&self.gain, &self.bias), (t + 1) as f32 / steps as f32, &mut counts, out);
        }
        (spikes, counts)
    }
}

impl Runner<'_> {
    /// Counts of every layer for one recording.
    pub(super) fn run_steps(&self, recording: &[u8]) -> Vec<Vec<u8>> {
        let mut spikes = self.network.frames(recording, self.layers[0].conv.shape.in_c);
        let mut pooled = Vec::new();
        let layers = self.layers.iter().enumerate();
        layers
            .map(|(l, p)| {
                let (own, counts) = p.steps(p.received(&spikes, l == 0, &mut pooled));
                spikes = own;
                counts
            })
            .collect()
    }
}

impl Network {
    /// The timesteps of a recording in the kernels' layout with `padded` channels.
    fn frames(&self, recording: &[u8], padded: usize) -> Vec<u8> {
        let [c, h, w] = self.input;
        let mut frames = vec![0; recording.len() / c * padded];
        debug_assert!(recording.len().is_multiple_of(c * h * w), "whole timesteps");
        frames_into(recording, self.input, padded, &mut frames);
        frames
    }

    /// As [`Network::calibrate`]: mean and variance of what arrives in all steps together.
    pub(super) fn calibrate_steps(&mut self, data: &Dataset, images: &[u32]) {
        let padded = Prepared::new(&self.layers[0]).conv.shape.in_c;
        let mut spikes: Vec<Vec<u8>> =
            images.par_iter().map(|&i| self.frames(data.image(i as usize), padded)).collect();
        for l in 0..self.layers.len() {
            let p = Prepared::new(&self.layers[l]);
            let s = p.conv.shape;
            let sums: Vec<Vec<f64>> = spikes
                .par_iter()
                .map_init(
                    || (Scratch::default(), vec![0.0; s.out_len()], vec![0; s.in_len()], Vec::new()),
                    |(scratch, z, all, pooled), spikes| {
                        all.fill(0);
                        let received = p.received(spikes, l == 0, pooled);
                        received.chunks_exact(s.in_len()).for_each(|frame| add(all, frame));
                        p.conv.forward(Source::Counts(all), &p.weight, z, scratch);
                        channel_sums(z, s.out_c)
                    },
                )
                .collect();
            self.layers[l].estimate(&sums, (images.len() * s.out_pixels()) as f64);
            if l + 1 < self.layers.len() {
                let p = Prepared::new(&self.layers[l]);
                spikes = spikes
                    .par_iter()
                    .map_init(Vec::new, |pooled, spikes| p.steps(p.received(spikes, l == 0, pooled)).0)
                    .collect();
            }
        }
    }
}
