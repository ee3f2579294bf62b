//! Refines a placement by simulated annealing (Kirkpatrick et al. 1983) with exact incremental costs.
//!
//! `J = Σ_net w·(cost of its links) + κ·max link load`, κ = n_links/50: the mean load of a link plus a fiftieth of the
//! largest, in units of all links. A move swaps the contents of two slots; only nets at the moved clusters are routed
//! again. A worsening by Δ at temperature T is accepted with probability `1/(1 + d + d²/2 + d³/6)`, d = Δ/T, which is
//! e^(−d) for small d and needs no transcendental function, so the outcome is the same on every machine. The number of
//! moves is fixed beforehand; the clock plays no part.

use super::{
    load::Loads,
    region::{Compatible, Region},
    seed::below,
};
use crate::{mesh::Mesh, nets::Net};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// Settings of the annealing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Seed of the random numbers.
    pub seed: u64,
    /// Moves tried per cluster, at most [`MOST_MOVES`] altogether.
    pub moves_per_cluster: u32,
}

/// Most moves tried altogether.
pub const MOST_MOVES: u64 = 1_600_000;

/// Improves `slots[cluster]` in place.
pub(crate) fn anneal(
    mesh: &Mesh,
    region: &Region,
    nets: &[Net],
    compatible: &Compatible,
    slots: &mut Vec<usize>,
    schedule: Schedule,
) {
    if slots.len() < 2 && region.slots.len() < 2 {
        return;
    }
    let mut state = State::new(mesh, region, nets, std::mem::take(slots));
    let mut rng = ChaCha8Rng::seed_from_u64(schedule.seed);
    let n_moves = (u64::from(schedule.moves_per_cluster) * state.slots.len() as u64).min(MOST_MOVES);
    let n_probes = 200.min(n_moves);
    // The first temperature follows from the size of typical changes around the starting point.
    let mut change = 0.0;
    for _ in 0..n_probes {
        if let Some(swap) = state.propose(&mut rng, compatible, 3) {
            change += state.try_swap(swap, |_| false).abs();
        }
    }
    let first = 0.1 * change / n_probes.max(1) as f64;
    if first == 0.0 {
        *slots = state.slots;
        return;
    }
    let mut best = (state.cost(), state.slots.clone());
    // Temperature falls by a constant factor per round, to a thousandth of the first.
    const ROUNDS: u64 = 100;
    let cooling = 0.933_254_3;
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
    }
    *slots = best.1;
}

struct State<'a> {
    mesh: &'a Mesh,
    nets: &'a [Net],
    /// Position of each slot.
    at: Vec<(u32, u32)>,
    /// First slot of the router at each position of the region, and cores per router.
    size: (u32, u32),
    per_router: usize,
    slots: Vec<usize>,
    occupant: Vec<Option<u32>>,
    /// Nets at each cluster.
    incident: Vec<Vec<u32>>,
    loads: Loads,
    /// Σ weight × link cost.
    total: u64,
    kappa: f64,
    // Scratch of a move.
    delta: Vec<i64>,
    touched: Vec<usize>,
    marked: Vec<bool>,
    affected: Vec<u32>,
    stamp: Vec<u32>,
    now: u32,
    columns: Vec<(u32, u32, u32)>,
}

impl<'a> State<'a> {
    fn new(mesh: &'a Mesh, region: &Region, nets: &'a [Net], slots: Vec<usize>) -> Self {
        let at: Vec<(u32, u32)> = region.slots.iter().map(|&core| mesh.position(core)).collect();
        let mut occupant = vec![None; at.len()];
        for (cluster, &slot) in slots.iter().enumerate() {
            occupant[slot] = Some(cluster as u32);
        }
        let mut incident = vec![Vec::new(); slots.len()];
        for (i, net) in nets.iter().enumerate() {
            let mut ends: Vec<u32> = net.src.iter().chain(&net.dst).map(|c| c.0).collect();
            ends.sort_unstable();
            ends.dedup();
            for end in ends {
                incident[end as usize].push(i as u32);
            }
        }
        let (w, h) = region.size;
        let mut state = Self {
            mesh,
            nets,
            per_router: at.len() / (w * h) as usize,
            size: region.size,
            at,
            slots,
            occupant,
            incident,
            loads: Loads::new(mesh.n_links()),
            total: 0,
            kappa: region.kappa(),
            delta: vec![0; mesh.n_links()],
            touched: Vec::new(),
            marked: vec![false; mesh.n_links()],
            affected: Vec::new(),
            stamp: vec![0; nets.len()],
            now: 0,
            columns: Vec::new(),
        };
        for net in 0..nets.len() as u32 {
            state.shift(net, 1);
        }
        let change = state.apply();
        debug_assert!(change >= 0);
        state
    }

    fn cost(&self) -> f64 {
        self.total as f64 + self.kappa * self.loads.max() as f64
    }

    /// A cluster and a slot near it (at most `reach` routers away in each direction) or, every other time, next to a
    /// cluster that it shares a net with; nothing if the swap is not allowed.
    fn propose(&self, rng: &mut ChaCha8Rng, compatible: &Compatible, reach: i64) -> Option<(usize, usize)> {
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
        allowed.then_some((from, to))
    }

    /// Swaps two slots if `accept(ΔJ)`; returns ΔJ, or a lower bound of it that was already refused.
    fn try_swap(&mut self, (a, b): (usize, usize), accept: impl Fn(f64) -> bool) -> f64 {
        self.gather(a, b);
        let affected = std::mem::take(&mut self.affected);
        for &net in &affected {
            self.shift(net, -1);
        }
        self.swap(a, b);
        for &net in &affected {
            self.shift(net, 1);
        }
        self.affected = affected;
        let hops: i64 = self.touched.iter().map(|&link| self.delta[link] * self.mesh.link_cost(link) as i64).sum();
        // The maximum cannot fall unless a link that has it is relieved; a refusal on links alone then stands.
        let max = self.loads.max();
        let relieved = self.touched.iter().any(|&link| self.delta[link] < 0 && self.loads.at(link) == max);
        if !relieved && !accept(hops as f64) {
            self.forget();
            self.swap(a, b);
            return hops as f64;
        }
        let before = self.cost();
        self.apply();
        let change = self.cost() - before;
        if !accept(change) {
            for i in 0..self.affected.len() {
                self.shift(self.affected[i], -1);
            }
            self.swap(a, b);
            for i in 0..self.affected.len() {
                self.shift(self.affected[i], 1);
            }
            self.apply();
        }
        change
    }

    fn gather(&mut self, a: usize, b: usize) {
        self.now += 1;
        self.affected.clear();
        for cluster in [self.occupant[a], self.occupant[b]].into_iter().flatten() {
            for &net in &self.incident[cluster as usize] {
                if self.stamp[net as usize] != self.now {
                    self.stamp[net as usize] = self.now;
                    self.affected.push(net);
                }
            }
        }
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.occupant.swap(a, b);
        for slot in [a, b] {
            if let Some(cluster) = self.occupant[slot] {
                self.slots[cluster as usize] = slot;
            }
        }
    }

    /// Adds a net's links `sign` times to the pending change of loads.
    fn shift(&mut self, net: u32, sign: i64) {
        let net = &self.nets[net as usize];
        let position = |cluster: u32| self.at[self.slots[cluster as usize]];
        let src = net.src.map_or((0, 0), |c| position(c.0));
        let weight = sign * net.weight as i64;
        let (delta, touched, marked) = (&mut self.delta, &mut self.touched, &mut self.marked);
        self.mesh.route(src, net.dst.iter().map(|c| position(c.0)), &mut self.columns, |link| {
            if !marked[link] {
                marked[link] = true;
                touched.push(link);
            }
            delta[link] += weight;
        });
    }

    /// Makes the pending change of loads real; returns the change of the weighted links.
    fn apply(&mut self) -> i64 {
        let mut change = 0;
        for i in 0..self.touched.len() {
            let link = self.touched[i];
            let delta = std::mem::take(&mut self.delta[link]);
            self.marked[link] = false;
            if delta != 0 {
                let load = self.loads.at(link).checked_add_signed(delta).expect("a link sheds only what it carries");
                self.loads.set(link, load);
                change += delta * self.mesh.link_cost(link) as i64;
            }
        }
        self.touched.clear();
        self.total = self.total.checked_add_signed(change).expect("the total is a sum of loads");
        change
    }

    fn forget(&mut self) {
        for link in self.touched.drain(..) {
            self.delta[link] = 0;
            self.marked[link] = false;
        }
    }
}
