//! A run as it is stored: everything that pricing it again needs, and nothing that depends on a price.

use crate::simulation::Batch;
use energy::{
    price::{Context, Timing},
    table::Store,
};
use isa::{Arch, Descriptor, LayerId, Ledger, Program};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Version of the format.
pub(crate) const VERSION: u32 = 1;

/// Messages in the input FIFO of a layer of the ideal machine (Lemaire et al. 2022).
const FIFO_MESSAGES: u64 = 1000;
const MESSAGE_BITS: u32 = 32;

/// A stored run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StoredRun {
    /// Always `spikeloom-run`.
    pub(crate) format: String,
    /// Version of the format.
    pub(crate) version: u32,
    /// Version of spikeloom that made it.
    pub(crate) spikeloom: String,
    /// The network.
    pub(crate) network: String,
    /// The chip.
    pub(crate) arch: String,
    /// The images.
    pub(crate) dataset: String,
    /// Number of images.
    pub(crate) images: u64,
    /// Right decisions.
    pub(crate) correct: u64,
    /// Timesteps of one sample.
    pub(crate) timesteps: u32,
    /// Cores in use.
    pub(crate) cores: u64,
    /// Chips in use.
    pub(crate) chips: u64,
    /// Time of all samples one after the other \[s\]; absent where the chip's description has none.
    pub(crate) seconds: Option<f64>,
    /// The layers.
    pub(crate) layers: Vec<StoredLayer>,
    /// Sizes of the memories of each layer.
    pub(crate) memories: Vec<StoredMemory>,
    /// Counts of all images by core and layer.
    pub(crate) ledger: Ledger,
}

/// A layer of a stored run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StoredLayer {
    /// Name.
    pub(crate) name: String,
    /// Channels, rows, columns.
    pub(crate) shape: (u16, u16, u16),
    /// Cores that hold neurons of it.
    pub(crate) cores: u64,
    /// Spikes of all images; events for the input layer.
    pub(crate) spikes: u64,
}

/// A memory of a layer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StoredMemory {
    /// The layer.
    pub(crate) layer: LayerId,
    /// Which memory.
    pub(crate) store: Store,
    /// Words.
    pub(crate) words: u64,
    /// Bits of a word.
    pub(crate) bits: u32,
}

impl StoredRun {
    /// The stored form of a batch.
    pub(crate) fn new(program: &Program, arch: &Arch, dataset: &str, batch: &Batch) -> Self {
        let chips: BTreeSet<_> = program.cores.iter().map(|image| arch.chip(arch.router(image.core))).collect();
        let layers = program.layers.iter().enumerate().map(|(l, layer)| StoredLayer {
            name: layer.name.clone(),
            shape: layer.shape,
            cores: program.cores.iter().filter(|image| holds(image, LayerId(l as u16))).count() as u64,
            spikes: batch.layer_spikes[l],
        });
        Self {
            format: "spikeloom-run".into(),
            version: VERSION,
            spikeloom: env!("CARGO_PKG_VERSION").into(),
            network: program.name.clone(),
            arch: arch.name.clone(),
            dataset: dataset.into(),
            images: batch.samples.len() as u64,
            correct: batch.correct() as u64,
            timesteps: program.timesteps,
            cores: program.cores.len() as u64,
            chips: chips.len() as u64,
            seconds: batch.seconds(),
            layers: layers.collect(),
            memories: memories(program, arch),
            ledger: batch.ledger.clone(),
        }
    }

    /// What pricing needs besides counts.
    pub(crate) fn context(&self) -> Context {
        Context {
            memories: self.memories.iter().map(|m| ((m.layer, m.store), (m.words, m.bits))).collect(),
            timing: self.seconds.map(|seconds| Timing { seconds, cores: self.cores, chips: self.chips }),
        }
    }
}

fn holds(image: &isa::CoreImage, layer: LayerId) -> bool {
    image.descriptors.iter().any(|d| matches!(d, Descriptor::Neurons(d) if d.layer == layer))
}

/// Sizes of each layer's memories, as data: no padding, no replication within a core.
fn memories(program: &Program, arch: &Arch) -> Vec<StoredMemory> {
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
                add(d.layer, Store::State, d.n(), state_bits);
                add(d.layer, Store::Params, d.params.len(), state_bits);
            }
        }
    }
    let fifo = (0..program.layers.len() as u16).map(|l| ((LayerId(l), Store::Queue), (FIFO_MESSAGES, MESSAGE_BITS)));
    sizes.extend(fifo);
    let memory = |((layer, store), (words, bits))| StoredMemory { layer, store, words, bits };
    sizes.into_iter().map(memory).collect()
}
