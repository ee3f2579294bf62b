//! Time of limited input queues where flits are not followed.
//!
//! A core `c` that gets `n` events in a timestep and holds `q` of them is ready at `r_c`, when its own work is done and the first has come, and
//! then takes `event + axon + f·τ` ticks for each of the `n − q` that are too many. A core that sends to any such core is stopped until
//! the last of those is ready, `s_u = max r_c`, with the share `max (n − q)/n` of its packets still to be sent. So all have found room at
//!
//! `max(max over c of (max over its senders of s_u) + (n − q)·(event + axon + f·τ), max over u of s_u + what u has still to send)`
//!
//! which grows with every time and load, and with smaller queues.

use super::{Timer, flows::Flow};
use crate::noc::analytic::NocCosts;

/// What comes to a core with a limited queue.
#[derive(Clone, Copy, Debug)]
struct Receiver {
    coming: u64,
    /// When the first of all has come and the core is done with its own work.
    ready: u64,
    /// Until when its senders have been stopped, by it or by others.
    held: u64,
}

/// What a core sends to cores with limited queues.
#[derive(Clone, Copy, Debug, Default)]
struct Sender {
    /// Ticks for which its packets hold the port by which they leave.
    all: u64,
    /// Until when it is stopped, and the ticks of what it has still to send then.
    stopped: u64,
    left: u64,
}

impl Timer<'_> {
    /// Ticks until all events have found room in limited queues. Those that are too many are moved out one after the other
    /// ([`crate::core::queue`]), each when the one before has entered, at the earliest when the core is done with its own work and the first of
    /// all has come. Until then they stop their senders: what these send to others waits with them, and goes on with them.
    pub(super) fn room(&self, noc: &NocCosts) -> u64 {
        let Some(capacities) = &self.costs.queues else { return 0 };
        let traffic = |flow: &Flow| &self.loaded.traffic[flow.packet as usize];
        let sent = || self.flows.all().iter().filter_map(|flow| Some((flow.unit? as usize, flow, traffic(flow))));
        let mut receivers = vec![Receiver { coming: 0, ready: u64::MAX, held: 0 }; self.cores.len()];
        for (unit, flow, packet) in sent() {
            let way = if packet.units.len() == 1 { noc.latency(packet) } else { noc.router };
            let first = self.swept(unit) + self.costs.core.emit + way;
            for &to in &packet.units {
                let receiver = &mut receivers[to as usize];
                (receiver.coming, receiver.ready) = (receiver.coming + flow.n, first.min(receiver.ready));
            }
        }
        for (core, receiver) in self.cores.iter().zip(&mut receivers) {
            receiver.ready = receiver.ready.max(core.busy());
        }
        let too_many = |to: u32| {
            let capacity = capacities[self.cores[to as usize].core.0 as usize].max(1);
            receivers[to as usize].coming.saturating_sub(capacity)
        };
        // Until when each sender is stopped, the packets that it has to send, and what it has still to send then.
        let mut senders = vec![Sender::default(); self.cores.len()];
        for (unit, flow, _) in sent() {
            let injection = self.costs.ways.way(flow.packet).injection;
            senders[unit].all = senders[unit].all.saturating_add(flow.n.saturating_mul(injection));
        }
        for (unit, _, packet) in sent() {
            for &to in packet.units.iter().filter(|&&to| too_many(to) > 0) {
                let (sender, receiver) = (&mut senders[unit], &receivers[to as usize]);
                let left = u128::from(sender.all) * u128::from(too_many(to)) / u128::from(receiver.coming);
                (sender.stopped, sender.left) = (sender.stopped.max(receiver.ready), sender.left.max(left as u64));
            }
        }
        let excess: Vec<u64> = (0..self.cores.len() as u32).map(too_many).collect();
        for (unit, _, packet) in sent() {
            for &to in &packet.units {
                let held = &mut receivers[to as usize].held;
                *held = senders[unit].stopped.max(*held);
            }
        }
        let each = self.costs.core.per_event.max(1) + noc.flits * noc.interval;
        let full = receivers.iter().zip(excess).filter(|&(_, excess)| excess > 0);
        let moved = full.map(|(receiver, excess)| receiver.held.saturating_add(excess.saturating_mul(each)));
        let gone = senders.iter().map(|sender| sender.stopped.saturating_add(sender.left));
        moved.chain(gone).max().unwrap_or(0)
    }
}
