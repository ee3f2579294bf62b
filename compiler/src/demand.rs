//! What a tile asks of a core, resource by resource, and what a core offers.
//!
//! Memory demands are in bits of whole words, padded as [`isa::arch::Memory`] says. A parameter row holds the threshold,
//! the initial potential and the bias of one channel.

use ir::{NeuronModel, Population, Quantized};
use isa::{Arch, CoreId, arch::Multicast};
use std::{
    fmt,
    ops::{Index, IndexMut},
};

/// A limited resource of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Resource {
    /// Neurons.
    Neurons,
    /// Distinct source neurons that the core listens to.
    AxonsIn,
    /// (neuron, destination) pairs.
    AxonsOut,
    /// Synapses onto one neuron.
    FanIn,
    /// Output channels of a layer.
    Channels,
    /// Synaptic weight memory \[bits\].
    Weights,
    /// Neuron state memory \[bits\].
    State,
    /// Neuron parameter memory \[bits\].
    Params,
    /// Destinations of one neuron.
    Destinations,
    /// Layers that the neurons of a core send to.
    DestinationLayers,
}

impl Resource {
    /// All resources.
    pub const ALL: [Self; 10] = [
        Self::Neurons,
        Self::AxonsIn,
        Self::AxonsOut,
        Self::FanIn,
        Self::Channels,
        Self::Weights,
        Self::State,
        Self::Params,
        Self::Destinations,
        Self::DestinationLayers,
    ];

    /// Whether tiles on the same core add up (a core's total) or each must fit by itself.
    pub const fn adds_up(self) -> bool {
        !matches!(self, Self::FanIn | Self::Channels | Self::Destinations)
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Neurons => "neurons per core",
            Self::AxonsIn => "source neurons per core",
            Self::AxonsOut => "outgoing axons per core",
            Self::FanIn => "synapses per neuron",
            Self::Channels => "channels per layer",
            Self::Weights => "weight memory per core [bits]",
            Self::State => "state memory per core [bits]",
            Self::Params => "parameter memory per core [bits]",
            Self::Destinations => "destinations per neuron",
            Self::DestinationLayers => "destination layers per core",
        })
    }
}

/// Amounts by resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand([u64; 10]);

impl Index<Resource> for Demand {
    type Output = u64;
    fn index(&self, r: Resource) -> &u64 {
        &self.0[r as usize]
    }
}

impl IndexMut<Resource> for Demand {
    fn index_mut(&mut self, r: Resource) -> &mut u64 {
        &mut self.0[r as usize]
    }
}

impl Demand {
    /// The demand of two tiles on one core.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        let mut sum = Self::default();
        for r in Resource::ALL {
            sum[r] = if r.adds_up() { self[r] + other[r] } else { self[r].max(other[r]) };
        }
        sum
    }

    /// The larger of two demands, resource by resource.
    #[must_use]
    pub fn max(&self, other: &Self) -> Self {
        let mut max = Self::default();
        for r in Resource::ALL {
            max[r] = self[r].max(other[r]);
        }
        max
    }
}

/// What a core offers; absent = unlimited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capacity([Option<u64>; 10]);

impl Capacity {
    /// The limits of an architecture's cores.
    pub fn of(arch: &Arch) -> Self {
        let core = &arch.core;
        let value = |c: &Option<isa::arch::Constant>| c.as_ref().map(|c| c.value);
        let mut limits = Self::default();
        for r in Resource::ALL {
            limits.0[r as usize] = match r {
                Resource::Neurons => value(&core.neurons),
                Resource::AxonsIn => value(&core.axons_in),
                Resource::AxonsOut => value(&core.axons_out),
                Resource::FanIn => value(&core.fan_in),
                Resource::Channels => value(&core.channels),
                Resource::Weights => value(&core.memories.weights.bits),
                Resource::State => value(&core.memories.state.bits),
                Resource::Params => value(&core.memories.params.bits),
                Resource::Destinations => value(&core.destinations),
                Resource::DestinationLayers => value(&core.destination_layers),
            };
        }
        limits
    }

    /// The limits of one core: as [`Capacity::of`], with the core's own memories where cores differ.
    pub fn at(arch: &Arch, core: CoreId) -> Self {
        let mut limits = Self::of(arch);
        let memories = &arch.core.memories;
        for (r, memory) in [
            (Resource::Weights, &memories.weights),
            (Resource::State, &memories.state),
            (Resource::Params, &memories.params),
        ] {
            limits.0[r as usize] = memory.capacity(arch, core);
        }
        limits
    }

    /// The limit of a resource.
    pub fn limit(&self, r: Resource) -> Option<u64> {
        self.0[r as usize]
    }

    /// Whether a demand is met.
    pub fn holds(&self, demand: &Demand) -> bool {
        self.exceeded(demand).next().is_none()
    }

    /// The resources of which a demand takes too much.
    pub fn exceeded(&self, demand: &Demand) -> impl Iterator<Item = Resource> {
        let (capacity, demand) = (*self, *demand);
        Resource::ALL.into_iter().filter(move |&r| capacity.limit(r).is_some_and(|max| demand[r] > max))
    }

    /// The resource used most relative to its limit, with used / max; none if nothing is limited.
    ///
    /// Fan-in and channels are properties of the network, not of how full a core is; they do not count.
    pub fn binding(&self, demand: &Demand) -> Option<(Resource, f64)> {
        Resource::ALL
            .into_iter()
            .filter(|r| r.adds_up())
            .filter_map(|r| Some((r, demand[r] as f64 / self.limit(r)?.max(1) as f64)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
    }
}

/// What a neuron takes of the memories for state and parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NeuronMemory {
    /// Words of state.
    pub(crate) words: u64,
    /// Parameters and initial values in a row.
    pub(crate) params: u64,
    /// Whether there is a row for every neuron rather than for every channel.
    pub(crate) by_neuron: bool,
}

impl NeuronMemory {
    /// What a neuron of a population takes.
    pub(crate) fn of(population: &Population<Quantized>) -> Self {
        let NeuronModel::Dynamic(list) = &population.neuron else {
            return Self { words: 1, params: 3, by_neuron: false };
        };
        let lengths = list.words.iter().map(|w| w.init.0.len()).chain(list.params.iter().map(|p| p.values.0.len()));
        Self {
            words: list.words.len() as u64,
            params: (list.words.len() + list.params.len()) as u64,
            by_neuron: lengths.into_iter().any(|n| n > population.shape.channels as usize),
        }
    }
}

/// Whether a spike needs one packet, and one entry, per destination core.
pub(crate) fn is_unicast(arch: &Arch) -> bool {
    arch.noc.as_ref().is_some_and(|noc| noc.multicast == Multicast::Unicast)
}
