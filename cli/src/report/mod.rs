//! Results in words and numbers: a table for people, JSON for machines.

pub(crate) mod agreement;
pub(crate) mod bounds;
pub(crate) mod folder;
pub(crate) mod losses;
pub(crate) mod mapping;
pub(crate) mod mirror;
pub(crate) mod per_event;
pub(crate) mod per_image;
pub(crate) mod per_step;
pub(crate) mod quantization;
pub(crate) mod queues;
pub(crate) mod rows;
pub(crate) mod run;
pub(crate) mod sections;

use serde::Serialize;
use spikeloom::report::Report;

/// What `--json` prints: the figures of a command under their own names, and the same as a report that all commands share.
#[derive(Serialize)]
pub(crate) struct WithReport<'a, T: Serialize> {
    /// The figures.
    #[serde(flatten)]
    pub(crate) found: &'a T,
    /// The report.
    pub(crate) report: &'a Report,
}

pub(crate) use spikeloom::report::{number, text};
