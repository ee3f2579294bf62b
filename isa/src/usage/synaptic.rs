//! Synapses of a core: how many, what they occupy, how many meet in a neuron.

use crate::{
    arch::{Arch, Sharing},
    geometry::{conv_reach, dense_reach, sparse_reach},
    ids::LayerId,
    image::CoreImage,
    op::Descriptor,
    program::Program,
};
use std::collections::{BTreeMap, BTreeSet};

/// The synapses of a core.
#[derive(Default)]
pub(super) struct Synaptic {
    pub(super) synapses: u64,
    pub(super) weight_bits: u64,
    pub(super) fan_in: u64,
    pub(super) distinct: u64,
}

impl Synaptic {
    pub(super) fn of(program: &Program, arch: &Arch, image: &CoreImage) -> Self {
        let memory = &arch.core.memories.weights;
        let mut sum = Self::default();
        let mut stored = BTreeSet::new();
        let calls = image.axons.iter().flat_map(|a| &a.descriptors).fold(BTreeMap::new(), |mut calls, d| {
            *calls.entry(d.0).or_insert(0u64) += 1;
            calls
        });
        let mut fan_in: BTreeMap<(LayerId, u32), u64> = BTreeMap::new();
        for (i, descriptor) in image.descriptors.iter().enumerate() {
            let (reach, block, [inputs, taps, outputs], v_base) = match descriptor {
                Descriptor::Conv(d) => {
                    let taps = u64::from(d.kernel.0) * u64::from(d.kernel.1);
                    (conv_reach(d), d.weights, [d.n_channels.into(), taps, d.span.into()], d.v_base)
                }
                Descriptor::Dense(d) => {
                    let taps = u64::from(d.source.1) * u64::from(d.source.2);
                    (dense_reach(d), d.weights, [d.source.0.into(), taps, d.n.into()], d.v_base)
                }
                Descriptor::Sparse(d) => (sparse_reach(d), d.weights, [0; 3], d.v_base),
                Descriptor::Neurons(_) => continue,
            };
            let n_calls = u16::try_from(i).ok().and_then(|i| calls.get(&i).copied()).unwrap_or(0);
            let weights = program.weights.get(block.0 as usize);
            let bits = weights.map_or(0, |b| u32::from(b.bits));
            sum.synapses = sum.synapses.saturating_add(reach.synapses.saturating_mul(n_calls));
            let onto = fan_in.entry((descriptor.layer(), v_base)).or_default();
            *onto = onto.saturating_add(reach.fan_in.saturating_mul(n_calls));
            let occupied = match (arch.core.sharing, descriptor) {
                (_, Descriptor::Sparse(d)) => d.list_bits(memory, bits),
                (Sharing::Unrolled, _) => memory.row_bits(1, reach.synapses, bits),
                (Sharing::Native, _) if stored.insert(block) => memory.weight_bits(inputs, taps, outputs, bits),
                (Sharing::Native, _) => 0,
            };
            sum.weight_bits = sum.weight_bits.saturating_add(occupied);
            if let (Some(_), Some(weights)) = (&arch.core.weights_per_neuron, weights) {
                sum.distinct = sum.distinct.max(distinct(descriptor, &weights.data));
            }
        }
        sum.fan_in = fan_in.into_values().max().unwrap_or(0);
        sum
    }
}

/// Most distinct non-zero weights of a descriptor onto one neuron.
fn distinct(descriptor: &Descriptor, data: &[i16]) -> u64 {
    let mut onto: BTreeMap<usize, BTreeSet<i16>> = BTreeMap::new();
    let mut add = |target: usize, w: i16| {
        if w != 0 {
            onto.entry(target).or_default().insert(w);
        }
    };
    match descriptor {
        Descriptor::Dense(d) => data.iter().enumerate().for_each(|(i, &w)| add(i % (d.n as usize).max(1), w)),
        Descriptor::Conv(d) => {
            let (span, taps) = (usize::from(d.span).max(1), usize::from(d.kernel.0) * usize::from(d.kernel.1));
            for (i, &w) in data.iter().enumerate() {
                let channel = d.first_channel as usize + i / span / taps.max(1);
                let group = channel / usize::from(d.in_per_group).max(1);
                let first = (group * d.out_per_group as usize).saturating_sub(d.origin.0 as usize);
                add(first + i % span, w);
            }
        }
        Descriptor::Sparse(d) => {
            d.lists.iter().flat_map(|list| &list.targets).zip(data).for_each(|(&t, &w)| add(t as usize, w));
        }
        Descriptor::Neurons(_) => {}
    }
    onto.values().map(|weights| weights.len() as u64).max().unwrap_or(0)
}
