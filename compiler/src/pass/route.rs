//! Turns "which tiles does a neuron reach" into route tables.
//!
//! ```text
//! neurons of tile0 in rows 0..3, columns 0..5 → {core7, core8}   becomes   route0: proj1 → [core7, core8]
//! ```
//!
//! Along each axis, positions that reach the same slices of all post-synaptic grids form a class; a route exists per
//! combination of classes and projection, and equal routes of a core are shared. Depending on the chip, a set of cores is
//! reached by one packet per core, by packets to rectangles of routers that hold no other listener (a set that is no
//! rectangle is halved until every part is), or by one packet along a tree. A tree whose branches no longer fit a
//! router's multicast table is sent as single packets instead.
//!
//! Deadlock. Packets travel in dimension order, first along the row, then along the column, and a forked copy only ever
//! turns from the row into a column; the channel dependency graph therefore has no cycle (Dally & Seitz 1987). Spikes are
//! single-flit, so a fork never holds one output while waiting for another. Every receiver takes events of the next
//! timestep into its queue while it works on the present one, so the network always drains.

use crate::{
    demand::is_unicast,
    partition::{ClusterId, TileId},
    pass::tree::Branches,
    placement::{Layout, Placement},
    targets::Targets,
};
use ir::{PopulationId, ProjectionId};
use isa::{Arch, CoreId, Destination, Emission, Route, RouteId, Tag, arch::Multicast};
use std::collections::BTreeMap;

/// The route tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routing {
    /// Route table of each cluster's core.
    pub tables: Vec<Vec<Route>>,
    /// Where the spikes of each tile go.
    pub emissions: Vec<Emission>,
    /// Where the input events go.
    pub input: Emission,
    /// Route table of the input port.
    pub input_table: Vec<Route>,
}

/// The tag of a projection.
pub fn tag(projection: ProjectionId) -> Tag {
    Tag(projection.0 as u16)
}

/// Routes every projection.
pub fn route(layout: &Layout<'_>) -> Routing {
    let Layout { graph, arch, partition, placement } = *layout;
    let targets = Targets::new(graph, partition);
    let mut tables: Vec<Table> = vec![Table::default(); partition.clusters.len()];
    let mut branches = Branches::new(arch);
    let emissions = (0..partition.tiles.len())
        .map(|i| {
            let tile = partition.tile(TileId(i as u32));
            let cluster = targets.cluster_of[i].0 as usize;
            let ranges = [tile.channels.clone(), tile.rows.clone(), tile.cols.clone()];
            let src = placement.cores[cluster];
            let mut encoder = Encoder { arch, targets: &targets, placement, branches: &mut branches, src };
            encoder.emission(tile.population, &ranges, &mut tables[cluster])
        })
        .collect();
    let input_id = graph.input().expect("a verified graph has an input");
    let shape = graph.population(input_id).shape;
    let mut input_table = Table::default();
    let src = CoreId(0);
    let mut encoder = Encoder { arch, targets: &targets, placement, branches: &mut branches, src };
    let input = encoder.emission(input_id, &[0..shape.channels, 0..shape.height, 0..shape.width], &mut input_table);
    Routing {
        tables: tables.into_iter().map(|t| t.routes).collect(),
        emissions,
        input,
        input_table: input_table.routes,
    }
}

#[derive(Clone, Default)]
struct Table {
    routes: Vec<Route>,
    known: BTreeMap<(Tag, u16, Vec<CoreId>), Vec<RouteId>>,
}

struct Encoder<'a, 'b> {
    arch: &'a Arch,
    targets: &'a Targets<'a>,
    placement: &'a Placement,
    branches: &'b mut Branches,
    src: CoreId,
}

impl Encoder<'_, '_> {
    fn emission(
        &mut self,
        population: PopulationId,
        ranges: &[std::ops::Range<u32>; 3],
        table: &mut Table,
    ) -> Emission {
        let outgoing = self.targets.graph.outgoing(population);
        if outgoing.is_empty() {
            return Emission::default();
        }
        let classes = self.targets.classes(population, ranges);
        let mut routes = Vec::new();
        for &c in &classes[0].first {
            for &y in &classes[1].first {
                for &x in &classes[2].first {
                    let at = [ranges[0].start + c, ranges[1].start + y, ranges[2].start + x];
                    let mut of = Vec::new();
                    for &projection in &outgoing {
                        let cores = self.cores(self.targets.clusters(projection, at));
                        of.extend(self.routes_to(projection, cores, table));
                    }
                    routes.push(of);
                }
            }
        }
        let [channel_class, row_class, column_class] = classes.map(|c| c.class);
        Emission { channel_class, row_class, column_class, routes }
    }

    fn cores(&self, clusters: impl IntoIterator<Item = ClusterId>) -> Vec<CoreId> {
        let mut cores: Vec<CoreId> = clusters.into_iter().map(|c| self.placement.cores[c.0 as usize]).collect();
        cores.sort_unstable();
        cores
    }

    fn routes_to(&mut self, projection: ProjectionId, cores: Vec<CoreId>, table: &mut Table) -> Vec<RouteId> {
        if cores.is_empty() {
            return Vec::new();
        }
        let delay = self.targets.graph.projection(projection).delay as u16;
        let key = (tag(projection), delay, cores);
        if let Some(known) = table.known.get(&key) {
            return known.clone();
        }
        let ids = self
            .destinations(projection, &key.2)
            .into_iter()
            .map(|destination| {
                let route = Route { tag: tag(projection), delay, destination };
                let same = table.routes.iter().position(|r| *r == route);
                RouteId(same.unwrap_or_else(|| {
                    table.routes.push(route);
                    table.routes.len() - 1
                }) as u32)
            })
            .collect::<Vec<_>>();
        table.known.insert(key, ids.clone());
        ids
    }

    fn destinations(&mut self, projection: ProjectionId, cores: &[CoreId]) -> Vec<Destination> {
        let singles = || cores.iter().map(|&core| Destination::Core(core)).collect();
        if is_unicast(self.arch) || (cores.len() == 1 && self.arch.noc.is_some()) {
            return singles();
        }
        match self.arch.noc.as_ref().map(|noc| noc.multicast) {
            None => vec![Destination::List(cores.to_vec())],
            Some(Multicast::Unicast) => singles(),
            Some(Multicast::Tree { .. }) => {
                if self.branches.reserve(self.arch, self.src, cores) {
                    vec![Destination::List(cores.to_vec())]
                } else {
                    singles()
                }
            }
            Some(Multicast::Rectangle) => {
                let mut parts = Vec::new();
                let listeners = self.cores(self.targets.listeners(projection));
                rectangles(self.arch, &listeners, cores, &mut parts);
                parts
            }
        }
    }
}

/// Covers `cores` by rectangles of routers that hold no other listener.
fn rectangles(arch: &Arch, listeners: &[CoreId], cores: &[CoreId], parts: &mut Vec<Destination>) {
    if let [core] = cores {
        parts.push(Destination::Core(*core));
        return;
    }
    let at = |core: CoreId| arch.position(arch.router(core));
    let span =
        |values: &mut dyn Iterator<Item = u32>| values.fold((u32::MAX, 0), |(low, high), v| (low.min(v), high.max(v)));
    let x = span(&mut cores.iter().map(|&core| at(core).0));
    let y = span(&mut cores.iter().map(|&core| at(core).1));
    let inside = |core: CoreId| {
        let (cx, cy) = at(core);
        (x.0..=x.1).contains(&cx) && (y.0..=y.1).contains(&cy)
    };
    let heard: Vec<CoreId> = listeners.iter().copied().filter(|&core| inside(core)).collect();
    if heard == cores {
        let pair = |(low, high): (u32, u32)| (low as u16, high as u16);
        parts.push(Destination::Rectangle { x: pair(x), y: pair(y), cores: heard });
    } else if x == (x.0, x.0) && y == (y.0, y.0) {
        parts.extend(cores.iter().map(|&core| Destination::Core(core)));
    } else {
        let wide = x.1 - x.0 >= y.1 - y.0;
        let middle = if wide { u32::midpoint(x.0, x.1) } else { u32::midpoint(y.0, y.1) };
        let (near, far): (Vec<CoreId>, Vec<CoreId>) =
            cores.iter().partition(|&&core| if wide { at(core).0 <= middle } else { at(core).1 <= middle });
        rectangles(arch, listeners, &near, parts);
        rectangles(arch, listeners, &far, parts);
    }
}
