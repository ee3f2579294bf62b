//! The mesh as placement sees it: routers, directed links, and the links a packet takes.
//!
//! Packets travel in dimension order: along the row of the source to the destination's column, then along that column. A
//! multicast packet travels each link of the union once; a unicast chip sends one packet per destination. Links between
//! opposite edges of a torus are not used: dimension order without them needs no further virtual channels.

use crate::demand::is_unicast;
use isa::{Arch, CoreId};

/// Geometry of the mesh and the relative cost of its links.
#[derive(Clone, Debug)]
pub struct Mesh {
    columns: u32,
    rows: u32,
    cores_per_router: u32,
    chip: (u32, u32),
    /// Cost of a link between chips, in links within a chip.
    chip_cost: u64,
    unicast: bool,
}

/// A directed link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    from: (u32, u32),
    direction: usize,
}

impl Link {
    /// Whether the route from `src` to `dst` travels the link: whether [`Mesh::route`] would visit it.
    pub fn is_on_route(self, src: (u32, u32), mut dst: impl Iterator<Item = (u32, u32)>) -> bool {
        let (x, y) = self.from;
        match self.direction {
            EAST => y == src.1 && src.0 <= x && dst.any(|d| x < d.0),
            WEST => y == src.1 && x <= src.0 && dst.any(|d| d.0 < x),
            SOUTH => src.1 <= y && dst.any(|d| d.0 == x && y < d.1),
            _ => y <= src.1 && dst.any(|d| d.0 == x && d.1 < y),
        }
    }
}

/// Leaves a router to the east, west, south (larger y) or north.
const EAST: usize = 0;
const WEST: usize = 1;
const SOUTH: usize = 2;
const NORTH: usize = 3;

impl Mesh {
    /// The mesh of an architecture. A link between chips costs as many inner links as it is slower, at least one.
    pub fn of(arch: &Arch) -> Self {
        let chip_cost = arch
            .noc
            .as_ref()
            .and_then(|noc| Some(noc.link_chip.as_ref()?.value / noc.link_east_west.value.max(1)))
            .unwrap_or(1)
            .max(1);
        Self {
            columns: arch.columns(),
            rows: arch.rows(),
            cores_per_router: arch.mesh.cores_per_router,
            chip: (arch.mesh.width, arch.mesh.height),
            chip_cost,
            unicast: is_unicast(arch),
        }
    }

    /// The same mesh with one packet per destination, or with one packet per event.
    #[must_use]
    pub fn with_unicast(&self, unicast: bool) -> Self {
        Self { unicast, ..self.clone() }
    }

    /// Whether every destination gets a packet of its own.
    pub fn is_unicast(&self) -> bool {
        self.unicast
    }

    /// Index of the router at a column and row.
    pub fn router(&self, (x, y): (u32, u32)) -> usize {
        (y * self.columns + x) as usize
    }

    /// Number of routers.
    pub fn n_routers(&self) -> usize {
        self.columns as usize * self.rows as usize
    }

    /// Number of directed links, counting those that would leave the mesh.
    pub fn n_links(&self) -> usize {
        4 * self.n_routers()
    }

    /// Column and row of the router of a core.
    pub fn position(&self, core: CoreId) -> (u32, u32) {
        let router = core.0 / self.cores_per_router;
        (router % self.columns, router / self.columns)
    }

    /// Distance between two routers in links.
    pub fn distance(a: (u32, u32), b: (u32, u32)) -> u64 {
        u64::from(a.0.abs_diff(b.0)) + u64::from(a.1.abs_diff(b.1))
    }

    /// Cost of a directed link.
    pub fn link_cost(&self, link: usize) -> u64 {
        let (router, direction) = ((link / 4) as u32, link % 4);
        let (x, y) = (router % self.columns, router / self.columns);
        let crosses = match direction {
            EAST => (x + 1).is_multiple_of(self.chip.0),
            WEST => x.is_multiple_of(self.chip.0),
            SOUTH => (y + 1).is_multiple_of(self.chip.1),
            _ => y.is_multiple_of(self.chip.1),
        };
        if crosses { self.chip_cost } else { 1 }
    }

    /// Calls `visit(link)` for every link travelled by one event from `src` to all of `dst`; `columns` is scratch space.
    pub fn route(
        &self,
        src: (u32, u32),
        dst: impl Iterator<Item = (u32, u32)> + Clone,
        columns: &mut Vec<(u32, u32, u32)>,
        mut visit: impl FnMut(usize),
    ) {
        if self.unicast {
            for (x, y) in dst {
                self.row(src.1, src.0, x, &mut visit);
                self.column(x, src.1, y, &mut visit);
            }
            return;
        }
        let (low, high) = spans(src, dst, columns);
        self.row(src.1, src.0, low, &mut visit);
        self.row(src.1, src.0, high, &mut visit);
        for &(x, top, bottom) in columns.iter() {
            self.column(x, src.1, top, &mut visit);
            self.column(x, src.1, bottom, &mut visit);
        }
    }

    /// Summed cost of the links that [`Self::route`] visits, without visiting them.
    pub fn route_cost(
        &self,
        src: (u32, u32),
        dst: impl Iterator<Item = (u32, u32)>,
        columns: &mut Vec<(u32, u32, u32)>,
    ) -> u64 {
        let along = |from: u32, to: u32, chip: u32| {
            let links = u64::from(from.abs_diff(to));
            if self.chip_cost == 1 {
                return links;
            }
            links + (self.chip_cost - 1) * u64::from((from / chip).abs_diff(to / chip))
        };
        let (row, column) = (|a, b| along(a, b, self.chip.0), |a, b| along(a, b, self.chip.1));
        if self.unicast {
            return dst.map(|(x, y)| row(src.0, x) + column(src.1, y)).sum();
        }
        let (low, high) = spans(src, dst, columns);
        row(low, high) + columns.iter().map(|&(_, top, bottom)| column(top, bottom)).sum::<u64>()
    }

    /// The router that a directed link leaves, and its direction.
    pub fn link(&self, link: usize) -> Link {
        let router = (link / 4) as u32;
        Link { from: (router % self.columns, router / self.columns), direction: link % 4 }
    }

    /// The routers that a directed link joins, each as column and row.
    pub fn ends(&self, link: usize) -> ((u32, u32), (u32, u32)) {
        let (x, y) = self.link(link).from;
        let to = match link % 4 {
            EAST => (x + 1, y),
            WEST => (x.wrapping_sub(1), y),
            SOUTH => (x, y + 1),
            _ => (x, y.wrapping_sub(1)),
        };
        ((x, y), to)
    }

    fn row(&self, y: u32, from: u32, to: u32, visit: &mut impl FnMut(usize)) {
        let link = |x: u32, direction| 4 * (y * self.columns + x) as usize + direction;
        (from..to).for_each(|x| visit(link(x, EAST)));
        (to + 1..=from).for_each(|x| visit(link(x, WEST)));
    }

    fn column(&self, x: u32, from: u32, to: u32, visit: &mut impl FnMut(usize)) {
        let link = |y: u32, direction| 4 * (y * self.columns + x) as usize + direction;
        (from..to).for_each(|y| visit(link(y, SOUTH)));
        (to + 1..=from).for_each(|y| visit(link(y, NORTH)));
    }
}

/// The union of the ways from `src` to all `dst`: the first and last column travelled in the row of `src`, and per
/// destination column the first and last row.
fn spans(src: (u32, u32), dst: impl Iterator<Item = (u32, u32)>, columns: &mut Vec<(u32, u32, u32)>) -> (u32, u32) {
    let (mut low, mut high) = (src.0, src.0);
    columns.clear();
    for (x, y) in dst {
        low = low.min(x);
        high = high.max(x);
        match columns.iter_mut().find(|c| c.0 == x) {
            Some(c) => {
                c.1 = c.1.min(y);
                c.2 = c.2.max(y);
            }
            None => columns.push((x, y.min(src.1), y.max(src.1))),
        }
    }
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use isa::arch::preset::preset;
    use std::collections::BTreeSet;

    #[test]
    fn a_multicast_travels_the_union_of_its_paths_once() {
        let mut arch = preset("loihi1").expect("a preset");
        arch.noc.as_mut().expect("it has one").multicast = isa::arch::Multicast::Tree { entries: None };
        let union = Mesh::of(&arch);
        let single = Mesh { unicast: true, ..union.clone() };
        let dst = [(0, 0), (5, 1), (5, 3), (3, 2), (3, 1), (7, 2)];
        let mut separate = BTreeSet::new();
        let mut n_separate = 0;
        single.route((3, 2), dst.into_iter(), &mut Vec::new(), |link| {
            separate.insert(link);
            n_separate += 1;
        });
        let mut joint = Vec::new();
        union.route((3, 2), dst.into_iter(), &mut Vec::new(), |link| joint.push(link));
        assert_eq!(joint.iter().copied().collect::<BTreeSet<_>>(), separate);
        assert_eq!(joint.len(), separate.len(), "no link twice");
        assert_eq!(n_separate, dst.iter().map(|&d| Mesh::distance((3, 2), d)).sum::<u64>());
    }

    /// Costs and use of links in closed form, against the links themselves, over a machine of 2 × 2 chips.
    #[test]
    fn closed_forms_agree_with_the_links_visited() {
        let mut arch = preset("loihi1").expect("a preset");
        arch.mesh.chips = (2, 2);
        for unicast in [false, true] {
            let mesh = Mesh::of(&arch).with_unicast(unicast);
            let (w, h) = (arch.columns(), arch.rows());
            for seed in 0..200u32 {
                let at = |i: u32| ((seed * 7 + i * i * 5 + i) % w, (seed * 3 + i * 11 + i * seed) % h);
                let dst: Vec<(u32, u32)> = (1..=seed % 6 + 1).map(at).collect();
                let mut links = Vec::new();
                mesh.route(at(0), dst.iter().copied(), &mut Vec::new(), |link| links.push(link));
                let cost = mesh.route_cost(at(0), dst.iter().copied(), &mut Vec::new());
                assert_eq!(cost, links.iter().map(|&link| mesh.link_cost(link)).sum::<u64>());
                for link in 0..mesh.n_links() {
                    let on_route = mesh.link(link).is_on_route(at(0), dst.iter().copied());
                    assert_eq!(on_route, links.contains(&link), "link {link}");
                }
            }
        }
    }

    #[test]
    fn links_between_chips_cost_what_they_are_slower() {
        let mesh = Mesh::of(&preset("loihi1").expect("a preset"));
        let mut costs = Vec::new();
        mesh.route((6, 0), [(9, 0)].into_iter(), &mut Vec::new(), |link| costs.push(mesh.link_cost(link)));
        assert_eq!(costs, [1, 650 / 20, 1]);
    }
}
