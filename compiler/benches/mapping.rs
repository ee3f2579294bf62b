//! Prints how well and how fast the reference network is mapped: `cargo bench -p spikeloom-compiler --bench mapping`.
//!
//! With `-- quick` only the 12×12 mesh, and on it a clustered random network.
//!
//! The network is 3→40→120→120→240 on 32×32, kernels 3×3, padding 1, strides 1, 2, 1, 2, with weights of 8 bits and one
//! spike per ten timesteps and neuron. Goals are printed beside the figures; nothing is asserted about time.

use ir::{
    Compare, Connectivity, Conv2d, Graph, InputCoding, InputEncoding, Leak, NeuronModel, PerChannel, Population,
    Projection, Quantized, Readout, Reset, Shape, Spiking, Window,
};
use isa::{
    Arch,
    arch::{Multicast, preset},
};
use spikeloom_compiler::{
    Activity, CompileError, Compiled, MappingCost, Method, Observer, Options, PassInfo, compile_quantized_observed,
};
use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

mod clustered;

/// The reference network on maps of `side × side`.
fn reference(side: u32) -> Graph<Quantized> {
    let mut graph = Graph::new("reference", 4, InputEncoding::Pixels);
    let input = NeuronModel::Input { coding: InputCoding::DirectOnce, scale: 1.0 };
    let mut shape = Shape::new(3, side, side);
    let add = |graph: &mut Graph<Quantized>, name: &str, shape, neuron| {
        graph.add_population(Population { name: name.into(), shape, neuron, norm: () })
    };
    let mut pre = add(&mut graph, "input", shape, input);
    for (layer, (channels, stride)) in [(40, 1), (120, 2), (120, 1), (240, 2)].into_iter().enumerate() {
        let conv = Conv2d::square(3, stride, 1);
        let (h, w) = conv.output(shape).expect("the kernel fits");
        let n = (channels * shape.channels * 9) as usize;
        shape = Shape::new(channels, h, w);
        let neuron = NeuronModel::Spiking(Spiking {
            threshold: PerChannel::uniform(500),
            v_init: PerChannel::uniform(0),
            bias: PerChannel::uniform(0),
            leak: Leak::None,
            reset: Reset::Subtract,
            compare: Compare::GreaterEqual,
            window: Window::new(0, 4),
            floor: None,
        });
        let post = add(&mut graph, &format!("conv{}", layer + 1), shape, neuron);
        let weights = (0..n).map(|i| (i * 7919 % 255) as i32 - 127).collect();
        let delay = u32::from(layer > 0);
        graph.connect(pre, post, Projection { connectivity: Connectivity::Conv2d(conv), pool: None, weights, delay });
        pre = post;
    }
    graph.readout = Readout::SpikeCount { population: pre };
    assert_eq!(ir::verify(&graph), []);
    graph
}

/// Loihi-like cores, one per router, multicast, on a mesh of `side × side`.
fn mesh(side: u32) -> Arch {
    let mut arch = preset::preset("loihi1").expect("a preset");
    arch.name = format!("loihi-like {side}×{side}");
    (arch.mesh.width, arch.mesh.height, arch.mesh.cores_per_router, arch.mesh.chips) = (side, side, 1, (1, 1));
    arch.noc.as_mut().expect("it has a network").multicast = Multicast::Tree { entries: None };
    arch
}

#[derive(Default)]
struct Clock {
    started: Option<Instant>,
    passes: Vec<(&'static str, Duration)>,
}

impl Observer for Clock {
    fn begin(&mut self, _: PassInfo) {
        self.started = Some(Instant::now());
    }
    fn end(&mut self, pass: PassInfo, _: &dyn Fn() -> String) -> ControlFlow<()> {
        self.passes.push((pass.name, self.started.expect("a pass begins before it ends").elapsed()));
        ControlFlow::Continue(())
    }
}

fn compile(graph: &Graph<Quantized>, arch: &Arch) -> (Result<Compiled, CompileError>, Clock) {
    let mut clock = Clock::default();
    let options =
        Options { activity: Some(Activity::uniform(graph, 10)), check: false, baselines: true, ..Options::default() };
    (compile_quantized_observed(graph, arch, &options, &mut clock), clock)
}

fn time(clock: &Clock) -> String {
    let total: Duration = clock.passes.iter().map(|p| p.1).sum();
    let passes: Vec<String> = clock.passes.iter().map(|(name, t)| format!("{name} {:.3} s", t.as_secs_f64())).collect();
    format!("{:.3} s ({})", total.as_secs_f64(), passes.join(", "))
}

fn main() {
    let graph = reference(32);
    println!("reference network: {} neurons, {} weights", 117_760, graph.n_weights());

    let arch = mesh(12);
    let (compiled, clock) = compile(&graph, &arch);
    let compiled = compiled.expect("144 cores hold it");
    let cost = |method: Method| -> MappingCost {
        compiled.reports.placements.iter().find(|(m, _)| *m == method).expect("all methods are computed").1
    };
    println!("\n{}: {} cores", arch.name, compiled.partition.clusters.len());
    for (name, grid) in graph.populations().map(|(_, p)| &p.name).zip(&compiled.partition.grids) {
        if let Some(grid) = grid {
            println!("  {name}: {:?} slices of channels, rows, columns", grid.slices());
        }
    }
    println!(
        "{:12}{:>14}{:>14}{:>14}{:>16}{:>12}{:>14}",
        "placement", "dest/event", "links/event", "unicast links", "busiest link", "energy pJ", "max congest."
    );
    for method in Method::ALL {
        let c = cost(method);
        println!(
            "{:12}{:>14.2}{:>14.2}{:>14.2}{:>16.1}{:>12.0}{:>14.1}",
            method.to_string(),
            c.deliveries_per_event,
            c.multicast_links_per_event,
            c.unicast_links_per_event,
            c.busiest_link,
            c.energy_pj,
            c.max_congestion
        );
    }
    println!("goal           ≤ 2.20        ≤ 3.00                         ≤ 276");
    let u = compiled.reports.utilization;
    println!("use of the binding resource: mean {:.1} % (goal ≥ 80 %), fullest {:?}", 100.0 * u.mean, u.max);
    let (most, mean) = compiled.reports.work;
    println!("synaptic operations per core and timestep: mean {mean:.0}, most {most:.0}");
    println!("compile time {} (goal ≤ 2 s, placement ≤ 1 s)", time(&clock));

    clustered::print(mesh(12));

    if std::env::args().any(|arg| arg == "quick") {
        return;
    }

    println!("\npresets");
    for (name, _) in preset::PRESETS {
        let arch = preset::preset(name).expect("listed");
        let (compiled, clock) = compile(&graph, &arch);
        match compiled {
            Ok(compiled) => {
                let chips: std::collections::BTreeSet<(u32, u32)> =
                    compiled.placement.cores.iter().map(|&core| arch.chip(arch.router(core))).collect();
                println!(
                    "{name}: {} cores on {} chips, binding resource {:.1} % full, {}",
                    compiled.partition.clusters.len(),
                    chips.len(),
                    100.0 * compiled.reports.utilization.mean,
                    time(&clock)
                );
            }
            Err(error) => println!("{name}: refused\n  {}", error.to_string().replace('\n', "\n  ")),
        }
    }

    let large = reference(168);
    let arch = mesh(64);
    let (compiled, clock) = compile(&large, &arch);
    match compiled {
        Ok(compiled) => println!(
            "\n{}: {} cores, compile time {} (goal ≤ 120 s)\n{}",
            arch.name,
            compiled.partition.clusters.len(),
            time(&clock),
            compiled.reports.placements.last().expect("not empty").1
        ),
        Err(error) => println!("\n{}: {error}", arch.name),
    }
    if let Some(peak) = std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| status.lines().find(|line| line.starts_with("VmHWM")).map(ToOwned::to_owned))
    {
        println!("peak memory of this process: {}", peak.trim_start_matches("VmHWM:").trim());
    }
}
