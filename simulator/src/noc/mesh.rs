//! The network flit by flit: wormhole routers with virtual channels and credits (Dally & Towles 2004, ch. 13, 16, 17).
//!
//! Allocation is combined, unless a chip is described otherwise (`speculate.rs`): separable and input-first, with one iteration
//! per tick: every free input port bids with one of its channels
//! whose output is free and has a free virtual channel with a credit, every output grants one bid, both round robin with
//! pointers that move on grants only (McKeown 1999). A granted flit arrives downstream
//! after `router + link` ticks and frees its buffer at once; the credit returns after `link` ticks. A port is busy for `τ`
//! ticks per flit. Unicast latency without contention over h links is `Σ (router + link) + router + (f − 1)·τ`.
//!
//! A multicast flit is copied to the outputs of its tree one by one and leaves its buffer with the last copy. Copies follow
//! XY order, so buffers wait only on buffers further along a row, or on or along a column: no cycle, no deadlock. On a torus
//! the virtual channels are halved; a packet moves to the upper half when it passes the seam of its dimension.
//!
//! Flits leave the network when their receiver takes them; as long as every receiver takes the next one after finite time,
//! whatever the network does, all of this stays true.
//!
//! A router is visited only in ticks in which it could grant: when a flit reaches the front of a buffer, when a port, a
//! credit or a receiver that a flit waits for becomes free. Within a tick routers do not affect each other, so their order is free.

mod buffer;
mod speculate;
mod switch;

use super::{
    topology::{LinkId, Topology},
    wheel::Wheel,
};
use buffer::{Channel, Flit};
use isa::{
    arch::Allocation,
    budget::{Budget, TooLarge},
};
use speculate::Speculation;
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
    /// How outputs and the virtual channels behind them are given.
    pub(crate) allocation: Allocation,
    /// Visit every router in every tick: the slow twin for tests.
    pub(crate) every_tick: bool,
}

/// What a network takes while it is simulated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// Bytes of routers, ports and channels.
    routers: [u64; 2],
    /// Bytes of buffers.
    buffers: [u64; 3],
}

impl Memory {
    pub(crate) fn of(n_routers: usize, virtual_channels: usize, buffer: usize, local: usize) -> Self {
        let (channels, ports) = (4 * virtual_channels + local, 4 + local);
        let own = 4 * (size_of::<Side>() + size_of::<u64>()) + size_of::<Router>() + size_of::<u32>();
        let own = own + Speculation::bytes(channels, ports, virtual_channels);
        let each = channels * size_of::<Channel>() + ports * size_of::<Port>() + local * size_of::<VecDeque<Flit>>();
        Self {
            routers: [n_routers as u64, (own + each) as u64],
            buffers: [(n_routers * channels) as u64, size_of::<Flit>() as u64, buffer as u64],
        }
    }

    /// Takes the memory of networks on `threads` threads from a budget.
    pub(crate) fn claim(&self, threads: u64, budget: &mut Budget) -> Result<(), TooLarge> {
        let ([routers, each], [channels, flit, buffer]) = (self.routers, self.buffers);
        budget.claim("chip description, field `mesh`: a simulation of every flit", &[threads, routers, each])?;
        let field = "chip description, field `noc.buffer_flits`: a simulation of every flit";
        budget.claim(field, &[threads, channels, flit, buffer])
    }
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

/// What is behind the local ports.
pub(crate) trait Receiver {
    /// The first tick, not before `copy.at`, in which a copy could enter. It is asked for in each tick in which the copy
    /// could leave, until it does.
    fn ready(&mut self, copy: Delivery) -> u64;
    /// The head of a copy leaves its router in tick `copy.at`, for which it was ready.
    fn enter(&mut self, copy: Delivery);
    /// The last flit of a copy has arrived.
    fn deliver(&mut self, copy: Delivery);
    /// When the next packet leaves that answers what was delivered; never, unless said otherwise.
    fn next_answer(&self) -> u64 {
        u64::MAX
    }
    /// That packet, if it leaves by `now`.
    fn answer(&mut self, _now: u64) -> Option<Injection> {
        None
    }
}

/// Takes everything at once.
impl<F: FnMut(Delivery)> Receiver for F {
    fn ready(&mut self, copy: Delivery) -> u64 {
        copy.at
    }

    fn enter(&mut self, _: Delivery) {}

    fn deliver(&mut self, copy: Delivery) {
        self(copy);
    }
}

/// One side of a router: the link that leaves it there, and the one that comes in.
#[derive(Clone, Copy, Debug)]
struct Side {
    /// The router behind it.
    neighbour: u32,
    /// The first of the channels there that the leaving link feeds.
    feeds: u32,
    /// Ticks through this router and over the leaving link.
    ticks: u64,
    /// Ticks of a credit on its way back to the neighbour.
    credit: u64,
    /// Whether the leaving link joins opposite edges of a torus.
    seam: bool,
}

/// An input and an output port of one number.
#[derive(Clone, Copy, Debug, Default)]
struct Port {
    input_free: u64,
    output_free: u64,
    /// Round-robin pointers: of the input over its channels, of the output over inputs.
    next_bid: u8,
    next_grant: u8,
}

/// What a router has to do.
#[derive(Clone, Copy, Debug, Default)]
struct Router {
    /// Input channels with a flit in front whose outputs are to be served.
    waiting: u64,
    /// To be visited in this tick.
    due: bool,
}

/// The network with all its flits. Channels are numbered router by router: first those of the links, port by port, then
/// those of the local ports.
#[derive(Debug)]
pub(crate) struct Mesh<'a, R> {
    shape: Shape,
    routing: &'a R,
    torus: bool,
    n_channels: usize,
    n_ports: usize,
    sides: Vec<Side>,
    routers: Vec<Router>,
    ports: Vec<Port>,
    channels: Vec<Channel>,
    /// Buffers of all channels: rings of `shape.buffer` slots.
    slots: Vec<Flit>,
    /// Packets behind the first at each local port.
    backlogs: Vec<VecDeque<Flit>>,
    /// What makes routers due: a channel whose next flit arrives, or, beyond the channels, a router that could grant.
    wheel: Wheel,
    due: Vec<u32>,
    /// Scratch of an allocation: inputs that bid, by output, and each input's bid.
    bidders: Vec<u64>,
    bids: Vec<switch::Bid>,
    speculation: Speculation,
}

impl<'a, R: Routing> Mesh<'a, R> {
    pub(crate) fn new(topology: &Topology, routing: &'a R, shape: Shape) -> Self {
        let (n, v) = (topology.n_routers(), shape.virtual_channels);
        let (n_channels, n_ports) = (4 * v + shape.local, 4 + shape.local);
        let horizon = shape.router + shape.links.iter().copied().max().unwrap_or(0) + shape.interval;
        assert!(n_channels <= MAX_CHANNELS, "{n_channels} input channels of a router exceed {MAX_CHANNELS}");
        let side = |link: usize| {
            let (router, port) = (isa::RouterId(link as u32 / 4), link % 4);
            let neighbour = topology.neighbour(router, port);
            let ((x, y), (tx, ty)) = (topology.position(router), topology.position(neighbour));
            // What leaves by a port enters the neighbour by the opposite one.
            let back = neighbour.0 as usize * 4 + (port ^ 1);
            Side {
                neighbour: neighbour.0,
                feeds: (neighbour.0 as usize * n_channels + (port ^ 1) * v) as u32,
                ticks: (shape.router + shape.links[link]).max(1),
                credit: shape.links[back].max(1),
                seam: x.abs_diff(tx) + y.abs_diff(ty) > 1,
            }
        };
        let channel = |channel: usize| {
            let (router, c) = (channel / n_channels, channel % n_channels);
            let port = if c < 4 * v { c / v } else { 4 + c - 4 * v };
            Channel::new(router as u32, c as u8, port as u8, (channel * shape.buffer) as u32)
        };
        Self {
            routing,
            torus: topology.is_torus(),
            n_channels,
            n_ports,
            sides: (0..4 * n).map(side).collect(),
            routers: vec![Router::default(); n],
            ports: vec![Port::default(); n * n_ports],
            channels: (0..n * n_channels).map(channel).collect(),
            slots: vec![Flit::default(); n * n_channels * shape.buffer],
            backlogs: vec![VecDeque::new(); n * shape.local],
            wheel: Wheel::new(horizon),
            due: Vec::new(),
            bidders: vec![0; n_ports],
            bids: vec![switch::Bid::default(); n_ports],
            speculation: match shape.allocation {
                Allocation::Combined => Speculation::default(),
                Allocation::Speculative => Speculation::new(n, n_channels, n_ports, v),
            },
            shape,
        }
    }

    /// Runs until `receiver` has all of `injections` (ascending in time) and of its own answers, or `until` is reached.
    pub(crate) fn run(&mut self, start: u64, until: u64, mut injections: &[Injection], receiver: &mut impl Receiver) {
        let mut now = start;
        loop {
            let injection = injections.first().map_or(u64::MAX, |injection| injection.at);
            let injection = injection.min(receiver.next_answer()).max(now);
            let next = self.wheel.next(now).unwrap_or(u64::MAX).min(injection);
            if next >= until {
                return;
            }
            if !self.shape.every_tick {
                now = next;
            }
            let mut events = self.wheel.take(now);
            while let Some(event) = self.wheel.pop(&mut events) {
                let event = event as usize;
                if event < self.channels.len() {
                    self.present(event, now);
                    self.mark(self.channels[event].router as usize);
                } else {
                    self.mark(event - self.channels.len());
                }
            }
            while let Some((injection, rest)) = injections.split_first()
                && injection.at <= now
            {
                self.inject(injection);
                self.mark(injection.router as usize);
                injections = rest;
            }
            while let Some(injection) = receiver.answer(now) {
                self.inject(&injection);
                self.mark(injection.router as usize);
            }
            if self.shape.every_tick {
                (0..self.routers.len()).for_each(|router| self.mark(router));
            }
            for i in 0..self.due.len() {
                let router = self.due[i] as usize;
                self.routers[router].due = false;
                self.allocate(router, now, receiver);
            }
            self.due.clear();
            now += 1;
        }
    }

    /// Whether nothing is in flight and no channel is held: the law of conservation at rest.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.backlogs.iter().all(VecDeque::is_empty)
            && self.channels.iter().all(Channel::is_at_rest)
            && self.routers.iter().all(|router| router.waiting == 0)
    }

    fn mark(&mut self, router: usize) {
        let state = &mut self.routers[router];
        if !state.due {
            state.due = true;
            self.due.push(router as u32);
        }
    }

    /// Lets a router be visited at tick `at`.
    fn wake(&mut self, router: usize, at: u64) {
        self.wheel.push(at, (self.channels.len() + router) as u32);
    }
}

/// Ticks of all links of a mesh, by [`LinkId`].
pub(crate) fn link_ticks(topology: &Topology, ticks: impl Fn(LinkId) -> u64) -> Vec<u64> {
    (0..4 * topology.n_routers() as u32).map(|link| ticks(LinkId(link))).collect()
}
