//! Cuts sparsely connected populations into parts that fit a core, by hypergraph growth and refinement.
//!
//! ```text
//! pop1 2000×1×1, lists inside 8 shuffled clusters  →  8 parts of 250: {3, 17, 20, …}, {0, 5, 9, …}, …
//! ```
//!
//! A source neuron is a hyperedge over its targets; a spike costs a delivery for every part that holds one of them, so the
//! objective is `Σ_s w_s · λ_s`, w: events of the source, λ: parts that its list reaches (the connectivity metric of
//! hypergraph partitioning, Çatalyürek & Aykanat 1999). Every part respects neurons, source neurons, fan-in, list, state
//! and parameter memory, counted exactly as neurons join and leave.
//!
//! 1. *Growth* ([`grow`]): a part takes the neuron that shares the most with what it already hears, until nothing fits.
//! 2. *Refinement* ([`refine`]): neurons move, or change places, while the objective falls.
//!
//! The baselines fill parts in the order of indices or at random. What comes out is an order of the neurons and borders in
//! it; [`super::renumber`] puts the network into that order, so that parts are ranges and all later passes see boxes.
//! Only vectors (n×1×1) whose projections are all sparse or dense are cut here ([`is_general`]).

mod grow;
mod parts;
mod refine;

use crate::{
    activity::Activity,
    demand::{Capacity, Demand, Resource, is_unicast},
    partition::Grid,
    pass::{place::seed::below, renumber::Orders},
};
use ir::{Connectivity, Graph, NeuronModel, PopulationId, Quantized};
use isa::Arch;
use parts::{Parts, Problem};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use std::fmt;

/// How general populations are cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cutting {
    /// Fill cores in the order of indices.
    Sequential,
    /// Fill cores in a random order.
    Random {
        /// Seed of the order.
        seed: u64,
    },
    /// Grow parts along shared sources, then refine.
    #[default]
    Grown,
}

impl fmt::Display for Cutting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sequential => "sequential",
            Self::Random { .. } => "random",
            Self::Grown => "grown",
        })
    }
}

/// A population cut into parts.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    /// The neurons, part after part.
    pub(crate) order: Vec<u32>,
    /// The parts as slices of the order.
    pub(crate) grid: Grid,
    /// Demand of each part.
    pub(crate) demands: Vec<Demand>,
    /// Synaptic operations of each part per timestep.
    pub(crate) work: Vec<f64>,
}

/// What a neuron that fits no core asks for.
pub(crate) struct Unfit(pub(crate) Demand);

/// Whether a population is cut here: a vector, joined by sparse and dense projections only, at least one of them sparse.
pub(crate) fn is_general(graph: &Graph<Quantized>, id: PopulationId) -> bool {
    let population = graph.population(id);
    let mut joined = graph.incoming(id);
    joined.extend(graph.outgoing(id));
    let connectivity = |p| &graph.projection(p).connectivity;
    !matches!(population.neuron, NeuronModel::Input { .. })
        && population.shape.map() == 1
        && graph.outgoing(id).into_iter().all(|p| graph.projection(p).pool.is_none_or(|pool| pool.size == (1, 1)))
        && joined.iter().all(|&p| matches!(connectivity(p), Connectivity::Sparse(_) | Connectivity::Dense))
        && joined.iter().any(|&p| matches!(connectivity(p), Connectivity::Sparse(_)))
}

/// By population: the cut of a general one or why it has none; `None` for others.
pub(crate) type Cuts = Vec<Option<Result<Cut, Unfit>>>;

/// Cuts every general population, later ones first, so that the parts that a neuron sends to are known.
pub(crate) fn cut(graph: &Graph<Quantized>, arch: &Arch, bits: &[u32], activity: &Activity, cutting: Cutting) -> Cuts {
    let n = graph.n_populations();
    let mut cuts: Cuts = (0..n).map(|_| None).collect();
    // Parts reached by each row of a sparse projection, where they are known.
    let mut reached: Vec<Option<Vec<u32>>> = vec![None; graph.n_projections()];
    for p in (0..n).rev() {
        let id = PopulationId(p as u32);
        if is_general(graph, id) {
            let problem = Problem::new(graph, arch, bits, activity, id);
            cuts[p] = Some(solve(&problem, is_unicast(arch), cutting, &mut reached));
        }
    }
    cuts
}

/// The order of each population's neurons in which its parts are ranges; `None` where it stays.
pub(crate) fn orders(cuts: &Cuts) -> Orders {
    cuts.iter().map(|cut| cut.as_ref()?.as_ref().ok().map(|cut| cut.order.clone())).collect()
}

/// Times that parts are made smaller in proportion, before they are halved.
const IN_PROPORTION: usize = 8;

/// Times that larger parts are tried, once some are small enough for the destinations of their neurons.
const LARGER: usize = 3;

/// Parts as large as the destinations of their neurons allow. Smaller parts have fewer neurons, each of which reaches more of
/// them: how many destinations a part has is known only when all are there. So sizes are tried, at first in proportion to what
/// is asked for, then by halves, then between the largest that held and the smallest that did not.
fn solve(
    problem: &Problem<'_>,
    unicast: bool,
    cutting: Cutting,
    reached: &mut [Option<Vec<u32>>],
) -> Result<Cut, Unfit> {
    let n = problem.n() as u64;
    let mut most = problem.capacity.limit(Resource::Neurons).unwrap_or(n).min(n).max(1);
    // The largest parts that held, and the size of the smallest that did not.
    let (mut held, mut failed) = (None, None);
    let (mut failures, mut larger) = (0, 0);
    loop {
        let parts = divide(problem, most, cutting)?;
        parts.reached(reached);
        let used = parts.axons_out(unicast, reached).into_iter().max().unwrap_or(0);
        let size = parts.largest();
        let too_many = problem.capacity.limit(Resource::AxonsOut).filter(|&max| used > max && size > 1);
        if let Some(max) = too_many {
            failed = Some(failed.map_or(size, |failed: u64| failed.min(size)));
            if held.is_none() {
                failures += 1;
                most = if failures <= IN_PROPORTION { size * max / used } else { size / 2 }.max(1);
                continue;
            }
        } else {
            held = Some((most, parts));
        }
        let Some((held, parts)) = &held else { continue };
        let middle = failed.map_or(*held, |failed| held.midpoint(failed));
        if larger == LARGER || middle <= held + held / 8 {
            parts.reached(reached);
            return Ok(parts.finish(unicast, reached));
        }
        larger += 1;
        most = middle;
    }
}

/// Parts of at most `most` neurons. Entries of lists are counted with indices that number `most`; where the largest part is
/// so small that shorter indices do, a second look with them may find fewer parts.
fn divide<'a>(problem: &'a Problem<'_>, mut most: u64, cutting: Cutting) -> Result<Parts<'a>, Unfit> {
    loop {
        let mut parts = Parts::new(problem, most);
        match cutting {
            Cutting::Sequential => parts.fill((0..problem.n() as u32).collect())?,
            Cutting::Random { seed } => {
                let mut order: Vec<u32> = (0..problem.n() as u32).collect();
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                for i in (1..order.len()).rev() {
                    order.swap(i, below(&mut rng, i + 1));
                }
                parts.fill(order)?;
            }
            Cutting::Grown => {
                grow::grow(&mut parts)?;
                refine::refine(&mut parts);
            }
        }
        let covers = parts.largest().next_power_of_two();
        if covers >= most {
            return Ok(parts);
        }
        most = covers;
    }
}

/// The largest demand that a single neuron of a population makes.
fn alone(capacity: &Capacity, demand: Demand) -> Result<(), Unfit> {
    if capacity.holds(&demand) { Ok(()) } else { Err(Unfit(demand)) }
}
