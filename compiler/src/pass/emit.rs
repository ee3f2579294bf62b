//! Writes the program: descriptors, weight blocks, axon tables and handlers of every core.
//!
//! ```text
//! cluster of tiles, placed and routed   →   .core core3: descriptors, .axt tag → descriptors, .rte routes, on_spike, on_tick
//! ```

use crate::{
    partition::{Tile, TileId},
    pass::route::{Routing, tag},
    placement::Layout,
};
use ir::{Graph, InputCoding, InputEncoding, NeuronModel, PopulationId, ProjectionId, Quantized};
use isa::{
    AxonEntry, CoreImage, Descriptor, DescriptorId, InputPort, Instruction, Layer, LayerId, Program, Readout,
    arch::Sync,
    program::{Coding, Encoding},
};
use std::collections::BTreeMap;
use synapses::Blocks;

mod limits;
mod lists;
mod neurons;
mod synapses;

pub use limits::{expressible, tables_fit};

/// The layer of a population.
pub fn layer(population: PopulationId) -> LayerId {
    LayerId(population.0 as u16)
}

/// The program of a routed layout. `bits[projection]` is the stored width of its weights.
pub fn emit(layout: &Layout<'_>, bits: &[u32], routing: &Routing) -> Program {
    let Layout { graph, arch, partition, placement } = *layout;
    let mut blocks = Blocks::default();
    let mut cores: Vec<CoreImage> = partition
        .clusters
        .iter()
        .enumerate()
        .map(|(cluster, tiles)| {
            let mut image = CoreImage {
                core: placement.cores[cluster],
                on_spike: vec![Instruction::EventGet, Instruction::AxonLookup, Instruction::CallAxon, Instruction::End],
                on_tick: Vec::new(),
                axons: Vec::new(),
                descriptors: Vec::new(),
                routes: routing.tables[cluster].clone(),
                n_state: 0,
            };
            fill(&mut image, layout, bits, &mut blocks, tiles, routing);
            image.on_tick.extend(match arch.sync {
                Sync::Barrier(_) | Sync::Fixed(_) => Some(Instruction::Barrier),
                Sync::Token => Some(Instruction::Token),
                Sync::None => None,
            });
            image.on_tick.push(Instruction::End);
            image
        })
        .collect();
    cores.sort_by_key(|image| image.core);
    let layers = graph
        .populations()
        .map(|(_, p)| Layer { name: p.name.clone(), shape: triple(p.shape), numbers: Vec::new() })
        .collect();
    Program {
        name: graph.name.clone(),
        arch: arch.name.clone(),
        timesteps: graph.timesteps,
        layers,
        input: input_port(graph, routing),
        readout: readout(&graph.readout),
        weights: blocks.blocks,
        cores,
    }
}

fn input_port(graph: &Graph<Quantized>, routing: &Routing) -> InputPort {
    let id = graph.input().expect("a verified graph has an input");
    let NeuronModel::Input { coding, .. } = graph.population(id).neuron else {
        unreachable!("the input population has the input model")
    };
    InputPort {
        layer: layer(id),
        encoding: match graph.encoding {
            InputEncoding::Pixels => Encoding::Pixels,
            InputEncoding::Affine { gain, offset } => Encoding::Affine { gain, offset },
            InputEncoding::ByChannel { channels, gain, offset } => Encoding::ByChannel { channels, gain, offset },
            InputEncoding::Standardized { gain, eps, limit } => Encoding::Standardized { gain, eps, limit },
        },
        coding: match coding {
            InputCoding::DirectOnce => Coding::Once,
            InputCoding::DirectEveryStep { steps } => Coding::EveryStep { steps },
            InputCoding::Events { steps, least, most } => Coding::Events { steps, least, most },
        },
        pace: graph.pace,
        emission: routing.input.clone(),
        routes: routing.input_table.clone(),
    }
}

/// Descriptors, axon table and handlers of a core that runs these tiles.
fn fill(
    image: &mut CoreImage,
    layout: &Layout<'_>,
    bits: &[u32],
    blocks: &mut Blocks,
    tiles: &[TileId],
    routing: &Routing,
) {
    let Layout { graph, arch, partition, .. } = *layout;
    let mut axons: BTreeMap<ProjectionId, Vec<DescriptorId>> = BTreeMap::new();
    let mut of_neurons = Vec::new();
    for &id in tiles {
        let tile = partition.tile(id);
        let v_base = image.n_state;
        for projection in graph.incoming(tile.population) {
            let bits = bits[projection.0 as usize] as u8;
            let intern = |data| blocks.intern(bits, data);
            let Some(descriptor) = synapses::descriptor(graph, projection, tile, v_base, intern) else { continue };
            axons.entry(projection).or_default().push(DescriptorId(image.descriptors.len() as u16));
            image.descriptors.push(descriptor);
        }
        let descriptor = neurons::descriptor(graph, tile, v_base, routing.emissions[id.0 as usize].clone());
        image.n_state += descriptor.n_words() as u32;
        of_neurons.push(descriptor);
    }
    image.axons =
        axons.into_iter().map(|(projection, descriptors)| AxonEntry { tag: tag(projection), descriptors }).collect();
    for descriptor in of_neurons {
        // Where neurons fire per event, the synaptic operations are their updates.
        if !arch.core.is_event_driven() && descriptor.kind.window().is_some() {
            image.on_tick.push(Instruction::NeuronUpdate(DescriptorId(image.descriptors.len() as u16)));
        }
        image.descriptors.push(Descriptor::Neurons(descriptor));
    }
}

fn pair((a, b): (u32, u32)) -> (u16, u16) {
    (a as u16, b as u16)
}

fn triple(shape: ir::Shape) -> (u16, u16, u16) {
    (shape.channels as u16, shape.height as u16, shape.width as u16)
}

fn origin(tile: &Tile) -> (u16, u16, u16) {
    (tile.channels.start as u16, tile.rows.start as u16, tile.cols.start as u16)
}

fn extent(tile: &Tile) -> (u16, u16, u16) {
    (tile.channels.len() as u16, tile.rows.len() as u16, tile.cols.len() as u16)
}

fn readout(readout: &ir::Readout<Quantized>) -> Readout {
    match readout {
        ir::Readout::Goodness { population, sizes } => {
            Readout::Goodness { layer: layer(*population), sizes: sizes.clone() }
        }
        ir::Readout::ChannelEnergy { population, grid, weights } => {
            Readout::ChannelEnergy { layer: layer(*population), grid: *grid as u16, weights: weights.clone() }
        }
        ir::Readout::Potential { population } => Readout::Potential { layer: layer(*population) },
        ir::Readout::SpikeCount { population } => Readout::SpikeCount { layer: layer(*population) },
    }
}

/// The input events of a sample as the chip's host sends them.
pub fn stimulus(stimulus: &ir::Stimulus) -> isa::Stimulus {
    let event = |e: &ir::Event| isa::InputEvent { neuron: e.neuron, value: e.value };
    let steps = stimulus.steps.iter().map(|step| step.iter().map(event).collect()).collect();
    isa::Stimulus { steps, lasts: None }
}
