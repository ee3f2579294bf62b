//! The flit-level network once more, as plainly as it can be said: every router in every tick, flits in queues, credits as
//! numbers. It shares geometry and routing trees with `mesh`, no line of it, and must deliver every copy in the same tick,
//! into queues of any size.

mod plain;
mod speculate;

use super::{
    mesh::{Delivery, Injection, Mesh, Receiver, Shape},
    topology::Topology,
    tree::Trees,
};
use crate::{core::queue::InputQueue, timing::CoreTime};
use isa::{
    Arch, RouterId,
    arch::{Allocation, preset::preset},
};
use plain::Network;
use proptest::prelude::*;

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
