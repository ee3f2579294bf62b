//! `spikeloom compile`: a network onto a chip.

use crate::{
    args::{CompileArgs, TargetArgs},
    files,
    report::{
        number::si,
        text::{Table, align_right},
    },
    source::{self, Model},
};
use anyhow::{Result, bail};
use compiler::{
    CompileError, Compiled, MappingCost, Method, Observer, Options, PASSES, PassInfo, pass::quantize::QuantizeOptions,
};
use isa::Arch;
use serde::Serialize;
use std::{ops::ControlFlow, path::PathBuf, process::ExitCode, time::Instant};

/// Compiles, writes the program, prints what it found.
pub(crate) fn run(args: &CompileArgs) -> Result<ExitCode> {
    if args.help_passes {
        for pass in PASSES {
            println!("{pass}");
        }
        return Ok(ExitCode::SUCCESS);
    }
    for name in args.stop_after.iter().chain(&args.dump_after) {
        if !PASSES.iter().any(|pass| pass.name == name) {
            let known: Vec<&str> = PASSES.iter().map(|pass| pass.name).collect();
            bail!("there is no pass `{name}`; the passes are {}", known.join(", "));
        }
    }
    let model = source::model_of(&args.model)?;
    let arch = source::arch(&args.target.arch)?;
    let mut watch = Watch { stop_after: args.stop_after.as_deref(), dump_after: &args.dump_after, ..Watch::default() };
    let compiled = match compile_observed(&model, &arch, &args.target, &mut watch) {
        Err(CompileError::Stopped(pass)) => {
            eprintln!("stopped after pass `{}`; no program was written", pass.name);
            return Ok(ExitCode::SUCCESS);
        }
        Err(error) => return Err(does_not_compile(&model, &arch, error)),
        Ok(compiled) => compiled,
    };
    let output = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}.slb", compiled.program.name)));
    let bytes = isa::encode(&compiled.program);
    files::write(&output, &bytes)?;
    let report = CompileReport::new(&model, &arch, &compiled, &watch, output.display().to_string(), bytes.len());
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Compiles a model for `run`.
pub(crate) fn compile(model: &Model, arch: &Arch, target: &TargetArgs) -> Result<Compiled> {
    compile_observed(model, arch, target, &mut Watch::default()).map_err(|error| does_not_compile(model, arch, error))
}

fn compile_observed(
    model: &Model,
    arch: &Arch,
    target: &TargetArgs,
    watch: &mut Watch<'_>,
) -> Result<Compiled, CompileError> {
    let quantize = QuantizeOptions {
        weight_bits: target.weight_bits,
        state_bits: arch.core.state_bits,
        ..QuantizeOptions::default()
    };
    let options = Options { seed: target.seed, check: target.check, ..Options::default() };
    compiler::compile(&model.graph, arch, (&quantize, &options), watch)
}

/// The error in the words of the command line: which network, which chip, everything that is wrong.
fn does_not_compile(model: &Model, arch: &Arch, error: CompileError) -> anyhow::Error {
    match error {
        CompileError::Diagnostics(list) => {
            let reasons: Vec<String> = list.0.iter().map(|d| format!("\n  - {d}")).collect();
            anyhow::anyhow!("{} does not fit on {}:{}", model.name, arch.name, reasons.concat())
        }
        other => anyhow::anyhow!("{} on {}: {other}", model.name, arch.name),
    }
}

/// Measures the passes, prints dumps, stops where it was asked to.
#[derive(Default)]
struct Watch<'a> {
    stop_after: Option<&'a str>,
    dump_after: &'a [String],
    begun: Option<Instant>,
    times: Vec<PassTime>,
}

#[derive(Clone, Copy, Serialize)]
struct PassTime {
    pass: &'static str,
    seconds: f64,
}

impl Observer for Watch<'_> {
    fn begin(&mut self, _pass: PassInfo) {
        self.begun = Some(Instant::now());
    }

    fn end(&mut self, pass: PassInfo, dump: &dyn Fn() -> String) -> ControlFlow<()> {
        let seconds = self.begun.take().map_or(0.0, |begun| begun.elapsed().as_secs_f64());
        self.times.push(PassTime { pass: pass.name, seconds });
        if self.dump_after.iter().any(|name| name == pass.name) {
            println!("# after {}\n{}", pass.name, dump());
        }
        if self.stop_after == Some(pass.name) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[derive(Serialize)]
struct CompileReport {
    model: String,
    arch: String,
    output: String,
    bytes: usize,
    cores: usize,
    cores_of_chip: u32,
    layers: Vec<LayerReport>,
    /// Mean and largest share of the fullest resource of each core in use.
    binding: Option<Binding>,
    placements: Vec<PlacementReport>,
    passes: Vec<PassTime>,
}

/// What quantization did to a population.
#[derive(Serialize)]
struct LayerReport {
    name: String,
    /// Smallest and largest real value of one integer unit, over channels.
    scale: (f64, f64),
    /// Smallest and largest integer threshold.
    threshold: Option<(i64, i64)>,
    clip: f64,
    clipped_weights: usize,
    /// Channels made coarser to fit the chip's state.
    narrowed_channels: usize,
    /// Proven width of the potentials.
    state_bits: u32,
}

#[derive(Serialize)]
struct Binding {
    resource: String,
    mean: f64,
    max: f64,
}

/// A placement's figures; rates are per timestep.
#[derive(Serialize)]
struct PlacementReport {
    method: String,
    deliveries_per_event: f64,
    multicast_links_per_event: f64,
    unicast_links_per_event: f64,
    busiest_link: f64,
    energy_pj: f64,
    mean_latency_ns: f64,
    max_latency_ns: f64,
    mean_congestion: f64,
    max_congestion: f64,
}

impl CompileReport {
    fn new(model: &Model, arch: &Arch, compiled: &Compiled, watch: &Watch<'_>, output: String, bytes: usize) -> Self {
        let reports = &compiled.reports;
        let utilization = &reports.utilization;
        Self {
            model: model.name.clone(),
            arch: arch.name.clone(),
            output,
            bytes,
            cores: compiled.program.cores.len(),
            cores_of_chip: arch.n_cores(),
            layers: reports.layers.iter().map(LayerReport::new).collect(),
            binding: utilization.max.map(|(resource, max)| Binding {
                resource: resource.to_string(),
                mean: utilization.mean,
                max,
            }),
            placements: reports.placements.iter().map(|(method, cost)| PlacementReport::new(*method, cost)).collect(),
            passes: watch.times.clone(),
        }
    }
}

impl LayerReport {
    fn new(layer: &compiler::pass::quantize::LayerReport) -> Self {
        let finest = layer.scales.iter().copied().fold(f64::INFINITY, f64::min);
        let coarsest = layer.scales.iter().copied().fold(0.0, f64::max);
        Self {
            name: layer.name.clone(),
            scale: (finest, coarsest),
            threshold: layer.threshold,
            clip: layer.clip,
            clipped_weights: layer.n_clipped,
            narrowed_channels: layer.n_narrowed,
            state_bits: layer.width,
        }
    }
}

impl PlacementReport {
    fn new(method: Method, cost: &MappingCost) -> Self {
        Self {
            method: method.to_string(),
            deliveries_per_event: cost.deliveries_per_event,
            multicast_links_per_event: cost.multicast_links_per_event,
            unicast_links_per_event: cost.unicast_links_per_event,
            busiest_link: cost.busiest_link,
            energy_pj: cost.energy_pj,
            mean_latency_ns: cost.mean_latency_ns,
            max_latency_ns: cost.max_latency_ns,
            mean_congestion: cost.mean_congestion,
            max_congestion: cost.max_congestion,
        }
    }
}

impl std::fmt::Display for CompileReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{} on {}: {} of {} cores; wrote {} ({} bytes)",
            self.model, self.arch, self.cores, self.cores_of_chip, self.output, self.bytes
        )?;
        if let Some(Binding { resource, mean, max }) = &self.binding {
            writeln!(
                f,
                "fullest resource of a core: {:.1} % of its limit on average, {:.1} % at most ({resource})",
                100.0 * mean,
                100.0 * max
            )?;
        }
        let mut table =
            Table::new(&["layer", "one unit", "thresholds", "clipped weights", "narrowed channels", "state proven"]);
        for l in &self.layers {
            table.row(vec![
                l.name.clone(),
                format!("{:.2e} to {:.2e}", l.scale.0, l.scale.1),
                l.threshold.map_or_else(|| "none".into(), |(low, high)| format!("{low} to {high}")),
                l.clipped_weights.to_string(),
                l.narrowed_channels.to_string(),
                format!("{} bits", l.state_bits),
            ]);
        }
        write!(f, "\n{}", align_right(table, 1))?;
        let mut table = Table::new(&[
            "placement",
            "cores/event",
            "multicast links/event",
            "unicast links/event",
            "busiest link",
            "energy",
            "latency mean, max",
            "congestion mean, max",
        ]);
        for p in &self.placements {
            table.row(vec![
                p.method.clone(),
                format!("{:.2}", p.deliveries_per_event),
                format!("{:.2}", p.multicast_links_per_event),
                format!("{:.2}", p.unicast_links_per_event),
                format!("{:.1}", p.busiest_link),
                si(p.energy_pj * 1e-12, "J"),
                format!("{:.1}, {:.1} ns", p.mean_latency_ns, p.max_latency_ns),
                format!("{:.1}, {:.1}", p.mean_congestion, p.max_congestion),
            ]);
        }
        if !self.placements.is_empty() {
            write!(f, "\n{}", align_right(table, 1))?;
            writeln!(
                f,
                "per timestep at the assumed activity; energy, latency and congestion after Jin et al., ASPLOS 2023, to compare mappings"
            )?;
        }
        let times: Vec<String> = self.passes.iter().map(|t| format!("{} {}", t.pass, si(t.seconds, "s"))).collect();
        writeln!(f, "passes: {}", times.join(", "))
    }
}
