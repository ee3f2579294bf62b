//! Geometry of a square-kernel convolution and the packed weight layout.

/// Round `n` up to a multiple of `m`.
const fn round_up(n: usize, m: usize) -> usize {
    n.div_ceil(m) * m
}

/// Shape of a convolution; channel counts are the padded ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvShape {
    /// Input height, pixels.
    pub in_h: usize,
    /// Input width, pixels.
    pub in_w: usize,
    /// Input channels, a multiple of 4.
    pub in_c: usize,
    /// Output channels, a multiple of 8.
    pub out_c: usize,
    /// Kernel side, taps.
    pub kernel: usize,
    /// Step between output pixels, in input pixels.
    pub stride: usize,
    /// Zeros around the image, pixels.
    pub pad: usize,
}

impl ConvShape {
    /// A shape with `out_c` rounded up to 8 and `in_c` rounded up to 8, or to 4 if it is at most 4 (images).
    #[must_use]
    pub fn new(in_hw: (usize, usize), in_c: usize, out_c: usize, kernel: usize, stride: usize, pad: usize) -> Self {
        assert!(kernel > 0 && stride > 0, "kernel and stride are positive");
        assert!(in_hw.0 + 2 * pad >= kernel && in_hw.1 + 2 * pad >= kernel, "kernel fits in the padded image");
        Self {
            in_h: in_hw.0,
            in_w: in_hw.1,
            in_c: if in_c <= 4 { 4 } else { round_up(in_c, 8) },
            out_c: round_up(out_c, 8),
            kernel,
            stride,
            pad,
        }
    }

    /// Output height, pixels.
    #[must_use]
    pub fn out_h(&self) -> usize {
        (self.in_h + 2 * self.pad - self.kernel) / self.stride + 1
    }

    /// Output width, pixels.
    #[must_use]
    pub fn out_w(&self) -> usize {
        (self.in_w + 2 * self.pad - self.kernel) / self.stride + 1
    }

    /// Output pixels of one sample.
    #[must_use]
    pub fn out_pixels(&self) -> usize {
        self.out_h() * self.out_w()
    }

    /// Values of one input sample, H·W·`in_c`.
    #[must_use]
    pub fn in_len(&self) -> usize {
        self.in_h * self.in_w * self.in_c
    }

    /// Values of one output sample.
    #[must_use]
    pub fn out_len(&self) -> usize {
        self.out_pixels() * self.out_c
    }

    /// Kernel positions, k².
    #[must_use]
    pub fn taps(&self) -> usize {
        self.kernel * self.kernel
    }

    /// Length of the packed weight vector.
    #[must_use]
    pub fn weight_len(&self) -> usize {
        self.taps() * self.in_c * self.out_c
    }

    /// Place of weight (output channel `o`, input channel `i`, tap `t` = ky·k + kx) in the packed vector.
    #[must_use]
    pub fn weight_index(&self, o: usize, i: usize, t: usize) -> usize {
        let block = o / 16;
        let width = (self.out_c - block * 16).min(16);
        block * 16 * self.taps() * self.in_c + (t * self.in_c + i) * width + o % 16
    }

    /// Packed weights of natural ones, `[out][in][ky][kx]` with `in_c` input channels; padded channels hold zeros.
    #[must_use]
    pub fn packed(&self, natural: &[f32], in_c: usize) -> Vec<f32> {
        let mut packed = vec![0.0; self.weight_len()];
        let taps = self.taps();
        for (at, w) in natural.iter().enumerate() {
            packed[self.weight_index(at / (in_c * taps), at / taps % in_c, at % taps)] = *w;
        }
        packed
    }

    /// Natural weights `[out][in][ky][kx]` of packed ones, `channels` of them out and in.
    #[must_use]
    pub fn unpacked(&self, packed: &[f32], channels: [usize; 2]) -> Vec<f32> {
        let [out_c, in_c] = channels;
        let mut natural = Vec::with_capacity(out_c * in_c * self.taps());
        for o in 0..out_c {
            for i in 0..in_c {
                natural.extend((0..self.taps()).map(|t| packed[self.weight_index(o, i, t)]));
            }
        }
        natural
    }

    /// Width of the padded image, pixels.
    #[must_use]
    pub fn padded_w(&self) -> usize {
        self.in_w + 2 * self.pad
    }

    /// Pixels of the padded image.
    #[must_use]
    pub fn padded_pixels(&self) -> usize {
        (self.in_h + 2 * self.pad) * self.padded_w()
    }
}
