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

/// Why a run has no time.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoTime {
    /// Only counts were asked for.
    #[error("only counts were asked for; ask for analytic or cycle time")]
    NotAsked,
    /// The description has no such figure.
    #[error(
        "the chip's description has no `{figure}`, without which there is no time; state it, as assumed if nothing is published"
    )]
    Absent {
        /// Its path.
        figure: &'static str,
    },
    /// The description does not say how timesteps are separated.
    #[error("the chip's description says `sync: None`: how timesteps are separated is left open, and time with it")]
    Unseparated,
    /// Packets of several flits that fork on their way.
    #[error(
        "multicast packets of {flits} flits cannot be simulated flit by flit: a packet that forks would hold several ways at \
         once. Use analytic time, one flit per spike (`noc.flits_per_spike`), or `multicast: Unicast`"
    )]
    ForkedPackets {
        /// Flits of a packet.
        flits: u32,
    },
    /// A ring in which packets wait for each other.
    #[error(
        "a torus with one virtual channel can deadlock, so it is not simulated flit by flit. Use analytic time, or at least 2 \
         `noc.virtual_channels`"
    )]
    Deadlock,
    /// Routers that are too large.
    #[error(
        "routers with {channels} input channels (4 × `noc.virtual_channels` + `mesh.cores_per_router` + 1) exceed the {most} \
         that can be simulated flit by flit. Use analytic time, or describe fewer"
    )]
    Channels {
        /// Input channels of a router.
        channels: usize,
        /// Most that can be simulated.
        most: usize,
    },
    /// More buffer slots than have a number.
    #[error(
        "{slots} slots of buffers (input channels of all routers × `noc.buffer_flits`) exceed the 2^32 that can be simulated flit by \
         flit. Use analytic time, or describe fewer"
    )]
    Buffers {
        /// Slots of all buffers.
        slots: u64,
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
    /// Time beyond what is counted.
    #[error(
        "{timestep} ends after more than 2^62 ticks, more than can be counted. The chip's times are too long for this work, or \
         its tick is too short"
    )]
    Endless {
        /// When.
        timestep: Timestep,
    },
    /// An input event comes after the last timestep with input.
    #[error("input event at {timestep}: the program takes input in {steps} timesteps. Compile it for longer samples")]
    AfterInput {
        /// When.
        timestep: Timestep,
        /// Timesteps in which input may arrive.
        steps: u32,
    },
    /// The sample is longer than the program's input, or shorter where the program's windows do not move with it.
    #[error("the sample lasts {lasts} timesteps, the program takes input in {steps}. Compile it for this length")]
    Length {
        /// Timesteps with input of the sample.
        lasts: u32,
        /// Timesteps with input of the program.
        steps: u32,
    },
    /// An input event has a value that the widths of potentials were not proven for.
    #[error(
        "input event at {timestep}: neuron {neuron} receives {value}, but the program takes values from {least} to {most}. \
         Compile it for these samples"
    )]
    OutOfRange {
        /// When.
        timestep: Timestep,
        /// The neuron of the event.
        neuron: u32,
        /// Its value.
        value: i32,
        /// Smallest value that the program takes.
        least: i32,
        /// Largest value that the program takes.
        most: i32,
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

/// Why a mapping cannot be costed from a record.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReplayError {
    /// The order of events, and with it time, decides spikes.
    #[error(
        "chip {arch} fires per event: its spikes depend on its times, and no record holds them. Run the samples on it"
    )]
    PerEvent {
        /// The chip.
        arch: String,
    },
    /// Cycle mode needs every spike in order.
    #[error(
        "flits are simulated one by one from the spikes of a run, not from a record. Choose analytic timing, or run"
    )]
    Cycle,
    /// Layers or timesteps are not those of the program.
    #[error("the record is of another network. Record this one")]
    OtherNetwork,
    /// The chip visits touched neurons only, and the record was made on one that visits all.
    #[error("chip {arch} visits touched neurons only, and the record does not say which. Record on such a chip")]
    Visits {
        /// The chip.
        arch: String,
    },
    /// A map is too large for the format.
    #[error("layer `{layer}` has {positions} positions; a record holds 65,536")]
    TooWide {
        /// The layer.
        layer: String,
        /// Rows times columns.
        positions: usize,
    },
    /// An input neuron has several events in one timestep.
    #[error("an input neuron has two events in one timestep, which a record cannot tell from one. Merge them, or run")]
    Repeated,
    /// A layer emits values, of which a record holds none.
    #[error("layer `{layer}` emits values rather than spikes, which a record does not hold. Run the samples")]
    Values {
        /// The layer.
        layer: String,
    },
    /// A sample cannot be run, or does not fit into the chip's timesteps.
    #[error(transparent)]
    Sample(BatchError),
}

pub(crate) fn invalid(place: impl Display, cause: impl Into<String>) -> LoadError {
    LoadError::Invalid { place: place.to_string(), cause: cause.into() }
}
