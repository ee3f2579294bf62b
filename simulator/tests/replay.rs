//! What a record says a mapping costs is what running the samples there costs: every count at every site, every tick of every
//! timestep, on every chip that holds the network, in every mode that has a replay.

use compiler::{Options, compile_quantized, stimulus};
use ir::{Graph, Quantized, Stimulus, arbitrary};
use isa::{
    Arch,
    arch::{Multicast, Sweep, Sync},
};
use proptest::test_runner::{Config, TestRunner};
use spikeloom_simulator::{BatchOptions, Machine, Record, ReplayError, TimingMode};
use std::cell::Cell;

/// The preset, with neurons that compute everything: what is tested here is the rest of the chip.
fn preset(name: &str) -> Option<Arch> {
    let mut arch = isa::arch::preset::preset(name)?;
    arch.core.dynamics = isa::arch::Dynamics::everything();
    Some(arch)
}

/// The preset with at most `neurons` neurons per core and as many chips as that may take.
fn chip(name: &str, neurons: Option<u64>) -> Arch {
    let mut arch = preset(name).expect("a preset");
    if let Some(neurons) = neurons {
        let mut limit = arch.tick_ps.clone();
        limit.value = neurons;
        arch.core.neurons = Some(limit);
        arch.mesh.chips = (8, 1);
    }
    arch
}

/// Chips that differ in everything that counts and times depend on.
fn chips() -> Vec<Arch> {
    let mut chips: Vec<Arch> = [None, Some(64), Some(17), Some(5)].map(|n| chip("loihi1", n)).into();
    chips.push(chip("lemaire_ideal", None));
    chips.push(chip("seneca_like", None));
    for (i, multicast) in [Multicast::Rectangle, Multicast::Tree { entries: None }].into_iter().enumerate() {
        let mut arch = chip("loihi1", Some(9));
        arch.noc.as_mut().expect("loihi1 has a network").multicast = multicast;
        chips.push(arch.clone());
        (arch.mesh.torus, arch.mesh.cores_per_router, arch.mesh.chips) = (true, 1, (1, 1));
        (arch.mesh.width, arch.mesh.height) = (12, 11);
        arch.noc.as_mut().expect("loihi1 has a network").flit_interval.value = 200;
        arch.sync = Sync::Token;
        let mut limited = arch.clone();
        limited.core.memories.queue.bits =
            arch.core.neurons.clone().map(|bits| isa::arch::Constant { value: 32, ..bits });
        limited.core.lanes = 3 + i as u32;
        limited.sync = Sync::Fixed(isa::arch::Constant { value: 100_000_000, ..arch.tick_ps.clone() });
        chips.extend([arch, limited]);
    }
    let mut visiting = chip("loihi1", Some(11));
    visiting.core.sweep = Sweep::Touched;
    chips.push(visiting);
    chips
}

/// The sample, and parts of it: others of the same network.
fn samples(sample: &Stimulus) -> Vec<isa::Stimulus> {
    let part = |keep: &dyn Fn(usize) -> bool| {
        let mut part = stimulus(sample);
        for step in &mut part.steps {
            let mut i = 0;
            step.retain(|_| {
                i += 1;
                keep(i)
            });
        }
        part
    };
    vec![part(&|_| true), part(&|i| i % 2 == 0), part(&|_| false), part(&|i| i % 3 != 0)]
}

/// Whether the chip holds the network; compares the costs if it does.
fn agree(graph: &Graph<Quantized>, samples: &[isa::Stimulus], arch: &Arch, record: &mut Option<Record>) -> bool {
    let Ok(compiled) = compile_quantized(graph, arch, &Options::default()) else { return false };
    let machine = Machine::new(&compiled.program, arch).expect("compiled programs load");
    let stimulus = |i: usize| samples[i].clone();
    let visiting = arch.core.sweep == Sweep::Touched;
    if record.as_ref().is_none_or(|record| visiting && !record.has_visits()) {
        *record = Some(machine.record(samples.len(), stimulus).expect("distinct events"));
    }
    let record = record.as_ref().expect("made above");
    for mode in [TimingMode::Counts, TimingMode::Analytic] {
        let options = BatchOptions { mode, threads: 1, stop: None };
        let ran = machine.run_batch(samples.len(), options, stimulus, |_, run| (run.class, run.time.clone()));
        let replayed = machine.replay(record, mode);
        let Ok(ran) = ran else {
            assert!(matches!(replayed, Err(ReplayError::Sample(_))), "{}: {replayed:?}", arch.name);
            continue;
        };
        let replayed = replayed.expect("it ran");
        for ((site, expected), (found_at, found)) in ran.ledger.rows().zip(replayed.ledger.rows()) {
            assert_eq!((site, expected), (found_at, found));
        }
        assert_eq!(ran.ledger, replayed.ledger);
        let times = replayed.times.map_or(vec![None; samples.len()], |times| times.into_iter().map(Some).collect());
        for ((i, (class, time)), replayed) in ran.results.into_iter().zip(times) {
            assert_eq!(class, record.outcomes()[i].class);
            assert_eq!(time, replayed, "sample {i}");
        }
    }
    true
}

#[test]
fn replaying_equals_running() {
    let mut runner = TestRunner::new(Config { cases: 192, failure_persistence: None, ..Config::default() });
    let (held, spikes) = (Cell::new(0), Cell::new(0));
    let chips = chips();
    let outcome = runner.run(&arbitrary::quantized_case(arbitrary::Features::ALL), |(graph, sample)| {
        let mut record = None;
        let samples = samples(&sample);
        let n = chips.iter().filter(|arch| agree(&graph, &samples, arch, &mut record)).count();
        held.set(held.get() + n);
        spikes.set(spikes.get() + record.iter().flat_map(Record::layer_spikes).sum::<u64>());
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(held.get() > 1000 && spikes.get() > 10_000, "{} mappings of {} spikes", held.get(), spikes.get());
}

#[test]
fn what_cannot_be_replayed_is_refused() {
    let mut runner = TestRunner::deterministic();
    let features = arbitrary::Features { neurons: false, windows: false, ..arbitrary::Features::ALL };
    let strategy = arbitrary::quantized_case(features);
    let mut refused = 0;
    for _ in 0..20 {
        let (graph, sample) = proptest::strategy::Strategy::new_tree(&strategy, &mut runner)
            .map(|tree| proptest::strategy::ValueTree::current(&tree))
            .expect("a network");
        let mut arch = chip("loihi1", None);
        let Ok(compiled) = compile_quantized(&graph, &arch, &Options::default()) else { continue };
        let machine = Machine::new(&compiled.program, &arch).expect("compiled programs load");
        let record = machine.record(1, |_| stimulus(&sample)).expect("distinct events");
        assert_eq!(machine.replay(&record, TimingMode::Cycle), Err(ReplayError::Cycle));
        arch.core.sweep = Sweep::Touched;
        let Ok(machine) = Machine::new(&compiled.program, &arch) else { continue };
        assert_eq!(machine.replay(&record, TimingMode::Counts), Err(ReplayError::Visits { arch: arch.name }));
        refused += 1;
    }
    assert!(refused > 0);
}
