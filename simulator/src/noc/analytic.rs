//! Times of the network, and flits by link.
//!
//! A packet of `f` flits over links `l` takes `Σ_l (router + link_l) + router + (f − 1)·τ` ticks without contention, with
//! τ the ticks between two flits on a link. What waiting adds is the matter of [`super::demand`].

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
    /// Virtual channels of a port, and flits that each holds.
    pub(crate) virtual_channels: u64,
    pub(crate) buffer: u64,
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
            virtual_channels: noc.virtual_channels.max(1).into(),
            buffer: noc.buffer_flits.max(1).into(),
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
    pub(super) fn hop(&self, link: LinkId) -> u64 {
        (self.router + self.link(link)).max(1)
    }

    /// Ticks of a credit on its way back over a link.
    pub(super) fn back(&self, link: LinkId) -> u64 {
        self.link(link).max(1)
    }

    /// Slots behind a link that a packet can use, and whether those are half of all, as on a torus.
    pub(super) fn slots(&self) -> (u64, bool) {
        let halves = self.topology.is_torus() && self.virtual_channels > 1;
        ((self.virtual_channels >> u32::from(halves)) * self.buffer, halves)
    }

    /// Ticks for which the flits of a packet alone go over a link: those that the buffer does not hold wait for credits.
    pub(super) fn streamed(&self, link: LinkId) -> u64 {
        let (rounds, rest) = ((self.flits - 1) / self.buffer, (self.flits - 1) % self.buffer);
        let round = (self.hop(link) + self.back(link)).max(self.buffer.saturating_mul(self.interval));
        rounds * round + (rest + 1) * self.interval
    }

    /// Through the last router, until the last flit is out.
    pub(super) fn last_router(&self) -> u64 {
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

/// Flits by link.
#[derive(Debug)]
pub(crate) struct LinkLoads {
    flits: Vec<u64>,
}

impl LinkLoads {
    /// Memory for each router.
    pub(crate) const BYTES: u64 = 4 * size_of::<u64>() as u64;

    pub(crate) fn new(n_routers: usize) -> Self {
        Self { flits: vec![0; 4 * n_routers] }
    }

    pub(crate) fn add(&mut self, packet: &Traffic, flits: u64) {
        for &link in &packet.links {
            self.flits[link.0 as usize] += flits;
        }
    }

    /// Flits over the busiest link.
    pub(crate) fn max(&self) -> u64 {
        self.flits.iter().copied().max().unwrap_or(0)
    }
}
