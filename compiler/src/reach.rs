//! Which post-synaptic channels, rows and columns an event of a projection reaches, axis by axis.
//!
//! Convolution, pooling and all-to-all connectivity are products over the three axes: the targets of neuron (c, y, x) are
//! `channels(c) × rows(y) × columns(x)`. Everything that the back half asks of the connectivity (destination tiles,
//! receptive fields, numbers of synapses) therefore follows from one axis at a time, without visiting synapses.
//!
//! For an axis of kernel K, stride s, padding p, dilation d and pool q, source position y reaches output position
//! `(⌊y/q⌋ + p − k·d) / s` for every tap k in 0..K for which that is an integer inside the map.
//!
//! Synapse lists are no product. Their axes are those of an all-to-all projection, which contains them: bounds that are safe;
//! exact answers about lists are in [`crate::incidence`].

use ir::{Connectivity, Projection, Shape, Stage};
use std::ops::Range;

/// One axis of a projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Axis {
    /// A sliding window (rows and columns of a convolution).
    Window { pre: u32, post: u32, pool: u32, kernel: u32, stride: u32, padding: u32, dilation: u32 },
    /// Consecutive groups (channels of a convolution); one group is all to all.
    Groups { pre: u32, post: u32, groups: u32 },
    /// Every source position that survives pooling reaches every target.
    All { pre: u32, post: u32, pool: u32 },
}

impl Axis {
    /// Output positions that source position `y` reaches, ascending.
    pub(crate) fn targets(self, y: u32) -> Vec<u32> {
        match self {
            Self::Window { pre, post, pool, kernel, stride, padding, dilation } => {
                if y / pool >= pre / pool {
                    return Vec::new();
                }
                (0..kernel)
                    .rev()
                    .filter_map(|k| (y / pool + padding).checked_sub(k * dilation))
                    .filter(|shifted| shifted.is_multiple_of(stride) && shifted / stride < post)
                    .map(|shifted| shifted / stride)
                    .collect()
            }
            Self::Groups { pre, post, groups } => {
                let group = y / (pre / groups);
                (group * (post / groups)..(group + 1) * (post / groups)).collect()
            }
            Self::All { pre, post, pool } => {
                if y / pool < pre / pool {
                    (0..post).collect()
                } else {
                    Vec::new()
                }
            }
        }
    }

    /// For each source position, the slices of the post-synaptic axis that it reaches; `cuts` are the slices' borders.
    pub(crate) fn slices(self, cuts: &[u32]) -> Vec<Vec<u32>> {
        (0..self.pre())
            .map(|y| {
                let mut slices: Vec<u32> =
                    self.targets(y).into_iter().map(|o| cuts.partition_point(|&cut| cut <= o) as u32 - 1).collect();
                slices.dedup();
                slices
            })
            .collect()
    }

    /// Number of target positions.
    pub(crate) fn post(self) -> u32 {
        match self {
            Self::Window { post, .. } | Self::Groups { post, .. } | Self::All { post, .. } => post,
        }
    }

    /// Number of source positions.
    pub(crate) fn pre(self) -> u32 {
        match self {
            Self::Window { pre, .. } | Self::Groups { pre, .. } | Self::All { pre, .. } => pre,
        }
    }
}

/// The three axes of a projection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    pub(crate) channels: Axis,
    pub(crate) rows: Axis,
    pub(crate) cols: Axis,
}

impl Reach {
    /// The axes of a projection between two shapes.
    pub(crate) fn new<S: Stage>(projection: &Projection<S>, pre: Shape, post: Shape) -> Self {
        let (ph, pw) = projection.pool.map_or((1, 1), |pool| pool.size);
        let window = |pre, post, pool, (kernel, stride, padding, dilation)| Axis::Window {
            pre,
            post,
            pool,
            kernel,
            stride,
            padding,
            dilation,
        };
        let (vertical, horizontal, groups) = match &projection.connectivity {
            Connectivity::Conv2d(c) => (
                (c.kernel.0, c.stride.0, c.padding.0, c.dilation.0),
                (c.kernel.1, c.stride.1, c.padding.1, c.dilation.1),
                c.groups,
            ),
            Connectivity::OneToOne => ((1, 1, 0, 1), (1, 1, 0, 1), pre.channels),
            Connectivity::Dense | Connectivity::Sparse(_) => {
                return Self {
                    channels: Axis::All { pre: pre.channels, post: post.channels, pool: 1 },
                    rows: Axis::All { pre: pre.height, post: post.height, pool: ph },
                    cols: Axis::All { pre: pre.width, post: post.width, pool: pw },
                };
            }
        };
        Self {
            channels: Axis::Groups { pre: pre.channels, post: post.channels, groups },
            rows: window(pre.height, post.height, ph, vertical),
            cols: window(pre.width, post.width, pw, horizontal),
        }
    }
}

impl Reach {
    /// Whether any event reaches the outputs `[channels, rows, columns]`: a tile far inside the padding hears nothing.
    pub(crate) fn touches(&self, ranges: [&Range<u32>; 3]) -> bool {
        [self.channels, self.rows, self.cols]
            .into_iter()
            .zip(ranges)
            .all(|(axis, range)| (0..axis.pre()).any(|y| axis.targets(y).iter().any(|o| range.contains(o))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ir::{Conv2d, Pool, Trained};

    /// The product of the axes is the connectivity, for every neuron pair, against the defining loop.
    #[test]
    fn the_axes_multiply_to_the_synapses() {
        let conv = |kernel, stride, padding, dilation, groups| {
            Connectivity::Conv2d(Conv2d { kernel, stride, padding, dilation, groups })
        };
        for (pre, connectivity, pool) in [
            (Shape::new(4, 7, 6), conv((3, 2), (2, 1), (1, 0), (1, 2), 2), None),
            (Shape::new(2, 9, 9), conv((3, 3), (1, 2), (1, 1), (1, 1), 1), Some(Pool { size: (2, 2) })),
            (Shape::new(2, 5, 4), Connectivity::Dense, Some(Pool { size: (2, 3) })),
            (Shape::new(3, 4, 4), Connectivity::OneToOne, Some(Pool { size: (2, 1) })),
        ] {
            let mut projection =
                Projection::<Trained> { connectivity: connectivity.clone(), pool, weights: vec![0.0], delay: 1 };
            let source = projection.source_shape(pre);
            let post = match connectivity {
                Connectivity::Conv2d(conv) => {
                    let (h, w) = conv.output(source).expect("kernels fit");
                    Shape::new(6, h, w)
                }
                Connectivity::Dense => Shape::new(3, 2, 1),
                Connectivity::OneToOne => source,
                Connectivity::Sparse(_) => unreachable!("not among the cases"),
            };
            projection.weights = vec![0.0; projection.expected_weights(pre, post)];
            let reach = Reach::new(&projection, pre, post);
            for target in 0..post.neurons() {
                let (c, y, x) = post.position(target);
                let mut direct = vec![false; pre.neurons()];
                projection.synapses_onto(pre, post, (c, y, x), |j, _| direct[j] = true);
                for (j, &direct) in direct.iter().enumerate() {
                    let (jc, jy, jx) = pre.position(j);
                    let product = reach.channels.targets(jc).contains(&c)
                        && reach.rows.targets(jy).contains(&y)
                        && reach.cols.targets(jx).contains(&x);
                    assert_eq!(product, direct, "{connectivity:?} {jc},{jy},{jx} → {c},{y},{x}");
                }
            }
        }
    }
}
