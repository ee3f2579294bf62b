//! The sections of reports, each made from what a command found.

mod activity;
mod analytic;
mod checked;
mod chip_map;
mod chips;
mod compared;
mod decisions;
mod energy;
mod exhibited;
mod explored;
mod fewer_bits;
mod mappings;
mod merits;
mod misfit;
mod priced;
mod provenance;
mod quantized;
mod roofline;
mod run;
mod stored;
mod time;
mod trained;

pub(crate) use analytic::{contest, model as analytic, reading};
pub(crate) use checked::{Checked, Size, checked};
pub(crate) use chip_map::section as cores;
pub(crate) use chips::{Difference, chip, chips, word};
pub(crate) use compared::{Named, compared};
pub(crate) use exhibited::{exhibit, exhibited};
pub(crate) use explored::explored;
pub(crate) use fewer_bits::deployed;
pub(crate) use mappings::table as mappings;
pub(crate) use misfit::misfit;
pub(crate) use priced::{basis, per, prices};
pub(crate) use provenance::{digest, made};
pub(crate) use quantized::section as quantization;
pub(crate) use run::{Ran, run, verified};
pub(crate) use stored::stored;
pub(crate) use trained::trained;

/// Joules of picojoules.
const PJ: f64 = 1e-12;
