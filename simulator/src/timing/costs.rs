//! Times of a chip, as the simulator needs them. They exist only if every figure does.

use crate::{
    core::{CoreCosts, stated},
    error::NoTime,
    load::Loaded,
    noc::{
        analytic::NocCosts,
        mesh::{MAX_CHANNELS, Memory, Shape, link_ticks},
        ways::Ways,
    },
};
use isa::{
    Arch, CoreId, RouterId,
    arch::{Allocation, Multicast, Noc, Sync},
};

/// All times of a chip; exists only if every figure that is needed does.
#[derive(Clone, Debug)]
pub(crate) struct Costs {
    pub(crate) core: CoreCosts,
    pub(crate) noc: Option<NocCosts>,
    /// The packets of the program on the network.
    pub(super) ways: Ways,
    /// The network for flit-level simulation, or why it cannot be simulated so; `None` without a network.
    pub(super) flits: Option<Result<FlitLevel, NoTime>>,
    /// Events that the queue of each core holds, by core, where that is limited.
    pub(super) queues: Option<Vec<u64>>,
    pub(super) sync: Sync,
    /// Ticks between two events at the host port, in either direction.
    pub(super) host: u64,
    pub(crate) tick_ps: u64,
}

impl Costs {
    /// The first figure that is absent, if any is.
    pub(crate) fn new(arch: &Arch, loaded: &Loaded) -> Result<Self, NoTime> {
        if arch.sync == Sync::None {
            return Err(NoTime::Unseparated);
        }
        let noc = match &arch.noc {
            None => None,
            Some(noc) => Some(NocCosts::new(arch, noc)?),
        };
        Ok(Self {
            flits: arch.noc.as_ref().map(|noc| FlitLevel::new(arch, noc)),
            queues: (0..arch.n_cores()).map(|core| arch.queue_events(CoreId(core))).collect(),
            core: CoreCosts::new(arch)?,
            ways: noc.as_ref().map(|noc| ways(noc, loaded)).unwrap_or_default(),
            noc,
            sync: arch.sync.clone(),
            host: stated(arch.input_interval.as_ref(), "input_interval")?,
            tick_ps: arch.tick_ps.value,
        })
    }

    /// Why the network cannot be simulated flit by flit, if there is one and it cannot.
    pub(crate) fn no_cycle_mode(&self) -> Option<NoTime> {
        self.flits.as_ref()?.as_ref().err().cloned()
    }

    /// The network flit by flit, if it can be simulated so.
    pub(crate) fn flit_level(&self) -> Option<&FlitLevel> {
        self.flits.as_ref()?.as_ref().ok()
    }

    /// Ticks of a barrier over `routers` routers: linear between the points of the table, constant outside.
    pub(super) fn barrier(&self, routers: u64) -> u64 {
        let Sync::Barrier(points) = &self.sync else { return 0 };
        let after = points.partition_point(|(n, _)| u64::from(*n) < routers);
        match (after.checked_sub(1).map(|i| &points[i]), points.get(after)) {
            (Some((n0, t0)), Some((n1, t1))) => {
                let (n0, n1) = (i128::from(*n0), i128::from(*n1));
                let (t0, t1) = (i128::from(t0.value), i128::from(t1.value));
                (t0 + (t1 - t0) * (i128::from(routers) - n0) / (n1 - n0)) as u64
            }
            (Some((_, t)), None) | (None, Some((_, t))) => t.value,
            (None, None) => 0,
        }
    }
}

/// The packets of a program on the network.
fn ways(noc: &NocCosts, loaded: &Loaded) -> Ways {
    let mut ways = Ways::new(noc);
    for packet in &loaded.traffic {
        let receivers: Vec<(RouterId, u32)> = match packet.units.as_slice() {
            [] => vec![(RouterId(0), loaded.port.host_local)],
            units => units.iter().map(|&u| (loaded.units[u as usize].router, loaded.units[u as usize].local)).collect(),
        };
        ways.add(noc, packet.source(), &packet.links, &receivers);
    }
    ways
}

/// What flit-level simulation needs to know of a network besides its times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlitLevel {
    virtual_channels: usize,
    buffer: usize,
    local: usize,
    allocation: Allocation,
}

impl FlitLevel {
    /// Why the network cannot be simulated flit by flit, if it cannot.
    pub(crate) fn new(arch: &Arch, noc: &Noc) -> Result<Self, NoTime> {
        let virtual_channels = noc.virtual_channels.max(1) as usize;
        let local = arch.mesh.cores_per_router as usize + 1;
        let channels = virtual_channels.saturating_mul(4).saturating_add(local);
        if noc.flits_per_spike > 1 && noc.multicast != Multicast::Unicast {
            return Err(NoTime::ForkedPackets { flits: noc.flits_per_spike });
        }
        if arch.mesh.torus && virtual_channels < 2 {
            return Err(NoTime::Deadlock);
        }
        if channels > MAX_CHANNELS {
            return Err(NoTime::Channels { channels, most: MAX_CHANNELS });
        }
        let routers = u64::from(arch.columns()).saturating_mul(u64::from(arch.rows()));
        let slots = routers.saturating_mul(channels as u64).saturating_mul(u64::from(noc.buffer_flits.max(1)));
        if u32::try_from(slots).is_err() {
            return Err(NoTime::Buffers { slots });
        }
        Ok(Self { virtual_channels, buffer: noc.buffer_flits.max(1) as usize, local, allocation: noc.allocation })
    }

    /// Sizes and times of the network.
    pub(crate) fn shape(&self, costs: &NocCosts) -> Shape {
        Shape {
            virtual_channels: self.virtual_channels,
            buffer: self.buffer,
            local: self.local,
            router: costs.router,
            interval: costs.interval.max(1),
            links: link_ticks(&costs.topology, |link| costs.link(link)),
            allocation: self.allocation,
            every_tick: false,
        }
    }

    /// What simulating `n_routers` routers takes.
    pub(crate) fn memory(&self, n_routers: usize) -> Memory {
        Memory::of(n_routers, self.virtual_channels, self.buffer, self.local)
    }
}
