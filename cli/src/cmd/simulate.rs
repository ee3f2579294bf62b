//! `spikeloom simulate`: images through a compiled program.

use crate::{
    args::SimulateArgs,
    cmd::run::{execute, exit_code},
    report::run::RunReport,
    source,
};
use anyhow::Result;
use std::process::ExitCode;

/// Simulates.
pub(crate) fn run(args: &SimulateArgs) -> Result<ExitCode> {
    let program = source::program(&args.program)?;
    let arch = source::arch(args.arch.as_deref().unwrap_or(&program.arch))?;
    let images = source::images(&args.images, program.name.parse().ok())?;
    let batch = execute(&program, &arch, &images, &args.simulation, |batch, run, energy| {
        RunReport::new(&program.name, None, run, batch, energy)
    })?;
    Ok(exit_code(&batch))
}
