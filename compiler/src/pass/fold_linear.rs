//! Removes populations without neurons by composing the projections before and behind them.
//!
//! ```text
//! A ─p→ linear ─q→ B, C ─r→ linear      before
//! A ─q∘p→ B, C ─q∘r→ B                  after, delays added
//! ```
//!
//! A linear population that nothing follows is dropped with its projections. What [`super::fold_compose`] cannot express
//! exactly is refused.

use super::{
    fold_compose::compose,
    net::{Edge, Net},
};
use crate::diagnostics::{Diagnostic, Diagnostics};
use ir::NeuronModel;

/// Removes every linear population.
pub(crate) fn fold_linear(net: &mut Net<'_>) -> Result<(), Diagnostics> {
    let mut refused = Diagnostics::default();
    for index in 0..net.populations.len() {
        if !matches!(net.population(index).neuron, NeuronModel::Linear) {
            continue;
        }
        let name = net.population(index).name.clone();
        if net.edges.iter().any(|edge| edge.pre == index && edge.post == index) {
            refused.0.push(Diagnostic {
                entity: format!("population `{name}`"),
                message: "feeds back into itself without neurons in between, an endless response".into(),
                limit: None,
                remedy: "use leaky neurons for the memory, or remove the feedback".into(),
            });
            continue;
        }
        let mut composed = Vec::new();
        for edge in &net.edges {
            if edge.pre == index {
                // Composed below, from the side of the projections that arrive.
            } else if edge.post != index {
                composed.push(edge.clone());
            } else {
                for next in net.edges.iter().filter(|next| next.pre == index) {
                    let shapes = [net.shapes(edge).0, net.population(index).shape, net.shapes(next).1];
                    match compose(&edge.projection, &next.projection, shapes) {
                        Ok(projection) => composed.push(Edge { pre: edge.pre, post: next.post, projection }),
                        Err(reason) => refused.0.push(Diagnostic {
                            entity: format!("population `{name}`"),
                            message: format!("has no neurons, and {} cannot absorb it: {reason}", net.describe(next)),
                            limit: None,
                            remedy: format!("give `{name}` spiking neurons, or train without the padding behind it"),
                        }),
                    }
                }
            }
        }
        if refused.0.is_empty() {
            net.edges = composed;
            net.populations[index] = None;
        }
    }
    if refused.0.is_empty() { Ok(()) } else { Err(refused) }
}
