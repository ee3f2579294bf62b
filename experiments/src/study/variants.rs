//! What a study can vary, and the networks it then trains.

use super::Variant;
use clap::ValueEnum;
use training::ffgaf::{Activation, Allocation, Config, InputCoding, Readout};

/// The setting that varies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Vary {
    /// How channels are divided among the classes (figure 4a)
    Allocation,
    /// The number of channels of a one-layer network, under uniform and complexity-aware allocation (figure 4b)
    Channels,
    /// Channel weights w and offsets b on or off (eq. 9)
    ChannelWeights,
    /// Goodness of the improved ReLU's counts (eq. 13) or of a plain ReLU
    Activation,
    /// T = L, with the same potential for the highest count (κ = L/4)
    Timesteps,
    /// The paper's strides 1,2,1,2 or 1,2,2,1
    Strides,
    /// Plain goodness, or a read-out learned with the layer's own loss, on the whole map or on 2 × 2 regions
    Readout,
    /// Pixels or standardized images
    Input,
    /// Average of the weights for evaluation, off or on
    Ema,
    /// The weight λ of the mean squared count in every layer's loss: fewer spikes
    SpikePenalty,
}

impl Vary {
    /// The setting's name on the command line and in file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allocation => "allocation",
            Self::Channels => "channels",
            Self::ChannelWeights => "channel-weights",
            Self::Activation => "activation",
            Self::Timesteps => "timesteps",
            Self::Strides => "strides",
            Self::Readout => "readout",
            Self::Input => "input",
            Self::Ema => "ema",
            Self::SpikePenalty => "spike-penalty",
        }
    }
}

/// The variants of `base`. `widths`: channels to try where they are what varies.
pub fn variants(vary: Vary, base: &Config, widths: &[usize]) -> Vec<Variant> {
    let one = |name: String, change: &dyn Fn(&mut Config)| {
        let mut config = base.clone();
        change(&mut config);
        Variant { name, config }
    };
    let switch = |change: &dyn Fn(&mut Config, bool)| {
        [false, true].map(|on| one(if on { "on" } else { "off" }.into(), &|c| change(c, on))).into()
    };
    match vary {
        Vary::Allocation => [Allocation::Uniform, Allocation::Aware, Allocation::Worst]
            .map(|a| one(allocation(a).into(), &|c| c.allocation = a))
            .into(),
        Vary::Channels => [Allocation::Uniform, Allocation::Aware]
            .into_iter()
            .flat_map(|a| widths.iter().map(move |&n| (a, n)))
            .map(|(a, n)| {
                one(format!("{} {n}", allocation(a)), &|c| {
                    (c.allocation, c.channels, c.strides, c.alpha) = (a, vec![n], vec![1], vec![c.alpha[0]]);
                })
            })
            .collect(),
        Vary::ChannelWeights => switch(&|c, on| c.channel_weights = on),
        Vary::Activation => [("relu", Activation::Relu), ("improved-relu", Activation::Quantized)]
            .map(|(n, a)| one(n.into(), &|c| c.activation = a))
            .into(),
        Vary::Timesteps => {
            [2u8, 4, 8, 16].map(|t| one(t.to_string(), &|c| (c.levels, c.kappa) = (t, f32::from(t) / 4.0))).into()
        }
        Vary::Strides => [[1, 2, 1, 2], [1, 2, 2, 1]]
            .map(|s| one(s.map(|s| s.to_string()).join("-"), &|c| c.strides = s.into()))
            .into(),
        Vary::Readout => {
            [("goodness", Readout::Goodness, 1), ("learned", Readout::Learned, 1), ("learned-2x2", Readout::Learned, 2)]
                .map(|(n, readout, grid)| one(n.into(), &|c| (c.readout, c.readout_grid) = (readout, grid)))
                .into()
        }
        Vary::Input => [("pixels", InputCoding::Pixels), ("standardized", InputCoding::Standardized)]
            .map(|(n, i)| one(n.into(), &|c| c.input = i))
            .into(),
        Vary::Ema => switch(&|c, on| c.ema = if on { 0.998 } else { 0.0 }),
        Vary::SpikePenalty => {
            [0.0, 0.03, 0.1, 0.3, 1.0].map(|p: f32| one(p.to_string(), &|c| c.spike_penalty = p)).into()
        }
    }
}

/// The name of an allocation strategy.
pub(crate) fn allocation(allocation: Allocation) -> &'static str {
    match allocation {
        Allocation::Uniform => "uniform",
        Allocation::Aware => "complexity-aware",
        Allocation::Worst => "inverted",
        Allocation::Logistic => "logistic",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_study_varies_one_setting_of_usable_networks() {
        let base = Config::default();
        for vary in Vary::value_variants() {
            let all = variants(*vary, &base, &[20, 40]);
            assert!(all.len() >= 2);
            for v in &all {
                v.config.check().unwrap_or_else(|e| panic!("{vary:?} {}: {e}", v.name));
                assert_eq!(v.config.seed, base.seed);
            }
            let mut names: Vec<&str> = all.iter().map(|v| v.name.as_str()).collect();
            names.dedup();
            assert_eq!(names.len(), all.len());
        }
    }
}
