//! What can go wrong: a program that this machine cannot load, an input or a timestep that it cannot process.

use isa::{CoreId, Timestep};
use std::fmt::Display;
use thiserror::Error;

/// Why a program cannot be loaded. Programs that pass `isa`'s verifier for the same chip only meet the first two.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LoadError {
    /// The chip fires per event, and its description leaves the order of events open.
    #[error(
        "chip {arch} fires per event, so that the order of events decides its spikes, but its description has no `{figure}`, \
         which the order follows from. State it, as assumed if nothing is published"
    )]
    Unordered {
        /// The chip.
        arch: String,
        /// The figure that is absent.
        figure: &'static str,
    },
    /// The program was compiled for another chip.
    #[error("program {program} was compiled for chip {compiled_for}, not for {arch}. Compile it again for {arch}")]
    OtherChip {
        /// The program.
        program: String,
        /// The chip in the program.
        compiled_for: String,
        /// The chip given.
        arch: String,
    },
    /// A part of the program contradicts the chip or another part.
    #[error("{place}: {cause}. The program is damaged or was not verified; compile it again")]
    Invalid {
        /// Where: a core and a descriptor, a route.
        place: String,
        /// What is wrong.
        cause: String,
    },
}

/// Why a sample cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RunError {
    /// An input event names a neuron that the input layer does not have.
    #[error("input event at {timestep}: neuron {neuron} does not exist, the input layer has {neurons} neurons")]
    NoSuchInput {
        /// When.
        timestep: Timestep,
        /// The neuron of the event.
        neuron: u32,
        /// Neurons of the input layer.
        neurons: usize,
    },
    /// A timestep's work exceeds the chip's fixed timestep.
    #[error(
        "{timestep}: {core} needs {needed} ticks, but a timestep of this chip is fixed at {available}. Spread the work \
         over more cores or choose a longer timestep"
    )]
    Overrun {
        /// When.
        timestep: Timestep,
        /// The slowest core.
        core: CoreId,
        /// Ticks that it needs.
        needed: u64,
        /// Ticks of a timestep.
        available: u64,
    },
}

/// Why a batch of samples has no outcome.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BatchError {
    /// A sample failed: the first that did.
    #[error("sample {sample}: {error}")]
    Sample {
        /// Its index.
        sample: usize,
        /// What went wrong.
        error: RunError,
    },
    /// Threads could not be started.
    #[error("threads could not be started: {cause}. Ask for fewer")]
    Threads {
        /// What the system said.
        cause: String,
    },
}

pub(crate) fn invalid(place: impl Display, cause: impl Into<String>) -> LoadError {
    LoadError::Invalid { place: place.to_string(), cause: cause.into() }
}
