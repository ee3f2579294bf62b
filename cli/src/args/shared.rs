//! Arguments that several commands take: which network, which program, which chip, which images, how to simulate.

use super::events::EventArgs;
use crate::{args::report::ReportArgs, nir::NirArgs, trace::TraceArgs};
use clap::{
    Args as ClapArgs, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use datasets::DatasetName;
use simulator::TimingMode;
use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

/// Which network.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct ModelArgs {
    /// A bundled network (mnist-small; mnist, fashion-mnist, cifar10; the same with -paper), a trained network (.safetensors),
    /// a NIR file (.nir) or a graph (.ron)
    #[arg(value_name = "MODEL", default_value = "mnist-small")]
    model: String,
    /// The same as MODEL
    #[arg(long = "model", value_name = "MODEL", conflicts_with = "model")]
    named: Option<String>,
    #[command(flatten)]
    pub(crate) nir: NirArgs,
}

impl ModelArgs {
    /// What the user called the network.
    pub(crate) fn name(&self) -> &str {
        self.named.as_deref().unwrap_or(&self.model)
    }
}

/// Which compiled program, on which chip.
#[derive(Debug, ClapArgs)]
pub(crate) struct ProgramArgs {
    /// A compiled program (.slb)
    #[arg(value_name = "PROGRAM")]
    pub(crate) program: PathBuf,
    /// The chip: a preset's name or a description file; default: the one that the program was compiled for
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) arch: Option<String>,
}

/// Which chip, and how the network is laid onto it.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct TargetArgs {
    /// The chip: a preset's name or a description file (.ron)
    #[arg(long, value_name = "NAME|FILE", default_value = "loihi1")]
    pub(crate) arch: String,
    /// Change a field of the chip by its path, as in core.neurons=512; may be given several times (see `spikeloom chip show`)
    #[arg(long, value_name = "PATH=VALUE")]
    pub(crate) set: Vec<String>,
    /// Width of a stored weight in bits, 1 to 16
    #[arg(long, value_name = "BITS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=16))]
    pub(crate) weight_bits: u32,
    /// What happens where potentials may need more bits than the chip has: integers become coarser until they provably do
    /// not, or potentials saturate, which is counted. Default: saturate for recorded events, prove for images
    #[arg(long, value_enum)]
    pub(crate) potentials: Option<Potentials>,
    /// Seed of the placement
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Moves that the placement tries for each cluster of a core: fewer are quicker, and leave longer ways
    #[arg(long, value_name = "MOVES", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub(crate) effort: u32,
    /// Time that the placement may take at most, as in 10s or 2m, counted in work that takes as long on the machine of
    /// docs/benchmarks.md: the result depends on no clock. Default: 55s, which the moves of --effort seldom reach
    #[arg(long, value_name = "TIME", value_parser = budget)]
    pub(crate) placement_budget: Option<u64>,
    /// Verify every lowering with its independent checker
    #[arg(long)]
    pub(crate) check: bool,
    /// Spend idle cores of the chips in use on the layers whose cores do most, for shorter timesteps and more deliveries
    #[arg(long)]
    pub(crate) balance: bool,
    /// Choose the clip of each layer's weights by the spikes that it changes on N training images (slow)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) calibrate: Option<u32>,
    /// How often neurons fire, to weigh placement by: measured on N training images, or read from a file.
    /// Default: one spike in ten timesteps
    #[arg(long, value_name = "train:N|FILE")]
    pub(crate) activity: Option<RateSource>,
    /// Store the measured activity (JSON), for --activity
    #[arg(long, value_name = "FILE")]
    pub(crate) save_activity: Option<PathBuf>,
}

impl Default for TargetArgs {
    fn default() -> Self {
        Self {
            arch: "loihi1".into(),
            set: Vec::new(),
            weight_bits: 8,
            potentials: None,
            seed: 1,
            effort: 1000,
            placement_budget: None,
            check: false,
            balance: false,
            calibrate: None,
            activity: None,
            save_activity: None,
        }
    }
}

impl TargetArgs {
    /// The chip as it was asked for, with the fields that were changed.
    pub(crate) fn called(&self) -> String {
        std::iter::once(&self.arch).chain(&self.set).map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// The chip called `arch` with the defaults of everything else.
    pub(crate) fn chip(arch: &str) -> Self {
        Self { arch: arch.to_owned(), ..Self::default() }
    }
}

/// Looks of a placement at a flow in a second of one processor, measured on cifar10-paper over 1,000 cores (docs/benchmarks.md).
const LOOKS_PER_SECOND: f64 = 1.8e7;

/// A time as work of the placement.
fn budget(text: &str) -> Result<u64, String> {
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len()));
    let seconds = match (number.trim().parse::<f64>(), unit) {
        (Ok(n), "s" | "") => n,
        (Ok(n), "ms") => n / 1e3,
        (Ok(n), "m" | "min") => n * 60.0,
        _ => return Err("write a time, as in 10s, 500ms or 2m".into()),
    };
    if !(0.001..=86_400.0).contains(&seconds) {
        return Err("give 1ms to a day".into());
    }
    Ok((seconds * LOOKS_PER_SECOND) as u64)
}

/// Which samples.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct ImageArgs {
    /// A data set's name (fetched before), or samples of your own: images (folder of class folders of PNG, IDX, CIFAR's binary
    /// layout, .npy, .npz) or recorded events (.csv, .npy, .npz, N-MNIST's .bin, HDF5 as SHD has it), see docs/data.md.
    /// Reported on are test images; options that learn from images take training images.
    /// Default: the 500 bundled images for MNIST networks
    #[arg(long, value_name = "NAME|DIR|FILE")]
    pub(crate) data: Option<String>,
    /// Use only the first N samples
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Classes of the samples in a file of their own: .npy, lines of text, or .csv with the columns `label` or `sample,label`
    #[arg(long, value_name = "FILE", requires = "data")]
    pub(crate) labels: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) events: EventArgs,
}

/// A data set's name; a misspelt one is told the nearest.
pub(crate) fn dataset() -> impl TypedValueParser<Value = DatasetName> {
    let names = PossibleValuesParser::new(DatasetName::ALL.map(DatasetName::as_str));
    names.map(|name| name.parse().expect("one of the names"))
}

/// Where data sets are.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct DataArgs {
    /// Folder of data sets; default: $SPIKELOOM_DATA or the user's cache folder
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl DataArgs {
    /// The folder, if it was given.
    pub(crate) fn explicit(&self) -> Option<&Path> {
        self.data.as_deref()
    }

    /// The folder.
    pub(crate) fn dir(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(datasets::default_dir)
    }
}

/// How a simulation runs and what it writes.
#[derive(Debug, ClapArgs)]
pub(crate) struct SimulationArgs {
    /// How time is modelled
    #[arg(long, value_enum, default_value_t = Mode::Analytic)]
    pub(crate) mode: Mode,
    /// Number of worker threads; default: all processors
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Energy table: a name or a file (.ron); default: the chip's own
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) table: Option<String>,
    /// Refuse what the described chip could not do itself, such as values on events of a chip that has spikes alone
    #[arg(long)]
    pub(crate) strict: bool,
    /// Also run every image's mirror image and decide by the scores of both together; what both cost is reported beside
    #[arg(long)]
    pub(crate) mirror: bool,
    /// Store the whole run (counts by core and layer, times) as JSON, to be priced again later
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write class, spikes, energy and latency of every image, as .csv or .json
    #[arg(long, value_name = "FILE")]
    pub(crate) per_image: Option<PathBuf>,
    /// Write activity, time, energy and power of every timestep of one image (see --trace-image), as .csv or .json
    #[arg(long, value_name = "FILE")]
    pub(crate) per_step: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) trace: TraceArgs,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What happens where potentials may need more bits than the chip has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Potentials {
    /// Integers become coarser until potentials provably fit
    Prove,
    /// Potentials saturate, which is counted
    Saturate,
}

/// How time is modelled. The counts are the same in all modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// No time
    Counts,
    /// Bounds and queueing per core and link
    Analytic,
    /// Every flit
    Cycle,
}

impl From<Mode> for TimingMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Counts => Self::Counts,
            Mode::Analytic => Self::Analytic,
            Mode::Cycle => Self::Cycle,
        }
    }
}

/// Where the rates of neurons come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RateSource {
    /// Measured on this many training images.
    Train(usize),
    /// Stored in a file.
    File(PathBuf),
}

impl FromStr for RateSource {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("train:") {
            None => Ok(Self::File(text.into())),
            Some(n) => match n.parse() {
                Ok(n) if n > 0 => Ok(Self::Train(n)),
                _ => Err(format!("`{n}` is not a number of training images; write train:200, or name a file")),
            },
        }
    }
}
