//! The arguments of every command.

use crate::{
    cmd::{energy::EnergyCommand, reproduce::ReproduceCommand},
    nir::NirArgs,
    trace::TraceArgs,
};
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use models::data::DatasetName;
use std::path::PathBuf;

/// Train, compile and simulate convolutional spiking networks on described neuromorphic chips.
#[derive(Debug, Parser)]
#[command(name = "spikeloom", version, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compile a network onto a chip, run images through the simulator, report accuracy, counts, energy and latency
    Run(RunArgs),
    /// Compile a network onto a chip
    Compile(CompileArgs),
    /// Run images through a compiled program
    Simulate(SimulateArgs),
    /// Train a network with local forward-forward losses
    Train(TrainArgs),
    /// Show what a compiled program uses of its chip, or disassemble it
    Inspect(InspectArgs),
    /// Check a NIR file: what it holds, what it does not say, what would be refused
    Check(CheckArgs),
    /// Write a network as a NIR file
    Export(ExportArgs),
    /// Obtain data sets
    #[command(subcommand)]
    Data(DataCommand),
    /// Price stored runs, evaluate analytical energy models, compare with formal networks, list tables
    #[command(subcommand)]
    Energy(EnergyCommand),
    /// Rebuild published tables and figures from this program's own computations
    #[command(subcommand)]
    Reproduce(ReproduceCommand),
}

/// Which network.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct ModelArgs {
    /// A bundled network (see `spikeloom run --help`), a trained network (.safetensors), a NIR file (.nir) or a graph (.ron)
    #[arg(value_name = "MODEL", default_value = "mnist-small")]
    pub(crate) model: String,
    #[command(flatten)]
    pub(crate) nir: NirArgs,
}

/// Which chip, and how the network is laid onto it.
#[derive(Debug, ClapArgs)]
pub(crate) struct TargetArgs {
    /// The chip: a preset's name or a description file (.ron)
    #[arg(long, value_name = "NAME|FILE", default_value = "loihi1")]
    pub(crate) arch: String,
    /// Width of a stored weight in bits, 1 to 16
    #[arg(long, value_name = "BITS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=16))]
    pub(crate) weight_bits: u32,
    /// Seed of the placement
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Verify every lowering with its independent checker
    #[arg(long)]
    pub(crate) check: bool,
}

/// Which images.
#[derive(Debug, ClapArgs)]
pub(crate) struct ImageArgs {
    /// Test images: a data set's name (fetched before), or a folder that holds the network's data set; or recorded events
    /// (.csv with columns timestep and neuron, optionally sample and label).
    /// Default: the 500 bundled images for MNIST networks
    #[arg(long, value_name = "NAME|DIR|FILE")]
    pub(crate) data: Option<String>,
    /// Use only the first N images
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
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
    /// Store the whole run (counts by core and layer, times) as JSON, to be priced again later
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write class, spikes, energy and latency of every image, as .csv or .json
    #[arg(long, value_name = "FILE")]
    pub(crate) per_image: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) trace: TraceArgs,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
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
pub(crate) struct CompileArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Where the program goes; default: the network's name with .slb
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Stop after a pass and write nothing
    #[arg(long, value_name = "PASS")]
    pub(crate) stop_after: Option<String>,
    /// Print what a pass produced
    #[arg(long, value_name = "PASS")]
    pub(crate) dump_after: Vec<String>,
    /// List the passes and leave
    #[arg(long)]
    pub(crate) help_passes: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SimulateArgs {
    /// A compiled program (.slb)
    #[arg(value_name = "PROGRAM")]
    pub(crate) program: PathBuf,
    /// The chip: a preset's name or a description file; default: the one that the program was compiled for
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) arch: Option<String>,
    #[command(flatten)]
    pub(crate) images: ImageArgs,
    #[command(flatten)]
    pub(crate) simulation: SimulationArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CheckArgs {
    /// A NIR file (.nir)
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) nir: NirArgs,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Where the network goes; default: its name with .nir
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct InspectArgs {
    /// A compiled program (.slb)
    #[arg(value_name = "PROGRAM")]
    pub(crate) program: PathBuf,
    /// The chip: a preset's name or a description file; default: the one that the program was compiled for
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) arch: Option<String>,
    /// Print the disassembly, weights as digests
    #[arg(long)]
    pub(crate) disassemble: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct TrainArgs {
    /// The data set, fetched before: mnist, fashion-mnist or cifar10
    #[arg(long)]
    pub(crate) dataset: Option<DatasetName>,
    /// Passes over the training images
    #[arg(long, value_name = "N")]
    pub(crate) epochs: Option<usize>,
    /// Run folder: configuration, checkpoint, logs, the trained network
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Continue from the checkpoint in the run folder
    #[arg(long)]
    pub(crate) resume: bool,
    /// Hyper-parameters (.toml); absent ones keep their defaults
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Override a hyper-parameter, as in `--set channels=[16,32,32,64]` or `--set augment.flip=true`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) settings: Vec<String>,
    /// Seed of weights, shuffling and augmentation
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Folder of data sets; default: $SPIKELOOM_DATA or the user's cache folder
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Print every hyper-parameter with its value and leave
    #[arg(long)]
    pub(crate) print_config: bool,
    /// Number of worker threads; default: all processors. The result does not depend on it
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Obtain a data set and verify it
    Fetch {
        /// mnist, fashion-mnist or cifar10
        dataset: DatasetName,
        /// Folder of data sets; default: $SPIKELOOM_DATA or the user's cache folder
        #[arg(long)]
        dir: Option<PathBuf>,
    },
}
