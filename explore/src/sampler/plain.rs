//! Samplers that know all points beforehand: the grid, points at random, a Latin hypercube (McKay et al. 1979).

use super::{Ask, Genome, Told, below};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use std::collections::BTreeSet;

/// One round.
pub(super) struct Once(Vec<Genome>);

/// Draws for each point that is wanted, before a space is taken to hold no more.
const TRIES: usize = 100;

impl Once {
    pub(super) fn grid(sizes: &[usize], allowed: &dyn Fn(&[usize]) -> bool) -> Self {
        let mut points = Vec::new();
        let mut genome = vec![0; sizes.len()];
        loop {
            if allowed(&genome) {
                points.push(genome.clone());
            }
            // The last axis turns fastest.
            let Some(axis) = (0..sizes.len()).rev().find(|&axis| genome[axis] + 1 < sizes[axis]) else { break };
            genome[axis] += 1;
            genome[axis + 1..].fill(0);
        }
        Self(points)
    }

    pub(super) fn random(sizes: &[usize], points: usize, seed: u64, allowed: &dyn Fn(&[usize]) -> bool) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut seen = BTreeSet::new();
        let mut chosen = Vec::new();
        for _ in 0..points.saturating_mul(TRIES) {
            if chosen.len() == points {
                break;
            }
            let genome: Genome = sizes.iter().map(|&n| below(&mut rng, n)).collect();
            if seen.insert(genome.clone()) && allowed(&genome) {
                chosen.push(genome);
            }
        }
        Self(chosen)
    }

    /// Point k of n takes of each axis the value in whose share its place in a random order lies; points that no constraint allows
    /// are left out, and what comes twice stands once.
    pub(super) fn hypercube(sizes: &[usize], points: usize, seed: u64, allowed: &dyn Fn(&[usize]) -> bool) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut columns = Vec::new();
        for &n in sizes {
            let mut order: Vec<usize> = (0..points).collect();
            for i in (1..points).rev() {
                order.swap(i, below(&mut rng, i + 1));
            }
            columns.push(order.into_iter().map(|k| k * n / points).collect::<Vec<usize>>());
        }
        let mut seen = BTreeSet::new();
        let all = (0..points).map(|k| columns.iter().map(|column| column[k]).collect::<Genome>());
        Self(all.filter(|genome| allowed(genome) && seen.insert(genome.clone())).collect())
    }

    pub(super) fn points(self) -> Vec<Genome> {
        self.0
    }
}

impl Ask for Once {
    fn ask(&mut self) -> Vec<Genome> {
        std::mem::take(&mut self.0)
    }

    fn tell(&mut self, _: &[Told]) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_has_every_point_once() {
        let points = Once::grid(&[2, 3, 2], &|genome| genome[1] != 1).points();
        assert_eq!(points.len(), 2 * 2 * 2);
        assert_eq!((points[0].clone(), points[1].clone()), (vec![0, 0, 0], vec![0, 0, 1]));
        assert_eq!(points.iter().collect::<BTreeSet<_>>().len(), points.len());
    }

    #[test]
    fn random_points_differ_and_repeat_with_the_seed() {
        let points = |seed| Once::random(&[5, 5, 5], 40, seed, &|_| true).points();
        assert_eq!(points(1).iter().collect::<BTreeSet<_>>().len(), 40);
        assert_eq!(points(1), points(1));
        assert_ne!(points(1), points(2));
        assert_eq!(Once::random(&[2, 2], 40, 1, &|_| true).points().len(), 4);
    }

    #[test]
    fn a_hypercube_uses_every_value_equally_often() {
        let points = Once::hypercube(&[4, 20], 20, 3, &|_| true).points();
        for value in 0..4 {
            assert_eq!(points.iter().filter(|genome| genome[0] == value).count(), 5);
        }
        for value in 0..20 {
            assert_eq!(points.iter().filter(|genome| genome[1] == value).count(), 1);
        }
    }
}
