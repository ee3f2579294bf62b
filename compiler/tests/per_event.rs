//! Chips that fire per event: what they hold, and why they refuse the rest.

mod support;

use ir::{
    Connectivity, Conv2d, Graph, InputCoding, InputEncoding, Leak, NeuronModel, PerChannel, Population, Projection,
    Quantized, Readout, Shape, Spiking, Window,
};
use isa::{Arch, Instruction};
use spikeloom_compiler::{CompileError, Diagnostics, Options, compile_quantized};
use support::{network::reference, preset};

fn chip(name: &str) -> Arch {
    preset(name).expect("a preset")
}

fn neuron() -> Spiking<Quantized> {
    Spiking {
        threshold: PerChannel::uniform(10),
        v_init: PerChannel::uniform(5),
        bias: PerChannel::uniform(0),
        leak: Leak::None,
        reset: ir::Reset::Subtract,
        compare: ir::Compare::GreaterEqual,
        window: Window::new(0, 4),
        floor: None,
    }
}

/// 1×8×8 → 4×8×8 → 2×4×4, two-phase windows and an initial potential included.
fn small() -> Graph<Quantized> {
    let mut graph = Graph::new("small", 8, InputEncoding::Pixels);
    let mut add =
        |name: &str, shape, neuron| graph.add_population(Population { name: name.into(), shape, neuron, norm: () });
    let input = NeuronModel::Input { coding: InputCoding::DirectOnce, scale: 1.0 };
    let spiking = |start| NeuronModel::Spiking(Spiking { window: Window::new(start, start + 4), ..neuron() });
    let input = add("input", Shape::new(1, 8, 8), input);
    let first = add("first", Shape::new(4, 8, 8), spiking(0));
    let second = add("second", Shape::new(2, 4, 4), spiking(4));
    let conv = |stride, n: usize, delay| Projection {
        connectivity: Connectivity::Conv2d(Conv2d::square(3, stride, 1)),
        pool: None,
        weights: (0..n as i32).map(|i| i * 7 % 23 - 9).collect(),
        delay,
    };
    graph.connect(input, first, conv(1, 4 * 9, 0));
    graph.connect(first, second, conv(2, 2 * 4 * 9, 1));
    graph.readout = Readout::SpikeCount { population: second };
    graph
}

fn refused(graph: &Graph<Quantized>, arch: &Arch) -> Diagnostics {
    match compile_quantized(graph, arch, &Options::default()) {
        Err(CompileError::Diagnostics(found)) => found,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it is refused"),
    }
}

#[test]
fn what_fits_is_accepted_and_ticks_do_nothing() {
    for name in ["speck2", "speck_scaled"] {
        let options = Options { check: true, ..Options::default() };
        let compiled = compile_quantized(&small(), &chip(name), &options).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(compiled.program.cores.iter().all(|core| core.on_tick == [Instruction::End]));
    }
}

#[test]
fn everything_that_needs_timesteps_is_listed_at_once() {
    let mut graph = small();
    let [_, first, second] = [0, 1, 2].map(ir::PopulationId);
    for (id, bias, leak) in [(first, 3, Leak::None), (second, 0, Leak::Decay(128))] {
        graph.population_mut(id).neuron =
            NeuronModel::Spiking(Spiking { bias: PerChannel::uniform(bias), leak, ..neuron() });
    }
    graph.projection_mut(ir::ProjectionId(1)).delay = 3;
    let back = Projection { connectivity: Connectivity::OneToOne, pool: None, weights: vec![1], delay: 1 };
    graph.connect(second, second, back);
    insta::assert_snapshot!(refused(&graph, &chip("speck2")));
    // With timesteps there is nothing to object to.
    compile_quantized(&graph, &chip("loihi1"), &Options::default()).expect("loihi1 holds it");
}

#[test]
fn one_event_must_not_leave_the_adder() {
    let mut arch = chip("speck2");
    arch.core.weight_bits = vec![16];
    arch.core.state_bits = 31;
    (arch.core.memories.weights.word_bits, arch.core.memories.state.word_bits) = (16, 32);
    let mut graph = small();
    graph.encoding = InputEncoding::Standardized { gain: 32.0, eps: 0.05, limit: 1 << 17 };
    graph.projection_mut(ir::ProjectionId(0)).weights[0] = -32_000;
    let found = refused(&graph, &arch);
    let limit = found.0[0].limit.as_ref().expect("a limit");
    assert_eq!((limit.used, limit.max), (32_000 << 17, (1 << 30) - 1), "{found}");

    // The synapses of one pair are added at once, those of different pairs are not.
    graph.projection_mut(ir::ProjectionId(0)).weights[0] = 0;
    let lists = |target: fn(u32) -> u32| {
        let first = (0..40_000).map(target).collect();
        let lists = std::iter::once(first).chain(vec![Vec::new(); 4 * 8 * 8 - 1]);
        Projection {
            connectivity: Connectivity::Sparse(ir::SynapseLists::new(lists)),
            pool: None,
            weights: vec![-32_000; 40_000],
            delay: 1,
        }
    };
    *graph.projection_mut(ir::ProjectionId(1)) = lists(|_| 7);
    let found = refused(&graph, &arch);
    let limit = found.0[0].limit.as_ref().expect("a limit");
    assert_eq!(limit.used, 32_000 * 40_000, "{found}");
    *graph.projection_mut(ir::ProjectionId(1)) = lists(|i| i / 1_250);
    let held = |found: Diagnostics| found.0.iter().all(|d| !d.message.contains("adder"));
    let options = Options::default();
    assert!(match compile_quantized(&graph, &arch, &options) {
        Err(CompileError::Diagnostics(found)) => held(found),
        other => other.is_ok(),
    });
}

#[test]
fn speck_refuses_the_reference_network_and_the_scaled_one_holds_it() {
    let mut graph = reference();
    for id in graph.populations().map(|(id, _)| id).collect::<Vec<_>>() {
        if let NeuronModel::Spiking(neuron) = &mut graph.population_mut(id).neuron {
            (neuron.bias, neuron.leak) = (PerChannel::uniform(0), Leak::None);
        }
    }
    // The third layer's kernels alone, padded to powers of two, take 245,760 words; the largest cores have 65,536.
    let found = refused(&graph, &chip("speck2"));
    let limit = found.0[0].limit.as_ref().expect("a limit");
    assert_eq!((limit.resource.as_str(), limit.used, limit.max), ("cores", 15, 9), "{found}");
    assert!(found.0[0].remedy.contains("speck_scaled (15 cores)"), "{found}");
    compile_quantized(&graph, &chip("speck_scaled"), &Options::default()).expect("speck_scaled holds it");
}
