//! When what leaves a core arrives: every copy of every packet with the latency of its path.
//!
//! A packet of `f` flits over the XY path of links `l` takes `Σ_l (router + link_l) + router + (f − 1)·τ` ticks, τ the ticks
//! between two flits, as if it met no other: paths keep the order of what is sent over them, so the order of events follows
//! from the description alone. A copy of a multicast packet takes the XY path to its own destination. Without a network a
//! spike goes to one destination core after the other, and arrives at once.

use crate::{
    error::{LoadError, invalid},
    load::{Loaded, Path, Traffic},
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

/// A packet that leaves.
#[derive(Clone, Debug)]
pub(crate) struct Departure {
    /// Index into [`Loaded::traffic`], where there is a network.
    pub(crate) traffic: Option<u32>,
    pub(crate) copies: Vec<Copy>,
}

/// The packets of a route in the order in which they leave.
pub(crate) type Departures = Vec<Departure>;

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
                    .map_err(|_| LoadError::Unordered { arch: arch.name.clone(), figure: "noc.link_chip" })?,
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
                .map(|path| departures(path, &loaded.traffic, |unit| latency(from, loaded.units[unit as usize].router)))
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
        let mut add = |packets: &[u32], uses: u64| {
            for packet in packets.iter().map(|&packet| &loaded.traffic[packet as usize]).filter(|_| uses > 0) {
                loads.add(packet, uses * self.flits);
            }
        };
        for (packets, &uses) in loaded.port.classes.packets.iter().zip(&state.input_uses) {
            add(packets, uses);
        }
        for (unit, own) in loaded.units.iter().zip(&state.units) {
            for (tile, tally) in unit.tiles.iter().zip(&own.tiles) {
                tile.classes.packets.iter().zip(&tally.class_uses).for_each(|(packets, &uses)| add(packets, uses));
            }
        }
        for (unit, own) in loaded.units.iter().zip(&state.units) {
            let tiles = unit.tiles.iter().zip(&own.tiles).filter(|(tile, _)| tile.to_host);
            add(&[unit.to_host], tiles.map(|(_, tally)| tally.spikes).sum());
        }
        loads.max()
    }
}

fn departures(path: &Path, traffic: &[Traffic], latency: impl Fn(u32) -> u64) -> Option<Departures> {
    let copy = |unit: u32| {
        let &(_, axon) = path.targets.iter().find(|(target, _)| *target == unit)?;
        Some(Copy { unit, axon, latency: latency(unit) })
    };
    if path.packets.is_empty() {
        let alone = |&(unit, _): &(u32, u16)| Some(Departure { traffic: None, copies: vec![copy(unit)?] });
        return path.targets.iter().map(alone).collect();
    }
    let packet = |&packet: &u32| {
        let copies = traffic[packet as usize].units.iter().map(|&unit| copy(unit)).collect::<Option<_>>()?;
        Some(Departure { traffic: Some(packet), copies })
    };
    path.packets.iter().map(packet).collect()
}
