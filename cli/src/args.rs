//! The arguments of every command.

pub(crate) mod energy;
mod events;
pub(crate) mod report;
pub(crate) mod reproduce;
mod shared;
mod training;

pub(crate) use self::training::{AblateArgs, DeployArgs, Method, ProtocolName, TrainArgs};
pub(crate) use report::ReportArgs;
pub(crate) use shared::{
    DataArgs, ImageArgs, Mode, ModelArgs, Potentials, ProgramArgs, RateSource, SimulationArgs, TargetArgs, dataset,
};

use crate::{
    cmd::{
        chip::ChipCommand,
        compare::CompareArgs,
        explore::ExploreArgs,
        shell::{CompletionArgs, ManArgs},
    },
    nir::NirArgs,
};
use clap::{Args as ClapArgs, Parser, Subcommand};
use datasets::DatasetName;
use std::path::PathBuf;

/// Train, compile and simulate convolutional spiking networks on described neuromorphic chips.
#[derive(Debug, Parser)]
#[command(name = "spikeloom", version, arg_required_else_help = true)]
pub struct Args {
    /// Most memory to use for what files ask for, as in 8G; default: three quarters of what there is
    #[arg(long, global = true, value_name = "SIZE", value_parser = crate::memory::size)]
    pub(crate) max_memory: Option<u64>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Args {
    /// Whether the outcome of a compilation is asked for as JSON.
    pub(crate) fn wants_json(&self) -> bool {
        match &self.command {
            Command::Run(args) => args.simulation.json,
            Command::Compile(args) => args.json,
            _ => false,
        }
    }

    /// Where the report of a compilation goes, and what is compiled.
    pub(crate) fn deployment(&self) -> Option<(&ReportArgs, &ModelArgs, &TargetArgs)> {
        match &self.command {
            Command::Run(args) => Some((&args.simulation.report, &args.model, &args.target)),
            Command::Compile(args) => Some((&args.report, &args.model, &args.target)),
            _ => None,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compile a network onto a chip, run images through the simulator, report accuracy, counts, energy and latency
    Run(RunArgs),
    /// Compile a network onto a chip
    Compile(CompileArgs),
    /// Run images through a compiled program
    Simulate(SimulateArgs),
    /// Evaluate the points of a space of chips, and show what they answer
    Explore(ExploreArgs),
    /// List, begin, show, check and compare chip descriptions
    #[command(subcommand)]
    Chip(ChipCommand),
    /// Train a network with local forward-forward losses
    Train(TrainArgs),
    /// Train networks that differ in one setting and compare them
    Ablate(AblateArgs),
    /// Write a trained network as 8-bit integers and measure on validation images what that costs
    Deploy(DeployArgs),
    /// Show what a compiled program uses of its chip, or disassemble it
    Inspect(InspectArgs),
    /// Compare two recordings of one sample spike by spike
    Diff(DiffArgs),
    /// Check a NIR file: what it holds, what it does not say, what would be refused
    Check(CheckArgs),
    /// Write a network as a NIR file
    Export(ExportArgs),
    /// Obtain data sets
    #[command(subcommand)]
    Data(DataCommand),
    /// Price stored runs, evaluate analytical energy models, compare with formal networks, list tables
    #[command(subcommand)]
    Energy(energy::EnergyCommand),
    /// Compare stored runs or reports: side by side, ratios, what differs
    Compare(CompareArgs),
    /// Print a script that completes commands and options in a shell
    Completions(CompletionArgs),
    /// Write a manual page per command
    Man(ManArgs),
    /// Rebuild published tables and figures from this program's own computations
    #[command(subcommand)]
    Reproduce(reproduce::ReproduceCommand),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) images: ImageArgs,
    #[command(flatten)]
    pub(crate) simulation: SimulationArgs,
    /// Also run the reference interpreter and the float network on every image and report where they differ (slow)
    #[arg(long)]
    pub(crate) verify: bool,
}

#[derive(Debug, ClapArgs)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct CompileArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) images: ImageArgs,
    /// Report what quantization changes on test images: spikes of each layer, decisions, accuracy (see --data, --limit)
    #[arg(long)]
    pub(crate) quantization_report: bool,
    /// Place the network with the other methods too, and report what each placement costs
    #[arg(long)]
    pub(crate) compare_placements: bool,
    /// Where the program goes; default: NETWORK-CHIP.slb
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Stop after a pass and write nothing
    #[arg(long, value_name = "PASS")]
    pub(crate) stop_after: Option<String>,
    /// Print what a pass produced (see --help-passes)
    #[arg(long, value_name = "PASS")]
    pub(crate) dump_after: Vec<String>,
    /// List the passes and leave
    #[arg(long)]
    pub(crate) help_passes: bool,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SimulateArgs {
    #[command(flatten)]
    pub(crate) program: ProgramArgs,
    #[command(flatten)]
    pub(crate) images: ImageArgs,
    #[command(flatten)]
    pub(crate) simulation: SimulationArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DiffArgs {
    /// A recording: recording.h5 or spikes.csv of --trace spikes, or a framework's NIRData or .npz (one array per layer,
    /// timesteps first; potentials as NAME.v)
    #[arg(value_name = "A")]
    pub(crate) a: PathBuf,
    /// The other recording
    #[arg(value_name = "B")]
    pub(crate) b: PathBuf,
    /// Timesteps by which a layer of A is later than in B: a layer behind N spiking layers is N later than in frameworks
    #[arg(long, value_name = "LAYER=N,...", value_delimiter = ',', value_parser = shift)]
    pub(crate) shift: Vec<(String, u32)>,
    /// Look for the shift of each layer that leaves the fewest differences
    #[arg(long)]
    pub(crate) align: bool,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

fn shift(text: &str) -> Result<(String, u32), String> {
    let pair = text.rsplit_once('=').and_then(|(layer, n)| Some((layer.to_owned(), n.parse().ok()?)));
    pair.ok_or_else(|| "a shift is a layer and a number of timesteps, as in fc1=1".into())
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CheckArgs {
    /// A NIR file (.nir)
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) nir: NirArgs,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Where the network goes; default: NETWORK.nir
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct InspectArgs {
    #[command(flatten)]
    pub(crate) program: ProgramArgs,
    /// How often neurons fire, from a file written by --save-activity. Default: one spike in ten timesteps
    #[arg(long, value_name = "FILE")]
    pub(crate) activity: Option<PathBuf>,
    /// Print the disassembly, weights as digests
    #[arg(long)]
    pub(crate) disassemble: bool,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Obtain a data set and verify it
    Fetch {
        /// mnist, fashion-mnist or cifar10
        #[arg(value_parser = dataset())]
        dataset: DatasetName,
        /// Folder of data sets; default: $SPIKELOOM_DATA or the user's cache folder
        #[arg(long)]
        dir: Option<PathBuf>,
    },
    /// Make recordings of events from a data set's images, by a seeded model of an event camera that makes three saccades over each
    Saccades(SaccadeArgs),
}

/// Recordings made of images.
#[derive(Debug, ClapArgs)]
pub(crate) struct SaccadeArgs {
    /// mnist, fashion-mnist or cifar10, fetched before
    #[arg(value_parser = dataset())]
    pub(crate) dataset: DatasetName,
    /// Timesteps of a recording
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=255))]
    pub(crate) steps: u32,
    /// Recordings of the first N training images
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) train: u32,
    /// Recordings of the first N test images
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) test: u32,
    /// Seed of the sensor's noise and mismatch
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Where the recordings go (.npz: x_train, y_train, x_test, y_test)
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) data: DataArgs,
}
