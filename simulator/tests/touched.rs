//! Chips that visit only touched neurons in a sweep: function is that of the interpreter, visits are those that the definition
//! (docs/counters.md) gives, neurons that begin at their threshold or below their floor included.

use compiler::{CompileError, Options, compile_quantized, stimulus};
use ir::{Compare, Graph, Leak, NeuronModel, PerChannel, Quantized, Stimulus, arbitrary, interp::interpret_with};
use isa::{
    Action, Arch, LayerId,
    arch::{Sweep, preset::preset},
};
use proptest::test_runner::{Config, TestRunner};
use spikeloom_simulator::{Machine, NoProbe, TimingMode};
use std::cell::Cell;

/// Takes away what untouched neurons would need visits for.
fn inert(mut graph: Graph<Quantized>) -> Graph<Quantized> {
    for id in graph.populations().map(|(id, _)| id).collect::<Vec<_>>() {
        if let NeuronModel::Spiking(neuron) = &mut graph.population_mut(id).neuron {
            (neuron.bias, neuron.leak) = (PerChannel::uniform(0), Leak::None);
        }
    }
    graph
}

fn chip(neurons: u64) -> Arch {
    let mut arch = preset("lemaire_ideal").expect("a preset");
    let mut limit = arch.tick_ps.clone();
    limit.value = neurons;
    (arch.core.neurons, arch.core.sweep) = (Some(limit), Sweep::Touched);
    arch
}

/// Visits of each population, counted neuron by neuron from what the interpreter shows.
fn visits(graph: &Graph<Quantized>, sample: &Stimulus) -> Vec<u64> {
    // `v[population][t]`: potentials after timestep t.
    let mut v = vec![Vec::new(); graph.n_populations()];
    let trace = interpret_with(graph, sample, |_, id, now| v[id.0 as usize].push(now.to_vec()));
    let input = graph.input().expect("a verified graph has an input");
    let sent = |pre: ir::PopulationId, t: u32| -> Vec<usize> {
        if pre == input {
            sample.steps.get(t as usize).into_iter().flatten().map(|event| event.neuron as usize).collect()
        } else {
            trace.spikes[pre.0 as usize][t as usize].iter().map(|&neuron| neuron as usize).collect()
        }
    };
    let of = |(id, population): (ir::PopulationId, &ir::Population<Quantized>)| {
        let NeuronModel::Spiking(neuron) = &population.neuron else { return 0 };
        let shape = population.shape;
        let due = |i: usize, v: i64| {
            let threshold = neuron.threshold.at(shape.channel(i));
            v > threshold
                || (v == threshold && neuron.compare == Compare::GreaterEqual)
                || neuron.floor.is_some_and(|floor| v < floor)
        };
        let mut marks: Vec<bool> = (0..shape.neurons()).map(|i| due(i, neuron.v_init.at(shape.channel(i)))).collect();
        let mut visits = 0;
        for t in 0..graph.timesteps {
            for projection in graph.incoming(id) {
                let (pre, _) = graph.ends(projection);
                let (from, projection) = (graph.population(pre).shape, graph.projection(projection));
                let Some(then) = t.checked_sub(projection.delay) else { continue };
                let fired = sent(pre, then);
                for (i, mark) in marks.iter_mut().enumerate() {
                    projection.synapses_onto(from, shape, shape.position(i), |source, _| {
                        *mark |= fired.contains(&source);
                    });
                }
            }
            if (neuron.window.start..neuron.window.end).contains(&t) {
                visits += marks.iter().filter(|mark| **mark).count() as u64;
                let now = &v[id.0 as usize][t as usize];
                marks.iter_mut().enumerate().for_each(|(i, mark)| *mark = due(i, now[i]));
            }
        }
        visits
    };
    graph.populations().map(of).collect()
}

#[test]
fn visits_are_those_of_the_definition() {
    let mut runner = TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
    let (compared, from_the_start) = (Cell::new(0), Cell::new(0));
    let outcome = runner.run(&arbitrary::quantized_case(arbitrary::Features::ALL), |(graph, sample)| {
        let graph = inert(graph);
        let meant = visits(&graph, &sample);
        let trace = ir::interpret(&graph, &sample);
        for neurons in [5, 1 << 20] {
            let arch = chip(neurons);
            let program = match compile_quantized(&graph, &arch, &Options::default()) {
                Ok(compiled) => compiled.program,
                Err(CompileError::Diagnostics(_)) => continue,
                Err(error) => panic!("{error}"),
            };
            let machine = Machine::new(&program, &arch).expect("compiled programs load");
            let mut state = machine.state();
            for mode in [TimingMode::Counts, TimingMode::Analytic] {
                let run = machine.run_in(&mut state, &stimulus(&sample), mode, &mut NoProbe).expect("a valid sample");
                for (layer, &visits) in meant.iter().enumerate() {
                    let counts = run.ledger.layer(LayerId(layer as u16));
                    assert_eq!(counts[Action::NeuronSpike] + counts[Action::NeuronIdle], visits, "layer {layer}");
                    let spikes: usize = trace.spikes[layer].iter().map(Vec::len).sum();
                    assert_eq!(counts[Action::NeuronSpike], spikes as u64);
                }
                assert_eq!(run.class, trace.decision.class);
            }
            compared.set(compared.get() + 1);
        }
        from_the_start.set(from_the_start.get() + begin_due(&graph));
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(compared.get() > 100, "most networks are compared: {}", compared.get());
    assert!(from_the_start.get() > 50, "some neurons begin at their threshold: {}", from_the_start.get());
}

/// Channels whose initial potential is at least their threshold.
fn begin_due(graph: &Graph<Quantized>) -> usize {
    let of = |p: &ir::Population<Quantized>| match &p.neuron {
        NeuronModel::Spiking(n) => {
            (0..p.shape.channels as usize).filter(|&c| n.v_init.at(c) >= n.threshold.at(c)).count()
        }
        _ => 0,
    };
    graph.populations().map(|(_, p)| of(p)).sum()
}
