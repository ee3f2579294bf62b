//! Which clusters a neuron's spike must reach, and which neurons reach the same ones.
//!
//! Along each axis, positions that reach the same slices of all post-synaptic grids form a class. The neurons of a tile
//! that agree in their three classes have the same destinations: one route, one net.

use crate::{
    partition::{ClusterId, Partition, TileId},
    reach::Reach,
};
use ir::{Graph, PopulationId, ProjectionId, Quantized};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

/// The slices that every source position reaches, per projection and axis, and the clusters behind the slices.
pub(crate) struct Targets<'a> {
    pub(crate) graph: &'a Graph<Quantized>,
    pub(crate) partition: &'a Partition,
    pub(crate) cluster_of: Vec<ClusterId>,
    first_tiles: Vec<TileId>,
    /// `slices[projection][axis][position]`.
    slices: Vec<[Vec<Vec<u32>>; 3]>,
}

impl<'a> Targets<'a> {
    pub(crate) fn new(graph: &'a Graph<Quantized>, partition: &'a Partition) -> Self {
        let slices = graph
            .projections()
            .map(|(id, projection)| {
                let (pre, post) = graph.ends(id);
                let reach = Reach::new(projection, graph.population(pre).shape, graph.population(post).shape);
                let grid = partition.grids[post.0 as usize].as_ref().expect("only the input has no grid");
                [reach.channels.slices(&grid.channels), reach.rows.slices(&grid.rows), reach.cols.slices(&grid.cols)]
            })
            .collect();
        Self { graph, partition, cluster_of: partition.cluster_of(), first_tiles: partition.first_tiles(), slices }
    }

    /// Clusters that neuron (c, y, x) reaches through a projection, ascending.
    pub(crate) fn clusters(&self, projection: ProjectionId, at: [u32; 3]) -> Vec<ClusterId> {
        let post = self.graph.ends(projection).1.0 as usize;
        let (_, n_rows, n_cols) = self.partition.grids[post].as_ref().expect("only the input has no grid").slices();
        let [c, y, x] = [0, 1, 2].map(|axis| self.slices[projection.0 as usize][axis][at[axis] as usize].as_slice());
        let mut clusters = BTreeSet::new();
        for &c in c {
            for &y in y {
                for &x in x {
                    let tile = self.first_tiles[post].0 + (c * n_rows + y) * n_cols + x;
                    clusters.insert(self.cluster_of[tile as usize]);
                }
            }
        }
        clusters.into_iter().collect()
    }

    /// All clusters that listen to a projection: those with a tile that some event reaches.
    pub(crate) fn listeners(&self, projection: ProjectionId) -> BTreeSet<ClusterId> {
        let post = self.graph.ends(projection).1.0 as usize;
        let grid = self.partition.grids[post].as_ref().expect("only the input has no grid");
        let [c, y, x] = [0, 1, 2].map(|axis| -> BTreeSet<u32> {
            self.slices[projection.0 as usize][axis].iter().flatten().copied().collect()
        });
        grid.positions()
            .zip(self.first_tiles[post].0..)
            .filter(|((tc, ty, tx), _)| c.contains(tc) && y.contains(ty) && x.contains(tx))
            .map(|(_, tile)| self.cluster_of[tile as usize])
            .collect()
    }

    /// The classes of channels, rows and columns in a box of a population.
    pub(crate) fn classes(&self, population: PopulationId, ranges: &[Range<u32>; 3]) -> [Classes; 3] {
        let outgoing = self.graph.outgoing(population);
        std::array::from_fn(|axis| {
            Classes::new(
                ranges[axis]
                    .clone()
                    .map(|i| outgoing.iter().map(|p| &self.slices[p.0 as usize][axis][i as usize]).collect::<Vec<_>>()),
            )
        })
    }
}

/// Classes of positions with equal keys, numbered in the order of their first member.
pub(crate) struct Classes {
    /// Class of each position.
    pub(crate) class: Vec<u16>,
    /// Offset of the first member of each class.
    pub(crate) first: Vec<u32>,
}

impl Classes {
    fn new<K: Ord>(keys: impl Iterator<Item = K>) -> Self {
        let mut known = BTreeMap::new();
        let (mut class, mut first) = (Vec::new(), Vec::new());
        for (i, key) in keys.enumerate() {
            let next = known.len() as u16;
            let id = *known.entry(key).or_insert(next);
            if id == next {
                first.push(i as u32);
            }
            class.push(id);
        }
        Self { class, first }
    }
}
