//! A sample that is shorter than the program's input is run as by a program that was made for its length: the same spikes,
//! potentials, counts and time.

use compiler::{Options, compile_quantized, stimulus};
use ir::{
    Event, Graph, InputCoding, NeuronModel, Quantized, Stimulus, Window,
    arbitrary::{Features, quantized},
    lasting,
};
use isa::arch::preset::preset;
use proptest::test_runner::{Config, TestRunner};
use spikeloom_simulator::{Machine, NoProbe, RunError, TimingMode};
use std::cell::Cell;

const STEPS: u32 = 7;

/// The chain as a pipeline: the layer behind n others updates in timesteps n to n + STEPS.
fn pipeline(mut graph: Graph<Quantized>) -> Graph<Quantized> {
    let ids: Vec<_> = graph.populations().map(|(id, _)| id).collect();
    let mut depth = 0;
    for id in ids {
        match &mut graph.population_mut(id).neuron {
            NeuronModel::Input { coding, .. } => *coding = InputCoding::spikes(STEPS),
            NeuronModel::Spiking(neuron) => {
                neuron.window = Window::new(depth, depth + STEPS);
                depth += 1;
            }
            NeuronModel::Dynamic(list) if list.ops.is_empty() => list.words[0].init.0.iter_mut().for_each(|v| *v = 0),
            NeuronModel::Dynamic(list) => {
                list.window = Window::new(depth, depth + STEPS);
                depth += 1;
            }
            NeuronModel::Accumulator { v_init } => v_init.0.iter_mut().for_each(|v| *v = 0),
            NeuronModel::Linear => {}
        }
    }
    graph.timesteps = STEPS + depth;
    graph
}

/// About every third neuron fires in a timestep.
fn sample(neurons: u32, steps: u32) -> Stimulus {
    let step = |t: u32| {
        let fires = |neuron: &u32| (neuron * 7 + t * 5 + neuron * t).is_multiple_of(3);
        (0..neurons).filter(fires).map(|neuron| Event { neuron, value: 1 }).collect()
    };
    Stimulus { steps: (0..steps).map(step).collect() }
}

#[test]
fn a_shorter_sample_is_a_program_of_its_length() {
    let features = Features { neurons: true, readouts: true, lists: true, ..Features::CHAIN };
    for chip in ["loihi1", "seneca_like"] {
        let arch = preset(chip).expect("a preset");
        let mut runner = TestRunner::new(Config { cases: 240, failure_persistence: None, ..Config::default() });
        let (compared, spikes) = (Cell::new(0), Cell::new(0));
        let outcome = runner.run(&(quantized(features), 0..=STEPS), |(graph, steps)| {
            let graph = pipeline(graph);
            let own = lasting(&graph, steps).expect("a pipeline");
            let compile = |graph| compile_quantized(graph, &arch, &Options::default());
            let (Ok(long), true) = (compile(&graph), steps > 0) else { return Ok(()) };
            let short = compile(&own).expect("fits as the longer one does");
            assert!(long.program.is_elastic() && ir::verify(&own).is_empty());
            let neurons = graph.population(graph.input().expect("an input")).shape.neurons() as u32;
            let events = sample(neurons, steps);
            let meant = ir::interpret(&own, &events);
            let shortened = isa::Stimulus { lasts: Some(steps), ..stimulus(&events) };
            let input = usize::from(long.program.input.layer.0);
            let long = Machine::new(&long.program, &arch).expect("loads");
            let short = Machine::new(&short.program, &arch).expect("loads");
            for mode in [TimingMode::Counts, TimingMode::Analytic, TimingMode::Cycle] {
                let run = long.run(&shortened, mode, &mut NoProbe).expect("a valid sample");
                assert_eq!(run, short.run(&stimulus(&events), mode, &mut NoProbe).expect("a valid sample"));
                assert_eq!(run.class, meant.decision.class);
                let n = run.layer_spikes.iter().sum::<u64>() - run.layer_spikes[input];
                // What emits values counts each as a spike of its layer, which it is none of.
                let values = graph.populations().any(|(_, p)| p.neuron.emits() == ir::Emits::Values);
                assert!(values || n == meant.n_spikes() as u64, "{n}, {} meant", meant.n_spikes());
                spikes.set(spikes.get() + n);
            }
            compared.set(compared.get() + 1);
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{error}"));
        assert!(compared.get() > 30 && spikes.get() > 300, "{}, {} spikes", compared.get(), spikes.get());
    }
}

#[test]
fn other_lengths_are_refused() {
    let mut runner = TestRunner::new(Config { cases: 20, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&quantized(Features::CHAIN), |graph| {
        let arch = preset("lemaire_ideal").expect("a preset");
        let graph = pipeline(graph);
        let run = |graph: &Graph<Quantized>, last: usize, lasts| {
            let mut steps = vec![Vec::new(); last + 1];
            steps[last].push(isa::InputEvent { neuron: 0, value: 1 });
            let program = compile_quantized(graph, &arch, &Options::default()).ok()?.program;
            let stimulus = isa::Stimulus { steps, lasts };
            let machine = Machine::new(&program, &arch).expect("loads");
            machine.run(&stimulus, TimingMode::Counts, &mut NoProbe).err()
        };
        if compile_quantized(&graph, &arch, &Options::default()).is_err() {
            return Ok(());
        }
        assert_eq!(run(&graph, STEPS as usize - 1, None), None);
        let late = run(&graph, STEPS as usize, None);
        assert!(matches!(late, Some(RunError::AfterInput { .. })), "{late:?}");
        assert!(matches!(run(&graph, 3, Some(3)), Some(RunError::AfterInput { .. })));
        assert!(matches!(run(&graph, 3, Some(STEPS + 1)), Some(RunError::Length { .. })));
        let mut rigid = graph.clone();
        rigid.timesteps += 1;
        let last = rigid.populations().map(|(id, _)| id).last().expect("populations");
        if let NeuronModel::Spiking(neuron) = &mut rigid.population_mut(last).neuron {
            neuron.window.end += 1;
            assert!(lasting(&rigid, 3).is_none());
            assert!(matches!(run(&rigid, 2, Some(3)), Some(RunError::Length { .. })));
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
