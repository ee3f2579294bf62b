//! What a network means on a chip that fires per event (docs/semantics.md §9), executed the slow and obvious way: synapses and
//! neurons from the graph, one by one, in 64 bits; events in a plain list that is searched for the earliest. From the
//! program it takes only where neurons are and where their spikes go. Neurons bear the network's numbers.

#![allow(dead_code, reason = "not every test that has the support module uses this part")]

use ir::{Compare, Connectivity, Graph, NeuronModel, ProjectionId, Quantized, Reset, Stimulus};
use isa::{
    Arch, CoreId, Descriptor, Destination, Emission, NeuronDescriptor, Program, Route,
    arch::{Addressing, Memory, Multicast, Ports},
};
use std::collections::BTreeMap;

/// Everything that a sample did.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// (tick, layer, neuron) of every spike, in the order of the events that caused them.
    pub firings: Vec<(u64, u16, u32)>,
    /// By population; empty where it has none.
    pub potentials: Vec<Vec<i64>>,
    /// Neurons updated, and sums outside the range of a potential.
    pub updates: u64,
    pub saturated: u64,
    /// Events that cores took.
    pub events: u64,
    /// Synapses that they went through, and parts of synapse lists that they found.
    pub synapses: u64,
    pub lists: u64,
    /// When the last core was free.
    pub end: u64,
}

/// An event; the first four fields order it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    at: u64,
    core: usize,
    source: usize,
    sequence: u64,
    projection: ProjectionId,
    neuron: usize,
    value: i64,
}

struct Tile {
    core: usize,
    /// First state word.
    word: u32,
    channels: u64,
    neurons: u64,
}

struct Chip<'a> {
    graph: &'a Graph<Quantized>,
    program: &'a Program,
    arch: &'a Arch,
    events: Vec<Event>,
    sent: Vec<u64>,
}

/// Runs one sample; `None` if it has more than `most` events.
pub(crate) fn execute(
    (graph, program, arch): (&Graph<Quantized>, &Program, &Arch),
    stimulus: &Stimulus,
    most: u64,
) -> Option<Outcome> {
    let mut chip = Chip { graph, program, arch, events: Vec::new(), sent: vec![0; program.cores.len() + 1] };
    let mut outcome = Outcome {
        potentials: graph
            .populations()
            .map(|(_, p)| match &p.neuron {
                NeuronModel::Spiking(s) => (0..p.shape.neurons()).map(|i| s.v_init.at(p.shape.channel(i))).collect(),
                NeuronModel::Accumulator { v_init } => {
                    (0..p.shape.neurons()).map(|i| v_init.at(p.shape.channel(i))).collect()
                }
                _ => Vec::new(),
            })
            .collect(),
        ..Outcome::default()
    };
    let synapses = synapses(graph);
    let (tiles, home) = places(program);
    let timing = &arch.core.timing;
    let ticks = |c: &Option<isa::arch::Constant>| c.as_ref().expect("stated").value;
    let half = 1i64 << (arch.core.state_bits - 1);

    let input = graph.input().expect("a verified graph has an input");
    for (i, event) in stimulus.steps.iter().take(graph.timesteps as usize).flatten().enumerate() {
        let at = (i as u64 + 1) * ticks(&arch.input_interval);
        let place = graph.population(input).shape.position(event.neuron as usize);
        let to = (&program.input.emission, &program.input.routes[..], place);
        chip.send((at, 0), None, to, (event.neuron as usize, event.value.into()));
    }
    let mut free = vec![0; program.cores.len()];
    while let Some((i, &event)) = chip.events.iter().enumerate().min_by_key(|(_, event)| **event) {
        chip.events.swap_remove(i);
        outcome.events += 1;
        if outcome.events > most {
            return None;
        }
        let post = graph.ends(event.projection).1;
        let population = graph.population(post);
        // Targets on this core by state word.
        let mut here: Vec<(u32, usize, i64)> = synapses[event.projection.0 as usize][event.neuron]
            .iter()
            .map(|&(target, w)| (&home[&(post.0 as u16, target)], target, w))
            .filter(|(home, ..)| tiles[home.tile].core == event.core)
            .map(|(home, target, w)| (home.word, target, w))
            .collect();
        here.sort_unstable();
        let mut done = event.at.max(free[event.core]) + ticks(&timing.event) + ticks(&timing.axon);
        for tile in tiles.iter().filter(|tile| tile.core == event.core) {
            let words = tile.word..tile.word + tile.neurons as u32;
            let reached = here.iter().filter(|(word, ..)| words.contains(word)).count() as u64;
            let list = matches!(graph.projection(event.projection).connectivity, Connectivity::Sparse(_));
            outcome.lists += u64::from(list && reached > 0);
            done += row_ticks(graph, event.projection, tile, reached, arch, program);
        }
        outcome.synapses += here.len() as u64;
        let mut spikes = Vec::new();
        // Several synapses of a pair are one update.
        for synapses in here.chunk_by(|(one, ..), (other, ..)| one == other) {
            let (target, w) = (synapses[0].1, synapses.iter().map(|&(.., w)| w).sum::<i64>());
            let v = &mut outcome.potentials[post.0 as usize][target];
            *v += w * event.value;
            outcome.saturated += u64::from(*v < -half || *v >= half);
            *v = (*v).clamp(-half, half - 1);
            let NeuronModel::Spiking(neuron) = &population.neuron else { continue };
            outcome.updates += 1;
            if let Some(floor) = neuron.floor {
                *v = (*v).max(floor);
            }
            let threshold = neuron.threshold.at(population.shape.channel(target));
            if *v > threshold || (*v == threshold && neuron.compare == Compare::GreaterEqual) {
                *v = if neuron.reset == Reset::Zero { 0 } else { *v - threshold };
                spikes.push(target);
                outcome.firings.push((done, post.0 as u16, target as u32));
            }
        }
        let mut leaves = done;
        for neuron in spikes {
            let (c, y, x) = home[&(post.0 as u16, neuron)].place;
            let (core, tile) = descriptor(program, event.core, post.0 as u16, (c, y, x));
            let place = (c - u32::from(tile.origin.0), y - u32::from(tile.origin.1), x - u32::from(tile.origin.2));
            let to = (&tile.emission, &core.routes[..], place);
            leaves = chip.send((leaves, ticks(&timing.emit)), Some(event.core), to, (neuron, 1));
            leaves += if tile.to_host { ticks(&timing.emit) } else { 0 };
        }
        free[event.core] = leaves;
    }
    outcome.end = free.into_iter().max().unwrap_or(0);
    Some(outcome)
}

impl Chip<'_> {
    /// Sends a neuron's event along its routes, one packet every `emit` ticks; returns when the last left.
    fn send(
        &mut self,
        (mut leaves, emit): (u64, u64),
        from: Option<usize>,
        (emission, routes, (c, y, x)): (&Emission, &[Route], (u32, u32, u32)),
        (neuron, value): (usize, i64),
    ) -> u64 {
        for route in emission.routes(c as usize, y as usize, x as usize) {
            let route = &routes[route.0 as usize];
            for packet in packets(self.arch, &route.destination) {
                leaves += emit;
                for to in packet {
                    let source = from.map_or(0, |core| core + 1);
                    let core = self.program.cores.iter().position(|image| image.core == to).expect("in use");
                    let at = leaves + latency(self.arch, from.map(|core| self.program.cores[core].core), to);
                    let sequence = self.sent[source];
                    self.sent[source] += 1;
                    let projection = ProjectionId(route.tag.0.into());
                    self.events.push(Event { at, core, source, sequence, projection, neuron, value });
                }
            }
        }
        leaves
    }
}

/// The cores that each packet of a route goes to.
fn packets(arch: &Arch, destination: &Destination) -> Vec<Vec<CoreId>> {
    match &arch.noc {
        Some(noc) if noc.multicast != Multicast::Unicast => vec![destination.cores().to_vec()],
        _ => destination.cores().iter().map(|&core| vec![core]).collect(),
    }
}

/// Along the row, then along the column, of one mesh without wrap-around.
fn latency(arch: &Arch, from: Option<CoreId>, to: CoreId) -> u64 {
    let Some(noc) = &arch.noc else { return 0 };
    let place = |core: Option<CoreId>| {
        let router = core.map_or(0, |core| core.0 / arch.mesh.cores_per_router);
        (u64::from(router % arch.mesh.width), u64::from(router / arch.mesh.width))
    };
    let ((x0, y0), (x1, y1)) = (place(from), place(Some(to)));
    let (columns, rows) = (x0.abs_diff(x1), y0.abs_diff(y1));
    columns * noc.link_east_west.value
        + rows * noc.link_north_south.value
        + (columns + rows + 1) * noc.router.value
        + u64::from(noc.flits_per_spike - 1) * noc.flit_interval.value
}

/// Ticks of the synaptic work on a tile of which an event reaches that many neurons.
fn row_ticks(
    graph: &Graph<Quantized>,
    id: ProjectionId,
    tile: &Tile,
    reached: u64,
    arch: &Arch,
    program: &Program,
) -> u64 {
    if reached == 0 {
        return 0;
    }
    let channels = u64::from(graph.population(graph.ends(id).1).shape.channels);
    // A row is a stretch of potentials; the potentials of a list lie anywhere, its entries in one stretch.
    let list = matches!(graph.projection(id).connectivity, Connectivity::Sparse(_));
    let span = match &graph.projection(id).connectivity {
        Connectivity::Dense => tile.neurons,
        Connectivity::Conv2d(conv) => tile.channels.min(channels / u64::from(conv.groups)),
        Connectivity::OneToOne => 1,
        Connectivity::Sparse(_) => reached,
    };
    assert_eq!(reached % span, 0, "whole rows");
    let lanes = u64::from(arch.core.lanes);
    let bits = program.weights.iter().map(|block| u32::from(block.bits)).max().expect("there are weights");
    let words = |memory: &Memory, n: u64, bits: u32| (n * u64::from(bits)).div_ceil(memory.word_bits.into());
    let slots = |memory: &Memory, words: u64| words.div_ceil(memory.banks.into());
    let (state, weights) = (&arch.core.memories.state, &arch.core.memories.weights);
    let (state_words, weight_words) = if list {
        let entry_bits = bits + index_bits(tile.neurons);
        let alone = weights.addressing == Addressing::PowerOfTwo;
        let entries = if alone { span * words(weights, 1, entry_bits) } else { words(weights, span, entry_bits) };
        (span * words(state, 1, arch.core.state_bits), entries)
    } else {
        (words(state, span, arch.core.state_bits), words(weights, span, bits))
    };
    let ports = if state.ports == Ports::OneReadOneWrite { 1 } else { 2 };
    let memories = (ports * slots(state, state_words)).max(slots(weights, weight_words));
    let synapse = arch.core.timing.synapse.as_ref().expect("stated").value;
    reached / span * span.div_ceil(lanes).max(memories) * synapse
}

/// Fewest bits that number `n` neurons.
fn index_bits(n: u64) -> u32 {
    (0..64).find(|&bits| 1u64 << bits >= n).expect("a tile is finite")
}

/// `synapses[projection][source]`: targets and weights, a weight of 0 included.
fn synapses(graph: &Graph<Quantized>) -> Vec<Vec<Vec<(usize, i64)>>> {
    let of = |id: ProjectionId| {
        let (pre, post) = graph.ends(id);
        let (pre, post) = (graph.population(pre).shape, graph.population(post).shape);
        let mut from = vec![Vec::new(); pre.neurons()];
        let projection = graph.projection(id);
        for target in 0..post.neurons() {
            projection.synapses_onto(pre, post, post.position(target), |source, w| {
                from[source].push((target, i64::from(projection.weights[w])));
            });
        }
        from
    };
    graph.projections().map(|(id, _)| of(id)).collect()
}

/// Where a neuron is: tile, state word, and channel, row and column in its layer.
struct Home {
    tile: usize,
    word: u32,
    place: (u32, u32, u32),
}

/// By layer and number.
type Homes = BTreeMap<(u16, usize), Home>;

/// The tiles of a program, and where each neuron is.
fn places(program: &Program) -> (Vec<Tile>, Homes) {
    let (mut tiles, mut home) = (Vec::new(), BTreeMap::new());
    for (core, image) in program.cores.iter().enumerate() {
        for d in neurons(image) {
            let layer = program.layer(d.layer);
            let mut word = d.v_base;
            for y in 0..d.extent.1 {
                for x in 0..d.extent.2 {
                    for c in 0..d.extent.0 {
                        let (c, y, x) = (d.origin.0 + c, d.origin.1 + y, d.origin.2 + x);
                        let at = Home { tile: tiles.len(), word, place: (c.into(), y.into(), x.into()) };
                        home.insert((d.layer.0, layer.index((c, y, x))), at);
                        word += 1;
                    }
                }
            }
            tiles.push(Tile { core, word: d.v_base, channels: d.extent.0.into(), neurons: d.n() as u64 });
        }
    }
    (tiles, home)
}

fn neurons(image: &isa::CoreImage) -> impl Iterator<Item = &NeuronDescriptor> {
    image.descriptors.iter().filter_map(|d| if let Descriptor::Neurons(d) = d { Some(d) } else { None })
}

fn descriptor(
    program: &Program,
    core: usize,
    layer: u16,
    (c, y, x): (u32, u32, u32),
) -> (&isa::CoreImage, &NeuronDescriptor) {
    let inside = |v: u32, first: u16, n: u16| (u32::from(first)..u32::from(first) + u32::from(n)).contains(&v);
    let image = &program.cores[core];
    let holds = |d: &&NeuronDescriptor| {
        d.layer.0 == layer
            && inside(c, d.origin.0, d.extent.0)
            && inside(y, d.origin.1, d.extent.1)
            && inside(x, d.origin.2, d.extent.2)
    };
    (image, neurons(image).find(holds).expect("the core holds the neuron"))
}
