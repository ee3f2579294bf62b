//! Writes the program: descriptors, weight blocks, axon tables and handlers of every core.
//!
//! Weights are laid out as the descriptors read them: a convolution `[input channel][ky][kw − 1 − kx][span]`, so that the
//! taps of one kernel row lie next to each other in the order of ascending output columns; a dense layer
//! `[source neuron][neuron of the tile]` with the tile's neurons in state order `[y][x][c]`. A one-to-one projection is a
//! depthwise 1 × 1 convolution. Tiles with equal blocks share one block of the program.

use crate::{
    diagnostics::{Diagnostic, Diagnostics, Limit},
    partition::{Partition, Tile, TileId},
    pass::{
        route::{Routing, tag},
        store::signed_bits,
    },
    placement::Placement,
    reach::Reach,
};
use ir::{
    Compare, Connectivity, Graph, InputCoding, InputEncoding, Leak, NeuronModel, PopulationId, Projection,
    ProjectionId, Quantized, Reset,
};
use isa::{
    Arch, AxonEntry, ConvDescriptor, CoreImage, DenseDescriptor, Descriptor, DescriptorId, InputPort, Instruction,
    Layer, LayerId, NeuronDescriptor, NeuronKind, Program, Readout, WeightBlock, WeightBlockId,
    arch::{Fire, Sync},
    op::ChannelParams,
    program::{Coding, Encoding},
};
use std::collections::BTreeMap;

mod lists;

/// The layer of a population.
pub fn layer(population: PopulationId) -> LayerId {
    LayerId(population.0 as u16)
}

/// Rejects what no program can express: shapes, counts and values beyond the widths of descriptors and of the potential.
///
/// # Errors
/// Every such entity.
pub fn expressible(graph: &Graph<Quantized>, arch: &Arch) -> Result<(), Diagnostics> {
    let mut found = Vec::new();
    let mut limit = |entity: String, resource: &str, used: u64, max: u64, remedy: &str| {
        if used > max {
            found.push(Diagnostic {
                entity,
                message: "is more than a program can hold".into(),
                limit: Some(Limit { resource: resource.into(), used, max }),
                remedy: remedy.into(),
            });
        }
    };
    let max16 = u64::from(u16::MAX);
    limit("network".into(), "populations", graph.n_populations() as u64, max16, "join populations");
    limit("network".into(), "projections", graph.n_projections() as u64, max16, "join projections");
    let state = u64::from(arch.core.state_bits.min(32));
    for (id, p) in graph.populations() {
        let entity = || format!("{id} `{}`", p.name);
        let side = u64::from(p.shape.channels.max(p.shape.height).max(p.shape.width));
        limit(entity(), "channels, rows or columns", side, max16, "split the population");
        for (what, value) in widest_values(&p.neuron) {
            let needed = u64::from(signed_bits(value));
            limit(entity(), &format!("{what} width [bits]"), needed, state, "quantize with fewer bits");
        }
    }
    for (id, p) in graph.projections() {
        limit(format!("{id}"), "delay [timesteps]", u64::from(p.delay), max16, "shorten the delay");
    }
    let input = graph.input().map(|id| &graph.population(id).neuron);
    if let Some(NeuronModel::Input { coding: InputCoding::DirectEveryStep { steps: 0 }, .. }) = input {
        limit("input".into(), "samples never presented", 1, 0, "present the input in at least one timestep");
    }
    if let ir::Readout::ChannelEnergy { population, grid, .. } = graph.readout {
        let shape = graph.population(population).shape;
        let side = u64::from(shape.height.min(shape.width));
        limit(
            "readout".into(),
            "regions along a side",
            u64::from(grid),
            side,
            "use at most one region per row and column",
        );
    }
    for (id, p) in graph.populations() {
        if matches!(p.neuron, NeuronModel::Linear) {
            found.push(Diagnostic {
                entity: format!("{id} `{}`", p.name),
                message: "is linear: it passes values on without neurons, which chips do not".into(),
                limit: None,
                remedy: "fuse it into the projections behind it, or give it spiking neurons".into(),
            });
        }
    }
    if found.is_empty() { Ok(()) } else { Err(Diagnostics(found)) }
}

fn widest_values(neuron: &NeuronModel<Quantized>) -> Vec<(&'static str, i64)> {
    let widest = |values: &[i64]| values.iter().copied().max_by_key(|&v| signed_bits(v)).unwrap_or(0);
    match neuron {
        NeuronModel::Spiking(s) => vec![
            ("threshold", widest(&s.threshold.0)),
            ("initial potential", widest(&s.v_init.0)),
            ("bias", widest(&s.bias.0)),
            ("floor", s.floor.unwrap_or(0)),
        ],
        NeuronModel::Accumulator { v_init } => vec![("initial potential", widest(&v_init.0))],
        NeuronModel::Input { .. } | NeuronModel::Linear => Vec::new(),
    }
}

/// Rejects a program whose tables are larger than a core's memories for them.
///
/// # Errors
/// Every core and table.
pub fn tables_fit(program: &Program, arch: &Arch) -> Result<(), Diagnostics> {
    let mut found = Vec::new();
    for usage in isa::usage::usages(program, arch) {
        for (resource, amount) in usage.iter().filter(|(_, amount)| amount.exceeded()) {
            found.push(Diagnostic {
                entity: usage.core.to_string(),
                message: format!("its tables are larger than the memories of {}", arch.name),
                limit: Some(Limit {
                    resource: resource.to_string(),
                    used: amount.used,
                    max: amount.max.unwrap_or(u64::MAX),
                }),
                remedy: "use fewer branches, or a chip with larger tables".into(),
            });
        }
    }
    if found.is_empty() { Ok(()) } else { Err(Diagnostics(found)) }
}

/// The program of a routed placement. `bits[projection]` is the stored width of its weights.
pub fn emit(
    graph: &Graph<Quantized>,
    arch: &Arch,
    bits: &[u32],
    (partition, placement, routing): (&Partition, &Placement, &Routing),
) -> Program {
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
            fill(&mut image, (graph, arch), bits, &mut blocks, tiles.iter().map(|&t| (t, partition.tile(t))), routing);
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
        .map(|(_, p)| Layer {
            name: p.name.clone(),
            shape: (p.shape.channels as u16, p.shape.height as u16, p.shape.width as u16),
            numbers: Vec::new(),
        })
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
            InputEncoding::Standardized { gain, eps, limit } => Encoding::Standardized { gain, eps, limit },
        },
        coding: match coding {
            InputCoding::DirectOnce => Coding::Once,
            InputCoding::DirectEveryStep { steps } => Coding::EveryStep { steps },
            InputCoding::Events => Coding::Events,
        },
        emission: routing.input.clone(),
        routes: routing.input_table.clone(),
    }
}

fn fill<'a>(
    image: &mut CoreImage,
    (graph, arch): (&Graph<Quantized>, &Arch),
    bits: &[u32],
    blocks: &mut Blocks,
    tiles: impl Iterator<Item = (TileId, &'a Tile)>,
    routing: &Routing,
) {
    let mut axons: BTreeMap<ProjectionId, Vec<DescriptorId>> = BTreeMap::new();
    let mut neurons = Vec::new();
    for (id, tile) in tiles {
        let v_base = image.n_state;
        image.n_state += tile.neurons() as u32;
        for projection in graph.incoming(tile.population) {
            let (pre, post) = graph.ends(projection);
            let shapes = (graph.population(pre).shape, graph.population(post).shape);
            let bits = bits[projection.0 as usize] as u8;
            let mut intern = |data| blocks.intern(bits, data);
            let descriptor = if matches!(graph.projection(projection).connectivity, Connectivity::Sparse(_)) {
                lists::descriptor(graph, projection, tile, v_base, &mut intern)
            } else {
                let reach = Reach::new(graph.projection(projection), shapes.0, shapes.1);
                let touched = reach.touches([&tile.channels, &tile.rows, &tile.cols]);
                touched.then(|| synapses(graph, projection, tile, v_base, &mut intern))
            };
            let Some(descriptor) = descriptor else { continue };
            axons.entry(projection).or_default().push(DescriptorId(image.descriptors.len() as u16));
            image.descriptors.push(descriptor);
        }
        neurons.push(neuron_descriptor(graph, tile, v_base, routing.emissions[id.0 as usize].clone()));
    }
    image.axons =
        axons.into_iter().map(|(projection, descriptors)| AxonEntry { tag: tag(projection), descriptors }).collect();
    for descriptor in neurons {
        // Where neurons fire per event, the synaptic operations are their updates.
        if arch.core.fire == Fire::PerStep && matches!(descriptor.kind, NeuronKind::Spiking { .. }) {
            image.on_tick.push(Instruction::NeuronUpdate(DescriptorId(image.descriptors.len() as u16)));
        }
        image.descriptors.push(Descriptor::Neurons(descriptor));
    }
}

/// Weight blocks by content.
#[derive(Default)]
struct Blocks {
    blocks: Vec<WeightBlock>,
    known: BTreeMap<(u8, Vec<i16>), WeightBlockId>,
}

impl Blocks {
    fn intern(&mut self, bits: u8, data: Vec<i16>) -> WeightBlockId {
        let key = (bits, data);
        if let Some(&id) = self.known.get(&key) {
            return id;
        }
        let id = WeightBlockId(self.blocks.len() as u32);
        self.blocks.push(WeightBlock { bits, data: key.1.clone() });
        self.known.insert(key, id);
        id
    }
}

fn pair((a, b): (u32, u32)) -> (u16, u16) {
    (a as u16, b as u16)
}

fn origin(tile: &Tile) -> (u16, u16, u16) {
    (tile.channels.start as u16, tile.rows.start as u16, tile.cols.start as u16)
}

fn extent(tile: &Tile) -> (u16, u16, u16) {
    (tile.channels.len() as u16, tile.rows.len() as u16, tile.cols.len() as u16)
}

fn synapses(
    graph: &Graph<Quantized>,
    id: ProjectionId,
    tile: &Tile,
    v_base: u32,
    intern: &mut impl FnMut(Vec<i16>) -> WeightBlockId,
) -> Descriptor {
    let projection = graph.projection(id);
    let (pre, post) = graph.ends(id);
    let (pre, post) = (graph.population(pre).shape, graph.population(post).shape);
    let source = projection.source_shape(pre);
    let layer = layer(tile.population);
    let pool = pair(projection.pool.map_or((1, 1), |pool| pool.size));
    let (conv, out_per_group) = match projection.connectivity {
        Connectivity::Sparse(_) => unreachable!("lists have a descriptor of their own"),
        Connectivity::Dense => {
            return Descriptor::Dense(DenseDescriptor {
                layer,
                source: (source.channels as u16, source.height as u16, source.width as u16),
                pool,
                n: tile.neurons() as u32,
                weights: intern(dense_weights(projection, source.neurons(), post, tile)),
                v_base,
            });
        }
        Connectivity::Conv2d(conv) => (conv, post.channels / conv.groups),
        Connectivity::OneToOne => (ir::Conv2d { groups: post.channels, ..ir::Conv2d::square(1, 1, 0) }, 1),
    };
    let in_per_group = source.channels / conv.groups;
    let groups = tile.channels.start / out_per_group..(tile.channels.end - 1) / out_per_group + 1;
    let span = (tile.channels.len() as u32).min(out_per_group);
    let mut data = Vec::new();
    for group in groups.clone() {
        // First of the `span` output channels that this group's inputs reach inside the tile.
        let o0 = (group * out_per_group).max(tile.channels.start);
        for i in 0..in_per_group {
            for ky in 0..conv.kernel.0 {
                for kx in (0..conv.kernel.1).rev() {
                    for o in o0..o0 + span {
                        let index = match projection.connectivity {
                            Connectivity::OneToOne if projection.weights.len() == 1 => 0,
                            Connectivity::OneToOne => o,
                            _ => ((o * in_per_group + i) * conv.kernel.0 + ky) * conv.kernel.1 + kx,
                        };
                        data.push(projection.weights[index as usize] as i16);
                    }
                }
            }
        }
    }
    Descriptor::Conv(ConvDescriptor {
        layer,
        kernel: pair(conv.kernel),
        stride: pair(conv.stride),
        padding: pair(conv.padding),
        dilation: pair(conv.dilation),
        pool,
        source: (source.height as u16, source.width as u16),
        origin: origin(tile),
        extent: extent(tile),
        in_per_group: in_per_group as u16,
        out_per_group: out_per_group as u16,
        first_channel: (groups.start * in_per_group) as u16,
        n_channels: (groups.len() as u32 * in_per_group) as u16,
        span: span as u16,
        weights: intern(data),
        v_base,
    })
}

fn dense_weights(projection: &Projection<Quantized>, n_source: usize, post: ir::Shape, tile: &Tile) -> Vec<i16> {
    let mut data = Vec::with_capacity(n_source * tile.neurons() as usize);
    for row in 0..n_source {
        for y in tile.rows.clone() {
            for x in tile.cols.clone() {
                for c in tile.channels.clone() {
                    data.push(projection.weights[post.index(c, y, x) * n_source + row] as i16);
                }
            }
        }
    }
    data
}

fn neuron_descriptor(graph: &Graph<Quantized>, tile: &Tile, v_base: u32, emission: isa::Emission) -> NeuronDescriptor {
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
    isa::Stimulus { steps: stimulus.steps.iter().map(|step| step.iter().map(event).collect()).collect() }
}
