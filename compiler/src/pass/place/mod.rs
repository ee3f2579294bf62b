//! Decides which core runs which cluster.
//!
//! ```text
//! cluster0 (rows 0..4, columns 0..6 of pop1), …   →   core0, …, next to the clusters that cover the same part of the map
//! ```
//!
//! A cluster starts where its tile's centre lies when the feature map is stretched over the mesh, so neighbours in the map
//! are neighbours on the mesh in every layer; annealing then refines the placement. Three
//! placements without geometry (row by row, random, along a Hilbert curve) are costed too where they are asked for, so that the gain
//! is known. If one of those in order costs less than what came out, it is refined as well, so that no start is better than the end.

mod anneal;
mod load;
mod region;
pub(crate) mod seed;

use anneal::Problem;
pub use anneal::{MOST_MOVES, MOST_WORK, Schedule};
pub use region::Region;

use crate::{
    cost::{MappingCost, mapping_cost},
    demand::Demand,
    diagnostics::{Diagnostic, Diagnostics},
    mesh::Mesh,
    nets::Net,
    observe::Advance,
    partition::Partition,
    pipeline::Options,
    placement::Placement,
};
use ir::{Graph, Quantized};
use isa::Arch;
use region::Compatible;
use std::fmt;

/// A way to place clusters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// Clusters in order on cores in order.
    RowMajor,
    /// At random.
    Random,
    /// In order along a Hilbert curve.
    Hilbert,
    /// At the tile's place in its map.
    Geometric,
    /// Geometric, then annealed.
    #[default]
    Annealed,
}

impl Method {
    /// All methods.
    pub const ALL: [Self; 5] = [Self::RowMajor, Self::Random, Self::Hilbert, Self::Geometric, Self::Annealed];
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RowMajor => "row-major",
            Self::Random => "random",
            Self::Hilbert => "hilbert",
            Self::Geometric => "geometric",
            Self::Annealed => "annealed",
        })
    }
}

impl std::str::FromStr for Method {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(|m| m.to_string()).join(", ");
        Self::ALL
            .into_iter()
            .find(|m| m.to_string() == name)
            .ok_or_else(|| format!("unknown placement `{name}`; known are {}", known()))
    }
}

/// A placement with the cost of every method that was computed on the way.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The placement asked for.
    pub placement: Placement,
    /// Costs by method: the baselines and the method asked for.
    pub costs: Vec<(Method, MappingCost)>,
}

/// Places a partition; `demands[cluster]`. Without baselines only the method asked for is placed and costed.
///
/// # Errors
/// If cores differ in their memories and no assignment gives every cluster one that holds it.
pub(crate) fn place(
    graph: &Graph<Quantized>,
    arch: &Arch,
    partition: &Partition,
    demands: &[Demand],
    nets: &[Net],
    options: &Options,
    advance: Advance<'_>,
) -> Result<Placed, Diagnostics> {
    let method = options.placement;
    let schedule =
        Schedule { seed: options.seed, moves_per_cluster: options.moves_per_cluster, most_work: options.most_work };
    let n = partition.clusters.len();
    let region = Region::new(arch, n);
    let mesh = Mesh::of(arch);
    let compatible = Compatible::new(arch, &region, demands);
    let n_slots = region.slots.len();
    let cores = |slots: &[usize]| Placement { cores: slots.iter().map(|&s| region.slots[s]).collect() };
    let in_order = |order: Vec<usize>| compatible.assign(n, n_slots, |_| order.clone());
    let start = |method: Method| match method {
        Method::RowMajor => in_order((0..n_slots).collect()),
        Method::Random => in_order(seed::random(&region, schedule.seed)),
        Method::Hilbert => in_order(seed::hilbert(&region, &mesh)),
        Method::Geometric | Method::Annealed => {
            let centres = seed::geometric(graph, partition, &region);
            if compatible.uneven() {
                let near = |c: u32| seed::by_distance(&region, &mesh, centres[c as usize]);
                compatible.assign(n, n_slots, near)
            } else {
                Some(seed::by_rank(&region, &centres))
            }
        }
    };
    let mut costs = Vec::new();
    let mut placement = None;
    for candidate in Method::ALL {
        if candidate > method && candidate > Method::Hilbert {
            break;
        }
        if candidate != method && !options.baselines {
            continue;
        }
        let Some(mut slots) = start(candidate) else { return Err(no_core(partition, demands, arch)) };
        if candidate == Method::Annealed {
            let others = [Method::RowMajor, Method::Hilbert].into_iter().filter_map(start).collect();
            let problem = Problem { mesh: &mesh, region: &region, nets, compatible: &compatible };
            slots = anneal::anneal(&problem, slots, others, schedule, advance);
        }
        let placed = cores(&slots);
        costs.push((candidate, mapping_cost(&mesh, region.kappa(), nets, &placed)));
        if candidate == method {
            placement = Some(placed);
        }
    }
    Ok(Placed { placement: placement.expect("every method is a candidate"), costs })
}

fn no_core(partition: &Partition, demands: &[Demand], arch: &Arch) -> Diagnostics {
    let largest = demands.iter().map(|d| d[crate::Resource::Weights]).max().unwrap_or(0);
    Diagnostics(vec![Diagnostic {
        entity: "network".into(),
        message: format!(
            "the cores of {} differ in their memories, and its {} clusters (the largest takes {largest} bits of weights) \
             cannot all have one that holds them",
            arch.name,
            partition.clusters.len()
        ),
        limit: None,
        remedy: "use narrower layers, or a chip with equal cores".into(),
    }])
}
