//! Allocation of a router's outputs and of the virtual channels behind them, and the passage of the flits that win.

use super::{
    Delivery, Mesh, Receiver, Routing, Side,
    buffer::{Flit, Marks},
};
use isa::arch::Allocation;
use std::ops::Range;

/// What an input port bids: to send the flit in front of a channel to a virtual channel (lane) of an output port.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bid {
    pub(super) channel: usize,
    pub(super) port: usize,
    pub(super) lane: usize,
}

impl<R: Routing> Mesh<'_, R> {
    /// Serves the requests of a router in tick `now`: each input port bids for one output, each output grants one bid.
    pub(super) fn allocate(&mut self, router: usize, now: u64, receiver: &mut impl Receiver) {
        if self.shape.allocation == Allocation::Speculative {
            return self.speculate(router, now, receiver);
        }
        let waiting = self.routers[router].waiting;
        // When the router could grant next, if nothing arrives before.
        let mut wake = u64::MAX;
        if waiting.is_power_of_two() {
            let channel = router * self.n_channels + waiting.trailing_zeros() as usize;
            if let Some(bid) = self.request(channel, now, &mut wake, receiver) {
                self.grant(bid, now, receiver);
                wake = now + self.shape.interval;
            }
        } else if waiting != 0 {
            self.contend(router, now, &mut wake, receiver);
        }
        if wake != u64::MAX && self.routers[router].waiting != 0 {
            self.wake(router, wake);
        }
    }

    /// Allocation among several channels.
    fn contend(&mut self, router: usize, now: u64, wake: &mut u64, receiver: &mut impl Receiver) {
        let waiting = self.routers[router].waiting;
        let mut outputs = 0_u64;
        for input in 0..self.n_ports {
            let own = waiting & self.channels_of(input);
            let first = u32::from(self.ports[router * self.n_ports + input].next_bid);
            let mut rotated = own.rotate_right(first);
            while rotated != 0 {
                let c = (rotated.trailing_zeros() + first) % 64;
                rotated &= rotated - 1;
                if let Some(bid) = self.request(router * self.n_channels + c as usize, now, wake, receiver) {
                    self.bids[input] = bid;
                    self.bidders[bid.port] |= 1 << input;
                    outputs |= 1 << bid.port;
                    break;
                }
            }
        }
        while outputs != 0 {
            let port = outputs.trailing_zeros() as usize;
            outputs &= outputs - 1;
            let bidders = std::mem::take(&mut self.bidders[port]);
            let first = u32::from(self.ports[router * self.n_ports + port].next_grant);
            let input = (bidders.rotate_right(first).trailing_zeros() + first) % 64;
            self.grant(self.bids[input as usize], now, receiver);
            // Losers may bid elsewhere in the next tick.
            let again = if bidders.is_power_of_two() { self.shape.interval } else { 1 };
            *wake = (*wake).min(now + again);
        }
    }

    /// Input channels of an input port.
    fn channels_of(&self, port: usize) -> u64 {
        let v = self.shape.virtual_channels;
        if port < 4 { ((1 << v) - 1) << (port * v) } else { 1 << (4 * v + port - 4) }
    }

    /// The first request of a waiting channel that could be served. If none could, `wake` becomes the first tick in which
    /// one could, as far as that is known.
    fn request(&mut self, channel: usize, now: u64, wake: &mut u64, receiver: &mut impl Receiver) -> Option<Bid> {
        let state = &self.channels[channel];
        let ports = state.router as usize * self.n_ports;
        let free = self.ports[ports + usize::from(state.port)].input_free;
        if free > now {
            *wake = (*wake).min(free);
            return None;
        }
        let mut outputs = state.pending;
        while outputs != 0 {
            let port = outputs.trailing_zeros() as usize;
            outputs &= outputs - 1;
            let free = self.ports[ports + port].output_free;
            if free > now {
                *wake = (*wake).min(free);
            } else if let Some(lane) = self.lane(channel, port, now, wake, receiver) {
                return Some(Bid { channel, port, lane });
            }
        }
        None
    }

    /// A virtual channel of output `port` for the flit in front of a channel: of those allowed the one with most credits,
    /// the last of several.
    fn lane(
        &mut self,
        channel: usize,
        port: usize,
        now: u64,
        wake: &mut u64,
        receiver: &mut impl Receiver,
    ) -> Option<usize> {
        if port >= 4 {
            let (router, flit) = (self.channels[channel].router, self.front(channel));
            if flit.marks.has(Marks::HEAD) {
                let local = (port - 4) as u32;
                let ready = receiver.ready(Delivery { at: now, packet: flit.packet, router, local });
                if ready > now {
                    *wake = (*wake).min(ready);
                    return None;
                }
            }
            return Some(0);
        }
        let v = self.shape.virtual_channels;
        let state = &self.channels[channel];
        let side = &self.sides[4 * state.router as usize + port];
        let (feeds, held) = (side.feeds as usize, usize::from(state.held));
        let lanes = if held != 0 {
            let lane = held - 1 - port * v;
            lane..lane + 1
        } else {
            self.allowed(self.front(channel), side, port)
        };
        let (mut best, mut most) = (None, 1);
        for lane in lanes {
            if held == 0 && self.channels[feeds + lane].owned {
                continue;
            }
            match self.credits(feeds + lane, now) {
                0 => *wake = (*wake).min(self.await_credit(feeds + lane)),
                credits if credits >= most => (best, most) = (Some(lane), credits),
                _ => {}
            }
        }
        best
    }

    /// The lanes of an output to another router that a packet may enter there.
    pub(super) fn allowed(&self, flit: &Flit, side: &Side, port: usize) -> Range<usize> {
        let v = self.shape.virtual_channels;
        match self.torus {
            false => 0..v,
            true if is_upper(flit, side, port) => v / 2..v,
            true => 0..v / 2,
        }
    }

    /// Sends a copy of the front flit of a channel where it was bid for, and does the book-keeping.
    pub(super) fn grant(&mut self, bid: Bid, now: u64, receiver: &mut impl Receiver) {
        let Bid { channel, port, lane } = bid;
        let state = &mut self.channels[channel];
        let (router, input) = (state.router as usize, usize::from(state.port));
        let free = now + self.shape.interval;
        let ports = &mut self.ports[router * self.n_ports..][..self.n_ports];
        ports[port].next_grant = (input as u8 + 1) % 64;
        ports[port].output_free = free;
        ports[input].next_bid = (state.c + 1) % 64;
        ports[input].input_free = free;
        let flit = &self.slots[state.front as usize];
        let (head, tail) = (flit.marks.has(Marks::HEAD), flit.rest == 0);
        state.pending &= !(1 << port);
        if head != tail {
            // A packet of several flits has one way: it holds its output channel from head to tail.
            let v = self.shape.virtual_channels;
            state.held = if head { (port * v + lane) as u16 + 1 } else { 0 };
        }
        let served = state.pending == 0;
        if served {
            self.routers[router].waiting &= !(1 << state.c);
        }
        if port < 4 {
            let side = &self.sides[4 * router + port];
            let upper =
                if head { is_upper(flit, side, port) } else { self.torus && lane >= self.shape.virtual_channels / 2 };
            let sent = Flit {
                at: now + side.ticks,
                key: self.routing.next(flit.key, port),
                marks: flit.marks.set(Marks::UPPER, upper).set(Marks::COLUMN, port >= 2),
                ..*flit
            };
            let to = side.feeds as usize + lane;
            if head != tail {
                self.channels[to].owned = head;
            }
            self.put(to, sent, now);
        } else {
            let copy = Delivery { at: now, packet: flit.packet, router: router as u32, local: (port - 4) as u32 };
            if head {
                receiver.enter(copy);
            }
            if tail {
                receiver.deliver(Delivery { at: now + self.shape.router, ..copy });
            }
        }
        if served {
            self.retire(channel, now);
            if !self.channels[channel].is_empty() {
                self.present(channel, now);
            }
        }
    }
}

/// Whether a flit that takes this side travels in the upper virtual channels from there on.
fn is_upper(flit: &Flit, side: &Side, port: usize) -> bool {
    side.seam || (flit.marks.has(Marks::UPPER) && flit.marks.has(Marks::COLUMN) == (port >= 2))
}
