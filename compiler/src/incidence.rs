//! Who is joined to whom through synapse lists, from either side.
//!
//! A *source* is a source neuron of a list: behind the pooling of its projection, so that it stands for as many neurons
//! as the pooling window has.

use crate::partition::Tile;
use ir::{Graph, Pool, Projection, ProjectionId, Quantized, Shape, SynapseLists};

/// The source that a pre-synaptic neuron belongs to; none if pooling drops it.
pub(crate) fn source_of(projection: &Projection<Quantized>, pre: Shape, neuron: usize) -> Option<usize> {
    let source = projection.source_shape(pre);
    let (c, y, x) = pre.position(neuron);
    let (ph, pw) = projection.pool.map_or((1, 1), |pool| pool.size);
    (y / ph < source.height && x / pw < source.width).then(|| source.index(c, y / ph, x / pw))
}

/// Neurons that a source stands for.
pub(crate) fn pooled(projection: &Projection<Quantized>) -> u64 {
    projection.pool.map_or(1, |Pool { size: (h, w) }| u64::from(h) * u64::from(w))
}

/// What any tile takes of a sparse projection at most.
#[derive(Clone, Copy)]
pub(crate) struct ListBounds {
    /// Lists that are not empty.
    pub(crate) lists: u64,
    /// Synapses of the longest.
    pub(crate) longest: u64,
    /// Most synapses of a pair.
    pub(crate) parallel: u64,
    /// Most synapses onto a neuron, pooling counted.
    pub(crate) fan_in: u64,
}

impl ListBounds {
    /// Of lists onto `post` neurons; a source stands for `pool` neurons.
    pub(crate) fn new(lists: &SynapseLists, post: usize, pool: u64) -> Self {
        let mut onto = vec![0; post];
        lists.targets().iter().for_each(|&t| onto[t as usize] += pool);
        let runs = lists.iter().flat_map(|list| list.chunk_by(|a, b| a == b));
        Self {
            lists: lists.iter().filter(|list| !list.is_empty()).count() as u64,
            longest: lists.iter().map(<[u32]>::len).max().unwrap_or(0) as u64,
            parallel: runs.map(<[u32]>::len).max().unwrap_or(0) as u64,
            fan_in: onto.into_iter().max().unwrap_or(0),
        }
    }
}

/// Synapses of lists onto the neurons of a tile.
pub(crate) fn synapses_into(lists: &SynapseLists, post: Shape, tile: &Tile) -> u64 {
    let inside = |&&target: &&u32| {
        let (c, y, x) = post.position(target as usize);
        tile.channels.contains(&c) && tile.rows.contains(&y) && tile.cols.contains(&x)
    };
    lists.targets().iter().filter(inside).count() as u64
}

/// The sources of every post-synaptic neuron, through one projection or several.
pub(crate) struct Incidence {
    starts: Vec<usize>,
    /// (source, synapses), by post-synaptic neuron, ascending in sources.
    pairs: Vec<(u32, u32)>,
    /// The targets of every source, each once.
    pub(crate) targets: SynapseLists,
    /// The projection of every source, and its index there.
    pub(crate) origin: Vec<(ProjectionId, u32)>,
}

impl Incidence {
    /// Over sparse projections onto one population of `n` neurons; their sources are numbered one after the other.
    pub(crate) fn new(graph: &Graph<Quantized>, projections: &[(ProjectionId, &SynapseLists)], n: usize) -> Self {
        debug_assert!(projections.windows(2).all(|p| graph.ends(p[0].0).1 == graph.ends(p[1].0).1), "one population");
        let mut origin = Vec::new();
        let mut rows: Vec<Vec<u32>> = Vec::new();
        let mut onto: Vec<Vec<(u32, u32)>> = vec![Vec::new(); n];
        for &(id, lists) in projections {
            for (row, list) in lists.iter().enumerate() {
                let source = origin.len() as u32;
                origin.push((id, row as u32));
                for same in list.chunk_by(|a, b| a == b) {
                    onto[same[0] as usize].push((source, same.len() as u32));
                }
                let mut row = list.to_vec();
                row.dedup();
                rows.push(row);
            }
        }
        let mut starts = vec![0];
        let mut pairs = Vec::new();
        for list in onto {
            pairs.extend(list);
            starts.push(pairs.len());
        }
        Self { starts, pairs, targets: SynapseLists::new(rows), origin }
    }

    /// Sources of a neuron with their numbers of synapses.
    pub(crate) fn of(&self, neuron: u32) -> &[(u32, u32)] {
        &self.pairs[self.starts[neuron as usize]..self.starts[neuron as usize + 1]]
    }

    /// Number of sources.
    pub(crate) fn n_sources(&self) -> usize {
        self.origin.len()
    }
}
