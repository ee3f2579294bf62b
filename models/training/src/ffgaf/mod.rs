//! FFGAF-SNN: forward-forward training of convolutional IF networks without backpropagation between layers.
//!
//! | stage | item |
//! |---|---|
//! | hyper-parameters | [`Config`] |
//! | training | [`Trainer`] |
//! | result | [`Network`] of [`Layer`]s, run by [`Runner`] |

pub(crate) mod adam;
pub mod allocation;
mod augment;
pub(crate) mod block;
pub(crate) mod check;
mod checkpoint;
mod choice;
mod config;
mod goodness;
mod grid;
mod input;
mod log;
mod narrow;
mod network;
mod per_layer;
pub(crate) mod random;
mod run;
pub mod similarity;
pub(crate) mod store;
mod train;
mod warm;

pub use block::{EPSILON, LossSteps};
pub use choice::{BestPrinted, Choice, Head, best_printed, by_validation};
pub use config::{
    Activation, Allocation, Arithmetic, Augment, Config, ConfigError, Fill, InputCoding, Norm, Protocol, Readout,
    Schedule, differences,
};
pub use grid::{GridWeights, Rounding, grid};
pub use network::{Evaluation, Layer, Network, Runner, Scores};
pub use per_layer::PerLayer;
pub(crate) use run::describe;
pub use run::{Event, Finished, Job, Outcome, RunError, run};
pub use store::{Card, StoreError, bytes_on_grid, load_network, read_network, save_network, write_atomic};
pub use train::{EpochReport, Progress, Trainer, TrainingMode, hold_out, shuffled};

#[cfg(test)]
mod tests;
