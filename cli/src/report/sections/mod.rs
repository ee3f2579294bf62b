//! The sections of reports, each made from what a command found.

mod activity;
mod chip_map;
mod decisions;
mod energy;
mod provenance;
mod quantized;
mod run;
mod time;

pub(crate) use provenance::{digest, made};
pub(crate) use run::{Ran, run, verified};

/// Joules of picojoules.
const PJ: f64 = 1e-12;
