//! Training that starts from a trained network instead of drawn weights.

use super::adam::Param;
use super::config::{ConfigError, Readout};
use super::network::Network;
use super::train::Trainer;

impl Trainer<'_> {
    /// Starts from the layers of `network`: weights, channel weights and offsets; where the classes are as many, also which channels serve
    /// which class and, if one is learned, the read-out. Layers that the network does not have start as drawn.
    ///
    /// # Errors
    /// If a layer of the network differs from this run's, or the network has more.
    pub fn starting_from(mut self, network: &Network) -> Result<Self, ConfigError> {
        let fail = |text: String| Err(ConfigError::Value(format!("from: {text}")));
        if network.layers.len() > self.blocks.len() {
            let (own, theirs) = (self.blocks.len(), network.layers.len());
            return fail(format!("the network has {theirs} layers, channels lists {own}; give {theirs} or more"));
        }
        if network.config.input.is_events() != self.config.input.is_events() {
            return fail("one of the network and these settings is for recordings, the other for images".into());
        }
        let [own, ..] = self.config.frame(self.train.shape)?;
        if network.input[0] != own {
            let theirs = network.input[0];
            return fail(format!("the network reads images of {theirs} channels, these have {own}"));
        }
        let averaged = self.config.ema > 0.0;
        let same_classes = network.classes == self.train.classes;
        let mut in_c = own;
        for (l, (block, layer)) in self.blocks.iter_mut().zip(&network.layers).enumerate() {
            let s = block.conv.shape;
            for (name, own, theirs) in
                [("channels", block.channels, layer.channels), ("kernel", s.kernel, layer.kernel)]
            {
                if own != theirs {
                    return fail(format!(
                        "layer {} of the network has {name} = {theirs}, the settings say {own}",
                        l + 1
                    ));
                }
            }
            let padded = |values: &[f32], rest: f32| {
                let mut padded = values.to_vec();
                padded.resize(s.out_c, rest);
                Param::new(padded, averaged)
            };
            block.weight = Param::new(s.packed(&layer.weight, in_c), averaged);
            block.channel_weight = padded(&layer.channel_weight, 0.0);
            block.channel_bias = padded(&layer.channel_bias, 0.0);
            if same_classes {
                block.regroup(layer.groups.clone(), averaged);
                if self.config.readout == Readout::Learned && layer.grid == block.grid && !layer.readout.is_empty() {
                    let rows = layer.readout.chunks_exact(layer.channels);
                    block.readout = Param::new(
                        rows.flat_map(|row| {
                            row.iter().copied().chain(std::iter::repeat_n(0.0, s.out_c - layer.channels))
                        })
                        .collect(),
                        averaged,
                    );
                }
            }
            in_c = block.channels;
        }
        Ok(self)
    }
}
