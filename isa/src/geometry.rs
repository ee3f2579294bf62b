//! Closed forms of which sources a tile's neurons have.

use crate::{
    op::{ConvDescriptor, DenseDescriptor},
    sparse::SparseDescriptor,
};
use std::collections::BTreeMap;

/// Synapses of a descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// (source neuron, target neuron) pairs.
    pub(crate) synapses: u64,
    /// Most source neurons of one target.
    pub(crate) fan_in: u64,
}

/// Synapses of a convolution: products over rows, columns and channels, times the pooling window.
pub(crate) fn conv_reach(d: &ConvDescriptor) -> Reach {
    let axis = |first: u16, n: u16, [k, stride, padding, dilation, source]: [u16; 5]| {
        let taps = (0..u64::from(n)).map(|i| valid_taps(u64::from(first) + i, [k, stride, padding, dilation, source]));
        taps.fold((0u64, 0u64), |(sum, most), t| (sum + t, most.max(t)))
    };
    let rows = axis(d.origin.1, d.extent.1, [d.kernel.0, d.stride.0, d.padding.0, d.dilation.0, d.source.0]);
    let columns = axis(d.origin.2, d.extent.2, [d.kernel.1, d.stride.1, d.padding.1, d.dilation.1, d.source.1]);
    let (in_per_group, out_per_group) = (u64::from(d.in_per_group), u64::from(d.out_per_group).max(1));
    let (first, end) = (u64::from(d.first_channel), u64::from(d.first_channel) + u64::from(d.n_channels));
    let channels = (0..u64::from(d.extent.0)).map(|i| {
        let group = (u64::from(d.origin.0) + i) / out_per_group * in_per_group;
        (group + in_per_group).min(end).saturating_sub(group.max(first))
    });
    let channels = channels.fold((0u64, 0u64), |(sum, most), n| (sum + n, most.max(n)));
    let pool = u64::from(d.pool.0) * u64::from(d.pool.1);
    let product = |factors: [u64; 4]| factors.into_iter().fold(1, u64::saturating_mul);
    Reach {
        synapses: product([rows.0, columns.0, channels.0, pool]),
        fan_in: product([rows.1, columns.1, channels.1, pool]),
    }
}

/// Kernel taps k with `0 ≤ o·stride + k·dilation − padding < source`.
fn valid_taps(o: u64, [kernel, stride, padding, dilation, source]: [u16; 5]) -> u64 {
    let (start, dilation) = (o * u64::from(stride), u64::from(dilation).max(1));
    let (padding, source) = (u64::from(padding), u64::from(source));
    // Taps below a bound: those k with start + k·dilation < bound.
    let below = |bound: u64| bound.saturating_sub(start).div_ceil(dilation).min(u64::from(kernel));
    below(padding + source) - below(padding)
}

/// Synapses of a dense projection.
pub(crate) fn dense_reach(d: &DenseDescriptor) -> Reach {
    let factors = [d.source.0, d.source.1, d.source.2, d.pool.0, d.pool.1];
    let fan_in = factors.into_iter().fold(1, |product: u64, n| product.saturating_mul(u64::from(n)));
    Reach { synapses: fan_in.saturating_mul(u64::from(d.n)), fan_in }
}

/// Synapses of a sparse projection.
pub(crate) fn sparse_reach(d: &SparseDescriptor) -> Reach {
    let pool = u64::from(d.pool.0) * u64::from(d.pool.1);
    let mut onto: BTreeMap<u32, u64> = BTreeMap::new();
    for &target in d.lists.iter().flat_map(|list| &list.targets) {
        *onto.entry(target).or_default() += 1;
    }
    let most = onto.into_values().max().unwrap_or(0);
    Reach { synapses: d.n_synapses().saturating_mul(pool), fan_in: most.saturating_mul(pool) }
}

#[cfg(test)]
mod tests {
    use super::valid_taps;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn taps_as_counted_one_by_one(o in 0..20u64, k in 0..8u16, s in 1..4u16, p in 0..5u16, d in 1..4u16, n in 0..12u16) {
            let one_by_one = (0..k)
                .map(|t| o as i64 * i64::from(s) + i64::from(t) * i64::from(d) - i64::from(p))
                .filter(|y| (0..i64::from(n)).contains(y));
            prop_assert_eq!(valid_taps(o, [k, s, p, d, n]), one_by_one.count() as u64);
        }
    }
}
