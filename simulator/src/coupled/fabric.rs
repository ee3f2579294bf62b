//! When what leaves a core arrives: every copy of every packet with the latency of its path.
//!
//! A packet of `f` flits over the XY path of links `l` takes `Σ_l (router + link_l) + router + (f − 1)·τ` ticks, τ the ticks
//! between two flits, as if it met no other: paths keep the order of what is sent over them, so the order of events follows
//! from the description alone. A copy of a multicast packet takes the XY path to its own destination. Without a network a
//! spike goes to one destination core after the other, and arrives at once.

use crate::{
    error::{LoadError, invalid},
    load::{Loaded, Path},
    noc::{
        analytic::{LinkLoads, NocCosts},
        topology::Topology,
    },
    state::State,
};
use isa::{Arch, RouterId};

/// A copy of a packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Copy {
    pub(crate) unit: u32,
    pub(crate) axon: u16,
    /// Ticks from departure to arrival.
    pub(crate) latency: u64,
}

/// The packets of a route in the order in which they leave, each with its copies.
pub(crate) type Departures = Vec<Vec<Copy>>;

/// All routes.
#[derive(Clone, Debug)]
pub(crate) struct Fabric {
    /// By route of the input port.
    pub(crate) port: Vec<Departures>,
    /// By unit and route.
    pub(crate) units: Vec<Vec<Departures>>,
    /// Ticks from a unit to the host port.
    pub(crate) to_host: Vec<u64>,
    n_routers: usize,
    /// Flits of a packet; 0 without a network.
    flits: u64,
}

impl Fabric {
    pub(crate) fn new(loaded: &Loaded, arch: &Arch, topology: &Topology) -> Result<Self, LoadError> {
        let noc = match &arch.noc {
            Some(noc) => Some(
                NocCosts::new(arch, noc)
                    .ok_or_else(|| LoadError::Unordered { arch: arch.name.clone(), figure: "noc.link_chip" })?,
            ),
            None => None,
        };
        let latency = |from: RouterId, to: RouterId| {
            let Some(noc) = &noc else { return 0 };
            let links: u64 = topology.path(from, to).iter().map(|&link| noc.router + noc.link(link)).sum();
            links + noc.router + (noc.flits.max(1) - 1) * noc.interval
        };
        let routes = |from: RouterId, paths: &[Path]| {
            paths
                .iter()
                .map(|path| departures(path, |unit| latency(from, loaded.units[unit as usize].router)))
                .collect()
        };
        let port: Option<Vec<Departures>> = routes(RouterId(0), &loaded.port.paths);
        let units: Option<Vec<Vec<Departures>>> =
            loaded.units.iter().map(|unit| routes(unit.router, &unit.paths)).collect();
        let (Some(port), Some(units)) = (port, units) else {
            return Err(invalid("routes", "a packet goes to a core that its route does not name"));
        };
        let to_host = loaded.units.iter().map(|unit| latency(unit.router, RouterId(0))).collect();
        let flits = noc.as_ref().map_or(0, |noc| noc.flits);
        Ok(Self { port, units, to_host, n_routers: topology.n_routers(), flits })
    }

    /// Flits that the busiest link carried in the sample.
    pub(crate) fn busiest_link(&self, loaded: &Loaded, state: &State) -> u64 {
        if self.flits == 0 {
            return 0;
        }
        let mut loads = LinkLoads::new(self.n_routers);
        let mut add = |routes: &[u32], paths: &[Path], uses: u64| {
            for packet in routes.iter().flat_map(|&route| &paths[route as usize].packets).filter(|_| uses > 0) {
                loads.add(packet, uses * self.flits);
            }
        };
        for (routes, &uses) in loaded.port.classes.routes.iter().zip(&state.input_uses) {
            add(routes, &loaded.port.paths, uses);
        }
        for (unit, own) in loaded.units.iter().zip(&state.units) {
            for (tile, tally) in unit.tiles.iter().zip(&own.tiles) {
                for (routes, &uses) in tile.classes.routes.iter().zip(&tally.class_uses) {
                    add(routes, &unit.paths, uses);
                }
            }
        }
        let outputs = loaded.units.iter().zip(&state.units).map(|(unit, own)| {
            let tiles = unit.tiles.iter().zip(&own.tiles).filter(|(tile, _)| tile.to_host);
            (&unit.to_host, tiles.map(|(_, tally)| tally.spikes).sum::<u64>())
        });
        for (packet, spikes) in outputs.filter(|(_, spikes)| *spikes > 0) {
            loads.add(packet, spikes * self.flits);
        }
        loads.max()
    }
}

fn departures(path: &Path, latency: impl Fn(u32) -> u64) -> Option<Departures> {
    let copy = |unit: u32| {
        let &(_, axon) = path.targets.iter().find(|(target, _)| *target == unit)?;
        Some(Copy { unit, axon, latency: latency(unit) })
    };
    if path.packets.is_empty() {
        return path.targets.iter().map(|&(unit, _)| Some(vec![copy(unit)?])).collect();
    }
    path.packets.iter().map(|packet| packet.units.iter().map(|&unit| copy(unit)).collect()).collect()
}
