//! Nets: how many events per timestep go from a cluster (or the input port) to a set of clusters.
//!
//! The hypergraph that placement works on, one net per set of neurons with the same destinations.

use crate::{activity::Activity, partition::ClusterId, targets::Targets};
use ir::{NeuronModel, PopulationId};
use std::{collections::BTreeMap, ops::Range};

/// Events of a net are counted in 1/1000 per timestep, as integers, so that sums are exact.
pub const MILLI: u64 = 1000;

/// Events from one place to a set of clusters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Net {
    /// The sending cluster; none for the input port.
    pub src: Option<ClusterId>,
    /// The receiving clusters, ascending.
    pub dst: Vec<ClusterId>,
    /// Events per timestep \[1/1000\].
    pub weight: u64,
}

/// All nets of a partition. Nets without events are left out.
pub(crate) fn nets(targets: &Targets, activity: &Activity) -> Vec<Net> {
    let mut weights: BTreeMap<(Option<ClusterId>, Vec<ClusterId>), u64> = BTreeMap::new();
    for (id, population) in targets.graph.populations() {
        if matches!(population.neuron, NeuronModel::Input { .. }) {
            let shape = population.shape;
            let whole = [0..shape.channels, 0..shape.height, 0..shape.width];
            collect(targets, activity, id, None, &whole, &mut weights);
        }
    }
    for (tile, &cluster) in targets.partition.tiles.iter().zip(&targets.cluster_of) {
        let ranges = [tile.channels.clone(), tile.rows.clone(), tile.cols.clone()];
        collect(targets, activity, tile.population, Some(cluster), &ranges, &mut weights);
    }
    weights
        .into_iter()
        .map(|((src, dst), events)| Net { src, dst, weight: (events * MILLI).div_ceil(activity.steps.max(1)) })
        .collect()
}

fn collect(
    targets: &Targets,
    activity: &Activity,
    population: PopulationId,
    src: Option<ClusterId>,
    ranges: &[Range<u32>; 3],
    weights: &mut BTreeMap<(Option<ClusterId>, Vec<ClusterId>), u64>,
) {
    let outgoing = targets.graph.outgoing(population);
    if outgoing.is_empty() {
        return;
    }
    let shape = targets.graph.population(population).shape;
    let counts = &activity.counts[population.0 as usize];
    let classes = targets.classes(population, ranges);
    let (n_y, n_x) = (classes[1].first.len(), classes[2].first.len());
    let mut events = vec![0u64; classes[0].first.len() * n_y * n_x];
    for (c, &cc) in ranges[0].clone().zip(&classes[0].class) {
        for (y, &yc) in ranges[1].clone().zip(&classes[1].class) {
            for (x, &xc) in ranges[2].clone().zip(&classes[2].class) {
                events[(cc as usize * n_y + yc as usize) * n_x + xc as usize] += counts[shape.index(c, y, x)];
            }
        }
    }
    let mut class = events.into_iter();
    for &c in &classes[0].first {
        for &y in &classes[1].first {
            for &x in &classes[2].first {
                let events = class.next().expect("one entry per combination of classes");
                if events == 0 {
                    continue;
                }
                let at = [ranges[0].start + c, ranges[1].start + y, ranges[2].start + x];
                for &projection in &outgoing {
                    let dst = targets.clusters(projection, at);
                    if !dst.is_empty() {
                        *weights.entry((src, dst)).or_default() += events;
                    }
                }
            }
        }
    }
}
