//! `spikeloom compile`: a network onto a chip.

use crate::{
    args::CompileArgs,
    files,
    lower::{Lowered, Weighting, lower},
    report::{
        mapping::{self, MappingReport},
        number::{count, si},
        quantization::{self, AccuracyChange, LayerReport},
    },
    source::{self, Model},
};
use anyhow::{Result, bail};
use compiler::{Compiled, Observer, PASSES, PassInfo};
use isa::{Arch, arch::Fire};
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
    let data = args.images.data.as_deref();
    let Some(Lowered { compiled, weighting }) = lower(&model, &arch, (&args.target, data), &mut watch)? else {
        eprintln!("stopped after pass `{}`; no program was written", watch.stop_after.unwrap_or_default());
        return Ok(ExitCode::SUCCESS);
    };
    let output = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}.slb", compiled.program.name)));
    let bytes = isa::encode(&compiled.program);
    let mut report = CompileReport::new(&model, &arch, &compiled, &watch, (output.display().to_string(), bytes.len()));
    report.weighting = weighting;
    if args.quantization_report {
        let images = source::images(&args.images, model.dataset())?;
        report.accuracy = Some(quantization::observe(&model, &compiled, &images, &mut report.layers)?);
    }
    files::write(&output, &bytes)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    Ok(ExitCode::SUCCESS)
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
    /// Neurons fire per event, without timesteps: the program is another network than the one with timesteps.
    fires_per_event: bool,
    layers: Vec<LayerReport>,
    /// What quantization changed on test images, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    accuracy: Option<AccuracyChange>,
    /// Mean and largest share of the fullest resource of each core in use.
    binding: Option<Binding>,
    work: Work,
    placements: Vec<MappingReport>,
    /// What weighting by measured activity changed, if there is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    weighting: Option<Weighting>,
    passes: Vec<PassTime>,
}

/// Synaptic operations at the activity that was placed for.
#[derive(Serialize)]
struct Work {
    /// Per timestep, of the heaviest core.
    heaviest: f64,
    /// Per timestep, mean of the cores.
    mean: f64,
    /// Per sample, of the heaviest core of each timestep.
    critical: f64,
}

#[derive(Serialize)]
struct Binding {
    resource: String,
    mean: f64,
    max: f64,
}

impl CompileReport {
    fn new(
        model: &Model,
        arch: &Arch,
        compiled: &Compiled,
        watch: &Watch<'_>,
        (output, bytes): (String, usize),
    ) -> Self {
        let reports = &compiled.reports;
        let utilization = &reports.utilization;
        Self {
            model: model.name.clone(),
            arch: arch.name.clone(),
            output,
            bytes,
            cores: compiled.program.cores.len(),
            cores_of_chip: arch.n_cores(),
            fires_per_event: arch.core.fire == Fire::PerEvent,
            layers: reports.layers.iter().map(LayerReport::new).collect(),
            accuracy: None,
            binding: utilization.max.map(|(resource, max)| Binding {
                resource: resource.to_string(),
                mean: utilization.mean,
                max,
            }),
            work: Work { heaviest: reports.work.0, mean: reports.work.1, critical: reports.critical_work },
            placements: reports.placements.iter().map(|(method, cost)| MappingReport::new(method, cost)).collect(),
            weighting: None,
            passes: watch.times.clone(),
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
        if self.fires_per_event {
            writeln!(
                f,
                "{0} fires per event, without timesteps and windows: the program is another network than the one trained, and \
                 its potentials saturate. The widths below are proven for timesteps; `spikeloom run --arch {0}` reports how \
                 often decisions differ",
                self.arch
            )?;
        }
        if let Some(Binding { resource, mean, max }) = &self.binding {
            writeln!(
                f,
                "fullest resource of a core: {:.1} % of its limit on average, {:.1} % at most ({resource})",
                100.0 * mean,
                100.0 * max
            )?;
        }
        writeln!(
            f,
            "synaptic operations of a core and timestep: {} on average, {} at most; per image, of the busiest core of each \
             timestep: {}",
            count(self.work.mean.round()),
            count(self.work.heaviest.round()),
            count(self.work.critical.round())
        )?;
        write!(f, "\n{}", quantization::table(&self.layers))?;
        if let Some(change) = &self.accuracy {
            write!(f, "{change}")?;
        }
        if !self.placements.is_empty() {
            let of = |w: &Weighting| format!("the activity of {}", w.origin);
            let activity = self.weighting.as_ref().map_or_else(|| "the assumed activity".into(), of);
            write!(f, "\n{}", mapping::table("placement", &self.placements, &activity))?;
        }
        if let Some(weighting) = &self.weighting {
            write!(f, "\n{weighting}")?;
        }
        let times: Vec<String> = self.passes.iter().map(|t| format!("{} {}", t.pass, si(t.seconds, "s"))).collect();
        writeln!(f, "passes: {}", times.join(", "))
    }
}
