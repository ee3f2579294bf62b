//! Spends idle cores on the layers whose cores hold the others up.
//!
//! ```text
//! 144 cores of 256, heaviest 103,680 operations   →   240 cores, heaviest 51,840, more deliveries per spike
//! ```
//!
//! A timestep lasts as long as its busiest core works. With h_p(t) the synaptic operations of the heaviest tile of
//! population p in timestep t (its sources fire within their windows only), the objective is
//!
//! ```text
//! B = Σ_t max_p h_p(t)
//! ```
//!
//! the operations in a row that no other core can take over. Starting from the partition with the fewest deliveries, the
//! search takes, again and again, the populations that set the maximum of some timesteps, demands lighter tiles of them, and
//! keeps the step that lowers B most per further core, while the chips already in use have idle ones. Tiling pays for it
//! in deliveries and links: smaller tiles overlap more. So it is an option, and both figures are reported.

use crate::pass::{
    cut::Cuts,
    fit::{Fitted, attempt},
    tile::{SLACK_PERCENT, Tiler},
};
use ir::{Graph, NeuronModel, PopulationId, Quantized};
use isa::Arch;
use std::ops::Range;

/// The partition after spending the idle cores of its chips; the given one if there are none, or nothing is gained. `cuts`: what
/// general graphs were cut into, which stays.
pub(crate) fn balance(tiler: &Tiler, cuts: &Cuts, start: Fitted) -> Fitted {
    if tiler.arch.noc.is_none() {
        return start;
    }
    let busy = active(tiler.graph);
    let budget = cores_of_chips(tiler.arch, start.partition.clusters.len());
    let mut caps = vec![f64::INFINITY; tiler.graph.n_populations()];
    let mut best = start;
    loop {
        let heaviest = heaviest(tiler.graph, &best);
        let (now, n_cores) = (critical(&busy, &heaviest), best.partition.clusters.len());
        let steps = binding_sets(&busy, &heaviest).into_iter().filter_map(|binding| {
            let mut caps = caps.clone();
            for p in binding {
                // Anything lighter than the present tiles, beyond rounding.
                caps[p] = heaviest[p] * (1.0 - 1e-9);
            }
            let (fitted, misfits) = attempt(tiler, SLACK_PERCENT, &caps, cuts);
            let n = fitted.partition.clusters.len();
            let gain = now - critical(&busy, &self::heaviest(tiler.graph, &fitted));
            let worth = misfits.is_empty() && n <= budget && gain > 1e-9 * now;
            worth.then(|| (gain / n.saturating_sub(n_cores).max(1) as f64, caps, fitted))
        });
        // The first of equals, for the same outcome everywhere.
        let Some((_, next, fitted)) = steps.reduce(|a, b| if b.0 > a.0 { b } else { a }) else { return best };
        (caps, best) = (next, fitted);
    }
}

/// B of a partition: synaptic operations per sample of the heaviest core of each timestep.
pub(crate) fn critical_work(graph: &Graph<Quantized>, fitted: &Fitted) -> f64 {
    critical(&active(graph), &heaviest(graph, fitted))
}

/// Cores of the chips that `n` clusters take.
fn cores_of_chips(arch: &Arch, n: usize) -> usize {
    let per_chip = arch.mesh.width as usize * arch.mesh.height as usize * arch.mesh.cores_per_router as usize;
    (n.div_ceil(per_chip) * per_chip).min(arch.n_cores() as usize)
}

/// Synaptic operations per timestep, averaged over the sample, of the heaviest tile of each population.
fn heaviest(graph: &Graph<Quantized>, fitted: &Fitted) -> Vec<f64> {
    let mut heaviest = vec![0.0f64; graph.n_populations()];
    for (tile, &work) in fitted.partition.tiles.iter().zip(&fitted.work) {
        let of = &mut heaviest[tile.population.0 as usize];
        *of = of.max(work);
    }
    heaviest
}

/// When events reach the populations.
struct Active {
    timesteps: u32,
    /// Timesteps in which events may arrive, by population.
    arrivals: Vec<Range<u32>>,
    /// Consecutive timesteps in which the same populations receive events.
    intervals: Vec<Range<u32>>,
}

fn active(graph: &Graph<Quantized>) -> Active {
    let arrivals: Vec<Range<u32>> = graph.populations().map(|(id, _)| arrivals(graph, id)).collect();
    let mut borders: Vec<u32> = arrivals.iter().flat_map(|a| [a.start, a.end]).collect();
    borders.sort_unstable();
    borders.dedup();
    Active { timesteps: graph.timesteps, arrivals, intervals: borders.windows(2).map(|w| w[0]..w[1]).collect() }
}

/// From the first to the last timestep in which a source of the population can reach it.
fn arrivals(graph: &Graph<Quantized>, id: PopulationId) -> Range<u32> {
    let times = graph.incoming(id).into_iter().map(|p| {
        let window = match &graph.population(graph.ends(p).0).neuron {
            NeuronModel::Input { coding, .. } => 0..coding.steps(),
            NeuronModel::Linear => 0..graph.timesteps,
            neuron @ (NeuronModel::Spiking(_) | NeuronModel::Dynamic(_) | NeuronModel::Accumulator { .. }) => {
                neuron.window().map_or(0..0, |window| window.start..window.end)
            }
        };
        let at = |t: u32| t.saturating_add(graph.projection(p).delay).min(graph.timesteps);
        at(window.start)..at(window.end)
    });
    let hull = |a: Range<u32>, b: Range<u32>| a.start.min(b.start)..a.end.max(b.end);
    times.filter(|t| !t.is_empty()).reduce(hull).unwrap_or(0..0)
}

impl Active {
    /// h_p within an interval: the mean over the sample, drawn together into the timesteps with arrivals.
    fn load(&self, p: usize, interval: &Range<u32>, heaviest: &[f64]) -> f64 {
        let arrivals = &self.arrivals[p];
        if arrivals.start <= interval.start && interval.end <= arrivals.end {
            heaviest[p] * f64::from(self.timesteps) / arrivals.len() as f64
        } else {
            0.0
        }
    }

    fn most(&self, interval: &Range<u32>, heaviest: &[f64]) -> f64 {
        (0..heaviest.len()).map(|p| self.load(p, interval, heaviest)).fold(0.0, f64::max)
    }
}

fn critical(active: &Active, heaviest: &[f64]) -> f64 {
    active.intervals.iter().map(|i| i.len() as f64 * active.most(i, heaviest)).sum()
}

/// For each interval, the populations that set its maximum.
fn binding_sets(active: &Active, heaviest: &[f64]) -> Vec<Vec<usize>> {
    let mut sets: Vec<Vec<usize>> = active
        .intervals
        .iter()
        .map(|interval| {
            let most = active.most(interval, heaviest) * (1.0 - 1e-9);
            (0..heaviest.len()).filter(|&p| most > 0.0 && active.load(p, interval, heaviest) >= most).collect()
        })
        .filter(|set: &Vec<usize>| !set.is_empty())
        .collect();
    sets.sort();
    sets.dedup();
    sets
}
