//! Every hyper-parameter of a training run, readable as TOML and stored with the result.

use super::block::LossSteps;
use super::per_layer::PerLayer;
use crate::kernels::ConvShape;
use base::budget::{Budget, TooLarge};
use serde::{Deserialize, Serialize};

/// The range of gains and rates: what lies outside ends as infinities in single precision.
const LEAST: f32 = 1e-9;
/// See [`LEAST`].
const MOST: f32 = 1e6;
/// The most passes over the training images.
const MOST_EPOCHS: usize = 1_000_000;
/// The most layers.
const MOST_LAYERS: usize = 1000;
/// The largest seed that TOML can hold.
const MOST_SEED: u64 = i64::MAX as u64;
/// The largest shift of an augmentation, pixels.
const MOST_SHIFT: usize = 1000;

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
    /// Recordings: in each of `levels` timesteps the input neurons spike or do not. The layers then work step by step, every neuron once a
    /// step at most.
    Events,
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

impl Augment {
    fn check(&self) -> Result<(), String> {
        if self.shift > MOST_SHIFT {
            return Err(format!("augment.shift is {}; give at most {MOST_SHIFT} pixels", self.shift));
        }
        for (name, value, most) in
            [("rotate", self.rotate, 360.0), ("scale", self.scale, 0.9), ("erase", self.erase, 1.0)]
        {
            if !(0.0..=most).contains(&value) {
                return Err(format!("augment.{name} is {value}; give 0 to {most}"));
            }
        }
        Ok(())
    }
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

/// Largest kernel, stride, padding and pool.
const MOST_SIDE: usize = 31;
/// Largest side of a sensor.
const MOST_SENSOR: usize = 4096;
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
        if n > MOST_LAYERS {
            return fail(format!("channels has {n} entries; give at most {MOST_LAYERS} layers"));
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
        if !matches!(self.weight_bits, 0 | 2..=8) {
            return fail(format!("weight_bits is {}; give 2 to 8, or 0 for real weights", self.weight_bits));
        }
        if self.weight_bits > 0 && self.norm == Norm::Sample {
            return fail(
                "weight_bits needs norm = \"batch\": statistics of each sample cannot be folded into integers".into(),
            );
        }
        if self.levels == 0 || self.batch == 0 || self.epochs == 0 {
            return fail("levels, batch and epochs must be positive".into());
        }
        if !(1..=8).contains(&self.readout_grid) {
            return fail(format!("readout_grid is {}; give 1 to 8", self.readout_grid));
        }
        if self.epochs > MOST_EPOCHS {
            return fail(format!("epochs is {}; give at most {MOST_EPOCHS}", self.epochs));
        }
        let shares = [self.dropout, self.ema, self.beta1, self.beta2];
        if !shares.iter().all(|share| (0.0..1.0).contains(share)) {
            return fail("dropout, ema, beta1 and beta2 must lie in [0, 1)".into());
        }
        let rates = [("learning_rate", self.learning_rate), ("readout_learning_rate", self.readout_learning_rate)];
        let gains = self.alpha.iter().map(|&alpha| ("alpha", alpha)).chain([("kappa", self.kappa)]);
        for (name, value) in gains.chain(rates) {
            if !(LEAST..=MOST).contains(&value) {
                return fail(format!("{name} is {value}; give a number from {LEAST:e} to {MOST:e}"));
            }
        }
        // With the logistic allocation φ divides.
        let phi = f64::from(self.allocation_phi);
        if !(0.0..=1e9).contains(&phi) || (phi == 0.0 && self.allocation == Allocation::Logistic) {
            return fail(format!("allocation_phi is {phi}; give a positive number up to 1e9"));
        }
        for (name, list) in [("start", &self.schedule.start), ("stop", &self.schedule.stop)] {
            if let Some(part) = list.iter().find(|part| !(0.0..=1.0).contains(*part)) {
                return fail(format!("schedule.{name} holds {part}; give fractions of the run, 0 to 1"));
            }
        }
        if self.seed > MOST_SEED || self.validation_seed > MOST_SEED {
            return fail(format!("seed and validation_seed are at most {MOST_SEED}, the largest integer of TOML"));
        }
        self.events().or_else(fail)?;
        self.augment.check().or_else(fail)
    }

    /// What recordings ask of the other settings.
    fn events(&self) -> Result<(), String> {
        if !self.input.is_events() {
            let unused = [
                ("sensor", self.sensor.is_some()),
                ("bin", self.bin != 0.0),
                ("loss_steps", self.loss_steps != LossSteps::Last),
            ];
            return match unused.iter().find(|(_, given)| *given) {
                Some((name, _)) => {
                    Err(format!("{name} is for recordings; give input = \"events\" too, or leave it out"))
                }
                None => Ok(()),
            };
        }
        if let Some([c, h, w]) = self.sensor.filter(|sides| !sides.iter().all(|side| (1..=MOST_SENSOR).contains(side)))
        {
            return Err(format!("sensor is [{c}, {h}, {w}]; give channels, rows and columns from 1 to {MOST_SENSOR}"));
        }
        if !(self.bin == 0.0 || (1e-9..=1e6).contains(&self.bin)) {
            return Err(format!("bin is {}; give a length of time in seconds, as 0.02", self.bin));
        }
        let only = |name: &str, what: &str| Err(format!("{name} is for images; with input = \"events\" {what}"));
        if self.norm != Norm::Batch {
            return only("norm = \"sample\"", "the statistics are those of the batch");
        }
        if self.activation != Activation::Quantized {
            return only("activation = \"relu\"", "goodness is made of spikes");
        }
        if self.weight_bits > 0 {
            return only("weight_bits", "train with real weights, and give the bits to `run` or `compile`");
        }
        if self.augment.erase > 0.0 {
            return only("augment.erase", "a blanked rectangle would be events");
        }
        Ok(())
    }

    /// Channels, rows and columns of what the first layer sees of samples of `shape`: of images all, of recordings, whose timesteps stand one
    /// after another in the channels, those of one timestep.
    ///
    /// # Errors
    /// If the channels are no multiple of the timesteps.
    pub fn frame(&self, shape: [usize; 3]) -> Result<[usize; 3], ConfigError> {
        let steps = usize::from(self.levels);
        match shape {
            image if !self.input.is_events() => Ok(image),
            [c, h, w] if c.is_multiple_of(steps) => Ok([c / steps, h, w]),
            [c, ..] => Err(ConfigError::Value(format!("levels is {steps}, but {c} frames are not a multiple of it"))),
        }
    }

    /// The layers' geometry on images of `input` (C·H·W) in so many classes.
    ///
    /// # Errors
    /// If they do not fit together: which setting, and what it may be.
    pub fn shapes(&self, input: [usize; 3], classes: usize) -> Result<Vec<ConvShape>, ConfigError> {
        let mut shapes = Vec::new();
        let [mut channels, mut h, mut w] = input;
        for (l, (&out, &stride)) in self.channels.iter().zip(&self.strides).enumerate() {
            let fail = |text: String| ConfigError::Value(format!("layer {}: {text}", l + 1));
            if out < classes {
                return Err(fail(format!("{out} channels cannot serve {classes} classes; use at least one per class")));
            }
            let (pool, kernel, padding) = (self.pool.at(l), self.kernel.at(l), self.padding.at(l));
            (h, w) = (h / pool, w / pool);
            if h.min(w).saturating_add(padding.saturating_mul(2)) < kernel {
                return Err(fail(format!(
                    "a {kernel} × {kernel} kernel does not fit on a map of {h} × {w} with padding = {padding}; change kernel, \
                     padding, strides or pool"
                )));
            }
            let shape = ConvShape::checked((h, w), channels, out, kernel, stride, padding)
                .map_err(|error| fail(error.to_string()))?;
            (channels, h, w) = (out, shape.out_h(), shape.out_w());
            let grid = self.readout_grid;
            if self.readout == Readout::Learned && grid > h.min(w) {
                let (layer, side) = (l + 1, h.min(w));
                let text =
                    format!("readout_grid is {grid}, but layer {layer} has maps of {h} × {w}; give at most {side}");
                return Err(ConfigError::Value(text));
            }
            shapes.push(shape);
        }
        Ok(shapes)
    }

    /// Claims the memory that training takes with these layers on `images` images, before any of it is allocated.
    ///
    /// # Errors
    /// If there is less: which setting asks for it.
    pub fn claim(
        &self,
        shapes: &[ConvShape],
        images: usize,
        classes: usize,
        budget: &mut Budget,
    ) -> Result<(), TooLarge> {
        let long = |n: usize| n as u64;
        let batch = long(self.batch.min(images));
        let calibration = long(self.calibration.max(self.final_calibration).min(images));
        let regions = if self.readout == Readout::Learned { long(self.readout_grid * self.readout_grid) } else { 1 };
        for (l, s) in shapes.iter().enumerate() {
            let of = |what: &str| format!("training configuration, layer {}: {what}", l + 1);
            let out_c = long(s.out_c);
            let weights = &[long(s.taps()), long(s.in_c), out_c];
            let with = |first: &[u64], rest: &[u64]| [first, rest].concat();
            // Value, two moments, average, packed integers; then one gradient for each block of 16 samples.
            budget.claim(&of("`channels` and `kernel`"), &with(&[4 * 5], weights))?;
            budget.claim(&of("`channels`, `kernel` and `batch`"), &with(&[4, batch.div_ceil(16)], weights))?;
            budget.claim(&of("`readout_grid` and `channels`"), &[4 * 6, long(classes), regions, out_c])?;
            // Sums, counts and gradients of every output of a batch; features and pulls of every sample.
            budget.claim(&of("`batch` and `channels`"), &[4 + 1 + 4, batch, long(s.out_pixels()), out_c])?;
            if self.input.is_events() {
                // Spikes of every step of a batch and of the calibration.
                let spikes = [u64::from(self.levels), batch + calibration, long(s.out_pixels()), out_c];
                budget.claim(&of("`levels`, `batch`, `calibration` and `channels`"), &spikes)?;
            }
            budget.claim(&of("`batch` and `readout_grid`"), &[4 * 3, batch, regions, out_c])?;
            budget.claim(&of("`padding`"), &[2 * 4 * 4, long(s.padded_pixels()), long(s.in_c)])?;
            budget.claim(&of("`calibration`"), &[calibration, long(s.out_pixels()), out_c])?;
        }
        Ok(())
    }
}
