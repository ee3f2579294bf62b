//! Synapse lists of a core: the operands of the list operation `SPRA`.
//!
//! A list holds the synapses of one source neuron onto the neurons of one tile. In memory a list is a sequence of entries
//! `(index, weight)`, index in the fewest bits that number the tile's neurons, packed into words as a row of that many
//! bits; it starts at a word. The axon table holds address and length of every list, one word each.

use crate::{
    arch::{Addressing, Memory},
    ids::{LayerId, WeightBlockId},
};
use serde::{Deserialize, Serialize};

/// The synapses of one source neuron.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SynapseList {
    /// Channel-major index of the source neuron in its layer, after pooling.
    pub source: u32,
    /// Targets in the state order of the tile, ascending; one that occurs twice has two synapses.
    pub targets: Vec<u32>,
}

/// Adds a list to the state: `state[v_base + targets[k]] += value·W[first + k]`, `first` counting the synapses of the lists
/// before. Sources without a list reach nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SparseDescriptor {
    /// Receiving layer.
    pub layer: LayerId,
    /// Channels, rows and columns of the source map after pooling.
    pub source: (u16, u16, u16),
    /// Pooling window in front; (1, 1) = none.
    pub pool: (u16, u16),
    /// Number of neurons of the tile.
    pub n: u32,
    /// Weights of all lists, one after the other.
    pub weights: WeightBlockId,
    /// First state word of the tile.
    pub v_base: u32,
    /// The lists that are not empty, in ascending order of sources.
    pub lists: Vec<SynapseList>,
}

impl SparseDescriptor {
    /// Width of an entry \[bits\]: the weight, and an index that numbers `n` neurons.
    pub fn entry_bits(&self, weight_bits: u32) -> u32 {
        weight_bits + (u32::BITS - self.n.saturating_sub(1).leading_zeros())
    }

    /// Number of synapses of all lists, pooling not counted.
    pub fn n_synapses(&self) -> u64 {
        self.lists.iter().map(|list| list.targets.len() as u64).sum()
    }

    /// Bits that the lists occupy in a weight memory, padding included.
    pub fn list_bits(&self, memory: &Memory, weight_bits: u32) -> u64 {
        let bits = self.entry_bits(weight_bits);
        self.lists.iter().map(|list| memory.list_bits(list.targets.len() as u64, bits)).sum()
    }
}

impl Memory {
    /// Words that a list of `n` entries of `bits` bits takes.
    pub fn list_words(&self, n: u64, bits: u32) -> u64 {
        match self.addressing {
            Addressing::Packed => self.words(1, n, bits),
            Addressing::PowerOfTwo => self.words(n, 1, bits),
        }
    }

    /// Bits that a list of `n` entries of `bits` bits occupies, padding included.
    pub fn list_bits(&self, n: u64, bits: u32) -> u64 {
        match self.addressing {
            Addressing::Packed => self.row_bits(1, n, bits),
            Addressing::PowerOfTwo => self.row_bits(n, 1, bits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::preset::preset;

    fn descriptor(n: u32, lengths: &[usize]) -> SparseDescriptor {
        let lists = lengths
            .iter()
            .enumerate()
            .map(|(source, &len)| SynapseList { source: source as u32, targets: (0..len as u32).collect() });
        SparseDescriptor {
            layer: LayerId(1),
            source: (9, 1, 1),
            pool: (1, 1),
            n,
            weights: WeightBlockId(0),
            v_base: 0,
            lists: lists.collect(),
        }
    }

    #[test]
    fn an_index_takes_the_fewest_bits_that_number_the_tile() {
        let bits: Vec<u32> = [1, 2, 3, 4, 5, 256, 257].iter().map(|&n| descriptor(n, &[]).entry_bits(8) - 8).collect();
        assert_eq!(bits, [0, 1, 2, 2, 3, 8, 9]);
    }

    #[test]
    fn lists_start_at_words() {
        // 64-bit words hold five entries of 4 + 8 bits; lists of 1, 5 and 6 entries take 1, 1 and 2 words.
        let memory = preset("loihi1").expect("a preset").core.memories.weights;
        assert_eq!(descriptor(16, &[1, 5, 6]).list_bits(&memory, 8), 4 * 64);
    }
}
