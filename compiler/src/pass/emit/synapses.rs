//! Descriptors and weight blocks of projections onto a tile.
//!
//! Weights are laid out as the descriptors read them: a convolution `[input channel][ky][kw − 1 − kx][span]`, so that the
//! taps of one kernel row lie next to each other in the order of ascending output columns; a dense layer
//! `[source neuron][neuron of the tile]` with the tile's neurons in state order `[y][x][c]`. A one-to-one projection is a
//! depthwise 1 × 1 convolution. Tiles with equal blocks share one block of the program.

use super::{extent, layer, lists, origin, pair, triple};
use crate::{partition::Tile, reach::Reach};
use ir::{Connectivity, Graph, Projection, ProjectionId, Quantized};
use isa::{ConvDescriptor, DenseDescriptor, Descriptor, WeightBlock, WeightBlockId};
use std::collections::BTreeMap;

/// Weight blocks by content.
#[derive(Default)]
pub(super) struct Blocks {
    pub(super) blocks: Vec<WeightBlock>,
    known: BTreeMap<(u8, Vec<i16>), WeightBlockId>,
}

impl Blocks {
    /// The block with these weights, a new one if none is known.
    pub(super) fn intern(&mut self, bits: u8, data: Vec<i16>) -> WeightBlockId {
        let key = (bits, data);
        if let Some(&id) = self.known.get(&key) {
            return id;
        }
        let id = WeightBlockId(self.blocks.len() as u32);
        self.blocks.push(WeightBlock { bits, data: key.1.clone() });
        self.known.insert(key, id);
        id
    }
}

/// The operation of a projection onto a tile; none if no synapse ends there.
pub(super) fn descriptor(
    graph: &Graph<Quantized>,
    id: ProjectionId,
    tile: &Tile,
    v_base: u32,
    mut intern: impl FnMut(Vec<i16>) -> WeightBlockId,
) -> Option<Descriptor> {
    let projection = graph.projection(id);
    let (pre, post) = graph.ends(id);
    let (pre, post) = (graph.population(pre).shape, graph.population(post).shape);
    let source = projection.source_shape(pre);
    let layer = layer(tile.population);
    let pool = pair(projection.pool.map_or((1, 1), |pool| pool.size));
    let reached = || Reach::new(projection, pre, post).touches([&tile.channels, &tile.rows, &tile.cols]);
    let (conv, out_per_group) = match &projection.connectivity {
        Connectivity::Sparse(found) => {
            return lists::descriptor(graph, id, found, tile, v_base, intern);
        }
        _ if !reached() => return None,
        Connectivity::Dense => {
            return Some(Descriptor::Dense(DenseDescriptor {
                layer,
                source: triple(source),
                pool,
                n: tile.neurons() as u32,
                weights: intern(dense_weights(projection, source.neurons(), post, tile)),
                v_base,
            }));
        }
        Connectivity::Conv2d(conv) => (*conv, post.channels / conv.groups),
        Connectivity::OneToOne => (ir::Conv2d { groups: post.channels, ..ir::Conv2d::square(1, 1, 0) }, 1),
    };
    let in_per_group = source.channels / conv.groups;
    let groups = tile.channels.start / out_per_group..(tile.channels.end - 1) / out_per_group + 1;
    let span = (tile.channels.len() as u32).min(out_per_group);
    let mut data = Vec::new();
    for group in groups.clone() {
        // First of the `span` output channels that this group's inputs reach inside the tile.
        let o0 = (group * out_per_group).max(tile.channels.start);
        for i in 0..in_per_group {
            for ky in 0..conv.kernel.0 {
                for kx in (0..conv.kernel.1).rev() {
                    for o in o0..o0 + span {
                        let index = match projection.connectivity {
                            Connectivity::OneToOne if projection.weights.len() == 1 => 0,
                            Connectivity::OneToOne => o,
                            _ => ((o * in_per_group + i) * conv.kernel.0 + ky) * conv.kernel.1 + kx,
                        };
                        data.push(projection.weights[index as usize] as i16);
                    }
                }
            }
        }
    }
    Some(Descriptor::Conv(ConvDescriptor {
        layer,
        kernel: pair(conv.kernel),
        stride: pair(conv.stride),
        padding: pair(conv.padding),
        dilation: pair(conv.dilation),
        pool,
        source: (source.height as u16, source.width as u16),
        origin: origin(tile),
        extent: extent(tile),
        in_per_group: in_per_group as u16,
        out_per_group: out_per_group as u16,
        first_channel: (groups.start * in_per_group) as u16,
        n_channels: (groups.len() as u32 * in_per_group) as u16,
        span: span as u16,
        weights: intern(data),
        v_base,
    }))
}

fn dense_weights(projection: &Projection<Quantized>, n_source: usize, post: ir::Shape, tile: &Tile) -> Vec<i16> {
    let mut data = Vec::with_capacity(n_source * tile.neurons() as usize);
    for row in 0..n_source {
        for y in tile.rows.clone() {
            for x in tile.cols.clone() {
                for c in tile.channels.clone() {
                    data.push(projection.weights[post.index(c, y, x) * n_source + row] as i16);
                }
            }
        }
    }
    data
}
