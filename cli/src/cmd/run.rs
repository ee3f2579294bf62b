//! `spikeloom run`: from a trained network to accuracy, counts, energy and latency in one go.

use crate::{
    args::{RunArgs, SimulationArgs},
    cmd, files, interrupt,
    lower::{Lowered, lower},
    report::{per_event::PerEvent, per_image, queues::Queues, run::RunReport, stored::StoredRun},
    samples::Samples,
    simulation::{Batch, Settings, simulate},
    source, stepwise, trace,
};
use anyhow::{Context, Result, bail};
use compiler::Unobserved;
use isa::{Arch, Program, arch::Fire};
use simulator::Machine;
use std::process::ExitCode;

/// Compiles and simulates.
pub(crate) fn run(args: &RunArgs) -> Result<ExitCode> {
    let (model, samples) = source::inputs(args.model.name(), &args.model.nir, &args.images)?;
    let arch = source::arch(&args.target.arch)?;
    // Before anything computes: measuring and calibrating are parallel too.
    cmd::set_threads(args.simulation.threads)?;
    let data = args.images.data.as_deref();
    let Lowered { compiled, weighting } =
        lower(&model, &arch, (&args.target, data), &mut Unobserved)?.expect("nobody stops it");
    if let Some(weighting) = weighting {
        eprint!("{weighting}");
    }
    let mut in_timesteps = None;
    let batch = execute(&compiled.program, &arch, &samples, &args.simulation, |batch, run, energy| {
        if arch.core.fire == Fire::PerEvent && !batch.stopped {
            in_timesteps = Some(stepwise::simulate(&compiled, &samples, &args.simulation)?).filter(|b| !b.stopped);
        }
        let per_event = PerEvent::of(&arch, run, batch, in_timesteps.as_ref());
        Ok(RunReport { per_event, ..RunReport::new(&model.name, Some(args.target.seed), run, batch, energy) })
    })?;
    if args.verify {
        // Firing per event is another network; what is verified then is what it was compared with.
        if let Some(stepwise) = in_timesteps.as_ref().or((arch.core.fire == Fire::PerStep).then_some(&batch)) {
            crate::agreement::report(&model, &compiled, &samples, stepwise, args.simulation.json)?;
        }
    }
    Ok(exit_code(&batch))
}

/// Simulates all samples, prices the counts, writes the files asked for and prints the report.
pub(crate) fn execute(
    program: &Program,
    arch: &Arch,
    samples: &Samples,
    args: &SimulationArgs,
    report: impl FnOnce(&Batch, &StoredRun, &energy::price::Breakdown) -> Result<RunReport>,
) -> Result<Batch> {
    cmd::set_threads(args.threads)?;
    if let Some(path) = args.output.as_ref().filter(|path| args.per_image.as_ref() == Some(path)) {
        bail!("{}: --per-image and --output name the same file; give each its own", path.display());
    }
    let table = source::energy_table(args.table.as_deref(), arch)?;
    let machine = Machine::new(program, arch)?;
    trace::write(&args.trace, program, &machine, samples, args.mode)?;
    let stop = interrupt::flag();
    let settings =
        Settings { mode: args.mode, threads: args.threads, keep_ledgers: args.per_image.is_some(), stop: &stop };
    let batch = simulate(program, &machine, samples, settings)?;
    if batch.samples.is_empty() {
        bail!("stopped before the first image was done; nothing to report");
    }
    let run = StoredRun::new(program, arch, samples.name(), &batch);
    // What was counted is kept even if the table turns out to lack a price.
    if let Some(path) = &args.output {
        files::write(path, &serde_json::to_vec_pretty(&run)?)?;
    }
    let priced = energy::price::price(&run.ledger, &table, &run.context())
        .with_context(|| format!("energy table {}", table.name))?;
    if let Some(path) = &args.per_image {
        per_image::write(path, &batch, &run, &table)?;
    }
    let queues = Queues::of(program, arch, &batch);
    let report = RunReport { queues, ..report(&batch, &run, &priced)? };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    Ok(batch)
}

/// 1 after an interruption.
pub(crate) fn exit_code(batch: &Batch) -> ExitCode {
    ExitCode::from(u8::from(batch.stopped))
}
