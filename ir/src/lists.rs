//! Synapse lists: which post-synaptic neurons each source neuron of a sparse projection reaches.
//!
//! Compressed rows: the targets of source neuron j are `targets[starts[j]..starts[j + 1]]`, ascending; a pair that occurs
//! twice is two synapses, whose weights add up. Synapses are numbered in this order, and so are a projection's weights.
//! In text, one list per source neuron: `[[0, 4], [], [2]]`.

use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Targets of every source neuron.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<Vec<u32>>", into = "Vec<Vec<u32>>")]
pub struct SynapseLists {
    /// Number of synapses before each list, and behind the last: one entry more than lists.
    starts: Vec<usize>,
    targets: Vec<u32>,
}

impl SynapseLists {
    /// Lists from the targets of each source neuron, in the order in which they are given.
    pub fn new<L: IntoIterator<Item = u32>>(lists: impl IntoIterator<Item = L>) -> Self {
        let mut all = Self { starts: vec![0], targets: Vec::new() };
        for list in lists {
            all.targets.extend(list);
            all.starts.push(all.targets.len());
        }
        all
    }

    /// Number of source neurons.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there is no source neuron.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of synapses of all lists.
    pub fn n_synapses(&self) -> usize {
        self.targets.len()
    }

    /// The synapses of a source neuron: indices into weights and [`Self::targets`].
    pub fn synapses(&self, source: usize) -> Range<usize> {
        self.starts[source]..self.starts[source + 1]
    }

    /// Targets of a source neuron.
    pub fn of(&self, source: usize) -> &[u32] {
        &self.targets[self.synapses(source)]
    }

    /// The target of every synapse.
    pub fn targets(&self) -> &[u32] {
        &self.targets
    }

    /// The lists, one per source neuron.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> + '_ {
        (0..self.len()).map(|source| self.of(source))
    }

    /// The synapses of a source neuron onto one target; the list must ascend.
    pub fn between(&self, source: usize, target: u32) -> Range<usize> {
        let (list, first) = (self.of(source), self.starts[source]);
        first + list.partition_point(|&t| t < target)..first + list.partition_point(|&t| t <= target)
    }
}

impl From<Vec<Vec<u32>>> for SynapseLists {
    fn from(lists: Vec<Vec<u32>>) -> Self {
        Self::new(lists)
    }
}

impl From<SynapseLists> for Vec<Vec<u32>> {
    fn from(lists: SynapseLists) -> Self {
        lists.iter().map(<[u32]>::to_vec).collect()
    }
}
