//! From a trained graph to a program for a described chip, one pass per file, each with an independent checker.
//!
//! ```
//! use ir::{Quantized, text::parse};
//! use spikeloom_compiler::{Options, compile_quantized};
//!
//! let network = parse::<Quantized>(
//!     r#"(stage: "quantized", name: "two", timesteps: 4, encoding: Pixels, populations: [
//!         (name: "in", shape: (channels: 2, height: 1, width: 1), neuron: Input(coding: Events, scale: 1.0)),
//!         (name: "out", shape: (channels: 1, height: 1, width: 1), neuron: Spiking((threshold: [5], v_init: [0], bias: [0],
//!             leak: None, reset: Subtract, compare: GreaterEqual, window: (start: 0, end: 4), floor: None))),
//!     ], projections: [(pre: "in", post: "out", connectivity: Dense, delay: 0, weights: [3, -1])],
//!     readout: SpikeCount(population: (1)))"#,
//! )?;
//! let chip = isa::arch::preset::preset("loihi1").expect("a preset");
//! let compiled = compile_quantized(&network, &chip, &Options::default())?;
//! assert_eq!(compiled.program.cores.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`passes`] | the list of passes, which is what runs: from `ir::Graph<Trained>` to `isa::Program` |
//! | [`pass`] | the passes, a file each |
//! | [`check`] | their checkers, which share no code with them |
//! | [`pipeline`] | the whole way in one call, and its settings |
//! | [`partition`], [`placement`], [`demand`] | tiles and clusters, the cores that they run on, what they take of a core |
//! | [`activity`], [`nets`], [`mesh`] | how often neurons fire, which clusters their spikes join, the links between |
//! | [`cost`], [`traffic`] | what a mapping costs, from the partition and from a program alone |
//! | [`width`] | bounds of potentials, so that widths are proven |
//! | [`diagnostics`] | why there is no program: the network does not fit, or the compiler erred |

pub mod activity;
pub mod check;
pub mod cost;
pub mod demand;
pub mod diagnostics;
mod dump;
mod incidence;
mod mapping;
pub mod mesh;
pub mod nets;
mod observe;
pub mod partition;
pub mod pass;
pub mod passes;
pub mod pipeline;
pub mod placement;
mod reach;
mod reports;
mod rounding;
mod targets;
pub mod traffic;
pub mod width;

pub use activity::Activity;
pub use cost::MappingCost;
pub use demand::{Capacity, Demand, Resource};
pub use diagnostics::{Diagnostic, Diagnostics, Limit, Violation, Violations};
pub use observe::{Observer, PassInfo, Unobserved};
pub use partition::{ClusterId, Grid, Partition, Tile, TileId};
pub use pass::cut::Cutting;
pub use pass::emit::stimulus;
pub use pass::place::Method;
pub use pass::quantize::{LayerReport, Quantization, QuantizeOptions};
pub use pass::route::Routing;
pub use passes::PASSES;
pub use pipeline::{CompileError, Compiled, Options, compile, compile_quantized, compile_quantized_observed, front};
pub use placement::{Layout, Placement};
pub use reports::{Reports, Utilization};
pub use traffic::program_cost;
