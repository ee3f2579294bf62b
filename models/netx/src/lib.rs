//! netx files: trained networks of lava-dl in the arithmetic of Loihi, as integer graphs.
//!
//! A file holds a chain of blocks with integer weights and neurons in Loihi's numbers. What a block means here is what lava-dl's
//! fixed-point models compute (lava-nc/lava-dl, `lib/dl/netx/hdf5.py`; lava-nc/lava, `proc/lif/models.py`, BSD-3-Clause):
//!
//! ```text
//! u ← wrap24(sign(u)·((|u|·(4096 − iDecay)) ≫ 12) + (Σ w·s)·2^(6 + wgtExp))
//! v ← sat24(sign(v)·((|v|·(4096 − vDecay)) ≫ 12) + u + bias·2^6)
//! spike if v > vThMant·2^6; then v ← 0
//! ```
//!
//! or, for sigma-delta neurons, those of the module `sigma`. Spikes of a step act in the next. [`read`] takes the file apart, [`lower`] makes a graph of it; docs/netx.md says what is
//! accepted, assumed and refused.

mod block;
mod lower;
mod neuron;
mod real;
mod sigma;
mod weights;

pub use block::{Block, Kind, Netx, read};
pub use lower::{Imported, Options, lower};
pub use neuron::NeuronConfig;
pub use real::real;

use std::fmt;

/// What keeps a file from becoming a network: the block and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct Problem {
    /// The block, or the file.
    pub place: String,
    /// What is wrong.
    pub message: String,
}

impl Problem {
    pub(crate) fn new(place: impl fmt::Display, message: impl Into<String>) -> Self {
        Self { place: place.to_string(), message: message.into() }
    }
}
