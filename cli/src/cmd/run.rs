//! `spikeloom run`: from a trained network to accuracy, counts, energy and latency in one go.

use crate::{
    args::{RunArgs, SimulationArgs},
    cmd, data, files, interrupt,
    outputs::Outputs,
    progress::Bars,
    report::{
        WithReport, agreement,
        bounds::TimeBounds,
        losses::Quantized,
        mirror::Mirror,
        per_event::PerEvent,
        per_image, per_step,
        queues::Queues,
        rows::Rows,
        run::RunReport,
        sections::{self, Ran},
        text::wrapped,
    },
    source,
    target::{Weighting, deploy},
    trace,
};
use anyhow::{Context, Result, bail};
use base::budget::Budget;
use spikeloom::{
    Asked, Deployed, Described, Executable, HostReadout, Metrics, Priced, Run, RunOptions, Samples, StepCost,
    report::Report,
};
use std::{path::Path, process::ExitCode};

/// With more timesteps than these a page does not say what each cost: each is a run of its own.
const MOST_STEPS: u32 = 256;

/// Compiles and simulates.
pub(crate) fn run(args: &RunArgs) -> Result<ExitCode> {
    check_outputs(&args.simulation, args.target.save_activity.as_deref(), args.model.name())?;
    let (model, samples) = data::inputs(args.model.name(), &args.model.nir, &args.images)?;
    let chip = source::set(source::chip(&args.target.arch)?, &args.target.set)?;
    // Before anything computes: measuring and calibrating are parallel too.
    cmd::set_threads(args.simulation.threads)?;
    let deployed = deploy(&model, &chip, &args.target, &args.images, false, &mut Bars::new())?;
    if let Some(weighting) = Weighting::of(&deployed) {
        eprint!("{weighting}");
    }
    let mut in_timesteps = None;
    let origin = Origin { model: &model.name, chip: &args.target.arch };
    let mut done = execute((&deployed.executable, origin), samples.as_ref(), &args.simulation, |run, energy| {
        if deployed.is_event_driven() && !run.stopped {
            in_timesteps = stepwise(&deployed, samples.as_ref(), &args.simulation)?;
        }
        let per_event = PerEvent::of(&chip.arch, run, in_timesteps.as_ref());
        let quantized = Some(Quantized::of(&deployed, args.target.weight_bits).with_run(run));
        let report = RunReport::new(&model.name, Some(args.target.seed), run, &energy.breakdown);
        Ok(RunReport { quantized, per_event, ..report })
    })?;
    let mut verified = Ok(());
    if args.verify {
        // Firing per event is another network; what is verified then is what it was compared with.
        if let Some(run) = in_timesteps.as_ref().or((!deployed.is_event_driven()).then_some(&done.run)) {
            let found = deployed.verify(&model, samples.as_ref(), run, &mut Bars::new())?;
            let (nouns, in_timesteps) = (samples.noun(), deployed.is_event_driven());
            if !args.simulation.json {
                print!("{}", agreement::text(&found, nouns, in_timesteps));
            }
            let after = done.report.sections.len().min(1);
            done.report.sections.insert(after, sections::verified(&found, nouns, in_timesteps));
            verified = found.ensure_equal();
        }
    }
    args.simulation.report.write(&done.report)?;
    verified?;
    Ok(exit_code(&done.run))
}

/// The same network in timesteps; `None` if it was stopped.
fn stepwise(deployed: &Deployed, samples: &dyn Samples, args: &SimulationArgs) -> Result<Option<Run>> {
    let options = RunOptions { threads: args.threads.unwrap_or(0), ..RunOptions::default() };
    let run = deployed.run_in_timesteps(samples, &options, &mut Bars::until(interrupt::flag()))?;
    Ok(Some(run).filter(|run| !run.stopped))
}

/// A run, and what is to be said of it.
pub(crate) struct Done {
    pub(crate) run: Run,
    pub(crate) report: Report,
}

/// What the user called the things that are run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    /// The model.
    pub(crate) model: &'a str,
    /// The chip.
    pub(crate) chip: &'a str,
}

/// Checks the destinations of a run of `input`, and that options of traces come with a trace.
pub(crate) fn check_outputs(args: &SimulationArgs, activity: Option<&Path>, input: &str) -> Result<()> {
    args.trace.check(args.report.wanted() || args.per_step.is_some())?;
    for (option, path) in [("--per-image", &args.per_image), ("--per-step", &args.per_step)] {
        path.as_deref().map_or(Ok(()), |path| Rows::of(option, path).map(drop))?;
    }
    let outputs = Outputs::default().reading(input).and("--output", args.output.as_deref());
    let outputs = outputs.and("--per-image", args.per_image.as_deref()).and("--save-activity", activity);
    let outputs = outputs.and("--per-step", args.per_step.as_deref());
    let outputs = args.trace.files().iter().fold(outputs, |all, path| all.and("--trace", Some(path)));
    args.report.files().iter().fold(outputs, |all, path| all.and("--report", Some(path))).check()
}

/// Simulates all samples, prices the counts, writes the files asked for and prints the report.
pub(crate) fn execute(
    (executable, origin): (&Executable, Origin<'_>),
    samples: &dyn Samples,
    args: &SimulationArgs,
    report: impl FnOnce(&Run, &Priced) -> Result<RunReport>,
) -> Result<Done> {
    cmd::set_threads(args.threads)?;
    let chip = &executable.chip;
    let liberties = isa::liberties(&executable.program, &chip.arch);
    if args.strict && !liberties.is_empty() {
        let list: Vec<String> = liberties.iter().map(|liberty| format!("\n  - {liberty}")).collect();
        let name = &chip.arch.name;
        bail!("--strict: the network takes liberties with {name}; without --strict they are named:{}", list.concat());
    }
    let described = Described::new(&executable.program, &chip.arch);
    let table = &source::table_for(&described, chip, args.table.as_deref())?;
    executable.ready(args.mode.into(), args.threads.unwrap_or(0), &mut Budget::process())?;
    trace::write(&args.trace, executable, samples, args.mode)?;
    let options = RunOptions {
        mode: args.mode.into(),
        threads: args.threads.unwrap_or(0),
        keep_ledgers: args.per_image.is_some(),
        keep_scores: args.mirror,
    };
    for remark in samples.remarks(&executable.input()) {
        eprintln!("{}: {remark}", samples.name());
    }
    let mut run = executable.run(samples, &options, &mut Bars::until(interrupt::flag()))?;
    run.record.asked = Some(Asked {
        model: origin.model.into(),
        chip: origin.chip.into(),
        arguments: std::env::args().skip(1).collect(),
    });
    // What was counted is kept even if the table turns out to lack a price.
    if let Some(path) = &args.output {
        files::write(path, run.record.to_json().as_bytes())?;
    }
    let priced = run.price(table).with_context(|| format!("energy table {}", table.name))?;
    if let Some(path) = &args.per_image {
        per_image::write(path, &run, table)?;
    }
    let mirror = if args.mirror {
        Mirror::of(executable, samples, (&run, &options), table, &mut Bars::until(interrupt::flag()))?
    } else {
        None
    };
    // Looking closely costs runs of its own, so it is done only for those who look.
    let looks = args.report.wanted() || args.per_step.is_some();
    let image = args.trace.image(samples)?;
    let closeup = looks.then(|| executable.closeup(samples, image, args.mode.into())).transpose()?;
    let listed = !executable.machine.is_event_driven() && executable.program.timesteps <= MOST_STEPS;
    let steps = match &closeup {
        Some(close) if listed || args.per_step.is_some() => executable.step_costs(samples, close, table)?,
        _ => Vec::new(),
    };
    if let Some(path) = &args.per_step {
        per_step::write(path, &steps)?;
    }
    let peak = steps.iter().filter_map(StepCost::watts).reduce(f64::max);
    let metrics = Metrics { peak_power_w: peak, ..Metrics::of(executable, &run, &priced) };
    let queues = Queues::of(&executable.program, &chip.arch, &run);
    let no_latency = executable.machine.untimed(args.mode.into()).map(|reason| reason.to_string());
    let found = RunReport {
        no_latency,
        mirror,
        host_readout: Some(HostReadout::new(&executable.program, output_spikes(executable, &run))),
        bounds: TimeBounds::of(&executable.program, &chip.arch, &run),
        queues,
        metrics: Some(metrics),
        latency_range: executable.latency_range(samples, &run, args.mode.into()),
        area: described.area(),
        liberties: liberties.iter().map(ToString::to_string).collect(),
        notes: described.notes(table),
        ..report(&run, &priced)?
    };
    let ran = Ran {
        executable,
        samples,
        run: &run,
        priced: &priced,
        prices: table,
        closeup: closeup.as_ref(),
        steps: &steps,
    };
    let report = sections::run(&found, &ran);
    if args.json {
        println!("{}", serde_json::to_string_pretty(&WithReport { found: &found, report: &report })?);
    } else {
        print!("{}", wrapped(&found.to_string()));
    }
    Ok(Done { run, report })
}

/// Spikes of the layer that is read, mean per sample.
fn output_spikes(executable: &Executable, run: &Run) -> f64 {
    let layer = usize::from(executable.program.readout.layer().0);
    run.record.layers[layer].spikes as f64 / run.record.images as f64
}

/// Says whether the run was interrupted.
pub(crate) fn exit_code(run: &Run) -> ExitCode {
    if run.stopped { interrupt::code() } else { ExitCode::SUCCESS }
}
