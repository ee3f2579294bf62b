//! Brings what the folds left into the layout that chips execute: the input comes first, names keep what is neither a slash nor a control
//! character and differ, pooling over 1×1 is dropped, and a convolution whose unpadded kernel covers its whole source map is dense.

use super::net::Net;
use ir::{Connectivity, NeuronModel, Population, Projection, Shape, Trained};
use std::collections::BTreeSet;

/// Brings a network without linear populations into the canonical layout.
pub(crate) fn canonicalize(net: &mut Net<'_>) {
    let is_input = |p: &Population<Trained>| matches!(p.neuron, NeuronModel::Input { .. });
    let mut order: Vec<usize> = (0..net.populations.len()).filter(|&i| net.populations[i].is_some()).collect();
    order.sort_by_key(|&i| !is_input(net.population(i)));
    let mut place = vec![0; net.populations.len()];
    order.iter().enumerate().for_each(|(at, &i)| place[i] = at);
    let mut names = BTreeSet::new();
    net.populations = order
        .into_iter()
        .map(|i| {
            let population = net.population(i).clone();
            Some(Population { name: canonical_name(&population.name, &mut names), ..population })
        })
        .collect();
    net.readout = place[net.readout];
    for at in 0..net.edges.len() {
        let edge = &mut net.edges[at];
        (edge.pre, edge.post) = (place[edge.pre], place[edge.post]);
        let (pre, post) = net.shapes(&net.edges[at]);
        canonical_projection(&mut net.edges[at].projection, pre, post);
    }
}

/// The name without slashes and control characters, numbered where another has it.
fn canonical_name(name: &str, taken: &mut BTreeSet<String>) -> String {
    let plain: String = name.chars().map(|c| if c.is_control() || c == '/' { '_' } else { c }).collect();
    let mut candidate = plain.clone();
    let mut n = 2;
    while !taken.insert(candidate.clone()) {
        candidate = format!("{plain}_{n}");
        n += 1;
    }
    candidate
}

/// Drops pooling over nothing, and calls dense what is.
fn canonical_projection(projection: &mut Projection<Trained>, pre: Shape, post: Shape) {
    projection.pool = projection.pool.filter(|pool| pool.size != (1, 1));
    let source = projection.source_shape(pre);
    if let Connectivity::Conv2d(conv) = projection.connectivity
        && conv.groups == 1
        && conv.padding == (0, 0)
        && conv.kernel == (source.height, source.width)
        && post.map() == 1
    {
        // Weights [o][i][ky][kx] are then already in the order [post neuron][pre neuron].
        projection.connectivity = Connectivity::Dense;
    }
}
