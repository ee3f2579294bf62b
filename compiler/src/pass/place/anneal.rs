//! Refines a placement by simulated annealing (Kirkpatrick et al. 1983) with exact incremental costs.
//!
//! `J = Σ_net w·(cost of its links) + κ·max link load`, κ = n_links/50: the mean load of a link plus a fiftieth of the
//! largest, in units of all links. A move swaps the contents of two slots; only nets at the moved clusters are routed
//! again. A worsening by Δ at temperature T is accepted with probability `1/(1 + d + d²/2 + d³/6)`, d = Δ/T, which is
//! e^(−d) for small d and needs no transcendental function, so the outcome is the same on every machine. The number of
//! moves is fixed beforehand, from what the first ones take; the clock plays no part.
//!
//! Where every destination gets a packet of its own, a net costs what its pairs of source and destination cost, and equal pairs
//! of several nets are one *flow*: a move then looks at the cores that a cluster talks to, not at everything that its partners
//! send to others.

use super::{
    load::Loads,
    region::{Compatible, Region},
    seed::below,
};
use crate::{
    mesh::{Link, Mesh},
    nets::Net,
    observe::Advance,
    partition::ClusterId,
};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use std::{borrow::Cow, collections::BTreeMap};

/// Settings of the annealing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Seed of the random numbers.
    pub seed: u64,
    /// Moves tried per cluster, at most [`MOST_MOVES`] on a walk.
    pub moves_per_cluster: u32,
    /// Most looks at a flow altogether; moves are fewer where each takes many.
    pub most_work: u64,
}

impl Schedule {
    /// Moves tried on a walk.
    fn moves(&self, clusters: usize) -> u64 {
        (u64::from(self.moves_per_cluster) * clusters as u64).min(MOST_MOVES)
    }
}

/// Most moves tried on a walk.
pub const MOST_MOVES: u64 = 1_600_000;

/// Looks at a flow that a placement takes at most: some seconds.
pub const MOST_WORK: u64 = 1_000_000_000;

/// What is placed: the nets of clusters, and the slots that they may take.
#[derive(Clone, Copy)]
pub(super) struct Problem<'a> {
    pub(super) mesh: &'a Mesh,
    pub(super) region: &'a Region,
    pub(super) nets: &'a [Net],
    pub(super) compatible: &'a Compatible,
}

/// Moves altogether of a search that tries several walks, and the most walks.
const WALKS: (u64, u64) = (100_000, 4);

/// Moves of a walk from which on others are worth their time.
const WORTH: u64 = 5_000;

/// A better `slots[cluster]` than `start` and than all `others`, or the best of them. Where walks are short they end in one of many
/// minima, and the best of several is taken. Of the others the cheapest is refined if it costs less than that.
pub(super) fn anneal(
    problem: &Problem<'_>,
    start: Vec<usize>,
    others: Vec<Vec<usize>>,
    schedule: Schedule,
    advance: Advance<'_>,
) -> Vec<usize> {
    if start.len() < 2 && problem.region.slots.len() < 2 {
        return start;
    }
    let n_moves = schedule.moves(start.len());
    let walks = if n_moves < WORTH { 1 } else { (WALKS.0 / n_moves).clamp(1, WALKS.1) };
    let mut walk = |slots: Vec<usize>, walk: u64| {
        let schedule = Schedule { seed: schedule.seed.wrapping_add(walk << 32), ..schedule };
        refine(problem, slots, schedule, &mut |round, of| advance(walk.min(walks - 1) * of + round, walks * of))
    };
    let ends = (0..walks).map(|i| walk(start.clone(), i));
    // The first of equal ones.
    let best = ends.reduce(|best, end| if end.0 < best.0 { end } else { best }).expect("at least one walk");
    let cost = |slots: Vec<usize>| {
        let state = State::new(problem, slots);
        (state.cost(), state.slots)
    };
    let other = others.into_iter().map(cost).min_by(|a, b| a.0.total_cmp(&b.0));
    match other {
        Some((cost, slots)) if cost < best.0 => walk(slots, 0).1,
        _ => best.1,
    }
}

/// The cheapest placement on a walk from `start`, with its cost.
fn refine(problem: &Problem<'_>, start: Vec<usize>, schedule: Schedule, advance: Advance<'_>) -> (f64, Vec<usize>) {
    let &Problem { region, compatible, .. } = problem;
    let mut state = State::new(problem, start);
    let mut rng = ChaCha8Rng::seed_from_u64(schedule.seed);
    let n_moves = schedule.moves(state.slots.len());
    let n_probes = 200.min(n_moves);
    // The first temperature follows from the size of typical changes around the starting point.
    let (mut change, mut looks) = (0.0, 0);
    for _ in 0..n_probes {
        if let Some(swap) = state.propose(&mut rng, compatible, 3) {
            let before = state.cost();
            state.make(swap);
            change += (state.cost() - before).abs();
            looks += state.affected.len() as u64;
            state.unmake(swap);
        }
    }
    let n_moves = n_moves.min(schedule.most_work.saturating_mul(n_probes) / looks.max(1));
    let first = 0.05 * change / n_probes.max(1) as f64;
    if first == 0.0 {
        return (state.cost(), state.slots);
    }
    let mut best = (state.cost(), state.slots.clone());
    // Temperature falls by a constant factor per round, to a tenth of the first: below that nothing more is accepted.
    const ROUNDS: u64 = 100;
    let cooling = 0.977_237_2;
    let mut temperature = first;
    for round in 0..ROUNDS {
        // Moves shorten from a quarter of the mesh to neighbouring routers.
        let side = u64::from(region.size.0.max(region.size.1));
        let reach = (side * (ROUNDS - round) / (4 * ROUNDS)).max(1) as i64 + 1;
        for _ in 0..n_moves.div_ceil(ROUNDS) {
            let Some(swap) = state.propose(&mut rng, compatible, reach) else { continue };
            let u = (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
            state.try_swap(swap, |delta| {
                let d = delta / temperature;
                d <= 0.0 || u * (1.0 + d + d * d / 2.0 + d * d * d / 6.0) < 1.0
            });
        }
        if state.cost() < best.0 {
            best = (state.cost(), state.slots.clone());
        }
        temperature *= cooling;
        advance(round + 1, ROUNDS);
    }
    best
}

/// Two slots whose clusters change places.
#[derive(Clone, Copy)]
struct Pair {
    a: usize,
    b: usize,
}

struct State<'a> {
    mesh: &'a Mesh,
    nets: &'a [Net],
    /// Columns and rows of the region, and cores per router.
    size: (u32, u32),
    per_router: usize,
    /// Position of each slot.
    at: Vec<(u32, u32)>,
    slots: Vec<usize>,
    /// Position of each cluster: `at[slots[cluster]]`.
    positions: Vec<(u32, u32)>,
    occupant: Vec<Option<u32>>,
    /// Nets at each cluster, of which partners are taken.
    incident: Vec<Vec<u32>>,
    /// What is routed: the nets, or their pairs where each is routed alone.
    flows: Cow<'a, [Net]>,
    /// Flows at each cluster.
    flowing: Vec<Vec<u32>>,
    /// Cost of the links of each flow.
    costs: Vec<u64>,
    loads: Loads,
    /// The links with the largest load, and which of them (the first 64) each flow travels, where that is known for them.
    busiest: Vec<Link>,
    on_busiest: Vec<u64>,
    known: Vec<u32>,
    epoch: u32,
    /// Σ weight × link cost.
    total: u64,
    kappa: f64,
    // Scratch of a move: the flows that it changes and their new costs, the pending change of loads, the change made last.
    affected: Vec<u32>,
    new_costs: Vec<u64>,
    stamp: Vec<u32>,
    now: u32,
    delta: Vec<i64>,
    touched: Vec<usize>,
    marked: Vec<bool>,
    made: Vec<(usize, i64)>,
    columns: Vec<(u32, u32, u32)>,
}

impl<'a> State<'a> {
    fn new(problem: &Problem<'a>, slots: Vec<usize>) -> Self {
        let &Problem { mesh, region, nets, .. } = problem;
        let at: Vec<(u32, u32)> = region.slots.iter().map(|&core| mesh.position(core)).collect();
        let mut occupant = vec![None; at.len()];
        for (cluster, &slot) in slots.iter().enumerate() {
            occupant[slot] = Some(cluster as u32);
        }
        let incident = by_cluster(nets, slots.len());
        let flows = if mesh.is_unicast() { Cow::Owned(pairs(nets)) } else { Cow::Borrowed(nets) };
        let flowing = if mesh.is_unicast() { by_cluster(&flows, slots.len()) } else { incident.clone() };
        let mut state = Self {
            mesh,
            nets,
            per_router: at.len() / (region.size.0 * region.size.1) as usize,
            size: region.size,
            positions: slots.iter().map(|&slot| at[slot]).collect(),
            at,
            slots,
            occupant,
            incident,
            costs: vec![0; flows.len()],
            loads: Loads::new(mesh.n_links()),
            busiest: Vec::new(),
            on_busiest: vec![0; flows.len()],
            known: vec![0; flows.len()],
            epoch: 1,
            total: 0,
            kappa: region.kappa(),
            affected: (0..flows.len() as u32).collect(),
            new_costs: Vec::new(),
            stamp: vec![0; flows.len()],
            now: 0,
            delta: vec![0; mesh.n_links()],
            touched: Vec::new(),
            marked: vec![false; mesh.n_links()],
            made: Vec::new(),
            columns: Vec::new(),
            flows,
            flowing,
        };
        // The first routes are a change of all nets from no links.
        let links = state.change_of_links();
        state.shift(1);
        state.settle();
        state.keep();
        debug_assert_eq!(i64::try_from(state.total), Ok(links));
        state
    }

    fn cost(&self) -> f64 {
        self.total as f64 + self.kappa * self.loads.max() as f64
    }

    /// A cluster and a slot near it (at most `reach` routers away in each direction) or, every other time, next to a
    /// cluster that it shares a net with; nothing if the swap is not allowed.
    fn propose(&self, rng: &mut ChaCha8Rng, compatible: &Compatible, reach: i64) -> Option<Pair> {
        let cluster = below(rng, self.slots.len());
        let from = self.slots[cluster];
        let partner = match self.incident[cluster].as_slice() {
            nets if !nets.is_empty() && below(rng, 2) == 0 => {
                let net = &self.nets[nets[below(rng, nets.len())] as usize];
                let end = below(rng, net.dst.len() + 1);
                net.dst.get(end).or(net.src.as_ref()).filter(|c| c.0 as usize != cluster)
            }
            _ => None,
        };
        let ((x, y), reach) = match partner {
            Some(partner) => (self.at[self.slots[partner.0 as usize]], 1),
            None => (self.at[from], reach),
        };
        let shifted = |rng: &mut ChaCha8Rng, v: u32, n: u32| {
            let offset = below(rng, (2 * reach + 1) as usize) as i64 - reach;
            (i64::from(v) + offset).clamp(0, i64::from(n) - 1) as usize
        };
        let (tx, ty) = (shifted(rng, x, self.size.0), shifted(rng, y, self.size.1));
        let to = (ty * self.size.0 as usize + tx) * self.per_router + below(rng, self.per_router);
        let allowed = self.at[to] != self.at[from]
            && compatible.allows(cluster as u32, to)
            && self.occupant[to].is_none_or(|other| compatible.allows(other, from));
        allowed.then_some(Pair { a: from, b: to })
    }

    /// Swaps two slots if `accept(ΔJ)`.
    ///
    /// Most moves are refused for a lower bound of ΔJ in closed form; only the others are routed.
    fn try_swap(&mut self, pair: Pair, accept: impl Fn(f64) -> bool) {
        let Pair { a, b } = pair;
        self.gather(a, b);
        self.look();
        self.swap(a, b);
        let links = self.change_of_links() as f64;
        let refused = !accept(links) && !accept(links - self.kappa * self.relief() as f64);
        self.swap(a, b);
        if refused {
            return;
        }
        let before = self.cost();
        self.make(pair);
        if accept(self.cost() - before) {
            self.keep();
        } else {
            self.unmake(pair);
        }
    }

    /// Swaps two slots and routes the affected flows again.
    fn make(&mut self, Pair { a, b }: Pair) {
        self.gather(a, b);
        self.shift(-1);
        self.swap(a, b);
        self.shift(1);
        self.settle();
    }

    /// Makes the pending change of loads real.
    fn settle(&mut self) {
        self.made.clear();
        for link in self.touched.drain(..) {
            let delta = std::mem::take(&mut self.delta[link]);
            self.marked[link] = false;
            if delta != 0 {
                self.made.push((link, delta));
            }
        }
        self.load(1);
    }

    /// Undoes the swap made last.
    fn unmake(&mut self, Pair { a, b }: Pair) {
        self.load(-1);
        self.swap(a, b);
    }

    /// The swap made last stays: costs and busiest links are brought up to date.
    fn keep(&mut self) {
        for (&flow, &cost) in self.affected.iter().zip(&self.new_costs) {
            self.costs[flow as usize] = cost;
            self.known[flow as usize] = 0;
        }
        let mut busiest = Vec::new();
        self.loads.heaviest(&mut busiest);
        let busiest: Vec<Link> = busiest.into_iter().map(|link| self.mesh.link(link)).collect();
        if busiest != self.busiest {
            self.epoch += 1;
            self.busiest = busiest;
        }
    }

    /// Finds out which of the busiest links the affected flows travel, where that is not known.
    fn look(&mut self) {
        let mut found = std::mem::take(&mut self.on_busiest);
        let mut known = std::mem::take(&mut self.known);
        for &flow in self.affected.iter().filter(|&&flow| known[flow as usize] != self.epoch) {
            let (src, dst) = self.ends(flow);
            let links = self.busiest.iter().take(64).enumerate();
            found[flow as usize] = links.map(|(i, link)| u64::from(link.is_on_route(src, dst.clone())) << i).sum();
        }
        for &flow in &self.affected {
            known[flow as usize] = self.epoch;
        }
        (self.on_busiest, self.known) = (found, known);
    }

    /// Change of the weighted links of the affected flows against their last known costs.
    fn change_of_links(&mut self) -> i64 {
        let mut change = 0;
        self.new_costs.clear();
        for &flow in &self.affected {
            let ends = &self.flows[flow as usize];
            let position = |c: &ClusterId| self.positions[c.0 as usize];
            let src = ends.src.as_ref().map_or((0, 0), position);
            let cost = self.mesh.route_cost(src, ends.dst.iter().map(position), &mut self.columns);
            change += ends.weight as i64 * (cost as i64 - self.costs[flow as usize] as i64);
            self.new_costs.push(cost);
        }
        change
    }

    fn gather(&mut self, a: usize, b: usize) {
        self.now += 1;
        self.affected.clear();
        for cluster in [self.occupant[a], self.occupant[b]].into_iter().flatten() {
            for &flow in &self.flowing[cluster as usize] {
                if self.stamp[flow as usize] != self.now {
                    self.stamp[flow as usize] = self.now;
                    self.affected.push(flow);
                }
            }
        }
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.occupant.swap(a, b);
        for slot in [a, b] {
            if let Some(cluster) = self.occupant[slot] {
                self.slots[cluster as usize] = slot;
                self.positions[cluster as usize] = self.at[slot];
            }
        }
    }

    /// Positions of the source and of the destinations of a flow; the input enters at router 0.
    fn ends(&self, flow: u32) -> ((u32, u32), impl Iterator<Item = (u32, u32)> + Clone) {
        let net = &self.flows[flow as usize];
        let position = |c: &ClusterId| self.positions[c.0 as usize];
        (net.src.as_ref().map_or((0, 0), position), net.dst.iter().map(position))
    }

    /// How much the largest load falls at most by the affected flows' new routes: no further than to what remains on any of
    /// the links that have it now.
    fn relief(&self) -> u64 {
        if self.busiest.len() > 64 {
            return self.loads.max();
        }
        let all = u64::MAX >> (64 - self.busiest.len().max(1));
        if self.affected.iter().fold(0, |travelled, &flow| travelled | self.on_busiest[flow as usize]) != all {
            return 0;
        }
        let left = |i: usize, link: Link| -> i64 {
            let moved = |&flow: &u32| {
                let (src, dst) = self.ends(flow);
                let before = self.on_busiest[flow as usize] >> i & 1;
                self.flows[flow as usize].weight as i64 * (before as i64 - i64::from(link.is_on_route(src, dst)))
            };
            self.affected.iter().map(moved).sum()
        };
        let least = self.busiest.iter().enumerate().map(|(i, &link)| left(i, link)).min();
        least.unwrap_or(0).max(0) as u64
    }

    /// Adds the links of the affected flows `sign` times to the pending change of loads.
    fn shift(&mut self, sign: i64) {
        for &flow in &self.affected {
            let net = &self.flows[flow as usize];
            let position = |c: &ClusterId| self.positions[c.0 as usize];
            let src = net.src.as_ref().map_or((0, 0), position);
            let weight = sign * net.weight as i64;
            let (delta, touched, marked) = (&mut self.delta, &mut self.touched, &mut self.marked);
            self.mesh.route(src, net.dst.iter().map(position), &mut self.columns, |link| {
                if !marked[link] {
                    marked[link] = true;
                    touched.push(link);
                }
                delta[link] += weight;
            });
        }
    }

    /// Adds the change made last `sign` times to the loads and to the total.
    fn load(&mut self, sign: i64) {
        for &(link, delta) in &self.made {
            let load = self.loads.at(link).checked_add_signed(sign * delta).expect("a link sheds only what it carries");
            self.loads.set(link, load);
            let change = sign * delta * self.mesh.link_cost(link) as i64;
            self.total = self.total.checked_add_signed(change).expect("the total is a sum of loads");
        }
    }
}

/// The nets that each cluster is an end of.
fn by_cluster(nets: &[Net], clusters: usize) -> Vec<Vec<u32>> {
    let mut incident = vec![Vec::new(); clusters];
    for (i, net) in nets.iter().enumerate() {
        let mut ends: Vec<u32> = net.src.iter().chain(&net.dst).map(|c| c.0).collect();
        ends.sort_unstable();
        ends.dedup();
        for end in ends {
            incident[end as usize].push(i as u32);
        }
    }
    incident
}

/// The pairs of source and destination of all nets, each once; those on one core need no route.
fn pairs(nets: &[Net]) -> Vec<Net> {
    let mut weights: BTreeMap<(Option<ClusterId>, ClusterId), u64> = BTreeMap::new();
    for net in nets {
        for &dst in net.dst.iter().filter(|&&dst| net.src != Some(dst)) {
            *weights.entry((net.src, dst)).or_default() += net.weight;
        }
    }
    weights.into_iter().map(|((src, dst), weight)| Net { src, dst: vec![dst], weight }).collect()
}
