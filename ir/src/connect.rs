//! Projections: how the spikes of one population reach another.
//!
//! Convolution is the cross-correlation of PyTorch: output (o, oy, ox) sums `w[o][i][ky][kx]` over inputs at
//! `(oy·stride + ky·dilation − padding, ox·stride + kx·dilation − padding)`; outside the map the input is 0.
//! Pairs are always (vertical, horizontal).

use crate::{ids::Shape, lists::SynapseLists, stage::Stage};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Geometry of a two-dimensional convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Conv2d {
    /// Kernel rows and columns.
    pub kernel: (u32, u32),
    /// Stride.
    pub stride: (u32, u32),
    /// Zero padding on each side.
    pub padding: (u32, u32),
    /// Dilation.
    pub dilation: (u32, u32),
    /// Channel groups; `pre` channels when depthwise.
    pub groups: u32,
}

impl Conv2d {
    /// A square kernel with equal strides and paddings, no dilation, one group.
    pub const fn square(kernel: u32, stride: u32, padding: u32) -> Self {
        Self {
            kernel: (kernel, kernel),
            stride: (stride, stride),
            padding: (padding, padding),
            dilation: (1, 1),
            groups: 1,
        }
    }

    /// Output rows and columns for an input map, or `None` if the kernel does not fit in it, or the padded map has sides beyond
    /// 32 bits: coordinates in it are computed with 32 bits.
    pub fn output(self, input: Shape) -> Option<(u32, u32)> {
        let side = |n: u32, k: u32, s: u32, p: u32, d: u32| {
            let padded = n.checked_add(p.checked_mul(2)?)?;
            let kernel = d.checked_mul(k.checked_sub(1)?)?.checked_add(1)?;
            padded.checked_sub(kernel)?.checked_div(s)?.checked_add(1)
        };
        Some((
            side(input.height, self.kernel.0, self.stride.0, self.padding.0, self.dilation.0)?,
            side(input.width, self.kernel.1, self.stride.1, self.padding.1, self.dilation.1)?,
        ))
    }
}

/// Sum pooling over disjoint windows: kernel equals stride; rows and columns left over at the far edge are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pool {
    /// Window rows and columns.
    pub size: (u32, u32),
}

impl Pool {
    /// The pooled shape.
    pub const fn output(self, input: Shape) -> Shape {
        Shape::new(input.channels, input.height / self.size.0, input.width / self.size.1)
    }
}

/// Which pre-synaptic neurons reach which post-synaptic ones, and in which order their weights stand.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Connectivity {
    /// Shared weights `[out channel][in channel / groups][ky][kx]`.
    Conv2d(Conv2d),
    /// All to all, weights `[post neuron][pre neuron]` in channel-major order.
    Dense,
    /// Neuron to neuron of equal shape, weight `[1]` or one per channel.
    OneToOne,
    /// A list of post-synaptic neurons for every pre-synaptic one (behind the pooling, channel-major), one weight per
    /// synapse in the order of the lists.
    Sparse(SynapseLists),
}

/// A directed connection between two populations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Projection<S: Stage> {
    /// Geometry of the synapses.
    pub connectivity: Connectivity,
    /// Sum pooling of the pre-synaptic map before the synapses.
    pub pool: Option<Pool>,
    /// Weights in the order that [`Connectivity`] states.
    pub weights: Vec<S::Weight>,
    /// Timesteps between emission and arrival: at least 1, except 0 from inputs and linear populations.
    pub delay: u32,
}

impl<S: Stage> Projection<S> {
    /// The pre-synaptic shape as the synapses see it: after pooling.
    pub fn source_shape(&self, pre: Shape) -> Shape {
        self.pool.map_or(pre, |pool| pool.output(pre))
    }

    /// Number of weights that the geometry demands between two shapes.
    pub fn expected_weights(&self, pre: Shape, post: Shape) -> usize {
        let source = self.source_shape(pre);
        match &self.connectivity {
            Connectivity::Conv2d(conv) => {
                let per_group = source.channels / conv.groups.max(1);
                let factors = [post.channels, per_group, conv.kernel.0, conv.kernel.1];
                factors.into_iter().fold(1, |n: usize, factor| n.saturating_mul(factor as usize))
            }
            Connectivity::Dense => post.neurons().saturating_mul(source.neurons()),
            Connectivity::Sparse(lists) => lists.n_synapses(),
            Connectivity::OneToOne => {
                if self.weights.len() == 1 {
                    1
                } else {
                    post.channels as usize
                }
            }
        }
    }

    /// The post-synaptic channels onto which a weight acts.
    pub fn channels_of(&self, weight: usize, post: Shape) -> Range<usize> {
        let channels = post.channels as usize;
        let c = match &self.connectivity {
            Connectivity::OneToOne if self.weights.len() == 1 => return 0..channels,
            Connectivity::Sparse(lists) => post.channel(lists.targets()[weight] as usize),
            Connectivity::Conv2d(_) | Connectivity::Dense | Connectivity::OneToOne => {
                weight / (self.weights.len() / channels)
            }
        };
        c..c + 1
    }

    /// Calls `synapse(pre neuron, weight index)` for every synapse onto post-synaptic neuron (c, y, x).
    ///
    /// This loop is the definition of the connectivity; everything faster is tested against it.
    pub fn synapses_onto(
        &self,
        pre: Shape,
        post: Shape,
        (c, y, x): (u32, u32, u32),
        mut synapse: impl FnMut(usize, usize),
    ) {
        let source = self.source_shape(pre);
        let mut from_source = |channel: u32, sy: u32, sx: u32, weight: usize| match self.pool {
            None => synapse(pre.index(channel, sy, sx), weight),
            Some(Pool { size: (ph, pw) }) => {
                for py in 0..ph {
                    for px in 0..pw {
                        synapse(pre.index(channel, sy * ph + py, sx * pw + px), weight);
                    }
                }
            }
        };
        match &self.connectivity {
            Connectivity::Conv2d(conv) => {
                let per_group_in = source.channels / conv.groups;
                let group = c / (post.channels / conv.groups);
                for i in 0..per_group_in {
                    for ky in 0..conv.kernel.0 {
                        let Some(sy) = (y * conv.stride.0 + ky * conv.dilation.0).checked_sub(conv.padding.0) else {
                            continue;
                        };
                        for kx in 0..conv.kernel.1 {
                            let Some(sx) = (x * conv.stride.1 + kx * conv.dilation.1).checked_sub(conv.padding.1)
                            else {
                                continue;
                            };
                            if sy < source.height && sx < source.width {
                                let weight = ((c * per_group_in + i) * conv.kernel.0 + ky) * conv.kernel.1 + kx;
                                from_source(group * per_group_in + i, sy, sx, weight as usize);
                            }
                        }
                    }
                }
            }
            Connectivity::Dense => {
                let row = post.index(c, y, x) * source.neurons();
                for index in 0..source.neurons() {
                    let (i, sy, sx) = source.position(index);
                    from_source(i, sy, sx, row + index);
                }
            }
            Connectivity::OneToOne => {
                from_source(c, y, x, if self.weights.len() == 1 { 0 } else { c as usize });
            }
            Connectivity::Sparse(lists) => {
                let target = post.index(c, y, x) as u32;
                for index in 0..source.neurons() {
                    let (i, sy, sx) = source.position(index);
                    for synapse in lists.between(index, target) {
                        from_source(i, sy, sx, synapse);
                    }
                }
            }
        }
    }
}
