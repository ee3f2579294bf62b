//! How much of each resource of a core a program uses, re-derived from the program itself.
//!
//! Conventions, the same for every chip:
//! - a synapse is a (source neuron, target neuron) pair with a weight; pooling in front of a projection multiplies them;
//! - with shared weights a core stores every weight block once; unrolled, it stores every synapse, as one packed row per
//!   descriptor;
//! - state and weights are padded as [`crate::arch::Memory::state_bits`] and [`crate::arch::Memory::weight_bits`] say;
//! - a channel of a tile has three parameters of the potential's width (threshold, initial potential, bias), one row;
//! - a synapse list occupies its entries in whole words, shared weights or not ([`crate::sparse`]);
//! - an axon table has one word per (tag, descriptor) pair and one per synapse list, a route table one per route, or per core
//!   of a listed route;
//! - a chip without words (`word_bits` 0) counts 32 bits per table entry; an instruction has 32 bits everywhere.

mod resource;
mod synaptic;
mod traffic;

pub use resource::{Resource, Use};

use crate::{
    arch::{Arch, Constant, Memory},
    ids::CoreId,
    image::{CoreImage, Destination, Route},
    op::{Descriptor, NeuronDescriptor},
    program::Program,
};
use serde::Serialize;
use synaptic::Synaptic;
use traffic::Traffic;

/// What a program uses of one core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CoreUsage {
    /// The core.
    pub core: CoreId,
    uses: [Use; Resource::ALL.len()],
}

impl std::ops::Index<Resource> for CoreUsage {
    type Output = Use;
    fn index(&self, resource: Resource) -> &Use {
        &self.uses[resource as usize]
    }
}

impl CoreUsage {
    /// All resources, in report order.
    pub fn iter(&self) -> impl Iterator<Item = (Resource, Use)> + '_ {
        Resource::ALL.into_iter().map(|r| (r, self[r]))
    }

    /// The per-core resource that is fullest relative to its limit. Fan-in, channels, destinations of a neuron and weights of
    /// a neuron are properties of the network, not of how full a core is.
    pub fn binding(&self) -> Option<(Resource, Use)> {
        let of_network =
            [Resource::FanIn, Resource::Channels, Resource::Destinations, Resource::WeightsPerNeuron, Resource::Code];
        self.iter().filter(|(r, u)| u.max.is_some() && !of_network.contains(r)).max_by(|(_, a), (_, b)| {
            let share = |u: &Use, v: &Use| u128::from(u.used) * u128::from(v.max.unwrap_or(0).max(1));
            share(a, b).cmp(&share(b, a))
        })
    }
}

/// What `program` uses of the core `core`; `None` if the core is not in use.
pub fn usage(program: &Program, arch: &Arch, core: CoreId) -> Option<CoreUsage> {
    usages(program, arch).into_iter().find(|u| u.core == core)
}

/// What `program` uses of every core in use, in the program's order. Total even on ill-formed programs, whose dangling
/// references count as nothing.
pub fn usages(program: &Program, arch: &Arch) -> Vec<CoreUsage> {
    let traffic = Traffic::of(program);
    program.cores.iter().map(|image| core_usage(program, arch, image, &traffic)).collect()
}

fn core_usage(program: &Program, arch: &Arch, image: &CoreImage, traffic: &Traffic) -> CoreUsage {
    let core = &arch.core;
    let memories = &core.memories;
    let value = |c: &Option<Constant>| c.as_ref().map(|c| c.value);
    let room = |m: &Memory| m.capacity(arch, image.core);
    let synaptic = Synaptic::of(program, arch, image);
    let (sent, reached) = (traffic.sent.get(&image.core), traffic.received.get(&image.core));
    let tiles = || tiles(image);
    let table =
        |m: &Memory, entries: usize| m.row_bits(entries as u64, 1, if m.word_bits == 0 { 32 } else { m.word_bits });
    let state = |d: &NeuronDescriptor| {
        let [c, y, x] = [d.extent.0, d.extent.1, d.extent.2].map(u64::from);
        memories.state.state_bits(c, y, x, core.state_bits).saturating_mul(d.kind.words() as u64)
    };
    let route_words = |r: &Route| match &r.destination {
        Destination::List(cores) => cores.len(),
        Destination::Core(_) | Destination::Rectangle { .. } => 1,
    };
    let uses = Resource::ALL.map(|resource| {
        let (used, max) = match resource {
            Resource::Neurons => (tiles().map(|d| d.n() as u64).sum(), value(&core.neurons)),
            Resource::Synapses => (synaptic.synapses, None),
            Resource::Weights => (synaptic.weight_bits, room(&memories.weights)),
            Resource::State => (tiles().map(state).fold(0, u64::saturating_add), room(&memories.state)),
            Resource::Params => (
                tiles()
                    .map(NeuronDescriptor::param_rows)
                    .map(|(rows, row)| memories.params.row_bits(rows, row, core.state_bits))
                    .fold(0, u64::saturating_add),
                room(&memories.params),
            ),
            Resource::AxonTable => {
                let calls: usize = image.axons.iter().map(|a| a.descriptors.len()).sum();
                (table(&memories.axons, calls + n_lists(image)), room(&memories.axons))
            }
            Resource::RouteTable => {
                (table(&memories.routes, image.routes.iter().map(route_words).sum()), room(&memories.routes))
            }
            Resource::Code => (32 * (image.on_spike.len() + image.on_tick.len()) as u64, room(&memories.code)),
            Resource::AxonsIn => (reached.copied().unwrap_or(0), value(&core.axons_in)),
            Resource::AxonsOut => (sent.map_or(0, |s| s.pairs), value(&core.axons_out)),
            Resource::FanIn => (synaptic.fan_in, value(&core.fan_in)),
            Resource::Channels => (
                tiles()
                    .filter_map(|d| Some(u64::from(program.layers.get(d.layer.0 as usize)?.shape.0)))
                    .max()
                    .unwrap_or(0),
                value(&core.channels),
            ),
            Resource::Destinations => (sent.map_or(0, |s| s.most), value(&core.destinations)),
            Resource::DestinationLayers => (sent.map_or(0, |s| s.layers.len() as u64), value(&core.destination_layers)),
            Resource::WeightsPerNeuron => (synaptic.distinct, value(&core.weights_per_neuron)),
        };
        Use { used, max }
    });
    CoreUsage { core: image.core, uses }
}

/// The tiles of a core.
pub(crate) fn tiles(image: &CoreImage) -> impl Iterator<Item = &NeuronDescriptor> {
    image.descriptors.iter().filter_map(|d| if let Descriptor::Neurons(d) = d { Some(d) } else { None })
}

/// Synapse lists of a core.
fn n_lists(image: &CoreImage) -> usize {
    image.descriptors.iter().map(|d| if let Descriptor::Sparse(d) = d { d.lists.len() } else { 0 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        arch::{Sharing, preset::preset},
        testing::tiny,
    };

    #[test]
    fn tiny_on_loihi_by_hand() {
        let arch = preset("loihi1").expect("a preset");
        let [a, b]: [CoreUsage; 2] = usages(&tiny(), &arch).try_into().expect("two cores");
        let used = |u: &CoreUsage| u.iter().map(|(r, u)| (r, u.used)).filter(|&(_, n)| n > 0).collect::<Vec<_>>();
        // 2×2 positions with all 9 taps of one channel onto 2 channels; 9 tap rows of 2 weights, 1 word of 64 bits each.
        assert_eq!(
            used(&a),
            [
                (Resource::Neurons, 8),
                (Resource::Synapses, 72),
                (Resource::Weights, 9 * 64),
                (Resource::State, 8 * 24),
                (Resource::Params, 2 * 128),
                (Resource::AxonTable, 32),
                (Resource::RouteTable, 32),
                (Resource::Code, 7 * 32),
                (Resource::AxonsIn, 16),
                (Resource::AxonsOut, 8),
                (Resource::FanIn, 9),
                (Resource::Channels, 2),
                (Resource::Destinations, 1),
                (Resource::DestinationLayers, 1),
            ]
        );
        assert_eq!(b[Resource::Weights], Use { used: 8 * 64, max: Some(1 << 20) });
        assert_eq!(b[Resource::FanIn].used, 8);
        assert_eq!(b[Resource::AxonsOut].used, 0);
        assert_eq!(usage(&tiny(), &arch, CoreId(9)), None);
    }

    #[test]
    fn unrolled_chips_pay_for_every_synapse() {
        let mut arch = preset("loihi1").expect("a preset");
        arch.core.sharing = Sharing::Unrolled;
        assert_eq!(usages(&tiny(), &arch)[0][Resource::Weights].used, (72 * 8u64).div_ceil(64) * 64);
    }

    proptest::proptest! {
        #[test]
        fn any_program_has_a_usage(program in crate::testing::any_program()) {
            let arch = preset("loihi1").expect("a preset");
            proptest::prop_assert_eq!(usages(&program, &arch).len(), program.cores.len());
        }
    }
}
