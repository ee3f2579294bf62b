//! Receptive fields from the side of the receiver: which source positions a range of outputs sums, axis by axis.
//!
//! The passes ask which outputs an event reaches (scatter); the checkers ask which events an output takes (gather). Fields of
//! synapse lists are no products; [`heard`] has them neuron by neuron.

use crate::partition::Tile;
use ir::{Connectivity, Graph, ProjectionId, Quantized, SynapseLists};
use std::{collections::BTreeSet, ops::Range};

/// The source positions of a box of outputs: the product of three sets.
pub(super) struct Field {
    pub(super) channels: BTreeSet<u32>,
    pub(super) rows: BTreeSet<u32>,
    pub(super) cols: BTreeSet<u32>,
}

impl Field {
    pub(super) fn len(&self) -> u64 {
        (self.channels.len() * self.rows.len() * self.cols.len()) as u64
    }
}

/// The field of a box of outputs of a projection's post-synaptic population.
pub(super) fn field(graph: &Graph<Quantized>, id: ProjectionId, outputs: &Tile) -> Field {
    let Tile { channels, rows, cols, .. } = outputs;
    let projection = graph.projection(id);
    let (pre, post) = graph.ends(id);
    let (pre, post) = (graph.population(pre).shape, graph.population(post).shape);
    let source = projection.source_shape(pre);
    let (ph, pw) = projection.pool.map_or((1, 1), |pool| pool.size);
    let unpool = |set: BTreeSet<u32>, p: u32| set.into_iter().flat_map(|v| v * p..(v + 1) * p).collect();
    let (c, y, x): (BTreeSet<u32>, BTreeSet<u32>, BTreeSet<u32>) = match &projection.connectivity {
        Connectivity::Dense => {
            ((0..source.channels).collect(), (0..source.height).collect(), (0..source.width).collect())
        }
        Connectivity::Sparse(_) => unreachable!("the field of a list is no product"),
        Connectivity::OneToOne => (channels.clone().collect(), rows.clone().collect(), cols.clone().collect()),
        Connectivity::Conv2d(conv) => {
            let window = |outputs: &Range<u32>, k: u32, s: u32, p: u32, d: u32, n: u32| {
                outputs
                    .clone()
                    .flat_map(|o| (0..k).map(move |tap| i64::from(o * s + tap * d) - i64::from(p)))
                    .filter(|&v| v >= 0 && v < i64::from(n))
                    .map(|v| v as u32)
                    .collect()
            };
            let per_group = (source.channels / conv.groups, post.channels / conv.groups);
            let groups: BTreeSet<u32> = channels.clone().map(|c| c / per_group.1).collect();
            (
                groups.into_iter().flat_map(|g| g * per_group.0..(g + 1) * per_group.0).collect(),
                window(rows, conv.kernel.0, conv.stride.0, conv.padding.0, conv.dilation.0, source.height),
                window(cols, conv.kernel.1, conv.stride.1, conv.padding.1, conv.dilation.1, source.width),
            )
        }
    };
    Field { channels: c, rows: unpool(y, ph), cols: unpool(x, pw) }
}

/// What a tile takes through a sparse projection.
#[derive(Default)]
pub(super) struct Heard {
    /// Pre-synaptic neurons with a synapse into the tile.
    pub(super) neurons: Vec<usize>,
    /// Lengths of the lists into the tile, those that are not empty.
    pub(super) lengths: Vec<u64>,
    /// Most synapses onto a neuron of the tile, pooling counted.
    pub(super) fan_in: u64,
}

/// What a tile takes through the lists of a projection.
pub(super) fn heard(graph: &Graph<Quantized>, id: ProjectionId, lists: &SynapseLists, tile: &Tile) -> Heard {
    let projection = graph.projection(id);
    let (pre, post) = graph.ends(id);
    let (pre, post) = (graph.population(pre).shape, graph.population(post).shape);
    let (ph, pw) = projection.pool.map_or((1, 1), |pool| pool.size);
    let mut onto: Vec<Option<u64>> = vec![None; post.neurons()];
    for c in tile.channels.clone() {
        for y in tile.rows.clone() {
            for x in tile.cols.clone() {
                onto[post.index(c, y, x)] = Some(0);
            }
        }
    }
    let mut heard = Heard::default();
    for list in lists.iter() {
        let mut length = 0;
        for &target in list {
            if let Some(n) = &mut onto[target as usize] {
                *n += u64::from(ph * pw);
                length += 1;
            }
        }
        heard.lengths.push(length);
    }
    let (rows, cols) = (pre.height / ph, pre.width / pw);
    for neuron in 0..pre.neurons() {
        let (c, y, x) = pre.position(neuron);
        let (y, x) = (y / ph, x / pw);
        if y < rows && x < cols && heard.lengths[((c * rows + y) * cols + x) as usize] > 0 {
            heard.neurons.push(neuron);
        }
    }
    heard.lengths.retain(|&length| length > 0);
    heard.fan_in = onto.into_iter().flatten().max().unwrap_or(0);
    heard
}
