//! Checks that a renumbered network is the network.
//!
//! | rule | demands |
//! |---|---|
//! | `order` | an order names every neuron of its population once; the input keeps its order |
//! | `same` | a neuron has the same parameters, and a synapse of the same weight with the same neurons, by the network's numbers |
//!
//! Synapses are compared as sorted lists of (pre, post, weight), each read from its own network by the defining loop where
//! there are at most 2²² pairs of neurons, else from the lists themselves.

use super::Found;
use crate::diagnostics::Violations;
use ir::{Connectivity, Graph, NeuronModel, Population, PopulationId, ProjectionId, Quantized};

/// Every broken rule; `orders[population][place]` is the neuron there.
pub fn check(graph: &Graph<Quantized>, renumbered: &Graph<Quantized>, orders: &[Option<Vec<u32>>]) -> Violations {
    let mut found = Found::default();
    let same_size = orders.len() == graph.n_populations()
        && renumbered.n_populations() == graph.n_populations()
        && renumbered.n_projections() == graph.n_projections();
    found.rule(same_size, "order", "network", || "has other populations or projections".into());
    if !same_size {
        return found.into_violations();
    }
    for (id, p) in graph.populations() {
        let Some(order) = &orders[id.0 as usize] else { continue };
        let mut seen = vec![0u8; p.shape.neurons()];
        for &i in order.iter().filter(|&&i| (i as usize) < p.shape.neurons()) {
            seen[i as usize] = seen[i as usize].saturating_add(1);
        }
        let once = order.len() == seen.len() && seen.iter().all(|&n| n == 1);
        let moves = !matches!(p.neuron, NeuronModel::Input { .. });
        found.rule(once && moves, "order", id, || "is no order of its neurons, or of the input's".into());
    }
    if !found.0.is_empty() {
        return found.into_violations();
    }
    for (id, _) in graph.populations() {
        let wrong = parameters(graph, renumbered, id, orders[id.0 as usize].as_ref());
        found.rule(wrong == 0, "same", id, || format!("{wrong} neurons have other parameters"));
    }
    for (id, _) in graph.projections() {
        let (pre, post) = graph.ends(id);
        let number = |order: &Option<Vec<u32>>, i: usize| order.as_ref().map_or(i, |order| order[i] as usize);
        let mut meant = synapses(graph, id);
        let mut moved = synapses(renumbered, id);
        for (i, j, _) in &mut moved {
            (*i, *j) = (number(&orders[pre.0 as usize], *i), number(&orders[post.0 as usize], *j));
        }
        meant.sort_unstable();
        moved.sort_unstable();
        found.rule(meant == moved, "same", id, || {
            format!("{} synapses became {}, or other ones", meant.len(), moved.len())
        });
    }
    found.into_violations()
}

fn parameters(
    graph: &Graph<Quantized>,
    renumbered: &Graph<Quantized>,
    id: PopulationId,
    order: Option<&Vec<u32>>,
) -> usize {
    let (p, q) = (graph.population(id), renumbered.population(id));
    let of = |p: &Population<Quantized>, i: usize| {
        let list = p.neuron.dynamics()?;
        let words = list.words.iter().map(|word| word.init.of(i, p.shape));
        let params = list.params.iter().map(|param| param.values.of(i, p.shape));
        Some((words.chain(params).collect::<Vec<i64>>(), list.ops.clone()))
    };
    let places = 0..p.shape.neurons();
    let number = |i: usize| order.map_or(i, |order| order[i] as usize);
    places.filter(|&i| of(q, i) != of(p, number(i))).count()
}

/// (pre, post, weight) of every synapse; a source behind pooling stands for its window.
fn synapses(graph: &Graph<Quantized>, id: ProjectionId) -> Vec<(usize, usize, i32)> {
    let projection = graph.projection(id);
    let (pre, post) = graph.ends(id);
    let (pre, post) = (graph.population(pre).shape, graph.population(post).shape);
    let mut all = Vec::new();
    if let Connectivity::Sparse(lists) = &projection.connectivity
        && projection.pool.is_none()
        && pre.neurons() * post.neurons() > 1 << 22
    {
        for j in 0..lists.len() {
            all.extend(lists.synapses(j).map(|s| (j, lists.targets()[s] as usize, projection.weights[s])));
        }
        return all;
    }
    for i in 0..post.neurons() {
        projection.synapses_onto(pre, post, post.position(i), |j, w| all.push((j, i, projection.weights[w])));
    }
    all
}
