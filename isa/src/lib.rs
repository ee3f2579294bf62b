//! What a chip is, what it executes and what it can be counted doing.
//!
//! | module | holds |
//! |---|---|
//! | [`arch`] | the description of a chip: mesh, core, memories, timing, each constant with its source; presets |
//! | [`op`], [`sparse`] | the instruction set and the descriptors of its macro-operations |
//! | [`image`], [`program`] | core images, routes and the whole compiled program |
//! | [`encode`], [`asm`] | the program as bytes and as text |
//! | [`verify`], [`usage`] | whether a program means something, whether a chip holds it, and how full each core is |
//! | [`readout`] | the class decision on the host |
//! | [`action`] | the vocabulary of countable actions and tables of counts |
//! | [`budget`] | memory that may be allocated for what files ask for |
//!
//! This crate reads no files and prints nothing; it knows neither graphs nor joules.

pub mod action;
pub mod arch;
pub mod asm;
pub use base::budget;
pub mod encode;
mod geometry;
pub mod ids;
pub mod image;
pub mod liberty;
pub mod neuron;
pub mod op;
pub mod program;
pub mod readout;
pub mod sparse;
#[cfg(test)]
mod testing;
pub mod usage;
pub mod verify;

pub use action::{Action, Counts, Ledger};
pub use arch::Arch;
pub use asm::{AsmError, Style, assemble, disassemble};
pub use encode::{DecodeError, decode, encode};
pub use ids::{CoreId, Cycle, LayerId, RouteId, RouterId, Tag, Timestep, WeightBlockId};
pub use image::{AxonEntry, CoreImage, Destination, Emission, Route};
pub use liberty::{Liberty, liberties};
pub use neuron::NeuronList;
pub use op::{ConvDescriptor, DenseDescriptor, Descriptor, DescriptorId, Instruction, NeuronDescriptor, NeuronKind};
pub use program::{Coding, Encoding, InputEvent, InputPort, Layer, Program, Stimulus, WeightBlock, weight_fits};
pub use readout::{Readout, Score, decide};
pub use sparse::{SparseDescriptor, SynapseList};
pub use usage::{CoreUsage, Resource, Use, usage, usages};
pub use verify::{Rule, Violation, verify};
