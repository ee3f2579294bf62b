//! Which points are evaluated. A sampler is asked for points, in rounds, and told what they cost; the same seed and the same costs
//! give the same points, so that an interrupted search goes on where it was.

mod nsga2;
mod plain;
mod refined;

use crate::space::SamplerKind;

/// Indices into the values of every axis.
pub(crate) type Genome = Vec<usize>;

/// Whether the constraints hold at a point.
pub(crate) type Allowed<'a> = Box<dyn Fn(&[usize]) -> bool + 'a>;

/// What a point came to: the costs of its objectives, less being better; `None` where it could not be costed.
pub(crate) type Told = (Genome, Option<Vec<f64>>);

/// A sampler.
pub(crate) trait Ask {
    /// The next round of points, no matter whether they were asked for before; none when done.
    fn ask(&mut self) -> Vec<Genome>;
    /// What all points of the last round cost, in its order.
    fn tell(&mut self, round: &[Told]);
    /// Whether a round depends on the costs of those before it.
    fn learns(&self) -> bool {
        false
    }
}

/// The sampler of a kind over axes with so many values; `allowed` tells whether the constraints hold.
pub(crate) fn sampler<'a>(kind: &SamplerKind, sizes: Vec<usize>, allowed: Allowed<'a>) -> Box<dyn Ask + 'a> {
    match *kind {
        SamplerKind::Grid => Box::new(plain::Once::grid(&sizes, &allowed)),
        SamplerKind::Random { points, seed } => Box::new(plain::Once::random(&sizes, points, seed, &allowed)),
        SamplerKind::LatinHypercube { points, seed } => {
            Box::new(plain::Once::hypercube(&sizes, points, seed, &allowed))
        }
        SamplerKind::Refined { points, rounds, seed } => {
            Box::new(refined::Refined::new(sizes, (points, rounds, seed), allowed))
        }
        SamplerKind::Nsga2 { population, generations, seed } => {
            Box::new(nsga2::Nsga2::new(sizes, (population, generations), seed, allowed))
        }
    }
}

/// A number below `n` from 64 random bits, each equally often up to 1 in 2³² (Lemire 2019, without rejection).
fn below(rng: &mut impl rand_chacha::rand_core::Rng, n: usize) -> usize {
    ((u128::from(rng.next_u64()) * n as u128) >> 64) as usize
}
