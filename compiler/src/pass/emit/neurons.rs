//! Neurons of a tile: parameters by channel, what an update does, where spikes go.

use super::{extent, layer, origin};
use crate::partition::Tile;
use ir::{Compare, Graph, Leak, NeuronModel, Quantized, Reset};
use isa::{NeuronDescriptor, NeuronKind, op::ChannelParams};

/// The descriptor of a tile whose state begins at `v_base`.
pub(super) fn descriptor(
    graph: &Graph<Quantized>,
    tile: &Tile,
    v_base: u32,
    emission: isa::Emission,
) -> NeuronDescriptor {
    let channels = || tile.channels.clone().map(|c| c as usize);
    let (kind, params) = match &graph.population(tile.population).neuron {
        NeuronModel::Spiking(s) => (
            NeuronKind::Spiking {
                strict: s.compare == Compare::Greater,
                hard_reset: s.reset == Reset::Zero,
                decay: match s.leak {
                    Leak::None => 0,
                    Leak::Decay(decay) => decay,
                },
                floor: s.floor.map(|floor| floor as i32),
                window: (s.window.start, s.window.end),
            },
            channels()
                .map(|c| ChannelParams {
                    threshold: s.threshold.at(c) as i32,
                    v_init: s.v_init.at(c) as i32,
                    bias: s.bias.at(c) as i32,
                })
                .collect(),
        ),
        NeuronModel::Accumulator { v_init } => (
            NeuronKind::Accumulator,
            channels().map(|c| ChannelParams { threshold: 0, v_init: v_init.at(c) as i32, bias: 0 }).collect(),
        ),
        NeuronModel::Input { .. } | NeuronModel::Linear => {
            unreachable!("inputs have no tiles and linear populations are rejected before tiling")
        }
    };
    NeuronDescriptor {
        layer: layer(tile.population),
        origin: origin(tile),
        extent: extent(tile),
        v_base,
        kind,
        params,
        emission,
        to_host: graph.readout.population() == tile.population,
    }
}
