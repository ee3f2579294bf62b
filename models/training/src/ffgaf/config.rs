//! Every hyper-parameter of a training run, readable as TOML and stored with the result.

use super::per_layer::PerLayer;
use serde::{Deserialize, Serialize};

/// How the spike train enters the goodness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// Goodness of the emitted counts n (improved ReLU, eq. 13).
    #[default]
    Quantized,
    /// Goodness of ReLU(u); spikes are still n. No gradient passes the floor.
    Relu,
}

/// Statistics of the normalization.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Norm {
    /// Per channel over the batch; frozen and fusable at inference.
    #[default]
    Batch,
    /// Per sample and channel (the authors' released code); cannot be folded into weights.
    Sample,
}

/// What turns channel activity into class scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Readout {
    /// Mean square activity of the class's channel group (eq. 5).
    #[default]
    Goodness,
    /// A matrix on the mean square activities, initialized to the group mean and trained with the layer's own loss.
    Learned,
}

/// How channels are divided among classes (eqs. 1-4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Allocation {
    /// More channels to classes of higher complexity (eq. 4).
    #[default]
    Aware,
    /// Equal shares.
    Uniform,
    /// The aware shares given in reverse order of complexity.
    Worst,
    /// Shares 1/(1 + exp(−s̃/φ)) of the scores of eq. 3: not the paper's; what the zoo's first networks were trained with.
    Logistic,
}

/// What the first layer receives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputCoding {
    /// Per-image standardization: clip(round(32 (p − mean)/(std + 0.05)), ±127) / 32.
    #[default]
    Standardized,
    /// Raw pixels / 255.
    Pixels,
}

/// Value of pixels that an augmentation moves in from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fill {
    /// Black.
    #[default]
    Zero,
    /// The nearest pixel of the image.
    Edge,
}

/// Number format of the training convolutions on spike counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arithmetic {
    /// 16-bit factors with one scale per output channel, exact 32-bit sums (`f32` on CPUs without AVX2).
    #[default]
    Fixed,
    /// `f32`.
    Float,
}

/// Which accuracies a run reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// Validation images choose epoch, layer and read-out; the test images are evaluated once, at the end, with frozen statistics.
    #[default]
    Ours,
    /// As the paper's authors: besides, every layer is evaluated on the test images after every epoch in training mode
    /// (statistics of the test batch, dropout on, last partial batch dropped), and the largest accuracy of all is reported.
    Paper,
}

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
    /// λ: weight of the mean squared count per neuron that is added to every layer's loss, for fewer spikes.
    pub spike_penalty: f32,
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
            spike_penalty: 0.0,
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

/// Largest kernel, stride, padding and pool.
const MOST_SIDE: usize = 31;
/// Most channels of a layer.
const MOST_CHANNELS: usize = 8192;

/// A setting that cannot be used, with its remedy.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not readable as this configuration.
    #[error("configuration: {0}")]
    Parse(#[from] toml::de::Error),
    /// Values that do not fit together.
    #[error("configuration: {0}")]
    Value(String),
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

    /// α of layer `l`.
    #[must_use]
    pub fn alpha_of(&self, l: usize) -> f32 {
        self.alpha[if self.alpha.len() == 1 { 0 } else { l }]
    }

    /// Checks that the values fit together.
    pub fn check(&self) -> Result<(), ConfigError> {
        let n = self.channels.len();
        let fail = |text: String| Err(ConfigError::Value(text));
        if n == 0 || self.strides.len() != n {
            return fail(format!(
                "strides has {} entries for {n} channels; give one stride per layer",
                self.strides.len()
            ));
        }
        if let Some(c) = self.channels.iter().find(|&&c| c < 8) {
            return fail(format!("a layer has {c} channels; use at least 8"));
        }
        if self.alpha.len() != 1 && self.alpha.len() != n {
            return fail(format!("alpha has {} entries; give 1 or {n}", self.alpha.len()));
        }
        for (name, list) in [("start", &self.schedule.start), ("stop", &self.schedule.stop)] {
            if !list.is_empty() && list.len() != n {
                return fail(format!("schedule.{name} has {} entries; give none or {n}", list.len()));
            }
        }
        if let Some(c) = self.channels.iter().find(|&&c| c > MOST_CHANNELS) {
            return fail(format!("channels holds {c}; a layer has at most {MOST_CHANNELS}"));
        }
        if let Some(s) = self.strides.iter().find(|s| !(1..=MOST_SIDE).contains(*s)) {
            return fail(format!("strides holds {s}; give 1 to {MOST_SIDE}"));
        }
        self.kernel.check("kernel", n, 1..=MOST_SIDE).map_err(ConfigError::Value)?;
        self.padding.check("padding", n, 0..=MOST_SIDE).map_err(ConfigError::Value)?;
        self.pool.check("pool", n, 1..=MOST_SIDE).map_err(ConfigError::Value)?;
        for l in 0..n {
            let (kernel, padding, pool) = (self.kernel.at(l), self.padding.at(l), self.pool.at(l));
            if padding >= kernel {
                return fail(format!("layer {}: padding = {padding} is not below kernel = {kernel}", l + 1));
            }
            if l == 0 && pool > 1 {
                return fail(format!("pool is {pool} in the first layer, which reads the image; give 1 there"));
            }
            let most = usize::from(self.levels) * pool * pool;
            if most > 255 {
                return fail(format!(
                    "layer {}: {pool} × {pool} neurons of pool with levels = {} can send {most} spikes; at most 255 are \
                     summed",
                    l + 1,
                    self.levels
                ));
            }
        }
        if !(self.spike_penalty.is_finite() && self.spike_penalty >= 0.0) {
            return fail(format!("spike_penalty is {}; give 0 or a positive number", self.spike_penalty));
        }
        if self.levels == 0 || self.batch == 0 || self.epochs == 0 {
            return fail("levels, batch and epochs must be positive".into());
        }
        if !(1..=8).contains(&self.readout_grid) {
            return fail(format!("readout_grid is {}; give 1 to 8", self.readout_grid));
        }
        let shares = [self.dropout, self.ema, self.beta1, self.beta2];
        if !shares.iter().all(|share| (0.0..1.0).contains(share)) {
            return fail("dropout, ema, beta1 and beta2 must lie in [0, 1)".into());
        }
        let positive = [self.kappa, self.learning_rate, self.readout_learning_rate];
        if !self.alpha.iter().chain(&positive).all(|v| v.is_finite() && *v > 0.0) {
            return fail("alpha, kappa, learning_rate and readout_learning_rate must be positive numbers".into());
        }
        Ok(())
    }
}
