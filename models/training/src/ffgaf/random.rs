//! Counter-based randomness: a stream is named by (seed, purpose, epoch, index), so it depends neither on order nor on threads.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream is used for; part of its name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Split = 1,
    Init = 2,
    Shuffle = 3,
    Augment = 4,
    Dropout = 5,
    Calibrate = 6,
    TestDropout = 7,
}

/// A named random stream.
pub(crate) struct Stream(ChaCha8Rng);

impl Stream {
    pub(crate) fn new(seed: u64, purpose: Purpose, epoch: u64, index: u64) -> Self {
        let mut key = [0u8; 32];
        for (part, v) in key.chunks_exact_mut(8).zip([seed, purpose as u64, epoch, index]) {
            part.copy_from_slice(&v.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// Uniform in 0..n (multiply-shift; bias below n/2³²).
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u64::from(self.0.next_u32()) * n as u64) >> 32) as usize
    }

    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / 16_777_216.0
    }

    /// Uniform in [−1, 1).
    pub(crate) fn symmetric(&mut self) -> f32 {
        2.0 * self.unit() - 1.0
    }

    /// Standard normal (Box–Muller, cosine branch).
    pub(crate) fn normal(&mut self) -> f32 {
        let r = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        r * (std::f32::consts::TAU * self.unit()).cos()
    }

    /// A permutation of 0..n (Fisher–Yates).
    pub(crate) fn permutation(&mut self, n: usize) -> Vec<u32> {
        let mut p: Vec<u32> = (0..n as u32).collect();
        for i in (1..n).rev() {
            p.swap(i, self.below(i + 1));
        }
        p
    }
}
