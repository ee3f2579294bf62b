//! The arguments of every command.

use crate::{
    cmd::{energy::EnergyCommand, reproduce::ReproduceCommand},
    nir::NirArgs,
    rates::RateSource,
    study::Vary,
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
    /// Train networks that differ in one setting and compare them
    Ablate(AblateArgs),
    /// Write a trained network as 8-bit integers and measure on validation images what that costs
    Deploy(DeployArgs),
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
    /// A bundled network (mnist-small, mnist, fashion-mnist, cifar10, cifar10-paper), a trained network (.safetensors), a NIR
    /// file (.nir) or a graph (.ron)
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
            weight_bits: 8,
            seed: 1,
            check: false,
            balance: false,
            calibrate: None,
            activity: None,
            save_activity: None,
        }
    }
}

impl TargetArgs {
    /// The chip called `arch` with the defaults of everything else.
    pub(crate) fn chip(arch: &str) -> Self {
        Self { arch: arch.to_owned(), ..Self::default() }
    }
}

/// Which images.
#[derive(Debug, ClapArgs)]
pub(crate) struct ImageArgs {
    /// Images: a data set's name (fetched before), or a folder that holds the network's data set; or recorded events
    /// (.csv with columns timestep and neuron, optionally sample and label). Reported on are the data set's test images;
    /// options that learn from images take its training images.
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
    #[command(flatten)]
    pub(crate) images: ImageArgs,
    /// Report what quantization changes on test images: spikes of each layer, decisions, accuracy (see --data, --limit)
    #[arg(long)]
    pub(crate) quantization_report: bool,
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
    /// How often neurons fire, from a file written by --save-activity. Default: one spike in ten timesteps
    #[arg(long, value_name = "FILE")]
    pub(crate) activity: Option<PathBuf>,
    /// Print the disassembly, weights as digests
    #[arg(long)]
    pub(crate) disassemble: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct TrainArgs {
    /// What is trained
    #[arg(long, value_enum, default_value_t = Method::Ffgaf)]
    pub(crate) method: Method,
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
    /// Which accuracies are reported
    #[arg(long, value_enum)]
    pub(crate) protocol: Option<ProtocolName>,
    /// Folder of data sets; default: $SPIKELOOM_DATA or the user's cache folder
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// After the last epoch, run the network with 8-bit weights on a simulated chip on the validation images, print the
    /// difference and write deployed.safetensors
    #[arg(long, value_name = "ARCH", num_args = 0..=1, default_missing_value = "loihi1")]
    pub(crate) deploy: Option<String>,
    /// Print every hyper-parameter with its value and leave
    #[arg(long)]
    pub(crate) print_config: bool,
    /// Number of worker threads; default: all processors. The result does not depend on it
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct AblateArgs {
    /// The setting that varies
    #[arg(value_enum)]
    pub(crate) vary: Vary,
    /// Data set, fetched before; default: cifar10, for channels fashion-mnist
    #[arg(long, value_name = "NAME")]
    pub(crate) dataset: Option<DatasetName>,
    /// Passes over the training images of each network
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) epochs: u32,
    /// Use only the first N training images; the held-out ones are taken from them
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Channels of the layers; where channels vary, the widths to try. Default: 40,120,120,240; 20,40,80,160
    #[arg(long, value_name = "N,N,...", value_delimiter = ',')]
    pub(crate) channels: Vec<usize>,
    /// Set a hyper-parameter of all networks, as in `--set 'readout="learned"'`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) settings: Vec<String>,
    /// Seeds of weights, shuffling and hold-out; every variant is trained with each
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', default_values_t = [1])]
    pub(crate) seeds: Vec<u64>,
    /// Continue networks whose training was interrupted, keep finished ones
    #[arg(long)]
    pub(crate) resume: bool,
    /// Number of worker threads; default: all processors. The result does not depend on it
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Folder of data sets; default: $SPIKELOOM_DATA or the user's cache folder
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Output folder: JSON, CSV, a picture, and the run folders
    #[arg(long, value_name = "DIR", default_value = "ablations")]
    pub(crate) out: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `train` trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    /// The spiking network
    Ffgaf,
    /// Hinton's forward-forward perceptron, not spiking
    FfMlp,
    /// Channel-wise competition (CwComp), convolutional, not spiking
    Cwcomp,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DeployArgs {
    /// A trained network (.safetensors)
    #[arg(value_name = "NETWORK")]
    pub(crate) network: PathBuf,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Where the integers go; default: deployed.safetensors beside the network
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Folder of data sets; default: $SPIKELOOM_DATA or the user's cache folder
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Number of worker threads; default: all processors
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
}

/// Which accuracies a training run reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProtocolName {
    /// Validation images choose epoch, layer and read-out; the test images are evaluated once (the default)
    Ours,
    /// Besides, as the paper: the best epoch and layer on the test images themselves, labelled so
    Paper,
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
