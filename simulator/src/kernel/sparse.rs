//! List scatter: the synapse list of an event's source, entry by entry, into the potentials of a tile.
//!
//! An entry holds index and weight together, so that a list is one stretch of memory; entries are 32 bits where the tile has
//! at most 2¹⁶ neurons, which all but chips without limits have.

use super::sized;
use crate::state::Burst;
use isa::{Arch, SparseDescriptor, WeightBlock};
use std::sync::Arc;

/// Synapses as (index, weight), in the order of the lists.
#[derive(Clone, Debug)]
enum Entries {
    /// Index in the low, weight in the high 16 bits.
    Narrow(Arc<[u32]>),
    Wide(Arc<[(u32, i32)]>),
}

/// Where the list of a source lies, and what reading it costs.
#[derive(Clone, Copy, Debug, Default)]
struct List {
    start: u32,
    len: u32,
    words: u32,
    issues: u32,
}

/// What was read of lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListReads {
    /// Lists that are not empty.
    pub(crate) lists: u64,
    /// Words of the weight memory.
    pub(crate) words: u64,
    /// Issues of `lanes` synaptic operations.
    pub(crate) issues: u64,
}

impl std::ops::AddAssign for ListReads {
    fn add_assign(&mut self, other: Self) {
        self.lists += other.lists;
        self.words += other.words;
        self.issues += other.issues;
    }
}

/// A sparse descriptor, prepared.
#[derive(Clone, Debug)]
pub(crate) struct Sparse {
    pool: (u16, u16),
    source: (u16, u16, u16),
    /// By source neuron.
    lists: Arc<[List]>,
    entries: Entries,
    v_base: usize,
    n: usize,
    /// Width of an entry in the weight memory \[bits\].
    pub(crate) entry_bits: u32,
}

impl Sparse {
    /// Prepares a descriptor; `n_state` is the size of the core's state.
    pub(crate) fn new(d: &SparseDescriptor, block: &WeightBlock, n_state: u32, arch: &Arch) -> Result<Self, String> {
        let end = u64::from(d.v_base) + u64::from(d.n);
        if end > u64::from(n_state) {
            return Err(format!("tile ends at state word {end}, the core has {n_state}"));
        }
        if d.pool.0 == 0 || d.pool.1 == 0 {
            return Err("a pooling window is at least 1".into());
        }
        let weights = sized(block, d.n_synapses() as usize)?;
        if let Some(target) = d.lists.iter().flat_map(|list| &list.targets).find(|&&t| t >= d.n) {
            return Err(format!("a list names neuron {target} of {}", d.n));
        }
        let entry_bits = d.entry_bits(u32::from(block.bits));
        let (memory, lanes) = (&arch.core.memories.weights, arch.core.lanes.max(1));
        let n_sources = d.source.0 as usize * d.source.1 as usize * d.source.2 as usize;
        let mut lists = vec![List::default(); n_sources];
        let mut start = 0;
        for list in &d.lists {
            let len = list.targets.len() as u32;
            let words = memory.list_words(u64::from(len), entry_bits) as u32;
            let place = lists.get_mut(list.source as usize);
            *place.ok_or_else(|| format!("a list of source {} of {n_sources}", list.source))? =
                List { start, len, words, issues: len.div_ceil(lanes) };
            start += len;
        }
        let synapses = d.lists.iter().flat_map(|list| &list.targets).zip(weights);
        let entries = if d.n <= 1 << 16 {
            Entries::Narrow(synapses.map(|(&t, &w)| u32::from(w as u16) << 16 | t).collect())
        } else {
            Entries::Wide(synapses.map(|(&t, &w)| (t, i32::from(w))).collect())
        };
        let (pool, source, v_base) = (d.pool, d.source, d.v_base as usize);
        Ok(Self { pool, source, lists: lists.into(), entries, v_base, n: d.n as usize, entry_bits })
    }

    /// State words of the tile.
    pub(super) fn words(&self) -> std::ops::Range<usize> {
        self.v_base..self.v_base + self.n
    }

    /// Lists of the burst's events, without those dropped by pooling.
    #[inline]
    fn of<'a>(&'a self, burst: Burst, list: &'a [u16]) -> impl Iterator<Item = List> + use<'a> {
        let (channels, height, width) = self.source;
        let (y, x) = (burst.y / self.pool.0, burst.x / self.pool.1);
        let n_channels = if y < height && x < width { channels } else { 0 };
        let position = y as usize * width as usize + x as usize;
        let plane = height as usize * width as usize;
        let reached = burst.channels(list).iter().filter(move |&&c| c < n_channels);
        reached.map(move |&c| self.lists[c as usize * plane + position])
    }

    /// Adds the lists of the bursts' events; returns the number of synapses.
    pub(super) fn scatter(&self, v: &mut [i32], bursts: &[Burst], list: &[u16]) -> u64 {
        let v = &mut v[self.v_base..][..self.n];
        let mut n = 0;
        for &burst in bursts {
            for List { start, len, .. } in self.of(burst, list) {
                n += u64::from(len);
                let range = start as usize..(start + len) as usize;
                match (&self.entries, burst.value) {
                    (Entries::Narrow(entries), 1) => {
                        for &e in &entries[range] {
                            v[(e & 0xffff) as usize] += e.cast_signed() >> 16;
                        }
                    }
                    (Entries::Narrow(entries), value) => {
                        for &e in &entries[range] {
                            v[(e & 0xffff) as usize] += value * (e.cast_signed() >> 16);
                        }
                    }
                    (Entries::Wide(entries), value) => {
                        for &(target, w) in &entries[range] {
                            v[target as usize] += value * w;
                        }
                    }
                }
            }
        }
        n
    }

    /// What reading the lists of the bursts' events takes.
    pub(crate) fn reads(&self, bursts: &[Burst], list: &[u16]) -> ListReads {
        let mut reads = ListReads::default();
        for &burst in bursts {
            for l in self.of(burst, list) {
                reads.lists += u64::from(l.len > 0);
                reads.words += u64::from(l.words);
                reads.issues += u64::from(l.issues);
            }
        }
        reads
    }

    /// As [`super::Synaptic::touched`].
    pub(super) fn touched(&self, burst: Burst, list: &[u16], mut range: impl FnMut(usize, usize)) {
        for List { start, len, .. } in self.of(burst, list) {
            for synapse in start as usize..(start + len) as usize {
                let target = match &self.entries {
                    Entries::Narrow(entries) => (entries[synapse] & 0xffff) as usize,
                    Entries::Wide(entries) => entries[synapse].0 as usize,
                };
                range(self.v_base + target, self.v_base + target + 1);
            }
        }
    }
}
