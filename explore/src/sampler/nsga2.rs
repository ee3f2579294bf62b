//! NSGA-II (Deb et al. 2002): a population is ranked by fronts and, within one, by crowding; the better of two parents, uniform
//! crossover and mutation of one axis in n make as many children; the best of both are the next population.
//!
//! Genomes are indices, so a mutation is a step to a neighbouring value or, half the time, any value. A point that cannot be costed
//! ranks behind all others.

use super::{Allowed, Ask, Genome, Told, below, plain::Once};
use crate::answer::pareto::fronts;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

pub(super) struct Nsga2<'a> {
    sizes: Vec<usize>,
    allowed: Allowed<'a>,
    size: usize,
    /// Generations to come.
    left: usize,
    rng: ChaCha8Rng,
    /// The population, the best first.
    parents: Vec<Told>,
    first: Vec<Genome>,
}

/// Draws of a child that the constraints do not allow, before a parent stands for it.
const TRIES: usize = 50;

impl<'a> Nsga2<'a> {
    pub(super) fn new(sizes: Vec<usize>, (size, generations): (usize, usize), seed: u64, allowed: Allowed<'a>) -> Self {
        let size = size.max(2);
        let first = Once::random(&sizes, size, seed, &allowed).points();
        let rng = ChaCha8Rng::seed_from_u64(seed ^ 0x6e73_6761);
        Self { sizes, allowed, size, left: generations, rng, parents: Vec::new(), first }
    }

    /// The better of two: the one that stands further in front.
    fn parent(&mut self) -> Genome {
        let n = self.parents.len();
        let (a, b) = (below(&mut self.rng, n), below(&mut self.rng, n));
        self.parents[a.min(b)].0.clone()
    }

    fn child(&mut self) -> Genome {
        for _ in 0..TRIES {
            let (mut child, other) = (self.parent(), self.parent());
            for (gene, other) in child.iter_mut().zip(other) {
                if below(&mut self.rng, 2) == 0 {
                    *gene = other;
                }
            }
            let axes = self.sizes.len();
            for (gene, &n) in child.iter_mut().zip(&self.sizes) {
                if below(&mut self.rng, axes) > 0 {
                    continue;
                }
                *gene = match below(&mut self.rng, 4) {
                    0 => gene.saturating_sub(1),
                    1 => (*gene + 1).min(n - 1),
                    _ => below(&mut self.rng, n),
                };
            }
            if (self.allowed)(&child) {
                return child;
            }
        }
        self.parent()
    }
}

impl Ask for Nsga2<'_> {
    fn ask(&mut self) -> Vec<Genome> {
        if self.left == 0 {
            return Vec::new();
        }
        self.left -= 1;
        if self.parents.is_empty() {
            return std::mem::take(&mut self.first);
        }
        (0..self.size).map(|_| self.child()).collect()
    }

    fn tell(&mut self, round: &[Told]) {
        let mut all = std::mem::take(&mut self.parents);
        for told in round {
            if !all.iter().any(|(genome, _)| *genome == told.0) {
                all.push(told.clone());
            }
        }
        let costed: Vec<usize> = (0..all.len()).filter(|&i| all[i].1.is_some()).collect();
        let costs: Vec<&[f64]> = costed.iter().filter_map(|&i| all[i].1.as_deref()).collect();
        let mut order: Vec<usize> = Vec::new();
        for front in fronts(&costs) {
            let mut crowded: Vec<(f64, usize)> =
                crowding(&front, &costs).into_iter().zip(front.iter().map(|&i| costed[i])).collect();
            crowded.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            order.extend(crowded.into_iter().map(|(_, i)| i));
        }
        order.extend((0..all.len()).filter(|&i| all[i].1.is_none()));
        order.truncate(self.size);
        self.parents = order.into_iter().map(|i| all[i].clone()).collect();
    }

    fn learns(&self) -> bool {
        true
    }
}

/// Room around each point of a front: the sum over objectives of the distance between its neighbours.
fn crowding(front: &[usize], costs: &[&[f64]]) -> Vec<f64> {
    let mut room = vec![0.0; front.len()];
    let objectives = costs.first().map_or(0, |costs| costs.len());
    for objective in (0..objectives).filter(|_| !front.is_empty()) {
        let value = |i: usize| costs[front[i]][objective];
        let mut order: Vec<usize> = (0..front.len()).collect();
        order.sort_by(|&a, &b| value(a).total_cmp(&value(b)));
        let (first, last) = (order[0], order[order.len() - 1]);
        let range = value(last) - value(first);
        room[first] = f64::INFINITY;
        room[last] = f64::INFINITY;
        for three in order.windows(3).filter(|_| range > 0.0) {
            room[three[1]] += (value(three[2]) - value(three[0])) / range;
        }
    }
    room
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::pareto::front;

    /// Distance to two places: the front is the straight way between them.
    fn costs(genome: &[usize]) -> Vec<f64> {
        let to = |x: f64, y: f64| (genome[0] as f64 - x).abs() + (genome[1] as f64 - y).abs();
        vec![to(5.0, 20.0), to(45.0, 20.0), genome[2] as f64]
    }

    fn search(seed: u64) -> (Vec<Told>, usize) {
        let mut sampler = Nsga2::new(vec![60, 60, 10], (40, 30), seed, Box::new(|genome| genome[1] < 50));
        let mut evaluated = std::collections::BTreeSet::new();
        loop {
            let round = sampler.ask();
            if round.is_empty() {
                return (sampler.parents, evaluated.len());
            }
            assert!(round.iter().all(|genome| genome[1] < 50));
            evaluated.extend(round.iter().cloned());
            let told: Vec<Told> = round.into_iter().map(|g| (g.clone(), Some(costs(&g)))).collect();
            sampler.tell(&told);
        }
    }

    #[test]
    fn it_finds_the_front_and_spreads_over_it() {
        let (population, evaluated) = search(1);
        let all: Vec<Vec<f64>> = population.iter().filter_map(|(_, costs)| costs.clone()).collect();
        let rows: Vec<&[f64]> = all.iter().map(Vec::as_slice).collect();
        let best = front(&rows);
        let on_it = best.iter().filter(|&&i| population[i].0[1] == 20 && population[i].0[2] == 0).count();
        assert!(on_it * 10 >= best.len() * 8, "{on_it} of {}", best.len());
        let columns: Vec<usize> = best.iter().map(|&i| population[i].0[0]).collect();
        let (least, most) = (columns.iter().min(), columns.iter().max());
        assert!(least < Some(&12) && most > Some(&38), "{columns:?}");
        assert!(evaluated < 60 * 50 * 10 / 20, "{evaluated}");
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(search(7), search(7));
    }
}
