//! A leaky neuron as every framework of the NIR paper runs it: `golden/lif_norse.nir` (Pedersen et al., Nature
//! Communications 15, 2024, task 1) with 1000 steps of input, exact potentials and spikes in `lif_exact.csv`.

use ir::{Event, NeuronModel, Stimulus};
use spikeloom_nir::{Integrator, Options};

const FILE: &[u8] = include_bytes!("../golden/lif_norse.nir");
const EXACT: &str = include_str!("../golden/lif_exact.csv");

/// Columns of the exact solution: input, potential after the step, spike.
fn exact() -> Vec<[f64; 3]> {
    EXACT
        .lines()
        .map(|line| {
            let mut values = line.split(',').map(|v| v.parse().expect("a number"));
            [(); 3].map(|()| values.next().expect("three columns"))
        })
        .collect()
}

fn options(integrator: Integrator) -> Options {
    Options {
        dt: Some(1e-4),
        steps: Some(1000),
        coding: Some(spikeloom_nir::Coding::Events),
        integrator: Some(integrator),
        ..Options::default()
    }
}

fn stimulus() -> Stimulus {
    let event = |row: &[f64; 3]| if row[0] > 0.0 { vec![Event { neuron: 0, value: 1 }] } else { Vec::new() };
    Stimulus { steps: exact().iter().map(event).collect() }
}

#[test]
fn spikes_are_the_exact_ones_with_both_integrators() {
    for integrator in [Integrator::Euler, Integrator::Exponential] {
        let read = spikeloom_nir::read(FILE.to_vec()).expect("a NIR file");
        assert_eq!(read.version, "0.1.1");
        let graph = spikeloom_nir::lower(read, "lif", &options(integrator)).expect("can be mapped").graph;
        let lif = graph.find("1").expect("the neuron has the name of its node");
        let trace = ir::interpret(&graph, &stimulus());
        let spikes: Vec<usize> = (0..1000).filter(|&t| !trace.spikes[lif.0 as usize][t].is_empty()).collect();
        assert_eq!(spikes, [460, 510, 710, 760], "{integrator:?}");
        let from_file: Vec<usize> =
            exact().iter().enumerate().filter(|(_, row)| row[2] > 0.0).map(|(t, _)| t).collect();
        assert_eq!(spikes, from_file);
    }
}

/// The leak comes after the comparison in the IR and inside the step in NIR. Step by step the two are the same: the
/// potential compared is the one of NIR's Euler step with the leak's grid, started from the same point.
#[test]
fn the_compared_potential_is_that_of_the_euler_step() {
    let graph = spikeloom_nir::lower(
        spikeloom_nir::read(FILE.to_vec()).expect("a NIR file"),
        "lif",
        &options(Integrator::Euler),
    );
    let graph = graph.expect("can be mapped").graph;
    let lif = graph.find("1").expect("there");
    let NeuronModel::Spiking(neuron) = &graph.population(lif).neuron else { panic!("a spiking neuron") };
    assert_eq!(neuron.leak, ir::Leak::Decay(164), "4096 · 1e-4/0.0025 = 163.84");
    let (input_fraction, leak) = (1e-4 / f64::from(0.0025_f32), 164.0 / 4096.0);
    let mut seen = Vec::new();
    ir::interp::interpret_with(&graph, &stimulus(), |_, id, v| {
        if id == lif {
            seen.push(v[0]);
        }
    });
    let mut v = 0.0_f64;
    for (t, (row, stored)) in exact().iter().zip(seen).enumerate() {
        v = (1.0 - leak) * v + input_fraction * row[0];
        if v > f64::from(0.1_f32) {
            v = 0.0;
        }
        // Between steps the IR holds what is left after the next step's leak.
        assert!((stored - (1.0 - leak) * v).abs() < 1e-8, "step {t}: {stored} against {}", (1.0 - leak) * v);
        // Forward Euler on the grid stays close to the exact solution, which fires inside a step and keeps what comes after.
        assert!((v - row[1]).abs() < 0.01, "step {t}: {v} against {}", row[1]);
    }
}

#[test]
fn without_a_timestep_the_file_is_refused_by_name() {
    let read = spikeloom_nir::read(FILE.to_vec()).expect("a NIR file");
    let problems =
        spikeloom_nir::lower(read, "lif", &Options::default()).expect_err("dt is not in the file").to_string();
    assert!(problems.contains("`1`") && problems.contains("--dt"), "{problems}");
}

#[test]
fn a_timestep_beyond_the_time_constant_is_refused() {
    let read = spikeloom_nir::read(FILE.to_vec()).expect("a NIR file");
    let options = Options { dt: Some(0.01), ..Options::default() };
    let problems = spikeloom_nir::lower(read, "lif", &options).expect_err("dt/tau = 4").to_string();
    assert!(problems.contains("dt/tau > 1") && problems.contains("unit of tau"), "{problems}");
}
