//! `spikeloom energy`: prices, models, comparisons and tables.

mod chip;
mod compare;
mod model;
mod price;
mod subject;
mod tables;

pub(crate) use price::stored;

use crate::args::energy::EnergyCommand;
use anyhow::Result;
use std::process::ExitCode;

/// Runs an energy command.
pub(crate) fn run(command: &EnergyCommand) -> Result<ExitCode> {
    match command {
        EnergyCommand::Price(args) => price::run(args),
        EnergyCommand::Model(args) => model::run(args),
        EnergyCommand::Compare(args) => compare::run(args),
        EnergyCommand::Tables(args) => tables::run(args),
        EnergyCommand::Chip(args) => chip::run(args),
    }
}

/// A picojoule figure for people.
fn pj(value: f64) -> String {
    crate::report::number::si(value * 1e-12, "J")
}

/// An energy with its range, for people; the range only if there is one.
fn with_range(e: energy::units::Energy) -> String {
    if e.low < e.value || e.high > e.value {
        format!("{} ({} to {})", pj(e.value), pj(e.low), pj(e.high))
    } else {
        pj(e.value)
    }
}
