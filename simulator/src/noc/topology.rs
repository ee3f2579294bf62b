//! Mesh geometry: directed links, dimension-ordered (XY) paths and the trees that multicast packets take.
//!
//! A packet first travels along its row, then along its column (Dally & Towles 2004, §8.4). On a torus each dimension is
//! crossed the shorter way, eastward or southward in a tie. The XY paths from one router to several form a tree: all
//! turns are from row to column, so two paths that part never meet again.

use isa::{Arch, RouterId};

/// The four ports of a router that lead to other routers.
pub(crate) const EAST: usize = 0;
pub(crate) const WEST: usize = 1;
pub(crate) const SOUTH: usize = 2;
pub(crate) const NORTH: usize = 3;

/// A directed link: `4·router + port` of the router it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LinkId(pub(crate) u32);

/// Kind of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkKind {
    EastWest,
    NorthSouth,
    Chip,
}

/// The mesh.
#[derive(Clone, Debug)]
pub(crate) struct Topology {
    pub(crate) columns: u32,
    pub(crate) rows: u32,
    torus: bool,
    /// Routers in a row and rows of routers of one chip.
    chip: (u32, u32),
}

/// The router that a link leaves, and its port there.
pub(crate) fn source(link: LinkId) -> (RouterId, usize) {
    (RouterId(link.0 / 4), link.0 as usize % 4)
}

impl Topology {
    pub(crate) fn new(arch: &Arch) -> Self {
        Self {
            columns: arch.columns(),
            rows: arch.rows(),
            torus: arch.mesh.torus,
            chip: (arch.mesh.width, arch.mesh.height),
        }
    }

    pub(crate) fn n_routers(&self) -> usize {
        (self.columns * self.rows) as usize
    }

    pub(crate) fn is_torus(&self) -> bool {
        self.torus
    }

    pub(crate) fn position(&self, router: RouterId) -> (u32, u32) {
        (router.0 % self.columns, router.0 / self.columns)
    }

    /// The port of the next hop from `at` to `to`; `None` at the destination.
    pub(crate) fn next_port(&self, at: RouterId, to: RouterId) -> Option<usize> {
        let ((x, y), (tx, ty)) = (self.position(at), self.position(to));
        // Whether the positive direction is taken from a to b on a line (or ring) of n.
        let forward = |a: u32, b: u32, n: u32| if self.torus { (b + n - a) % n * 2 <= n } else { b > a };
        if x != tx {
            Some(if forward(x, tx, self.columns) { EAST } else { WEST })
        } else if y != ty {
            Some(if forward(y, ty, self.rows) { SOUTH } else { NORTH })
        } else {
            None
        }
    }

    /// The router behind a port; only for ports that [`Self::next_port`] names.
    pub(crate) fn neighbour(&self, at: RouterId, port: usize) -> RouterId {
        let (x, y) = self.position(at);
        let (w, h) = (self.columns, self.rows);
        let (x, y) = match port {
            EAST => ((x + 1) % w, y),
            WEST => ((x + w - 1) % w, y),
            SOUTH => (x, (y + 1) % h),
            _ => (x, (y + h - 1) % h),
        };
        RouterId(y * w + x)
    }

    pub(crate) fn kind(&self, link: LinkId) -> LinkKind {
        let (from, port) = source(link);
        let to = self.neighbour(from, port);
        let chip = |router| {
            let (x, y) = self.position(router);
            (x / self.chip.0, y / self.chip.1)
        };
        // A wrap-around link of a one-chip torus stays on its chip.
        if chip(from) != chip(to) {
            LinkKind::Chip
        } else if port == EAST || port == WEST {
            LinkKind::EastWest
        } else {
            LinkKind::NorthSouth
        }
    }

    /// Whether a link joins opposite edges of a torus.
    pub(crate) fn is_seam(&self, link: LinkId) -> bool {
        let (from, port) = source(link);
        let ((x, y), (tx, ty)) = (self.position(from), self.position(self.neighbour(from, port)));
        x.abs_diff(tx) + y.abs_diff(ty) > 1
    }

    /// A number that grows along every way; `upper` says that the way has passed the seam of this dimension.
    pub(crate) fn rank(&self, link: LinkId, upper: bool) -> u32 {
        let (from, port) = source(link);
        let (x, y) = self.position(from);
        let (w, h) = (self.columns, self.rows);
        let (at, length, before) = match port {
            EAST => (x, w, 0),
            WEST => (w - 1 - x, w, 0),
            SOUTH => (y, h, 2 * w),
            _ => (h - 1 - y, h, 2 * w),
        };
        before + if upper && !self.is_seam(link) { length + at } else { at }
    }

    /// The links from `from` to `to`, in order.
    pub(crate) fn path(&self, from: RouterId, to: RouterId) -> Vec<LinkId> {
        let (mut at, mut links) = (from, Vec::new());
        while let Some(port) = self.next_port(at, to) {
            links.push(LinkId(at.0 * 4 + port as u32));
            at = self.neighbour(at, port);
        }
        links
    }

    /// The union of the paths from `from` to all of `to`, ascending.
    pub(crate) fn tree(&self, from: RouterId, to: impl IntoIterator<Item = RouterId>) -> Vec<LinkId> {
        let mut links: Vec<LinkId> = to.into_iter().flat_map(|router| self.path(from, router)).collect();
        links.sort_unstable();
        links.dedup();
        links
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mesh(columns: u32, rows: u32, torus: bool) -> Topology {
        Topology { columns, rows, torus, chip: (2, rows) }
    }

    #[test]
    fn paths_go_along_the_row_first() {
        // 4x3 mesh, from (0,0) to (2,1): east, east, south.
        let mesh = mesh(4, 3, false);
        let path = mesh.path(RouterId(0), RouterId(6));
        assert_eq!(path, vec![LinkId(0), LinkId(4), LinkId(2 * 4 + SOUTH as u32)]);
        // Chips are two columns wide: the second hop crosses from chip to chip.
        let kinds: Vec<LinkKind> = path.iter().map(|&l| mesh.kind(l)).collect();
        assert_eq!(kinds, vec![LinkKind::EastWest, LinkKind::Chip, LinkKind::NorthSouth]);
    }

    #[test]
    fn a_torus_is_crossed_the_shorter_way() {
        let torus = mesh(5, 3, true);
        assert_eq!(torus.path(RouterId(0), RouterId(4)), vec![LinkId(WEST as u32)]);
        assert_eq!(torus.path(RouterId(0), RouterId(10)), vec![LinkId(NORTH as u32)]);
    }

    #[test]
    fn a_tree_counts_shared_links_once() {
        // (0,0) to (1,1) and (1,2): one east link, then two south links.
        let mesh = mesh(4, 3, false);
        assert_eq!(mesh.tree(RouterId(0), [RouterId(5), RouterId(9)]).len(), 3);
        assert_eq!(mesh.tree(RouterId(0), [RouterId(0)]).len(), 0);
    }
}
