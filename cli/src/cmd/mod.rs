//! The commands, one per file.

mod ablate;
mod baseline;
mod check;
pub(crate) mod chip;
pub(crate) mod compare;
mod compile;
mod data;
pub(crate) mod deploy;
mod diff;
mod energy;
pub(crate) mod explore;
mod export;
mod inspect;
mod reproduce;
mod run;
pub(crate) mod shell;
mod simulate;
mod train;
mod tune;

use crate::args::{Args, Command};
use anyhow::{Context, Result, bail};
use std::process::ExitCode;
use std::sync::OnceLock;

/// Runs the command that was asked for.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    match &args.command {
        Command::Chip(command) => chip::run(command),
        Command::Explore(args) => explore::run(args),
        Command::Data(command) => data::run(command),
        Command::Energy(command) => energy::run(command),
        Command::Reproduce(command) => reproduce::run(command),
        Command::Train(args) => train::run_command(args),
        Command::Run(args) => run::run(args),
        Command::Compile(args) => compile::run(args),
        Command::Simulate(args) => simulate::run(args),
        Command::Ablate(args) => ablate::run(args),
        Command::Deploy(args) => deploy::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Diff(args) => diff::run(args),
        Command::Check(args) => check::run(args),
        Command::Export(args) => export::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Completions(args) => shell::completions(args),
        Command::Man(args) => shell::man(args),
    }
}

/// Most worker threads.
const MOST_THREADS: usize = 256;

/// Sets the number of worker threads of the process.
pub(crate) fn set_threads(threads: Option<usize>) -> Result<()> {
    static SET: OnceLock<usize> = OnceLock::new();
    match threads {
        Some(0) => bail!("--threads 0: at least one thread is needed"),
        Some(n) if n > MOST_THREADS => {
            bail!("--threads {n}: at most {MOST_THREADS}; more than processors bring nothing")
        }
        Some(n) if SET.get() == Some(&n) => Ok(()),
        Some(n) => {
            rayon::ThreadPoolBuilder::new().num_threads(n).build_global().context("--threads")?;
            _ = SET.set(n);
            Ok(())
        }
        None => Ok(()),
    }
}
