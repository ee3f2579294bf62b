//! Sizes of the memories that a program fills, for tables that price an access by the size of the memory it goes to.
//!
//! As data, without padding and without replication within a core: of each layer, the words that its descriptors hold, summed
//! over cores, and the widest of their words. The input queue of a layer holds 1,000 messages of 32 bits, as in the ideal
//! machine of Lemaire et al. 2022.

use crate::table::Store;
use isa::{Arch, Descriptor, LayerId, Program};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Messages in the input FIFO of a layer of the ideal machine (Lemaire et al. 2022).
const FIFO_MESSAGES: u64 = 1000;
const MESSAGE_BITS: u32 = 32;

/// A memory of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemorySize {
    /// The layer.
    pub layer: LayerId,
    /// Which memory.
    pub store: Store,
    /// Words.
    pub words: u64,
    /// Bits of a word.
    pub bits: u32,
}

/// The memories of every layer of a program, by layer and kind.
pub fn memories(program: &Program, arch: &Arch) -> Vec<MemorySize> {
    let mut sizes: BTreeMap<(LayerId, Store), (u64, u32)> = BTreeMap::new();
    let state_bits = arch.core.state_bits;
    let mut add = |layer, store, words: usize, bits| {
        let size = sizes.entry((layer, store)).or_insert((0, bits));
        size.0 += words as u64;
        size.1 = size.1.max(bits);
    };
    for descriptor in program.cores.iter().flat_map(|image| &image.descriptors) {
        match descriptor {
            Descriptor::Conv(d) => {
                let block = program.block(d.weights);
                add(d.layer, Store::Weights, block.data.len(), u32::from(block.bits));
            }
            Descriptor::Dense(d) => {
                let block = program.block(d.weights);
                add(d.layer, Store::Weights, block.data.len(), u32::from(block.bits));
            }
            Descriptor::Sparse(d) => {
                let block = program.block(d.weights);
                add(d.layer, Store::Weights, block.data.len(), d.entry_bits(u32::from(block.bits)));
            }
            Descriptor::Neurons(d) => {
                add(d.layer, Store::State, d.n_words(), state_bits);
                let (rows, row) = d.param_rows();
                let params = if d.params.is_empty() { (rows * row) as usize } else { d.params.len() };
                add(d.layer, Store::Params, params, state_bits);
            }
        }
    }
    let fifo = (0..program.layers.len() as u16).map(|l| ((LayerId(l), Store::Queue), (FIFO_MESSAGES, MESSAGE_BITS)));
    sizes.extend(fifo);
    let memory = |((layer, store), (words, bits))| MemorySize { layer, store, words, bits };
    sizes.into_iter().map(memory).collect()
}
