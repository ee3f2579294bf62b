//! Synapse lists by source: all that a spike adds anywhere on the chip, as one stretch of memory.
//!
//! On each core that it reaches, a neuron has a list of its own ([`super::sparse`]); a neuron that reaches many cores has many
//! short lists, lying all over memory. Where the spikes of a neuron do nothing but add such lists, with one delay, they are
//! added when the neuron fires: entry by entry to sums, one for each state word of the chip, which its core takes over in the
//! timestep in which the events are due. Integers, so the potentials are the same; what is counted on the cores follows from
//! how often each neuron fired ([`FanOut::paths`], [`FanOut::reads`]).

use super::{
    Synaptic,
    sparse::ListReads,
    sums::{Sum, Sums},
};
use crate::load::{Path, Tile, Unit};
use std::ops::Range;

/// The lists of a neuron's events that one call of an axon reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read {
    /// Index over all units, axons and calls of the chip.
    pub(crate) call: u32,
    /// Issues of synaptic operations.
    pub(crate) slots: u32,
}

/// How much is read.
#[derive(Clone, Copy, Debug)]
struct Volume {
    synapses: u32,
    words: u32,
}

/// Entries as (state word of the chip, weight).
#[derive(Clone, Debug)]
enum Entries {
    /// State word in the low, weight in the other bits.
    Short {
        entries: Vec<u32>,
        word_bits: u32,
    },
    Wide(Vec<(u32, i32)>),
}

/// What the spikes of a tile add.
#[derive(Clone, Debug)]
pub(crate) struct FanOut {
    /// Timesteps until a spike acts.
    pub(crate) delay: u32,
    /// Whether the spikes of a class of emission need no queue.
    direct: Vec<bool>,
    /// Whether none needs one.
    whole: bool,
    /// Where what belongs to each neuron begins, and where the last ends; neurons as they lie in the state.
    starts: Vec<Start>,
    entries: Entries,
    /// One more than the last state word named by an entry.
    words: usize,
    /// Indices into the paths of the unit.
    paths: Vec<u32>,
    reads: Vec<Read>,
    /// By read.
    volumes: Vec<Volume>,
    /// Units that events go to.
    units: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Start {
    entry: u32,
    path: u32,
    read: u32,
}

impl FanOut {
    /// The fan-out of a tile of a unit with these paths; `None` if no spike of it goes to synapse lists only, or if it has
    /// more than 2³² synapses.
    pub(crate) fn new(tile: &Tile, paths: &[Path], units: &[Unit]) -> Option<Self> {
        let delays: Vec<Option<u32>> = tile.classes.deliveries.iter().map(|class| delay(class, units)).collect();
        let delay = delays.iter().copied().find(Option::is_some)??;
        let without = |(class, &d): (&Vec<_>, &Option<u32>)| class.is_empty() || d == Some(delay);
        let direct: Vec<bool> = tile.classes.deliveries.iter().zip(&delays).map(without).collect();
        let (channels, _, width) = tile.extent;
        let mut all = Vec::new();
        let mut fan = Self {
            delay,
            whole: direct.iter().all(|&direct| direct),
            direct,
            starts: Vec::with_capacity(tile.n() + 1),
            entries: Entries::Wide(Vec::new()),
            words: 0,
            paths: Vec::new(),
            reads: Vec::new(),
            volumes: Vec::new(),
            units: Vec::new(),
        };
        for neuron in 0..=tile.n() {
            let entry = u32::try_from(all.len()).ok()?;
            fan.starts.push(Start { entry, path: fan.paths.len() as u32, read: fan.reads.len() as u32 });
            if neuron == tile.n() {
                break;
            }
            let class = tile.class_of(neuron) as usize;
            if !fan.direct[class] {
                continue;
            }
            let (c, y, x) = (neuron % channels, neuron / channels / width, neuron / channels % width);
            let place = (tile.origin.0 + c as u16, tile.origin.1 + y as u16, tile.origin.2 + x as u16);
            fan.paths.extend(&tile.classes.routes[class]);
            let targets = tile.classes.routes[class].iter().flat_map(|&path| &paths[path as usize].targets);
            for &(unit, axon) in targets {
                fan.units.push(unit);
                let unit = &units[unit as usize];
                for (k, &call) in unit.axons[axon as usize].calls.iter().enumerate() {
                    let Synaptic::Sparse(sparse) = &unit.synaptic[call as usize].0 else { continue };
                    let before = all.len();
                    all.extend(sparse.list(place).map(|(target, w)| (unit.first_word as u32 + target, w)));
                    let synapses = (all.len() - before) as u32;
                    let mut read = ListReads::default();
                    sparse.count(synapses, &mut read);
                    if read.lists > 0 {
                        let call = unit.first_call[axon as usize] + k as u32;
                        fan.reads.push(Read { call, slots: read.slots as u32 });
                        fan.volumes.push(Volume { synapses, words: read.words as u32 });
                    }
                }
            }
            fan.units.sort_unstable();
            fan.units.dedup();
        }
        fan.words = all.iter().map(|&(word, _)| word as usize + 1).max().unwrap_or(0);
        fan.entries = entries(all);
        Some(fan)
    }

    /// Whether the spikes of a class need no queue.
    #[inline]
    pub(crate) fn is_direct(&self, class: u32) -> bool {
        self.direct[class as usize]
    }

    /// Whether no spike needs a queue.
    pub(crate) fn is_whole(&self) -> bool {
        self.whole
    }

    /// All units that events go to.
    pub(crate) fn units(&self) -> &[u32] {
        &self.units
    }

    /// The paths that a neuron's spike takes.
    #[inline]
    pub(crate) fn paths(&self, neuron: usize) -> &[u32] {
        &self.paths[self.starts[neuron].path as usize..self.starts[neuron + 1].path as usize]
    }

    /// What the events of a neuron's spike read.
    #[inline]
    pub(crate) fn reads(&self, neuron: usize) -> &[Read] {
        &self.reads[self.read_range(neuron)]
    }

    /// Calls, each with the synapses and what else is read for a neuron's spike.
    pub(crate) fn volumes(&self, neuron: usize) -> impl Iterator<Item = (u32, u32, ListReads)> {
        let range = self.read_range(neuron);
        self.reads[range.clone()].iter().zip(&self.volumes[range]).map(|(read, volume)| {
            let reads = ListReads { lists: 1, words: volume.words.into(), slots: read.slots.into() };
            (read.call, volume.synapses, reads)
        })
    }

    #[inline]
    fn read_range(&self, neuron: usize) -> Range<usize> {
        self.starts[neuron].read as usize..self.starts[neuron + 1].read as usize
    }

    #[inline]
    fn synapses(&self, neuron: usize) -> Range<usize> {
        self.starts[neuron].entry as usize..self.starts[neuron + 1].entry as usize
    }

    /// Adds the magnitude of every weight to that of its state word of the chip.
    pub(crate) fn magnitudes(&self, magnitudes: &mut [u64]) {
        let mut add = |word: usize, w: i32| magnitudes[word] += u64::from(w.unsigned_abs());
        match &self.entries {
            Entries::Short { entries, word_bits } => entries.iter().for_each(|&e| {
                let (word, w) = split(e, *word_bits);
                add(word, w);
            }),
            Entries::Wide(entries) => entries.iter().for_each(|&(word, w)| add(word as usize, w)),
        }
    }

    /// Adds all synapses of `neurons` to the sums.
    pub(crate) fn add(&self, sums: &mut Sums, neurons: &[u32]) {
        match sums {
            Sums::Narrow(sums) => self.add_to(sums, neurons),
            Sums::Wide(sums) => self.add_to(sums, neurons),
        }
    }

    fn add_to(&self, sums: &mut [impl Sum], neurons: &[u32]) {
        match &self.entries {
            Entries::Short { entries, word_bits } => self.add_entries(sums, neurons, entries, |e| split(e, *word_bits)),
            Entries::Wide(entries) => self.add_entries(sums, neurons, entries, |(word, w)| (word as usize, w)),
        }
    }

    fn add_entries<E: Copy>(
        &self,
        sums: &mut [impl Sum],
        neurons: &[u32],
        entries: &[E],
        split: impl Fn(E) -> (usize, i32),
    ) {
        let sums = &mut sums[..self.words];
        let mut add = |e| {
            let (word, w) = split(e);
            debug_assert!(word < sums.len());
            // SAFETY: no entry names a word of `words` and more; both are private, and were found together.
            let sum = unsafe { sums.get_unchecked_mut(word) };
            *sum = sum.with(w);
        };
        for (i, &neuron) in neurons.iter().enumerate() {
            if let Some(&next) = neurons.get(i + AHEAD) {
                prefetch(&entries[self.synapses(next as usize)]);
            }
            let (groups, rest) = entries[self.synapses(neuron as usize)].as_chunks::<4>();
            for group in groups {
                for &e in group {
                    add(e);
                }
            }
            for &e in rest {
                add(e);
            }
        }
    }

    /// Asks memory for what [`Self::paths`] and [`Self::reads`] of a neuron show.
    #[inline]
    pub(crate) fn prefetch(&self, neuron: usize) {
        prefetch(self.paths(neuron));
        prefetch(self.reads(neuron));
    }
}

/// State word and weight of an entry.
#[inline]
fn split(entry: u32, word_bits: u32) -> (usize, i32) {
    ((entry & ((1 << word_bits) - 1)) as usize, entry.cast_signed() >> word_bits)
}

/// Neurons between the one whose lists are added and the one whose lists are asked for from memory.
pub(crate) const AHEAD: usize = 2;

/// Asks for a stretch of memory that is read soon.
#[inline]
fn prefetch<T>(stretch: &[T]) {
    #[cfg(target_arch = "x86_64")]
    for line in stretch.chunks((64 / size_of::<T>()).max(1)) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch changes nothing but the caches.
        unsafe { _mm_prefetch(line.as_ptr().cast(), _MM_HINT_T0) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = stretch;
}

/// The delay of deliveries, if it is one and they all go to axons with nothing but synapse lists.
fn delay(deliveries: &[(u32, u32, u16)], units: &[Unit]) -> Option<u32> {
    let &(delay, ..) = deliveries.first()?;
    let lists_only = |unit: u32, axon: u16| {
        let unit = &units[unit as usize];
        let mut calls = unit.axons[axon as usize].calls.iter();
        calls.all(|&call| matches!(unit.synaptic[call as usize].0, Synaptic::Sparse(_)))
    };
    deliveries.iter().all(|&(d, unit, axon)| d == delay && lists_only(unit, axon)).then_some(delay)
}

/// The entries, as short as they can be.
fn entries(all: Vec<(u32, i32)>) -> Entries {
    let word_bits = all.iter().map(|&(word, _)| 32 - word.leading_zeros()).max().unwrap_or(0).max(1);
    let short = |w: i32| word_bits < 32 && (w << word_bits) >> word_bits == w;
    if all.iter().all(|&(_, w)| short(w)) {
        let entries = all.into_iter().map(|(word, w)| (w << word_bits).cast_unsigned() | word).collect();
        return Entries::Short { entries, word_bits };
    }
    Entries::Wide(all)
}
