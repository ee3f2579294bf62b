//! Batches: order, sums, errors and stopping do not depend on threads.

mod support;

use isa::{InputEvent, Ledger, Stimulus, arch::preset::preset};
use spikeloom_simulator::{Batch, BatchError, BatchOptions, Machine, NoProbe, RunError, TimingMode};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

fn machine() -> Machine {
    let arch = preset("loihi1").expect("a preset");
    Machine::new(&support::paper("loihi1"), &arch).expect("loads")
}

/// Sample i: spikes of the neurons whose bit is set in i, in both of the first timesteps.
fn stimulus(i: usize) -> Stimulus {
    let events = (0..16).filter(|bit| i >> bit & 1 == 1).map(|neuron| InputEvent { neuron, value: 1 });
    let events: Vec<InputEvent> = events.collect();
    Stimulus { steps: vec![events; 2], lasts: None }
}

fn options(threads: usize) -> BatchOptions<'static> {
    BatchOptions { mode: TimingMode::Analytic, threads, stop: None }
}

#[test]
fn any_number_of_threads_gives_the_runs_one_by_one() {
    let machine = machine();
    let mut ledger = Ledger::default();
    let one_by_one: Vec<_> = (0..200)
        .map(|i| {
            let run = machine.run(&stimulus(i * 97), TimingMode::Analytic, &mut NoProbe).expect("valid");
            ledger.merge(&run.ledger);
            (i, run)
        })
        .collect();
    assert!(one_by_one.iter().any(|(_, run)| run.layer_spikes[1] > 10), "some samples are active");
    for threads in [1, 2, 5] {
        let batch = machine.run_batch(200, options(threads), |i| stimulus(i * 97), |_, run| run.clone());
        assert_eq!(batch, Ok(Batch { results: one_by_one.clone(), ledger: ledger.clone() }));
    }
}

#[test]
fn the_first_failing_sample_is_named() {
    let bad = |i: usize| match i {
        30.. => Stimulus { steps: vec![vec![InputEvent { neuron: 100 + i as u32, value: 1 }]], lasts: None },
        _ => stimulus(i),
    };
    for threads in [1, 4] {
        match machine().run_batch(100, options(threads), bad, |_, _| ()) {
            Err(BatchError::Sample { sample: 30, error: RunError::NoSuchInput { neuron: 130, neurons: 16, .. } }) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn stopping_keeps_what_is_done() {
    let (stop, done) = (AtomicBool::new(false), AtomicUsize::new(0));
    let options = BatchOptions { stop: Some(&stop), ..options(1) };
    let batch = machine().run_batch(1000, options, stimulus, |_, run| {
        if done.fetch_add(1, Ordering::Relaxed) == 9 {
            stop.store(true, Ordering::Relaxed);
        }
        run.class
    });
    let batch = batch.expect("no sample fails");
    assert_eq!(batch.results.iter().map(|(i, _)| *i).collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
}
