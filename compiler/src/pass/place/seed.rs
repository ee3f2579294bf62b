//! Starting points and baselines: orders in which a cluster prefers the slots of a region.

use super::region::Region;
use crate::{mesh::Mesh, partition::Partition};
use ir::{Graph, Quantized};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// Where each cluster would like to be: the centre of its largest tile in its population's map, scaled to the region, as
/// (column, row) in 1/1024 of a router. Layers without a map lie in the middle.
pub(crate) fn geometric(graph: &Graph<Quantized>, partition: &Partition, region: &Region) -> Vec<(i64, i64)> {
    let (w, h) = (i64::from(region.size.0), i64::from(region.size.1));
    partition
        .clusters
        .iter()
        .map(|tiles| {
            let tile =
                tiles.iter().map(|&t| partition.tile(t)).max_by_key(|t| t.neurons()).expect("clusters hold tiles");
            let shape = graph.population(tile.population).shape;
            // Twice the centre over twice the length, minus half a router: the centre of the map is the centre of the mesh.
            let scaled = |range: &std::ops::Range<u32>, n: u32, side: i64| {
                i64::from(range.start + range.end) * side * 1024 / (2 * i64::from(n)) - 512
            };
            (scaled(&tile.cols, shape.width, w), scaled(&tile.rows, shape.height, h))
        })
        .collect()
}

/// Slots for clusters at `centres` so that their order along both axes is kept: clusters sorted by row are dealt to the
/// region's rows in equal numbers, and those of a row, sorted by column, to its slots from left to right. Rows come first
/// because grids have more row slices than column slices where they may choose.
///
/// All layers thin out alike, where giving each cluster the nearest free slot would push the last layer aside.
pub(crate) fn by_rank(region: &Region, centres: &[(i64, i64)]) -> Vec<usize> {
    let h = region.size.1 as usize;
    let n_slots = region.slots.len() / h;
    let share = |i: usize, n: usize, parts: usize| i * n / parts;
    let mut order: Vec<usize> = (0..centres.len()).collect();
    order.sort_by_key(|&c| (centres[c].1, centres[c].0, c));
    let mut slots = vec![usize::MAX; centres.len()];
    for row in 0..h {
        let mut members: Vec<usize> = order[share(row, order.len(), h)..share(row + 1, order.len(), h)].to_vec();
        members.sort_by_key(|&c| (centres[c], c));
        for (i, &cluster) in members.iter().enumerate() {
            slots[cluster] = row * n_slots + share(i, n_slots, members.len());
        }
    }
    slots
}

/// Slots by distance from a point given in 1/1024 of a router, nearest first.
pub(crate) fn by_distance(region: &Region, mesh: &Mesh, (x, y): (i64, i64)) -> Vec<usize> {
    let mut slots: Vec<(i64, usize)> = region
        .slots
        .iter()
        .enumerate()
        .map(|(i, &core)| {
            let (cx, cy) = mesh.position(core);
            let (dx, dy) = (i64::from(cx) * 1024 - x, i64::from(cy) * 1024 - y);
            (dx * dx + dy * dy, i)
        })
        .collect();
    slots.sort_unstable();
    slots.into_iter().map(|(_, i)| i).collect()
}

/// Slots in the order of a Hilbert curve over the region's enclosing power-of-two square.
pub(crate) fn hilbert(region: &Region, mesh: &Mesh) -> Vec<usize> {
    let side = region.size.0.max(region.size.1).next_power_of_two();
    let mut slots: Vec<(u64, usize)> =
        region.slots.iter().enumerate().map(|(i, &core)| (hilbert_index(side, mesh.position(core)), i)).collect();
    slots.sort_unstable();
    slots.into_iter().map(|(_, i)| i).collect()
}

/// Distance of cell (x, y) along the Hilbert curve of a square of `side` cells, a power of two (Hilbert 1891).
fn hilbert_index(side: u32, (mut x, mut y): (u32, u32)) -> u64 {
    let mut index = 0;
    let mut s = side / 2;
    while s > 0 {
        let (rx, ry) = (u32::from(x & s > 0), u32::from(y & s > 0));
        index += u64::from(s) * u64::from(s) * u64::from((3 * rx) ^ ry);
        if ry == 0 {
            if rx == 1 {
                x = side - 1 - x;
                y = side - 1 - y;
            }
            (x, y) = (y, x);
        }
        s /= 2;
    }
    index
}

/// Slots in random order (Fisher & Yates).
pub(crate) fn random(region: &Region, seed: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut slots: Vec<usize> = (0..region.slots.len()).collect();
    for i in (1..slots.len()).rev() {
        slots.swap(i, below(&mut rng, i + 1));
    }
    slots
}

/// A number in `0..n`.
pub(crate) fn below(rng: &mut ChaCha8Rng, n: usize) -> usize {
    ((u128::from(rng.next_u64()) * n as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::hilbert_index;

    #[test]
    fn the_hilbert_curve_visits_neighbours() {
        let mut cells: Vec<(u64, (u32, u32))> =
            (0..16).flat_map(|y| (0..16).map(move |x| (hilbert_index(16, (x, y)), (x, y)))).collect();
        cells.sort_unstable();
        for (i, pair) in cells.windows(2).enumerate() {
            let ((index, a), (_, b)) = (pair[0], pair[1]);
            assert_eq!(index, i as u64);
            assert_eq!(a.0.abs_diff(b.0) + a.1.abs_diff(b.1), 1);
        }
    }
}
