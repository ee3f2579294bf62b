//! Trained networks and run states on disk: safetensors with one JSON string of metadata, written to a temporary name and renamed.

use super::check;
use super::config::{Config, Readout};
use super::grid::GridWeights;
use super::network::{Layer, Network};
use base::budget::Budget;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Metadata key; a single key keeps the file's bytes deterministic.
const KEY: &str = "spikeloom";

/// A file that could not be written or is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("{path}: {source}")]
    Io {
        /// File concerned.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// The content is not readable as what was asked for.
    #[error("{path}: {text}")]
    Format {
        /// File concerned.
        path: PathBuf,
        /// What is wrong.
        text: String,
    },
}

impl StoreError {
    pub(crate) fn format(path: &Path, text: impl Into<String>) -> Self {
        Self::Format { path: path.into(), text: text.into() }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }
}

/// Replaces a file by `bytes`: a reader sees the old file or the new one.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    base::output::write(path, bytes).map_err(StoreError::io(path))
}

/// A named tensor.
pub(crate) struct Tensor {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Values,
}

/// The values of a tensor.
pub(crate) enum Values {
    Real(Vec<f32>),
    Integer(Vec<i8>),
}

/// Serializes tensors and a metadata value.
pub(crate) fn pack(tensors: &[Tensor], meta: &impl Serialize) -> Vec<u8> {
    let raw: Vec<(Dtype, Vec<u8>)> = tensors
        .iter()
        .map(|t| match &t.data {
            Values::Real(data) => (Dtype::F32, data.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Values::Integer(data) => (Dtype::I8, data.iter().map(|v| v.to_le_bytes()[0]).collect()),
        })
        .collect();
    let views = tensors.iter().zip(&raw).map(|(t, (dtype, bytes))| {
        (t.name.as_str(), TensorView::new(*dtype, t.shape.clone(), bytes).expect("shape and data agree"))
    });
    let text = serde_json::to_string(meta).expect("metadata has a JSON form");
    safetensors::serialize(views, Some(HashMap::from([(KEY.to_string(), text)]))).expect("names are distinct")
}

/// The tensors of a file by name, integers as reals.
pub(crate) type Tensors = HashMap<String, Vec<f32>>;

/// Reads what [`pack`] wrote.
pub(crate) fn unpack<M: DeserializeOwned>(path: &Path) -> Result<(Tensors, M), StoreError> {
    unpack_bytes(&fs::read(path).map_err(StoreError::io(path))?, path)
}

/// Reads the bytes of what [`pack`] wrote, integers as reals; `path` is what errors call them.
pub(crate) fn unpack_bytes<M: DeserializeOwned>(bytes: &[u8], path: &Path) -> Result<(Tensors, M), StoreError> {
    let bad = |e: &dyn std::fmt::Display| {
        StoreError::format(
            path,
            format!("is no file that `spikeloom train` or `deploy` wrote, or is damaged; give another: {e}"),
        )
    };
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| bad(&e))?;
    let text =
        header.metadata().as_ref().and_then(|m| m.get(KEY)).ok_or_else(|| bad(&"it has no `spikeloom` metadata"))?;
    let meta = serde_json::from_str(text).map_err(|e| bad(&e))?;
    let file = SafeTensors::deserialize(bytes).map_err(|e| bad(&e))?;
    let mut tensors = HashMap::new();
    for (name, view) in file.tensors() {
        let data = match view.dtype() {
            Dtype::F32 => {
                view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().expect("4 bytes"))).collect()
            }
            Dtype::I8 => view.data().iter().map(|&b| f32::from(i8::from_le_bytes([b]))).collect(),
            other => return Err(bad(&format!("tensor `{name}` is {other:?}, expected F32 or I8"))),
        };
        tensors.insert(name, data);
    }
    Ok((tensors, meta))
}

/// Facts about a trained network that travel with it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Epochs trained.
    pub epochs: usize,
    /// Free text → value: accuracies in percent, spike rates, times. Sorted by name.
    pub measured: std::collections::BTreeMap<String, f64>,
}

#[derive(Serialize, Deserialize)]
struct LayerMeta {
    input: [usize; 3],
    channels: usize,
    kernel: usize,
    stride: usize,
    pad: usize,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pool: usize,
    levels: u8,
    kappa: f32,
    groups: Vec<usize>,
    logit_gain: f32,
    grid: usize,
}

fn one() -> usize {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_one(n: &usize) -> bool {
    *n == 1
}

#[derive(Serialize, Deserialize)]
struct NetworkMeta {
    format: String,
    config: Config,
    input: [usize; 3],
    classes: usize,
    layers: Vec<LayerMeta>,
    card: Card,
}

const NETWORK_FORMAT: &str = "spikeloom-network-1";

/// Writes a network and its card.
pub fn save_network(path: &Path, network: &Network, card: &Card) -> Result<(), StoreError> {
    write_atomic(path, &bytes(network, None, card))
}

/// The contents of a file with a network as the 8-bit integers of its grid, about a quarter of the size; reading gives
/// [`Network::on_grid`]. `None` if a channel's weights do not fit the grid.
#[must_use]
pub fn bytes_on_grid(network: &Network, card: &Card) -> Option<Vec<u8>> {
    Some(bytes(network, Some(&network.grids()?), card))
}

fn bytes(network: &Network, grids: Option<&[GridWeights]>, card: &Card) -> Vec<u8> {
    let mut tensors = Vec::new();
    let mut layers = Vec::new();
    for (l, y) in network.layers.iter().enumerate() {
        let name = |name: &str| format!("layer{l}.{name}");
        let shape = vec![y.channels, y.input[0], y.kernel, y.kernel];
        let data = match grids {
            Some(grids) => Values::Integer(grids[l].integers.clone()),
            None => Values::Real(y.weight.clone()),
        };
        tensors.push(Tensor { name: name("weight"), shape, data });
        let mut push = |part: &str, shape: Vec<usize>, data: &[f32]| {
            if !data.is_empty() {
                tensors.push(Tensor { name: name(part), shape, data: Values::Real(data.to_vec()) });
            }
        };
        push("unit", vec![y.channels], grids.map_or(&[], |grids| &grids[l].units));
        for (name, v) in [
            ("mean", &y.mean),
            ("variance", &y.variance),
            ("channel_weight", &y.channel_weight),
            ("channel_bias", &y.channel_bias),
        ] {
            push(name, vec![y.channels], v);
        }
        push("readout", vec![network.classes, y.grid * y.grid, y.channels], &y.readout);
        layers.push(LayerMeta {
            input: y.input,
            channels: y.channels,
            kernel: y.kernel,
            stride: y.stride,
            pad: y.pad,
            pool: y.pool,
            levels: y.levels,
            kappa: y.kappa,
            groups: y.groups.clone(),
            logit_gain: y.logit_gain,
            grid: y.grid,
        });
    }
    let (format, config) = (NETWORK_FORMAT.into(), network.config.clone());
    let meta =
        NetworkMeta { format, config, input: network.input, classes: network.classes, layers, card: card.clone() };
    pack(&tensors, &meta)
}

/// Reads a network and its card; every length is checked against the layer's shape.
pub fn load_network(path: &Path) -> Result<(Network, Card), StoreError> {
    let bytes = fs::read(path)
        .map_err(|e| StoreError::format(path, format!("cannot be read; check the path and its permissions: {e}")))?;
    read_network(&bytes, path)
}

/// As [`load_network`], from bytes; `path` is what errors call them.
pub fn read_network(bytes: &[u8], path: &Path) -> Result<(Network, Card), StoreError> {
    let (mut tensors, meta): (_, NetworkMeta) = unpack_bytes(bytes, path)?;
    if meta.format != NETWORK_FORMAT {
        return Err(StoreError::format(
            path,
            format!("format is `{}`, this program reads `{NETWORK_FORMAT}`", meta.format),
        ));
    }
    let fail = |text: String| StoreError::format(path, text);
    meta.config.check().map_err(|error| fail(error.to_string()))?;
    check::classes(meta.classes).map_err(fail)?;
    if meta.layers.is_empty() {
        return Err(fail("has no layer; a network has one or more".into()));
    }
    let mut network = Network { config: meta.config, input: meta.input, classes: meta.classes, layers: Vec::new() };
    let (mut shapes, mut input) = (Vec::new(), meta.input);
    for (l, m) in meta.layers.into_iter().enumerate() {
        let at = |text: String| fail(format!("layer {l}: {text}"));
        let layer = m.with_tensors(l, &mut tensors, &network).map_err(at)?;
        let shape = check::layer(&layer, input, network.classes).map_err(at)?;
        input = [layer.channels, shape.out_h(), shape.out_w()];
        shapes.push(shape);
        network.layers.push(layer);
    }
    network.claim(&shapes, &mut Budget::process()).map_err(|error| fail(error.to_string()))?;
    Ok((network, meta.card))
}

impl LayerMeta {
    /// Layer `l` of a network, with its vectors. Their lengths are what its sizes say, and so these are no larger than the file.
    fn with_tensors(self, l: usize, tensors: &mut Tensors, network: &Network) -> Result<Layer, String> {
        let product = |factors: &[usize]| {
            let product = factors.iter().try_fold(1_usize, |product, &factor| product.checked_mul(factor));
            product.ok_or("its sizes are more than can be counted")
        };
        let on_grid = tensors.contains_key(&format!("layer{l}.unit"));
        let mut take = |name: &str, len: usize| {
            let data = tensors.remove(&format!("layer{l}.{name}")).unwrap_or_default();
            match data.len() {
                n if n == len => Ok(data),
                n => Err(format!("tensor `{name}` has {n} values, the layer needs {len}")),
            }
        };
        let per_channel = product(&[self.input[0], self.kernel, self.kernel])?;
        let mut weight = take("weight", product(&[self.channels, per_channel])?)?;
        if on_grid {
            for (weights, unit) in weight.chunks_exact_mut(per_channel.max(1)).zip(take("unit", self.channels)?) {
                for q in weights {
                    *q *= unit;
                }
            }
        }
        let readout = match network.config.readout {
            Readout::Learned => take("readout", product(&[network.classes, self.grid, self.grid, self.channels])?)?,
            Readout::Goodness => Vec::new(),
        };
        Ok(Layer {
            weight,
            mean: take("mean", self.channels)?,
            variance: take("variance", self.channels)?,
            channel_weight: take("channel_weight", self.channels)?,
            channel_bias: take("channel_bias", self.channels)?,
            readout,
            input: self.input,
            channels: self.channels,
            kernel: self.kernel,
            stride: self.stride,
            pad: self.pad,
            pool: self.pool,
            levels: self.levels,
            kappa: self.kappa,
            groups: self.groups,
            logit_gain: self.logit_gain,
            grid: self.grid,
        })
    }
}
