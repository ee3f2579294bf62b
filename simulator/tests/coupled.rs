//! Chips that fire per event: every spike with its tick and place in the order, and every potential, are those of a slow
//! reference; and where order cannot matter, spikes are those of timesteps.

#[path = "support/per_event.rs"]
mod per_event;

use compiler::{CompileError, Options, compile_quantized, stimulus};
use ir::{Connectivity, Graph, InputCoding, Leak, NeuronModel, PerChannel, Quantized, Stimulus, arbitrary};
use isa::{
    Action, Arch, Cycle, LayerId, Program, Timestep,
    arch::{Memory, Multicast, Ports, preset::preset},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use spikeloom_simulator::{BatchOptions, Machine, Probe, TimingMode};
use std::cell::Cell;

/// Events of a sample beyond which a comparison is given up.
const MOST: u64 = 4_000;

#[derive(Default)]
struct Recorder {
    firings: Vec<(u64, u16, u32)>,
    spikes: Vec<Vec<u32>>,
    potentials: Vec<(LayerId, Vec<i64>)>,
}

impl Probe for Recorder {
    const SPIKES: bool = true;
    const POTENTIALS: bool = true;
    const FIRINGS: bool = true;

    fn spikes(&mut self, t: Timestep, layer: LayerId, neurons: &[u32]) {
        assert_eq!((t, layer), (Timestep(0), LayerId(self.spikes.len() as u16)), "one call per layer");
        self.spikes.push(neurons.to_vec());
    }

    fn potentials(&mut self, _: Timestep, layer: LayerId, potentials: &[i32]) {
        self.potentials.push((layer, potentials.iter().map(|&v| v.into()).collect()));
    }

    fn firing(&mut self, at: Cycle, layer: LayerId, neuron: u32) {
        self.firings.push((at.0, layer.0, neuron));
    }
}

/// What varies between chips.
#[derive(Clone, Copy, Debug)]
struct Variant {
    name: &'static str,
    neurons: u64,
    state_bits: u32,
    lanes: u32,
    multicast: Multicast,
    shared_port: bool,
    /// Ticks of event, synaptic operation, packet, router.
    times: (u64, u64, u64, u64),
    /// Ticks between flits at a port.
    interval: u64,
}

fn variant() -> impl Strategy<Value = Variant> {
    let multicast =
        prop_oneof![Just(Multicast::Rectangle), Just(Multicast::Unicast), Just(Multicast::Tree { entries: None })];
    let times = (1..20u64, 0..12u64, 0..8u64, 0..9u64);
    (
        prop_oneof![Just("speck_scaled"), Just("speck2")],
        prop_oneof![Just(4096u64), 1..60u64],
        prop_oneof![Just(16), Just(31), 11..14u32],
        1..5u32,
        multicast,
        any::<bool>(),
        times,
        prop_oneof![Just(1u64), 1..60u64],
    )
        .prop_map(|(name, neurons, state_bits, lanes, multicast, shared_port, times, interval)| Variant {
            name,
            neurons,
            state_bits,
            lanes,
            multicast,
            shared_port,
            times,
            interval,
        })
}

/// The preset without its limits, except on neurons, so that any network is cut and fits.
fn chip(variant: Variant) -> Arch {
    let mut arch = preset(variant.name).expect("a preset");
    let constant = |value| {
        let mut constant = preset("speck2").expect("a preset").tick_ps;
        (constant.value, constant.low, constant.high) = (value, 0, 1 << 32);
        Some(constant)
    };
    let core = &mut arch.core;
    (core.neurons, core.channels, core.destination_layers, core.convolution) =
        (constant(variant.neurons), None, None, None);
    (core.state_bits, core.lanes) = (variant.state_bits, variant.lanes);
    let boundless = |memory: &mut Memory| (memory.bits, memory.bits_by_core) = (None, Vec::new());
    boundless(&mut core.memories.weights);
    boundless(&mut core.memories.state);
    boundless(&mut core.memories.params);
    core.memories.state.word_bits = 32;
    if variant.shared_port {
        core.memories.state.ports = Ports::OneReadWrite;
    }
    core.timing.event = constant(variant.times.0);
    core.timing.synapse = constant(variant.times.1);
    core.timing.emit = constant(variant.times.2);
    (arch.mesh.width, arch.mesh.height) = (20, 20);
    if let Some(noc) = &mut arch.noc {
        noc.multicast = variant.multicast;
        noc.router = constant(variant.times.3).expect("made here");
        (noc.link_east_west.value, noc.link_north_south.value) = (2, 5);
        noc.flit_interval = constant(variant.interval).expect("made here");
    }
    assert_eq!(isa::arch::validate::validate(&arch), []);
    arch
}

/// Takes away what only timesteps give: bias and leak.
fn timeless(mut graph: Graph<Quantized>) -> Graph<Quantized> {
    let ids: Vec<_> = graph.populations().map(|(id, _)| id).collect();
    for id in ids {
        if let NeuronModel::Spiking(neuron) = &mut graph.population_mut(id).neuron {
            (neuron.bias, neuron.leak) = (PerChannel::uniform(0), Leak::None);
        }
    }
    graph
}

fn program(graph: &Graph<Quantized>, arch: &Arch) -> Option<Program> {
    let options = Options { check: true, moves_per_cluster: 20, ..Options::default() };
    match compile_quantized(graph, arch, &options) {
        Ok(compiled) => Some(compiled.program),
        Err(CompileError::Diagnostics(found)) => {
            let of_program =
                |message: &str| message == "is more than a program can hold" || message.contains("cores than");
            assert!(found.0.iter().all(|refusal| of_program(&refusal.message)), "{found}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Compares one sample; returns its number of spikes and how much later it ends where packets wait for each other, or `None`
/// if it is not compared.
fn agree(graph: &Graph<Quantized>, sample: &Stimulus, arch: &Arch) -> Option<(usize, u64)> {
    let program = program(graph, arch)?;
    let meant = per_event::execute((graph, &program, arch), sample, MOST)?;
    let machine = Machine::new(&program, arch).expect("compiled programs load");
    let mut state = machine.state();
    let mut seen = Recorder::default();
    let run = machine.run_in(&mut state, &stimulus(sample), TimingMode::Analytic, &mut seen).expect("a valid sample");
    assert_eq!(seen.firings, meant.firings, "spikes in their order");
    for (layer, potentials) in &seen.potentials {
        assert_eq!(*potentials, meant.potentials[layer.0 as usize], "potentials of {layer}");
    }
    for (layer, neurons) in seen.spikes.iter().enumerate().skip(1) {
        let mut all: Vec<u32> = meant.firings.iter().filter(|f| usize::from(f.1) == layer).map(|f| f.2).collect();
        all.sort_unstable();
        assert_eq!(*neurons, all);
        assert_eq!(run.layer_spikes[layer], all.len() as u64);
    }
    assert_eq!(run.saturated, meant.saturated);
    assert_eq!(run.time.as_ref().expect("analytic").steps[0].compute, meant.end);

    let total = run.ledger.total();
    let [events, spikes] = [meant.events, meant.firings.len() as u64];
    assert_eq!([total[Action::QueuePush], total[Action::QueuePop]], [events; 2]);
    assert_eq!(total[Action::AxonRead], events + meant.lists);
    assert_eq!(total[Action::Instruction], 4 * events, "no handler runs but that of events");
    assert_eq!([total[Action::NeuronSpike], total[Action::SpikeReset]], [spikes; 2]);
    assert_eq!(total[Action::NeuronIdle] + spikes, meant.updates);
    assert_eq!(total.synaptic_operations(), meant.synapses);
    assert_eq!(total[Action::PacketEject], if arch.noc.is_some() { events } else { 0 });
    assert_eq!(total[Action::Barrier] + total[Action::BiasAdd] + total[Action::LeakMac], 0);

    // A used state and another mode change nothing but time, and a network in which packets wait only delays.
    let mut again = |mode| {
        let again =
            machine.run_in(&mut state, &stimulus(sample), mode, &mut spikeloom_simulator::NoProbe).expect("valid");
        let time = again.time.clone();
        assert_eq!(spikeloom_simulator::Run { time: run.time.clone(), ..again }, run);
        time
    };
    assert_eq!(again(TimingMode::Counts), None);
    let (free, waiting) = (run.time.as_ref().expect("analytic"), again(TimingMode::Cycle).expect("one flit a packet"));
    assert!(waiting.steps[0].compute >= free.steps[0].compute && waiting.total >= free.total);
    Some((meant.firings.len(), waiting.total - free.total))
}

fn features() -> arbitrary::Features {
    arbitrary::Features { recurrence: false, max_delay: 1, max_weight: 40, ..arbitrary::Features::ALL }
}

#[test]
fn random_networks_agree_with_the_reference() {
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let (spikes, compared, listed, late) = (Cell::new(0), Cell::new(0), Cell::new(0), Cell::new(0));
    let cases = (arbitrary::quantized_case(features()), variant());
    let outcome = runner.run(&cases, |((graph, sample), variant)| {
        let lists = graph.projections().any(|(_, p)| matches!(p.connectivity, Connectivity::Sparse(_)));
        if let Some((n, delay)) = agree(&timeless(graph), &sample, &chip(variant)) {
            spikes.set(spikes.get() + n);
            late.set(late.get() + u32::from(delay > 0));
            compared.set(compared.get() + 1);
            listed.set(listed.get() + u32::from(lists));
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(compared.get() > 100, "most networks are compared: {}", compared.get());
    let late = late.get();
    assert!(late > 20 && late < compared.get() - 20, "{late} of {} end later where packets wait", compared.get());
    assert!(listed.get() > 20, "many of them have synapse lists: {}", listed.get());
    assert!(spikes.get() > 2_000, "the networks are active: {} spikes", spikes.get());
}

/// Binary input, weights `0 ≤ w ≤ θ` and potentials that begin in `0..θ`: an update adds at most one threshold, so a neuron
/// ends below it and has fired `⌊(v₀ + Σ w)/θ⌋` times whatever the order, as it does in timesteps once all is drained.
fn ordered_by_nothing(mut graph: Graph<Quantized>) -> Graph<Quantized> {
    graph = timeless(graph);
    graph.timesteps = 150;
    for id in graph.projections().map(|(id, _)| id).collect::<Vec<_>>() {
        graph.projection_mut(id).weights.iter_mut().for_each(|w| *w = w.abs());
    }
    for id in graph.populations().map(|(id, _)| id).collect::<Vec<_>>() {
        let largest = graph.incoming(id).iter().map(|&p| largest_step(graph.projection(p))).max().unwrap_or(0);
        match &mut graph.population_mut(id).neuron {
            NeuronModel::Input { coding, .. } => *coding = InputCoding::spikes(150),
            NeuronModel::Spiking(neuron) => {
                neuron.threshold.0.iter_mut().for_each(|t| *t = (*t).max(i64::from(largest)).max(1));
                let least = neuron.threshold.0.iter().copied().min().unwrap_or(1);
                neuron.v_init.0.iter_mut().for_each(|v| *v = v.rem_euclid(least));
                neuron.window = ir::Window::new(0, 150);
                neuron.floor = None;
                neuron.compare = ir::Compare::GreaterEqual;
                neuron.reset = ir::Reset::Subtract;
            }
            _ => {}
        }
    }
    graph
}

/// The most that one event adds to a potential, for weights of at least 0: a pair of neurons may have several synapses.
fn largest_step(projection: &ir::Projection<Quantized>) -> i32 {
    let largest = projection.weights.iter().copied().max().unwrap_or(0);
    let ir::Connectivity::Sparse(lists) = &projection.connectivity else { return largest };
    let synapses = lists.iter().flat_map(|list| list.chunk_by(|a, b| a == b).map(<[u32]>::len)).max().unwrap_or(0);
    largest * synapses as i32
}

#[test]
fn where_order_cannot_matter_spikes_are_those_of_timesteps() {
    let mut runner = TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() });
    let (spikes, compared) = (Cell::new(0), Cell::new(0));
    let features = arbitrary::Features { events: false, windows: false, max_input_delay: 0, ..features() };
    let cases = (arbitrary::quantized(features), variant(), proptest::collection::vec(0..4u32, 200));
    let outcome = runner.run(&cases, |(graph, variant, choices)| {
        let graph = ordered_by_nothing(graph);
        let neurons = graph.population(graph.input().expect("has one")).shape.neurons();
        let mut events = choices.chunks(neurons).take(3).map(|step| {
            let on = step.iter().enumerate().filter(|(_, choice)| **choice == 0);
            on.map(|(neuron, _)| ir::Event { neuron: neuron as u32, value: 1 }).collect::<Vec<_>>()
        });
        let sample = Stimulus { steps: events.by_ref().collect() };
        let arch = chip(Variant { state_bits: 31, ..variant });
        let Some(program) = program(&graph, &arch) else { return Ok(()) };
        let trace = ir::interpret(&graph, &sample);
        let drained = trace.spikes.iter().all(|steps| steps.last().is_none_or(Vec::is_empty));
        let quiet = graph.populations().all(|(id, p)| match &p.neuron {
            NeuronModel::Spiking(neuron) => trace.potentials[id.0 as usize]
                .iter()
                .enumerate()
                .all(|(i, &v)| v < neuron.threshold.at(p.shape.channel(i))),
            _ => true,
        });
        if !(drained && quiet) {
            return Ok(());
        }
        let mut seen = Recorder::default();
        let machine = Machine::new(&program, &arch).expect("compiled programs load");
        let run = machine.run(&stimulus(&sample), TimingMode::Counts, &mut seen).expect("a valid sample");
        for (layer, neurons) in seen.spikes.iter().enumerate().skip(1) {
            let mut meant: Vec<u32> = trace.spikes[layer].iter().flatten().copied().collect();
            meant.sort_unstable();
            prop_assert_eq!(neurons, &meant);
        }
        for (layer, potentials) in &seen.potentials {
            prop_assert_eq!(potentials, &trace.potentials[layer.0 as usize]);
        }
        prop_assert_eq!(run.class, trace.decision.class);
        spikes.set(spikes.get() + trace.n_spikes());
        compared.set(compared.get() + 1);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(compared.get() > 60, "networks are compared: {}", compared.get());
    assert!(spikes.get() > 1_000, "the networks are active: {} spikes", spikes.get());
}

/// In a chain with one core per layer every core hears one sender, whose events cannot overtake each other.
#[test]
fn in_a_chain_of_single_cores_times_change_no_spike() {
    let mut runner = TestRunner::new(Config { cases: 100, failure_persistence: None, ..Config::default() });
    let features = arbitrary::Features { max_weight: 40, ..arbitrary::Features::CHAIN };
    let cases = (arbitrary::quantized_case(features), variant(), variant());
    let outcome = runner.run(&cases, |((graph, sample), one, other)| {
        let graph = timeless(graph);
        let of = |variant: Variant| {
            let arch = chip(Variant { neurons: 4096, state_bits: 20, ..variant });
            let program = program(&graph, &arch)?;
            per_event::execute((&graph, &program, &arch), &sample, MOST)?;
            let mut seen = Recorder::default();
            let machine = Machine::new(&program, &arch).expect("compiled programs load");
            machine.run(&stimulus(&sample), TimingMode::Counts, &mut seen).expect("a valid sample");
            // Layer by layer, in order.
            let mut firings: Vec<(u16, u32)> = seen.firings.iter().map(|&(_, layer, neuron)| (layer, neuron)).collect();
            firings.sort_by_key(|(layer, _)| *layer);
            Some((firings, seen.potentials))
        };
        prop_assert_eq!(of(one), of(other));
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn any_number_of_threads_gives_the_same_runs() {
    let mut runner = TestRunner::deterministic();
    let cases = (arbitrary::quantized_case(features()), variant());
    let outcome = runner.run(&cases, |((graph, sample), variant)| {
        let (graph, arch) = (timeless(graph), chip(variant));
        let Some(program) = program(&graph, &arch) else { return Ok(()) };
        if per_event::execute((&graph, &program, &arch), &sample, MOST).is_none() {
            return Ok(());
        }
        let machine = Machine::new(&program, &arch).expect("compiled programs load");
        let of = |i: usize| {
            let steps = sample.steps.iter().map(|step| step.iter().copied().skip(i).collect()).collect();
            stimulus(&Stimulus { steps })
        };
        let batch = |threads| {
            let options = BatchOptions { mode: TimingMode::Analytic, threads, stop: None };
            machine.run_batch(6, options, of, |_, run| run.clone())
        };
        let one = batch(1);
        prop_assert_eq!(&batch(2), &one);
        prop_assert_eq!(&batch(5), &one);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
