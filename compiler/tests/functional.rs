//! A compiled program does what its graph means: every spike of every layer, every final potential.

mod support;

use ir::{Graph, InputCoding, Quantized, Stimulus, arbitrary};
use isa::{
    Arch,
    arch::{Multicast, preset::preset},
};
use proptest::prelude::*;
use spikeloom_compiler::{CompileError, Options, compile_quantized, stimulus};
use support::network::{network, weights};

/// The chip with cores of at most `neurons` neurons.
fn chip(name: &str, neurons: u64) -> Arch {
    let mut arch = preset(name).expect("a preset");
    arch.core.dynamics = isa::arch::Dynamics::everything();
    let mut limit = arch.tick_ps.clone();
    limit.value = neurons;
    arch.core.neurons = Some(limit);
    arch.mesh.chips = (8, 1);
    arch
}

fn options() -> Options {
    Options { check: true, moves_per_cluster: 20, ..Options::default() }
}

/// Compiles and runs one sample: spikes and potentials are the interpreter's. Returns spikes and deliveries.
fn agree(graph: &Graph<Quantized>, arch: &Arch, sample: &Stimulus) -> (usize, u64) {
    agree_with(graph, arch, sample, &options())
}

fn agree_with(graph: &Graph<Quantized>, arch: &Arch, sample: &Stimulus, options: &Options) -> (usize, u64) {
    let compiled = compile_quantized(graph, arch, options).unwrap_or_else(|error| panic!("{}: {error}", arch.name));
    let meaning = ir::interpret(graph, sample);
    let outcome = support::execute(&compiled.program, &stimulus(sample));
    assert_eq!(outcome.spikes, meaning.spikes);
    assert_eq!(outcome.potentials, meaning.potentials);
    (meaning.n_spikes(), outcome.deliveries)
}

fn sample(graph: &Graph<Quantized>, seed: u64) -> Stimulus {
    let input = graph.population(graph.input().expect("has one")).shape;
    Stimulus::direct(&weights(input.neurons(), seed, 15), InputCoding::DirectEveryStep { steps: 2 })
}

#[test]
fn every_tiling_executes_the_graph() {
    let graph = network();
    let mut deliveries = Vec::new();
    for neurons in [1024, 200, 54, 30, 12, 5, 1] {
        let (spikes, delivered) = agree(&graph, &chip("loihi1", neurons), &sample(&graph, neurons));
        assert!(spikes > 100, "the network is active: {spikes} spikes");
        deliveries.push(delivered);
    }
    assert!(deliveries[6] > deliveries[0], "smaller tiles take more deliveries: {deliveries:?}");
}

#[test]
fn a_machine_without_a_network_has_one_core_per_layer() {
    let graph = network();
    let arch = preset("lemaire_ideal").expect("a preset");
    let compiled = compile_quantized(&graph, &arch, &options()).expect("fits");
    assert_eq!(compiled.program.cores.len(), graph.n_populations() - 1);
    agree(&graph, &arch, &sample(&graph, 1));
}

#[test]
fn equal_inputs_give_equal_programs() {
    let graph = network();
    let arch = chip("loihi1", 30);
    let bytes = |seed| {
        let compiled = compile_quantized(&graph, &arch, &Options { seed, ..options() }).expect("fits");
        isa::encode(&compiled.program)
    };
    assert_eq!(bytes(7), bytes(7));
    assert_ne!(bytes(7), bytes(8), "the seed takes part");
    let threads: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..2).map(|_| scope.spawn(|| bytes(7))).collect();
        runs.into_iter().map(|run| run.join().expect("compiles")).collect()
    });
    assert!(threads.iter().all(|b| *b == bytes(7)));
}

/// Signs: weights that are all −1 or 1 take one bit where the chip stores one, and mean the same.
#[test]
fn one_bit_weights_are_stored_as_signs() {
    let mut graph = network();
    for (id, n) in graph.projections().map(|(id, p)| (id, p.weights.len())).collect::<Vec<_>>() {
        let signs = weights(n, u64::from(id.0), 20).into_iter().map(|w| if w < 0 { -1 } else { 1 }).collect();
        graph.projection_mut(id).weights = signs;
    }
    for id in graph.populations().map(|(id, _)| id).collect::<Vec<_>>() {
        if let ir::NeuronModel::Spiking(neuron) = &mut graph.population_mut(id).neuron {
            neuron.threshold.0.fill(3);
        }
    }
    let arch = preset("darwin3_like").expect("a preset");
    let compiled = compile_quantized(&graph, &arch, &options()).expect("fits");
    assert!(compiled.program.weights.iter().all(|block| block.bits == 1), "{:?}", compiled.program.weights);
    assert_eq!(isa::verify(&compiled.program, &arch), []);
    assert!(agree(&graph, &arch, &sample(&graph, 3)).0 > 100, "the network is active");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Random networks on random chips, with every checker on.
    #[test]
    fn any_network_on_any_chip(
        (graph, sample) in prop_oneof![
            arbitrary::quantized_case(arbitrary::Features::ALL),
            arbitrary::quantized_case(arbitrary::Features::LISTS),
        ],
        neurons in 1u64..40,
        balance in any::<bool>(),
        cores_per_router in 1u32..4,
        multicast in prop_oneof![
            Just(Multicast::Unicast),
            Just(Multicast::Rectangle),
            Just(Multicast::Tree { entries: None }),
            Just(Multicast::Tree { entries: Some(3) }),
        ],
    ) {
        let mut arch = chip("loihi1", neurons);
        arch.mesh.cores_per_router = cores_per_router;
        (arch.mesh.width, arch.mesh.height) = (24, 24);
        arch.noc.as_mut().expect("it has one").multicast = multicast;
        // Programs express neither a read-out finer than the map nor an input that is never presented.
        let options = Options { balance, ..options() };
        if let Err(CompileError::Diagnostics(found)) = compile_quantized(&graph, &arch, &options) {
            prop_assert!(found.0.iter().all(|d| ["readout", "input"].contains(&d.entity.as_str())), "{}", found);
        } else {
            agree_with(&graph, &arch, &sample, &options);
        }
    }
}
