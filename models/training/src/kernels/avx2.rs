//! AVX2+FMA register tiles.
//!
//! Forward: 4 pixels × 16 channels (8 accumulators; a last block of 8 channels uses 8 pixels × 8). Taps are grouped so that
//! one group of weights (at most 4,096 floats) stays in the first-level cache while all pixels of the sample pass over it.
//! Gradient: 4 input channels × 16 output channels over all pixels (8 × 8 for a last block of 8).
//! Eight accumulators cover the latency of the two FMA units; twelve spill.

#![allow(clippy::needless_range_loop, reason = "index loops over registers and lanes are what unrolls and vectorizes")]

use super::{Avx2, ConvShape};
use std::arch::x86_64::{
    __m256, _mm256_broadcast_ss, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_setzero_ps, _mm256_storeu_ps,
};

/// Floats of weight kept hot while the pixels of a sample pass.
const HOT_WEIGHTS: usize = 4096;

pub(super) fn assert_tables(s: &ConvShape, origins: &[u32], taps: &[u32]) {
    assert_eq!(origins.len(), s.out_pixels(), "one origin per output pixel");
    assert_eq!(taps.len(), s.taps(), "one offset per tap");
    let far = origins.iter().max().expect("a shape has pixels") + taps.iter().max().expect("a kernel has taps");
    assert!((far as usize) < s.padded_pixels(), "every tap of every pixel lies in the padded image");
    assert!(s.in_c.is_multiple_of(4) && s.out_c.is_multiple_of(8), "padded channel counts");
}

pub(super) fn forward(_: Avx2, s: &ConvShape, origins: &[u32], taps: &[u32], xpad: &[f32], w: &[f32], y: &mut [f32]) {
    assert_tables(s, origins, taps);
    assert_eq!(xpad.len(), s.padded_pixels() * s.in_c, "padded sample length");
    assert!(w.len() == s.weight_len() && y.len() == s.out_len(), "weight and output lengths");
    // SAFETY: AVX2 and FMA are proven to be there; lengths and tables are checked above.
    unsafe { forward_impl(s, origins, taps, xpad, w, y) }
}

#[target_feature(enable = "avx2,fma")]
unsafe fn forward_impl(s: &ConvShape, origins: &[u32], taps: &[u32], xpad: &[f32], w: &[f32], y: &mut [f32]) {
    let depth = taps.len() * s.in_c;
    for o in (0..s.out_c).step_by(16) {
        let wide = s.out_c - o >= 16;
        let width = if wide { 16 } else { 8 };
        let group = (HOT_WEIGHTS / (s.in_c * width)).clamp(1, taps.len());
        let mut first = true;
        let mut at = o * depth;
        for taps in taps.chunks(group) {
            let wg = &w[at..at + taps.len() * s.in_c * width];
            at += wg.len();
            let t = Tile { x: xpad, w: wg, taps, in_c: s.in_c, out_c: s.out_c, first };
            let step = if wide { 4 } else { 8 };
            let full = origins.len() / step * step;
            // SAFETY: `assert_tables` proved that every read and write of a tile is inside its slice.
            unsafe {
                for p in (0..full).step_by(step) {
                    let y = y.as_mut_ptr().add(p * s.out_c + o);
                    if wide { t.run::<4, 2>(&origins[p..], y) } else { t.run::<8, 1>(&origins[p..], y) }
                }
                for p in full..origins.len() {
                    let y = y.as_mut_ptr().add(p * s.out_c + o);
                    if wide { t.run::<1, 2>(&origins[p..], y) } else { t.run::<1, 1>(&origins[p..], y) }
                }
            }
            first = false;
        }
    }
}

struct Tile<'a> {
    x: &'a [f32],
    w: &'a [f32],
    taps: &'a [u32],
    in_c: usize,
    out_c: usize,
    first: bool,
}

impl Tile<'_> {
    /// `P` pixels × `V` vectors of 8 output channels; adds to `y` unless this is the first tap group.
    #[target_feature(enable = "avx2,fma")]
    #[inline]
    unsafe fn run<const P: usize, const V: usize>(&self, origins: &[u32], y: *mut f32) {
        // SAFETY: see the caller.
        unsafe {
            let mut acc = [[_mm256_setzero_ps(); V]; P];
            if !self.first {
                for p in 0..P {
                    for v in 0..V {
                        acc[p][v] = _mm256_loadu_ps(y.add(p * self.out_c + 8 * v));
                    }
                }
            }
            let mut base = [self.x.as_ptr(); P];
            for p in 0..P {
                base[p] = base[p].add(origins[p] as usize * self.in_c);
            }
            let mut w = self.w.as_ptr();
            for &tap in self.taps {
                let shift = tap as usize * self.in_c;
                for i in 0..self.in_c {
                    let mut wv: [__m256; V] = [_mm256_setzero_ps(); V];
                    for v in 0..V {
                        wv[v] = _mm256_loadu_ps(w.add(8 * v));
                    }
                    for p in 0..P {
                        let x = _mm256_broadcast_ss(&*base[p].add(shift + i));
                        for v in 0..V {
                            acc[p][v] = _mm256_fmadd_ps(x, wv[v], acc[p][v]);
                        }
                    }
                    w = w.add(8 * V);
                }
            }
            for p in 0..P {
                for v in 0..V {
                    _mm256_storeu_ps(y.add(p * self.out_c + 8 * v), acc[p][v]);
                }
            }
        }
    }
}

/// `x4`: samples from `pad_sample_by_four`; `packed` is scratch for one output block of `dy`.
#[allow(clippy::too_many_arguments)]
pub(super) fn weight_gradient(
    _: Avx2,
    s: &ConvShape,
    origins: &[u32],
    taps: &[u32],
    n: usize,
    x4: &[f32],
    dy: &[f32],
    dw: &mut [f32],
    packed: &mut Vec<f32>,
) {
    assert_tables(s, origins, taps);
    let plane = n * s.padded_pixels();
    assert_eq!(x4.len(), plane * s.in_c, "padded samples length");
    assert!(dy.len() == n * s.out_len() && dw.len() == s.weight_len(), "gradient lengths");
    let mut at = Vec::with_capacity(n * origins.len());
    for m in 0..n {
        at.extend(origins.iter().map(|&o| (o as usize + m * s.padded_pixels()) as u32 * 4));
    }
    let depth = taps.len() * s.in_c;
    for o in (0..s.out_c).step_by(16) {
        let width = (s.out_c - o).min(16);
        packed.clear();
        for row in dy.chunks_exact(s.out_c) {
            packed.extend_from_slice(&row[o..o + width]);
        }
        let dw = &mut dw[o * depth..(o + width) * depth];
        for (t, &tap) in taps.iter().enumerate() {
            let quads = s.in_c / 4;
            let dw = &mut dw[t * s.in_c * width..(t + 1) * s.in_c * width];
            let mut q = 0;
            while q < quads {
                let x = &x4[(q * plane + tap as usize) * 4..];
                // SAFETY: AVX2 and FMA are proven to be there; `at` + tap lies in plane q (and q + 1), checked by `assert_tables`;
                // `packed` holds width floats per pixel; `dw` holds width floats per input channel.
                unsafe {
                    let d = dw.as_mut_ptr().add(q * 4 * width);
                    if width == 16 {
                        gradient_tile::<1, 2>(x, 0, &at, packed, d);
                        q += 1;
                    } else if q + 1 < quads {
                        gradient_tile::<2, 1>(x, plane * 4, &at, packed, d);
                        q += 2;
                    } else {
                        gradient_tile::<1, 1>(x, 0, &at, packed, d);
                        q += 1;
                    }
                }
            }
        }
    }
}

/// 4·`Q` input channels × 8·`V` output channels, summed over the pixels `at`.
#[target_feature(enable = "avx2,fma")]
#[inline]
unsafe fn gradient_tile<const Q: usize, const V: usize>(x: &[f32], next: usize, at: &[u32], dy: &[f32], dw: *mut f32) {
    // SAFETY: see the caller.
    unsafe {
        let mut acc = [[[_mm256_setzero_ps(); V]; 4]; Q];
        let (x, mut d) = (x.as_ptr(), dy.as_ptr());
        for &a in at {
            let px = x.add(a as usize);
            let mut g = [_mm256_setzero_ps(); V];
            for v in 0..V {
                g[v] = _mm256_loadu_ps(d.add(8 * v));
            }
            for q in 0..Q {
                for c in 0..4 {
                    let b = _mm256_broadcast_ss(&*px.add(q * next + c));
                    for v in 0..V {
                        acc[q][c][v] = _mm256_fmadd_ps(b, g[v], acc[q][c][v]);
                    }
                }
            }
            d = d.add(8 * V);
        }
        for q in 0..Q {
            for c in 0..4 {
                for v in 0..V {
                    let p = dw.add((4 * q + c) * 8 * V + 8 * v);
                    _mm256_storeu_ps(p, std::arch::x86_64::_mm256_add_ps(_mm256_loadu_ps(p), acc[q][c][v]));
                }
            }
        }
    }
}
