//! The arguments of `spikeloom energy`.

use super::{ImageArgs, ReportArgs};
use crate::nir::NirArgs;
use clap::{Args, Subcommand};
use energy::{analytic::Reading, sram::SramLine};
use std::path::PathBuf;

/// Energy: stored runs priced again, analytical models, comparisons, tables.
#[derive(Debug, Subcommand)]
pub(crate) enum EnergyCommand {
    /// Price a stored run (`spikeloom run --output`) with another table, without simulating
    Price(PriceArgs),
    /// Evaluate the analytical model of Lemaire et al. 2022, per layer and per term
    Model(ModelArgs),
    /// Set a spiking network against formal ones of the same geometry: winner, break-even rate, disagreement of readings
    Compare(CompareArgs),
    /// List the energy tables, or show one
    Tables(TablesArgs),
    /// Every memory, core and router of a described chip: energy of an access, area, static power
    Chip(ChipArgs),
}

#[derive(Debug, Args)]
pub(crate) struct PriceArgs {
    /// A run stored with `spikeloom run --output`
    #[arg(value_name = "RUN.json")]
    pub(crate) run: PathBuf,
    /// Energy table: a name (see `spikeloom energy tables`) or a file (.ron); default: the chip's own
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) table: Option<String>,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// The network an analytical model looks at: described in a file, or measured.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct SubjectArgs {
    /// A network with its spikes: {"mode": "snn", "T": 4, "layers": [...]}, or an object whose `network` is one
    #[arg(value_name = "NETWORK.json")]
    pub(crate) network: Option<PathBuf>,
    /// Measure instead: simulate images on the ideal machine; a bundled network, .safetensors, .nir or .ron
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) model: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
    #[command(flatten)]
    pub(crate) subject: SubjectArgs,
    #[command(flatten)]
    pub(crate) images: ImageArgs,
    #[command(flatten)]
    pub(crate) nir: NirArgs,
    /// Reading of the model: paper, qualia or exact; default: paper, exact for a measured network
    #[arg(long, value_parser = reading)]
    pub(crate) reading: Option<Reading>,
    /// Energy of a memory access: qualia, least_squares, clamped, extrapolated or packed64; default: the reading's own
    #[arg(long, value_name = "LINE", value_parser = line)]
    pub(crate) ram: Option<SramLine>,
    /// Width of words and arithmetic; default 32
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) bits: Option<u32>,
    /// Messages held by a spike FIFO; default 1000
    #[arg(long, value_name = "N")]
    pub(crate) fifo: Option<u32>,
    /// All options in a file: {"variant": "paper", "bits": 32, "fifo": 1000, "ram": "extrapolated"}; named ones override it
    #[arg(long, value_name = "FILE.json")]
    pub(crate) options: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    /// Print the evaluation as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    #[command(flatten)]
    pub(crate) subject: SubjectArgs,
    #[command(flatten)]
    pub(crate) images: ImageArgs,
    #[command(flatten)]
    pub(crate) nir: NirArgs,
    /// Width of the spiking network's words, and of the weights of the network of equal information
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) bits: u32,
    /// Fraction of the formal network's hidden activations that is not zero; default: measured, or estimated from the spikes
    #[arg(long, value_name = "FRACTION")]
    pub(crate) density: Option<f64>,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    /// Print the comparison as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TablesArgs {
    /// Show every action of a table: a name or a file (.ron)
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) show: Option<String>,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    /// Print as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ChipArgs {
    /// The chip: a preset's name or a description file (.ron)
    #[arg(value_name = "NAME|FILE")]
    pub(crate) chip: String,
    /// Print the derived price table as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

fn reading(name: &str) -> Result<Reading, String> {
    let known = || Reading::ALL.map(Reading::name).join(", ");
    Reading::ALL
        .into_iter()
        .find(|r| r.name() == name)
        .ok_or_else(|| format!("is not a reading; choose from {}", known()))
}

fn line(name: &str) -> Result<SramLine, String> {
    let known = || SramLine::ALL.map(SramLine::name).join(", ");
    SramLine::ALL
        .into_iter()
        .find(|l| l.name() == name)
        .ok_or_else(|| format!("is not a memory line; choose from {}", known()))
}
