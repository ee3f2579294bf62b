//! Samples of fewer timesteps than the network was made for: a recording lasts as long as it lasts.
//!
//! A network takes samples of any length up to its own if its input is events and every spiking population updates in as many
//! timesteps as events may arrive in. A sample of `k` of `n` timesteps then ends `n − k` earlier, and so does every window. An
//! accumulator that begins with the sum of a constant over the sample forbids this.

use crate::{Graph, InputCoding, NeuronModel, Stage};

/// The network for samples in which input arrives in `steps` timesteps; `None` if it does not take them.
pub fn lasting<S: Stage>(graph: &Graph<S>, steps: u32) -> Option<Graph<S>> {
    let NeuronModel::Input { coding: InputCoding::Events { steps: all, .. }, .. } =
        graph.population(graph.input()?).neuron
    else {
        return None;
    };
    let shorter = all.checked_sub(steps)?;
    let zero = S::Value::default();
    let elastic = graph.populations().all(|(_, p)| match &p.neuron {
        NeuronModel::Spiking(neuron) => neuron.window.len() == all,
        NeuronModel::Dynamic(list) if list.ops.is_empty() => list.words[0].init.0.iter().all(|&v| v == zero),
        NeuronModel::Dynamic(list) => list.window.len() == all,
        NeuronModel::Accumulator { v_init } => v_init.0.iter().all(|&v| v == zero),
        NeuronModel::Input { .. } | NeuronModel::Linear => true,
    });
    if shorter > 0 && !elastic {
        return None;
    }
    let mut graph = graph.clone();
    graph.timesteps = graph.timesteps.checked_sub(shorter)?;
    let ids: Vec<_> = graph.populations().map(|(id, _)| id).collect();
    for id in ids {
        match &mut graph.population_mut(id).neuron {
            NeuronModel::Input { coding: InputCoding::Events { steps: all, .. }, .. } => *all = steps,
            NeuronModel::Spiking(neuron) => neuron.window.end -= shorter,
            NeuronModel::Dynamic(list) if !list.ops.is_empty() => list.window.end -= shorter,
            _ => {}
        }
    }
    Some(graph)
}
