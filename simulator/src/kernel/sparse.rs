//! List scatter: the synapse list of an event's source, entry by entry, into the potentials of a tile.
//!
//! An entry holds index and weight together, so that a list is one stretch of memory: in 16 bits where both fit, as they do
//! on cores of a thousand neurons with weights of a few bits. Lists lie all over a memory larger than the caches, so
//! what limits the rate is waiting for them: the first entries of a group of lists are touched before any is added, and the
//! processor waits for all at once.

use super::sized;
use crate::{core::list_slots, state::Burst};
use isa::{Arch, SparseDescriptor, WeightBlock};
use std::sync::Arc;

/// Synapses as (index, weight), in the order of the lists.
#[derive(Clone, Debug)]
enum Entries {
    /// Index in the low, weight in the other bits of 16.
    Short {
        entries: Arc<[u16]>,
        index_bits: u32,
    },
    /// Index in the low, weight in the high 16 bits.
    Narrow(Arc<[u32]>),
    Wide(Arc<[(u32, i32)]>),
}

/// Lists whose memory is awaited together.
const GROUP: usize = 32;

/// What was read of lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListReads {
    /// Lists that are not empty.
    pub(crate) lists: u64,
    /// Words of the weight memory.
    pub(crate) words: u64,
    /// Slots that they take ([`crate::core`]).
    pub(crate) slots: u64,
}

impl std::ops::AddAssign for ListReads {
    fn add_assign(&mut self, other: Self) {
        self.lists += other.lists;
        self.words += other.words;
        self.slots += other.slots;
    }
}

/// A sparse descriptor, prepared.
#[derive(Clone, Debug)]
pub(crate) struct Sparse {
    pool: (u16, u16),
    source: (u16, u16, u16),
    /// Where the list of each source begins, and where the last ends.
    starts: Arc<[u32]>,
    entries: Entries,
    /// Words and slots that a list takes, by its length.
    costs: Arc<[(u32, u32)]>,
    v_base: usize,
    n: usize,
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
        let n_sources = d.source.0 as usize * d.source.1 as usize * d.source.2 as usize;
        let mut starts = vec![0; n_sources + 1];
        for list in &d.lists {
            let length = starts.get_mut(list.source as usize + 1).filter(|_| (list.source as usize) < n_sources);
            *length.ok_or_else(|| format!("a list of source {} of {n_sources}", list.source))? =
                list.targets.len() as u32;
        }
        for source in 0..n_sources {
            starts[source + 1] += starts[source];
        }
        if d.lists.windows(2).any(|pair| pair[0].source >= pair[1].source) {
            return Err("lists are not in ascending order of sources".into());
        }
        let entry_bits = d.entry_bits(u32::from(block.bits));
        let longest = d.lists.iter().map(|list| list.targets.len() as u32).max().unwrap_or(0);
        let costs = (0..=longest).map(|n| {
            let words = arch.core.memories.weights.list_words(n.into(), entry_bits);
            let slots = list_slots(arch, n.into(), words);
            (words as u32, u32::try_from(slots).unwrap_or(u32::MAX))
        });
        Ok(Self {
            pool: d.pool,
            source: d.source,
            starts: starts.into(),
            entries: entries(d, weights),
            costs: costs.collect(),
            v_base: d.v_base as usize,
            n: d.n as usize,
        })
    }

    /// State words of the tile.
    pub(super) fn words(&self) -> std::ops::Range<usize> {
        self.v_base..self.v_base + self.n
    }

    /// Entries of the lists of the burst's events, without those dropped by pooling.
    #[inline]
    fn of<'a>(&'a self, burst: Burst, list: &'a [u16]) -> impl Iterator<Item = (u32, u32)> + use<'a> {
        let (channels, height, width) = self.source;
        let (y, x) = match self.pool {
            (1, 1) => (burst.y, burst.x),
            (ph, pw) => (burst.y / ph, burst.x / pw),
        };
        let n_channels = if y < height && x < width { channels } else { 0 };
        let position = y as usize * width as usize + x as usize;
        let plane = height as usize * width as usize;
        let reached = burst.channels(list).iter().filter(move |&&c| c < n_channels);
        reached.map(move |&c| {
            let source = c as usize * plane + position;
            (self.starts[source], self.starts[source + 1])
        })
    }

    /// The list of the source at (channel, row, column), as (state word, weight); empty for one dropped by pooling.
    pub(super) fn list(&self, (c, y, x): (u16, u16, u16)) -> impl Iterator<Item = (u32, i32)> {
        let burst = Burst { axon: 0, y, x, n: 1, start: 0, value: 1 };
        let (start, end) = self.of(burst, &[c]).next().unwrap_or((0, 0));
        (start as usize..end as usize).map(|synapse| {
            let (target, w) = self.entry(synapse);
            ((self.v_base + target) as u32, w)
        })
    }

    fn entry(&self, synapse: usize) -> (usize, i32) {
        match &self.entries {
            Entries::Short { entries, index_bits } => split_short(entries[synapse], *index_bits),
            Entries::Narrow(entries) => split_narrow(entries[synapse]),
            Entries::Wide(entries) => (entries[synapse].0 as usize, entries[synapse].1),
        }
    }

    /// Counts the reading of a list of `n` synapses.
    #[inline]
    pub(super) fn count(&self, n: u32, reads: &mut ListReads) {
        if n > 0 {
            let (words, slots) = self.costs[n as usize];
            *reads += ListReads { lists: 1, words: words.into(), slots: slots.into() };
        }
    }

    /// Synapses of the list of a source place, and what reading it takes.
    pub(super) fn volume(&self, (c, y, x): (u16, u16, u16)) -> (u64, ListReads) {
        let burst = Burst { axon: 0, y, x, n: 1, start: 0, value: 1 };
        let (start, end) = self.of(burst, &[c]).next().unwrap_or((0, 0));
        let mut reads = ListReads::default();
        self.count(end - start, &mut reads);
        (u64::from(end - start), reads)
    }

    pub(super) fn n_channels(&self) -> u16 {
        self.source.0
    }

    /// Adds the lists of the bursts' events; returns the number of synapses, and adds what is read to `reads`.
    pub(crate) fn scatter(&self, v: &mut [i32], bursts: &[Burst], list: &[u16], reads: &mut ListReads) -> u64 {
        let v = &mut v[self.v_base..][..self.n];
        match &self.entries {
            Entries::Short { entries, index_bits } => {
                let bits = *index_bits;
                self.add(v, bursts, list, (entries, |e| split_short(e, bits)), reads)
            }
            Entries::Narrow(entries) => self.add(v, bursts, list, (entries, split_narrow), reads),
            Entries::Wide(entries) => self.add(v, bursts, list, (entries, |(t, w)| (t as usize, w)), reads),
        }
    }

    fn add<E: Copy>(
        &self,
        v: &mut [i32],
        bursts: &[Burst],
        list: &[u16],
        (entries, split): (&[E], impl Fn(E) -> (usize, i32) + Copy),
        reads: &mut ListReads,
    ) -> u64 {
        let flush = |v: &mut [i32], group: &[(u32, u32, i32)]| {
            for &(start, end, value) in group {
                let list = &entries[start as usize..end as usize];
                if value == 1 {
                    add_list(v, list, split);
                } else {
                    add_list(v, list, |e| {
                        let (target, w) = split(e);
                        (target, value * w)
                    });
                }
            }
        };
        let (mut group, mut n) = ([(0, 0, 0); GROUP], 0);
        let mut synapses = 0;
        for &burst in bursts {
            for (start, end) in self.of(burst, list) {
                if start == end {
                    continue;
                }
                std::hint::black_box(entries[start as usize]);
                self.count(end - start, reads);
                synapses += u64::from(end - start);
                group[n] = (start, end, burst.value);
                n += 1;
                if n == GROUP {
                    flush(v, &group);
                    n = 0;
                }
            }
        }
        flush(v, &group[..n]);
        synapses
    }

    /// As [`super::Synaptic::touched`]; a neuron with several synapses of an event is reached once.
    pub(super) fn touched(&self, burst: Burst, list: &[u16], mut range: impl FnMut(usize, usize)) {
        for (start, end) in self.of(burst, list) {
            let mut previous = None;
            for synapse in start as usize..end as usize {
                let (target, _) = self.entry(synapse);
                if previous.replace(target) != Some(target) {
                    range(self.v_base + target, self.v_base + target + 1);
                }
            }
        }
    }
}

#[inline]
fn split_short(e: u16, index_bits: u32) -> (usize, i32) {
    ((u32::from(e) & ((1 << index_bits) - 1)) as usize, i32::from(e.cast_signed()) >> index_bits)
}

#[inline]
fn split_narrow(e: u32) -> (usize, i32) {
    ((e & 0xffff) as usize, e.cast_signed() >> 16)
}

/// `v[target] += w` for every entry of a list. Every target of a [`Sparse`] is below the length of `v`, which is `n`.
#[inline]
fn add_list<E: Copy>(v: &mut [i32], list: &[E], split: impl Fn(E) -> (usize, i32)) {
    for &e in list {
        let (target, w) = split(e);
        debug_assert!(target < v.len(), "`Sparse::new` has checked the targets");
        // SAFETY: `Sparse::new` refuses targets of `n` and more, its fields are private, and `scatter` cuts `v` to `n`.
        unsafe { *v.get_unchecked_mut(target) += w };
    }
}

/// The entries of all lists, as short as they can be.
fn entries(d: &SparseDescriptor, weights: &[i16]) -> Entries {
    let synapses = d.lists.iter().flat_map(|list| &list.targets).zip(weights);
    let index_bits = d.entry_bits(0);
    let short = |w: i16| index_bits < 16 && (w << index_bits) >> index_bits == w;
    if weights.iter().all(|&w| short(w)) {
        let entries = synapses.map(|(&t, &w)| (w << index_bits).cast_unsigned() | t as u16).collect();
        return Entries::Short { entries, index_bits };
    }
    if d.n <= 1 << 16 {
        return Entries::Narrow(synapses.map(|(&t, &w)| u32::from(w.cast_unsigned()) << 16 | t).collect());
    }
    Entries::Wide(synapses.map(|(&t, &w)| (t, i32::from(w))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use isa::{LayerId, SynapseList, WeightBlockId, arch::preset::preset};

    /// Every form of entries adds the same.
    #[test]
    fn forms_of_entries() {
        let arch = preset("loihi1").expect("a preset");
        for (n, largest, form) in
            [(1000, 31, "Short"), (1000, 127, "Narrow"), (70_000, 9, "Wide"), (1, 32_767, "Short")]
        {
            let targets: Vec<u32> = (0..60).map(|i| (i * 1171) % n).collect();
            let weights: Vec<i16> = (0..60).map(|i| if i % 2 == 0 { largest - i / 2 } else { i - largest }).collect();
            let lists = targets
                .chunks(20)
                .enumerate()
                .map(|(i, targets)| SynapseList { source: 2 * i as u32, targets: targets.to_vec() });
            let d = SparseDescriptor {
                layer: LayerId(0),
                source: (5, 1, 1),
                pool: (1, 1),
                n,
                weights: WeightBlockId(0),
                v_base: 3,
                lists: lists.collect(),
            };
            let block = WeightBlock { bits: 16, data: weights.clone() };
            let sparse = Sparse::new(&d, &block, n + 3, &arch).expect("sound");
            assert!(format!("{:?}", sparse.entries).starts_with(form), "{form}");
            // Source 4 twice, source 1 without list, source 0 with value −3.
            let channels = [4, 4, 1, 0];
            let burst = |start, n, value| Burst { axon: 0, y: 0, x: 0, n, start, value };
            let (mut v, mut reads) = (vec![7; n as usize + 3], ListReads::default());
            let synapses = sparse.scatter(&mut v, &[burst(0, 3, 1), burst(3, 1, -3)], &channels, &mut reads);
            assert_eq!((synapses, reads.lists), (60, 3));
            let mut expected = vec![7; n as usize + 3];
            for (source, value) in [(4, 2), (0, -3)] {
                for k in 10 * source..10 * source + 20 {
                    expected[targets[k] as usize + 3] += value * i32::from(weights[k]);
                }
            }
            assert_eq!(v, expected, "{form}");
        }
    }
}
