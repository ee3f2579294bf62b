//! Geometry of a square-kernel convolution and the packed weight layout.
//!
//! A geometry that comes from a file or an option is made by [`ConvShape::checked`]: every size derived from it then fits in its
//! type, and places of padded images in 32 bits, as the kernels count them.

/// Why there is no such convolution; `field` is the setting to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {text}")]
pub struct ShapeError {
    /// `kernel`, `stride`, `padding`, `channels` or `input`.
    pub field: &'static str,
    /// What is wrong with it, and what would be right.
    pub text: String,
}

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

    /// As [`Self::new`], for values that nobody has checked.
    ///
    /// # Errors
    /// If a value is 0, the padding is as large as the kernel (windows of zeros only), the kernel is larger than the padded image, or
    /// there are more values than can be counted.
    pub fn checked(
        in_hw: (usize, usize),
        in_c: usize,
        out_c: usize,
        kernel: usize,
        stride: usize,
        pad: usize,
    ) -> Result<Self, ShapeError> {
        let fail = |field, text: String| Err(ShapeError { field, text });
        for (field, value) in [("kernel", kernel), ("stride", stride), ("channels", out_c)] {
            if value == 0 {
                return fail(field, "is 0; give 1 or more".into());
            }
        }
        let (h, w) = in_hw;
        if h == 0 || w == 0 || in_c == 0 {
            return fail("input", format!("has {in_c} channels of {h} × {w} pixels; there must be some of each"));
        }
        if pad >= kernel {
            return fail("padding", format!("is {pad} with a kernel of {kernel}; give less than the kernel"));
        }
        let side = |n: usize| pad.checked_mul(2).and_then(|pads| n.checked_add(pads));
        let many =
            || ShapeError { field: "input", text: format!("of {in_c} × {h} × {w} has too many values to count") };
        let (padded_h, padded_w) = (side(h).ok_or_else(many)?, side(w).ok_or_else(many)?);
        if kernel > padded_h || kernel > padded_w {
            let text = format!("is {kernel}, larger than the padded image of {padded_h} × {padded_w}; give less");
            return fail("kernel", text);
        }
        let pixels = padded_h.checked_mul(padded_w).filter(|&n| u32::try_from(n).is_ok()).ok_or_else(many)?;
        // Room for rounding up, and for four bytes of each value.
        let counted = |factors: [usize; 3]| {
            let product = factors.into_iter().try_fold(8_usize, usize::checked_mul);
            product.and_then(|n| isize::try_from(n).ok())
        };
        let channels = |n: usize| n.checked_next_multiple_of(8);
        let (Some(c), Some(o)) = (channels(in_c), channels(out_c)) else {
            return fail("channels", "are too many to count".into());
        };
        counted([pixels, c, 1]).ok_or_else(many)?;
        if counted([pixels, o, 1]).is_none() || counted([kernel * kernel, c, o]).is_none() {
            return fail("channels", format!("are {out_c}: more values than can be counted; give fewer"));
        }
        Ok(Self::new(in_hw, in_c, out_c, kernel, stride, pad))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_counted_is_refused_by_its_field() {
        let field =
            |hw, i, o, kernel, stride, pad| ConvShape::checked(hw, i, o, kernel, stride, pad).unwrap_err().field;
        let m = usize::MAX;
        assert_eq!(field((28, 28), 1, 8, 0, 1, 0), "kernel");
        assert_eq!(field((28, 28), 1, 8, 3, 0, 1), "stride");
        assert_eq!(field((28, 28), 1, 0, 3, 1, 1), "channels");
        assert_eq!(field((28, 28), 1, 8, 3, 1, 3), "padding");
        assert_eq!(field((28, 28), 1, 8, 3, 1, 1 << 63), "padding");
        assert_eq!(field((28, 28), 1, 8, m, 1, m / 2), "input");
        assert_eq!(field((28, 28), 1, 8, 31, 1, 1), "kernel");
        assert_eq!(field((1 << 32, 1 << 32), 1, 8, 3, 1, 1), "input");
        assert_eq!(field((1 << 16, 1 << 16), 1, 8, 3, 1, 1), "input");
        assert_eq!(field((28, 28), m, 8, 3, 1, 1), "channels");
        assert_eq!(field((28, 28), 1, m, 3, 1, 1), "channels");
        assert_eq!(field((28, 28), 1 << 30, 1 << 30, 3, 1, 1), "channels");
        assert_eq!(field((0, 28), 1, 8, 3, 1, 1), "input");
        let shape = ConvShape::checked((28, 28), 1, 8, 3, usize::MAX, 1).expect("one output pixel");
        assert_eq!(shape.out_pixels(), 1);
    }
}
