//! Folds the real value of an input unit into the weights: `w·(x·scale) = (w·scale)·x`; the scale becomes 1.

use super::net::{Net, scale_post};
use ir::NeuronModel;

/// Folds the scale of the input population.
pub(crate) fn fold_scale(net: &mut Net<'_>) {
    for index in 0..net.populations.len() {
        let NeuronModel::Input { scale, .. } = &mut net.population_mut(index).neuron else { continue };
        let factor = f64::from(std::mem::replace(scale, 1.0));
        let posts: Vec<_> = net.edges.iter().map(|edge| net.population(edge.post).shape).collect();
        for (edge, post) in net.edges.iter_mut().zip(posts).filter(|(edge, _)| edge.pre == index) {
            scale_post(&mut edge.projection, post, |_| factor);
        }
    }
}
