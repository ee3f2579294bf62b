//! How much of each resource of a core a program uses, re-derived from the program itself.
//!
//! Conventions, the same for every chip:
//! - a synapse is a (source neuron, target neuron) pair with a weight; pooling in front of a projection multiplies them;
//! - with shared weights a core stores every weight block once; unrolled, it stores every synapse, as one packed row per
//!   descriptor;
//! - state and weights are padded as [`crate::arch::Memory::state_bits`] and [`crate::arch::Memory::weight_bits`] say;
//! - a channel of a tile has three parameters of the potential's width (threshold, initial potential, bias), one row;
//! - a synapse list occupies its entries in whole words, shared weights or not ([`crate::sparse`]);
//! - an axon table has one word per (tag, descriptor) pair and one per synapse list, a route table one per route, or per core of a listed route;
//! - a chip without words (`word_bits` 0) counts 32 bits per table entry; an instruction has 32 bits everywhere.

use crate::{
    arch::{Arch, Constant, Memory, Sharing},
    geometry::{conv_reach, dense_reach, sparse_reach},
    ids::{CoreId, LayerId, RouteId, Tag},
    image::{CoreImage, Destination, Emission, Route},
    op::{Descriptor, NeuronDescriptor},
    program::Program,
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

macro_rules! resources {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)+) => {
        /// A limited resource of a core.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        #[repr(u8)]
        pub enum Resource {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Resource {
            /// Every resource, in the order of reports.
            pub const ALL: [Resource; [$(Resource::$name),+].len()] = [$(Resource::$name),+];

            /// The resource's name, with its unit in brackets unless it is a number.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Resource::$name => $text,)+
                }
            }
        }
    };
}

resources! {
    /// Neurons.
    Neurons = "neurons",
    /// Synapses (source, target); never limited by itself.
    Synapses = "synapses",
    /// Synaptic weight memory.
    Weights = "weight memory [bits]",
    /// Membrane potential memory.
    State = "state memory [bits]",
    /// Neuron parameter memory.
    Params = "parameter memory [bits]",
    /// Axon table.
    AxonTable = "axon table [bits]",
    /// Route table.
    RouteTable = "route table [bits]",
    /// Instruction memory.
    Code = "instruction memory [bits]",
    /// Distinct source neurons that the core listens to.
    AxonsIn = "axons in",
    /// (neuron, destination) pairs; a multicast route is one destination.
    AxonsOut = "axons out",
    /// Synapses onto one neuron, the most.
    FanIn = "fan-in",
    /// Channels of a layer on the core, the most.
    Channels = "channels of a layer",
    /// Destinations of one neuron, the most.
    Destinations = "destinations of a neuron",
    /// Layers that the core's neurons send to.
    DestinationLayers = "destination layers",
    /// Distinct non-zero weights of one projection onto one neuron, the most; counted only where limited.
    WeightsPerNeuron = "distinct weights onto a neuron",
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An amount and its limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Use {
    /// Amount used.
    pub used: u64,
    /// Amount there is; `None` = unlimited.
    pub max: Option<u64>,
}

impl Use {
    /// Whether more is used than there is.
    pub fn exceeded(self) -> bool {
        self.max.is_some_and(|max| self.used > max)
    }
}

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
        memories.state.state_bits(c, y, x, core.state_bits)
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
                tiles().map(|d| memories.params.row_bits(u64::from(d.extent.0), 3, core.state_bits)).sum(),
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

#[derive(Default)]
struct Synaptic {
    synapses: u64,
    weight_bits: u64,
    fan_in: u64,
    distinct: u64,
}

impl Synaptic {
    fn of(program: &Program, arch: &Arch, image: &CoreImage) -> Self {
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

/// What leaves a core.
#[derive(Default)]
struct Sent {
    pairs: u64,
    most: u64,
    layers: BTreeSet<LayerId>,
}

/// Spikes by neuron between the cores, whatever their rate.
struct Traffic {
    sent: BTreeMap<CoreId, Sent>,
    /// Distinct source neurons that each core hears.
    received: BTreeMap<CoreId, u64>,
}

impl Traffic {
    fn of(program: &Program) -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arch::preset::preset, testing::tiny};

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
