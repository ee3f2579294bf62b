//! Dense scatter: one event along its row of a matrix, into consecutive potentials of a tile.

use super::{Bases, Weights, sized};
use crate::state::Burst;
use isa::{DenseDescriptor, WeightBlock};

/// A dense descriptor, prepared.
#[derive(Clone, Debug)]
pub(crate) struct Dense {
    pool: (u16, u16),
    source: (u16, u16, u16),
    weights: Weights,
    pub(super) v_base: usize,
    pub(crate) n: usize,
}

/// The block's weights.
pub(crate) fn arrange(d: &DenseDescriptor, block: &WeightBlock) -> Result<Weights, String> {
    let rows = d.source.0 as usize * d.source.1 as usize * d.source.2 as usize;
    Ok(Weights::new(sized(block, rows * d.n as usize)?.to_vec()))
}

impl Dense {
    /// Prepares a descriptor; `n_state` is the size of the core's state.
    pub(crate) fn new(d: &DenseDescriptor, weights: Weights, n_state: u32) -> Result<Self, String> {
        let end = u64::from(d.v_base) + u64::from(d.n);
        if end > u64::from(n_state) {
            return Err(format!("tile ends at state word {end}, the core has {n_state}"));
        }
        if d.pool.0 == 0 || d.pool.1 == 0 {
            return Err("a pooling window is at least 1".into());
        }
        Ok(Self { pool: d.pool, source: d.source, weights, v_base: d.v_base as usize, n: d.n as usize })
    }

    /// First weights of the rows of the burst's events, without those dropped by pooling.
    #[inline]
    fn bases<'a>(&self, burst: Burst, list: &'a [u16]) -> impl Iterator<Item = usize> + use<'a> {
        let (channels, height, width) = self.source;
        let (y, x) = (burst.y / self.pool.0, burst.x / self.pool.1);
        let n_channels = if y < height && x < width { channels } else { 0 };
        let position = y as usize * width as usize + x as usize;
        let (plane, n) = (height as usize * width as usize, self.n);
        let reached = burst.channels(list).iter().filter(move |&&c| c < n_channels);
        reached.map(move |&c| (c as usize * plane + position) * n)
    }

    /// As [`super::Synaptic::scatter`].
    pub(super) fn scatter(&self, v: &mut [i32], bursts: &[Burst], list: &[u16], bases: &mut Bases) -> u64 {
        let v = &mut v[self.v_base..][..self.n];
        let mut n_rows = 0;
        bases.clear();
        for &burst in bursts {
            for base in self.bases(burst, list) {
                n_rows += 1;
                if burst.value != 1 {
                    self.weights.mac_row(v, base, burst.value);
                    continue;
                }
                if bases.is_full() {
                    self.weights.add_rows(v, bases, 0);
                    bases.clear();
                }
                bases.push(base as u32);
            }
        }
        self.weights.add_rows(v, bases, 0);
        n_rows
    }

    /// Rows that an event of a source place adds.
    pub(super) fn rows_of(&self, (c, y, x): (u16, u16, u16)) -> u64 {
        let burst = Burst { axon: 0, y, x, n: 1, start: 0, value: 1 };
        self.bases(burst, &[c]).count() as u64
    }

    pub(super) fn n_channels(&self) -> u16 {
        self.source.0
    }

    /// As [`super::Synaptic::touched`].
    pub(super) fn touched(&self, burst: Burst, list: &[u16], mut range: impl FnMut(usize, usize)) {
        if self.bases(burst, list).next().is_some() {
            range(self.v_base, self.v_base + self.n);
        }
    }
}
