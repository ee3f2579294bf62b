//! Whether the hyper-parameters of a baseline fit together and the data.

use super::{Baseline, CwCompConfig, FfMlpConfig};
use crate::ffgaf::ConfigError;
use datasets::Dataset;

impl Baseline {
    /// Whether the network can be built for such images and trained.
    pub fn check(&self, data: &Dataset) -> Result<(), ConfigError> {
        match self {
            Self::FfMlp(config) => ff_mlp(config, data),
            Self::CwComp(config) => cwcomp(config, data),
        }
        .map_err(ConfigError::Value)
    }
}

fn ff_mlp(c: &FfMlpConfig, data: &Dataset) -> Result<(), String> {
    if c.hidden.is_empty() || c.hidden.contains(&0) {
        return Err(format!("hidden is {:?}; give the units of each layer, at least one layer of one unit", c.hidden));
    }
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
        if channels == 0 || !channels.is_multiple_of(data.classes) {
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

fn counts(all: &[(&str, usize)]) -> Result<(), String> {
    let zero = all.iter().find(|(_, n)| *n == 0);
    zero.map_or(Ok(()), |(name, _)| Err(format!("{name} is 0; give at least 1")))
}

fn positive(all: &[(&str, f32)]) -> Result<(), String> {
    let wrong = all.iter().find(|(_, v)| !(v.is_finite() && *v > 0.0));
    wrong.map_or(Ok(()), |(name, v)| Err(format!("{name} is {v}; give a positive number")))
}
