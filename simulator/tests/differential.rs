//! A loaded program does what its graph means: every spike of every layer in every timestep, every potential after every
//! timestep, the class decision; on every chip, with tiles that do not divide the maps, with queues of one event, in every
//! timing mode.

use compiler::{CompileError, Diagnostics, Options, compile_quantized, stimulus};
use ir::{Graph, Quantized, Stimulus, arbitrary};
use isa::{
    Arch, LayerId, Timestep,
    arch::{Constant, Multicast, preset::preset},
};
use proptest::test_runner::{Config, TestRunner};
use spikeloom_simulator::{Machine, Probe, TimingMode};
use std::cell::Cell;

/// Everything a run shows: `spikes[t][layer]`, `potentials[t][layer]`.
#[derive(Default)]
struct Recorder {
    spikes: Vec<Vec<Vec<u32>>>,
    potentials: Vec<Vec<(LayerId, Vec<i32>)>>,
}

impl Probe for Recorder {
    const SPIKES: bool = true;
    const POTENTIALS: bool = true;

    fn spikes(&mut self, t: Timestep, layer: LayerId, neurons: &[u32]) {
        self.spikes.resize(t.0 as usize + 1, Vec::new());
        self.spikes[t.0 as usize].resize(layer.0 as usize, Vec::new());
        self.spikes[t.0 as usize].push(neurons.to_vec());
    }

    fn potentials(&mut self, t: Timestep, layer: LayerId, potentials: &[i32]) {
        self.potentials.resize(t.0 as usize + 1, Vec::new());
        self.potentials[t.0 as usize].push((layer, potentials.to_vec()));
    }
}

/// The preset with at most `neurons` neurons per core and as many chips as that may take.
fn chip(name: &str, neurons: Option<u64>) -> Arch {
    let mut arch = preset(name).expect("a preset");
    arch.core.dynamics = isa::arch::Dynamics::everything();
    if let Some(neurons) = neurons {
        let mut limit = arch.tick_ps.clone();
        limit.value = neurons;
        arch.core.neurons = Some(limit);
        arch.mesh.chips = (8, 1);
    }
    arch
}

/// Returns the number of spikes compared, or why the network does not fit.
fn agree(graph: &Graph<Quantized>, sample: &Stimulus, arch: &Arch) -> Result<usize, Diagnostics> {
    let program = match compile_quantized(graph, arch, &Options::default()) {
        Ok(compiled) => compiled.program,
        Err(CompileError::Diagnostics(refusals)) => return Err(refusals),
        Err(error) => panic!("{error}"),
    };
    let machine = Machine::new(&program, arch).expect("compiled programs load");
    let mut meant: Vec<Vec<(LayerId, Vec<i64>)>> = vec![Vec::new(); graph.timesteps as usize];
    let trace = ir::interp::interpret_with(graph, sample, |t, population, potentials| {
        meant[t.0 as usize].push((LayerId(population.0 as u16), potentials.to_vec()));
    });
    let mut state = machine.state();
    let mut reference = None;
    for mode in [TimingMode::Counts, TimingMode::Analytic, TimingMode::Cycle] {
        let mut seen = Recorder::default();
        let run = machine.run_in(&mut state, &stimulus(sample), mode, &mut seen).expect("a valid sample");
        for (t, layers) in seen.spikes.iter().enumerate() {
            for (layer, spikes) in
                layers.iter().enumerate().filter(|(l, _)| graph.input().map(|i| i.0) != Some(*l as u32))
            {
                assert_eq!(*spikes, trace.spikes[layer][t], "spikes of layer {layer} at t={t}");
            }
        }
        for (t, meant) in meant.iter_mut().enumerate() {
            meant.sort_by_key(|(layer, _)| *layer);
            let seen: Vec<(LayerId, Vec<i64>)> = seen.potentials[t]
                .iter()
                .map(|(layer, v)| (*layer, v.iter().map(|&v| i64::from(v)).collect()))
                .collect();
            assert_eq!(seen, *meant, "potentials at t={t}");
        }
        assert_eq!(run.class, trace.decision.class);
        // What emits values without firing sends events that are no spikes.
        let fires = |layer: &usize| graph.population(ir::PopulationId(*layer as u32)).neuron.spikes();
        let spikes: u64 = (1..run.layer_spikes.len()).filter(fires).map(|layer| run.layer_spikes[layer]).sum();
        assert_eq!(spikes as usize, trace.n_spikes());
        assert_eq!(run.time.is_some(), mode != TimingMode::Counts && machine.has_time());
        let untimed = (run.class, run.counts, run.potentials, run.ledger);
        assert_eq!(*reference.get_or_insert_with(|| untimed.clone()), untimed, "{mode:?} changes nothing but time");
    }
    Ok(trace.n_spikes())
}

/// Returns the spikes compared, over all chips that hold the network; the unlimited one does if a program can.
fn check(graph: &Graph<Quantized>, sample: &Stimulus) -> usize {
    let sizes = [None, Some(64), Some(17), Some(5)];
    let spikes: usize = sizes.iter().filter_map(|&neurons| agree(graph, sample, &chip("loihi1", neurons)).ok()).sum();
    for multicast in [Multicast::Rectangle, Multicast::Tree { entries: None }] {
        let mut arch = chip("loihi1", Some(9));
        arch.noc.as_mut().expect("loihi1 has a network").multicast = multicast;
        let _ = agree(graph, sample, &arch);
        // Small buffers and a torus, one core per router: packets wait and wrap around.
        (arch.mesh.torus, arch.mesh.cores_per_router, arch.mesh.chips) = (true, 1, (1, 1));
        (arch.mesh.width, arch.mesh.height) = (12, 11);
        let noc = arch.noc.as_mut().expect("loihi1 has a network");
        (noc.buffer_flits, noc.flit_interval.value) = (1, 200);
        let _ = agree(graph, sample, &arch);
        // Queues of one event: routers wait for cores too.
        arch.core.memories.queue.bits = arch.core.neurons.clone().map(|bits| Constant { value: 32, ..bits });
        let _ = agree(graph, sample, &arch);
    }
    let unlimited = agree(graph, sample, &chip("lemaire_ideal", None)).unwrap_or_else(|refusals| {
        let of_program = refusals.0.iter().all(|refusal| refusal.message == "is more than a program can hold");
        assert!(of_program, "a chip without limits refuses nothing else: {refusals:?}");
        0
    });
    spikes + unlimited
}

#[test]
fn random_networks_agree_with_the_interpreter() {
    let mut runner = TestRunner::new(Config { cases: 256, failure_persistence: None, ..Config::default() });
    let spikes = Cell::new(0);
    let outcome = runner.run(&arbitrary::quantized_case(arbitrary::Features::ALL), |(graph, sample)| {
        spikes.set(spikes.get() + check(&graph, &sample));
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    let outcome = runner.run(&arbitrary::quantized_case(arbitrary::Features::LISTS), |(graph, sample)| {
        spikes.set(spikes.get() + check(&graph, &sample));
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(spikes.get() > 15_000, "the networks are active: {} spikes compared", spikes.get());
}
