//! The meaning of a network in timesteps, executed on a chip without limits: what a chip that fires per event is compared with.
//! The simulator equals the reference interpreter bit for bit there, and is far faster.

use crate::{
    args::{Mode, SimulationArgs},
    interrupt,
    samples::Samples,
    simulation::{self, Batch, Settings},
};
use anyhow::{Context, Result};
use compiler::{Compiled, Options, compile_quantized};
use isa::arch::preset::preset;
use simulator::Machine;

/// The chip without limits.
const IDEAL: &str = "lemaire_ideal";

/// Runs the samples through the quantized network in timesteps.
pub(crate) fn simulate(compiled: &Compiled, samples: &Samples, args: &SimulationArgs) -> Result<Batch> {
    let arch = preset(IDEAL).expect("shipped");
    let ideal = compile_quantized(&compiled.quantized, &arch, &Options::default())
        .with_context(|| format!("in timesteps, on {IDEAL}"))?;
    let machine = Machine::new(&ideal.program, &arch)?;
    let stop = interrupt::flag();
    let settings = Settings { mode: Mode::Counts, threads: args.threads, keep_ledgers: false, stop: &stop };
    simulation::simulate(&ideal.program, &machine, samples, settings)
}
