//! Synapse lists of a tile: of every source, the targets inside the tile, numbered in its state order.
//!
//! ```text
//! source 7 → neurons 2, 40, 41, 99      →      tile of neurons 40..80, v_base 0:  .lst 7 -> 0 1
//! ```

use super::{layer, pair, triple};
use crate::partition::Tile;
use ir::{Graph, ProjectionId, Quantized, SynapseLists};
use isa::{Descriptor, SparseDescriptor, SynapseList, WeightBlockId};

/// The list operation of a sparse projection, which has these lists, onto a tile; none if no synapse ends there.
pub(super) fn descriptor(
    graph: &Graph<Quantized>,
    id: ProjectionId,
    lists: &SynapseLists,
    tile: &Tile,
    v_base: u32,
    mut intern: impl FnMut(Vec<i16>) -> WeightBlockId,
) -> Option<Descriptor> {
    let projection = graph.projection(id);
    let (pre, post) = graph.ends(id);
    let (source, shape) = (projection.source_shape(graph.population(pre).shape), graph.population(post).shape);
    let place = |neuron: u32| {
        let (c, y, x) = shape.position(neuron as usize);
        let inside = tile.channels.contains(&c) && tile.rows.contains(&y) && tile.cols.contains(&x);
        let (dc, dy, dx) =
            (c.wrapping_sub(tile.channels.start), y.wrapping_sub(tile.rows.start), x.wrapping_sub(tile.cols.start));
        inside.then(|| (dy * tile.cols.len() as u32 + dx) * tile.channels.len() as u32 + dc)
    };
    let (mut found, mut weights) = (Vec::new(), Vec::new());
    for row in 0..lists.len() {
        let synapses = lists.synapses(row);
        let mut list: Vec<(u32, i16)> =
            synapses.filter_map(|s| Some((place(lists.targets()[s])?, projection.weights[s] as i16))).collect();
        list.sort_unstable();
        if !list.is_empty() {
            found.push(SynapseList { source: row as u32, targets: list.iter().map(|&(target, _)| target).collect() });
            weights.extend(list.into_iter().map(|(_, w)| w));
        }
    }
    (!found.is_empty()).then(|| {
        Descriptor::Sparse(SparseDescriptor {
            layer: layer(tile.population),
            source: triple(source),
            pool: pair(projection.pool.map_or((1, 1), |pool| pool.size)),
            n: tile.neurons() as u32,
            weights: intern(weights),
            v_base,
            lists: found,
        })
    })
}
