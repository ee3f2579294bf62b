//! What a way of cutting one axis costs: the factors of which a tile's demands and traffic are products.

use crate::reach::{Axis, Reach};

/// What a way of cutting one axis contributes; factors of the products above.
pub(super) struct AxisCost {
    pub(super) longest: u64,
    pub(super) n_slices: usize,
    /// Per incoming projection.
    pub(super) incoming: Vec<In>,
    /// Per outgoing projection.
    pub(super) outgoing: Vec<Out>,
}

impl AxisCost {
    pub(super) fn slices(&self) -> usize {
        self.n_slices
    }
}

/// One incoming projection along one axis. `sources`, `synapses`, `fan_in` are maxima over slices.
pub(super) struct In {
    /// Distinct source positions of a slice.
    pub(super) sources: u64,
    /// (source, target) pairs of a slice.
    pub(super) synapses: u64,
    /// Sources of one target.
    pub(super) fan_in: u64,
    /// Slices reached, summed over source positions.
    pub(super) deliveries: u64,
    /// Targets of a source position, at most (channels: the group).
    pub(super) span: u64,
}

impl In {
    pub(super) fn new(axis: Axis, cuts: &[u32]) -> Self {
        match axis {
            Axis::Window { .. } => Self::window(axis, cuts),
            Axis::Groups { pre, post, groups } => Self::groups(pre, post, groups, cuts),
            Axis::All { pre, post, pool } => Self::groups(pre / pool * pool, post, 1, cuts),
        }
    }

    fn window(axis: Axis, cuts: &[u32]) -> Self {
        let (first, end) = (cuts[0], cuts[cuts.len() - 1]);
        let n_slices = cuts.len() - 1;
        let (mut sources, mut synapses) = (vec![0; n_slices], vec![0; n_slices]);
        let mut fan_in = vec![0; (end - first) as usize];
        let (mut deliveries, mut span) = (0, 0);
        for y in 0..axis.pre() {
            let targets = axis.targets(y);
            span = span.max(targets.len() as u64);
            let mut last = usize::MAX;
            for o in targets.into_iter().filter(|o| (first..end).contains(o)) {
                let slice = cuts.partition_point(|&cut| cut <= o) - 1;
                if slice != last {
                    sources[slice] += 1;
                    deliveries += 1;
                    last = slice;
                }
                synapses[slice] += 1;
                fan_in[(o - first) as usize] += 1;
            }
        }
        let most = |values: &[u64]| values.iter().copied().max().unwrap_or(0);
        Self { sources: most(&sources), synapses: most(&synapses), fan_in: most(&fan_in), deliveries, span }
    }

    fn groups(pre: u32, post: u32, groups: u32, cuts: &[u32]) -> Self {
        let (pre, post) = (u64::from(pre / groups), u64::from(post / groups));
        let mut of = Self { sources: 0, synapses: 0, fan_in: pre, deliveries: 0, span: post };
        for slice in cuts.windows(2) {
            let (start, end) = (u64::from(slice[0]), u64::from(slice[1]));
            let sources = ((end - 1) / post - start / post + 1) * pre;
            of.sources = of.sources.max(sources);
            of.synapses = of.synapses.max((end - start) * pre);
            of.deliveries += sources;
        }
        of
    }
}

/// One outgoing projection along one axis: destinations of the positions of a slice, without multicast one per slice reached.
#[derive(Clone, Copy)]
pub(super) struct Out {
    /// Summed over the positions of a slice, at most.
    pub(super) sum: u64,
    /// Of one position, at most.
    pub(super) most: u64,
}

impl Out {
    pub(super) fn new(axis: Axis, cuts: &[u32], post_cuts: Option<&[u32]>, unicast: bool) -> Self {
        let whole = [0, axis.post()];
        let reached: Vec<u64> = axis
            .slices(post_cuts.unwrap_or(&whole))
            .iter()
            .map(|slices| if unicast { slices.len() as u64 } else { slices.len().min(1) as u64 })
            .collect();
        let of = |w: &[u32]| &reached[w[0] as usize..w[1] as usize];
        Self {
            sum: cuts.windows(2).map(|w| of(w).iter().sum()).max().unwrap_or(0),
            most: cuts.windows(2).flat_map(of).copied().max().unwrap_or(0),
        }
    }
}

pub(super) fn axis_of(reach: &Reach, axis: usize) -> Axis {
    [reach.channels, reach.rows, reach.cols][axis]
}

/// Borders of `k` slices of `n` positions whose lengths differ by at most one.
pub(super) fn balanced(n: u32, k: u32) -> Vec<u32> {
    (0..=k).map(|i| (u64::from(i) * u64::from(n) / u64::from(k)) as u32).collect()
}

/// One way of cutting an axis per longest slice, fewest slices first.
pub(super) fn even_cuts(n: u32) -> Vec<Vec<u32>> {
    let mut cuts: Vec<Vec<u32>> = Vec::new();
    let mut last = u32::MAX;
    for k in 1..=n {
        let length = n.div_ceil(k);
        if length < last {
            cuts.push(balanced(n, k));
            last = length;
        }
    }
    cuts
}

pub(super) fn longest(cuts: &[u32]) -> u32 {
    cuts.windows(2).map(|w| w[1] - w[0]).max().unwrap_or(0)
}
