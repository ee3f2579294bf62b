//! Time follows the chip: what doubling one of its parameters does to the latency of a network, against docs/energy.md.

use spikeloom::{
    Chip, DeployOptions, Model, Quiet, RunOptions,
    datasets::bundled::mnist_test_500,
    isa::{
        Arch,
        arch::{Constant, Noc, Sync, preset::preset},
    },
    simulator::TimingMode,
};

/// Seconds of an image of the bundled network.
fn seconds(arch: &Arch) -> f64 {
    let chip = Chip::new(arch.clone()).expect("a chip");
    let model = Model::open("mnist-small").expect("it ships");
    let deployed = model.deploy(&chip, &DeployOptions::default(), &mut Quiet).expect("it fits");
    let options = RunOptions { mode: TimingMode::Analytic, ..RunOptions::default() };
    let run = deployed.run(&mnist_test_500().subset(0..1), &options, &mut Quiet).expect("it runs");
    run.samples[0].seconds.expect("all times are stated")
}

fn double(time: &mut Constant) {
    time.value *= 2;
}

fn noc(arch: &mut Arch) -> &mut Noc {
    arch.noc.as_mut().expect("a network")
}

/// A parameter by name, and how it is doubled.
type Parameter = (&'static str, fn(&mut Arch));

/// Every time but the tick.
const TIMES: [Parameter; 8] = [
    ("time of a synaptic issue", |a| a.core.timing.synapse.iter_mut().for_each(double)),
    ("times of an event and its axon", |a| {
        a.core.timing.event.iter_mut().chain(&mut a.core.timing.axon).for_each(double);
    }),
    ("times of a neuron update", |a| {
        a.core.timing.neuron_idle.iter_mut().chain(&mut a.core.timing.neuron_spike).for_each(double);
    }),
    ("time of an emission", |a| a.core.timing.emit.iter_mut().for_each(double)),
    ("times of routers and links", |a| {
        let noc = noc(a);
        let chips = &mut noc.link_chip;
        [&mut noc.router, &mut noc.link_east_west, &mut noc.link_north_south].into_iter().chain(chips).for_each(double);
    }),
    ("time between flits", |a| double(&mut noc(a).flit_interval)),
    ("times of the barrier", |a| {
        if let Sync::Barrier(points) = &mut a.sync {
            for (_, time) in points {
                double(time);
            }
        }
    }),
    ("time between input events", |a| a.input_interval.iter_mut().for_each(double)),
];

/// What else is described.
const OTHERS: [Parameter; 6] = [
    ("`tick_ps`", |a| double(&mut a.tick_ps)),
    ("lanes alone", |a| a.core.lanes *= 2),
    ("lanes and words of potentials", |a| {
        a.core.lanes *= 2;
        a.core.memories.state.word_bits *= 2;
    }),
    ("neurons of a core", |a| a.core.neurons.iter_mut().for_each(double)),
    ("columns of routers", |a| a.mesh.width *= 2),
    ("buffers of routers", |a| noc(a).buffer_flits *= 2),
];

#[test]
fn every_parameter_moves_time_as_argued() {
    let page = include_str!("../../docs/energy.md");
    let arch = preset("loihi1").expect("a preset");
    let base = seconds(&arch);
    let exponent = |change: &dyn Fn(&mut Arch)| {
        let mut other = arch.clone();
        change(&mut other);
        (seconds(&other) / base).log2()
    };
    let mut absent = Vec::new();
    for (name, double) in TIMES.into_iter().chain(OTHERS) {
        // Nothing is printed as minus zero.
        let line = format!("| {name} | {:.3} |", exponent(&double) + 0.0);
        println!("{line}");
        if page.lines().all(|other| other != line) {
            absent.push(line);
        }
    }
    assert!(absent.is_empty(), "docs/energy.md lacks\n{}", absent.join("\n"));
    let all = exponent(&|arch: &mut Arch| TIMES.iter().for_each(|(_, double)| double(arch)));
    assert!((all - 1.0).abs() < 1e-9, "all times twice as long: {all}");
    assert!((exponent(&OTHERS[0].1) - 1.0).abs() < 1e-9, "a tick twice as long");
}
