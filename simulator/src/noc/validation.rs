//! The flit-level network against BookSim2 (Jiang et al. 2013), against itself stepped in every tick, and against bounds.
//!
//! BookSim2, built from its sources (booksim/booksim2): 8×8 mesh, dimension order, speculative routers (`speculative = 1`,
//! `routing_delay = 0`; 3 cycles per hop, T0 = 3H + 5 = 20.75), one iteration of allocation, single-flit packets, Bernoulli
//! injection, uniform traffic including self, `sample_period = 4000`, latency from the source queue. `vc_allocator = islip` and
//! `sw_allocator = islip` are [`Allocation::Speculative`] here, `piggyback` with `separable_input_first` is
//! [`Allocation::Combined`]. A credit takes three cycles there (pipeline, link, `credit_delay = 1`) as it does here over a link of 3
//! with a router of 0, T0 = 3H. Queueing delay T − T0 is what is compared.

use super::{
    mesh::{Delivery, Injection, Mesh, Routing, Shape, link_ticks},
    topology::Topology,
};
use isa::{
    Arch, RouterId,
    arch::{Allocation, preset::preset},
};

/// Destination router as the key.
struct Xy(Topology);

impl Routing for Xy {
    fn outputs(&self, router: usize, key: u32) -> u64 {
        self.0.next_port(RouterId(router as u32), RouterId(key)).map_or(1 << 4, |port| 1 << port)
    }

    fn next(&self, key: u32, _port: usize) -> u32 {
        key
    }
}

/// A multiplicative congruential generator (Lehmer 1951): uniform in 0..1.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn mesh(side: u32, torus: bool) -> Topology {
    let mut arch: Arch = preset("loihi1").expect("a preset");
    (arch.mesh.width, arch.mesh.height, arch.mesh.chips, arch.mesh.torus) = (side, side, (1, 1), torus);
    Topology::new(&arch)
}

fn shape(topology: &Topology, virtual_channels: usize, buffer: usize) -> Shape {
    let links = link_ticks(topology, |_| 1);
    Shape {
        virtual_channels,
        buffer,
        local: 1,
        router: 2,
        interval: 1,
        links,
        allocation: Allocation::Combined,
        every_tick: false,
    }
}

#[derive(Clone, Copy, Debug)]
enum Traffic {
    Uniform,
    Transpose,
    BitComplement,
    Neighbour,
}

impl Traffic {
    fn destination(self, side: u32, from: u32, random: &mut Random) -> u32 {
        let (x, y) = (from % side, from / side);
        match self {
            Self::Uniform => (random.unit() * f64::from(side * side)) as u32,
            Self::Transpose => x * side + y,
            Self::BitComplement => side * side - 1 - from,
            Self::Neighbour => y * side + (x + 1) % side,
        }
    }
}

/// Bernoulli injections of `flits`-flit packets at `rate` flits per node and cycle, ascending in time.
fn injections(side: u32, traffic: Traffic, rate: f64, cycles: u64, flits: u32) -> Vec<Injection> {
    let mut random = Random(7);
    let mut all = Vec::new();
    for at in 0..cycles {
        for router in 0..side * side {
            if random.unit() < rate / f64::from(flits) {
                let key = traffic.destination(side, router, &mut random);
                all.push(Injection { at, router, local: 0, key, packet: all.len() as u32, flits });
            }
        }
    }
    all
}

/// Mean latency of the packets after a warm-up, and the throughput accepted in that time, in flits per node and cycle.
fn measure(side: u32, (vcs, buffer): (usize, usize), traffic: Traffic, rate: f64, flits: u32) -> (f64, f64) {
    let topology = mesh(side, false);
    measured(side, shape(&topology, vcs, buffer), traffic, rate, flits)
}

/// The same of a router as `shape` says.
fn measured(side: u32, shape: Shape, traffic: Traffic, rate: f64, flits: u32) -> (f64, f64) {
    let (warm, cycles) = (3000, 8000);
    let topology = mesh(side, false);
    let routing = Xy(topology.clone());
    let all = injections(side, traffic, rate, cycles, flits);
    let mut network = Mesh::new(&topology, &routing, shape);
    let (mut latency, mut n, mut accepted) = (0, 0_u64, 0_u64);
    let mut deliver = |delivery: Delivery| {
        let injected = all[delivery.packet as usize].at;
        if injected >= warm {
            latency += delivery.at - injected;
            n += 1;
        }
        accepted += u64::from((warm..cycles).contains(&delivery.at));
    };
    network.run(0, 200_000, &all, &mut deliver);
    assert!(network.is_at_rest(), "every flit is delivered and every credit returned: no deadlock");
    let throughput = accepted * u64::from(flits);
    (latency as f64 / n as f64, throughput as f64 / (cycles - warm) as f64 / f64::from(side * side))
}

/// Mean of 3·hops + 2 over all pairs, self included.
fn zero_load(side: u32) -> f64 {
    let (k, hops) = (f64::from(side), |k: f64| 2.0 * (k * k - 1.0) / (3.0 * k));
    3.0 * hops(k) + 2.0
}

/// Mean latencies that BookSim2 gives for a router.
struct BookSim {
    allocation: Allocation,
    vcs: usize,
    buffer: usize,
    /// At each of [`LOADS`].
    latencies: [f64; 4],
}

/// Flits offered by a node in a cycle.
const LOADS: [f64; 4] = [0.10, 0.20, 0.30, 0.34];

const BOOKSIM: [BookSim; 4] = [
    BookSim { allocation: Allocation::Combined, vcs: 4, buffer: 4, latencies: [21.04, 21.52, 22.84, 24.16] },
    BookSim { allocation: Allocation::Combined, vcs: 2, buffer: 4, latencies: [21.04, 21.52, 22.85, 24.35] },
    BookSim { allocation: Allocation::Speculative, vcs: 4, buffer: 4, latencies: [21.12, 21.80, 23.59, 25.35] },
    BookSim { allocation: Allocation::Speculative, vcs: 2, buffer: 4, latencies: [21.15, 21.90, 24.07, 26.80] },
];

#[test]
fn uniform_traffic_queues_as_in_booksim() {
    let page = include_str!("../../../docs/fidelity.md");
    let mut wrong = Vec::new();
    for BookSim { allocation, vcs, buffer, latencies } in BOOKSIM {
        for (rate, latency) in LOADS.into_iter().zip(latencies) {
            let mesh = mesh(8, false);
            let links = link_ticks(&mesh, |_| 3);
            let shape = Shape { allocation, router: 0, links, ..shape(&mesh, vcs, buffer) };
            let seen = measured(8, shape, Traffic::Uniform, rate, 1).0 - (zero_load(8) - 2.0);
            let expected = latency - 20.75;
            let line = format!("| `{allocation:?}` | {vcs} × {buffer} | {rate:.2} | {expected:.2} | {seen:.2} |");
            println!("{line}");
            // Of the delay, not of the whole latency, in which a network without contention would pass.
            let near = (seen - expected).abs() <= (0.15 * expected).max(0.1);
            if !near || !page.lines().any(|other| other == line) {
                wrong.push(line);
            }
        }
    }
    assert!(wrong.is_empty(), "too far from BookSim2, or not in docs/fidelity.md:\n{}", wrong.join("\n"));
}

#[test]
fn saturation_is_where_booksim_has_it() {
    // BookSim2, 4VC×4: 37.3 cycles at 0.40 and 451 at 0.42; 3·T0 = 62 at about 0.405. Within 5 %: 0.385 .. 0.425.
    let below = measure(8, (4, 4), Traffic::Uniform, 0.385, 1).0;
    let above = measure(8, (4, 4), Traffic::Uniform, 0.425, 1).0;
    println!("| 4VCx4 latency at 0.385 | {below:.1} |\n| at 0.425 | {above:.1} |");
    assert!(below < 3.0 * zero_load(8) && above > 3.0 * zero_load(8), "{below:.1} and {above:.1} cycles");
}

#[test]
fn an_overloaded_mesh_accepts_no_more_than_its_bisection() {
    for (side, bound) in [(4, 1.0), (8, 0.5)] {
        let (_, accepted) = measure(side, (4, 4), Traffic::Uniform, 1.0, 1);
        println!("| {side}x{side} accepted at offered 1.0 | {accepted:.3} | bound {bound} |");
        assert!(accepted <= bound && accepted > 0.6 * bound, "{accepted}");
    }
}

#[test]
fn patterns_saturate_at_their_busiest_link() {
    // (pattern, well below saturation, above the bound of its busiest link)
    for (traffic, low, high) in [(Traffic::Transpose, 0.11, 0.17), (Traffic::BitComplement, 0.19, 0.28)] {
        let base = measure(8, (2, 8), traffic, 0.01, 1).0;
        let (below, above) = (measure(8, (2, 8), traffic, low, 1).0, measure(8, (2, 8), traffic, high, 1).0);
        println!("| {traffic:?} | {base:.1} | {below:.1} at {low} | {above:.1} at {high} |");
        assert!(below < 1.6 * base && above > 3.0 * base, "{traffic:?}: {below:.1}, {above:.1}");
    }
    let (near, far) =
        (measure(8, (2, 8), Traffic::Neighbour, 0.1, 1).0, measure(8, (2, 8), Traffic::Neighbour, 0.9, 1).0);
    println!("| neighbour | {near:.1} at 0.1 | {far:.1} at 0.9 |");
    assert!((far - near).abs() < 1.0, "one hop east has a link of its own: {near:.1}, {far:.1}");
}

/// Deliveries of a run, sorted.
fn deliveries(topology: &Topology, shape: Shape, injections: &[Injection]) -> Vec<Delivery> {
    let routing = Xy(topology.clone());
    let mut network = Mesh::new(topology, &routing, shape);
    let mut all = Vec::new();
    network.run(0, u64::MAX, injections, &mut |delivery| all.push(delivery));
    assert!(network.is_at_rest());
    all.sort_unstable_by_key(|d| (d.packet, d.at));
    all
}

#[test]
fn skipping_idle_ticks_changes_nothing() {
    for (torus, interval, flits) in [(false, 1, 1), (false, 3, 1), (true, 2, 1), (false, 2, 4), (true, 1, 3)] {
        let topology = mesh(5, torus);
        let links = link_ticks(&topology, |link| 1 + u64::from(link.0 % 3));
        let fast = Shape { interval, links, ..shape(&topology, 4, 2) };
        let slow = Shape { every_tick: true, ..fast.clone() };
        // Bursts with long silences between them.
        let mut all = injections(5, Traffic::Uniform, 0.5, 40, flits);
        for injection in &mut all {
            injection.at += injection.at / 10 * 500;
        }
        let (fast, slow) = (deliveries(&topology, fast, &all), deliveries(&topology, slow, &all));
        assert_eq!(fast.len(), all.len(), "every packet arrives once");
        assert_eq!(fast, slow);
    }
}

#[test]
fn packets_alone_take_the_closed_form() {
    let topology = mesh(5, false);
    for (to, hops, flits) in [(0, 0, 1), (1, 1, 1), (24, 8, 1), (12, 4, 5)] {
        let one = Injection { at: 100, router: 0, local: 0, key: to, packet: 0, flits };
        let shape = Shape { interval: 2, ..shape(&topology, 2, 8) };
        let seen = deliveries(&topology, shape, &[one]);
        assert_eq!(seen[0].at - 100, hops * (2 + 1) + 2 + u64::from(flits - 1) * 2);
    }
}
