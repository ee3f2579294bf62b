//! Who sends to whom: destinations of a core's neurons, source neurons that a core hears.

use super::tiles;
use crate::{
    ids::{CoreId, LayerId, RouteId, Tag},
    image::{Emission, Route},
    op::Descriptor,
    program::Program,
};
use std::collections::{BTreeMap, BTreeSet};

/// What leaves a core.
#[derive(Default)]
pub(super) struct Sent {
    /// (Neuron, destination) pairs.
    pub(super) pairs: u64,
    /// Destinations of one neuron, the most.
    pub(super) most: u64,
    /// Layers that hear them.
    pub(super) layers: BTreeSet<LayerId>,
}

/// Spikes by neuron between the cores, whatever their rate.
pub(super) struct Traffic {
    pub(super) sent: BTreeMap<CoreId, Sent>,
    /// Distinct source neurons that each core hears.
    pub(super) received: BTreeMap<CoreId, u64>,
}

impl Traffic {
    pub(super) fn of(program: &Program) -> Self {
        let mut traffic = Self { sent: BTreeMap::new(), received: BTreeMap::new() };
        let mut listening: BTreeMap<(CoreId, Tag), BTreeSet<LayerId>> = BTreeMap::new();
        for image in &program.cores {
            for axon in &image.axons {
                let layers = axon.descriptors.iter().filter_map(|d| image.descriptors.get(d.0 as usize));
                listening.entry((image.core, axon.tag)).or_default().extend(layers.map(Descriptor::layer));
            }
        }
        traffic.add(None, &program.input.emission, &program.input.routes, &listening);
        for image in &program.cores {
            for tile in tiles(image) {
                traffic.add(Some(image.core), &tile.emission, &image.routes, &listening);
            }
        }
        traffic
    }

    fn add(
        &mut self,
        src: Option<CoreId>,
        emission: &Emission,
        routes: &[Route],
        listening: &BTreeMap<(CoreId, Tag), BTreeSet<LayerId>>,
    ) {
        for (n, ids) in emission.by_class() {
            let routes: Vec<&Route> = ids.iter().filter_map(|&RouteId(r)| routes.get(r as usize)).collect();
            let cores: BTreeSet<CoreId> = routes.iter().flat_map(|r| r.destination.cores().iter().copied()).collect();
            for &core in &cores {
                *self.received.entry(core).or_default() += n;
            }
            if let Some(src) = src {
                let sent = self.sent.entry(src).or_default();
                sent.pairs += n * routes.len() as u64;
                sent.most = sent.most.max(routes.len() as u64);
                let heard = routes.iter().flat_map(|r| r.destination.cores().iter().map(|&core| (core, r.tag)));
                sent.layers.extend(heard.filter_map(|key| listening.get(&key)).flatten());
            }
        }
    }
}
