//! Checks route tables against the graph, neuron by neuron.
//!
//! | rule | demands |
//! |---|---|
//! | `table` | classes cover the tile, entries exist, and name existing routes |
//! | `delay` | a route carries the delay of its projection |
//! | `reach` | an event of a neuron reaches exactly the cores that hold a tile with a synapse from it, each once |
//! | `form` | destinations have a form that the chip offers; listed cores ascend; a rectangle's cores are all listeners in it |
//! | `entries` | multicast trees fit the routers' tables |
//! | `cycle` | the channel dependencies of all paths form no cycle (Dally & Seitz 1987): the network cannot deadlock |
//!
//! Which cores must be reached is found from the receivers: each tile asks for its receptive field. On networks of up to
//! 2²⁰ synapses it is found from every single synapse instead.

use super::{
    Found,
    field::{field, heard},
};
use crate::{
    diagnostics::Violations,
    partition::{Partition, TileId},
    pass::route::Routing,
    placement::Layout,
};
use ir::{Connectivity, Graph, PopulationId, ProjectionId, Quantized, Shape};
use isa::{Arch, CoreId, Destination, Emission, Route, Tag, arch::Multicast};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

/// Every broken rule.
pub fn check(layout: &Layout<'_>, routing: &Routing) -> Violations {
    let Layout { graph, arch, partition, placement } = *layout;
    let mut found = Found::default();
    let mut core_of = vec![CoreId(0); partition.tiles.len()];
    for (cluster, tiles) in partition.clusters.iter().enumerate() {
        for tile in tiles {
            core_of[tile.0 as usize] = placement.cores[cluster];
        }
    }
    let expected = Expected::new(graph, partition, &core_of);
    let mut links = Dependencies::default();
    let mut trees: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    let mut sides = Vec::new();
    for (tile_index, tile) in partition.tiles.iter().enumerate() {
        let cluster = partition.clusters.iter().position(|t| t.contains(&TileId(tile_index as u32)));
        let Some(table) = cluster.and_then(|c| routing.tables.get(c)) else { continue };
        let Some(emission) = routing.emissions.get(tile_index) else {
            found.rule(false, "table", TileId(tile_index as u32), || "has no emission".into());
            continue;
        };
        let ranges = [tile.channels.clone(), tile.rows.clone(), tile.cols.clone()];
        let name = TileId(tile_index as u32).to_string();
        sides.push(Sender { population: tile.population, ranges, emission, table, name });
    }
    if let Some(input) = graph.input() {
        let shape = graph.population(input).shape;
        let ranges = [0..shape.channels, 0..shape.height, 0..shape.width];
        let (emission, table) = (&routing.input, routing.input_table.as_slice());
        sides.push(Sender { population: input, ranges, emission, table, name: "input".into() });
    }
    for sender in sides {
        neurons(graph, &expected, sender, &mut found);
    }
    let tables = routing.tables.iter().zip(&placement.cores).map(|(t, &core)| (core, t));
    for (src, table) in tables.chain([(CoreId(0), &routing.input_table)]) {
        for route in table {
            form(arch, &expected, route, src, &mut found);
            for &core in route.destination.cores() {
                links.path(arch, src, core);
            }
            if matches!(route.destination, Destination::List(_)) {
                for router in passed(arch, src, route.destination.cores()) {
                    *trees.entry(router).or_default() += 1;
                }
            }
        }
    }
    if let Some(Multicast::Tree { entries: Some(max) }) = arch.noc.as_ref().map(|noc| noc.multicast) {
        for ((x, y), used) in trees {
            found.rule(used <= max, "entries", format!("router at ({x}, {y})"), || format!("{used} entries of {max}"));
        }
    }
    found.rule(!links.has_cycle(), "cycle", "network", || "channel dependencies form a cycle".into());
    found.into_violations()
}

/// For each projection, the cores that every source neuron must reach.
struct Expected {
    cores: Vec<Vec<BTreeSet<CoreId>>>,
    listeners: BTreeMap<Tag, BTreeSet<CoreId>>,
    delays: BTreeMap<Tag, u32>,
}

impl Expected {
    fn new(graph: &Graph<Quantized>, partition: &Partition, core_of: &[CoreId]) -> Self {
        let mut cores = Vec::new();
        let (mut listeners, mut delays) = (BTreeMap::new(), BTreeMap::new());
        for (id, projection) in graph.projections() {
            let (pre, post) = graph.ends(id);
            let (pre_shape, post_shape) = (graph.population(pre).shape, graph.population(post).shape);
            let mut of: Vec<BTreeSet<CoreId>> = vec![BTreeSet::new(); pre_shape.neurons()];
            let tag = Tag(id.0 as u16);
            delays.insert(tag, projection.delay);
            let small = pre_shape.neurons() * post_shape.neurons() <= 1 << 20;
            for (tile, &core) in partition.tiles.iter().zip(core_of).filter(|(t, _)| t.population == post) {
                if let Connectivity::Sparse(lists) = &projection.connectivity {
                    let heard = heard(graph, id, lists, tile);
                    if !heard.neurons.is_empty() {
                        listeners.entry(tag).or_insert_with(BTreeSet::new).insert(core);
                    }
                    for j in heard.neurons {
                        of[j].insert(core);
                    }
                    continue;
                }
                if field(graph, id, tile).len() > 0 {
                    listeners.entry(tag).or_insert_with(BTreeSet::new).insert(core);
                }
                if small {
                    for c in tile.channels.clone() {
                        for y in tile.rows.clone() {
                            for x in tile.cols.clone() {
                                projection.synapses_onto(pre_shape, post_shape, (c, y, x), |j, _| {
                                    of[j].insert(core);
                                });
                            }
                        }
                    }
                } else {
                    let f = field(graph, id, tile);
                    for &c in &f.channels {
                        for &y in &f.rows {
                            for &x in &f.cols {
                                of[pre_shape.index(c, y, x)].insert(core);
                            }
                        }
                    }
                }
            }
            cores.push(of);
        }
        Self { cores, listeners, delays }
    }
}

/// A box of neurons that sends, with the tables that say where to.
struct Sender<'a> {
    population: PopulationId,
    /// Its channels, rows and columns.
    ranges: [Range<u32>; 3],
    emission: &'a Emission,
    table: &'a [Route],
    /// What violations call it.
    name: String,
}

fn neurons(graph: &Graph<Quantized>, expected: &Expected, sender: Sender<'_>, found: &mut Found) {
    let Sender { population, ranges, emission, table, name } = &sender;
    let population = *population;
    let shape: Shape = graph.population(population).shape;
    let outgoing: Vec<ProjectionId> = graph.outgoing(population);
    let lengths = [&emission.channel_class, &emission.row_class, &emission.column_class].map(Vec::len);
    let covers = lengths.into_iter().zip(ranges).all(|(n, range)| n == range.len());
    let silent = emission.routes.is_empty();
    if !silent {
        let named = emission.routes.iter().flatten().all(|r| (r.0 as usize) < table.len());
        let complete = emission.routes.len() == emission.n_entries();
        found.rule(covers && complete && named, "table", name, || {
            format!("classes {lengths:?} with {} entries, or a route beyond {}", emission.routes.len(), table.len())
        });
        if !(covers && complete && named) {
            return;
        }
    }
    let mut wrong = 0;
    let mut example = String::new();
    for (dc, c) in ranges[0].clone().enumerate() {
        for (dy, y) in ranges[1].clone().enumerate() {
            for (dx, x) in ranges[2].clone().enumerate() {
                let mut reached: BTreeMap<Tag, Vec<CoreId>> = BTreeMap::new();
                if !silent {
                    for r in emission.routes(dc, dy, dx) {
                        let route = &table[r.0 as usize];
                        reached.entry(route.tag).or_default().extend(route.destination.cores());
                    }
                }
                let neuron = shape.index(c, y, x);
                for &projection in &outgoing {
                    let mut cores = reached.remove(&Tag(projection.0 as u16)).unwrap_or_default();
                    cores.sort_unstable();
                    if !cores.iter().eq(&expected.cores[projection.0 as usize][neuron]) {
                        wrong += 1;
                        example = format!("neuron ({c}, {y}, {x}) through {projection}: {cores:?}");
                    }
                }
                if !reached.is_empty() {
                    wrong += 1;
                    example = format!("neuron ({c}, {y}, {x}) sends foreign tags {:?}", reached.keys());
                }
            }
        }
    }
    found.rule(wrong == 0, "reach", name, || {
        format!("{wrong} neurons reach other cores than they must, such as {example}")
    });
}

fn form(arch: &Arch, expected: &Expected, route: &Route, src: CoreId, found: &mut Found) {
    let name = || format!("{src} {}", route.tag);
    let delay = expected.delays.get(&route.tag);
    found.rule(delay == Some(&u32::from(route.delay)), "delay", name(), || {
        format!("{} instead of {delay:?}", route.delay)
    });
    let cores = route.destination.cores();
    found.rule(!cores.is_empty() && cores.windows(2).all(|w| w[0] < w[1]), "form", name(), || {
        "listed cores do not ascend".into()
    });
    let multicast = arch.noc.as_ref().map(|noc| noc.multicast);
    let offered = match &route.destination {
        Destination::Core(_) => multicast.is_some(),
        Destination::List(_) => multicast.is_none() || matches!(multicast, Some(Multicast::Tree { .. })),
        Destination::Rectangle { x, y, cores } => {
            let inside: Vec<CoreId> = expected
                .listeners
                .get(&route.tag)
                .into_iter()
                .flatten()
                .copied()
                .filter(|&core| {
                    let (cx, cy) = arch.position(arch.router(core));
                    cx >= u32::from(x.0) && cx <= u32::from(x.1) && cy >= u32::from(y.0) && cy <= u32::from(y.1)
                })
                .collect();
            found.rule(inside == *cores, "form", name(), || format!("the rectangle holds {inside:?}, not {cores:?}"));
            multicast == Some(Multicast::Rectangle)
        }
    };
    found.rule(offered, "form", name(), || format!("{:?} is not offered by {}", route.destination, arch.name));
}

/// The next router of a packet: along the row first.
fn hop((x, y): (u32, u32), (tx, ty): (u32, u32)) -> Option<(u32, u32)> {
    let step = |from: u32, to: u32| if to > from { from + 1 } else { from - 1 };
    if x != tx {
        Some((step(x, tx), y))
    } else if y != ty {
        Some((x, step(y, ty)))
    } else {
        None
    }
}

/// All routers that the packets to `cores` pass, ends included.
fn passed(arch: &Arch, src: CoreId, cores: &[CoreId]) -> BTreeSet<(u32, u32)> {
    let start = arch.position(arch.router(src));
    let mut routers = BTreeSet::from([start]);
    for &core in cores {
        let end = arch.position(arch.router(core));
        routers.extend(std::iter::successors(Some(start), |&at| hop(at, end)));
    }
    routers
}

type Channel = ((u32, u32), (u32, u32));

/// Which channel waits for which.
#[derive(Default)]
struct Dependencies(BTreeMap<Channel, BTreeSet<Channel>>);

impl Dependencies {
    fn path(&mut self, arch: &Arch, src: CoreId, dst: CoreId) {
        let (mut at, end) = (arch.position(arch.router(src)), arch.position(arch.router(dst)));
        let mut last: Option<Channel> = None;
        while let Some(next) = hop(at, end) {
            let channel = (at, next);
            self.0.entry(channel).or_default();
            if let Some(last) = last {
                self.0.entry(last).or_default().insert(channel);
            }
            last = Some(channel);
            at = next;
        }
    }

    /// Kahn's algorithm: channels without waiting predecessors are removed until none is left, or a cycle is.
    fn has_cycle(&self) -> bool {
        let mut waiting: BTreeMap<Channel, usize> = self.0.keys().map(|&c| (c, 0)).collect();
        for next in self.0.values().flatten() {
            *waiting.entry(*next).or_default() += 1;
        }
        let mut free: Vec<Channel> = waiting.iter().filter(|(_, n)| **n == 0).map(|(&c, _)| c).collect();
        let mut removed = 0;
        while let Some(channel) = free.pop() {
            removed += 1;
            for next in self.0.get(&channel).into_iter().flatten() {
                let n = waiting.get_mut(next).expect("every channel is a key");
                *n -= 1;
                if *n == 0 {
                    free.push(*next);
                }
            }
        }
        removed < waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turning_in_a_circle_is_a_cycle() {
        let corners = [(0, 0), (1, 0), (1, 1), (0, 1)];
        let mut links = Dependencies::default();
        for i in 0..4 {
            let channel = |i: usize| (corners[i % 4], corners[(i + 1) % 4]);
            links.0.entry(channel(i)).or_default().insert(channel(i + 1));
        }
        assert!(links.has_cycle());
        links.0.get_mut(&(corners[0], corners[1])).expect("present").clear();
        assert!(!links.has_cycle());
    }
}
