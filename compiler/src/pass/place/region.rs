//! The cores that a placement may use: the smallest grid of chips that holds the clusters, and the smallest near-square
//! corner of a single chip.

use crate::demand::{Capacity, Demand};
use isa::{Arch, CoreId};

/// Cores open to placement.
#[derive(Clone, Debug)]
pub struct Region {
    /// Columns and rows of routers, from router 0.
    pub size: (u32, u32),
    /// All cores at these routers, row by row.
    pub slots: Vec<CoreId>,
}

impl Region {
    /// The region for `n` clusters.
    pub fn new(arch: &Arch, n: usize) -> Self {
        let mesh = &arch.mesh;
        let routers = (n as u32).div_ceil(mesh.cores_per_router).max(1);
        let per_chip = mesh.width * mesh.height;
        let chips = routers.div_ceil(per_chip);
        // Cores of one chip that differ in their memories are all open: the clusters may need particular ones.
        let uneven =
            !arch.core.memories.weights.bits_by_core.is_empty() || !arch.core.memories.state.bits_by_core.is_empty();
        let size = if chips <= 1 && !uneven {
            let fits = |w: u32| (w, routers.div_ceil(w));
            (1..=mesh.width)
                .map(fits)
                .filter(|&(_, h)| h <= mesh.height)
                .min_by_key(|&(w, h)| (w.max(h), w * h, w))
                .unwrap_or((mesh.width, mesh.height))
        } else {
            let grids = (1..=mesh.chips.0).flat_map(|a| (1..=mesh.chips.1).map(move |b| (a, b)));
            let (a, b) = grids
                .filter(|(a, b)| a * b >= chips)
                .min_by_key(|&(a, b)| (a * b, (a * mesh.width).abs_diff(b * mesh.height), a))
                .unwrap_or(mesh.chips);
            (a * mesh.width, b * mesh.height)
        };
        let routers = (0..size.1).flat_map(|y| (0..size.0).map(move |x| y * arch.columns() + x));
        let slots = routers
            .flat_map(|r| (0..mesh.cores_per_router).map(move |i| CoreId(r * mesh.cores_per_router + i)))
            .collect();
        Self { size, slots }
    }

    /// Weight of the busiest link against the sum over all links: a fiftieth of the number of directed links.
    pub fn kappa(&self) -> f64 {
        let (w, h) = self.size;
        0.02 * f64::from((2 * (2 * w * h - w - h)).max(1))
    }
}

/// Which cores can hold which clusters; all of them on a chip of equal cores.
pub(crate) struct Compatible {
    /// `holds[cluster][slot]`, or nothing if all cores are equal.
    holds: Option<Vec<Vec<bool>>>,
}

impl Compatible {
    pub(crate) fn new(arch: &Arch, region: &Region, demands: &[Demand]) -> Self {
        let memories = &arch.core.memories;
        let uneven = [&memories.weights, &memories.state, &memories.params].iter().any(|m| !m.bits_by_core.is_empty());
        let holds = uneven.then(|| {
            let capacities: Vec<Capacity> = region.slots.iter().map(|&core| Capacity::at(arch, core)).collect();
            demands.iter().map(|d| capacities.iter().map(|c| c.holds(d)).collect()).collect()
        });
        Self { holds }
    }

    /// Whether cores differ.
    pub(crate) fn uneven(&self) -> bool {
        self.holds.is_some()
    }

    pub(crate) fn allows(&self, cluster: u32, slot: usize) -> bool {
        self.holds.as_ref().is_none_or(|holds| holds[cluster as usize][slot])
    }

    /// Gives every cluster a slot that holds it, each trying slots in the order `preferred(cluster)`; `None` if impossible.
    ///
    /// Augmenting paths (Kuhn 1955); on equal cores each cluster simply takes its first free slot.
    pub(crate) fn assign(
        &self,
        n_clusters: usize,
        n_slots: usize,
        preferred: impl Fn(u32) -> Vec<usize>,
    ) -> Option<Vec<usize>> {
        let mut occupant: Vec<Option<u32>> = vec![None; n_slots];
        for cluster in 0..n_clusters as u32 {
            let order = preferred(cluster);
            if let Some(&free) = order.iter().find(|&&s| occupant[s].is_none() && self.allows(cluster, s)) {
                occupant[free] = Some(cluster);
            } else if !self.augment(cluster, &mut occupant, &mut vec![false; n_slots]) {
                return None;
            }
        }
        let mut slots = vec![usize::MAX; n_clusters];
        for (slot, cluster) in occupant.into_iter().enumerate() {
            if let Some(cluster) = cluster {
                slots[cluster as usize] = slot;
            }
        }
        Some(slots)
    }

    fn augment(&self, cluster: u32, occupant: &mut [Option<u32>], visited: &mut [bool]) -> bool {
        for slot in 0..occupant.len() {
            if visited[slot] || !self.allows(cluster, slot) {
                continue;
            }
            visited[slot] = true;
            if occupant[slot].is_none_or(|other| self.augment(other, occupant, visited)) {
                occupant[slot] = Some(cluster);
                return true;
            }
        }
        false
    }
}
