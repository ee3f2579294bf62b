//! Synapse lists worked out on paper: what they do and what is counted.

use compiler::{Options, compile_quantized, stimulus};
use ir::{
    Connectivity, Event, Graph, InputCoding, InputEncoding, NeuronModel, PerChannel, Pool, Population, Projection,
    Quantized, Readout, Shape, Stimulus, SynapseLists,
};
use isa::{Action, Arch, LayerId, arch::preset::preset};
use spikeloom_simulator::{Machine, NoProbe, Run, TimingMode};

/// Input `shape` → lists → `n` accumulators.
fn network(shape: Shape, pool: Option<Pool>, lists: Vec<Vec<u32>>, n: u32) -> Graph<Quantized> {
    let mut graph = Graph::new("lists", 3, InputEncoding::Pixels);
    let mut add =
        |name: &str, shape, neuron| graph.add_population(Population { name: name.into(), shape, neuron, norm: () });
    let input = add("input", shape, NeuronModel::Input { coding: InputCoding::spikes(3), scale: 1.0 });
    let sum = add("sum", Shape::vector(n), NeuronModel::Accumulator { v_init: PerChannel::uniform(0) });
    let lists = SynapseLists::new(lists);
    let weights = (1..=lists.n_synapses() as i32).collect();
    graph.connect(input, sum, Projection { connectivity: Connectivity::Sparse(lists), pool, weights, delay: 0 });
    graph.readout = Readout::Potential { population: sum };
    assert_eq!(ir::verify(&graph), []);
    graph
}

fn run(graph: &Graph<Quantized>, arch: &Arch, events: &[&[u32]], mode: TimingMode) -> Run {
    let step = |step: &&[u32]| step.iter().map(|&neuron| Event { neuron, value: 1 }).collect();
    let sample = Stimulus { steps: events.iter().map(step).collect() };
    let program = compile_quantized(graph, arch, &Options::default()).expect("fits").program;
    let machine = Machine::new(&program, arch).expect("loads");
    machine.run(&stimulus(&sample), mode, &mut NoProbe).expect("a valid sample")
}

#[test]
fn counts_are_those_of_the_lists() {
    // 6 accumulators: an index takes 3 bits, weights 1..=15 take 5, so 8 entries share a word of 64 bits.
    let lists = vec![vec![0, 2], vec![], vec![1, 1, 3], vec![0, 0, 1, 1, 2, 2, 3, 3, 4, 4]];
    let graph = network(Shape::vector(4), None, lists, 6);
    let arch = preset("loihi1").expect("a preset");
    let run = run(&graph, &arch, &[&[0, 1, 3], &[], &[2, 3]], TimingMode::Counts);
    // Lists of 2, 10, 3 and 10 entries: neuron 1 has no list and is never sent.
    let counts = run.ledger.layer(LayerId(1));
    assert_eq!(counts[Action::SynapticAdd], 2 + 10 + 3 + 10);
    assert_eq!(counts[Action::AddressAdd], 25);
    assert_eq!(counts[Action::WeightRead], 1 + 2 + 1 + 2);
    assert_eq!(counts[Action::QueuePop], 4);
    assert_eq!(counts[Action::AxonRead], 4 + 4);
    assert_eq!(counts[Action::AddressMac], 0);
    assert_eq!(counts[Action::StateWrite], 25);
    assert_eq!(counts[Action::StateRead], 25 + 6, "the host reads six potentials");
    // Weights count up: 1 2 | 3 4 5 | 6 … 15, two of them per target.
    let twice = |k: i32| 2 * (6 + 2 * k + 7 + 2 * k);
    assert_eq!(run.potentials, [1 + twice(0), 3 + 4 + twice(1), 2 + twice(2), 5 + twice(3), twice(4), 0]);
}

#[test]
fn a_list_takes_an_issue_per_lane_and_a_slot_per_word() {
    let graph = network(Shape::vector(1), None, vec![(0..10).collect()], 10);
    let arrivals = |lanes, banks| {
        let mut arch = preset("loihi1").expect("a preset");
        arch.core.lanes = lanes;
        arch.core.memories.state.banks = banks;
        let time = run(&graph, &arch, &[&[0]], TimingMode::Analytic).time.expect("loihi1 has timing");
        time.steps[0].compute
    };
    // One bank serves one potential at a time, however many lanes there are; four banks serve four lanes.
    let synapse = 35;
    assert_eq!(arrivals(1, 1), arrivals(10, 1));
    assert_eq!(arrivals(1, 1), arrivals(4, 1));
    assert_eq!(arrivals(4, 4), arrivals(1, 1) - (10 - 3) * synapse);
    assert_eq!(arrivals(1000, 4), arrivals(4, 4));
}

#[test]
fn pooling_in_front_of_lists_drops_what_is_left_over() {
    // 3×3 map, windows of 2×2: one source of neurons 0, 1, 3, 4.
    let graph = network(Shape::new(1, 3, 3), Some(Pool { size: (2, 2) }), vec![vec![0, 1]], 2);
    let arch = preset("loihi1").expect("a preset");
    let run = run(&graph, &arch, &[&[0, 2, 4, 8]], TimingMode::Counts);
    assert_eq!(run.potentials, [2, 4]);
    assert_eq!(run.ledger.layer(LayerId(1))[Action::QueuePop], 2);
}
