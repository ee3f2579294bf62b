//! The closed form of [`super::demand`] and [`super::passage`] under load: against the flits, against its own bound, and against itself with longer times and
//! more packets. Cases are random meshes and tori of up to 8×8 routers with up to 4 cores each, whose packets of 1, 2 or 4 flits go to
//! one core or fork to several; most of them wait.

use super::{
    analytic::NocCosts,
    demand::{Burst, Demand, Pace},
    mesh::{Delivery, Injection, Mesh, Shape, link_ticks},
    topology::{LinkId, Topology},
    tree::Trees,
    ways::Ways,
};
use isa::{
    Arch, RouterId,
    arch::{Allocation, preset::preset},
};

/// A multiplicative congruential generator (Lehmer 1951).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n.max(1)
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

/// A kind of packet: its way and receivers.
#[derive(Clone)]
struct Kind {
    from: RouterId,
    links: Vec<LinkId>,
    receivers: Vec<(RouterId, u32)>,
}

/// A core that sends: from when on, ticks for a packet, and how many of each kind, in turns.
#[derive(Clone)]
struct Sender {
    from: (RouterId, u32),
    start: u64,
    emit: u64,
    packets: Vec<(u32, u64)>,
}

#[derive(Clone)]
struct Case {
    costs: NocCosts,
    local: usize,
    kinds: Vec<Kind>,
    senders: Vec<Sender>,
}

impl Case {
    fn random(seed: u64) -> Self {
        let mut r = Random(seed.wrapping_mul(7919).wrapping_add(13));
        let mut arch: Arch = preset("loihi1").expect("a preset");
        let (width, height) = (r.pick(&[1, 2, 4, 5, 8]), r.pick(&[1, 1, 2, 4, 8]));
        let (torus, local) = (r.below(6) == 0, r.pick(&[1_u32, 1, 2, 4]));
        arch.mesh.chips = (1, 1);
        (arch.mesh.width, arch.mesh.height, arch.mesh.torus) = (width, height, torus);
        let flits = r.pick(&[1, 1, 1, 1, 2, 4]);
        let times = [(2, 1, 1), (2, 1, 1), (21, 41, 3), (21, 41, 3), (5, 5, 2), (1, 10, 4), (10, 2, 20), (4, 4, 10)];
        let (router, link, interval) = r.pick(&times);
        let costs = NocCosts {
            flits,
            interval,
            router,
            east_west: link,
            north_south: link,
            chip: link,
            virtual_channels: r.pick(&[1, 2, 2, 4]).max(1 + u64::from(torus)),
            buffer: r.pick(&[1, 2, 4, 4, 8, 16]),
            topology: Topology::new(&arch),
        };
        let cores = u64::from(width * height * local);
        let place = |core: u64| (RouterId((core / u64::from(local)) as u32), (core % u64::from(local)) as u32);
        let (fork, pattern) = (flits == 1 && r.below(3) == 0, r.below(5));
        let (size, emit, spread) = (r.pick(&[5, 20, 100]), r.pick(&[1, 1, 3, 10, 51]), r.pick(&[0, 0, 10, 100]));
        let hot: Vec<u64> = (0..=r.below(4)).map(|_| r.below(cores)).collect();
        let (mut kinds, mut senders) = (Vec::new(), Vec::new());
        for core in (0..cores).take(1 + r.below(cores) as usize) {
            let mut to: Vec<u64> = match pattern {
                0 => vec![hot[0]],
                1 => hot.clone(),
                2 => vec![(core + 1) % cores, (core + 2) % cores],
                _ => (0..=r.below(6)).map(|_| r.below(cores)).collect(),
            };
            to.sort_unstable();
            to.dedup();
            let groups: Vec<Vec<u64>> = if fork { vec![to] } else { to.into_iter().map(|core| vec![core]).collect() };
            let n = 1 + r.below(size);
            let mut packets = Vec::new();
            for group in groups {
                let receivers: Vec<(RouterId, u32)> = group.into_iter().map(place).collect();
                let from = place(core).0;
                let links = costs.topology.tree(from, receivers.iter().map(|&(router, _)| router));
                packets.push((kinds.len() as u32, n));
                kinds.push(Kind { from, links, receivers });
            }
            senders.push(Sender { from: place(core), start: r.below(spread * size / 10 + 1), emit, packets });
        }
        Self { costs, local: local as usize + 1, kinds, senders }
    }

    /// When the last packet has arrived, in closed form.
    fn closed(&self, pace: Pace) -> u64 {
        let mut ways = Ways::new(&self.costs);
        self.kinds.iter().for_each(|kind| ways.add(&self.costs, kind.from, &kind.links, &kind.receivers));
        let mut bursts = Vec::new();
        for (sender, s) in (1..).zip(&self.senders) {
            let emission = s.emit * s.packets.iter().map(|&(_, n)| n).sum::<u64>();
            let burst = |&(packet, n)| Burst { sender, start: s.start, emission, emit: s.emit, packet, n };
            bursts.extend(s.packets.iter().map(burst));
        }
        let mut demand = Demand::new(&ways);
        for burst in &bursts {
            demand.add(&ways, burst);
        }
        let end = demand.end(&ways, bursts.iter().copied(), pace);
        assert_eq!(demand.end(&ways, bursts.iter().copied(), pace), end, "asking changes nothing");
        end
    }

    /// The same, flit by flit.
    fn flits(&self) -> u64 {
        let NocCosts { topology, router, interval, .. } = &self.costs;
        let mut trees = Trees::default();
        let plant = |kind: &Kind| trees.plant(topology, kind.from, &kind.links, &kind.receivers);
        let keys: Vec<u32> = self.kinds.iter().map(plant).collect();
        let shape = Shape {
            virtual_channels: self.costs.virtual_channels as usize,
            buffer: self.costs.buffer as usize,
            local: self.local,
            router: *router,
            interval: *interval,
            links: link_ticks(topology, |link| self.costs.link(link)),
            allocation: Allocation::Combined,
            every_tick: false,
        };
        let mut injections = Vec::new();
        for s in &self.senders {
            let mut at = s.start;
            for _ in 0..s.packets[0].1 {
                for &(kind, _) in &s.packets {
                    at += s.emit;
                    let (key, flits) = (keys[kind as usize], self.costs.flits as u32);
                    injections.push(Injection { at, router: s.from.0.0, local: s.from.1, key, packet: 0, flits });
                }
            }
        }
        injections.sort_by_key(|injection| injection.at);
        (0..).zip(&mut injections).for_each(|(i, injection)| injection.packet = i);
        let mut last = 0;
        Mesh::new(topology, &trees, shape)
            .run(0, u64::MAX, &injections, &mut |copy: Delivery| last = last.max(copy.at));
        last
    }

    /// The case with one time or load made larger, in words.
    fn grown(&self, r: &mut Random) -> (Self, &'static str) {
        let (mut case, by) = (self.clone(), 1 + r.below(60));
        let s = r.below(case.senders.len() as u64) as usize;
        let what = match r.below(8) {
            0 => (case.costs.router += by, "router").1,
            1 => (case.costs.east_west += by, "east-west links").1,
            2 => (case.costs.north_south += by, "north-south links").1,
            3 => (case.costs.interval += by, "flit interval").1,
            4 => (case.senders[s].start += by, "a start").1,
            5 => (case.senders.iter_mut().for_each(|s| s.emit += by), "emission").1,
            6 => (case.senders[s].emit += by, "emission of one").1,
            _ => {
                let kind = r.below(case.senders[s].packets.len() as u64) as usize;
                (case.senders[s].packets[kind].1 += by, "packets").1
            }
        };
        (case, what)
    }
}

#[test]
fn no_time_and_no_load_makes_the_end_come_earlier() {
    let mut r = Random(3);
    for seed in 0..300 {
        let case = Case::random(seed);
        for pace in [Pace::Expected, Pace::Proven] {
            let end = case.closed(pace);
            for _ in 0..10 {
                let (grown, what) = case.grown(&mut r);
                let later = grown.closed(pace);
                assert!(later >= end, "case {seed}, {pace:?}: {what} grew, the end fell from {end} to {later}");
            }
        }
    }
}

#[test]
fn flits_take_no_less_than_the_bound_and_the_expectation_is_never_below_it() {
    let (mut within, mut waiting, mut ratios) = (0, 0, Vec::new());
    for seed in 0..250 {
        let case = Case::random(seed);
        let (bound, expected, flits) = (case.closed(Pace::Proven), case.closed(Pace::Expected), case.flits());
        assert!(bound <= flits, "case {seed}: {bound} are proven, {flits} flit by flit");
        assert!(bound <= expected, "case {seed}: {bound} are proven, {expected} expected");
        let mut free = case.clone();
        free.costs.interval = 0;
        (free.costs.buffer, free.costs.virtual_channels) = (1 << 20, 1 << 10);
        if flits * 10 > free.closed(Pace::Expected) * 11 {
            waiting += 1;
            let ratio = expected as f64 / flits as f64;
            ratios.push(ratio);
            within += u32::from((0.9..=1.1).contains(&ratio));
        }
    }
    ratios.sort_by(f64::total_cmp);
    let at = |share: f64| ratios[((ratios.len() - 1) as f64 * share) as usize];
    println!("| congested cases | within 10 % | least | 5 % | median | 95 % | most |\n|---|---|---|---|---|---|---|");
    println!(
        "| {waiting} | {within} | {:.3} | {:.3} | {:.3} | {:.3} | {:.3} |",
        at(0.0),
        at(0.05),
        at(0.5),
        at(0.95),
        at(1.0)
    );
    assert!(waiting > 150 && within * 100 >= waiting * 80, "{within} of {waiting} within 10 %");
    assert!(at(0.0) > 0.6 && at(0.05) > 0.78 && at(1.0) < 1.25, "{:.3} to {:.3}", at(0.0), at(1.0));
}
