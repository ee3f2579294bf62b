//! Simulated = analytical: what the simulator counts on the ideal machine equals the formulas of Lemaire et al. 2022 on
//! the same spike maps, layer by layer and term by term, exactly.

use compiler::{CompileError, Options, compile_quantized, stimulus};
use energy::analytic::{Network, Options as Reading, Reading::Exact, Reading::Paper, Shape, discrepancies, evaluate};
use ir::{
    Connectivity, Graph, NeuronModel, Quantized, Stimulus,
    arbitrary::{Features, quantized_case},
};
use isa::{Ledger, arch::preset::preset};
use proptest::prelude::*;
use simulator::{Machine, TimingMode};
use spikeloom::analytic::{self, Activity};
use training::{export, zoo};

/// Chains without pooling: what the analytical model knows.
const FEATURES: Features =
    Features { pool: false, neurons: true, readouts: true, max_delay: 3, max_input_delay: 1, ..Features::CHAIN };

/// Runs a sample on the ideal machine; `None` if the network does not compile.
fn run(graph: &Graph<Quantized>, sample: &Stimulus) -> Option<(Graph<Quantized>, Activity, Ledger)> {
    let arch = preset("lemaire_ideal").expect("a preset");
    let compiled = match compile_quantized(graph, &arch, &Options::default()) {
        Ok(compiled) => compiled,
        Err(CompileError::Diagnostics(_)) => return None,
        Err(error) => panic!("{error}"),
    };
    let machine = Machine::new(&compiled.program, &arch).expect("compiled programs load");
    let mut seen = Activity::new(&compiled.quantized);
    seen.begin();
    let run = machine.run(&stimulus(sample), TimingMode::Counts, &mut seen).expect("a valid sample");
    Some((compiled.quantized, seen, run.ledger))
}

/// Undoes the dilations, which the model does not know, where the undilated kernel leads to the same map.
fn undilated(mut graph: Graph<Quantized>) -> Graph<Quantized> {
    let ids: Vec<_> = graph.projections().map(|(id, _)| id).collect();
    for id in ids {
        let (pre, post) = graph.ends(id);
        let (from, to) = (graph.population(pre).shape, graph.population(post).shape);
        let projection = graph.projection_mut(id);
        if let Connectivity::Conv2d(conv) = &mut projection.connectivity {
            let plain = ir::Conv2d { dilation: (1, 1), ..*conv };
            if plain.output(from) == Some((to.height, to.width)) {
                *conv = plain;
            }
        }
    }
    graph
}

/// Compares every layer term by term; `None` if the network does not compile or is outside the model.
fn compare(graph: &Graph<Quantized>, sample: &Stimulus) -> Option<()> {
    let (graph, seen, ledger) = run(graph, sample)?;
    let found = analytic::disagreements(&graph, &seen, &ledger).ok()?;
    assert!(found.is_empty(), "{found:?}\n{:?}", analytic::layers(&graph, &seen));
    Some(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn counts_of_random_networks_equal_their_formulas((graph, sample) in quantized_case(FEATURES)) {
        compare(&undilated(graph), &sample);
    }
}

/// The property above is not empty: at least a third of the random networks compile and have an analytical form.
#[test]
fn a_third_of_the_random_networks_is_compared() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let compared = (0..100).filter(|_| {
        let (graph, sample) = quantized_case(FEATURES).new_tree(&mut runner).expect("a graph").current();
        compare(&undilated(graph), &sample).is_some()
    });
    let n = compared.count();
    assert!(n >= 33, "{n} of 100");
}

/// The bundled network on a bundled image: 8-bit weights, two-phase windows, directly coded input.
#[test]
fn counts_of_the_bundled_network_equal_their_formulas() {
    let (network, _) = zoo::find("mnist-small").expect("bundled").load().expect("whole");
    let graph = export::graph(&network).expect("deployable");
    let fused = compiler::pass::fuse::fuse(&graph).expect("a chain");
    let quantized = compiler::pass::quantize::quantize(&fused, &compiler::pass::quantize::QuantizeOptions::default())
        .expect("fits")
        .graph;
    let images = datasets::bundled::mnist_test_500();
    let input = quantized.input().expect("an input");
    let NeuronModel::Input { coding, .. } = quantized.population(input).neuron else { panic!("an input") };
    let sample = Stimulus::direct(&quantized.encoding.encode(images.image(0)), coding);
    assert_eq!(compare(&quantized, &sample), Some(()));

    let (quantized, seen, ledger) = run(&quantized, &sample).expect("compiles");
    let (network, direct, ids) = analytic::network(&quantized, &seen).expect("all windows are alike");
    assert_eq!(network.timesteps, 8);
    assert_eq!(discrepancies(&network, direct, &ledger, &ids).expect("complete"), []);
    let wrong = Network { timesteps: 9, ..network };
    assert!(!discrepancies(&wrong, direct, &ledger, &ids).expect("complete").is_empty(), "a ninth step is noticed");
}

/// The `paper` reading, which knows no borders, is met where it should be: stride 1, spikes off the borders.
#[test]
fn counts_equal_the_paper_reading_off_the_borders() {
    use ir::{
        Compare, Conv2d, Event, InputCoding, InputEncoding, Leak, PerChannel, Population, Projection, Reset, Spiking,
        Window,
    };
    let mut graph: Graph<Quantized> = Graph::new("interior", 4, InputEncoding::Pixels);
    let shape = ir::Shape::new(2, 7, 9);
    let input = graph.add_population(Population {
        name: "input".into(),
        shape,
        neuron: NeuronModel::Input { coding: InputCoding::spikes(4), scale: 1.0 },
        norm: (),
    });
    let neuron = Spiking {
        threshold: PerChannel::uniform(3),
        v_init: PerChannel::uniform(0),
        bias: PerChannel::uniform(1),
        leak: Leak::None,
        reset: Reset::Subtract,
        compare: Compare::GreaterEqual,
        window: Window::new(0, 4),
        floor: None,
    };
    let conv = graph.add_population(Population {
        name: "conv".into(),
        shape: ir::Shape::new(3, 7, 9),
        neuron: NeuronModel::Spiking(neuron),
        norm: (),
    });
    let weights = (0..2 * 3 * 9).map(|i| i % 5 - 2).collect();
    let connectivity = Connectivity::Conv2d(Conv2d::square(3, 1, 1));
    graph.connect(input, conv, Projection { connectivity, pool: None, weights, delay: 0 });
    graph.readout = ir::Readout::SpikeCount { population: conv };
    let spike = |c, y, x| Event { neuron: shape.index(c, y, x) as u32, value: 1 };
    let inside = vec![spike(0, 1, 1), spike(0, 3, 4), spike(1, 5, 7)];
    let sample = Stimulus { steps: vec![inside.clone(), vec![spike(1, 2, 6)], inside] };

    let counted = |sample: &Stimulus| {
        let (graph, seen, ledger) = run(&graph, sample).expect("compiles");
        let (network, direct, ids) = analytic::network(&graph, &seen).expect("a chain");
        assert_eq!(discrepancies(&network, direct, &ledger, &ids).expect("complete"), []);
        let Shape::Conv(_) = network.layers[0].shape else { panic!("a convolution") };
        let counts = |reading| {
            let terms = evaluate(&network, &Reading::new(reading)).expect("complete").terms.swap_remove(0).terms;
            terms.into_iter().filter(|t| t.count > 0.0).map(|t| (t.name, t.count)).collect::<Vec<_>>()
        };
        (counts(Paper), counts(Exact))
    };
    let (paper, exact) = counted(&sample);
    assert_eq!(paper, exact);
    let (paper, exact) = counted(&Stimulus { steps: vec![vec![spike(0, 0, 4)]] });
    assert_ne!(paper, exact, "a spike on the border reaches fewer neurons than the paper says");
}
