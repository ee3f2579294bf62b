//! The packets of a timestep, one by one, for probes.
//!
//! They come in the order in which [`crate::timing`] injects them: input events as the host sends them, then each core's in the
//! order of its sweep, one per emission time. Nothing here is done unless a probe asks for it.

use crate::{
    load::{Loaded, Traffic},
    probe::Probe,
    state::State,
    timing::Timer,
};
use isa::{CoreId, Cycle, LayerId, Timestep};

/// A packet on the network of a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The sending core; `None` for the host.
    pub src: Option<CoreId>,
    /// The receiving cores; none for the host.
    pub dst: &'a [CoreId],
    /// The layer that emitted the event.
    pub layer: LayerId,
    /// The neuron in that layer, channel-major.
    pub neuron: u32,
    /// Value of the event; 1 for a spike.
    pub value: i32,
    /// Timesteps until the event acts.
    pub delay: u32,
    /// When it was given to the network, in timed modes.
    pub injected: Option<Cycle>,
    /// When its last copy had arrived, where flits are simulated.
    pub arrived: Option<Cycle>,
}

/// Shows a probe the packets of timestep `t` on a chip with a network.
pub(crate) fn packets<P: Probe>(loaded: &Loaded, state: &State, timer: Option<&Timer<'_>>, t: u32, probe: &mut P) {
    let mut cores = Vec::new();
    let mut id = 0;
    let mut send = |src: Option<CoreId>, packet: &Traffic, (layer, neuron, value): (LayerId, u32, i32), delay, at| {
        cores.clear();
        cores.extend(packet.units.iter().map(|&unit| loaded.units[unit as usize].core));
        let arrived = timer.and_then(|timer| timer.arrival(id)).map(Cycle);
        let injected = timer.map(|timer| Cycle(timer.begun() + at));
        probe.packet(Timestep(t), &Packet { src, dst: &cores, layer, neuron, value, delay, injected, arrived });
        id += 1;
    };
    let (host, emit) = timer.map_or((0, 0), Timer::intervals);
    for (i, (&class, &(neuron, value))) in state.input_order.iter().zip(&state.input_tags).enumerate() {
        let at = (i as u64 + 1) * host;
        for &route in loaded.port.classes.routes.get(class as usize).map_or(&[][..], Vec::as_slice) {
            let path = &loaded.port.paths[route as usize];
            for packet in path.packets.iter().map(|&p| &loaded.traffic[p as usize]) {
                send(None, packet, (loaded.port.layer, neuron, value), path.delay, at);
            }
        }
    }
    let mut spikes = state.order.iter().zip(&state.tags).peekable();
    while let Some(&(&(u, ..), _)) = spikes.peek() {
        let unit = &loaded.units[u as usize];
        let mut at = timer.map_or(0, |timer| timer.swept(u as usize));
        while let Some((&(_, tile, class), &neuron)) = spikes.next_if(|(spike, _)| spike.0 == u) {
            let tile = &unit.tiles[tile as usize];
            for &route in tile.classes.routes.get(class as usize).map_or(&[][..], Vec::as_slice) {
                let path = &unit.paths[route as usize];
                for packet in path.packets.iter().map(|&p| &loaded.traffic[p as usize]) {
                    at += emit;
                    send(Some(unit.core), packet, (tile.layer, neuron, 1), path.delay, at);
                }
            }
            if tile.to_host {
                at += emit;
                send(Some(unit.core), &loaded.traffic[unit.to_host as usize], (tile.layer, neuron, 1), 0, at);
            }
        }
    }
}
