//! Folds normalizations: `y = g·z + h` with `z` the input summed over the sample.
//!
//! ```text
//! Σ w·s → [y = g·z + h] → IF(v_init)      before
//! Σ (g·w)·s → IF(v_init + h)              after
//! ```
//!
//! g: gain, h: offset, per channel ([`ir::Normalization::affine`]). A negative gain only turns the signs of the weights.
//! In a linear population the offset is handed on through the projections behind it until it reaches potentials; there it
//! has to be the same at every position of a channel, because initial potentials are kept per channel. Zero padding and
//! pooling remainders can prevent that.

use super::net::{Net, scale_post};
use crate::diagnostics::{Diagnostic, Diagnostics};
use ir::{NeuronModel, PerChannel, Shape};

/// Folds every normalization of the network.
pub(crate) fn fold_norm(net: &mut Net<'_>) -> Result<(), Diagnostics> {
    let mut refused = Diagnostics::default();
    let n = net.populations.len();
    // Offsets of linear populations, per neuron, not yet handed on.
    let mut pending: Vec<Option<Vec<f64>>> = vec![None; n];
    for (post, pending) in pending.iter_mut().enumerate() {
        let population = net.population_mut(post);
        let shape = population.shape;
        let Some(norm) = population.norm.take() else { continue };
        let affine: Vec<(f64, f64)> = (0..shape.channels as usize).map(|c| norm.affine(c)).collect();
        let offset: Vec<f64> = (0..shape.neurons()).map(|i| affine[shape.channel(i)].1).collect();
        if !add_to_potential(net, post, &offset) {
            *pending = Some(offset);
        }
        for edge in net.edges.iter_mut().filter(|edge| edge.post == post) {
            scale_post(&mut edge.projection, shape, |c| affine[c].0);
        }
    }
    // A chain of linear populations is at most n long; on a cycle of them an offset would travel for ever.
    for _ in 0..n {
        hand_on(net, &mut pending, &mut refused);
    }
    for (i, _) in pending.iter().enumerate().filter(|(_, offset)| offset.is_some()) {
        refused.0.push(Diagnostic {
            entity: format!("population `{}`", net.population(i).name),
            message: "its normalization offset circulates among populations without neurons".into(),
            limit: None,
            remedy: "give one population of the cycle spiking neurons".into(),
        });
    }
    if refused.0.is_empty() { Ok(()) } else { Err(refused) }
}

/// Sends each pending offset one projection further.
fn hand_on(net: &mut Net<'_>, pending: &mut [Option<Vec<f64>>], refused: &mut Diagnostics) {
    let sent: Vec<Option<Vec<f64>>> = pending.iter_mut().map(Option::take).collect();
    for edge in net.edges.clone() {
        let Some(offset) = &sent[edge.pre] else { continue };
        let (pre, post) = net.shapes(&edge);
        let mut arrived = vec![0.0; post.neurons()];
        for (i, sum) in arrived.iter_mut().enumerate() {
            edge.projection.synapses_onto(pre, post, post.position(i), |j, w| {
                *sum += f64::from(edge.projection.weights[w]) * offset[j];
            });
        }
        if matches!(net.population(edge.post).neuron, NeuronModel::Linear) {
            let waiting = pending[edge.post].get_or_insert_with(|| vec![0.0; post.neurons()]);
            waiting.iter_mut().zip(&arrived).for_each(|(sum, a)| *sum += a);
        } else if uniform_in_channels(&arrived, post) {
            add_to_potential(net, edge.post, &arrived);
        } else {
            refused.0.push(Diagnostic {
                entity: net.describe(&edge),
                message: format!(
                    "the normalization offset of `{}` arrives with different strength at different positions",
                    net.population(edge.pre).name
                ),
                limit: None,
                remedy: "remove the zero padding behind the normalization, or give it spiking neurons".into(),
            });
        }
    }
}

fn uniform_in_channels(values: &[f64], shape: Shape) -> bool {
    values.chunks_exact(shape.map()).all(|map| map.iter().all(|v| (v - map[0]).abs() <= 1e-9 * map[0].abs().max(1.0)))
}

/// Adds a constant per channel to the initial potential; false if the population has no potentials.
fn add_to_potential(net: &mut Net<'_>, index: usize, offset: &[f64]) -> bool {
    let population = net.population_mut(index);
    let shape = population.shape;
    let v_init = match &mut population.neuron {
        NeuronModel::Spiking(neuron) => &mut neuron.v_init,
        NeuronModel::Accumulator { v_init } => v_init,
        NeuronModel::Dynamic(list) => &mut list.words[usize::from(list.potential.0)].init,
        NeuronModel::Input { .. } | NeuronModel::Linear => return false,
    };
    let sums: Vec<f64> = if v_init.0.len() > shape.channels as usize {
        (0..shape.neurons()).map(|i| v_init.of(i, shape) + offset[i]).collect()
    } else {
        (0..shape.channels as usize).map(|c| v_init.at(c) + offset[c * shape.map()]).collect()
    };
    *v_init = PerChannel(sums);
    true
}
