//! Neuron dynamics as data: what a neuron does in a timestep is a short straight-line list of operations over its state words.
//!
//! ```text
//! decay v p0 value      v ← v − v·p0/4096, the decayed value truncated toward zero
//! add v u               v ← v + u
//! fire v p1 gt          fired ← v > p1
//! fired: set v p2       v ← p2 where fired
//! ```
//!
//! The list is the vocabulary that a graph, a program and a chip share. What it means is defined by the interpreter
//! (`ir::interp`, docs/semantics.md §3); the width proof, the simulator's kernel, sizes, counts and disassembly follow from it.
//! This crate holds the words only, and executes nothing.

mod check;
mod op;
pub mod random;
mod text;

pub use check::{Layout, check};
pub use op::{Action, Compare, DecayRule, Kind, Op, Operand, Param, When, Word};
pub use text::ParseError;
