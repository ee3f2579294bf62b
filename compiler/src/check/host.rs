//! Checks what the host does with a program: what it sends, and how it decides.

use super::Found;
use ir::{Graph, InputCoding, InputEncoding, NeuronModel, Quantized, Readout};
use isa::{
    LayerId, Program,
    program::{Coding, Encoding},
};

/// The input port and the read-out are those of the graph.
pub(super) fn check(graph: &Graph<Quantized>, program: &Program, found: &mut Found) {
    found.rule(same_readout(&graph.readout, &program.readout), "readout", "program", || {
        format!("{} became {}", named(&graph.readout), program.readout.layer())
    });
    found.rule(same_encoding(graph.encoding, program.input.encoding), "input", "program", || {
        format!("{:?} became {:?}", graph.encoding, program.input.encoding)
    });
    let input = graph.input().map(|id| (id, &graph.population(id).neuron));
    let Some((id, &NeuronModel::Input { coding, .. })) = input else { return };
    found.rule(same_coding(coding, program.input.coding), "input", id, || {
        format!("{coding:?} became {:?}", program.input.coding)
    });
    found.rule(u32::from(program.input.layer.0) == id.0, "input", id, || format!("became {}", program.input.layer));
}

fn named(readout: &Readout<Quantized>) -> String {
    let kind = match readout {
        Readout::Goodness { .. } => "goodness",
        Readout::ChannelEnergy { .. } => "channel energy",
        Readout::Potential { .. } => "potential",
        Readout::SpikeCount { .. } => "spike count",
    };
    format!("{kind} of {}", readout.population())
}

fn same_readout(from: &Readout<Quantized>, to: &isa::Readout) -> bool {
    let layer = |LayerId(layer): LayerId| u32::from(layer) == from.population().0;
    match (from, to) {
        (Readout::Goodness { sizes, .. }, isa::Readout::Goodness { layer: l, sizes: found }) => {
            layer(*l) && sizes == found
        }
        (
            Readout::ChannelEnergy { grid, weights, .. },
            isa::Readout::ChannelEnergy { layer: l, grid: found_grid, weights: found },
        ) => layer(*l) && *grid == u32::from(*found_grid) && weights == found,
        (Readout::Potential { .. }, isa::Readout::Potential { layer: l })
        | (Readout::SpikeCount { .. }, isa::Readout::SpikeCount { layer: l }) => layer(*l),
        _ => false,
    }
}

fn same_encoding(from: InputEncoding, to: Encoding) -> bool {
    match (from, to) {
        (InputEncoding::Pixels, Encoding::Pixels) => true,
        (InputEncoding::Affine { gain, offset }, Encoding::Affine { gain: g, offset: o }) => (gain, offset) == (g, o),
        (
            InputEncoding::ByChannel { channels, gain, offset },
            Encoding::ByChannel { channels: c, gain: g, offset: o },
        ) => (channels, gain, offset) == (c, g, o),
        (InputEncoding::Standardized { gain, eps, limit }, Encoding::Standardized { gain: g, eps: e, limit: l }) => {
            (gain, eps, limit) == (g, e, l)
        }
        _ => false,
    }
}

fn same_coding(from: InputCoding, to: Coding) -> bool {
    match (from, to) {
        (InputCoding::DirectOnce, Coding::Once) => true,
        (InputCoding::DirectEveryStep { steps }, Coding::EveryStep { steps: s }) => steps == s,
        (InputCoding::Events { steps, least, most }, Coding::Events { steps: s, least: l, most: m }) => {
            (steps, least, most) == (s, l, m)
        }
        _ => false,
    }
}
