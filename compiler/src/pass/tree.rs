//! Multicast trees in dimension order, and the tables they occupy in routers.

use isa::{Arch, CoreId, arch::Multicast};
use std::collections::BTreeSet;

/// Entries used in the multicast table of each router.
pub(crate) struct Branches {
    limit: Option<u32>,
    used: Vec<u32>,
}

impl Branches {
    pub(crate) fn new(arch: &Arch) -> Self {
        let limit = match arch.noc.as_ref().map(|noc| noc.multicast) {
            Some(Multicast::Tree { entries }) => entries,
            _ => None,
        };
        Self { limit, used: vec![0; if limit.is_some() { (arch.columns() * arch.rows()) as usize } else { 0 }] }
    }

    /// Takes an entry in every router where the tree of a route passes, or none and returns false if one is full.
    pub(crate) fn reserve(&mut self, arch: &Arch, src: CoreId, cores: &[CoreId]) -> bool {
        let Some(limit) = self.limit else { return true };
        let routers = tree(arch, src, cores);
        if routers.iter().any(|&r| self.used[r as usize] >= limit) {
            return false;
        }
        for r in routers {
            self.used[r as usize] += 1;
        }
        true
    }
}

/// Routers on the dimension-order tree from a core to a set of cores: along the row of the source, then along columns.
pub(crate) fn tree(arch: &Arch, src: CoreId, cores: &[CoreId]) -> BTreeSet<u32> {
    let (sx, sy) = arch.position(arch.router(src));
    let mut routers = BTreeSet::new();
    for &core in cores {
        let (dx, dy) = arch.position(arch.router(core));
        routers.extend((sx.min(dx)..=sx.max(dx)).map(|x| sy * arch.columns() + x));
        routers.extend((sy.min(dy)..=sy.max(dy)).map(|y| y * arch.columns() + dx));
    }
    routers
}
