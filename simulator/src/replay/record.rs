//! What a network did, without the chip it did it on: who fired in which timestep of which sample.
//!
//! Function is independent of mapping and time, so one record of a network's integers and samples serves every chip that holds
//! the network ([`crate::Machine::replay`]). Spikes are kept by position: for each timestep of a sample in which a layer fired at
//! all, the positions with spikes, each with one bit per channel. A layer of C channels costs `2 + 8·⌈C/64⌉` bytes for each
//! position that fired, whatever the number of its channels that did.

use super::table::{Cache, Table};
use crate::probe::Probe;
use isa::{LayerId, Timestep};
use std::sync::{Arc, OnceLock};

/// Spikes of one layer in all samples.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stream {
    /// Channels, rows and columns.
    pub(super) shape: (u16, u16, u16),
    /// By sample and timestep, the slot of those in which something fired; `NO_SLOT` elsewhere.
    slots: Vec<u32>,
    /// Where the positions of each slot begin, and where the last end.
    starts: Vec<usize>,
    positions: Vec<u16>,
    /// Channels by position.
    bits: Vec<u64>,
}

const NO_SLOT: u32 = u32::MAX;

impl Stream {
    pub(super) fn new(shape: (u16, u16, u16)) -> Self {
        Self { shape, starts: vec![0], ..Self::default() }
    }

    pub(super) fn words(&self) -> usize {
        usize::from(self.shape.0).div_ceil(64)
    }

    pub(super) fn positions(&self) -> usize {
        usize::from(self.shape.1) * usize::from(self.shape.2)
    }

    pub(super) fn n_slots(&self) -> usize {
        self.starts.len() - 1
    }

    /// The slot of a sample's timestep, given its number counted over all samples.
    #[inline]
    pub(super) fn slot(&self, step: usize) -> Option<usize> {
        Some(self.slots[step] as usize).filter(|&slot| slot != NO_SLOT as usize)
    }

    /// Positions of a slot with their channels.
    pub(super) fn of(&self, slot: usize) -> impl Iterator<Item = (usize, &[u64])> {
        let range = self.starts[slot]..self.starts[slot + 1];
        let words = self.words();
        let bits = self.bits[range.start * words..range.end * words].chunks_exact(words.max(1));
        self.positions[range].iter().map(|&p| usize::from(p)).zip(bits)
    }

    /// Places that fired in a slot, as (channel, position).
    pub(super) fn places(&self, slot: usize) -> impl Iterator<Item = (usize, usize)> {
        self.of(slot).flat_map(|(position, bits)| {
            bits.iter().enumerate().flat_map(move |(w, &word)| {
                let mut rest = word;
                std::iter::from_fn(move || {
                    let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
                    rest &= rest - 1;
                    Some((64 * w + bit, position))
                })
            })
        })
    }

    /// Spikes for each slot and position, on average.
    pub(super) fn density(&self) -> f64 {
        let places = self.n_slots() * self.positions();
        if places == 0 { 0.0 } else { self.positions.len() as f64 / places as f64 }
    }

    /// The next timestep: `neurons`, channel-major and ascending; false if one is named twice.
    fn push(&mut self, neurons: &[u32]) -> bool {
        if neurons.is_empty() {
            self.slots.push(NO_SLOT);
            return true;
        }
        let (n, words) = (self.positions(), self.words());
        let mut dense = vec![0u64; n * words];
        let mut distinct = true;
        for &neuron in neurons {
            let (c, position) = (neuron as usize / n, neuron as usize % n);
            let (word, bit) = (&mut dense[position * words + c / 64], 1 << (c % 64));
            distinct &= *word & bit == 0;
            *word |= bit;
        }
        for (position, bits) in dense.chunks_exact(words).enumerate() {
            if bits.iter().any(|&word| word != 0) {
                self.positions.push(position as u16);
                self.bits.extend_from_slice(bits);
            }
        }
        self.slots.push(self.n_slots() as u32);
        self.starts.push(self.positions.len());
        distinct
    }

    fn append(&mut self, mut other: Self) {
        let (slots, first) = (self.n_slots() as u32, self.positions.len());
        self.slots.extend(other.slots.iter().map(|&s| if s == NO_SLOT { s } else { s + slots }));
        self.starts.extend(other.starts[1..].iter().map(|start| start + first));
        self.positions.append(&mut other.positions);
        self.bits.append(&mut other.bits);
    }

    fn bytes(&self) -> usize {
        4 * self.slots.len() + size_of_val(&*self.starts) + 2 * self.positions.len() + 8 * self.bits.len()
    }
}

/// What a sample of a record decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The class decision.
    pub class: u32,
    /// Spikes of all layers behind the input.
    pub spikes: u64,
    /// Whether input values are more than events: directly coded, or not all 1.
    pub(crate) graded: bool,
}

/// What a network did with some samples.
#[derive(Debug)]
pub struct Record {
    pub(super) timesteps: u32,
    pub(super) outcomes: Vec<Outcome>,
    /// Spikes by layer; events for the input.
    pub(super) spikes: Vec<Stream>,
    /// Neurons visited by layer, where the chip that it was recorded on visits touched neurons only.
    pub(super) visits: Option<Vec<Stream>>,
    /// Whether no input event came twice in a timestep.
    pub(super) distinct: bool,
    pub(super) cache: Cache,
    layer_spikes: OnceLock<Vec<u64>>,
}

impl Record {
    pub(super) fn new(timesteps: u32, layers: &[isa::Layer], visits: bool) -> Self {
        let streams = || layers.iter().map(|layer| Stream::new(layer.shape)).collect::<Vec<_>>();
        Self {
            timesteps,
            outcomes: Vec::new(),
            spikes: streams(),
            visits: visits.then(streams),
            distinct: true,
            cache: Cache::default(),
            layer_spikes: OnceLock::new(),
        }
    }

    /// What each sample decided.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Whether it tells who was visited, which chips that visit touched neurons only are counted by.
    pub fn has_visits(&self) -> bool {
        self.visits.is_some()
    }

    /// Spikes of each layer in all samples; events for the input.
    pub fn layer_spikes(&self) -> &[u64] {
        let ones = |stream: &Stream| stream.bits.iter().map(|word| u64::from(word.count_ones())).sum();
        self.layer_spikes.get_or_init(|| self.spikes.iter().map(ones).collect())
    }

    /// Memory that it takes, without what is derived from it \[bytes\].
    pub fn bytes(&self) -> usize {
        let visits = self.visits.iter().flatten();
        self.spikes.iter().chain(visits).map(Stream::bytes).sum::<usize>() + size_of_val(&*self.outcomes)
    }

    pub(super) fn append(&mut self, other: Self) {
        self.outcomes.extend(other.outcomes);
        self.distinct &= other.distinct;
        self.spikes.iter_mut().zip(other.spikes).for_each(|(a, b)| a.append(b));
        if let (Some(own), Some(other)) = (&mut self.visits, other.visits) {
            own.iter_mut().zip(other).for_each(|(a, b)| a.append(b));
        }
    }

    /// Sums of a layer's spikes over channels and rectangles, made when first asked for.
    pub(super) fn table(&self, layer: usize, channels: (u16, u16), visits: bool) -> Arc<Table> {
        let stream = if visits { &self.visits.as_ref().expect("checked before")[layer] } else { &self.spikes[layer] };
        self.cache.get((layer, channels, visits), || {
            let graded: Vec<bool> = self.outcomes.iter().map(|outcome| outcome.graded).collect();
            Table::new(stream, channels, (self.timesteps, &graded))
        })
    }
}

/// Records a sample.
pub(super) struct Recorder<'a>(pub(super) &'a mut Record);

impl Probe for Recorder<'_> {
    const SPIKES: bool = true;
    const VISITS: bool = true;

    fn spikes(&mut self, _: Timestep, layer: LayerId, neurons: &[u32]) {
        self.0.distinct &= self.0.spikes[layer.0 as usize].push(neurons);
    }

    fn visits(&mut self, _: Timestep, layer: LayerId, neurons: &[u32]) {
        if let Some(visits) = &mut self.0.visits {
            visits[layer.0 as usize].push(neurons);
        }
    }
}
