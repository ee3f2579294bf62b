//! `spikeloom simulate`: images through a compiled program.

use crate::{
    args::SimulateArgs,
    cmd::run::{execute, exit_code},
    report::{per_event::PerEvent, run::RunReport},
    source,
};
use anyhow::Result;
use std::process::ExitCode;

/// Simulates.
pub(crate) fn run(args: &SimulateArgs) -> Result<ExitCode> {
    let executable = source::program(&args.program)?;
    let name = &executable.program.name;
    let samples = source::samples(&args.images, name.parse().ok())?;
    let done = execute(&executable, samples.as_ref(), &args.simulation, |run, energy| {
        let per_event = PerEvent::of(&executable.chip.arch, run, None);
        Ok(RunReport { per_event, ..RunReport::new(name, None, run, &energy.breakdown) })
    })?;
    args.simulation.report.write(&done.report)?;
    Ok(exit_code(&done.run))
}
