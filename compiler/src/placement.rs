//! The placement: which core each cluster runs on.

use crate::partition::Partition;
use ir::{Graph, Quantized};
use isa::{Arch, CoreId};

/// A network laid onto the cores of a chip: what routes and programs are written from.
#[derive(Clone, Copy, Debug)]
pub struct Layout<'a> {
    /// The network, in the order of its tiles.
    pub graph: &'a Graph<Quantized>,
    /// The chip.
    pub arch: &'a Arch,
    /// Its tiles and clusters.
    pub partition: &'a Partition,
    /// The core of each cluster.
    pub placement: &'a Placement,
}

/// Clusters on cores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// `cores[cluster]`, all different.
    pub cores: Vec<CoreId>,
}

impl Placement {
    /// Clusters in order on cores in order.
    pub fn row_major(n_clusters: usize) -> Self {
        Self { cores: (0..n_clusters as u32).map(CoreId).collect() }
    }
}
