//! The packets of a timestep, flit by flit. A core emits in the order of its sweep, one packet per emission time; the host
//! sends the input events one by one.

use super::Timer;
use crate::{load::Traffic, noc::mesh::Injection, state::State};
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
        };
        let host = loaded.port.host_local;
        for (i, &class) in state.input_order.iter().enumerate() {
            let at = (i as u64 + 1) * self.costs.host;
            for &route in &loaded.port.classes.routes[class as usize] {
                for packet in &loaded.port.paths[route as usize].packets {
                    inject(at, RouterId(0), host, packet, packet.units.len());
                }
            }
        }
        for spikes in state.order.chunk_by(|a, b| a.0 == b.0) {
            let unit = &loaded.units[spikes[0].0 as usize];
            let core = &self.cores[spikes[0].0 as usize];
            let mut at = core.arrivals + core.sweep;
            let local = unit.local;
            for &(_, tile, class) in spikes {
                let tile = &unit.tiles[tile as usize];
                let routes = tile.classes.routes.get(class as usize).map_or(&[][..], Vec::as_slice);
                for packet in routes.iter().flat_map(|&route| &unit.paths[route as usize].packets) {
                    at += self.costs.core.emit;
                    inject(at, unit.router, local, packet, packet.units.len());
                }
                if tile.to_host {
                    at += self.costs.core.emit;
                    inject(at, unit.router, local, &unit.to_host, 1);
                }
            }
        }
        injections.sort_by_key(|injection| injection.at);
        let (mut last, mut delivered) = (start, 0);
        mesh.run(start, u64::MAX, &injections, |delivery| {
            last = last.max(delivery.at);
            delivered += 1;
        });
        assert_eq!(delivered, copies, "every copy that is sent arrives");
        assert!(mesh.is_at_rest(), "nothing is left in the network at a barrier");
        last - start
    }
}
