//! The network in closed form: hop latencies, link loads, and waiting at links as queues of deterministic service.
//!
//! A packet of `f` flits over links `l` takes `Σ_l (router + link_l) + router + (f − 1)·τ` ticks without contention, with
//! τ the ticks between two flits on a link. A link that carries `n` flits in a window of `W` ticks is busy a share
//! `ρ = n·τ/W`; the mean wait of an M/D/1 queue is `ρ·τ/(2(1 − ρ))` (Kleinrock 1975, §5.9). For ρ ≥ 1 the backlog `n·τ − W`
//! is waited for. A timestep cannot end before the busiest link has passed its flits, `max_l n_l·τ`.

use super::topology::{LinkId, LinkKind, Topology};
use crate::{
    error::NoTime,
    load::{Traffic, Unit},
};
use isa::{Arch, arch::Noc};

/// Ticks of the network.
#[derive(Clone, Debug)]
pub(crate) struct NocCosts {
    pub(crate) flits: u64,
    /// Ticks between two flits on a link.
    pub(crate) interval: u64,
    pub(crate) router: u64,
    pub(crate) east_west: u64,
    pub(crate) north_south: u64,
    pub(crate) chip: u64,
    pub(crate) topology: Topology,
}

impl NocCosts {
    /// Refused if the mesh spans several chips and the time between chips is absent.
    pub(crate) fn new(arch: &Arch, noc: &Noc) -> Result<Self, NoTime> {
        let chip = match &noc.link_chip {
            Some(chip) => chip.value,
            None if arch.mesh.chips == (1, 1) => 0,
            None => return Err(NoTime::Absent { figure: "noc.link_chip" }),
        };
        Ok(Self {
            flits: noc.flits_per_spike.into(),
            interval: noc.flit_interval.value,
            router: noc.router.value,
            east_west: noc.link_east_west.value,
            north_south: noc.link_north_south.value,
            chip,
            topology: Topology::new(arch),
        })
    }

    pub(crate) fn link(&self, link: LinkId) -> u64 {
        match self.topology.kind(link) {
            LinkKind::EastWest => self.east_west,
            LinkKind::NorthSouth => self.north_south,
            LinkKind::Chip => self.chip,
        }
    }

    fn along(&self, links: &[LinkId]) -> u64 {
        links.iter().map(|&link| self.hop(link)).sum::<u64>() + self.last_router()
    }

    /// Through a router and over a link behind it.
    fn hop(&self, link: LinkId) -> u64 {
        self.router + self.link(link)
    }

    /// Through the last router, until the last flit is out.
    fn last_router(&self) -> u64 {
        self.router + (self.flits - 1) * self.interval
    }

    /// Ticks to the farthest destination without contention.
    pub(crate) fn latency(&self, packet: &Traffic) -> u64 {
        self.along(packet.spine())
    }

    /// Ticks of a packet between two units without contention.
    pub(crate) fn between(&self, from: &Unit, to: &Unit) -> u64 {
        self.along(&self.topology.path(from.router, to.router))
    }
}

/// Flits by link in a timestep.
#[derive(Debug)]
pub(crate) struct LinkLoads {
    flits: Vec<u64>,
    used: Vec<LinkId>,
    /// Mean ticks of a packet from router to router over each link, with waiting, once they are known.
    ticks: Vec<u64>,
}

impl LinkLoads {
    /// Memory for each router.
    pub(crate) const BYTES: u64 = 4 * 2 * size_of::<u64>() as u64;

    pub(crate) fn new(n_routers: usize) -> Self {
        Self { flits: vec![0; 4 * n_routers], used: Vec::new(), ticks: vec![0; 4 * n_routers] }
    }

    pub(crate) fn add(&mut self, packet: &Traffic, flits: u64) {
        for &link in &packet.links {
            let load = &mut self.flits[link.0 as usize];
            if *load == 0 {
                self.used.push(link);
            }
            *load += flits;
        }
    }

    pub(crate) fn clear(&mut self) {
        for link in self.used.drain(..) {
            self.flits[link.0 as usize] = 0;
        }
    }

    /// Flits over the busiest link.
    pub(crate) fn max(&self) -> u64 {
        self.used.iter().map(|link| self.flits[link.0 as usize]).max().unwrap_or(0)
    }

    /// Spreads all flits over `window` ticks, for [`Self::latency`].
    pub(crate) fn spread(&mut self, noc: &NocCosts, window: u64) {
        for &link in &self.used {
            let busy = self.flits[link.0 as usize] * noc.interval;
            let wait = if busy < window { busy * noc.interval / (2 * (window - busy)) } else { busy - window };
            // The wait in front of a nearly full link is bounded by the work that can stand there.
            self.ticks[link.0 as usize] = noc.hop(link) + wait.min(busy);
        }
    }

    /// Mean ticks of a packet of this timestep to its farthest destination; after [`Self::spread`].
    pub(crate) fn latency(&self, noc: &NocCosts, packet: &Traffic) -> u64 {
        packet.spine().iter().map(|link| self.ticks[link.0 as usize]).sum::<u64>() + noc.last_router()
    }
}
