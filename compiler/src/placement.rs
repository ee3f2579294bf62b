//! The placement: which core each cluster runs on.

use isa::CoreId;

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
