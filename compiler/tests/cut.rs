//! Sparsely connected populations: what the cut finds, what it respects, and what the checkers reject.

use ir::{
    Compare, Connectivity, Graph, InputCoding, InputEncoding, Leak, NeuronModel, PerChannel, Population, PopulationId,
    Projection, Quantized, Readout, Reset, Shape, Spiking, Stimulus, SynapseLists, Window, arbitrary, interpret,
};
use isa::{Arch, Resource};
use proptest::prelude::*;
use spikeloom_compiler::{Activity, CompileError, Compiled, Cutting, Options, check, compile_quantized, stimulus};

mod support;

use support::preset;

const NET: PopulationId = PopulationId(1);

/// An error put into the order of the cut population, or into the renumbered network.
type Corruption = fn(&mut Vec<u32>, &mut Graph<Quantized>);

/// `groups` groups of `size` neurons whose lists stay inside the group, neurons shuffled by a step that is prime to their
/// number; every neuron has another bias.
fn clustered(groups: u32, size: u32, fan_out: u32) -> Graph<Quantized> {
    let n = groups * size;
    let label = |i: u32| i * 7 % n;
    assert!(!n.is_multiple_of(7), "7 is prime to the number of neurons");
    let mut lists = vec![Vec::new(); n as usize];
    for i in 0..n {
        let (group, member) = (i / size, i % size);
        let list = &mut lists[label(i) as usize];
        *list = (1..=fan_out).map(|k| label(group * size + (member + k * k) % size)).collect();
        list.sort_unstable();
    }
    recurrent(lists)
}

/// A population joined to itself by these lists.
fn recurrent(lists: Vec<Vec<u32>>) -> Graph<Quantized> {
    let (n, n_synapses) = (lists.len() as u32, lists.iter().map(Vec::len).sum::<usize>() as u32);
    let weights = (0..n_synapses).map(|i| (i * 31 % 15) as i32 - 7).collect();
    let mut graph = Graph::new("recurrent", 6, InputEncoding::Pixels);
    let mut add = |name: &str, n, neuron| {
        graph.add_population(Population { name: name.into(), shape: Shape::vector(n), neuron, norm: () })
    };
    add("input", 1, NeuronModel::Input { coding: InputCoding::spikes(6), scale: 1.0 });
    let neuron = Spiking {
        threshold: PerChannel::uniform(20),
        v_init: PerChannel((0..n).map(|i| i64::from(i % 20)).collect()),
        bias: PerChannel((0..n).map(|i| i64::from(i % 5)).collect()),
        leak: Leak::None,
        reset: Reset::Subtract,
        compare: Compare::Greater,
        window: Window::new(0, 6),
        floor: None,
    };
    let net = add("net", n, NeuronModel::Spiking(neuron));
    let connectivity = Connectivity::Sparse(SynapseLists::new(lists));
    graph.connect(net, net, Projection { connectivity, pool: None, weights, delay: 1 });
    graph.readout = Readout::SpikeCount { population: net };
    assert_eq!(ir::verify(&graph), []);
    graph
}

fn chip(neurons: u64) -> Arch {
    let mut arch = preset("loihi1").expect("a preset");
    arch.core.neurons.as_mut().expect("loihi1 limits them").value = neurons;
    arch
}

fn compiled(graph: &Graph<Quantized>, arch: &Arch, cutting: Cutting) -> Compiled {
    let activity = Some(Activity::uniform(graph, 10));
    let options = Options { cutting, check: true, moves_per_cluster: 10, activity, ..Options::default() };
    compile_quantized(graph, arch, &options).expect("fits")
}

fn deliveries(compiled: &Compiled) -> f64 {
    compiled.reports.placements[0].1.deliveries_per_event
}

fn agree(graph: &Graph<Quantized>, compiled: &Compiled, sample: &Stimulus) {
    let (trace, outcome) = (interpret(graph, sample), support::execute(&compiled.program, &stimulus(sample)));
    for (id, _) in graph.populations().filter(|(id, _)| graph.input() != Some(*id)) {
        assert_eq!(outcome.spikes[id.0 as usize], trace.spikes[id.0 as usize], "{id}");
        assert_eq!(outcome.potentials[id.0 as usize], trace.potentials[id.0 as usize], "{id}");
    }
}

#[test]
fn growth_finds_clusters_and_the_baselines_do_not() {
    let graph = clustered(8, 30, 6);
    let arch = chip(30);
    let grown = compiled(&graph, &arch, Cutting::Grown);
    assert_eq!(grown.partition.clusters.len(), 8);
    assert!((deliveries(&grown) - 1.0).abs() < 1e-9, "{} cores per spike", deliveries(&grown));
    for cutting in [Cutting::Sequential, Cutting::Random { seed: 1 }] {
        let cut = compiled(&graph, &arch, cutting);
        assert!(deliveries(&cut) > 3.0, "{cutting}: {} cores per spike", deliveries(&cut));
        agree(&graph, &cut, &Stimulus::default());
    }
    agree(&graph, &grown, &Stimulus::default());
    assert!(interpret(&graph, &Stimulus::default()).n_spikes() > 50, "the network is active");
}

/// Neuron `i` has `each` targets in each of `reach` of `groups` groups of `size` neurons.
fn reaching(groups: u32, size: u32, reach: u32, each: u32) -> Graph<Quantized> {
    let mut state = 1_u32;
    let mut below = |n: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % n
    };
    let mut distinct = |n: u32, k: u32| {
        let mut all: Vec<u32> = (0..n).collect();
        (0..k).map(|_| all.swap_remove(below(all.len() as u32) as usize)).collect::<Vec<u32>>()
    };
    let list = |_| {
        let mut list = Vec::new();
        for group in distinct(groups, reach) {
            list.extend(distinct(size, each).into_iter().map(|member| group * size + member));
        }
        list.sort_unstable();
        list
    };
    recurrent((0..groups * size).map(list).collect())
}

#[test]
fn parts_shrink_to_what_their_destinations_allow_and_no_further() {
    // 64 neurons of one group send to 64·8 places if all parts are groups, and to more the less they are.
    let graph = reaching(64, 64, 8, 8);
    let mut arch = chip(256);
    arch.core.axons_in.as_mut().expect("limited").value = 1024;
    arch.core.axons_out.as_mut().expect("limited").value = 576;
    let cut = compiled(&graph, &arch, Cutting::Grown);
    assert!(cut.partition.clusters.len() <= 200, "{} cores for 64 groups", cut.partition.clusters.len());
    agree(&graph, &cut, &Stimulus::default());
}

#[test]
fn parts_respect_whichever_limit_binds() {
    let graph = clustered(4, 50, 9);
    let limits: [fn(&mut Arch); 4] = [
        |arch| arch.core.axons_in.as_mut().expect("limited").value = 70,
        |arch| arch.core.axons_out.as_mut().expect("limited").value = 40,
        |arch| arch.core.memories.weights.bits.as_mut().expect("limited").value = 64 * 64,
        |arch| arch.core.memories.state.bits.as_mut().expect("limited").value = 24 * 17,
    ];
    let free = compiled(&graph, &chip(1024), Cutting::Grown).program.cores.len();
    assert_eq!(free, 1);
    for limit in limits {
        let mut arch = chip(1024);
        limit(&mut arch);
        for cutting in [Cutting::Grown, Cutting::Sequential] {
            let cut = compiled(&graph, &arch, cutting);
            assert!(cut.program.cores.len() > 1);
            assert!(isa::usages(&cut.program, &arch).iter().all(|u| u.iter().all(|(_, u)| !u.exceeded())));
            agree(&graph, &cut, &Stimulus::default());
        }
    }
}

/// Memory as the compiler plans it is memory as the program takes it.
#[test]
fn planned_demands_are_those_of_the_program() {
    let graph = clustered(5, 40, 6);
    let arch = chip(37);
    let cut = compiled(&graph, &arch, Cutting::Grown);
    let used = isa::usages(&cut.program, &arch);
    let share = |r: Resource| {
        let max = |u: &isa::CoreUsage| u[r].used as f64 / u[r].max.expect("limited") as f64;
        used.iter().map(max).fold(0.0, f64::max)
    };
    let (_, planned) = cut.reports.utilization.max.expect("a limit binds");
    let adding = [Resource::Neurons, Resource::AxonsIn, Resource::AxonsOut, Resource::Weights, Resource::State];
    let most = adding.into_iter().chain([Resource::Params]).map(share).fold(0.0, f64::max);
    assert!((planned - most).abs() < 1e-12, "planned {planned}, used {most}");
}

#[test]
fn a_neuron_that_fits_no_core_is_named() {
    let graph = clustered(4, 50, 9);
    let mut arch = chip(1024);
    arch.core.axons_in.as_mut().expect("limited").value = 5;
    let Err(CompileError::Diagnostics(found)) = compile_quantized(&graph, &arch, &Options::default()) else {
        panic!("nine sources do not fit five axons")
    };
    let text = found.to_string();
    assert!(text.contains("`net`") && text.contains("source neurons per core") && text.contains("/5"), "{text}");
}

#[test]
fn the_checkers_reject_planned_errors() {
    let graph = clustered(4, 50, 9);
    let arch = chip(60);
    let cut = compiled(&graph, &arch, Cutting::Grown);
    let order = cut.orders[1].clone().expect("the population is cut");
    let moved = {
        // The network in the order of the cut, built here from single synapses.
        let mut moved = graph.clone();
        let place = |neuron: u32| order.iter().position(|&i| i == neuron).expect("an order") as u32;
        let Connectivity::Sparse(lists) = &graph.projection(ir::ProjectionId(0)).connectivity else { unreachable!() };
        let weights = &graph.projection(ir::ProjectionId(0)).weights;
        let (mut rows, mut moved_weights) = (Vec::new(), Vec::new());
        for &source in &order {
            let mut row: Vec<(u32, i32)> =
                lists.synapses(source as usize).map(|s| (place(lists.targets()[s]), weights[s])).collect();
            row.sort_unstable();
            moved_weights.extend(row.iter().map(|r| r.1));
            rows.push(row.into_iter().map(|r| r.0).collect::<Vec<u32>>());
        }
        let projection = moved.projection_mut(ir::ProjectionId(0));
        (projection.connectivity, projection.weights) = (Connectivity::Sparse(SynapseLists::new(rows)), moved_weights);
        let NeuronModel::Spiking(neuron) = &mut moved.population_mut(NET).neuron else { unreachable!() };
        for values in [&mut neuron.v_init, &mut neuron.bias] {
            *values = PerChannel(order.iter().map(|&i| values.at(i as usize)).collect());
        }
        moved
    };
    assert_eq!(check::order::check(&graph, &moved, &cut.orders).0, []);
    let broken: [(&str, Corruption); 5] = [
        ("same", |order, _| order.swap(0, 1)),
        ("order", |order, _| order[0] = order[1]),
        ("order", |order, _| order.truncate(9)),
        ("same", |_, graph| graph.projection_mut(ir::ProjectionId(0)).weights[3] += 1),
        ("same", |_, graph| {
            let NeuronModel::Spiking(neuron) = &mut graph.population_mut(NET).neuron else { unreachable!() };
            neuron.bias.0[7] += 1;
        }),
    ];
    for (rule, corrupt) in broken {
        let (mut orders, mut renumbered) = (cut.orders.clone(), moved.clone());
        corrupt(orders[1].as_mut().expect("the population is cut"), &mut renumbered);
        let found = check::order::check(&graph, &renumbered, &orders).0;
        assert!(found.iter().any(|v| v.rule == rule), "{rule}: {found:?}");
    }

    // Too small a core, by one unit of what the fullest part takes.
    let bits = [4]; // of weights in −7..=7
    assert_eq!(check::partition::check(&moved, &arch, &bits, &cut.partition).0, []);
    let most = |r| isa::usages(&cut.program, &arch).iter().map(|u| u[r].used).max().expect("cores");
    for (what, resource) in [("axons in", Resource::AxonsIn), ("weight bits", Resource::Weights)] {
        let mut small = arch.clone();
        let limit = match resource {
            Resource::AxonsIn => small.core.axons_in.as_mut(),
            _ => small.core.memories.weights.bits.as_mut(),
        };
        limit.expect("limited").value = most(resource) - 1;
        let found = check::partition::check(&moved, &small, &bits, &cut.partition).0;
        assert!(found.iter().any(|v| v.rule == "capacity" && v.message.starts_with(what)), "{what}: {found:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// However a network is cut, it means the same.
    #[test]
    fn every_cutting_keeps_the_meaning(
        (graph, sample) in arbitrary::quantized_case(arbitrary::Features::ALL),
        neurons in 1u64..12,
        seed in any::<u64>(),
    ) {
        let mut arch = chip(neurons);
        (arch.mesh.width, arch.mesh.height) = (24, 24);
        for cutting in [Cutting::Grown, Cutting::Sequential, Cutting::Random { seed }] {
            let options = Options { cutting, check: true, moves_per_cluster: 10, ..Options::default() };
            match compile_quantized(&graph, &arch, &options) {
                Ok(compiled) => agree(&graph, &compiled, &sample),
                Err(CompileError::Diagnostics(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}
