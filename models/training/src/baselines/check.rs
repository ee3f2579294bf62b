//! Whether the hyper-parameters of a baseline fit together and the data.

use super::{Baseline, CwCompConfig, FfMlpConfig};
use crate::ffgaf::ConfigError;
use base::budget::{Budget, TooLarge};
use datasets::Dataset;

impl Baseline {
    /// Whether the network can be built for such images and trained.
    pub fn check(&self, data: &Dataset) -> Result<(), ConfigError> {
        match self {
            Self::FfMlp(config) => ff_mlp(config, data),
            Self::CwComp(config) => cwcomp(config, data),
        }
        .map_err(ConfigError::Value)?;
        Ok(self.claim(data, &mut Budget::process())?)
    }

    /// Claims the memory of training, before any of it is allocated: value, two moments and gradient of every weight, four numbers
    /// of every output of a batch.
    fn claim(&self, data: &Dataset, budget: &mut Budget) -> Result<(), TooLarge> {
        let long = |n: usize| n as u64;
        let [channels, h, w] = data.shape.map(long);
        match self {
            Self::FfMlp(c) => {
                let (mut inputs, batch) = (long(data.image_len()), long(c.batch.min(data.len())));
                for &units in &c.hidden {
                    budget.claim("training configuration, `hidden`", &[16, inputs, long(units)])?;
                    budget.claim("training configuration, `batch`", &[64, batch, long(units)])?;
                    inputs = long(units);
                }
            }
            Self::CwComp(c) => {
                let (mut inputs, batch) = (channels, long(c.batch.max(c.calibration).min(data.len())));
                for (&outputs, &groups) in c.channels.iter().zip(&c.groups) {
                    let (outputs, groups) = (long(outputs), long(groups));
                    let padded = |channels: u64| (channels / groups).next_multiple_of(8);
                    let weights = [16, 9, groups, padded(inputs), padded(outputs)];
                    budget.claim("training configuration, `channels`", &weights)?;
                    budget.claim("training configuration, `batch`", &[16, batch, h, w, outputs])?;
                    inputs = outputs;
                }
            }
        }
        Ok(())
    }
}

fn ff_mlp(c: &FfMlpConfig, data: &Dataset) -> Result<(), String> {
    if c.hidden.is_empty() || c.hidden.contains(&0) {
        return Err(format!("hidden is {:?}; give the units of each layer, at least one layer of one unit", c.hidden));
    }
    c.hidden.iter().try_for_each(|&units| counts(&[("hidden", units)]))?;
    if data.image_len() < data.classes {
        return Err(format!("images of {} values have no room for {} labels", data.image_len(), data.classes));
    }
    counts(&[("epochs", c.epochs), ("batch", c.batch)])?;
    positive(&[("label", c.label), ("threshold", c.threshold), ("gain", c.gain), ("learning_rate", c.learning_rate)])
}

fn cwcomp(c: &CwCompConfig, data: &Dataset) -> Result<(), String> {
    let n = c.channels.len();
    if n == 0 {
        return Err("channels is empty; give at least one layer".into());
    }
    for (name, given) in [("groups", c.groups.len()), ("pool", c.pool.len())] {
        if given != n {
            return Err(format!("{name} has {given} entries for {n} channels; give one per layer"));
        }
    }
    if !c.stop.is_empty() && c.stop.len() != n {
        return Err(format!("stop has {} entries; give none or {n}", c.stop.len()));
    }
    let (mut inputs, mut side) = (data.shape[0], data.shape[1].min(data.shape[2]));
    for (l, (&channels, &groups)) in c.channels.iter().zip(&c.groups).enumerate() {
        let layer = l + 1;
        counts(&[("channels", channels)])?;
        if !channels.is_multiple_of(data.classes) {
            return Err(format!(
                "layer {layer} has {channels} channels; give a multiple of the {} classes",
                data.classes
            ));
        }
        if groups == 0 || !inputs.is_multiple_of(groups) || !channels.is_multiple_of(groups) {
            return Err(format!("{groups} groups do not divide layer {layer} of {inputs} to {channels} channels"));
        }
        side /= if c.pool[l] { 2 } else { 1 };
        if side == 0 {
            return Err(format!("nothing is left to pool in layer {layer}; pool fewer layers"));
        }
        inputs = channels;
    }
    counts(&[("epochs", c.epochs), ("batch", c.batch), ("calibration", c.calibration)])?;
    positive(&[("alpha", c.alpha), ("learning_rate", c.learning_rate), ("classifier_rate", c.classifier_rate)])
}

/// The most of anything that is counted.
const MOST_COUNT: usize = 1_000_000;
/// The largest gain or rate: what is beyond ends as infinities in single precision.
const MOST: f32 = 1e6;

fn counts(all: &[(&str, usize)]) -> Result<(), String> {
    let wrong = all.iter().find(|(_, n)| !(1..=MOST_COUNT).contains(n));
    wrong.map_or(Ok(()), |(name, n)| Err(format!("{name} is {n}; give 1 to {MOST_COUNT}")))
}

fn positive(all: &[(&str, f32)]) -> Result<(), String> {
    let wrong = all.iter().find(|(_, v)| !(*v > 0.0 && *v <= MOST));
    wrong.map_or(Ok(()), |(name, v)| Err(format!("{name} is {v}; give a positive number up to {MOST:e}")))
}
