//! Checks a program against the graph it was compiled from, and against the chip.
//!
//! | rule | demands |
//! |---|---|
//! | `isa` | the instruction set's own verifier has no objection |
//! | `layers` | layers and timesteps are those of the graph |
//! | `readout` | the class is decided as the graph says: kind, layer, group sizes, grid and weights |
//! | `input` | samples are encoded and coded as the graph says |
//! | `neurons` | every neuron has exactly one state word, with the parameters of its population |
//! | `host` | the read layer, and no other, goes to the host |
//! | `synapses` | for every event, the state words changed and by which weight are those that the graph states |
//!
//! Synapses are read back out of descriptors and weight blocks event by event on networks of up to 2²¹ neuron pairs per
//! projection; beyond, for 64 source neurons of each projection, spread evenly.

use super::{Found, host};
use crate::diagnostics::Violations;
use ir::{Graph, Leak, NeuronModel, PopulationId, ProjectionId, Quantized, Reset};
use isa::{
    Arch, ConvDescriptor, CoreImage, DenseDescriptor, Descriptor, NeuronDescriptor, NeuronKind, Program,
    SparseDescriptor, Tag,
};
use std::collections::BTreeMap;

/// Every broken rule.
pub fn check(graph: &Graph<Quantized>, arch: &Arch, program: &Program) -> Violations {
    let mut found = Found::default();
    for violation in isa::verify::verify(program, arch) {
        found.rule(false, "isa", "program", || violation.to_string());
    }
    layers(graph, program, &mut found);
    if !found.0.is_empty() {
        return found.into_violations();
    }
    let words = neurons(graph, program, &mut found);
    if found.0.is_empty() {
        synapses(graph, program, &words, &mut found);
    }
    found.into_violations()
}

fn layers(graph: &Graph<Quantized>, program: &Program, found: &mut Found) {
    found.rule(program.layers.len() == graph.n_populations(), "layers", "program", || {
        format!("{} layers for {} populations", program.layers.len(), graph.n_populations())
    });
    for ((id, population), layer) in graph.populations().zip(&program.layers) {
        let s = population.shape;
        let (c, y, x) = layer.shape;
        let same = (u32::from(c), u32::from(y), u32::from(x)) == (s.channels, s.height, s.width);
        found.rule(same && layer.name == population.name, "layers", id, || format!("became {layer:?}"));
    }
    found.rule(program.timesteps == graph.timesteps, "layers", "program", || {
        format!("{} timesteps instead of {}", program.timesteps, graph.timesteps)
    });
    host::check(graph, program, found);
}

/// The neuron behind each (core, state word).
type Words = BTreeMap<(usize, u32), (PopulationId, usize)>;

fn neurons(graph: &Graph<Quantized>, program: &Program, found: &mut Found) -> Words {
    let mut words = Words::new();
    let mut times: Vec<Vec<u32>> = graph.populations().map(|(_, p)| vec![0; p.shape.neurons()]).collect();
    for (i, core) in program.cores.iter().enumerate() {
        for descriptor in &core.descriptors {
            let Descriptor::Neurons(d) = descriptor else { continue };
            let id = PopulationId(u32::from(d.layer.0));
            let population = graph.population(id);
            found.rule(d.to_host == (graph.readout.population() == id), "host", id, || {
                format!("on {}: to_host is {}", core.core, d.to_host)
            });
            found.rule(same_model(&population.neuron, population.shape, d), "neurons", id, || {
                format!("on {} became {:?}", core.core, d.kind)
            });
            let mut word = d.v_base;
            for y in 0..u32::from(d.extent.1) {
                for x in 0..u32::from(d.extent.2) {
                    for c in 0..u32::from(d.extent.0) {
                        let at = (u32::from(d.origin.0) + c, u32::from(d.origin.1) + y, u32::from(d.origin.2) + x);
                        let s = population.shape;
                        if at.0 < s.channels && at.1 < s.height && at.2 < s.width {
                            let neuron = s.index(at.0, at.1, at.2);
                            times[id.0 as usize][neuron] += 1;
                            let free = words.insert((i, word), (id, neuron)).is_none();
                            found.rule(free, "neurons", core.core, || format!("state word {word} has two neurons"));
                        } else {
                            found.rule(false, "neurons", id, || format!("{at:?} lies outside {s}"));
                        }
                        word += 1;
                    }
                }
            }
        }
    }
    for (id, population) in graph.populations() {
        let once = u32::from(!matches!(population.neuron, NeuronModel::Input { .. }));
        let wrong = times[id.0 as usize].iter().filter(|&&n| n != once).count();
        found.rule(wrong == 0, "neurons", id, || format!("{wrong} neurons do not have exactly {once} state words"));
    }
    words
}

fn same_model(neuron: &NeuronModel<Quantized>, shape: ir::Shape, d: &NeuronDescriptor) -> bool {
    let channel = |c: usize| usize::from(d.origin.0) + c;
    match (neuron, &d.kind) {
        (NeuronModel::Spiking(s), NeuronKind::Spiking { strict, hard_reset, decay, floor, window }) => {
            let leak = match s.leak {
                Leak::None => 0,
                Leak::Decay(decay) => decay,
            };
            *strict == (s.compare == ir::Compare::Greater)
                && *hard_reset == (s.reset == Reset::Zero)
                && *decay == leak
                && floor.map(i64::from) == s.floor
                && *window == (s.window.start, s.window.end)
                && d.params.len() == usize::from(d.extent.0)
                && d.params.iter().enumerate().all(|(c, p)| {
                    i64::from(p.threshold) == s.threshold.at(channel(c))
                        && i64::from(p.v_init) == s.v_init.at(channel(c))
                        && i64::from(p.bias) == s.bias.at(channel(c))
                })
        }
        (NeuronModel::Accumulator { v_init }, NeuronKind::Accumulator) => {
            d.params.iter().enumerate().all(|(c, p)| i64::from(p.v_init) == v_init.at(channel(c)))
        }
        (NeuronModel::Dynamic(list), NeuronKind::Listed(found)) => same_list(list, shape, d, found),
        (
            NeuronModel::Spiking(_)
            | NeuronModel::Accumulator { .. }
            | NeuronModel::Dynamic(_)
            | NeuronModel::Input { .. }
            | NeuronModel::Linear,
            _,
        ) => false,
    }
}

/// Operations by their text, values neuron by neuron.
fn same_list(list: &ir::Dynamics<Quantized>, shape: ir::Shape, d: &NeuronDescriptor, found: &isa::NeuronList) -> bool {
    let text = |ops: &[isa::neuron::Op]| ops.iter().map(ToString::to_string).collect::<Vec<_>>();
    let meant = list.words.iter().map(|w| &w.init).chain(list.params.iter().map(|p| &p.values));
    let columns = found.words.iter().chain(&found.params);
    let (channels, width) = (usize::from(d.extent.0), usize::from(d.extent.2));
    let same_values = |values: &ir::PerChannel<i64>, column: &isa::neuron::Column| {
        column.fits(channels, d.n())
            && (0..d.n()).all(|i| {
                let (c, y, x) = (i % channels, i / channels / width, i / channels % width);
                let at = [usize::from(d.origin.0) + c, usize::from(d.origin.1) + y, usize::from(d.origin.2) + x];
                let neuron = (at[0] * shape.height as usize + at[1]) * shape.width as usize + at[2];
                values.of(neuron, shape) == i64::from(column.at(i, channels))
            })
    };
    text(&list.ops) == text(&found.ops)
        && (list.words.len(), list.params.len()) == (found.words.len(), found.params.len())
        && (list.scratch, list.potential, list.shift) == (found.scratch, found.potential, found.shift)
        && (list.window.start, list.window.end) == found.window
        && meant.zip(columns).all(|(values, column)| same_values(values, column))
}

fn synapses(graph: &Graph<Quantized>, program: &Program, words: &Words, found: &mut Found) {
    for (id, projection) in graph.projections() {
        let (pre, post) = graph.ends(id);
        let (pre_shape, post_shape) = (graph.population(pre).shape, graph.population(post).shape);
        let all = pre_shape.neurons() * post_shape.neurons() <= 1 << 21;
        let n = pre_shape.neurons();
        let chosen: Vec<usize> = if all { (0..n).collect() } else { (0..64).map(|i| i * (n - 1) / 63).collect() };
        let slot: BTreeMap<usize, usize> = chosen.iter().enumerate().map(|(i, &j)| (j, i)).collect();
        let mut expected: Vec<Vec<(usize, i64)>> = vec![Vec::new(); chosen.len()];
        for target in 0..post_shape.neurons() {
            projection.synapses_onto(pre_shape, post_shape, post_shape.position(target), |j, w| {
                if let Some(&i) = slot.get(&j)
                    && projection.weights[w] != 0
                {
                    expected[i].push((target, i64::from(projection.weights[w])));
                }
            });
        }
        for (&j, mut expected) in chosen.iter().zip(expected) {
            let mut actual = Vec::new();
            for (i, core) in program.cores.iter().enumerate() {
                if reaches(program, core, graph, id, j) {
                    scatter(program, core, id, pre_shape.position(j), |word, weight| {
                        actual.push((
                            words.get(&(i, word)).filter(|(p, _)| *p == post).map_or(usize::MAX, |w| w.1),
                            weight,
                        ));
                    });
                }
            }
            actual.sort_unstable();
            expected.sort_unstable();
            found.rule(actual == expected, "synapses", id, || {
                format!(
                    "neuron {j} has {} synapses in the program and {} in the graph, or other weights",
                    actual.len(),
                    expected.len()
                )
            });
            if actual != expected {
                break;
            }
        }
    }
}

/// Whether an event of neuron `j` of the projection's source is delivered to the core, by the sender's tables.
fn reaches(program: &Program, core: &CoreImage, graph: &Graph<Quantized>, projection: ProjectionId, j: usize) -> bool {
    let (pre, _) = graph.ends(projection);
    let (c, y, x) = graph.population(pre).shape.position(j);
    let hits = |emission: &isa::Emission, routes: &[isa::Route], (dc, dy, dx): (u32, u32, u32)| {
        emission.routes(dc as usize, dy as usize, dx as usize).iter().any(|r| {
            let route = &routes[r.0 as usize];
            route.tag == Tag(projection.0 as u16) && route.destination.cores().contains(&core.core)
        })
    };
    if u32::from(program.input.layer.0) == pre.0 {
        return hits(&program.input.emission, &program.input.routes, (c, y, x));
    }
    for sender in &program.cores {
        for descriptor in &sender.descriptors {
            let Descriptor::Neurons(d) = descriptor else { continue };
            let inside = |v: u32, first: u16, n: u16| v >= u32::from(first) && v < u32::from(first) + u32::from(n);
            if u32::from(d.layer.0) == pre.0
                && inside(c, d.origin.0, d.extent.0)
                && inside(y, d.origin.1, d.extent.1)
                && inside(x, d.origin.2, d.extent.2)
            {
                let at = (c - u32::from(d.origin.0), y - u32::from(d.origin.1), x - u32::from(d.origin.2));
                return hits(&d.emission, &sender.routes, at);
            }
        }
    }
    false
}

/// Calls `add(state word, weight)` for every non-zero weight that an event of unit value adds in a core.
fn scatter(
    program: &Program,
    core: &CoreImage,
    projection: ProjectionId,
    at: (u32, u32, u32),
    mut add: impl FnMut(u32, i64),
) {
    for axon in core.axons.iter().filter(|a| a.tag == Tag(projection.0 as u16)) {
        for d in &axon.descriptors {
            match &core.descriptors[d.0 as usize] {
                Descriptor::Conv(d) => conv(program, d, at, &mut add),
                Descriptor::Dense(d) => dense(program, d, at, &mut add),
                Descriptor::Sparse(d) => sparse(program, d, at, &mut add),
                Descriptor::Neurons(_) => {}
            }
        }
    }
}

/// Asks of every state word of the tile which tap an event at (c, y, x) would meet there.
fn conv(program: &Program, d: &ConvDescriptor, (c, y, x): (u32, u32, u32), add: &mut impl FnMut(u32, i64)) {
    let (y, x) = (i64::from(y) / i64::from(d.pool.0), i64::from(x) / i64::from(d.pool.1));
    let channel = i64::from(c) - i64::from(d.first_channel);
    if y >= i64::from(d.source.0) || x >= i64::from(d.source.1) || channel < 0 || channel >= i64::from(d.n_channels) {
        return;
    }
    let group = c / u32::from(d.in_per_group);
    // Taps that meet the event from output position `o`: o·stride + k·dilation − padding = source.
    let tap = |o: i64, source: i64, k: u16, s: u16, p: u16, dilation: u16| {
        let distance = source + i64::from(p) - o * i64::from(s);
        (distance >= 0 && distance % i64::from(dilation) == 0 && distance / i64::from(dilation) < i64::from(k))
            .then_some(distance / i64::from(dilation))
    };
    for oy in 0..d.extent.1 {
        let Some(ky) = tap(i64::from(d.origin.1 + oy), y, d.kernel.0, d.stride.0, d.padding.0, d.dilation.0) else {
            continue;
        };
        for ox in 0..d.extent.2 {
            let Some(kx) = tap(i64::from(d.origin.2 + ox), x, d.kernel.1, d.stride.1, d.padding.1, d.dilation.1) else {
                continue;
            };
            let mut j = 0;
            for oc in 0..u32::from(d.extent.0) {
                if (u32::from(d.origin.0) + oc) / u32::from(d.out_per_group) != group {
                    continue;
                }
                let row =
                    (channel * i64::from(d.kernel.0) + ky) * i64::from(d.kernel.1) + i64::from(d.kernel.1) - 1 - kx;
                let weight = program.block(d.weights).data[(row * i64::from(d.span) + j) as usize];
                let word =
                    d.v_base + (u32::from(oy) * u32::from(d.extent.2) + u32::from(ox)) * u32::from(d.extent.0) + oc;
                if weight != 0 {
                    add(word, i64::from(weight));
                }
                j += 1;
            }
        }
    }
}

fn dense(program: &Program, d: &DenseDescriptor, (c, y, x): (u32, u32, u32), add: &mut impl FnMut(u32, i64)) {
    let (y, x) = (y / u32::from(d.pool.0), x / u32::from(d.pool.1));
    if y >= u32::from(d.source.1) || x >= u32::from(d.source.2) {
        return;
    }
    let row = (c * u32::from(d.source.1) + y) * u32::from(d.source.2) + x;
    for j in 0..d.n {
        let weight = program.block(d.weights).data[(row * d.n + j) as usize];
        if weight != 0 {
            add(d.v_base + j, i64::from(weight));
        }
    }
}

/// Counts through the lists until that of the event.
fn sparse(program: &Program, d: &SparseDescriptor, (c, y, x): (u32, u32, u32), add: &mut impl FnMut(u32, i64)) {
    let (y, x) = (y / u32::from(d.pool.0), x / u32::from(d.pool.1));
    if y >= u32::from(d.source.1) || x >= u32::from(d.source.2) {
        return;
    }
    let source = (c * u32::from(d.source.1) + y) * u32::from(d.source.2) + x;
    let mut weights = program.block(d.weights).data.iter();
    for list in &d.lists {
        for (&target, &weight) in list.targets.iter().zip(weights.by_ref()) {
            if list.source == source && weight != 0 {
                add(d.v_base + target, i64::from(weight));
            }
        }
    }
}
