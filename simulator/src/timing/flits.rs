//! The packets of a timestep, flit by flit. A core emits in the order of its sweep, one packet per emission time; the host
//! sends the input events one by one.

use super::Timer;
use crate::{
    core::queue::InputQueue,
    load::{Loaded, Traffic, Unit},
    noc::mesh::{Delivery, Injection, Receiver},
    state::State,
};
use isa::RouterId;

impl Timer<'_> {
    /// Ticks until the last packet has arrived, flit by flit.
    pub(super) fn flits(&mut self, state: &State) -> u64 {
        let loaded = self.loaded;
        let Some((mesh, noc)) = self.mesh.as_mut().zip(self.costs.noc.as_ref()) else { return 0 };
        let (start, flits) = (self.now, noc.flits as u32);
        let mut injections = Vec::new();
        let mut copies = 0;
        let mut inject = |at, router: RouterId, local, packet: &Traffic, receivers: usize| {
            let id = injections.len() as u32;
            injections.push(Injection { at: start + at, router: router.0, local, key: packet.key, packet: id, flits });
            copies += receivers;
            id + 1
        };
        let (host, mut n_input) = (loaded.port.host_local, 0);
        for (i, &class) in state.input_order.iter().enumerate() {
            let at = (i as u64 + 1) * self.costs.host;
            for packet in loaded.port.classes.packets[class as usize].iter().map(|&p| &loaded.traffic[p as usize]) {
                n_input = inject(at, RouterId(0), host, packet, packet.units.len());
            }
        }
        for spikes in state.order.chunk_by(|a, b| a.0 == b.0) {
            let unit = &loaded.units[spikes[0].0 as usize];
            let core = &self.cores[spikes[0].0 as usize];
            let mut at = core.arrivals + core.sweep;
            let local = unit.local;
            for &(_, tile, class) in spikes {
                let tile = &unit.tiles[tile as usize];
                let packets = tile.classes.packets.get(class as usize).map_or(&[][..], Vec::as_slice);
                for packet in packets.iter().map(|&p| &loaded.traffic[p as usize]) {
                    at += self.costs.core.emit;
                    inject(at, unit.router, local, packet, packet.units.len());
                }
                if tile.to_host {
                    at += self.costs.core.emit;
                    inject(at, unit.router, local, &loaded.traffic[unit.to_host as usize], 1);
                }
            }
        }
        injections.sort_by_key(|injection| injection.at);
        let (mut last, mut delivered) = (start, 0);
        let mut arrivals = self.arrivals.as_mut();
        if let Some(arrivals) = &mut arrivals {
            arrivals.clear();
            arrivals.resize(injections.len(), start);
        }
        let mut deliver = |copy: Delivery| {
            last = last.max(copy.at);
            delivered += 1;
            if let Some(arrivals) = &mut arrivals {
                let arrival = &mut arrivals[copy.packet as usize];
                *arrival = copy.at.max(*arrival);
            }
        };
        if self.queues.is_empty() {
            mesh.run(start, u64::MAX, &injections, &mut deliver);
        } else {
            self.queues.iter_mut().zip(&self.cores).for_each(|(queue, core)| queue.begin(start, core));
            let mut cores = Cores { loaded, queues: &mut self.queues, n_input, deliver };
            mesh.run(start, u64::MAX, &injections, &mut cores);
            self.cores.iter_mut().zip(&self.queues).for_each(|(core, queue)| core.queue = Some(queue.time()));
        }
        assert_eq!(delivered, copies, "every copy that is sent arrives");
        assert!(mesh.is_at_rest(), "nothing is left in the network at a barrier");
        last - start
    }
}

/// Cores with limited queues. Input events belong to the present timestep: the core takes them as they come, and they need
/// no room.
struct Cores<'a, F> {
    loaded: &'a Loaded,
    queues: &'a mut [InputQueue],
    /// Packets of input events, the first of all.
    n_input: u32,
    deliver: F,
}

impl<F> Cores<'_, F> {
    /// The queue that a copy goes to; none for input events and for the host.
    fn queue(&mut self, copy: Delivery) -> Option<&mut InputQueue> {
        let at = |unit: &Unit| (unit.router.0, unit.local);
        let unit = self.loaded.units.binary_search_by_key(&(copy.router, copy.local), at).ok()?;
        (copy.packet >= self.n_input).then(|| &mut self.queues[unit])
    }
}

impl<F: FnMut(Delivery)> Receiver for Cores<'_, F> {
    fn ready(&mut self, copy: Delivery) -> u64 {
        self.queue(copy).map_or(copy.at, |queue| queue.ready(copy.at))
    }

    fn enter(&mut self, copy: Delivery) {
        if let Some(queue) = self.queue(copy) {
            queue.enter(copy.at);
        }
    }

    fn deliver(&mut self, copy: Delivery) {
        (self.deliver)(copy);
    }
}
