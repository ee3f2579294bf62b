//! Rewrites a trained network into the form that chips execute: projections between input, spiking and accumulator
//! populations, nothing else.
//!
//! ```text
//! input ─conv→ [norm] IF ─pool→ linear ─conv→ IF        before
//! input ─conv'→ IF' ─pool·conv'→ IF                      after
//! ```
//!
//! In order, each rewrite exact in real numbers (weights are stored as `f32`, computed in `f64`):
//!
//! 1. [`super::fold_norm`]: normalization becomes gain in the weights and offset in the initial potential;
//! 2. [`super::fold_scale`]: the real value of an input unit becomes part of the weights;
//! 3. [`super::fold_linear`]: populations without neurons are composed into the projections behind them;
//! 4. [`super::canonicalize`]: the layout that chips execute.
//!
//! These are passes of their own ([`crate::passes`]); here they run together. Spikes, potentials and read-out keep their meaning for every population that remains.

use super::net::Net;
use crate::{diagnostics::Diagnostics, passes};
use ir::{Graph, Trained};

/// The network as chips execute it: no normalization, no linear population, input scale 1.
///
/// # Errors
/// If the graph is not sound, or a linear population cannot be composed exactly with what follows it.
pub fn fuse(graph: &Graph<Trained>) -> Result<Graph<Trained>, Diagnostics> {
    let mut net = Net::new(graph);
    for pass in passes::fusing() {
        (pass.run)(&mut net, &mut |_, _| {})?;
    }
    Ok(net.graph())
}
