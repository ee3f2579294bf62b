//! From a trained graph to a program for a described chip, one pass per file, each with an independent checker.
//!
//! `ir::Graph<Trained>` → fuse → quantize → `ir::Graph<Quantized>` → tile → place → route → emit → `isa::Program`.

pub mod activity;
pub mod check;
pub mod cost;
pub mod demand;
pub mod diagnostics;
mod incidence;
pub mod mesh;
pub mod nets;
pub mod partition;
pub mod pass;
pub mod pipeline;
pub mod placement;
mod reach;
pub(crate) mod report;
mod targets;
pub mod traffic;
pub mod width;

pub use activity::Activity;
pub use cost::MappingCost;
pub use demand::{Capacity, Demand, Resource};
pub use diagnostics::{Diagnostic, Diagnostics, Limit, Violation, Violations};
pub use partition::{ClusterId, Grid, Partition, Tile, TileId};
pub use pass::cut::Cutting;
pub use pass::emit::stimulus;
pub use pass::place::Method;
pub use pass::quantize::{LayerReport, Quantization, QuantizeOptions};
pub use pass::route::Routing;
pub use pipeline::{
    CompileError, Compiled, Observer, Options, PASSES, PassInfo, Reports, Unobserved, Utilization, compile,
    compile_quantized, compile_quantized_observed, front,
};
pub use placement::Placement;
pub use traffic::program_cost;
