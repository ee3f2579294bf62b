//! The network as plainly as it can be said: routers whose ports take turns.

use super::super::{
    mesh::{Delivery, Injection, Receiver, Routing, Shape},
    topology::Topology,
    tree::Trees,
};
use isa::{RouterId, arch::Allocation};
use std::collections::VecDeque;

#[derive(Clone, Copy)]
pub(super) struct Flit {
    pub(super) key: u32,
    pub(super) packet: u32,
    pub(super) index: u32,
    pub(super) last: u32,
    /// The dimension (0 row, 1 column) whose seam the packet has passed.
    pub(super) seam: Option<usize>,
}

#[derive(Clone, Default)]
pub(super) struct Input {
    pub(super) queue: VecDeque<Flit>,
    /// Outputs to serve for the flit in front; `None` before it has been looked at.
    pub(super) requests: Option<Vec<usize>>,
    /// Output and lane that the packet in transit keeps.
    pub(super) way: Option<(usize, usize)>,
}

#[derive(Clone)]
pub(super) struct Router {
    pub(super) inputs: Vec<Input>,
    pub(super) input_free: Vec<u64>,
    pub(super) output_free: Vec<u64>,
    pub(super) next_channel: Vec<usize>,
    pub(super) next_input: Vec<usize>,
    /// By port and lane.
    pub(super) credits: Vec<Vec<usize>>,
    pub(super) taken: Vec<Vec<bool>>,
    /// Speculative allocation: by port and lane the channel, by channel the lane of all, by input the output to begin with.
    pub(super) first_channel: Vec<Vec<usize>>,
    pub(super) first_lane: Vec<usize>,
    pub(super) first_output: Vec<usize>,
}

pub(super) struct Network<'a> {
    pub(super) topology: &'a Topology,
    pub(super) routing: &'a Trees,
    pub(super) shape: &'a Shape,
    pub(super) routers: Vec<Router>,
    /// (tick, router, channel, flit)
    pub(super) flying: Vec<(u64, usize, usize, Flit)>,
    /// (tick, router, port, lane)
    pub(super) returning: Vec<(u64, usize, usize, usize)>,
}

impl<'a> Network<'a> {
    pub(super) fn new(topology: &'a Topology, routing: &'a Trees, shape: &'a Shape) -> Self {
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

    pub(super) fn input_of(&self, channel: usize) -> usize {
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
    pub(super) fn seam_after(&self, router: usize, port: usize, flit: Flit) -> Option<usize> {
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
    pub(super) fn pass(&mut self, now: u64, router: usize, bid: (usize, usize, usize), to: &mut impl Receiver) {
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

    pub(super) fn tick(&mut self, now: u64, injected: &[Injection], to: &mut impl Receiver) {
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

    pub(super) fn is_empty(&self) -> bool {
        let inputs = || self.routers.iter().flat_map(|router| &router.inputs);
        self.flying.is_empty() && self.returning.is_empty() && inputs().all(|input| input.queue.is_empty())
    }
}
