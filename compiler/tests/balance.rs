//! Balanced tiling spends idle cores of the chips in use on the layers that hold the others up, and nothing else.

mod support;

use ir::{Graph, NeuronModel, Quantized, Window};
use isa::Arch;
use spikeloom_compiler::{Activity, Compiled, Options, compile_quantized};
use support::{network::reference, preset};

fn compile(graph: &Graph<Quantized>, arch: &Arch, balance: bool) -> Compiled {
    let activity = Some(Activity::uniform(graph, 10));
    let options = Options { balance, activity, moves_per_cluster: 1, check: false, ..Options::default() };
    compile_quantized(graph, arch, &options).unwrap_or_else(|error| panic!("{}: {error}", arch.name))
}

/// The reference network with one window per layer, as two-phase networks have.
fn two_phase() -> Graph<Quantized> {
    let mut graph = reference();
    graph.timesteps = 16;
    for (layer, id) in graph.populations().skip(1).map(|(id, _)| id).collect::<Vec<_>>().into_iter().enumerate() {
        let NeuronModel::Spiking(neuron) = &mut graph.population_mut(id).neuron else { panic!("all spike") };
        neuron.window = Window::new(4 * layer as u32, 4 * layer as u32 + 4);
    }
    graph
}

#[test]
fn idle_cores_lighten_the_heaviest_ones() {
    let arch = preset("loihi1").expect("a preset");
    for graph in [reference(), two_phase()] {
        let (plain, balanced) = (compile(&graph, &arch, false), compile(&graph, &arch, true));
        assert_eq!(plain.program.cores.len(), 144);
        // 144 cores take two chips of 128.
        assert!(balanced.program.cores.len() <= 256, "{} cores", balanced.program.cores.len());
        assert!(
            balanced.reports.critical_work < 0.6 * plain.reports.critical_work,
            "{} of {}",
            balanced.reports.critical_work,
            plain.reports.critical_work
        );
        let deliveries = |c: &Compiled| c.reports.placements[0].1.deliveries_per_event;
        println!(
            "{} → {} cores, heaviest {:.0} → {:.0}, critical {:.0} → {:.0}, deliveries {:.2} → {:.2}",
            plain.program.cores.len(),
            balanced.program.cores.len(),
            plain.reports.work.0,
            balanced.reports.work.0,
            plain.reports.critical_work,
            balanced.reports.critical_work,
            deliveries(&plain),
            deliveries(&balanced)
        );
    }
}

#[test]
fn without_windows_the_critical_work_is_the_heaviest_core_in_every_timestep() {
    let graph = reference();
    let plain = compile(&graph, &preset("loihi1").expect("a preset"), false);
    // The heaviest population hears spikes of timesteps 0 to 2 in 1 to 3: its mean over four steps falls into three.
    assert!((plain.reports.critical_work / (4.0 * plain.reports.work.0) - 1.0).abs() < 1e-9);
}

#[test]
fn a_full_chip_stays_as_it_is() {
    let graph = reference();
    let mut arch = preset("loihi1").expect("a preset");
    (arch.mesh.width, arch.mesh.height, arch.mesh.cores_per_router, arch.mesh.chips) = (12, 12, 1, (1, 1));
    assert_eq!(compile(&graph, &arch, true).program, compile(&graph, &arch, false).program);
    let alone = preset("lemaire_ideal").expect("a preset");
    assert_eq!(compile(&graph, &alone, true).program, compile(&graph, &alone, false).program);
}
