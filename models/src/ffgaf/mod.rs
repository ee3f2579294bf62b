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
mod checkpoint;
mod config;
mod input;
mod network;
pub(crate) mod random;
mod run;
mod store;
mod train;

pub use block::EPSILON;
pub use checkpoint::config_hash;
pub use config::{
    Activation, Allocation, Arithmetic, Augment, Config, ConfigError, Fill, InputCoding, Norm, Readout, Schedule,
};
pub use network::{Evaluation, Layer, Network, Runner, Scores};
pub use run::{Event, Outcome, RunError, run};
pub use store::{Card, StoreError, load_network, read_network, save_network, write_atomic};
pub use train::{EpochReport, Progress, Trainer, hold_out};

#[cfg(test)]
mod tests;
