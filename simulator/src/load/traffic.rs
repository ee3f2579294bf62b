//! Routes, prepared: the packets that each one sends, the links they cross, the cores that hear them.

use super::{Loaded, Loader, Unit};
use crate::{
    error::{LoadError, invalid},
    noc::topology::{LinkId, LinkKind},
};
use isa::{CoreId, Destination, Instruction, Route, RouterId, arch::Multicast};

/// A packet that a route sends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traffic {
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
    /// A packet along a path.
    pub(super) fn along(links: Vec<LinkId>, units: Vec<u32>) -> Self {
        Self { links, units, longest: Vec::new(), key: 0 }
    }

    /// The longest path from the source to a destination.
    pub(crate) fn spine(&self) -> &[LinkId] {
        if self.longest.is_empty() { &self.links } else { &self.longest }
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
    /// Packets; none without a network.
    pub(crate) packets: Vec<Traffic>,
    pub(crate) crossings: Crossings,
}

impl Loader<'_> {
    pub(super) fn paths(&self, from: Option<CoreId>, routes: &[Route]) -> Result<Vec<Path>, LoadError> {
        let source = from.map_or(RouterId(0), |core| self.arch.router(core));
        let place = |r: usize| format!("{} route{r}", from.map_or("input".into(), |core| core.to_string()));
        routes
            .iter()
            .enumerate()
            .map(|(r, route)| {
                let mut targets = Vec::new();
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
    fn packets(&self, source: RouterId, destination: &Destination, targets: &[(u32, u16)]) -> Vec<Traffic> {
        let Some(noc) = &self.arch.noc else { return Vec::new() };
        let routers = || destination.cores().iter().map(|&core| self.arch.router(core));
        let units = targets.iter().map(|&(unit, _)| unit).collect();
        match (noc.multicast, destination) {
            (Multicast::Unicast, _) => routers()
                .zip(targets)
                .map(|(to, &(unit, _))| Traffic::along(self.topology.path(source, to), vec![unit]))
                .collect(),
            // The packet visits every router of the rectangle; each asks the axon tables of its cores.
            (Multicast::Rectangle, Destination::Rectangle { x, y, .. }) => {
                let columns = self.topology.columns;
                let all = (y.0..=y.1).flat_map(|row| {
                    (x.0..=x.1).map(move |column| RouterId(u32::from(row) * columns + u32::from(column)))
                });
                vec![self.tree(source, all.collect(), units)]
            }
            _ => vec![self.tree(source, routers().collect(), units)],
        }
    }

    fn tree(&self, source: RouterId, to: Vec<RouterId>, units: Vec<u32>) -> Traffic {
        let longest =
            to.iter().map(|&router| self.topology.path(source, router)).max_by_key(Vec::len).unwrap_or_default();
        Traffic { links: self.topology.tree(source, to), units, longest, key: 0 }
    }

    pub(super) fn crossings(&self, packets: &[Traffic]) -> Crossings {
        let flits = self.arch.noc.as_ref().map_or(0, |noc| u64::from(noc.flits_per_spike));
        let mut sum = Crossings::default();
        for packet in packets {
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

    /// Routing trees of all packets. Local port 0 of a router is its first core, the last is the host's at router 0.
    pub(super) fn plant(&self, loaded: &mut Loaded) {
        let per_router = self.arch.mesh.cores_per_router;
        let Loaded { units, port, trees, .. } = loaded;
        let places: Vec<(RouterId, u32)> = units.iter().map(|u| (u.router, u.core.0 % per_router)).collect();
        let mut plant = |source: RouterId, packet: &mut Traffic, to_host: bool| {
            let mut receivers: Vec<(RouterId, u32)> = packet.units.iter().map(|&u| places[u as usize]).collect();
            if to_host {
                receivers.push((RouterId(0), per_router));
            }
            packet.key = trees.plant(self.topology, source, &packet.links, &receivers);
        };
        for unit in units {
            let source = unit.router;
            unit.paths.iter_mut().flat_map(|path| &mut path.packets).for_each(|packet| plant(source, packet, false));
            if self.arch.noc.is_some() {
                plant(source, &mut unit.to_host, true);
            }
        }
        port.paths.iter_mut().flat_map(|path| &mut path.packets).for_each(|packet| plant(RouterId(0), packet, false));
    }

    /// Token edges: from each core whose handler sends tokens to the other cores that its routes reach.
    pub(super) fn tokens(&self, units: &mut [Unit]) {
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
                let packets: Vec<Traffic> = to
                    .iter()
                    .map(|&other| Traffic::along(self.topology.path(unit.router, routers[other as usize]), vec![other]))
                    .collect();
                unit.token_crossings = self.crossings(&packets);
            }
            unit.token_to = to;
        }
    }
}
