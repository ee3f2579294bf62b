//! The limited resources of a core, and an amount of one.

use serde::Serialize;
use std::fmt;

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
