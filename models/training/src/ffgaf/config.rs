//! Every hyper-parameter of a training run, readable as TOML and stored with the result.

use super::block::LossSteps;
use super::per_layer::PerLayer;
use base::budget::TooLarge;
use serde::{Deserialize, Serialize};

mod check;
mod geometry;
mod switches;

pub use switches::{Activation, Allocation, Arithmetic, Fill, InputCoding, Norm, Protocol, Readout};

/// Random changes of the training images.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Augment {
    /// Mirror left-right with probability ½.
    pub flip: bool,
    /// Largest shift in each direction, pixels (crop of the padded image).
    pub shift: usize,
    /// What moves in.
    pub fill: Fill,
    /// Largest rotation, degrees.
    pub rotate: f32,
    /// Largest relative change of size.
    pub scale: f32,
    /// Probability of blanking a rectangle of 2 % to 15 % of the area with the mean grey.
    pub erase: f32,
}

/// When each layer learns, in fractions of the run. Empty lists: all layers, always.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schedule {
    /// Start of each layer's training.
    pub start: Vec<f32>,
    /// End of each layer's training; its learning rate has decayed to 0 there.
    pub stop: Vec<f32>,
}

/// All hyper-parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Name of the data set.
    pub dataset: String,
    /// Network whose layers the training starts from: a bundled one's name or a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Where images of one's own are, a folder or a file; absent for published data sets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// Images of `data` that were held out as test images, where it has no test part of its own; 0: it has one.
    #[serde(skip_serializing_if = "is_zero")]
    pub test: usize,
    /// Use only the first N training images; 0: all.
    pub limit: usize,
    /// Output channels of each layer.
    pub channels: Vec<usize>,
    /// Stride of each layer.
    pub strides: Vec<usize>,
    /// Kernel side of each layer, taps.
    pub kernel: PerLayer,
    /// Zero padding of each layer, pixels.
    pub padding: PerLayer,
    /// Side of the windows over which the spikes that reach a layer are summed before its convolution; 1: none.
    pub pool: PerLayer,
    /// L = T: levels of the quantizer, steps of the firing phase.
    pub levels: u8,
    /// κ: counts per standard deviation of the normalized potential ("thresh").
    pub kappa: f32,
    /// α: gain of the logits, one value for all layers or one per layer.
    pub alpha: Vec<f32>,
    /// Activity that enters the goodness.
    pub activation: Activation,
    /// Normalization statistics.
    pub norm: Norm,
    /// Train w_c and b_c (eq. 9), applied after the normalization.
    pub channel_weights: bool,
    /// Class scores.
    pub readout: Readout,
    /// The learned read-out sees g × g regions of the image instead of its mean.
    pub readout_grid: usize,
    /// Channel split among classes.
    pub allocation: Allocation,
    /// φ of eq. 4.
    pub allocation_phi: f32,
    /// First layer's input.
    pub input: InputCoding,
    /// Channels, rows and columns of recordings, with `input = "events"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensor: Option<[usize; 3]>,
    /// Length of a timestep of recordings that come with times \[s\]; 0: one millisecond.
    #[serde(skip_serializing_if = "is_unset")]
    pub bin: f64,
    /// When the loss of recordings is taken.
    #[serde(skip_serializing_if = "is_last")]
    pub loss_steps: LossSteps,
    /// λ: weight of the mean squared count per neuron that is added to every layer's loss, for fewer spikes.
    pub spike_penalty: f32,
    /// Bits of the weights that the forward pass uses, 2 to 8; 0: real weights. Gradients go to real weights all the same.
    #[serde(skip_serializing_if = "is_real")]
    pub weight_bits: u32,
    /// Number format of the training convolutions.
    pub arithmetic: Arithmetic,
    /// Probability of losing a spike on its way into a hidden layer, in training only.
    pub dropout: f32,
    /// Passes over the training images.
    pub epochs: usize,
    /// Images per step.
    pub batch: usize,
    /// Adam's rate at the start; cosine to 0.
    pub learning_rate: f32,
    /// Adam's rate for the read-out, whose entries start at about 1.
    pub readout_learning_rate: f32,
    /// Adam's first-moment decay.
    pub beta1: f32,
    /// Adam's second-moment decay.
    pub beta2: f32,
    /// Decay per step of the averaged weights used for evaluation; 0 = off.
    pub ema: f32,
    /// When each layer learns.
    pub schedule: Schedule,
    /// Random changes of the training images.
    pub augment: Augment,
    /// Which accuracies are reported.
    pub protocol: Protocol,
    /// Images held out of the training set.
    pub validation: usize,
    /// Seed of the hold-out split.
    pub validation_seed: u64,
    /// Training images that re-estimate the statistics before each evaluation.
    pub calibration: usize,
    /// Training images that re-estimate the statistics after the last epoch.
    pub final_calibration: usize,
    /// Seed of everything else.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            dataset: "mnist".into(),
            data: None,
            test: 0,
            from: None,
            limit: 0,
            channels: vec![40, 120, 120, 240],
            strides: vec![1, 2, 2, 1],
            kernel: PerLayer::All(3),
            padding: PerLayer::All(1),
            pool: PerLayer::All(1),
            levels: 8,
            kappa: 2.0,
            alpha: vec![2.0],
            activation: Activation::default(),
            norm: Norm::default(),
            channel_weights: true,
            readout: Readout::default(),
            readout_grid: 1,
            allocation: Allocation::default(),
            allocation_phi: 2.0,
            input: InputCoding::default(),
            sensor: None,
            bin: 0.0,
            loss_steps: LossSteps::default(),
            spike_penalty: 0.0,
            weight_bits: 0,
            arithmetic: Arithmetic::default(),
            dropout: 0.0,
            epochs: 10,
            batch: 128,
            learning_rate: 0.01,
            readout_learning_rate: 0.01,
            beta1: 0.9,
            beta2: 0.999,
            ema: 0.0,
            schedule: Schedule::default(),
            augment: Augment::default(),
            protocol: Protocol::default(),
            validation: 5000,
            validation_seed: 1,
            calibration: 2000,
            final_calibration: 6000,
            seed: 1,
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_real(bits: &u32) -> bool {
    *bits == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_unset(seconds: &f64) -> bool {
    *seconds == 0.0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_last(steps: &LossSteps) -> bool {
    *steps == LossSteps::Last
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// A setting that cannot be used, with its remedy.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not readable as this configuration.
    #[error("configuration: {0}")]
    Parse(#[from] toml::de::Error),
    /// Values that do not fit together.
    #[error("configuration: {0}")]
    Value(String),
    /// More memory than may be used.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
}

/// Entries of two tables that differ, each as `name: value against other value`.
#[must_use]
pub fn differences(one: &toml::Table, other: &toml::Table, under: &str) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let shown = |value: Option<&toml::Value>| value.map_or_else(|| "absent".to_owned(), ToString::to_string);
    let mut found = Vec::new();
    for name in names {
        match (one.get(name), other.get(name)) {
            (a, b) if a == b => {}
            (Some(toml::Value::Table(a)), Some(toml::Value::Table(b))) => {
                found.extend(differences(a, b, &format!("{under}{name}.")));
            }
            (a, b) => found.push(format!("{under}{name}: {} against {}", shown(a), shown(b))),
        }
    }
    found
}

impl Config {
    /// Reads TOML; absent fields keep their defaults, unknown ones are errors.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text)?;
        config.check()?;
        Ok(config)
    }

    /// All fields as TOML.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("every field has a TOML form")
    }

    /// Settings that differ, each as `name: value against other value`.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let table = |config| toml::Table::try_from(config).expect("every field has a TOML form");
        differences(&table(self), &table(other), "")
    }

    /// Real value of a unit of what layer `l` receives.
    #[must_use]
    pub fn input_step(&self, l: usize) -> f32 {
        if l == 0 { self.input.step() } else { 1.0 }
    }

    /// α of layer `l`.
    #[must_use]
    pub fn alpha_of(&self, l: usize) -> f32 {
        self.alpha[if self.alpha.len() == 1 { 0 } else { l }]
    }
}
