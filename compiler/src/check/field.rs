//! Receptive fields from the side of the receiver: which source positions a range of outputs sums, axis by axis.
//!
//! The passes ask which outputs an event reaches (scatter); the checkers ask which events an output takes (gather).

use ir::{Connectivity, Graph, ProjectionId, Quantized};
use std::{collections::BTreeSet, ops::Range};

/// The source positions of a box of outputs: the product of three sets.
pub(super) struct Field {
    pub(super) channels: BTreeSet<u32>,
    pub(super) rows: BTreeSet<u32>,
    pub(super) cols: BTreeSet<u32>,
}

impl Field {
    pub(super) fn len(&self) -> u64 {
        (self.channels.len() * self.rows.len() * self.cols.len()) as u64
    }
}

/// The field of the outputs `channels × rows × cols` of a projection's post-synaptic population.
pub(super) fn field(
    graph: &Graph<Quantized>,
    id: ProjectionId,
    (channels, rows, cols): (&Range<u32>, &Range<u32>, &Range<u32>),
) -> Field {
    let projection = graph.projection(id);
    let (pre, post) = graph.ends(id);
    let (pre, post) = (graph.population(pre).shape, graph.population(post).shape);
    let source = projection.source_shape(pre);
    let (ph, pw) = projection.pool.map_or((1, 1), |pool| pool.size);
    let unpool = |set: BTreeSet<u32>, p: u32| set.into_iter().flat_map(|v| v * p..(v + 1) * p).collect();
    let (c, y, x): (BTreeSet<u32>, BTreeSet<u32>, BTreeSet<u32>) = match projection.connectivity {
        Connectivity::Dense => {
            ((0..source.channels).collect(), (0..source.height).collect(), (0..source.width).collect())
        }
        Connectivity::OneToOne => (channels.clone().collect(), rows.clone().collect(), cols.clone().collect()),
        Connectivity::Conv2d(conv) => {
            let window = |outputs: &Range<u32>, k: u32, s: u32, p: u32, d: u32, n: u32| {
                outputs
                    .clone()
                    .flat_map(|o| (0..k).map(move |tap| i64::from(o * s + tap * d) - i64::from(p)))
                    .filter(|&v| v >= 0 && v < i64::from(n))
                    .map(|v| v as u32)
                    .collect()
            };
            let per_group = (source.channels / conv.groups, post.channels / conv.groups);
            let groups: BTreeSet<u32> = channels.clone().map(|c| c / per_group.1).collect();
            (
                groups.into_iter().flat_map(|g| g * per_group.0..(g + 1) * per_group.0).collect(),
                window(rows, conv.kernel.0, conv.stride.0, conv.padding.0, conv.dilation.0, source.height),
                window(cols, conv.kernel.1, conv.stride.1, conv.padding.1, conv.dilation.1, source.width),
            )
        }
    };
    Field { channels: c, rows: unpool(y, ph), cols: unpool(x, pw) }
}
