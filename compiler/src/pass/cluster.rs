//! Lets small tiles share a core.
//!
//! ```text
//! tile0 … tile143, tile144 (10 neurons), tile145 (40 neurons)   →   cluster0 … cluster143, cluster144 {tile144, tile145}
//! ```
//!
//! A tile is small if it is the only one of its population and takes at most an eighth of every limited resource. If the
//! chip has fewer cores than there are tiles, every tile may share. First fit, fullest first. Tiles of the same population
//! never share a core: their grid has already found that they do not fit, and an event would have to be told apart.
//! A machine without a network (one memory system per layer, Lemaire et al. 2022) has no sharing.

use crate::{
    demand::{Capacity, Demand},
    partition::{Partition, TileId},
};
use isa::Arch;

/// Largest part of any resource that a small tile takes.
const SMALL: f64 = 0.125;

/// The partition with its tiles packed into clusters; `demands[tile]`.
pub fn cluster(partition: &Partition, demands: &[Demand], arch: &Arch) -> Partition {
    let mut packed = partition.clone();
    if arch.noc.is_some() {
        let small = pack(partition, demands, arch, |fill, alone| alone && fill <= SMALL);
        packed.clusters =
            if small.len() > arch.n_cores() as usize { pack(partition, demands, arch, |_, _| true) } else { small };
    }
    packed
}

fn pack(
    partition: &Partition,
    demands: &[Demand],
    arch: &Arch,
    may_share: impl Fn(f64, bool) -> bool,
) -> Vec<Vec<TileId>> {
    let capacity = Capacity::of(arch);
    let mut clusters: Vec<Vec<TileId>> = Vec::new();
    let mut sharing: Vec<(f64, usize)> = Vec::new();
    for (i, tile) in partition.tiles.iter().enumerate() {
        let grid = partition.grids[tile.population.0 as usize].as_ref().expect("a tile's population has a grid");
        let alone = grid.n_tiles() == 1;
        match capacity.binding(&demands[i]) {
            Some((_, fill)) if may_share(fill, alone) => sharing.push((fill, i)),
            _ => clusters.push(vec![TileId(i as u32)]),
        }
    }
    sharing.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let first_shared = clusters.len();
    let mut held: Vec<Demand> = Vec::new();
    for (_, i) in sharing {
        let population = partition.tiles[i].population;
        let room = (0..held.len()).find(|&c| {
            capacity.holds(&held[c].with(&demands[i]))
                && clusters[first_shared + c].iter().all(|&t| partition.tile(t).population != population)
        });
        if let Some(c) = room {
            held[c] = held[c].with(&demands[i]);
            clusters[first_shared + c].push(TileId(i as u32));
        } else {
            held.push(demands[i]);
            clusters.push(vec![TileId(i as u32)]);
        }
    }
    for tiles in &mut clusters {
        tiles.sort_unstable();
    }
    clusters.sort();
    clusters
}
