//! `spikeloom simulate`: images through a compiled program.

use crate::{
    args::SimulateArgs,
    cmd::run::{Origin, check_outputs, execute, exit_code},
    data,
    report::{per_event::PerEvent, run::RunReport},
    source,
};
use anyhow::Result;
use std::process::ExitCode;

/// Simulates.
pub(crate) fn run(args: &SimulateArgs) -> Result<ExitCode> {
    check_outputs(&args.simulation, None, &args.program.program.to_string_lossy())?;
    let executable = source::program(&args.program)?;
    let name = &executable.name;
    let samples = data::for_program(&args.images, &executable.program)?;
    let origin = Origin { model: name, chip: args.program.arch.as_deref().unwrap_or(&executable.chip.arch.name) };
    let done = execute((&executable, origin), samples.as_ref(), &args.simulation, |run, energy| {
        let per_event = PerEvent::of(&executable.chip.arch, run, None);
        Ok(RunReport { per_event, ..RunReport::new(name, None, run, &energy.breakdown) })
    })?;
    args.simulation.report.write(&done.report)?;
    Ok(exit_code(&done.run))
}
