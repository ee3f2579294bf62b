//! Neurons of a tile: parameters by channel, what an update does, where spikes go.

use super::{extent, layer, origin};
use crate::partition::Tile;
use ir::{Compare, Dynamics, Graph, Leak, NeuronModel, PerChannel, Quantized, Reset, Shape};
use isa::{NeuronDescriptor, NeuronKind, NeuronList, neuron::Column, op::ChannelParams};

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
        NeuronModel::Dynamic(dynamics) => {
            (NeuronKind::Listed(Box::new(list(dynamics, graph.population(tile.population).shape, tile))), Vec::new())
        }
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

/// A list of operations, with the values of the tile's neurons.
fn list(dynamics: &Dynamics<Quantized>, shape: Shape, tile: &Tile) -> NeuronList {
    let column = |name: &str, values: &PerChannel<i64>| {
        let n = values.0.len();
        let of_tile: Vec<i64> = if n == 1 {
            values.0.clone()
        } else if n == shape.channels as usize {
            tile.channels.clone().map(|c| values.at(c as usize)).collect()
        } else {
            let places = tile.rows.clone().flat_map(|y| tile.cols.clone().map(move |x| (y, x)));
            let neurons = places.flat_map(|(y, x)| tile.channels.clone().map(move |c| (c, y, x)));
            neurons.map(|(c, y, x)| values.0[shape.index(c, y, x)]).collect()
        };
        Column { name: name.into(), values: of_tile.into_iter().map(|v| v as i32).collect() }
    };
    NeuronList {
        model: dynamics.model.clone(),
        shift: dynamics.shift,
        window: (dynamics.window.start, dynamics.window.end),
        potential: dynamics.potential,
        scratch: dynamics.scratch,
        words: dynamics.words.iter().map(|word| column(&word.name, &word.init)).collect(),
        params: dynamics.params.iter().map(|param| column(&param.name, &param.values)).collect(),
        ops: dynamics.ops.clone(),
    }
}
