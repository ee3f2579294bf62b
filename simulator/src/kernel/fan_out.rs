//! Synapse lists by source: all that a spike adds anywhere on the chip, as one stretch of memory.
//!
//! On each core that it reaches, a neuron has a list of its own ([`super::sparse`]); a neuron that reaches many cores has many
//! short lists, lying all over memory. Where the spikes of a neuron do nothing but add such lists, with one delay, they are
//! added when the neuron fires: entry by entry to sums, one for each state word of the chip, which its core takes over in the
//! timestep in which the events are due. Integers, so the potentials are the same; what is counted on the cores follows from
//! how often each neuron fired ([`FanOut::reads`]).

use super::{Synaptic, sparse::ListReads};
use crate::load::{Tile, Unit};
use std::ops::Range;

/// The lists of a neuron's events that one call of an axon reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read {
    /// Index over all units, axons and calls of the chip.
    pub(crate) call: u32,
    pub(crate) synapses: u32,
    pub(crate) words: u32,
    pub(crate) issues: u32,
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
    /// Where what belongs to each neuron begins, and where the last ends; neurons as they lie in the state.
    starts: Vec<Start>,
    entries: Entries,
    /// One more than the last state word named by an entry.
    words: usize,
    /// Units that events go to.
    units: Vec<u32>,
    reads: Vec<Read>,
}

#[derive(Clone, Copy, Debug)]
struct Start {
    entry: u32,
    unit: u32,
    read: u32,
}

impl FanOut {
    /// The fan-out of a tile; `None` if no spike of it goes to synapse lists only, or if it has more than 2³² synapses.
    pub(crate) fn new(tile: &Tile, units: &[Unit]) -> Option<Self> {
        let delays: Vec<Option<u32>> = tile.classes.deliveries.iter().map(|class| delay(class, units)).collect();
        let delay = delays.iter().copied().find(Option::is_some)??;
        let direct: Vec<bool> = delays.iter().map(|&d| d == Some(delay)).collect();
        let (channels, _, width) = tile.extent;
        let (mut starts, mut all) = (Vec::with_capacity(tile.n() + 1), Vec::new());
        let (mut reached, mut reads) = (Vec::new(), Vec::new());
        for neuron in 0..=tile.n() {
            let entry = u32::try_from(all.len()).ok()?;
            starts.push(Start { entry, unit: reached.len() as u32, read: reads.len() as u32 });
            if neuron == tile.n() {
                break;
            }
            let class = tile.class_of(neuron) as usize;
            if !direct[class] {
                continue;
            }
            let (c, y, x) = (neuron % channels, neuron / channels / width, neuron / channels % width);
            let place = (tile.origin.0 + c as u16, tile.origin.1 + y as u16, tile.origin.2 + x as u16);
            for &(_, unit, axon) in &tile.classes.deliveries[class] {
                reached.push(unit);
                let unit = &units[unit as usize];
                for (k, &call) in unit.axons[axon as usize].calls.iter().enumerate() {
                    let Synaptic::Sparse(sparse) = &unit.synaptic[call as usize].0 else { continue };
                    let before = all.len();
                    all.extend(sparse.list(place).map(|(target, w)| (unit.first_word as u32 + target, w)));
                    let mut read = ListReads::default();
                    sparse.count((all.len() - before) as u32, &mut read);
                    if read.lists > 0 {
                        let (synapses, words, issues) =
                            ((all.len() - before) as u32, read.words as u32, read.issues as u32);
                        let call = unit.first_call[axon as usize] + k as u32;
                        reads.push(Read { call, synapses, words, issues });
                    }
                }
            }
        }
        let words = all.iter().map(|&(word, _)| word as usize + 1).max().unwrap_or(0);
        Some(Self { delay, direct, starts, entries: entries(all), words, units: reached, reads })
    }

    /// Whether the spikes of a class need no queue.
    #[inline]
    pub(crate) fn is_direct(&self, class: u32) -> bool {
        self.direct[class as usize]
    }

    /// The units that a neuron's events go to.
    #[inline]
    pub(crate) fn units(&self, neuron: usize) -> &[u32] {
        &self.units[self.starts[neuron].unit as usize..self.starts[neuron + 1].unit as usize]
    }

    /// What the events of a neuron's spike read.
    #[inline]
    pub(crate) fn reads(&self, neuron: usize) -> &[Read] {
        &self.reads[self.starts[neuron].read as usize..self.starts[neuron + 1].read as usize]
    }

    #[inline]
    fn synapses(&self, neuron: usize) -> Range<usize> {
        self.starts[neuron].entry as usize..self.starts[neuron + 1].entry as usize
    }

    /// Adds all synapses of `neurons` to `sums`, by state word of the chip; calls `each` for every neuron.
    #[inline]
    pub(crate) fn add(&self, sums: &mut [i32], neurons: &[u32], each: impl FnMut(usize)) {
        match &self.entries {
            Entries::Short { entries, word_bits } => {
                let (bits, mask) = (*word_bits, (1 << word_bits) - 1);
                self.add_entries(sums, neurons, (entries, |e| ((e & mask) as usize, e.cast_signed() >> bits)), each);
            }
            Entries::Wide(entries) => {
                self.add_entries(sums, neurons, (entries, |(word, w)| (word as usize, w)), each);
            }
        }
    }

    fn add_entries<E: Copy>(
        &self,
        sums: &mut [i32],
        neurons: &[u32],
        (entries, split): (&[E], impl Fn(E) -> (usize, i32)),
        mut each: impl FnMut(usize),
    ) {
        let sums = &mut sums[..self.words];
        for (i, &neuron) in neurons.iter().enumerate() {
            if let Some(&next) = neurons.get(i + AHEAD) {
                prefetch(&entries[self.synapses(next as usize)]);
                prefetch(self.units(next as usize));
            }
            each(neuron as usize);
            for &e in &entries[self.synapses(neuron as usize)] {
                let (word, w) = split(e);
                debug_assert!(word < sums.len());
                // SAFETY: no entry names a word of `words` and more; both are private, and were found together.
                let sum = unsafe { sums.get_unchecked_mut(word) };
                *sum = sum.wrapping_add(w);
            }
        }
    }
}

/// Neurons between the one whose lists are added and the one whose lists are asked for from memory.
const AHEAD: usize = 2;

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
