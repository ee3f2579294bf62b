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
    let (program, arch) = source::program(&args.program)?;
    let samples = source::samples(&args.images, program.name.parse().ok())?;
    let batch = execute(&program, &arch, &samples, &args.simulation, |batch, run, energy| {
        let per_event = PerEvent::of(&arch, run, batch, None);
        Ok(RunReport { per_event, ..RunReport::new(&program.name, None, run, batch, energy) })
    })?;
    Ok(exit_code(&batch))
}
