//! What one core is loaded with, and where its spikes go.

use crate::{
    ids::{CoreId, RouteId, Tag},
    op::{Descriptor, DescriptorId, Instruction},
};
use serde::{Deserialize, Serialize};

/// The image of one core.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoreImage {
    /// The core.
    pub core: CoreId,
    /// Handler run for every event taken from the queue.
    pub on_spike: Vec<Instruction>,
    /// Handler run at the end of every timestep.
    pub on_tick: Vec<Instruction>,
    /// Axon table, in ascending order of tags.
    pub axons: Vec<AxonEntry>,
    /// Descriptors.
    pub descriptors: Vec<Descriptor>,
    /// Route table of the core's spikes.
    pub routes: Vec<Route>,
    /// State words in use.
    pub n_state: u32,
}

/// What a core does with the events of a projection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AxonEntry {
    /// The projection.
    pub tag: Tag,
    /// The synaptic macro-operations to run.
    pub descriptors: Vec<DescriptorId>,
}

/// A route: one packet (or one per core, on unicast chips) to a set of cores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The projection, looked up at the receivers.
    pub tag: Tag,
    /// Timesteps until the event is processed: 0 only from the input port.
    pub delay: u16,
    /// The receiving cores.
    pub destination: Destination,
}

/// The receivers of a route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Destination {
    /// One core.
    Core(CoreId),
    /// All cores in use at the routers `x0..=x1 × y0..=y1` that know the tag.
    Rectangle {
        /// First and last column.
        x: (u16, u16),
        /// First and last row.
        y: (u16, u16),
        /// The receiving cores inside, ascending: what hardware finds by asking each core's axon table.
        cores: Vec<CoreId>,
    },
    /// Listed cores, ascending.
    List(Vec<CoreId>),
}

impl Destination {
    /// The receiving cores, ascending.
    pub fn cores(&self) -> &[CoreId] {
        match self {
            Self::Core(core) => std::slice::from_ref(core),
            Self::Rectangle { cores, .. } | Self::List(cores) => cores,
        }
    }
}

/// Which routes a neuron's spike takes, by the classes of its channel, row and column.
///
/// Neurons whose spikes reach the same cores share a class, so a tile needs as many table entries as it has classes:
/// `routes[(channel_class · n_row_classes + row_class) · n_column_classes + column_class]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emission {
    /// Class of each channel of the tile.
    pub channel_class: Vec<u16>,
    /// Class of each row of the tile.
    pub row_class: Vec<u16>,
    /// Class of each column of the tile.
    pub column_class: Vec<u16>,
    /// Routes of each combination of classes.
    pub routes: Vec<Vec<RouteId>>,
}

impl Emission {
    /// The routes of the neuron at (c, y, x) of the tile. Empty if nothing listens.
    pub fn routes(&self, c: usize, y: usize, x: usize) -> &[RouteId] {
        if self.routes.is_empty() {
            return &[];
        }
        let classes = |class: &[u16]| class.iter().max().map_or(1, |&m| m as usize + 1);
        let (n_rows, n_columns) = (classes(&self.row_class), classes(&self.column_class));
        let (cc, rc, xc) = (self.channel_class[c] as usize, self.row_class[y] as usize, self.column_class[x] as usize);
        &self.routes[(cc * n_rows + rc) * n_columns + xc]
    }
}
