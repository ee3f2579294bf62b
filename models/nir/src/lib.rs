//! NIR (Neuromorphic Intermediate Representation) files: reading, checking, lowering to a network, writing.
//!
//! NIR is the exchange format of spiking-network frameworks (Pedersen et al., Nature Communications 15, 2024; the Python
//! package `nir` is the reference for the layout). A file holds a graph of nodes with differential equations; it does not hold
//! what a digital chip needs to know: the timestep, the reset rule, the comparison, the input coding. `docs/nir.md` says what
//! is accepted, what is assumed, and how each node is mapped.

mod data;
mod data_read;
mod dynamic;
mod export;
mod guess;
pub mod hdf5;
mod hidden;
mod inline;
mod input;
mod linear;
mod lint;
mod lower;
mod map;
pub mod model;
mod network;
mod neuron;
mod normalize;
mod options;
mod paced;
mod pipeline;
mod population;
mod profile;
mod read;
mod said;
mod settings;
mod shape;
mod signal;
mod words;
mod write;

pub use data::{Recording, write_data};
pub use data_read::read_data;
pub use export::export;
pub use lint::{Line, Lint, lint};
pub use lower::{Imported, assumptions, lower};
pub use model::{NirGraph, Node, Problem, Problems};
pub use normalize::Normalize;
pub use options::{Assumption, Coding, Integrator, Options, Origin, Recorded, Reset, Rules, Spikes, Start};
pub use profile::{MOST_SPIKES, PROFILES, Profile, profile};
pub use read::{Read, read};
pub use said::{Extra, METADATA, Said};
pub use words::{Word, Worded};
pub use write::write;
