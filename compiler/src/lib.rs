//! From a trained graph to a program for a described chip, one pass per file, each with an independent checker.
//!
//! `ir::Graph<Trained>` → fuse → quantize → `ir::Graph<Quantized>` → tile → place → route → emit → `isa::Program`.

pub mod activity;
pub mod check;
pub mod demand;
pub mod diagnostics;
pub mod partition;
pub mod pass;
pub mod pipeline;
pub mod place;
mod reach;

pub use activity::Activity;
pub use demand::{Capacity, Demand, Resource};
pub use diagnostics::{Diagnostic, Diagnostics, Limit, Violation, Violations};
pub use partition::{ClusterId, Grid, Partition, Tile, TileId};
pub use pass::emit::stimulus;
pub use pass::route::Routing;
pub use pipeline::{CompileError, Compiled, Options, compile_quantized};
pub use place::Placement;
