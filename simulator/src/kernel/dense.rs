//! Dense scatter: one event along its row of a matrix, into consecutive potentials of a tile.

use super::{Event, Weights, add::MAX_GROUP, sized};
use isa::{DenseDescriptor, WeightBlock};

/// A dense descriptor, prepared.
#[derive(Clone, Debug)]
pub(crate) struct Dense {
    pool: (u16, u16),
    source: (u16, u16, u16),
    weights: Weights,
    v_base: usize,
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

    /// First weight of the event's row; `None` if it is dropped by pooling.
    #[inline]
    fn base(&self, event: Event) -> Option<usize> {
        let (channels, height, width) = self.source;
        let (y, x) = (event.y / self.pool.0, event.x / self.pool.1);
        let row = (event.c as usize * height as usize + y as usize) * width as usize + x as usize;
        (event.c < channels && y < height && x < width).then_some(row * self.n)
    }

    /// As [`super::Synaptic::scatter`].
    pub(super) fn scatter(&self, v: &mut [i32], events: &[Event], bases: &mut Vec<u32>) -> u64 {
        let v = &mut v[self.v_base..][..self.n];
        let mut n_rows = 0;
        for events in events.chunks(MAX_GROUP) {
            bases.clear();
            for &event in events {
                let Some(base) = self.base(event) else { continue };
                n_rows += 1;
                if event.value == 1 {
                    bases.push(base as u32);
                } else {
                    self.weights.mac_row(v, base, event.value);
                }
            }
            self.weights.add_rows(v, bases, 0);
        }
        n_rows
    }

    /// As [`super::Synaptic::touched`].
    pub(super) fn touched(&self, event: Event, mut range: impl FnMut(usize, usize)) {
        if self.base(event).is_some() {
            range(self.v_base, self.v_base + self.n);
        }
    }
}
