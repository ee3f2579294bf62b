//! The two convolutions on spike counts in 16-bit fixed point: twice the products per instruction of `f32`.
//!
//! Counts are exact integers. Weights (forward) and output gradients (weight gradient) become 16-bit integers with one
//! scale per output channel, q = round(v·m/max|v|); products are summed exactly in 32 bits. The bound m is 32,767, or less
//! where the largest possible sum would leave 32 bits.
//!
//! ```text
//! y[p,o]      = s_o · Σ n·wq            s_o = max|w_o|/m
//! dw[t,i,o]  += s_o · Σ n·dq            s_o = max|dy_o|/m over the samples of one call
//! ```
//!
//! Sums are exact integers, so this path's results do not depend on summation order.

#![allow(clippy::needless_range_loop, reason = "index loops over registers and lanes are what unrolls and vectorizes")]
#![allow(clippy::inline_always, reason = "a body must be inlined into both of its compilations")]

use super::{Conv, ConvShape, Scratch};

/// Largest magnitude of a 16-bit factor such that `terms` products with numbers up to `largest` stay within 31 bits.
fn bound(terms: usize, largest: u8) -> f32 {
    (i64::from(i32::MAX) / (terms as i64 * i64::from(largest.max(1)))).min(32_767) as f32
}

/// The two forward kernels on counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountKernel {
    /// Every input channel.
    Dense,
    /// Only channels that spiked.
    Events,
}

/// Weights of one convolution in fixed point.
#[derive(Clone, Debug, Default)]
pub struct FixedWeights {
    /// Blocks of 16 output channels (the last may be 8): `[tap][input channel / 2][output channel][2]`.
    packed: Vec<i16>,
    /// s_o.
    scale: Vec<f32>,
}

/// Buffers of one worker.
#[derive(Default)]
pub(super) struct FixedScratch {
    input: Vec<i16>,
    gradient: Vec<i16>,
    scale: Vec<f32>,
    events: super::events::Events,
}

impl Conv {
    /// True if the fixed-point kernels exist for this CPU.
    #[must_use]
    pub fn has_fixed(&self) -> bool {
        matches!(self.backend, super::Backend::Avx2(_))
    }

    /// What the kernels ask for. Panics unless [`Self::has_fixed`].
    fn proof(&self) -> super::Avx2 {
        match self.backend {
            super::Backend::Avx2(proof) => proof,
            super::Backend::Portable => panic!("fixed point needs AVX2; ask has_fixed first"),
        }
    }

    /// What the kernels with tiles of their own for AVX-512 ask for.
    #[cfg(target_arch = "x86_64")]
    fn instructions(&self) -> super::avx2_fixed::Instructions {
        super::avx2_fixed::Instructions { avx2: self.proof(), vnni: self.vnni }
    }

    /// Fixed-point copy of packed weights for inputs up to `largest`.
    pub fn quantize_weights(&self, w: &[f32], largest: u8, out: &mut FixedWeights) {
        let s = &self.shape;
        assert_eq!(w.len(), s.weight_len(), "packed weight length");
        let depth = s.taps() * s.in_c;
        let m = bound(depth, largest);
        out.scale.clear();
        out.scale.resize(s.out_c, 0.0);
        out.packed.clear();
        out.packed.resize(w.len(), 0);
        for o in (0..s.out_c).step_by(16) {
            let width = (s.out_c - o).min(16);
            let w = &w[o * depth..(o + width) * depth];
            let scale = &mut out.scale[o..o + width];
            for row in w.chunks_exact(width) {
                for (s, w) in scale.iter_mut().zip(row) {
                    *s = s.max(w.abs());
                }
            }
            let inverse: Vec<f32> = scale.iter().map(|&s| if s > 0.0 { m / s } else { 0.0 }).collect();
            for s in scale.iter_mut() {
                *s /= m;
            }
            let packed = &mut out.packed[o * depth..(o + width) * depth];
            for (pair, rows) in packed.chunks_exact_mut(2 * width).zip(w.chunks_exact(2 * width)) {
                for c in 0..width {
                    pair[2 * c] = nearest(rows[c] * inverse[c]);
                    pair[2 * c + 1] = nearest(rows[width + c] * inverse[c]);
                }
            }
        }
    }

    /// y of one sample of counts; `w` from [`Self::quantize_weights`] with a `largest` that no count exceeds. Sparse samples take the
    /// event-driven kernel, others the dense one; the bits are the same.
    pub fn forward_counts(&self, x: &[u8], w: &FixedWeights, y: &mut [f32], scratch: &mut Scratch) {
        let events = &mut scratch.fixed.events;
        events.fill(&self.shape, x);
        if events.worth(&self.shape, self.vnni) {
            self.forward_events(w, y, scratch);
        } else {
            self.forward_counts_dense(x, w, y, scratch);
        }
    }

    /// [`Self::forward_counts`] by one of its two kernels, to compare them.
    pub fn forward_counts_by(
        &self,
        kernel: CountKernel,
        x: &[u8],
        w: &FixedWeights,
        y: &mut [f32],
        scratch: &mut Scratch,
    ) {
        match kernel {
            CountKernel::Dense => self.forward_counts_dense(x, w, y, scratch),
            CountKernel::Events => {
                scratch.fixed.events.fill(&self.shape, x);
                self.forward_events(w, y, scratch);
            }
        }
    }

    /// y of the sample whose events were listed last.
    fn forward_events(&self, w: &FixedWeights, y: &mut [f32], scratch: &Scratch) {
        let proof = self.proof();
        let (tables, events) = ((&self.origins[..], &self.taps[..]), &scratch.fixed.events);
        #[cfg(target_arch = "x86_64")]
        super::events::forward(proof, &self.shape, tables, events, (&w.packed, &w.scale), y);
    }

    fn forward_counts_dense(&self, x: &[u8], w: &FixedWeights, y: &mut [f32], scratch: &mut Scratch) {
        let s = &self.shape;
        assert!(self.has_fixed(), "fixed point needs AVX2; ask has_fixed first");
        assert_eq!(x.len(), s.in_len(), "sample length");
        let input = &mut scratch.fixed.input;
        input.clear();
        input.resize(s.padded_pixels() * s.in_c, 0);
        let row = s.in_w * s.in_c;
        for (y, src) in x.chunks_exact(row).enumerate() {
            let start = ((y + s.pad) * s.padded_w() + s.pad) * s.in_c;
            for (d, &n) in input[start..start + row].iter_mut().zip(src) {
                *d = i16::from(n);
            }
        }
        #[cfg(target_arch = "x86_64")]
        super::avx2_fixed::forward(self.instructions(), s, &self.origins, &self.taps, input, (&w.packed, &w.scale), y);
    }

    /// Adds the weight gradient of samples of counts up to `largest` to `dw` (packed); `dy` holds the samples' gradients one after another.
    pub fn add_weight_gradient_counts(
        &self,
        xs: &[&[u8]],
        largest: u8,
        dy: &[f32],
        dw: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let s = &self.shape;
        assert!(self.has_fixed(), "fixed point needs AVX2; ask has_fixed first");
        assert_eq!(dw.len(), s.weight_len(), "packed gradient length");
        assert_eq!(dy.len(), xs.len() * s.out_len(), "output gradient length");
        let f = &mut scratch.fixed;
        interleave(s, xs, &mut f.input);
        let m = bound(xs.len() * s.out_pixels(), largest);
        f.scale.clear();
        f.scale.resize(s.out_c, 0.0);
        channel_max(dy, &mut f.scale);
        let inverse: Vec<f32> = f.scale.iter().map(|&v| if v > 0.0 { m / v } else { 0.0 }).collect();
        for v in &mut f.scale {
            *v /= m;
        }
        quantize_pairs(s, dy, xs.len(), &inverse, &mut f.gradient);
        #[cfg(target_arch = "x86_64")]
        super::avx2_fixed::weight_gradient(
            self.instructions(),
            s,
            &self.origins,
            &self.taps,
            xs.len().div_ceil(2),
            (&f.input, &f.gradient, &f.scale),
            dw,
        );
    }
}

/// Round half to even by the bits of 1.5·2²³ + v, for |v| < 2²²; vectorizes.
#[inline(always)]
fn nearest(v: f32) -> i16 {
    (v + 12_582_912.0).to_bits() as i16
}

/// Pairs of samples, padded: `[channel / 4][pair][pixel][4][2]`; a missing partner is 0.
fn interleave(s: &ConvShape, xs: &[&[u8]], out: &mut Vec<i16>) {
    let plane = xs.len().div_ceil(2) * s.padded_pixels();
    out.clear();
    out.resize(plane * s.in_c * 2, 0);
    for (n, pair) in xs.chunks(2).enumerate() {
        let (a, b) = (pair[0], pair.get(1));
        assert!(a.len() == s.in_len() && b.is_none_or(|b| b.len() == s.in_len()), "sample length");
        for y in 0..s.in_h {
            for px in 0..s.in_w {
                let src = (y * s.in_w + px) * s.in_c;
                let pos = n * s.padded_pixels() + (y + s.pad) * s.padded_w() + s.pad + px;
                for q in 0..s.in_c / 4 {
                    let d: &mut [i16; 8] = (&mut out[(q * plane + pos) * 8..][..8]).try_into().expect("eight values");
                    let va: &[u8; 4] = a[src + 4 * q..][..4].try_into().expect("four values");
                    let vb = b.map_or([0; 4], |b| b[src + 4 * q..][..4].try_into().expect("four values"));
                    for c in 0..4 {
                        d[2 * c] = i16::from(va[c]);
                        d[2 * c + 1] = i16::from(vb[c]);
                    }
                }
            }
        }
    }
}

super::elementwise::dispatch! {
    /// Largest magnitude of each channel.
    fn channel_max / channel_max_avx2 / channel_max_body(dy: &[f32], max: &mut [f32])
}

#[inline(always)]
fn channel_max_body(dy: &[f32], max: &mut [f32]) {
    let c = max.len();
    for row in dy.chunks_exact(c) {
        for i in 0..c {
            max[i] = max[i].max(row[i].abs());
        }
    }
}

super::elementwise::dispatch! {
    /// Gradients of pairs of samples: blocks of 16 (or 8) channels, `[pair][pixel][channel][2]`.
    fn quantize_pairs / quantize_pairs_avx2 / quantize_pairs_body(s: &ConvShape, dy: &[f32], n: usize, inverse: &[f32], out: &mut Vec<i16>)
}

#[inline(always)]
fn quantize_pairs_body(s: &ConvShape, dy: &[f32], n: usize, inverse: &[f32], out: &mut Vec<i16>) {
    let (c, pixels) = (s.out_c, s.out_pixels());
    let pairs = n.div_ceil(2);
    out.resize(pairs * pixels * c * 2, 0);
    let zero = [0.0f32; 16];
    for o in (0..c).step_by(16) {
        let width = (c - o).min(16);
        let block = &mut out[o * pairs * pixels * 2..(o + width) * pairs * pixels * 2];
        let inverse = &inverse[o..o + width];
        for (k, d) in block.chunks_exact_mut(2 * width).enumerate() {
            let (pair, p) = (k / pixels, k % pixels);
            let a = &dy[(2 * pair * pixels + p) * c + o..][..width];
            let b =
                if 2 * pair + 1 < n { &dy[((2 * pair + 1) * pixels + p) * c + o..][..width] } else { &zero[..width] };
            for i in 0..width {
                d[2 * i] = nearest(a[i] * inverse[i]);
                d[2 * i + 1] = nearest(b[i] * inverse[i]);
            }
        }
    }
}
