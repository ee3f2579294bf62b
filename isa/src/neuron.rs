//! Neurons as a list of operations, with initial values and parameters in columns.
//!
//! Words lie in planes: word w of the i-th neuron of a tile of n is state word `v_base + w·n + i`. A column has one value, one per
//! channel of the tile, or one per neuron in state order `[y][x][c]`.

pub use dynamics::{Action, Compare, DecayRule, Kind, Layout, Op, Operand, Param, When, Word, check, random};

use serde::{Deserialize, Serialize};

/// Values of the neurons of a tile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// What they are called in the graph.
    pub name: String,
    /// One value, one per channel, or one per neuron.
    pub values: Vec<i32>,
}

impl Column {
    /// The value of the i-th neuron of a tile of so many channels.
    pub fn at(&self, i: usize, channels: usize) -> i32 {
        match self.values.len() {
            1 => self.values[0],
            n if n == channels => self.values[i % channels],
            _ => self.values[i],
        }
    }

    /// Whether the number of values is one, that of the channels or that of the neurons.
    pub fn fits(&self, channels: usize, neurons: usize) -> bool {
        [1, channels, neurons].contains(&self.values.len())
    }
}

/// What an update of a tile does, as a list of operations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeuronList {
    /// What people call the model.
    pub model: String,
    /// Fraction bits: contributions to word 0 count `w·s·2^shift`.
    pub shift: u8,
    /// Updates in timesteps `start ≤ t < end`.
    pub window: (u32, u32),
    /// The word that the host reads.
    pub potential: Word,
    /// Words within an update only.
    pub scratch: u8,
    /// The words kept, with their values at the start of a sample.
    pub words: Vec<Column>,
    /// The parameters.
    pub params: Vec<Column>,
    /// The operations.
    pub ops: Vec<Op>,
}

impl NeuronList {
    /// How many words and parameters there are.
    pub fn layout(&self) -> Layout {
        let count = |n: usize| u8::try_from(n).unwrap_or(u8::MAX);
        let kept = count(self.words.len());
        Layout { kept, words: kept.saturating_add(self.scratch), params: count(self.params.len()) }
    }

    /// Whether an operation decides to fire.
    pub fn fires(&self) -> bool {
        self.ops.iter().any(|op| matches!(op.action, Action::Fire(..)))
    }

    /// Whether it emits values rather than spikes.
    pub fn emits_values(&self) -> bool {
        self.ops.iter().any(|op| matches!(op.action, Action::Emit(_)))
    }
}
