//! A file as blocks: what lava-dl's writers leave in it, with both ranks of weights and both forms of strings.

use crate::{Problem, neuron::NeuronConfig};
use nir::hdf5::{self, Array, Tree, Values};
use std::fmt;

/// The kinds of blocks that lava-dl writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Input, with neurons driven by the values of a sample, or without.
    Input,
    /// Fully connected.
    Dense,
    /// Fully connected, with a second matrix from its own spikes.
    Recurrent,
    /// Convolution.
    Conv,
    /// Maps to a vector.
    Flatten,
    /// The mean over consecutive neurons of each output, without neurons of its own.
    Average,
    /// Anything else, by its name.
    Other(String),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Input => "input",
            Self::Dense => "dense",
            Self::Recurrent => "dense_rec",
            Self::Conv => "conv",
            Self::Flatten => "flatten",
            Self::Average => "average",
            Self::Other(name) => name,
        })
    }
}

/// A block of the chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Its number in the file.
    pub index: usize,
    /// What it is.
    pub kind: Kind,
    /// Channels, rows and columns, as far as stated.
    pub shape: Vec<usize>,
    /// Its neurons.
    pub neuron: Option<NeuronConfig>,
    /// Weights with their shape, trailing extents of 1 dropped.
    pub weight: Option<(Vec<usize>, Vec<f64>)>,
    /// Weights from its own spikes.
    pub weight_rec: Option<(Vec<usize>, Vec<f64>)>,
    /// Biases.
    pub bias: Vec<f64>,
    /// Delays, one, by neuron, or by source.
    pub delay: Vec<i64>,
    /// Stride, padding and dilation of a convolution (rows, columns), and its groups.
    pub stride: (u32, u32),
    /// Zero padding.
    pub padding: (u32, u32),
    /// Dilation.
    pub dilation: (u32, u32),
    /// Groups of channels.
    pub groups: u32,
}

impl Block {
    /// The block by number and kind.
    pub fn place(&self) -> String {
        format!("layer/{} ({})", self.index, self.kind)
    }

    /// What a list shows of it, beside its kind and shape.
    pub fn detail(&self) -> String {
        let mut parts = Vec::new();
        if let Some((shape, values)) = &self.weight {
            let sides: Vec<String> = shape.iter().map(ToString::to_string).collect();
            let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &w| (l.min(w), h.max(w)));
            parts.push(format!("weights {} {low}..{high}", sides.join("×")));
        }
        if self.kind == Kind::Conv {
            parts.push(format!("stride {:?} padding {:?} groups {}", self.stride, self.padding, self.groups));
        }
        if !self.delay.is_empty() {
            parts.push(format!("delays up to {}", self.delay.iter().max().unwrap_or(&0)));
        }
        parts.extend(self.neuron.as_ref().map(ToString::to_string));
        parts.join(", ")
    }
}

/// A file, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Netx {
    /// The blocks in their order.
    pub blocks: Vec<Block>,
    /// Timesteps of a sample in training, if stated.
    pub sample_steps: Option<u32>,
}

/// The blocks of a file.
///
/// # Errors
/// If the bytes are not HDF5, or not in netx's layout.
pub fn read(bytes: Vec<u8>) -> Result<Netx, Problem> {
    let root = hdf5::read(bytes).map_err(|error| Problem::new("file", error.to_string()))?;
    let layers = root.groups.get("layer");
    let layers = layers.ok_or_else(|| Problem::new("file", "holds no group `layer`: it is not a netx file"))?;
    let mut blocks = Vec::new();
    for index in 0..layers.groups.len() {
        let group = layers.groups.get(&index.to_string());
        let group = group
            .ok_or_else(|| Problem::new("layer", format!("block {index} of {} is missing", layers.groups.len())))?;
        blocks.push(block(index, group)?);
    }
    let steps =
        root.groups.get("simulation").and_then(|s| s.arrays.get("tSample")).and_then(|a| reals(a).first().copied());
    let sample_steps = steps.filter(|steps| (1.0..=1e6).contains(steps)).map(|steps| steps as u32);
    Ok(Netx { blocks, sample_steps })
}

fn block(index: usize, group: &Tree) -> Result<Block, Problem> {
    let place = format!("layer/{index}");
    let name = text(group, "type").ok_or_else(|| Problem::new(&place, "states no type"))?;
    let kind = match name.as_str() {
        "input" => Kind::Input,
        "dense" => Kind::Dense,
        "dense_rec" => Kind::Recurrent,
        "conv" => Kind::Conv,
        "flatten" => Kind::Flatten,
        "average" => Kind::Average,
        _ => Kind::Other(name),
    };
    let place = format!("layer/{index} ({kind})");
    let weights = |name: &str| group.arrays.get(name).map(|array| (trimmed(&array.shape, &kind), reals(array)));
    let numbers = |name: &str| group.arrays.get(name).map_or(Vec::new(), reals);
    let pair = |name: &str, default: u32| -> Result<(u32, u32), Problem> {
        let side = |v: f64| {
            ((0.0..=65_535.0).contains(&v) && v.fract() == 0.0)
                .then_some(v as u32)
                .ok_or_else(|| Problem::new(&place, format!("`{name}` is {v}")))
        };
        Ok(match numbers(name)[..] {
            [] => (default, default),
            [both] => (side(both)?, side(both)?),
            // Rows and columns; a third extent is that of time.
            [rows, columns, ..] => (side(rows)?, side(columns)?),
        })
    };
    let neuron = group.groups.get("neuron").map(|tree| NeuronConfig::read(&place, tree)).transpose()?;
    let shape = numbers("shape").iter().map(|&side| side.max(0.0) as usize).collect();
    Ok(Block {
        index,
        shape,
        neuron,
        weight: weights("weight"),
        weight_rec: weights("weight_rec"),
        bias: numbers("bias"),
        delay: numbers("delay").iter().map(|&d| d as i64).collect(),
        stride: pair("stride", 1)?,
        padding: pair("padding", 0)?,
        dilation: pair("dilation", 1)?,
        groups: numbers("groups").first().map_or(1, |&groups| groups.max(1.0) as u32),
        kind,
    })
}

/// A weight's shape without the extents of 1 that lava-dl's layers carry at the end: time, and rows and columns of dense ones.
fn trimmed(shape: &[usize], kind: &Kind) -> Vec<usize> {
    let rank = if *kind == Kind::Conv { 4 } else { 2 };
    let mut shape = shape.to_vec();
    while shape.len() > rank && shape.last() == Some(&1) {
        shape.pop();
    }
    shape
}

/// A string, stored as a scalar or as a vector of one.
pub(crate) fn text(group: &Tree, name: &str) -> Option<String> {
    match &group.arrays.get(name)?.values {
        Values::Text(texts) => texts.first().map(|text| text.trim_end_matches('\0').to_owned()),
        Values::Real(_) | Values::Single(_) | Values::Integer(_) => None,
    }
}

/// Numbers of any type.
pub(crate) fn reals(array: &Array) -> Vec<f64> {
    match &array.values {
        Values::Real(values) => values.clone(),
        Values::Single(values) => values.iter().map(|&v| f64::from(v)).collect(),
        Values::Integer(values) => values.iter().map(|&v| v as f64).collect(),
        Values::Text(_) => Vec::new(),
    }
}
