//! What happened, once more with a network in which packets wait for each other.
//!
//! The order in which a core takes its events is part of what a network means on such a chip (docs/semantics.md §9), so it
//! stays as it was, and with it every spike and count. Time changes: a core takes its next event when that has really
//! arrived, works on it as long as before, and sends its packets, which the network carries flit by flit. Nothing happens
//! earlier than without contention; an event that arrives before its turn waits in the core.

use crate::{
    load::{Loaded, Unit},
    noc::{
        analytic::NocCosts,
        mesh::{Delivery, Injection, Mesh, Receiver},
    },
    timing::FlitLevel,
};
use isa::RouterId;
use std::{cmp::Reverse, collections::BinaryHeap, ops::Range};

/// A packet of the sample.
#[derive(Clone, Copy, Debug)]
struct Packet {
    /// 0 for the host port, one more than the sending unit otherwise.
    source: u32,
    /// Index into [`Loaded::traffic`].
    traffic: u32,
    /// When it left, without contention.
    at: u64,
    /// The first of its copies.
    copies: u32,
}

/// A copy of a packet, and the event that it is.
#[derive(Clone, Debug)]
struct Event {
    unit: u32,
    /// Ticks of work until its spikes are known.
    service: u64,
    /// The packets that it sends.
    packets: Range<u32>,
}

/// All packets and events of a sample.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    packets: Vec<Packet>,
    events: Vec<Event>,
    /// Events in the order in which they were taken.
    taken: Vec<u32>,
}

/// When everything had ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    /// When the last core had sent its last packet.
    pub(super) cores: u64,
    /// When the last output had arrived at the host.
    pub(super) outputs: u64,
}

impl Log {
    /// A packet leaves; its copies follow.
    pub(super) fn send(&mut self, source: u32, traffic: u32, at: u64) {
        let copies = self.events.len() as u32;
        self.packets.push(Packet { source, traffic, at, copies });
    }

    /// A copy of that packet to a unit; returns its number.
    pub(super) fn copy(&mut self, unit: u32) -> u32 {
        self.events.push(Event { unit, service: 0, packets: 0..0 });
        self.events.len() as u32 - 1
    }

    /// A core has worked on an event for `service` ticks; the packets that it sends follow.
    pub(super) fn take(&mut self, event: u32, service: u64) {
        self.taken.push(event);
        let first = self.packets.len() as u32;
        let event = &mut self.events[event as usize];
        (event.service, event.packets) = (service, first..first);
    }

    /// The event taken last has sent all its packets.
    pub(super) fn sent(&mut self) {
        if let Some(&event) = self.taken.last() {
            self.events[event as usize].packets.end = self.packets.len() as u32;
        }
    }

    /// Everything once more, packets `emit` ticks apart.
    pub(super) fn replay(&self, loaded: &Loaded, (noc, level): (&NocCosts, &FlitLevel), emit: u64) -> Ends {
        let n = loaded.units.len();
        let mut order = vec![Vec::new(); n];
        for &event in &self.taken {
            order[self.events[event as usize].unit as usize].push(event);
        }
        let flits = noc.flits as u32;
        let inject = |packet: u32, at: u64| {
            let Packet { source, traffic, .. } = self.packets[packet as usize];
            let (router, local) = match source.checked_sub(1) {
                None => (RouterId(0), loaded.port.host_local),
                Some(unit) => (loaded.units[unit as usize].router, loaded.units[unit as usize].local),
            };
            let key = loaded.traffic[traffic as usize].key;
            Injection { at, router: router.0, local, key, packet, flits }
        };
        let host = (0..).zip(&self.packets).filter(|(_, packet)| packet.source == 0);
        let injections: Vec<Injection> = host.map(|(id, packet)| inject(id, packet.at)).collect();
        let mut cores = Cores {
            log: self,
            units: &loaded.units,
            order,
            next: vec![0; n],
            free: vec![0; n],
            arrived: vec![None; self.events.len()],
            leaving: BinaryHeap::new(),
            inject,
            emit,
            outputs: 0,
        };
        let mut mesh = Mesh::new(&noc.topology, &loaded.trees, level.shape(noc));
        mesh.run(0, u64::MAX, &injections, &mut cores);
        assert!(mesh.is_at_rest() && cores.leaving.is_empty(), "nothing is left under way at the end");
        assert!(cores.arrived.iter().all(Option::is_some), "every copy that is sent arrives");
        assert!(cores.next.iter().zip(&cores.order).all(|(&next, order)| next == order.len()), "every event is taken");
        Ends { cores: cores.free.into_iter().max().unwrap_or(0), outputs: cores.outputs }
    }
}

/// The cores in the replay.
struct Cores<'a, F> {
    log: &'a Log,
    units: &'a [Unit],
    /// Events of each unit in its order, and how many it has taken.
    order: Vec<Vec<u32>>,
    next: Vec<usize>,
    /// When each unit is free.
    free: Vec<u64>,
    /// When each event arrived.
    arrived: Vec<Option<u64>>,
    /// Packets that leave later.
    leaving: BinaryHeap<Reverse<(u64, u32)>>,
    inject: F,
    emit: u64,
    outputs: u64,
}

impl<F> Cores<'_, F> {
    /// The unit takes all events whose turn it is and that have arrived.
    fn work(&mut self, unit: usize) {
        while let Some(&event) = self.order[unit].get(self.next[unit])
            && let Some(arrived) = self.arrived[event as usize]
        {
            let Event { service, packets, .. } = &self.log.events[event as usize];
            let mut at = arrived.max(self.free[unit]) + service;
            for packet in packets.clone() {
                at += self.emit;
                self.leaving.push(Reverse((at, packet)));
            }
            self.free[unit] = at;
            self.next[unit] += 1;
        }
    }
}

impl<F: Fn(u32, u64) -> Injection> Receiver for Cores<'_, F> {
    fn ready(&mut self, copy: Delivery) -> u64 {
        copy.at
    }

    fn enter(&mut self, _: Delivery) {}

    fn deliver(&mut self, copy: Delivery) {
        let place = (copy.router, copy.local);
        let Ok(unit) = self.units.binary_search_by_key(&place, |unit| (unit.router.0, unit.local)) else {
            self.outputs = self.outputs.max(copy.at);
            return;
        };
        let packet = copy.packet as usize;
        let first = self.log.packets[packet].copies as usize;
        let copies = self.log.events[first..].iter();
        let at = copies.take_while(|event| event.unit as usize != unit).count();
        self.arrived[first + at] = Some(copy.at);
        self.work(unit);
    }

    fn next_answer(&self) -> u64 {
        self.leaving.peek().map_or(u64::MAX, |Reverse((at, _))| *at)
    }

    fn answer(&mut self, now: u64) -> Option<Injection> {
        let &Reverse((at, packet)) = self.leaving.peek()?;
        (at <= now).then(|| {
            self.leaving.pop();
            (self.inject)(packet, at)
        })
    }
}
