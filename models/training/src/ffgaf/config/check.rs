//! Which values settings may have, and which of them go together.

use super::super::block::LossSteps;
use super::{Activation, Allocation, Augment, Config, ConfigError, Norm};

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

/// Largest kernel, stride, padding and pool.
const MOST_SIDE: usize = 31;
/// Largest side of a sensor.
const MOST_SENSOR: usize = 4096;
/// Most channels of a layer.
const MOST_CHANNELS: usize = 8192;

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

impl Config {
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
}
