//! The arguments of `spikeloom reproduce`.

use super::{DataArgs, ImageArgs, ModelArgs, ReportArgs, dataset};
use clap::{Args, Subcommand, ValueEnum};
use datasets::DatasetName;
use std::path::PathBuf;

/// What can be rebuilt.
#[derive(Debug, Subcommand)]
pub(crate) enum ReproduceCommand {
    /// Accuracies: printed values beside those measured by this program
    Table1(Table1Args),
    /// Energies on CIFAR-10: every printed cell re-derived, with the assumption that gives it, and a verdict
    Table2(Table2Args),
    /// Heat map of the similarity of the classes (eq. 2)
    Fig1(ClassArgs),
    /// Complexity of the classes, mean 0 and variance 1 (eq. 3), and the channels it gives them (eq. 4)
    Fig2(Fig2Args),
    /// The architecture, drawn and measured on a network: layers, groups of channels, goodness of each class
    Fig3(Fig3Args),
    /// Allocation strategies, or channels, against accuracy; trains networks
    Fig4(Fig4Args),
    /// Feature maps, weighted maps and spike maps of one image
    Fig5(Fig5Args),
    /// What has been measured on chips, beside what this program computes: calibrated or predicted, with the error
    Silicon(SiliconArgs),
    /// Every table and figure, and an index of them
    All(AllArgs),
}

/// Where results go.
#[derive(Debug, Args)]
pub(crate) struct OutArgs {
    /// Output folder: JSON, CSV and a picture
    #[arg(long, value_name = "DIR", default_value = "reproduced")]
    pub(crate) out: PathBuf,
    /// Replace results that the folder holds already
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Table1Args {
    /// Further trained networks (.safetensors) to show
    #[arg(long = "model", value_name = "FILE")]
    pub(crate) models: Vec<String>,
    #[command(flatten)]
    pub(crate) out: OutArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Table2Args {
    /// A trained network of FFGAF-SNN's geometry to simulate (.safetensors); default: a bundled one, if one ships
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<String>,
    /// Images to simulate
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) out: OutArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Fig3Args {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    #[command(flatten)]
    pub(crate) images: ImageArgs,
    #[command(flatten)]
    pub(crate) out: OutArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ClassArgs {
    /// Data set, fetched before; may be given several times
    #[arg(long, value_name = "NAME", value_parser = dataset(), default_values_t = [DatasetName::Cifar10])]
    pub(crate) dataset: Vec<DatasetName>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) out: OutArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Fig2Args {
    /// φ of the allocation (eq. 4)
    #[arg(long, default_value_t = 2.0)]
    pub(crate) phi: f64,
    #[command(flatten)]
    pub(crate) classes: ClassArgs,
}

/// What is varied in figure 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Fig4Vary {
    /// How channels are divided among the classes
    Allocation,
    /// The number of channels of a one-layer network
    Channels,
}

#[derive(Debug, Args)]
pub(crate) struct Fig4Args {
    /// What is varied
    #[arg(long, value_enum, default_value_t = Fig4Vary::Allocation)]
    pub(crate) vary: Fig4Vary,
    /// Data set, fetched before; default: cifar10 for allocation, fashion-mnist for channels
    #[arg(long, value_name = "NAME", value_parser = dataset())]
    pub(crate) dataset: Option<DatasetName>,
    /// Passes over the training images of each network
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) epochs: u32,
    /// Use only the first N training images; the held-out ones are taken from them
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Channels of the layers for allocation; widths to try for channels. Default: 40,120,120,240; 20,40,80,160
    #[arg(long, value_name = "N,N,...", value_delimiter = ',')]
    pub(crate) channels: Vec<usize>,
    /// Continue networks whose training was interrupted, keep finished ones
    #[arg(long)]
    pub(crate) resume: bool,
    /// Seeds of weights, shuffling and hold-out; every network is trained with each
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', default_values_t = [1])]
    pub(crate) seeds: Vec<u64>,
    /// Number of worker threads; default: all processors. The result does not depend on it
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) out: OutArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Fig5Args {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Test images: a data set's name or folder; default: the 500 bundled ones for MNIST networks
    #[arg(long, value_name = "NAME|DIR")]
    pub(crate) data: Option<String>,
    /// Which image, from 0
    #[arg(long, value_name = "I", default_value_t = 0)]
    pub(crate) image: usize,
    /// Channels shown of each layer: those with the most spikes
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) channels: u32,
    #[command(flatten)]
    pub(crate) out: OutArgs,
}

#[derive(Debug, Args)]
pub(crate) struct AllArgs {
    /// Passes over the training images of each of figure 4's networks; 0 leaves figure 4 out
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) epochs: u32,
    /// Use only the first N training images for figure 4
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Continue networks whose training was interrupted, keep finished ones
    #[arg(long)]
    pub(crate) resume: bool,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Output folder
    #[arg(long, value_name = "DIR", default_value = "reproduced")]
    pub(crate) out: PathBuf,
    /// Replace results that the folder holds already
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SiliconArgs {
    /// `dvs_challenge.npz` of the Python package sanafe (sanafe/examples): eight variants of Loihi against SANA-FE
    #[arg(long, value_name = "FILE")]
    pub(crate) sanafe: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) out: OutArgs,
}
