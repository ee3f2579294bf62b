//! The trained networks that ship with spikeloom. Each has a card of the same name in `models/training/zoo/`.

use crate::ffgaf::{Card, Network, StoreError, read_network};
use serde::Deserialize;
use std::path::Path;

/// A shipped network.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its name on the command line.
    pub name: &'static str,
    /// One line on what it is.
    pub doc: &'static str,
    bytes: &'static [u8],
}

macro_rules! entries {
    ($($name:literal: $doc:literal,)*) => {
        &[$(Entry { name: $name, doc: $doc, bytes: include_bytes!(concat!("../zoo/", $name, ".safetensors")) }),*]
    };
}

/// Every shipped network.
pub const ENTRIES: &[Entry] = entries! {
    "mnist-small": "MNIST, channels 16-32-32-64, strides 1,2,2,1, learned read-out",
    "mnist": "MNIST, channels 40-120-120-230, strides 1,2,2,1, learned 2 × 2 read-out, on its 8-bit grid",
    "mnist-sparse": "as mnist, trained further for fewer spikes: half the synaptic operations",
    "fashion-mnist": "Fashion-MNIST, channels 40-120-120-230, strides 1,2,2,1, learned 2 × 2 read-out, on its 8-bit grid",
    "cifar10": "CIFAR-10, channels 40-120-120-230, strides 1,2,2,1, learned 2 × 2 read-out, on its 8-bit grid",
    "mnist-paper": "MNIST, channels 40-120-120-240, strides 1,2,1,2 (the paper's), plain goodness, on its 8-bit grid",
    "fashion-mnist-paper":
        "Fashion-MNIST, channels 40-120-120-240, strides 1,2,1,2 (the paper's), plain goodness, on its 8-bit grid",
    "cifar10-paper": "CIFAR-10, channels 40-120-120-240, strides 1,2,1,2 (the paper's), plain goodness, on its 8-bit grid",
};

/// The shipped network called `name`.
pub fn find(name: &str) -> Option<Entry> {
    ENTRIES.iter().copied().find(|entry| entry.name == name)
}

impl Entry {
    /// The network and its card.
    pub fn load(self) -> Result<(Network, Card), StoreError> {
        read_network(self.bytes, Path::new(self.name))
    }
}

/// What a baseline reached when it was trained with this program; its weights do not ship.
#[derive(Clone, Debug, Deserialize)]
pub struct Trained {
    /// What trains it again.
    pub command: String,
    /// Seed of weights, shuffling and hold-out.
    pub seed: u64,
    /// Epochs and accuracies.
    pub card: Card,
}

macro_rules! baselines {
    ($(($method:literal, $dataset:literal),)*) => {
        [$(($method, $dataset, include_str!(concat!("../zoo/baselines/", $dataset, "-", $method, ".json")))),*]
    };
}

/// The recorded baselines as (method, data set, outcome).
pub fn baselines() -> Vec<(&'static str, &'static str, Trained)> {
    let all = baselines![
        ("ff-mlp", "mnist"),
        ("cwcomp", "mnist"),
        ("cwcomp", "fashion-mnist"),
        ("ff-mlp", "cifar10"),
        ("cwcomp", "cifar10"),
    ];
    let record = |text| serde_json::from_str(text).expect("shipped records are whole");
    all.into_iter().map(|(method, dataset, text)| (method, dataset, record(text))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recorded_baseline_has_its_accuracy() {
        for (method, dataset, trained) in baselines() {
            let test = trained.card.measured["test %"];
            assert!((10.0..100.0).contains(&test), "{method} {dataset}: {test}");
            assert!(
                trained
                    .command
                    .contains(&format!("--method {method} --dataset {dataset} --epochs {}", trained.card.epochs))
            );
        }
    }

    #[test]
    fn every_entry_loads_and_exports() {
        for entry in ENTRIES {
            let (network, card) = entry.load().expect("shipped files are whole");
            assert!(card.epochs > 0);
            // Folded, a channel keeps one number besides its weights.
            let channels: usize = network.layers.iter().map(|layer| layer.channels).sum();
            assert!(network.parameters() - channels <= 433_600, "no more parameters than the paper's network");
            let graph = crate::export::graph(&network).expect("shipped networks are deployable");
            assert_eq!(ir::verify(&graph), []);
        }
    }
}
