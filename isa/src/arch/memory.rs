//! Memories of a core: capacity, ports, and how much of one a tensor occupies.

use super::{Arch, Constant};
use crate::ids::CoreId;
use serde::{Deserialize, Serialize};

/// The memories of a core.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memories {
    /// Synaptic weights.
    pub weights: Memory,
    /// Membrane potentials.
    pub state: Memory,
    /// Thresholds, initial potentials and biases.
    pub params: Memory,
    /// Axon table.
    pub axons: Memory,
    /// Route table.
    pub routes: Memory,
    /// Input event queue; with a capacity, a full queue stops its link until the core has made room.
    pub queue: Memory,
    /// Instructions.
    pub code: Memory,
}

/// One memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Capacity \[bits\]; absent = as large as the network needs.
    pub bits: Option<Constant>,
    /// Word width \[bits\]; data are padded to whole words. 0 = one access per datum, whatever its width.
    pub word_bits: u32,
    /// Ports.
    pub ports: Ports,
    /// Banks, interleaved by word address.
    pub banks: u32,
    /// Capacities of the cores of one chip, in their order \[bits\], where they differ; `bits` then states the largest.
    #[serde(default)]
    pub bits_by_core: Vec<u64>,
    /// How tensors are laid out.
    #[serde(default)]
    pub addressing: Addressing,
}

/// How tensors are laid out in a memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Addressing {
    /// Row after row, each padded to whole words.
    #[default]
    Packed,
    /// One datum per word, addressed by concatenated indices: every dimension but the slowest is rounded up to a power of
    /// two. Weights are (input channel, tap, output channel), state is (channel, row, column).
    PowerOfTwo,
}

/// Ports of a memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ports {
    /// One read and one write in the same cycle: a read-modify-write takes one slot.
    OneReadOneWrite,
    /// One read or write per cycle: a read-modify-write takes two slots.
    OneReadWrite,
}

impl Memories {
    /// Every memory with its field name.
    pub fn each(&self) -> [(&'static str, &Memory); 7] {
        [
            ("weights", &self.weights),
            ("state", &self.state),
            ("params", &self.params),
            ("axons", &self.axons),
            ("routes", &self.routes),
            ("queue", &self.queue),
            ("code", &self.code),
        ]
    }
}

impl Memory {
    /// Capacity in a core \[bits\]; `None` = as large as the network needs.
    pub fn capacity(&self, arch: &Arch, core: CoreId) -> Option<u64> {
        let by_core = self.bits_by_core.get(arch.core_in_chip(core) as usize).copied();
        by_core.or(self.bits.as_ref().map(|bits| bits.value))
    }

    /// Words that `rows` rows of `row` items of `bits` bits occupy, each row padded to whole words.
    pub fn words(&self, rows: u64, row: u64, bits: u32) -> u64 {
        let row_words = match self.word_bits {
            0 => row,
            word => row.saturating_mul(u64::from(bits)).div_ceil(u64::from(word)),
        };
        rows.saturating_mul(row_words)
    }

    /// Bits that `rows` rows of `row` items of `bits` bits occupy, padding included.
    pub fn row_bits(&self, rows: u64, row: u64, bits: u32) -> u64 {
        self.words(rows, row, bits).saturating_mul(self.unit(bits))
    }

    /// Bits that the weights `[inputs][taps][outputs]` occupy, padding included. A packed row is the `outputs` of a tap.
    pub fn weight_bits(&self, inputs: u64, taps: u64, outputs: u64, bits: u32) -> u64 {
        match self.addressing {
            Addressing::Packed => self.row_bits(inputs.saturating_mul(taps), outputs, bits),
            Addressing::PowerOfTwo => self.addressed(inputs, taps, outputs, bits),
        }
    }

    /// Bits that the state of `channels × rows × columns` neurons occupies, padding included. A packed row is the channels
    /// of one position.
    pub fn state_bits(&self, channels: u64, rows: u64, columns: u64, bits: u32) -> u64 {
        match self.addressing {
            Addressing::Packed => self.row_bits(rows.saturating_mul(columns), channels, bits),
            Addressing::PowerOfTwo => self.addressed(channels, rows, columns, bits),
        }
    }

    fn addressed(&self, slowest: u64, middle: u64, fastest: u64, bits: u32) -> u64 {
        let power = |n: u64| n.checked_next_power_of_two().unwrap_or(u64::MAX);
        let words = slowest.saturating_mul(power(middle)).saturating_mul(power(fastest));
        words.saturating_mul(self.words(1, 1, bits)).saturating_mul(self.unit(bits))
    }

    fn unit(&self, bits: u32) -> u64 {
        u64::from(if self.word_bits == 0 { bits } else { self.word_bits })
    }
}
