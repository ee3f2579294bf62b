//! The flit-level network once more, as plainly as it can be said: every router in every tick, flits in queues, credits as
//! numbers. It shares geometry and routing trees with `mesh`, no line of it, and must deliver every copy in the same tick,
//! into queues of any size.

use super::{
    mesh::{Delivery, Injection, Mesh, Receiver, Routing, Shape},
    topology::Topology,
    tree::Trees,
};
use crate::{core::queue::InputQueue, timing::CoreTime};
use isa::{
    Arch, RouterId,
    arch::{Allocation, preset::preset},
};
use proptest::prelude::*;
use std::collections::VecDeque;

#[derive(Clone, Copy)]
struct Flit {
    key: u32,
    packet: u32,
    index: u32,
    last: u32,
    /// The dimension (0 row, 1 column) whose seam the packet has passed.
    seam: Option<usize>,
}

#[derive(Clone, Default)]
struct Input {
    queue: VecDeque<Flit>,
    /// Outputs to serve for the flit in front; `None` before it has been looked at.
    requests: Option<Vec<usize>>,
    /// Output and lane that the packet in transit keeps.
    way: Option<(usize, usize)>,
}

#[derive(Clone)]
struct Router {
    inputs: Vec<Input>,
    input_free: Vec<u64>,
    output_free: Vec<u64>,
    next_channel: Vec<usize>,
    next_input: Vec<usize>,
    /// By port and lane.
    credits: Vec<Vec<usize>>,
    taken: Vec<Vec<bool>>,
    /// Speculative allocation: by port and lane the channel, by channel the lane of all, by input the output to begin with.
    first_channel: Vec<Vec<usize>>,
    first_lane: Vec<usize>,
    first_output: Vec<usize>,
}

struct Network<'a> {
    topology: &'a Topology,
    routing: &'a Trees,
    shape: &'a Shape,
    routers: Vec<Router>,
    /// (tick, router, channel, flit)
    flying: Vec<(u64, usize, usize, Flit)>,
    /// (tick, router, port, lane)
    returning: Vec<(u64, usize, usize, usize)>,
}

impl<'a> Network<'a> {
    fn new(topology: &'a Topology, routing: &'a Trees, shape: &'a Shape) -> Self {
        let (v, ports) = (shape.virtual_channels, 4 + shape.local);
        let router = Router {
            inputs: vec![Input::default(); 4 * v + shape.local],
            input_free: vec![0; ports],
            output_free: vec![0; ports],
            next_channel: vec![0; ports],
            next_input: vec![0; ports],
            credits: vec![vec![shape.buffer; v]; 4],
            taken: vec![vec![false; v]; ports],
            first_channel: vec![vec![0; v]; ports],
            first_lane: vec![0; 4 * v + shape.local],
            first_output: vec![0; ports],
        };
        let routers = vec![router; topology.n_routers()];
        Self { topology, routing, shape, routers, flying: Vec::new(), returning: Vec::new() }
    }

    fn neighbour(&self, router: usize, port: usize) -> usize {
        self.topology.neighbour(RouterId(router as u32), port).0 as usize
    }

    fn input_of(&self, channel: usize) -> usize {
        let v = self.shape.virtual_channels;
        if channel < 4 * v { channel / v } else { channel - 4 * v + 4 }
    }

    /// Removes the flit in front of a channel; its credit travels back over the link.
    fn remove(&mut self, now: u64, router: usize, channel: usize) {
        self.routers[router].inputs[channel].queue.pop_front();
        self.routers[router].inputs[channel].requests = None;
        let (v, port) = (self.shape.virtual_channels, self.input_of(channel));
        if port < 4 {
            let (from, back) = (self.neighbour(router, port), port ^ 1);
            let ticks = self.shape.links[4 * from + back].max(1);
            self.returning.push((now + ticks, from, back, channel % v));
        }
    }

    /// Looks up the outputs of flits that have come to the front.
    fn look_up(&mut self, now: u64) {
        for router in 0..self.routers.len() {
            for channel in 0..self.routers[router].inputs.len() {
                while let Input { queue, requests: None, way } = &self.routers[router].inputs[channel]
                    && let Some(flit) = queue.front()
                {
                    let set = self.routing.outputs(router, flit.key);
                    let all: Vec<usize> = match way {
                        Some((port, _)) => vec![*port],
                        None => (0..64).filter(|port| set >> port & 1 == 1).collect(),
                    };
                    if all.is_empty() {
                        self.remove(now, router, channel);
                    } else {
                        self.routers[router].inputs[channel].requests = Some(all);
                    }
                }
            }
        }
    }

    /// The dimension whose seam a flit has passed after leaving by a port.
    fn seam_after(&self, router: usize, port: usize, flit: Flit) -> Option<usize> {
        let (x, y) = self.topology.position(RouterId(router as u32));
        let (tx, ty) = self.topology.position(RouterId(self.neighbour(router, port) as u32));
        let dimension = port / 2;
        (x.abs_diff(tx) + y.abs_diff(ty) > 1 || flit.seam == Some(dimension)).then_some(dimension)
    }

    /// The lane of `port` that the front flit of a channel can take now.
    fn lane(&self, (router, channel): (usize, usize), port: usize, now: u64, to: &mut impl Receiver) -> Option<usize> {
        let state = &self.routers[router];
        let (input, v) = (&state.inputs[channel], self.shape.virtual_channels);
        if port >= 4 {
            let Flit { packet, index, .. } = input.queue[0];
            let copy = Delivery { at: now, packet, router: router as u32, local: port as u32 - 4 };
            return (index > 0 || to.ready(copy) == now).then_some(0);
        }
        let credits = |lane: &usize| state.credits[port][*lane];
        if let Some((_, lane)) = input.way {
            return Some(lane).filter(|lane| credits(lane) > 0);
        }
        let upper = self.seam_after(router, port, input.queue[0]).is_some();
        let allowed = |lane: &usize| !self.topology.is_torus() || (*lane >= v / 2) == upper;
        (0..v).filter(|lane| allowed(lane) && credits(lane) > 0 && !state.taken[port][*lane]).max_by_key(credits)
    }

    /// What an input port bids: channel, output, lane.
    fn bid(&self, now: u64, router: usize, port: usize, to: &mut impl Receiver) -> Option<(usize, usize, usize)> {
        let state = &self.routers[router];
        if state.input_free[port] > now {
            return None;
        }
        (0..64).map(|i| (state.next_channel[port] + i) % 64).find_map(|channel| {
            let input = state.inputs.get(channel).filter(|_| self.input_of(channel) == port)?;
            let mut open = input.requests.iter().flatten().filter(|&&output| state.output_free[output] <= now);
            open.find_map(|&output| Some((channel, output, self.lane((router, channel), output, now, to)?)))
        })
    }

    /// Sends the front flit of a channel; true if this was the last copy.
    fn send(&mut self, now: u64, router: usize, (channel, port, lane): (usize, usize, usize)) -> (Flit, bool) {
        let (v, next) = (self.shape.virtual_channels, self.neighbour(router, port % 4));
        let mut flit = self.routers[router].inputs[channel].queue[0];
        let seam = if port < 4 { self.seam_after(router, port, flit) } else { None };
        let state = &mut self.routers[router];
        let (head, tail) = (flit.index == 0, flit.index == flit.last);
        let input = &mut state.inputs[channel];
        let requests = input.requests.as_mut().expect("it was bid with");
        requests.retain(|&output| output != port);
        let done = requests.is_empty();
        input.way = if tail { None } else { Some((port, lane)) };
        if port < 4 || self.shape.allocation == Allocation::Speculative {
            state.taken[port][lane] = !tail;
        }
        if port < 4 {
            state.credits[port][lane] -= 1;
            flit.key = self.routing.next(flit.key, port);
            // Flits behind the head go where it went.
            flit.seam = if head { seam } else { None };
            let ticks = (self.shape.router + self.shape.links[4 * router + port]).max(1);
            self.flying.push((now + ticks, next, (port ^ 1) * v + lane, flit));
        }
        (flit, done)
    }

    /// A flit crosses the switch.
    fn pass(&mut self, now: u64, router: usize, bid: (usize, usize, usize), to: &mut impl Receiver) {
        let (channel, output, _) = bid;
        let (flit, done) = self.send(now, router, bid);
        let input = self.input_of(channel);
        let state = &mut self.routers[router];
        state.output_free[output] = now + self.shape.interval;
        state.input_free[input] = now + self.shape.interval;
        if output >= 4 {
            let (packet, router, local) = (flit.packet, router as u32, output as u32 - 4);
            let copy = Delivery { at: now, packet, router, local };
            if flit.index == 0 {
                to.enter(copy);
            }
            if flit.index == flit.last {
                to.deliver(Delivery { at: now + self.shape.router, ..copy });
            }
        }
        if done {
            self.remove(now, router, channel);
        }
    }

    /// Whether the front flit of a channel may take a lane as far as seams go, and whether it would have a credit there.
    fn admits(&self, router: usize, channel: usize, port: usize, lane: usize) -> (bool, bool) {
        let state = &self.routers[router];
        if port >= 4 {
            return (true, true);
        }
        let upper = self.seam_after(router, port, state.inputs[channel].queue[0]).is_some();
        let allowed = !self.topology.is_torus() || (lane >= self.shape.virtual_channels / 2) == upper;
        (allowed, state.credits[port][lane] > 0)
    }

    /// Lanes and the switch allocated at once, each by grants of outputs and acceptance of inputs.
    fn speculate(&mut self, now: u64, router: usize, to: &mut impl Receiver) {
        let (v, ports) = (self.shape.virtual_channels, 4 + self.shape.local);
        let (channels, all) = (4 * v + self.shape.local, ports * v);
        let state = &self.routers[router];
        let output = |c: usize| state.inputs[c].requests.as_ref().and_then(|all| all.iter().min().copied());
        let holds = |c: usize| state.inputs[c].way.is_some();
        let open = |c: usize, port: usize, lane: usize| {
            let (allowed, credit) = self.admits(router, c, port, lane);
            (allowed && !state.taken[port][lane], credit)
        };
        // Every lane to the first channel in turn that asks for it; every channel takes the first lane in turn that it is given.
        let mut given = vec![Vec::new(); channels];
        for (port, lane) in (0..ports).flat_map(|port| (0..v).map(move |lane| (port, lane))) {
            let mut turns = (0..channels).map(|i| (state.first_channel[port][lane] + i) % channels);
            if let Some(c) = turns.find(|&c| output(c) == Some(port) && !holds(c) && open(c, port, lane).0) {
                given[c].push(port * v + lane);
            }
        }
        let won: Vec<Option<usize>> = (0..channels)
            .map(|c| given[c].iter().copied().min_by_key(|lane| (lane + all - state.first_lane[c]) % all))
            .collect();
        // Which channel bids, by input and output.
        let mut bids = vec![vec![None; ports]; ports];
        for (input, port) in (0..ports).flat_map(|input| (0..ports).map(move |port| (input, port))) {
            if state.input_free[input] > now || state.output_free[port] > now {
                continue;
            }
            let mut own = Vec::new();
            for c in (0..channels).filter(|&c| self.input_of(c) == input && output(c) == Some(port)) {
                let usable = match state.inputs[c].way {
                    Some((_, lane)) => self.admits(router, c, port, lane).1,
                    None => (0..v).any(|lane| open(c, port, lane) == (true, true)),
                };
                let Flit { packet, index, .. } = state.inputs[c].queue[0];
                let copy = Delivery { at: now, packet, router: router as u32, local: (port as u32).saturating_sub(4) };
                if usable && (port < 4 || index > 0 || to.ready(copy) == now) {
                    own.push(c);
                }
            }
            bids[input][port] = own.into_iter().min_by_key(|&c| (!holds(c), (c + 64 - state.next_channel[input]) % 64));
        }
        let granted: Vec<Option<usize>> = (0..ports)
            .map(|port| {
                let mut turns = (0..64).map(|i| (state.next_input[port] + i) % 64);
                turns.find(|&input| bids.get(input).is_some_and(|own| own[port].is_some()))
            })
            .collect();
        let accepted: Vec<Option<usize>> = (0..ports)
            .map(|input| {
                let mut turns = (0..ports).map(|i| (state.first_output[input] + i) % ports);
                turns.find(|&port| granted[port] == Some(input))
            })
            .collect();
        let state = &mut self.routers[router];
        for (c, lane) in won.iter().enumerate().filter_map(|(c, lane)| Some((c, (*lane)?))) {
            state.first_lane[c] = (lane + 1) % all;
            state.first_channel[lane / v][lane % v] = (c + 1) % channels;
            state.inputs[c].way = Some((lane / v, lane % v));
            state.taken[lane / v][lane % v] = true;
        }
        for (input, port) in accepted.iter().enumerate().filter_map(|(input, port)| Some((input, (*port)?))) {
            let c = bids[input][port].expect("it was accepted");
            let state = &mut self.routers[router];
            state.next_channel[input] = (c + 1) % 64;
            state.next_input[port] = (input + 1) % 64;
            state.first_output[input] = (port + 1) % ports;
            let Some((_, lane)) = state.inputs[c].way else { continue };
            if self.admits(router, c, port, lane).1 {
                self.pass(now, router, (c, port, lane), to);
            }
        }
    }

    fn tick(&mut self, now: u64, injected: &[Injection], to: &mut impl Receiver) {
        let v = self.shape.virtual_channels;
        for (_, router, channel, flit) in self.flying.extract_if(.., |(at, ..)| *at == now) {
            self.routers[router].inputs[channel].queue.push_back(flit);
        }
        for (_, router, port, lane) in self.returning.extract_if(.., |(at, ..)| *at == now) {
            self.routers[router].credits[port][lane] += 1;
        }
        for &Injection { router, local, key, packet, flits, .. } in injected {
            let input = &mut self.routers[router as usize].inputs[4 * v + local as usize];
            input.queue.extend((0..flits).map(|index| Flit { key, packet, index, last: flits - 1, seam: None }));
        }
        self.look_up(now);
        for router in 0..self.routers.len() {
            let ports = 4 + self.shape.local;
            if self.shape.allocation == Allocation::Speculative {
                self.speculate(now, router, to);
                continue;
            }
            let bids: Vec<_> = (0..ports).map(|input| self.bid(now, router, input, to)).collect();
            for output in 0..ports {
                let bidders = (0..64).map(|i| (self.routers[router].next_input[output] + i) % 64);
                let mut bidders =
                    bidders.filter(|&input| bids.get(input).is_some_and(|bid| bid.is_some_and(|b| b.1 == output)));
                let Some(input) = bidders.next() else { continue };
                let bid = bids[input].expect("it bids");
                let state = &mut self.routers[router];
                state.next_input[output] = (input + 1) % 64;
                state.next_channel[input] = (bid.0 + 1) % 64;
                self.pass(now, router, bid, to);
            }
        }
        self.look_up(now);
    }

    fn is_empty(&self) -> bool {
        let inputs = || self.routers.iter().flat_map(|router| &router.inputs);
        self.flying.is_empty() && self.returning.is_empty() && inputs().all(|input| input.queue.is_empty())
    }
}

/// A network and packets for it.
#[derive(Clone, Debug)]
struct Case {
    topology: Topology,
    shape: Shape,
    trees: Trees,
    injections: Vec<Injection>,
    /// At every local port.
    queue: InputQueue,
}

/// Input queues at all local ports, and what has arrived.
#[derive(Debug, PartialEq)]
struct Receivers {
    local: usize,
    queues: Vec<InputQueue>,
    deliveries: Vec<Delivery>,
}

impl Receivers {
    fn new(case: &Case) -> Self {
        let local = case.shape.local;
        Self { local, queues: vec![case.queue.clone(); case.topology.n_routers() * local], deliveries: Vec::new() }
    }

    fn queue(&mut self, copy: Delivery) -> &mut InputQueue {
        &mut self.queues[copy.router as usize * self.local + copy.local as usize]
    }

    fn sorted(mut self) -> Self {
        self.deliveries.sort_unstable_by_key(|d| (d.packet, d.router, d.local));
        self
    }
}

impl Receiver for Receivers {
    fn ready(&mut self, copy: Delivery) -> u64 {
        self.queue(copy).ready(copy.at)
    }

    fn enter(&mut self, copy: Delivery) {
        self.queue(copy).enter(copy.at);
    }

    fn deliver(&mut self, copy: Delivery) {
        self.deliveries.push(copy);
    }
}

fn case() -> impl Strategy<Value = Case> {
    let mesh = (1_u32..=5, 1_u32..=5, any::<bool>());
    let sizes = (1_usize..=4, 1_usize..=6, 1_usize..=3, 0_u64..4, 1_u64..4);
    let allocation = prop_oneof![Just(Allocation::Combined), Just(Allocation::Speculative)];
    let sizes = (sizes, allocation);
    let links = prop::collection::vec(prop_oneof![4 => 0_u64..4, 1 => 0_u64..90], 100);
    let targets = prop::collection::vec((any::<u32>(), any::<u32>()), 1..4);
    let corner = prop::option::of(any::<u32>());
    let packet = (0_u64..200, any::<u32>(), any::<u32>(), targets, corner, 1_u32..=5);
    let packets = prop::collection::vec(packet, 0..150);
    (mesh, sizes, links, any::<bool>(), packets, queue()).prop_map(|(mesh, sizes, links, multicast, packets, queue)| {
        let ((columns, rows, torus), ((v, buffer, local, router, interval), allocation)) = (mesh, sizes);
        let mut arch: Arch = preset("loihi1").expect("a preset");
        (arch.mesh.width, arch.mesh.height, arch.mesh.chips, arch.mesh.torus) = (columns, rows, (1, 1), torus);
        let (topology, n) = (Topology::new(&arch), columns * rows);
        let virtual_channels = if torus { v.next_multiple_of(2) } else { v };
        let links = links[..4 * n as usize].to_vec();
        let shape = Shape { virtual_channels, buffer, local, router, interval, links, allocation, every_tick: false };
        let mut trees = Trees::default();
        let mut injections: Vec<Injection> = Vec::new();
        for (packet, (at, router, port, mut targets, corner, flits)) in packets.into_iter().enumerate() {
            // Packets of several flits have one destination.
            targets.truncate(if multicast { 4 } else { 1 });
            let (corner, flits) = if multicast { (corner, 1) } else { (None, flits) };
            let to: Vec<(RouterId, u32)> =
                targets.into_iter().map(|(to, port)| (RouterId(to % n), port % local as u32)).collect();
            let visited = to.iter().map(|&(to, _)| to).chain(corner.map(|corner| RouterId(corner % n)));
            let (router, source) = (router % n, RouterId(router % n));
            let key = trees.plant(&topology, source, &topology.tree(source, visited), &to);
            injections.push(Injection { at, router, local: port % local as u32, key, packet: packet as u32, flits });
        }
        injections.sort_by_key(|injection| injection.at);
        Case { topology, shape, trees, injections, queue }
    })
}

/// A queue of 1 to 4 events, or one that never fills, in a timestep of its core.
fn queue() -> impl Strategy<Value = InputQueue> {
    let core = (0_u64..100, 0_u64..200);
    (prop_oneof![1_u64..5, Just(1 << 32)], 0_u64..20, 0_u64..5, core).prop_map(|(capacity, moving, before, core)| {
        let mut queue = InputQueue::new(capacity, moving);
        (0..before.min(capacity)).for_each(|_| queue.enter(0));
        queue.begin(0, &CoreTime { arrivals: core.0, sweep: core.1, ..CoreTime::default() });
        queue
    })
}

fn expected(case: &Case) -> Receivers {
    let mut network = Network::new(&case.topology, &case.trees, &case.shape);
    let (mut receivers, mut injections, mut now) = (Receivers::new(case), case.injections.as_slice(), 0);
    while !injections.is_empty() || !network.is_empty() {
        let due = injections.partition_point(|injection| injection.at <= now);
        network.tick(now, &injections[..due], &mut receivers);
        injections = &injections[due..];
        now += 1;
        assert!(now < 1_000_000, "packets are stuck");
    }
    receivers.sorted()
}

fn seen(case: &Case, every_tick: bool) -> Receivers {
    let mut mesh = Mesh::new(&case.topology, &case.trees, Shape { every_tick, ..case.shape.clone() });
    let mut receivers = Receivers::new(case);
    mesh.run(0, u64::MAX, &case.injections, &mut receivers);
    assert!(mesh.is_at_rest(), "packets are stuck");
    receivers.sorted()
}

proptest! {
    #[test]
    fn every_copy_arrives_when_the_plain_network_says(case in case()) {
        let expected = expected(&case);
        prop_assert_eq!(&seen(&case, false), &expected);
        prop_assert_eq!(&seen(&case, true), &expected);
    }
}

#[test]
fn a_packet_that_ends_in_a_corner_returns_its_credit() {
    // 2×1 routers, one slot per buffer: each packet to the empty corner needs the credit of the one before.
    let mut arch: Arch = preset("loihi1").expect("a preset");
    (arch.mesh.width, arch.mesh.height, arch.mesh.chips) = (2, 1, (1, 1));
    let topology = Topology::new(&arch);
    let links = vec![30; 8];
    let (allocation, every_tick) = (Allocation::Combined, false);
    let shape =
        Shape { virtual_channels: 1, buffer: 1, local: 1, router: 2, interval: 1, links, allocation, every_tick };
    let mut trees = Trees::default();
    let corner = trees.plant(&topology, RouterId(0), &topology.path(RouterId(0), RouterId(1)), &[]);
    let there = trees.plant(&topology, RouterId(0), &topology.path(RouterId(0), RouterId(1)), &[(RouterId(1), 0)]);
    let keys = [corner, corner, there];
    let injections =
        (0..3).map(|i| Injection { at: 0, router: 0, local: 0, key: keys[i as usize], packet: i, flits: 1 });
    let queue = InputQueue::new(1 << 32, 1);
    let case = Case { topology, shape, trees, injections: injections.collect(), queue };
    // Every packet waits for a credit, 32 ticks there and 30 back; the last leaves the router 2 ticks after its arrival.
    let delivery = Delivery { at: 2 * (32 + 30) + 32 + 2, packet: 2, router: 1, local: 0 };
    assert_eq!(seen(&case, false).deliveries, [delivery]);
    assert_eq!(expected(&case).deliveries, [delivery]);
}
