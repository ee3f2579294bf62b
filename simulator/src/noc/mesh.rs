//! The network flit by flit: wormhole routers with virtual channels and credits (Dally & Towles 2004, ch. 13, 16, 17).
//!
//! Allocation is separable and input-first, with one iteration per tick: every free input port bids with one of its channels
//! whose output is free and has a free virtual channel with a credit, every output grants one bid, both round robin with
//! pointers that move on grants only (McKeown 1999). A granted flit arrives downstream
//! after `router + link` ticks and frees its buffer at once; the credit returns after `link` ticks. A port is busy for `τ`
//! ticks per flit. Unicast latency without contention over h links is `Σ (router + link) + router + (f − 1)·τ`.
//!
//! A multicast flit is copied to the outputs of its tree one by one and leaves its buffer with the last copy. Copies follow
//! XY order, so buffers wait only on buffers further along a row, or on or along a column: no cycle, no deadlock. On a torus
//! the virtual channels are halved; a packet moves to the upper half when it passes the seam of its dimension.
//!
//! Routers without requests that can be served are not visited, and idle ticks are jumped over.

use super::{
    topology::{LinkId, Topology},
    wheel::Wheel,
};
use std::collections::VecDeque;

/// Most input channels of a router: requests are sets in one word.
pub(crate) const MAX_CHANNELS: usize = 64;

/// Where flits go. Ports 0–3 lead to other routers, 4 and up to what is attached.
pub(crate) trait Routing {
    /// Set of output ports of a flit with this key at this router.
    fn outputs(&self, router: usize, key: u32) -> u64;
    /// The key behind an output port.
    fn next(&self, key: u32, port: usize) -> u32;
}

/// Sizes and times of a network.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) virtual_channels: usize,
    pub(crate) buffer: usize,
    /// Attached cores (and hosts) per router.
    pub(crate) local: usize,
    pub(crate) router: u64,
    /// Ticks between flits at a port.
    pub(crate) interval: u64,
    /// Ticks of each link, by [`LinkId`].
    pub(crate) links: Vec<u64>,
    /// Visit every router in every tick: the slow twin for tests.
    pub(crate) every_tick: bool,
}

/// A packet to inject.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Injection {
    pub(crate) at: u64,
    pub(crate) router: u32,
    /// Local port: 0 is the router's first core.
    pub(crate) local: u32,
    pub(crate) key: u32,
    pub(crate) packet: u32,
    pub(crate) flits: u32,
}

/// A copy of a packet that left the network, its last flit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) at: u64,
    pub(crate) packet: u32,
    pub(crate) router: u32,
    pub(crate) local: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Flit {
    key: u32,
    packet: u32,
    /// Flits of the packet behind this one.
    rest: u32,
    head: bool,
    /// Upper half of the virtual channels (torus).
    upper: bool,
    /// Direction travelled: 0 for a row, 1 for a column.
    column: bool,
}

/// An input channel: outputs still to serve for the flit in front, and where its packet goes on (wormhole).
#[derive(Clone, Copy, Debug, Default)]
struct Channel {
    first: u32,
    len: u32,
    pending: u64,
    /// Output virtual channel + 1 that the packet in transit holds.
    held: u32,
}

/// The network with all its flits.
#[derive(Debug)]
pub(crate) struct Mesh<'a, R> {
    shape: Shape,
    routing: &'a R,
    torus: bool,
    neighbour: Vec<u32>,
    seam: Vec<bool>,
    n_channels: usize,
    n_ports: usize,
    channels: Vec<Channel>,
    buffers: Vec<Flit>,
    sources: Vec<VecDeque<Flit>>,
    /// Channels by router whose front flit has outputs to be served.
    waiting: Vec<u64>,
    /// Round-robin pointers of inputs over their channels, and of outputs over inputs.
    next_bid: Vec<u8>,
    next_grant: Vec<u8>,
    output_free: Vec<u64>,
    input_free: Vec<u64>,
    credits: Vec<u32>,
    owned: Vec<bool>,
    arrivals: Wheel<(u32, Flit)>,
    returns: Wheel<u32>,
    wakes: Wheel<u32>,
    active: Vec<u32>,
    /// Scratch of an allocation: bidding input ports by output, and each input's bid (channel, lane, flit as it leaves).
    bids: Vec<u64>,
    bid_of: Vec<(usize, usize, Flit)>,
    is_active: Vec<bool>,
    /// Flits over links so far.
    pub(crate) flit_hops: u64,
    /// Flits inside the network or waiting at its sources.
    in_flight: u64,
}

impl<'a, R: Routing> Mesh<'a, R> {
    pub(crate) fn new(topology: &Topology, routing: &'a R, shape: Shape) -> Self {
        let (n, v) = (topology.n_routers(), shape.virtual_channels);
        let (n_channels, n_ports) = (4 * v + shape.local, 4 + shape.local);
        assert!(n_channels <= MAX_CHANNELS, "{n_channels} input channels of a router exceed {MAX_CHANNELS}");
        let horizon = shape.router + shape.links.iter().copied().max().unwrap_or(0) + shape.interval;
        let router = |link: usize| isa::RouterId(link as u32 / 4);
        let neighbour: Vec<u32> = (0..4 * n).map(|link| topology.neighbour(router(link), link % 4).0).collect();
        let seam = (0..4 * n)
            .map(|link| {
                let ((x, y), (tx, ty)) =
                    (topology.position(router(link)), topology.position(isa::RouterId(neighbour[link])));
                x.abs_diff(tx) + y.abs_diff(ty) > 1
            })
            .collect();
        Self {
            routing,
            torus: topology.is_torus(),
            neighbour,
            seam,
            n_channels,
            n_ports,
            channels: vec![Channel::default(); n * n_channels],
            buffers: vec![Flit::default(); n * 4 * v * shape.buffer],
            sources: vec![VecDeque::new(); n * shape.local],
            waiting: vec![0; n],
            next_bid: vec![0; n * n_ports],
            next_grant: vec![0; n * n_ports],
            output_free: vec![0; n * n_ports],
            input_free: vec![0; n * n_ports],
            credits: vec![shape.buffer as u32; n * 4 * v],
            owned: vec![false; n * 4 * v],
            arrivals: Wheel::new(horizon),
            returns: Wheel::new(horizon),
            wakes: Wheel::new(horizon),
            active: Vec::new(),
            bids: vec![0; n_ports],
            bid_of: vec![(0, 0, Flit::default()); n_ports],
            is_active: vec![false; n],
            flit_hops: 0,
            in_flight: 0,
            shape,
        }
    }

    /// Runs until all of `injections` (ascending in time) are delivered or `until` is reached; calls `deliver` for every
    /// copy. Returns the tick after the last one visited.
    pub(crate) fn run(
        &mut self,
        start: u64,
        until: u64,
        injections: impl IntoIterator<Item = Injection>,
        mut deliver: impl FnMut(Delivery),
    ) -> u64 {
        let mut injections = injections.into_iter().peekable();
        let (mut flits, mut credits, mut wakes) = (Vec::new(), Vec::new(), Vec::new());
        let mut now = start;
        loop {
            let next = [
                self.arrivals.next(now),
                self.returns.next(now),
                self.wakes.next(now),
                injections.peek().map(|injection| injection.at.max(now)),
            ];
            match next.into_iter().flatten().min() {
                Some(tick) if tick < until => now = if self.shape.every_tick { now } else { tick },
                _ => return now,
            }
            self.arrivals.take(now, &mut flits);
            for (channel, flit) in flits.drain(..) {
                self.arrive(channel as usize, flit);
            }
            self.returns.take(now, &mut credits);
            for credit in credits.drain(..) {
                self.credits[credit as usize] += 1;
                self.activate(credit as usize / 4 / self.shape.virtual_channels);
            }
            self.wakes.take(now, &mut wakes);
            for router in wakes.drain(..) {
                self.activate(router as usize);
            }
            while let Some(injection) = injections.next_if(|injection| injection.at <= now) {
                self.inject(injection);
            }
            if self.shape.every_tick {
                (0..self.is_active.len()).for_each(|router| self.activate(router));
            }
            let mut active = std::mem::take(&mut self.active);
            for router in active.drain(..) {
                // Requests put during allocation are served at the wake that it sets, so the mark is lifted after it.
                self.allocate(router as usize, now, &mut deliver);
                self.is_active[router as usize] = false;
            }
            self.active = active;
            now += 1;
        }
    }

    /// Whether nothing is in flight and every credit is back: the law of conservation at rest.
    pub(crate) fn is_at_rest(&self) -> bool {
        let full = self.shape.buffer as u32;
        self.in_flight == 0
            && self.credits.iter().all(|&credits| credits == full)
            && self.owned.iter().all(|&owned| !owned)
            && self.waiting.iter().all(|&waiting| waiting == 0)
    }

    fn activate(&mut self, router: usize) {
        if !self.is_active[router] {
            self.is_active[router] = true;
            self.active.push(router as u32);
        }
    }

    fn inject(&mut self, injection: Injection) {
        let (router, local) = (injection.router as usize, injection.local as usize);
        self.in_flight += u64::from(injection.flits);
        let source = &mut self.sources[router * self.shape.local + local];
        let empty = source.is_empty();
        source.extend((0..injection.flits).rev().map(|rest| Flit {
            key: injection.key,
            packet: injection.packet,
            rest,
            head: rest + 1 == injection.flits,
            ..Flit::default()
        }));
        if empty {
            self.present(router, 4 * self.shape.virtual_channels + local);
        }
    }

    fn arrive(&mut self, channel: usize, flit: Flit) {
        let (router, c) = (channel / self.n_channels, channel % self.n_channels);
        let depth = self.shape.buffer as u32;
        let state = &mut self.channels[channel];
        assert!(state.len < depth, "credits keep buffers from overflowing");
        let slot = (state.first + state.len) % depth;
        state.len += 1;
        let alone = state.len == 1;
        self.buffers[(router * 4 * self.shape.virtual_channels + c) * depth as usize + slot as usize] = flit;
        if alone {
            self.present(router, c);
        }
    }

    fn front(&self, router: usize, c: usize) -> Option<Flit> {
        let v = self.shape.virtual_channels;
        if c >= 4 * v {
            return self.sources[router * self.shape.local + c - 4 * v].front().copied();
        }
        let state = &self.channels[router * self.n_channels + c];
        (state.len > 0).then(|| self.buffers[(router * 4 * v + c) * self.shape.buffer + state.first as usize])
    }

    /// Puts the requests of the flit in front of a channel.
    fn present(&mut self, router: usize, c: usize) {
        while let Some(flit) = self.front(router, c) {
            let state = &mut self.channels[router * self.n_channels + c];
            let outputs = match state.held {
                0 => self.routing.outputs(router, flit.key),
                held => 1 << ((held - 1) as usize / self.shape.virtual_channels),
            };
            state.pending = outputs;
            if outputs != 0 {
                self.waiting[router] |= 1 << c;
                self.activate(router);
                return;
            }
            // A rectangle's corner without a receiver: the packet ends here.
            self.retire(router, c, None);
        }
    }

    /// Removes the flit in front and returns its credit, at `now` if it came over a link.
    fn retire(&mut self, router: usize, c: usize, now: Option<u64>) {
        let v = self.shape.virtual_channels;
        self.in_flight -= 1;
        if c >= 4 * v {
            self.sources[router * self.shape.local + c - 4 * v].pop_front();
            return;
        }
        let state = &mut self.channels[router * self.n_channels + c];
        state.first = (state.first + 1) % self.shape.buffer as u32;
        state.len -= 1;
        // The link into port p leaves the neighbour on that side by the opposite port.
        let port = c / v;
        let upstream = self.neighbour[4 * router + port] as usize;
        let link = 4 * upstream + (port ^ 1);
        let credit = (link * v + c % v) as u32;
        match now {
            Some(now) => self.returns.push(now + self.shape.links[link].max(1), credit),
            None => self.credits[credit as usize] += 1,
        }
    }

    /// Serves the requests of a router in tick `now`: each input port bids for one output, each output grants one bid.
    fn allocate(&mut self, router: usize, now: u64, deliver: &mut impl FnMut(Delivery)) {
        let (ports, waiting) = (self.n_ports, self.waiting[router]);
        let mut wake = u64::MAX;
        let mut bids = std::mem::take(&mut self.bids);
        let mut bid_of = std::mem::take(&mut self.bid_of);
        bids.fill(0);
        for (input, bid) in bid_of.iter_mut().enumerate() {
            let own = waiting & self.channels_of(input);
            if own == 0 {
                continue;
            }
            let at = router * ports + input;
            if self.input_free[at] > now {
                wake = wake.min(self.input_free[at]);
                continue;
            }
            let first = self.next_bid[at];
            let mut rotated = own.rotate_right(first.into());
            'bid: while rotated != 0 {
                let c = (rotated.trailing_zeros() as usize + first as usize) % 64;
                rotated &= rotated - 1;
                let flit = self.front(router, c).expect("waiting channels hold a flit");
                let mut outputs = self.channels[router * self.n_channels + c].pending;
                while outputs != 0 {
                    let port = outputs.trailing_zeros() as usize;
                    outputs &= outputs - 1;
                    let free = self.output_free[router * ports + port];
                    if free > now {
                        wake = wake.min(free);
                    } else if let Some((lane, sent)) = self.lane(router, c, port, flit) {
                        bids[port] |= 1 << input;
                        *bid = (c, lane, sent);
                        break 'bid;
                    }
                }
            }
        }
        for (port, &bids) in bids.iter().enumerate().filter(|(_, bids)| **bids != 0) {
            let output = router * ports + port;
            let first = self.next_grant[output];
            let input = (bids.rotate_right(first.into()).trailing_zeros() as usize + first as usize) % 64;
            let (c, lane, sent) = bid_of[input];
            self.next_grant[output] = ((input + 1) % 64) as u8;
            self.next_bid[router * ports + input] = ((c + 1) % 64) as u8;
            self.output_free[output] = now + self.shape.interval;
            self.input_free[router * ports + input] = now + self.shape.interval;
            self.send(router, port, lane, sent, now, deliver);
            self.granted(router, c, port, lane, sent, now);
            // Losers may bid elsewhere in the next tick.
            wake = wake.min(if bids.count_ones() > 1 { now + 1 } else { now + self.shape.interval });
        }
        (self.bids, self.bid_of) = (bids, bid_of);
        if wake != u64::MAX {
            self.wakes.push(wake, router as u32);
        }
    }

    /// Input channels of an input port.
    fn channels_of(&self, port: usize) -> u64 {
        let v = self.shape.virtual_channels;
        if port < 4 { ((1 << v) - 1) << (port * v) } else { 1 << (4 * v + port - 4) }
    }

    /// A virtual channel of output `port` for the flit, and the flit as it will travel there.
    fn lane(&self, router: usize, c: usize, port: usize, mut flit: Flit) -> Option<(usize, Flit)> {
        let v = self.shape.virtual_channels;
        if port >= 4 {
            return Some((0, flit));
        }
        let held = self.channels[router * self.n_channels + c].held as usize;
        if held != 0 {
            let lane = held - 1 - port * v;
            let out = (4 * router + port) * v + lane;
            flit.upper = self.torus && lane >= v / 2;
            flit.column = port >= 2;
            flit.key = self.routing.next(flit.key, port);
            return (self.credits[out] > 0).then_some((lane, flit));
        }
        let column = port >= 2;
        flit.upper = (flit.upper && flit.column == column) || self.seam[4 * router + port];
        flit.column = column;
        flit.key = self.routing.next(flit.key, port);
        let lanes = match (self.torus, flit.upper) {
            (false, _) => 0..v,
            (true, false) => 0..v / 2,
            (true, true) => v / 2..v,
        };
        let out = |lane: usize| (4 * router + port) * v + lane;
        let lane = lanes
            .filter(|&lane| self.credits[out(lane)] > 0 && !self.owned[out(lane)])
            .max_by_key(|&lane| self.credits[out(lane)])?;
        Some((lane, flit))
    }

    fn send(
        &mut self,
        router: usize,
        port: usize,
        lane: usize,
        flit: Flit,
        now: u64,
        deliver: &mut impl FnMut(Delivery),
    ) {
        let v = self.shape.virtual_channels;
        if port >= 4 {
            if flit.rest == 0 {
                let at = now + self.shape.router;
                deliver(Delivery { at, packet: flit.packet, router: router as u32, local: (port - 4) as u32 });
            }
            return;
        }
        let link = 4 * router + port;
        self.credits[link * v + lane] -= 1;
        self.flit_hops += 1;
        self.in_flight += 1;
        let channel = self.neighbour[link] as usize * self.n_channels + (port ^ 1) * v + lane;
        let ticks = (self.shape.router + self.shape.links[link]).max(1);
        self.arrivals.push(now + ticks, (channel as u32, flit));
    }

    /// Book-keeping of the channel after a copy of its front flit was sent.
    fn granted(&mut self, router: usize, c: usize, port: usize, lane: usize, flit: Flit, now: u64) {
        let v = self.shape.virtual_channels;
        let state = &mut self.channels[router * self.n_channels + c];
        state.pending &= !(1 << port);
        if flit.head != (flit.rest == 0) {
            // A packet of several flits has one way: it holds its output channel from head to tail.
            state.held = if flit.rest == 0 { 0 } else { (port * v + lane) as u32 + 1 };
            if port < 4 {
                self.owned[(4 * router + port) * v + lane] = flit.rest != 0;
            }
        }
        if state.pending == 0 {
            self.waiting[router] &= !(1 << c);
            self.retire(router, c, Some(now));
            self.present(router, c);
        }
    }
}

/// Ticks of all links of a mesh, by [`LinkId`].
pub(crate) fn link_ticks(topology: &Topology, ticks: impl Fn(LinkId) -> u64) -> Vec<u64> {
    (0..4 * topology.n_routers() as u32).map(|link| ticks(LinkId(link))).collect()
}
