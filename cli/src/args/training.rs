//! Arguments of training, comparing trained networks, and deploying one.

use super::{DataArgs, ReportArgs, TargetArgs, dataset};
use clap::{Args as ClapArgs, ValueEnum};
use datasets::DatasetName;
use experiments::Vary;
use std::path::PathBuf;

#[derive(Debug, ClapArgs)]
pub(crate) struct TrainArgs {
    /// What is trained
    #[arg(long, value_enum, default_value_t = Method::Ffgaf)]
    pub(crate) method: Method,
    /// The data set, fetched before: mnist, fashion-mnist or cifar10; --data then names the folder of data sets. Without it --data
    /// names images of your own: a folder of class folders of PNG, IDX files, .npz (x, y), CIFAR's binary layout
    #[arg(long, value_parser = dataset())]
    pub(crate) dataset: Option<DatasetName>,
    /// Passes over the training images
    #[arg(long, value_name = "N")]
    pub(crate) epochs: Option<usize>,
    /// Run folder: configuration, checkpoint, logs, the trained network
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Continue from the checkpoint in the run folder, with the settings kept there
    #[arg(long)]
    pub(crate) resume: bool,
    /// Use only the first N training images; the held-out ones are among them
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Hyper-parameters (.toml); absent ones keep their defaults
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Start from the layers of a trained network, a bundled one's name or a file, instead of drawn weights; its shape is taken over too
    #[arg(long, value_name = "NETWORK")]
    pub(crate) from: Option<String>,
    /// Override a hyper-parameter, as in `--set channels=[16,32,32,64]` or `--set augment.flip=true`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) settings: Vec<String>,
    /// Seed of weights, shuffling and augmentation
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub(crate) seed: Option<u64>,
    /// Which accuracies are reported
    #[arg(long, value_enum)]
    pub(crate) protocol: Option<ProtocolName>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// After the last epoch, run the network with 8-bit weights on a simulated chip on the validation images, print the
    /// difference and write network-CHIP.safetensors
    #[arg(long, value_name = "ARCH", num_args = 0..=1, default_missing_value = "loihi1")]
    pub(crate) deploy: Option<String>,
    /// Print every hyper-parameter with its value and leave
    #[arg(long)]
    pub(crate) print_config: bool,
    /// Number of worker threads; default: all processors. The result does not depend on it
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct AblateArgs {
    /// The setting that varies
    #[arg(value_enum)]
    pub(crate) vary: Vary,
    /// Data set, fetched before; default: cifar10, for channels fashion-mnist
    #[arg(long, value_name = "NAME", value_parser = dataset())]
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
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Output folder: JSON, CSV, a picture, and the run folders
    #[arg(long, value_name = "DIR", default_value = "ablations")]
    pub(crate) out: PathBuf,
    /// Replace results that the folder holds already
    #[arg(long)]
    pub(crate) force: bool,
    /// Run the trained networks on these chips too: accuracy against energy
    #[arg(long, value_name = "CHIP,CHIP,...", value_delimiter = ',')]
    pub(crate) energy: Vec<String>,
    /// Test images run on each chip
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) energy_images: usize,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
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
    /// A trained network (.safetensors), or a bundled one's name
    #[arg(value_name = "NETWORK")]
    pub(crate) network: String,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Where the integers go; default: NETWORK-CHIP.safetensors beside it
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) tune: TuneArgs,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Number of worker threads; default: all processors
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// Going on with training for the chip's weights.
#[derive(Debug, ClapArgs)]
pub(crate) struct TuneArgs {
    /// First train the network further, N passes over its training images with its local losses, for weights of --weight-bits bits;
    /// validation images choose the pass
    #[arg(long = "tune", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) epochs: Option<u32>,
    /// Run folder of --tune: checkpoint, logs, the trained network. Default: NETWORK-CHIP-Nbit.tune beside the network
    #[arg(long = "tune-out", value_name = "DIR", requires = "epochs")]
    pub(crate) out: Option<PathBuf>,
    /// Override a hyper-parameter of --tune, as in `--tune-set learning_rate=0.01`; may be given several times
    #[arg(long = "tune-set", value_name = "KEY=VALUE", requires = "epochs")]
    pub(crate) settings: Vec<String>,
    /// Continue --tune from the checkpoint in its run folder
    #[arg(long, requires = "epochs")]
    pub(crate) resume: bool,
}

/// Which accuracies a training run reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProtocolName {
    /// Validation images choose epoch, layer and read-out; the test images are evaluated once (the default)
    Ours,
    /// Besides, as the paper: the best epoch and layer on the test images themselves, labelled so
    Paper,
}
