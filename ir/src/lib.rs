//! Graph IR of spikeloom: populations joined by projections, on petgraph, with the stage in the type.
//!
//! `Graph<Trained>` holds real-valued networks as training or an import leaves them, `Graph<Quantized>` the integer
//! networks that chips execute. What a graph *means* is defined by [`interp`], stated in words in `docs/semantics.md`.
//! This crate reads no files and prints nothing; it knows no chip.

#[cfg(feature = "arbitrary")]
pub mod arbitrary;
pub mod connect;
pub mod dynamics;
pub mod encode;
pub mod graph;
pub mod ids;
pub mod interp;
pub mod length;
pub mod lists;
pub mod models;
pub mod neuron;
pub mod readout;
pub mod stage;
pub mod stimulus;
pub mod text;
pub mod verify;

pub use connect::{Connectivity, Conv2d, Pool, Projection};
pub use dynamics::{DecayRule, Dynamics, Parameter, StateWord, Unit};
pub use encode::{InputEncoding, standardize};
pub use graph::{Graph, Population};
pub use ids::{PopulationId, ProjectionId, Shape, Timestep};
pub use interp::{Trace, interpret, interpret_saturating};
pub use length::lasting;
pub use lists::SynapseLists;
pub use models::{Adaptation, Neuron, ResetTo};
pub use neuron::{Compare, Emits, InputCoding, Leak, NeuronModel, Normalization, PerChannel, Reset, Spiking, Window};
pub use readout::{Decision, Readout, Score};
pub use stage::{Quantized, Stage, Trained};
pub use stimulus::{Event, Stimulus};
pub use verify::{Violation, verify};
