//! A Latin hypercube, then the neighbours of the front: from each point that no other dominates, one value up and down on each axis,
//! until a round has nothing new.

use super::{Allowed, Ask, Genome, Told, plain::Once};
use crate::answer::pareto::front;
use std::collections::BTreeSet;

pub(super) struct Refined<'a> {
    sizes: Vec<usize>,
    allowed: Allowed<'a>,
    next: Vec<Genome>,
    rounds: usize,
    asked: BTreeSet<Genome>,
    known: Vec<(Genome, Vec<f64>)>,
}

impl<'a> Refined<'a> {
    pub(super) fn new(sizes: Vec<usize>, (points, rounds, seed): (usize, usize, u64), allowed: Allowed<'a>) -> Self {
        let next = Once::hypercube(&sizes, points, seed, &allowed).points();
        Self { sizes, allowed, next, rounds, asked: BTreeSet::new(), known: Vec::new() }
    }
}

impl Ask for Refined<'_> {
    fn ask(&mut self) -> Vec<Genome> {
        let next = std::mem::take(&mut self.next);
        self.asked.extend(next.iter().cloned());
        next
    }

    fn tell(&mut self, round: &[Told]) {
        self.known.extend(round.iter().filter_map(|(genome, costs)| Some((genome.clone(), costs.clone()?))));
        if self.rounds == 0 {
            return;
        }
        self.rounds -= 1;
        let costs: Vec<&[f64]> = self.known.iter().map(|(_, costs)| costs.as_slice()).collect();
        let mut next = BTreeSet::new();
        for i in front(&costs) {
            for axis in 0..self.sizes.len() {
                for step in [-1isize, 1] {
                    let mut genome = self.known[i].0.clone();
                    let Some(value) = genome[axis].checked_add_signed(step).filter(|&v| v < self.sizes[axis]) else {
                        continue;
                    };
                    genome[axis] = value;
                    if !self.asked.contains(&genome) && (self.allowed)(&genome) {
                        next.insert(genome);
                    }
                }
            }
        }
        self.next = next.into_iter().collect();
    }

    fn learns(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_neighbours_of_the_front_lead_to_the_least() {
        let mut sampler = Refined::new(vec![40, 40], (10, 60, 1), Box::new(|_| true));
        let (mut best, mut evaluated) = (f64::INFINITY, 0);
        loop {
            let round = sampler.ask();
            if round.is_empty() {
                break;
            }
            evaluated += round.len();
            let cost = |g: &Genome| (g[0] as f64 - 31.0).powi(2) + (g[1] as f64 - 7.0).powi(2);
            best = round.iter().map(cost).fold(best, f64::min);
            let told: Vec<Told> = round.into_iter().map(|g| (g.clone(), Some(vec![cost(&g)]))).collect();
            sampler.tell(&told);
        }
        assert!(best == 0.0 && evaluated < 400, "{best} after {evaluated}");
    }
}
