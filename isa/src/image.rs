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
        let (n_rows, n_columns) = (n_classes(&self.row_class), n_classes(&self.column_class));
        let (cc, rc, xc) = (self.channel_class[c] as usize, self.row_class[y] as usize, self.column_class[x] as usize);
        &self.routes[(cc * n_rows + rc) * n_columns + xc]
    }

    /// Number of table entries that the classes ask for.
    pub fn n_entries(&self) -> usize {
        n_classes(&self.channel_class) * n_classes(&self.row_class) * n_classes(&self.column_class)
    }

    /// The table entries with the number of neurons of each, in table order. Total even if the table is too short.
    pub fn by_class(&self) -> impl Iterator<Item = (u64, &[RouteId])> {
        let [channels, rows, columns] = [&self.channel_class, &self.row_class, &self.column_class].map(|c| members(c));
        let (n_rows, n_columns) = (rows.len(), columns.len());
        self.routes.iter().take(self.n_entries()).enumerate().map(move |(i, routes)| {
            let n = channels[i / n_columns / n_rows] * rows[i / n_columns % n_rows] * columns[i % n_columns];
            (n, routes.as_slice())
        })
    }
}

/// One more than the highest class; an empty axis has one class.
fn n_classes(class: &[u16]) -> usize {
    class.iter().max().map_or(1, |&highest| usize::from(highest) + 1)
}

/// Members of each class of an axis.
fn members(class: &[u16]) -> Vec<u64> {
    let mut members = vec![0; n_classes(class)];
    for &c in class {
        members[usize::from(c)] += 1;
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_select_the_entry() {
        // Channels 0,1 | 2; rows 0 | 1,2; one column class: entries (c, y) = (0,0) (0,1) (1,0) (1,1).
        let emission = Emission {
            channel_class: vec![0, 0, 1],
            row_class: vec![0, 1, 1],
            column_class: vec![0, 0],
            routes: vec![vec![], vec![RouteId(0)], vec![RouteId(1)], vec![RouteId(0), RouteId(1)]],
        };
        assert_eq!(emission.n_entries(), 4);
        assert!(emission.routes(1, 0, 1).is_empty());
        assert_eq!(emission.routes(0, 2, 0), [RouteId(0)]);
        assert_eq!(emission.routes(2, 0, 1), [RouteId(1)]);
        assert_eq!(emission.routes(2, 1, 0), [RouteId(0), RouteId(1)]);

        let by_class: Vec<(u64, usize)> = emission.by_class().map(|(n, routes)| (n, routes.len())).collect();
        assert_eq!(by_class, [(4, 0), (8, 1), (2, 1), (4, 2)]);
        assert_eq!(by_class.iter().map(|(n, _)| n).sum::<u64>(), 3 * 3 * 2);
    }

    #[test]
    fn classes_agree_with_neurons_one_by_one() {
        let emission = Emission {
            channel_class: vec![1, 0],
            row_class: vec![2, 0, 1, 0],
            column_class: vec![0, 1, 1],
            routes: (0..12).map(|i| vec![RouteId(i); i as usize % 3]).collect(),
        };
        let mut one_by_one = 0;
        for c in 0..2 {
            for y in 0..4 {
                for x in 0..3 {
                    one_by_one += emission.routes(c, y, x).len() as u64;
                }
            }
        }
        assert_eq!(emission.by_class().map(|(n, routes)| n * routes.len() as u64).sum::<u64>(), one_by_one);
    }

    #[test]
    fn silent_tiles_have_no_routes() {
        assert!(Emission::default().routes(5, 6, 7).is_empty());
        assert_eq!(Emission::default().by_class().count(), 0);
    }
}
