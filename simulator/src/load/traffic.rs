//! Routes, prepared: the packets that each one sends, the links they cross, the cores that hear them.

use super::{Loader, Unit};
use crate::{
    error::{LoadError, invalid},
    noc::{
        topology::{LinkId, LinkKind, Topology},
        tree::Trees,
    },
};
use isa::{CoreId, Destination, Instruction, Route, RouterId, arch::Multicast};
use std::collections::HashMap;

/// A packet that a route sends; equal ones stand once in [`super::Loaded::traffic`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Traffic {
    source: RouterId,
    /// Links crossed, each once: in order for one destination, ascending for several.
    pub(crate) links: Vec<LinkId>,
    /// Receiving units (indices into [`Loaded::units`]); empty for the host.
    pub(crate) units: Vec<u32>,
    /// The longest path of a tree; empty if the links are a path.
    longest: Vec<LinkId>,
    /// Root of its routing tree.
    pub(crate) key: u32,
}

impl Traffic {
    /// The router that it leaves.
    pub(crate) fn source(&self) -> RouterId {
        self.source
    }

    /// The longest path from the source to a destination.
    pub(crate) fn spine(&self) -> &[LinkId] {
        if self.longest.is_empty() { &self.links } else { &self.longest }
    }
}

/// The packets found so far, each once.
#[derive(Debug, Default)]
pub(super) struct TrafficTable {
    all: Vec<Traffic>,
    index: HashMap<Traffic, u32>,
}

impl TrafficTable {
    fn add(&mut self, packet: Traffic) -> u32 {
        let Self { all, index } = self;
        *index.entry(packet).or_insert_with_key(|packet| {
            all.push(packet.clone());
            all.len() as u32 - 1
        })
    }

    /// A packet along the path from one router to another.
    pub(super) fn along(&mut self, topology: &Topology, (from, to): (RouterId, RouterId), units: Vec<u32>) -> u32 {
        self.add(Traffic { source: from, links: topology.path(from, to), units, longest: Vec::new(), key: 0 })
    }

    /// A packet along the tree from a router to several.
    fn tree(&mut self, topology: &Topology, source: RouterId, to: Vec<RouterId>, units: Vec<u32>) -> u32 {
        let longest = to.iter().map(|&router| topology.path(source, router)).max_by_key(Vec::len).unwrap_or_default();
        self.add(Traffic { source, links: topology.tree(source, to), units, longest, key: 0 })
    }
}

/// Flits of one packet by what they cross.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Crossings {
    pub(crate) packets: u64,
    pub(crate) ejected: u64,
    pub(crate) routers: u64,
    pub(crate) east_west: u64,
    pub(crate) north_south: u64,
    pub(crate) chip: u64,
}

/// A route, prepared.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    pub(crate) delay: u32,
    /// Receiving unit and its axon.
    pub(crate) targets: Vec<(u32, u16)>,
    /// Packets, as indices into [`super::Loaded::traffic`]; none without a network.
    pub(crate) packets: Vec<u32>,
    pub(crate) crossings: Crossings,
}

impl Loader<'_> {
    pub(super) fn paths(&mut self, from: Option<CoreId>, routes: &[Route]) -> Result<Vec<Path>, LoadError> {
        let source = from.map_or(RouterId(0), |core| self.arch.router(core));
        let place = |r: usize| format!("{} route{r}", from.map_or("input".into(), |core| core.to_string()));
        routes
            .iter()
            .enumerate()
            .map(|(r, route)| {
                let mut targets = Vec::new();
                if route.destination.cores().is_empty() {
                    return Err(invalid(place(r), "goes to no core"));
                }
                for core in route.destination.cores() {
                    let unit =
                        *self.unit_of.get(core).ok_or_else(|| invalid(place(r), format!("{core} is not in use")))?;
                    let axon = *self.tags[unit as usize]
                        .get(&route.tag)
                        .ok_or_else(|| invalid(place(r), format!("{core} does not know {}", route.tag)))?;
                    targets.push((unit, axon));
                }
                let packets = self.packets(source, &route.destination, &targets);
                let crossings = self.crossings(&packets);
                Ok(Path { delay: route.delay.into(), targets, packets, crossings })
            })
            .collect()
    }

    /// The packets of one use of a route.
    fn packets(&mut self, source: RouterId, destination: &Destination, targets: &[(u32, u16)]) -> Vec<u32> {
        let Some(noc) = &self.arch.noc else { return Vec::new() };
        let routers = destination.cores().iter().map(|&core| self.arch.router(core));
        let units = targets.iter().map(|&(unit, _)| unit).collect();
        match (noc.multicast, destination) {
            (Multicast::Unicast, _) => routers
                .zip(targets)
                .map(|(to, &(unit, _))| self.traffic.along(self.topology, (source, to), vec![unit]))
                .collect(),
            // The packet visits every router of the rectangle; each asks the axon tables of its cores.
            (Multicast::Rectangle, Destination::Rectangle { x, y, .. }) => {
                let columns = self.topology.columns;
                let all = (y.0..=y.1).flat_map(|row| {
                    (x.0..=x.1).map(move |column| RouterId(u32::from(row) * columns + u32::from(column)))
                });
                vec![self.traffic.tree(self.topology, source, all.collect(), units)]
            }
            _ => vec![self.traffic.tree(self.topology, source, routers.collect(), units)],
        }
    }

    pub(super) fn crossings(&self, packets: &[u32]) -> Crossings {
        let flits = self.arch.noc.as_ref().map_or(0, |noc| u64::from(noc.flits_per_spike));
        let mut sum = Crossings::default();
        for packet in packets.iter().map(|&packet| &self.traffic.all[packet as usize]) {
            sum.packets += 1;
            sum.ejected += packet.units.len() as u64;
            // A tree (or path) of n links joins n + 1 routers.
            sum.routers += flits * (packet.links.len() as u64 + 1);
            for &link in &packet.links {
                match self.topology.kind(link) {
                    LinkKind::EastWest => sum.east_west += flits,
                    LinkKind::NorthSouth => sum.north_south += flits,
                    LinkKind::Chip => sum.chip += flits,
                }
            }
        }
        sum
    }

    /// All packets with their routing trees. Local port 0 of a router is its first core, the last is the host's at router 0.
    pub(super) fn plant(&mut self, units: &[Unit]) -> (Vec<Traffic>, Trees) {
        let per_router = self.arch.mesh.cores_per_router;
        let places: Vec<(RouterId, u32)> = units.iter().map(|u| (u.router, u.core.0 % per_router)).collect();
        let (mut traffic, mut trees) = (std::mem::take(&mut self.traffic.all), Trees::default());
        for packet in &mut traffic {
            let mut receivers: Vec<(RouterId, u32)> = packet.units.iter().map(|&u| places[u as usize]).collect();
            if receivers.is_empty() {
                receivers.push((RouterId(0), per_router));
            }
            packet.key = trees.plant(self.topology, packet.source, &packet.links, &receivers);
        }
        (traffic, trees)
    }

    /// Token edges: from each core whose handler sends tokens to the other cores that its routes reach.
    pub(super) fn tokens(&mut self, units: &mut [Unit]) {
        let routers: Vec<RouterId> = units.iter().map(|unit| unit.router).collect();
        for (u, unit) in units.iter_mut().enumerate() {
            if !self.program.cores[u].on_tick.contains(&Instruction::Token) {
                continue;
            }
            let mut to: Vec<u32> = unit.paths.iter().flat_map(|path| &path.targets).map(|&(unit, _)| unit).collect();
            to.sort_unstable();
            to.dedup();
            to.retain(|&other| other as usize != u);
            if self.arch.noc.is_some() {
                let way = |other: u32| (unit.router, routers[other as usize]);
                let packets: Vec<u32> =
                    to.iter().map(|&other| self.traffic.along(self.topology, way(other), vec![other])).collect();
                unit.token_crossings = self.crossings(&packets);
            }
            unit.token_to = to;
        }
    }
}
