//! Grouped convolution: g independent [`Conv`]s, group k from the k-th part of the input channels to the k-th part of the output channels.
//!
//! A group's channels are copied to and from a dense image of their own, padded like any other ([`ConvShape::new`]); the copies
//! cost one load and one store per value, the group's products k² times its channels. One group is the dense convolution, without copies.
//!
//! Weights are the groups' packed vectors one after another.

use super::{Conv, ConvShape, Scratch, Source};

/// A convolution in groups. Images are `[pixel][channel]` with the channels of all groups side by side, padded once at the end.
pub struct GroupedConv {
    /// Geometry, with the padded channel counts of the whole layer.
    pub shape: ConvShape,
    groups: usize,
    /// Channels of one group, unpadded: in, out.
    per: (usize, usize),
    one: Conv,
}

/// Buffers of one worker.
#[derive(Default)]
pub struct GroupedScratch {
    conv: Scratch,
    x: Vec<f32>,
    y: Vec<f32>,
}

/// Copies `per` channels per pixel; `src` and `dst` are (image, channels of a pixel, first channel).
fn copy(src: (&[f32], usize, usize), dst: (&mut [f32], usize, usize), per: usize) {
    for (s, d) in src.0.chunks_exact(src.1).zip(dst.0.chunks_exact_mut(dst.1)) {
        d[dst.2..dst.2 + per].copy_from_slice(&s[src.2..src.2 + per]);
    }
}

impl GroupedConv {
    /// Square kernel, stride 1, output as large as the input. `groups` divides both channel counts.
    #[must_use]
    pub fn new(in_hw: (usize, usize), in_c: usize, out_c: usize, kernel: usize, groups: usize) -> Self {
        assert!(groups > 0 && in_c.is_multiple_of(groups) && out_c.is_multiple_of(groups), "whole groups");
        let per = (in_c / groups, out_c / groups);
        let shape = |i, o| ConvShape::new(in_hw, i, o, kernel, 1, kernel / 2);
        Self { shape: shape(in_c, out_c), groups, per, one: Conv::new(shape(per.0, per.1)) }
    }

    /// Length of the weight vector.
    #[must_use]
    pub fn weight_len(&self) -> usize {
        self.groups * self.one.shape.weight_len()
    }

    /// Place of weight (output channel `o`, input channel `i` of the group of `o`, tap `t`).
    #[must_use]
    pub fn weight_index(&self, o: usize, i: usize, t: usize) -> usize {
        o / self.per.1 * self.one.shape.weight_len() + self.one.shape.weight_index(o % self.per.1, i, t)
    }

    /// Input channels that an output channel sees.
    #[must_use]
    pub fn fan_in(&self) -> usize {
        self.per.0
    }

    /// y of one sample, overwritten; padded channels of `y` are left as they are unless there is one group.
    pub fn forward(&self, x: &[f32], w: &[f32], y: &mut [f32], scratch: &mut GroupedScratch) {
        assert_eq!(w.len(), self.weight_len(), "weight length");
        if self.groups == 1 {
            return self.one.forward(Source::Real(x), w, y, &mut scratch.conv);
        }
        assert!(x.len() == self.shape.in_len() && y.len() == self.shape.out_len(), "sample lengths");
        let s = &self.one.shape;
        scratch.y.resize(s.out_len(), 0.0);
        for (g, w) in w.chunks_exact(s.weight_len()).enumerate() {
            self.take_input(x, g, &mut scratch.x);
            self.one.forward(Source::Real(&scratch.x), w, &mut scratch.y, &mut scratch.conv);
            copy((&scratch.y, s.out_c, 0), (y, self.shape.out_c, g * self.per.1), self.per.1);
        }
    }

    /// Adds the weight gradient of one sample to `dw`.
    pub fn add_weight_gradient(&self, x: &[f32], dy: &[f32], dw: &mut [f32], scratch: &mut GroupedScratch) {
        assert_eq!(dw.len(), self.weight_len(), "gradient length");
        if self.groups == 1 {
            return self.one.add_weight_gradient(&[Source::Real(x)], dy, dw, &mut scratch.conv);
        }
        let s = &self.one.shape;
        for (g, dw) in dw.chunks_exact_mut(s.weight_len()).enumerate() {
            self.take_input(x, g, &mut scratch.x);
            scratch.y.clear();
            scratch.y.resize(s.out_len(), 0.0);
            copy((dy, self.shape.out_c, g * self.per.1), (&mut scratch.y, s.out_c, 0), self.per.1);
            self.one.add_weight_gradient(&[Source::Real(&scratch.x)], &scratch.y, dw, &mut scratch.conv);
        }
    }

    fn take_input(&self, x: &[f32], group: usize, out: &mut Vec<f32>) {
        let s = &self.one.shape;
        out.clear();
        out.resize(s.in_len(), 0.0);
        copy((x, self.shape.in_c, group * self.per.0), (out, s.in_c, 0), self.per.0);
    }
}
