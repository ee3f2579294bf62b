//! Speculative allocation (Peh and Dally 2001, "A delay model and speculative architecture for pipelined routers", HPCA-7):
//! virtual channels and the switch are given in the same tick, each without regard to the other.
//!
//! A packet without a virtual channel asks for every free one of its output, with credit or without, and bids for the switch
//! as if it had got one. Whoever wins the switch but no channel with a credit has wasted the tick of that output; whoever wins
//! only a channel keeps it until its tail has left. Both allocators are iSLIP with one iteration (McKeown 1999): outputs grant,
//! inputs accept, both round robin with pointers that move on accepted grants. Of the channels of one input that bid for one
//! output, those that hold a virtual channel go first. The ports of cores have virtual channels too, always with a credit.
//!
//! A multicast flit asks for the outputs of its tree one after the other, in the order of ports. A router is visited in every
//! tick in which a flit waits in it.

use super::{Delivery, MAX_CHANNELS, Mesh, Receiver, Routing, buffer::Marks, switch::Bid};
use std::ops::Range;

/// Pointers of the allocators and what they gave; of no size where allocation is not speculative.
#[derive(Debug, Default)]
pub(super) struct Speculation {
    /// By lane of an output port: the channel that is granted first.
    first_channel: Vec<u8>,
    /// By channel: the lane of all the router's outputs that is accepted first.
    first_lane: Vec<u16>,
    /// By input port: the output that is accepted first.
    first_output: Vec<u8>,
    /// By port: lanes to a core that packets hold.
    held: Vec<u16>,
    /// Scratch, by channel of a router: the lane won in this tick.
    won: Vec<Option<u8>>,
    /// Scratch, by input and output: the channel that bids.
    candidates: Vec<Candidate>,
}

/// A channel that bids for an output of the switch.
#[derive(Clone, Copy, Debug, Default)]
struct Candidate {
    c: u8,
    /// Whether it holds a virtual channel already.
    holds: bool,
}

/// What a channel bids for.
#[derive(Clone, Copy, Debug)]
struct Request {
    input: usize,
    output: usize,
    holds: bool,
}

impl Speculation {
    /// Bytes of a router.
    pub(super) const fn bytes(channels: usize, ports: usize, virtual_channels: usize) -> usize {
        3 * channels + ports * (virtual_channels + 3)
    }

    pub(super) fn new(n_routers: usize, channels: usize, ports: usize, virtual_channels: usize) -> Self {
        Self {
            first_channel: vec![0; n_routers * ports * virtual_channels],
            first_lane: vec![0; n_routers * channels],
            first_output: vec![0; n_routers * ports],
            held: vec![0; n_routers * ports],
            won: vec![None; channels],
            candidates: vec![Candidate::default(); ports * ports],
        }
    }
}

/// The members of a set, ascending.
fn members(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let first = (set != 0).then(|| set.trailing_zeros() as usize)?;
        set &= set - 1;
        Some(first)
    })
}

/// The first member of a set that is not empty, from `first` on and around.
fn from(set: u64, first: u8) -> usize {
    ((set.rotate_right(u32::from(first)).trailing_zeros() + u32::from(first)) % 64) as usize
}

impl<R: Routing> Mesh<'_, R> {
    /// Serves a router in tick `now`.
    pub(super) fn speculate(&mut self, router: usize, now: u64, receiver: &mut impl Receiver) {
        let waiting = self.routers[router].waiting;
        self.allocate_lanes(router, waiting);
        let matched = self.match_switch(router, waiting, now, receiver);
        for (input, output) in matched.into_iter().enumerate().take(self.n_ports) {
            let Some(output) = output else { continue };
            let Candidate { c, holds } = self.speculation.candidates[input * self.n_ports + output];
            let channel = router * self.n_channels + usize::from(c);
            let lane = if holds {
                usize::from(self.channels[channel].held) - 1 - output * self.shape.virtual_channels
            } else {
                match self.speculation.won[usize::from(c)] {
                    Some(lane) if self.has_credit(router, output, usize::from(lane), now) => usize::from(lane),
                    _ => continue,
                }
            };
            self.speculation.won[usize::from(c)] = None;
            let flit = *self.front(channel);
            let (head, tail) = (flit.marks.has(Marks::HEAD), flit.rest == 0);
            if head && tail {
                self.channels[channel].held = 0;
            }
            self.hold(router, output, lane, !tail);
            self.grant(Bid { channel, port: output, lane }, now, receiver);
        }
        for c in members(waiting) {
            if let Some(lane) = self.speculation.won[c].take() {
                let state = &mut self.channels[router * self.n_channels + c];
                let port = state.pending.trailing_zeros() as usize;
                state.held = (port * self.shape.virtual_channels + usize::from(lane)) as u16 + 1;
                self.hold(router, port, usize::from(lane), true);
            }
        }
        if self.routers[router].waiting != 0 {
            self.wake(router, now + 1);
        }
    }

    /// Gives free lanes of the outputs to the waiting channels that have none.
    fn allocate_lanes(&mut self, router: usize, waiting: u64) {
        let (v, channels, ports) = (self.shape.virtual_channels, router * self.n_channels, router * self.n_ports);
        let mut asking = [0_u64; MAX_CHANNELS];
        let mut outputs = 0_u64;
        for c in members(waiting) {
            let state = &self.channels[channels + c];
            if state.held == 0 {
                let port = state.pending.trailing_zeros() as usize;
                asking[port] |= 1 << c;
                outputs |= 1 << port;
            }
        }
        let mut granted = [0_u16; MAX_CHANNELS];
        for port in members(outputs) {
            for lane in (0..v).filter(|&lane| self.is_free(router, port, lane)) {
                let allowed = members(asking[port]).filter(|&c| self.lanes(channels + c, port).contains(&lane));
                let allowed = allowed.fold(0, |set: u64, c| set | 1 << c);
                if allowed != 0 {
                    let first = self.speculation.first_channel[(ports + port) * v + lane];
                    granted[from(allowed, first)] |= 1 << lane;
                }
            }
        }
        let all = self.n_ports * v;
        for c in members(waiting).filter(|&c| granted[c] != 0) {
            let port = self.channels[channels + c].pending.trailing_zeros() as usize;
            let first = usize::from(self.speculation.first_lane[channels + c]);
            let distance = |lane: &usize| (port * v + lane + all - first) % all;
            let lane = members(u64::from(granted[c])).min_by_key(distance).expect("one is granted");
            self.speculation.won[c] = Some(lane as u8);
            self.speculation.first_lane[channels + c] = ((port * v + lane + 1) % all) as u16;
            self.speculation.first_channel[(ports + port) * v + lane] = ((c + 1) % self.n_channels) as u8;
        }
    }

    /// The output of each input: of what the channels bid for, what the outputs grant and the inputs accept.
    fn match_switch(
        &mut self,
        router: usize,
        waiting: u64,
        now: u64,
        receiver: &mut impl Receiver,
    ) -> [Option<usize>; MAX_CHANNELS] {
        let (n, ports) = (self.n_ports, router * self.n_ports);
        let mut bidders = [0_u64; MAX_CHANNELS];
        for c in members(waiting) {
            let Some(request) = self.bid(router, c, now, receiver) else { continue };
            let Request { input, output, holds } = request;
            let known = bidders[output] >> input & 1 == 1;
            let candidate = &mut self.speculation.candidates[input * n + output];
            let first = self.ports[ports + input].next_bid;
            let turn = |c: u8| (c + 64 - first) % 64;
            if !known || (!holds, turn(c as u8)) < (!candidate.holds, turn(candidate.c)) {
                *candidate = Candidate { c: c as u8, holds };
            }
            bidders[output] |= 1 << input;
        }
        let mut granted = [0_u64; MAX_CHANNELS];
        for (output, &bidders) in bidders.iter().enumerate().filter(|(_, bidders)| **bidders != 0) {
            granted[from(bidders, self.ports[ports + output].next_grant)] |= 1 << output;
        }
        let mut accepted = [None; MAX_CHANNELS];
        for input in (0..n).filter(|&input| granted[input] != 0) {
            let output = from(granted[input], self.speculation.first_output[ports + input]);
            accepted[input] = Some(output);
            let c = self.speculation.candidates[input * n + output].c;
            self.ports[ports + input].next_bid = (c + 1) % 64;
            self.ports[ports + output].next_grant = (input as u8 + 1) % 64;
            self.speculation.first_output[ports + input] = ((output + 1) % n) as u8;
        }
        accepted
    }

    /// What a waiting channel bids for, if it does.
    fn bid(&self, router: usize, c: usize, now: u64, receiver: &mut impl Receiver) -> Option<Request> {
        let (channel, ports) = (router * self.n_channels + c, router * self.n_ports);
        let state = &self.channels[channel];
        let (input, output, held) =
            (usize::from(state.port), state.pending.trailing_zeros() as usize, usize::from(state.held));
        if self.ports[ports + input].input_free > now || self.ports[ports + output].output_free > now {
            return None;
        }
        let v = self.shape.virtual_channels;
        let open = if held != 0 {
            self.has_credit(router, output, held - 1 - output * v, now)
        } else {
            let mut lanes = self.lanes(channel, output);
            lanes.any(|lane| self.is_free(router, output, lane) && self.has_credit(router, output, lane, now))
        };
        let flit = self.front(channel);
        let enters = open && output >= 4 && flit.marks.has(Marks::HEAD);
        let copy = |local| Delivery { at: now, packet: flit.packet, router: router as u32, local };
        let open = open && (!enters || receiver.ready(copy((output - 4) as u32)) <= now);
        open.then_some(Request { input, output, holds: held != 0 })
    }

    /// The lanes of an output that the packet in front of a channel may use.
    fn lanes(&self, channel: usize, port: usize) -> Range<usize> {
        let v = self.shape.virtual_channels;
        if port >= 4 {
            return 0..v;
        }
        let side = &self.sides[4 * self.channels[channel].router as usize + port];
        self.allowed(self.front(channel), side, port)
    }

    fn is_free(&self, router: usize, port: usize, lane: usize) -> bool {
        if port < 4 {
            !self.channels[self.sides[4 * router + port].feeds as usize + lane].owned
        } else {
            self.speculation.held[router * self.n_ports + port] >> lane & 1 == 0
        }
    }

    fn hold(&mut self, router: usize, port: usize, lane: usize, held: bool) {
        if port < 4 {
            self.channels[self.sides[4 * router + port].feeds as usize + lane].owned = held;
        } else {
            let lanes = &mut self.speculation.held[router * self.n_ports + port];
            *lanes = if held { *lanes | 1 << lane } else { *lanes & !(1 << lane) };
        }
    }

    fn has_credit(&self, router: usize, port: usize, lane: usize, now: u64) -> bool {
        port >= 4 || self.credits(self.sides[4 * router + port].feeds as usize + lane, now) > 0
    }
}
