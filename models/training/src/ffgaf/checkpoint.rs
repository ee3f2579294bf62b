//! The complete state of a run between two batches: parameters, optimizer moments, averages, counters, history.
//!
//! Randomness needs no state (it is named by seed, epoch and sample), so continuing from a checkpoint gives the bytes of an
//! uninterrupted run.

use super::adam::Param;
use super::block::Block;
use super::config::Config;
use super::store::{StoreError, Tensor, Tensors, Values, pack, unpack, write_atomic};
use super::train::{State, Trainer};
use datasets::Dataset;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::Path;

#[derive(Serialize, Deserialize)]
struct Meta {
    format: String,
    config: Config,
    /// Digest of the training images; absent in files of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<String>,
    state: State,
    /// SHA-256 of values and state; files of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
}

const FORMAT: &str = "spikeloom-checkpoint-1";

/// SHA-256 of shape, labels and pixels, hexadecimal.
fn images_digest(data: &Dataset) -> String {
    let mut hash = Sha256::new();
    for n in data.shape {
        hash.update((n as u64).to_le_bytes());
    }
    hash.update(&data.labels);
    hash.update(&data.pixels);
    hexadecimal(hash)
}

fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// SHA-256 of a checkpoint's values, by name, and of its state, hexadecimal.
fn digest(tensors: &Tensors, state: &State) -> String {
    let mut names: Vec<&String> = tensors.keys().collect();
    names.sort_unstable();
    let mut hash = Sha256::new();
    for name in names {
        hash.update(name.as_bytes());
        for value in &tensors[name] {
            hash.update(value.to_le_bytes());
        }
    }
    hash.update(serde_json::to_vec(state).expect("a state has a JSON form"));
    hexadecimal(hash)
}

fn params(block: &mut Block) -> [(&'static str, &mut Param); 4] {
    [
        ("weight", &mut block.weight),
        ("channel_weight", &mut block.channel_weight),
        ("channel_bias", &mut block.channel_bias),
        ("readout", &mut block.readout),
    ]
}

impl Trainer<'_> {
    /// Writes the state atomically.
    pub fn save(&mut self, path: &Path) -> Result<(), StoreError> {
        let mut tensors = Vec::new();
        self.state.updates = self.blocks.iter().map(|b| b.updates).collect();
        for (l, block) in self.blocks.iter_mut().enumerate() {
            for (name, p) in params(block) {
                for (part, v) in
                    [("value", &p.value), ("first", &p.first), ("second", &p.second), ("average", &p.average)]
                {
                    if !v.is_empty() {
                        tensors.push(Tensor {
                            name: format!("layer{l}.{name}.{part}"),
                            shape: vec![v.len()],
                            data: Values::Real(v.clone()),
                        });
                    }
                }
            }
        }
        let values = tensors.iter().map(|tensor| match &tensor.data {
            Values::Real(data) => (tensor.name.clone(), data.clone()),
            Values::Integer(_) => unreachable!("checkpoints hold reals"),
        });
        let digest = Some(digest(&values.collect(), &self.state));
        let meta = Meta {
            digest,
            format: FORMAT.into(),
            config: self.config.clone(),
            data: Some(images_digest(self.train)),
            state: self.state.clone(),
        };
        write_atomic(path, &pack(&tensors, &meta))
    }

    /// Continues from a state written by [`Self::save`] of a run with the same configuration.
    pub fn restore(&mut self, path: &Path) -> Result<(), StoreError> {
        let (mut tensors, meta): (_, Meta) = unpack(path)?;
        if meta.format != FORMAT {
            return Err(StoreError::format(
                path,
                format!("format is `{}`, this program reads `{FORMAT}`", meta.format),
            ));
        }
        let differences = meta.config.differences(&self.config);
        if !differences.is_empty() {
            let text = format!(
                "the run was started with other settings ({}); use its own, or another output folder",
                differences.join("; ")
            );
            return Err(StoreError::format(path, text));
        }
        if meta.data.is_some_and(|data| data != images_digest(self.train)) {
            let text = "the run was started on other training images; give it the same, or another output folder";
            return Err(StoreError::format(path, text));
        }
        meta.state
            .check(self.blocks.len(), self.batches(), self.config.epochs)
            .map_err(|text| StoreError::format(path, format!("is damaged: {text}; train again in another folder")))?;
        if meta.digest.as_ref().is_some_and(|digest| *digest != self::digest(&tensors, &meta.state)) {
            let text = "is damaged: its values are not the ones that were written; train again in another folder";
            return Err(StoreError::format(path, text));
        }
        for (l, block) in self.blocks.iter_mut().enumerate() {
            for (name, p) in params(block) {
                for (part, v) in [
                    ("value", &mut p.value),
                    ("first", &mut p.first),
                    ("second", &mut p.second),
                    ("average", &mut p.average),
                ] {
                    let data = tensors.remove(&format!("layer{l}.{name}.{part}")).unwrap_or_default();
                    if data.len() != v.len() {
                        let text = format!("layer{l}.{name}.{part} has {} values, expected {}", data.len(), v.len());
                        return Err(StoreError::format(path, text));
                    }
                    *v = data;
                }
            }
            block.updates = meta.state.updates[l];
        }
        self.state = meta.state;
        Ok(())
    }
}
