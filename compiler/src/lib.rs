//! From a trained graph to a program for a described chip, one pass per file, each with an independent checker.
//!
//! `ir::Graph<Trained>` → fuse → quantize → `ir::Graph<Quantized>` → tile → place → route → emit → `isa::Program`.

pub mod check;
pub mod diagnostics;
pub mod pass;

pub use diagnostics::{Diagnostic, Diagnostics, Violation, Violations};
