//! Which clusters a neuron's spike must reach, and which neurons reach the same ones.
//!
//! Along each axis, positions that reach the same slices of all post-synaptic grids form a class. The neurons of a tile
//! that agree in their three classes have the same destinations: one route, one net. Synapse lists are no product of axes:
//! channels of a vector are in one class if they reach the same clusters, positions of a map are each a class.

use crate::{
    incidence::source_of,
    partition::{ClusterId, Partition, TileId},
    reach::Reach,
};
use ir::{Connectivity, Graph, PopulationId, ProjectionId, Quantized};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

/// What every source neuron of a projection reaches.
enum Reached {
    /// `slices[axis][position]`: slices of the post-synaptic grid.
    Product([Vec<Vec<u32>>; 3]),
    /// Clusters of every pre-synaptic neuron, ascending.
    Each(Vec<Vec<ClusterId>>),
}

/// What tells positions of an axis apart.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Slices(&'a [u32]),
    Clusters(&'a [ClusterId]),
    Position(u32),
}

/// The slices that every source position reaches, per projection and axis, and the clusters behind the slices.
pub(crate) struct Targets<'a> {
    pub(crate) graph: &'a Graph<Quantized>,
    pub(crate) partition: &'a Partition,
    pub(crate) cluster_of: Vec<ClusterId>,
    first_tiles: Vec<TileId>,
    /// By projection.
    reached: Vec<Reached>,
}

impl<'a> Targets<'a> {
    pub(crate) fn new(graph: &'a Graph<Quantized>, partition: &'a Partition) -> Self {
        let (cluster_of, first_tiles) = (partition.cluster_of(), partition.first_tiles());
        let reached = graph
            .projections()
            .map(|(id, projection)| {
                let (pre, post) = graph.ends(id);
                let (pre, shape) = (graph.population(pre).shape, graph.population(post).shape);
                let grid = partition.grids[post.0 as usize].as_ref().expect("only the input has no grid");
                if let Connectivity::Sparse(lists) = &projection.connectivity {
                    let first = first_tiles[post.0 as usize].0;
                    let cluster = |neuron: u32| {
                        let tile = first + grid.tile_at(shape.position(neuron as usize));
                        cluster_of[tile as usize]
                    };
                    let rows: Vec<Vec<ClusterId>> = lists
                        .iter()
                        .map(|list| {
                            let mut clusters: Vec<ClusterId> = list.iter().map(|&neuron| cluster(neuron)).collect();
                            clusters.sort_unstable();
                            clusters.dedup();
                            clusters
                        })
                        .collect();
                    let row = |neuron| source_of(projection, pre, neuron).map_or(Vec::new(), |s| rows[s].clone());
                    return Reached::Each((0..pre.neurons()).map(row).collect());
                }
                let reach = Reach::new(projection, pre, shape);
                Reached::Product([
                    reach.channels.slices(&grid.channels),
                    reach.rows.slices(&grid.rows),
                    reach.cols.slices(&grid.cols),
                ])
            })
            .collect();
        Self { graph, partition, cluster_of, first_tiles, reached }
    }

    /// Clusters that neuron (c, y, x) reaches through a projection, ascending.
    pub(crate) fn clusters(&self, projection: ProjectionId, at: [u32; 3]) -> Vec<ClusterId> {
        let (pre, post) = self.graph.ends(projection);
        let slices = match &self.reached[projection.0 as usize] {
            Reached::Each(clusters) => {
                return clusters[self.graph.population(pre).shape.index(at[0], at[1], at[2])].clone();
            }
            Reached::Product(slices) => slices,
        };
        let post = post.0 as usize;
        let (_, n_rows, n_cols) = self.partition.grids[post].as_ref().expect("only the input has no grid").slices();
        let [c, y, x] = [0, 1, 2].map(|axis| slices[axis][at[axis] as usize].as_slice());
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
        let slices = match &self.reached[projection.0 as usize] {
            Reached::Each(clusters) => return clusters.iter().flatten().copied().collect(),
            Reached::Product(slices) => slices,
        };
        let post = self.graph.ends(projection).1.0 as usize;
        let grid = self.partition.grids[post].as_ref().expect("only the input has no grid");
        let [c, y, x] = [0, 1, 2].map(|axis| -> BTreeSet<u32> { slices[axis].iter().flatten().copied().collect() });
        grid.positions()
            .zip(self.first_tiles[post].0..)
            .filter(|((tc, ty, tx), _)| c.contains(tc) && y.contains(ty) && x.contains(tx))
            .map(|(_, tile)| self.cluster_of[tile as usize])
            .collect()
    }

    /// The classes of channels, rows and columns in a box of a population.
    pub(crate) fn classes(&self, population: PopulationId, ranges: &[Range<u32>; 3]) -> [Classes; 3] {
        let outgoing = self.graph.outgoing(population);
        let is_vector = self.graph.population(population).shape.map() == 1;
        std::array::from_fn(|axis| {
            let key = |p: &ProjectionId, i: u32| match &self.reached[p.0 as usize] {
                Reached::Product(slices) => Key::Slices(&slices[axis][i as usize]),
                Reached::Each(clusters) if is_vector && axis == 0 => Key::Clusters(&clusters[i as usize]),
                Reached::Each(_) => Key::Position(i),
            };
            Classes::new(ranges[axis].clone().map(|i| outgoing.iter().map(|p| key(p, i)).collect::<Vec<_>>()))
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
