//! Times of a chip, as the simulator needs them. They exist only if every figure does.

use crate::{
    core::CoreCosts,
    noc::{
        analytic::NocCosts,
        mesh::{MAX_CHANNELS, Shape, link_ticks},
    },
};
use isa::{
    Arch, CoreId,
    arch::{Multicast, Sync},
};

/// All times of a chip; exists only if every figure that is needed does.
#[derive(Clone, Debug)]
pub(crate) struct Costs {
    pub(crate) core: CoreCosts,
    pub(crate) noc: Option<NocCosts>,
    /// The network for flit-level simulation, if it can be simulated so.
    pub(super) mesh: Option<Shape>,
    /// Events that the queue of each core holds, by core, where that is limited.
    pub(super) queues: Option<Vec<u64>>,
    pub(super) sync: Sync,
    /// Ticks between two events at the host port, in either direction.
    pub(super) host: u64,
    pub(crate) tick_ps: u64,
}

impl Costs {
    /// `None` if a figure is absent.
    pub(crate) fn new(arch: &Arch) -> Option<Self> {
        if arch.sync == Sync::None {
            return None;
        }
        let noc = match &arch.noc {
            None => None,
            Some(noc) => Some(NocCosts::new(arch, noc)?),
        };
        let mesh = arch.noc.as_ref().zip(noc.as_ref()).and_then(|(noc, costs)| mesh_shape(arch, noc, costs));
        Some(Self {
            mesh,
            queues: (0..arch.n_cores()).map(|core| arch.queue_events(CoreId(core))).collect(),
            core: CoreCosts::new(arch)?,
            noc,
            sync: arch.sync.clone(),
            host: arch.input_interval.as_ref()?.value,
            tick_ps: arch.tick_ps.value,
        })
    }

    /// Whether the network can be simulated flit by flit, or there is none.
    pub(crate) fn has_cycle_mode(&self) -> bool {
        self.noc.is_none() || self.mesh.is_some()
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

/// The network for flit-level simulation, if it can be simulated so.
pub(crate) fn mesh_shape(arch: &Arch, noc: &isa::arch::Noc, costs: &NocCosts) -> Option<Shape> {
    let virtual_channels = noc.virtual_channels.max(1) as usize;
    let local = arch.mesh.cores_per_router as usize + 1;
    let forks = noc.flits_per_spike > 1 && noc.multicast != Multicast::Unicast;
    let cyclic = arch.mesh.torus && virtual_channels < 2;
    if forks || cyclic || 4 * virtual_channels + local > MAX_CHANNELS {
        return None;
    }
    Some(Shape {
        virtual_channels,
        buffer: noc.buffer_flits.max(1) as usize,
        local,
        router: costs.router,
        interval: costs.interval.max(1),
        links: link_ticks(&costs.topology, |link| costs.link(link)),
        every_tick: false,
    })
}
