//! `spikeloom compile`: a network onto a chip.

use crate::{
    args::{CompileArgs, TargetArgs},
    files,
    report::number::si,
    source::{self, Model},
};
use anyhow::{Result, bail};
use compiler::{CompileError, Compiled, Observer, Options, PASSES, PassInfo, pass::quantize::QuantizeOptions};
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
    let model = source::model(&args.model.model)?;
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
    let fused = compiler::pass::fuse::fuse(&model.graph)?;
    let quantized = compiler::pass::quantize::quantize(&fused, &quantize)?;
    compiler::compile_quantized_observed(&quantized.graph, arch, &options, watch)
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
    utilization_mean: f64,
    utilization_max: Option<(String, f64)>,
    placements: Vec<PlacementReport>,
    passes: Vec<PassTime>,
}

#[derive(Serialize)]
struct PlacementReport {
    method: String,
    cost: String,
}

impl CompileReport {
    fn new(model: &Model, arch: &Arch, compiled: &Compiled, watch: &Watch<'_>, output: String, bytes: usize) -> Self {
        let reports = &compiled.reports;
        Self {
            model: model.name.clone(),
            arch: arch.name.clone(),
            output,
            bytes,
            cores: compiled.program.cores.len(),
            cores_of_chip: arch.n_cores(),
            utilization_mean: reports.utilization.mean,
            utilization_max: reports.utilization.max.map(|(resource, share)| (resource.to_string(), share)),
            placements: reports
                .placements
                .iter()
                .map(|(method, cost)| PlacementReport { method: method.to_string(), cost: cost.to_string() })
                .collect(),
            passes: watch.times.clone(),
        }
    }
}

impl std::fmt::Display for CompileReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{} on {}: {} of {} cores; {} ({} bytes)",
            self.model, self.arch, self.cores, self.cores_of_chip, self.output, self.bytes
        )?;
        if let Some((resource, share)) = &self.utilization_max {
            writeln!(
                f,
                "binding resource of a core: {:.1} % full on average, at most {:.1} % ({resource})",
                100.0 * self.utilization_mean,
                100.0 * share
            )?;
        }
        for placement in &self.placements {
            writeln!(f, "\nplacement `{}`\n{}", placement.method, placement.cost.trim_end())?;
        }
        let times: Vec<String> = self.passes.iter().map(|t| format!("{} {}", t.pass, si(t.seconds, "s"))).collect();
        writeln!(f, "\npasses: {}", times.join(", "))
    }
}
