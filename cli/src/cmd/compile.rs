//! `spikeloom compile`: a network onto a chip.

use crate::{
    args::CompileArgs,
    data,
    destination::{self, Destination},
    outputs::Outputs,
    progress::Bars,
    report::{
        WithReport,
        losses::Quantized,
        mapping::{self, MappingReport},
        number::{count, si},
        quantization::{self, AccuracyChange, LayerReport},
        sections,
        text::wrapped,
    },
    source,
    spelling::hint,
    target::{Weighting, deploy},
};
use anyhow::{Result, bail};
use compiler::{Observer, PASSES, PassInfo};
use serde::Serialize;
use spikeloom::{
    Deployed, Error, Model, Progress, Task,
    report::{Report, Section},
};
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
            let hint = hint(name, known.iter().copied());
            bail!("there is no pass `{name}`; the passes are {}{hint}", known.join(", "));
        }
    }
    let model = data::model_for(&args.model, &args.images)?;
    let chip = source::set(source::chip(&args.target.arch)?, &args.target.set)?;
    let name = || PathBuf::from(destination::for_chip(&model.name, &chip.arch.name, "slb"));
    let output = Destination::of(args.output.as_deref(), name);
    let written = Some(output.path()).filter(|_| args.stop_after.is_none());
    let outputs = Outputs::default().reading(args.model.name()).and("--output", written);
    let outputs = outputs.and("--save-activity", args.target.save_activity.as_deref());
    args.report.files().iter().fold(outputs, |all, path| all.and("--report", Some(path))).check()?;
    let mut watch = Watch::new(args);
    let deployed = match deploy(&model, &chip, &args.target, &args.images, args.compare_placements, &mut watch) {
        Ok(deployed) => deployed,
        Err(error) => match error.downcast_ref() {
            Some(Error::Stopped(pass)) => {
                eprintln!("stopped after pass `{}`; no program was written", pass.name);
                return Ok(ExitCode::SUCCESS);
            }
            _ => return Err(error),
        },
    };
    let program = &deployed.executable.program;
    let bytes = isa::encode(program);
    let written = Written { output: output.path().display().to_string(), bytes: bytes.len() };
    let mut report = CompileReport::new(&model, &deployed, args.target.weight_bits, written);
    if args.quantization_report {
        let samples = data::for_model(&args.images, &model)?;
        report.accuracy = Some(quantization::observe(&model, &deployed, samples.as_ref(), &mut report.layers)?);
    }
    output.write(&bytes)?;
    let whole = report.whole(&deployed, args.target.seed, &bytes);
    args.report.write(&whole)?;
    // Clocks differ from run to run; what is on standard output does not.
    eprintln!("passes: {}", watch.times.join(", "));
    if args.json {
        println!("{}", serde_json::to_string_pretty(&WithReport { found: &report, report: &whole })?);
    } else if args.dump_after.is_empty() {
        print!("{}", wrapped(&report.to_string()));
    } else {
        // What was dumped can be redirected into a file and read again.
        eprint!("{report}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Measures the passes, prints dumps, stops where it was asked to.
struct Watch<'a> {
    stop_after: Option<&'a str>,
    dump_after: &'a [String],
    begun: Option<Instant>,
    times: Vec<String>,
    bars: Bars,
}

impl<'a> Watch<'a> {
    fn new(args: &'a CompileArgs) -> Self {
        Self {
            stop_after: args.stop_after.as_deref(),
            dump_after: &args.dump_after,
            begun: None,
            times: Vec::new(),
            bars: Bars::new(),
        }
    }
}

impl Progress for Watch<'_> {
    fn start(&mut self, task: Task, n: usize) {
        self.bars.start(task, n);
    }

    fn advance(&mut self, right: Option<bool>) -> ControlFlow<()> {
        self.bars.advance(right)
    }

    fn finish(&mut self) {
        self.bars.finish();
    }
}

impl Observer for Watch<'_> {
    fn begin(&mut self, pass: PassInfo) {
        self.bars.begin(pass);
        self.begun = Some(Instant::now());
    }

    fn stepped(&mut self, done: u64, of: u64) {
        self.bars.stepped(done, of);
    }

    fn end(&mut self, pass: PassInfo, dump: &dyn Fn() -> String) -> ControlFlow<()> {
        let seconds = self.begun.take().map_or(0.0, |begun| begun.elapsed().as_secs_f64());
        self.times.push(format!("{} {}", pass.name, si(seconds, "s")));
        self.bars.end(pass, dump)?;
        if self.dump_after.iter().any(|name| name == pass.name) {
            println!("// after {}\n{}", pass.name, dump());
        }
        if self.stop_after == Some(pass.name) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// What was written.
#[derive(Serialize)]
struct Written {
    output: String,
    bytes: usize,
}

#[derive(Serialize)]
struct CompileReport {
    model: String,
    arch: String,
    #[serde(flatten)]
    written: Written,
    cores: usize,
    cores_of_chip: u32,
    /// Neurons fire per event, without timesteps: the program is another network than the one with timesteps.
    fires_per_event: bool,
    /// Width of a stored weight.
    weight_bits: u32,
    /// Width of a potential.
    state_bits: u32,
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
    fn new(model: &Model, deployed: &Deployed, weight_bits: u32, written: Written) -> Self {
        let (arch, reports) = (&deployed.executable.chip.arch, &deployed.reports);
        let utilization = &reports.utilization;
        Self {
            model: model.name.clone(),
            arch: arch.name.clone(),
            written,
            cores: deployed.executable.program.cores.len(),
            cores_of_chip: arch.n_cores(),
            fires_per_event: deployed.is_event_driven(),
            weight_bits,
            state_bits: arch.core.state_bits,
            layers: reports.layers.iter().map(LayerReport::new).collect(),
            accuracy: None,
            binding: utilization.max.map(|(resource, max)| Binding {
                resource: resource.to_string(),
                mean: utilization.mean,
                max,
            }),
            work: Work { heaviest: reports.work.0, mean: reports.work.1, critical: reports.critical_work },
            placements: reports.placements.iter().map(|(method, cost)| MappingReport::new(method, cost)).collect(),
            weighting: Weighting::of(deployed),
        }
    }
}

impl CompileReport {
    /// The report: what it uses of the chip, what quantization did, what placements would cost.
    fn whole(&self, deployed: &Deployed, seed: u64, bytes: &[u8]) -> Report {
        let (program, arch) = (&deployed.executable.program, &deployed.executable.chip.arch);
        let quantized = Quantized {
            weight_bits: self.weight_bits,
            state_bits: self.state_bits,
            layers: self.layers.clone(),
            saturated: None,
        };
        let mut summary = Section::new("summary", "Summary")
            .quantity("cores", "cores in use", self.cores, "")
            .because(format!("of {}", self.cores_of_chip))
            .quantity("bytes", "program", self.written.bytes, "B")
            .because(self.written.output.as_str())
            .quantity("work", "synaptic operations of a core and timestep", self.work.mean, "")
            .because(format!("mean; the heaviest core: {}", count(self.work.heaviest.round())));
        if let Some(binding) = &self.binding {
            summary = summary
                .quantity("fullest", "fullest resource of a core", 100.0 * binding.max, "%")
                .because(format!("{}; {:.1} % on average", binding.resource, 100.0 * binding.mean));
        }
        let of = |w: &Weighting| format!("the activity of {}", w.origin);
        let activity = self.weighting.as_ref().map_or_else(|| "the assumed activity".into(), of);
        let mappings = sections::mappings("placements", "placement", &self.placements, &activity);
        Report::new(
            format!("{} compiled for {}", self.model, self.arch),
            sections::made(Some(seed), vec![sections::digest("program", &self.written.output, [bytes])]),
        )
        .with(summary)
        .with(sections::cores(program, arch, None))
        .with(Section::new("placements", "Placements").table(mappings))
        .with(sections::quantization(&quantized))
    }
}

impl std::fmt::Display for CompileReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{} on {}: {} of {} cores; wrote {} ({} bytes)",
            self.model, self.arch, self.cores, self.cores_of_chip, self.written.output, self.written.bytes
        )?;
        if self.fires_per_event {
            writeln!(
                f,
                "{0} fires per event, without timesteps and windows: the program is another network than the one trained, and \
                 its potentials saturate. The widths below are those of timesteps; `spikeloom run --arch {0}` reports how \
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
            "synaptic operations of a core and timestep: {} on average, {} at most; per sample, of the busiest core of each \
             timestep: {}",
            count(self.work.mean.round()),
            count(self.work.heaviest.round()),
            count(self.work.critical.round())
        )?;
        write!(f, "\n{}", quantization::table(&self.layers))?;
        let Self { weight_bits, state_bits, ref layers, .. } = *self;
        write!(f, "{}", Quantized { weight_bits, state_bits, layers: layers.clone(), saturated: None })?;
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
        Ok(())
    }
}
