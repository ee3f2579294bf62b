//! Puts the neurons of populations into another order, so that parts of a cut are ranges.
//!
//! ```text
//! lists [[1], [0, 2], []], biases 5 6 7, order 2 0 1   →   lists [[], [2], [0, 1]], biases 7 5 6
//! ```
//!
//! Place i of the new order holds neuron `order[i]`. The read-out keeps the network's numbers: the program's layers name
//! them, and the host sees nothing else.

use ir::{Connectivity, Graph, NeuronModel, PerChannel, Population, Projection, Quantized, Spiking, SynapseLists};

/// The order of each population's neurons; `None` where it stays.
pub type Orders = Vec<Option<Vec<u32>>>;

/// The network in the given orders. Only vectors joined by sparse and dense projections may have one.
pub(crate) fn renumber(graph: &Graph<Quantized>, orders: &Orders) -> Graph<Quantized> {
    let mut result = Graph::new(graph.name.clone(), graph.timesteps, graph.encoding);
    result.pace = graph.pace;
    for (population, order) in graph.populations().map(|(_, p)| p).zip(orders) {
        let neuron = order.as_ref().map_or_else(|| population.neuron.clone(), |o| neurons(&population.neuron, o));
        result.add_population(Population { neuron, ..population.clone() });
    }
    for (id, projection) in graph.projections() {
        let (pre, post) = graph.ends(id);
        let ends = [&orders[pre.0 as usize], &orders[post.0 as usize]];
        let mut moved = projection.clone();
        if ends.iter().any(|order| order.is_some()) {
            match &projection.connectivity {
                Connectivity::Sparse(lists) => {
                    let n_post = graph.population(post).shape.neurons();
                    (moved.connectivity, moved.weights) = sparse(lists, &projection.weights, ends, n_post);
                }
                _ => moved.weights = dense(projection, ends, graph.population(post).shape.neurons()),
            }
        }
        result.connect(pre, post, moved);
    }
    result.readout = graph.readout.clone();
    result
}

fn neurons(neuron: &NeuronModel<Quantized>, order: &[u32]) -> NeuronModel<Quantized> {
    let put = |values: &PerChannel<i64>| match values.0.len() {
        1 => values.clone(),
        _ => PerChannel(order.iter().map(|&i| values.at(i as usize)).collect()),
    };
    match neuron {
        NeuronModel::Spiking(s) => NeuronModel::Spiking(Spiking {
            threshold: put(&s.threshold),
            v_init: put(&s.v_init),
            bias: put(&s.bias),
            ..s.clone()
        }),
        NeuronModel::Accumulator { v_init } => NeuronModel::Accumulator { v_init: put(v_init) },
        NeuronModel::Dynamic(list) => {
            let mut list = list.clone();
            list.words.iter_mut().for_each(|word| word.init = put(&word.init));
            list.params.iter_mut().for_each(|param| param.values = put(&param.values));
            NeuronModel::Dynamic(list)
        }
        NeuronModel::Input { .. } | NeuronModel::Linear => neuron.clone(),
    }
}

/// `order[i]`, or i where the order stays.
fn at(order: Option<&Vec<u32>>, i: usize) -> usize {
    order.map_or(i, |order| order[i] as usize)
}

fn sparse(
    lists: &SynapseLists,
    weights: &[i32],
    [pre, post]: [&Option<Vec<u32>>; 2],
    n_post: usize,
) -> (Connectivity, Vec<i32>) {
    let mut place = vec![0; n_post];
    (0..n_post).for_each(|i| place[at(post.as_ref(), i)] = i as u32);
    let (mut moved, mut moved_weights) = (Vec::with_capacity(lists.len()), Vec::with_capacity(weights.len()));
    for row in 0..lists.len() {
        let synapses = lists.synapses(at(pre.as_ref(), row));
        let mut list: Vec<(u32, i32)> = synapses.map(|s| (place[lists.targets()[s] as usize], weights[s])).collect();
        list.sort_by_key(|&(target, _)| target);
        moved_weights.extend(list.iter().map(|&(_, w)| w));
        moved.push(list.into_iter().map(|(target, _)| target).collect::<Vec<u32>>());
    }
    (Connectivity::Sparse(SynapseLists::new(moved)), moved_weights)
}

/// Weights `[post][pre]`; a renumbered source is a vector without pooling.
fn dense(projection: &Projection<Quantized>, [pre, post]: [&Option<Vec<u32>>; 2], n_post: usize) -> Vec<i32> {
    let n_source = projection.weights.len() / n_post;
    let of = |i: usize| (0..n_source).map(move |j| (i, j));
    let pairs = (0..n_post).flat_map(of);
    pairs.map(|(i, j)| projection.weights[at(post.as_ref(), i) * n_source + at(pre.as_ref(), j)]).collect()
}
