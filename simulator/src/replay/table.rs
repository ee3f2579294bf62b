//! Sums over rectangles in constant time: for each timestep of a stream, how many spikes of some channels lie at or before a
//! position in both directions (a summed-area table; Crow 1984).
//!
//! A sum `Σ w(y,x)·s(y,x)` with weights that are constant over rectangles, as those of tiles, emission classes and kernel taps
//! are, is `Σ S(y,x)·(w(y,x) − w(y+1,x) − w(y,x+1) + w(y+1,x+1))`, S being the table and w = 0 outside: few terms, at the
//! corners of the rectangles only.

use super::record::Stream;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// The sums of some channels of a stream, slot after slot.
#[derive(Clone, Debug)]
pub(super) struct Table {
    sums: Vec<u32>,
    positions: usize,
    /// Sums of all slots of a timestep, timestep after timestep; of samples that are not graded, and of those that are.
    totals: [Vec<u64>; 2],
}

impl Table {
    /// `graded` tells of each sample whether its input is.
    pub(super) fn new(stream: &Stream, channels: (u16, u16), (timesteps, graded): (u32, &[bool])) -> Self {
        let (positions, width) = (stream.positions(), usize::from(stream.shape.2));
        let mask: Vec<u64> = (0..stream.words()).map(|w| mask(w, channels)).collect();
        let mut all = vec![0; stream.n_slots() * positions];
        for (slot, sums) in all.chunks_exact_mut(positions.max(1)).enumerate() {
            for (position, bits) in stream.of(slot) {
                sums[position] = bits.iter().zip(&mask).map(|(word, mask)| (word & mask).count_ones()).sum();
            }
            accumulate(sums, width);
        }
        let steps = timesteps as usize;
        let mut totals = [false, true].map(|kind| vec![0; if graded.contains(&kind) { steps * positions } else { 0 }]);
        for (sample, &graded) in graded.iter().enumerate() {
            for t in 0..steps {
                let Some(slot) = stream.slot(sample * steps + t) else { continue };
                let total = &mut totals[usize::from(graded)][t * positions..][..positions];
                total.iter_mut().zip(&all[slot * positions..]).for_each(|(total, &n)| *total += u64::from(n));
            }
        }
        Self { sums: all, positions, totals }
    }

    /// Sums of all slots before timestep `end` of samples that are graded, or that are not.
    pub(super) fn total(&self, end: u32, graded: bool) -> Vec<i64> {
        let mut total = vec![0; self.positions];
        for step in self.totals[usize::from(graded)].chunks_exact(self.positions.max(1)).take(end as usize) {
            total.iter_mut().zip(step).for_each(|(total, &n)| *total += n as i64);
        }
        total
    }

    /// The sums of a slot.
    #[inline]
    pub(super) fn of(&self, slot: usize) -> &[u32] {
        &self.sums[slot * self.positions..][..self.positions]
    }

    fn bytes(&self) -> usize {
        size_of_val(&*self.sums) + self.totals.iter().map(|total| size_of_val(&**total)).sum::<usize>()
    }
}

/// Turns counts by position into sums over rectangles from the origin.
pub(super) fn accumulate<T: Copy + Default + std::ops::Add<Output = T>>(counts: &mut [T], width: usize) {
    let mut above = vec![T::default(); width];
    for row in counts.chunks_exact_mut(width.max(1)) {
        let mut left = T::default();
        for (count, above) in row.iter_mut().zip(&mut above) {
            left = left + *count;
            *above = *above + left;
            *count = *above;
        }
    }
}

/// The bits of channels `first..end` in word `w` of a position.
fn mask(w: usize, (first, end): (u16, u16)) -> u64 {
    let bit = |c: u16| usize::from(c).saturating_sub(64 * w).min(64);
    let below = |n: usize| if n == 64 { u64::MAX } else { (1 << n) - 1 };
    below(bit(end)) & !below(bit(first))
}

/// Whose sums: layer, channels, and whether of visits.
type Key = (usize, (u16, u16), bool);

/// Tables that were asked for, the most recently used within [`BUDGET`].
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    tables: HashMap<Key, (Arc<Table>, u64)>,
    clock: u64,
}

/// Most memory of tables that nobody uses \[bytes\].
const BUDGET: usize = 512 << 20;

impl Cache {
    pub(super) fn get(&self, key: Key, make: impl FnOnce() -> Table) -> Arc<Table> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let mut kept = lock();
            kept.clock += 1;
            let now = kept.clock;
            if let Some((table, used)) = kept.tables.get_mut(&key) {
                *used = now;
                return Arc::clone(table);
            }
        }
        let table = Arc::new(make());
        let mut kept = lock();
        let now = kept.clock;
        kept.tables.insert(key, (Arc::clone(&table), now));
        while kept.tables.len() > 1 && kept.tables.values().map(|(table, _)| table.bytes()).sum::<usize>() > BUDGET {
            let oldest = *kept.tables.iter().min_by_key(|(key, (_, used))| (*used, **key)).expect("more than one").0;
            kept.tables.remove(&oldest);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_cut_words() {
        assert_eq!(mask(0, (0, 64)), u64::MAX);
        assert_eq!(mask(0, (3, 5)), 0b11000);
        assert_eq!(mask(1, (3, 5)), 0);
        assert_eq!(mask(1, (60, 66)), 0b11);
        assert_eq!(mask(0, (60, 66)), 0b1111 << 60);
    }

    #[test]
    fn sums_over_rectangles() {
        // 1 2 / 3 4 / 5 6
        let mut sums = [1u32, 2, 3, 4, 5, 6];
        accumulate(&mut sums, 2);
        assert_eq!(sums, [1, 3, 4, 10, 9, 21]);
    }
}
