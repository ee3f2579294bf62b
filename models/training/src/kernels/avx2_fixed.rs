//! AVX2 register tiles for 16-bit factors and 32-bit sums; the same tile shapes as the `f32` kernels, two products per lane
//! and instruction (`vpmaddwd`).

#![allow(clippy::needless_range_loop, reason = "index loops over registers and lanes are what unrolls and vectorizes")]

use super::avx2::assert_tables;
use super::{Avx2, ConvShape};
use std::arch::x86_64::{
    __m256i, _mm256_add_epi32, _mm256_add_ps, _mm256_cvtepi32_ps, _mm256_loadu_ps, _mm256_loadu_si256,
    _mm256_madd_epi16, _mm256_mul_ps, _mm256_set1_epi32, _mm256_setzero_si256, _mm256_storeu_ps, _mm256_storeu_si256,
};

/// What this CPU has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instructions {
    /// The proof of AVX2, on which the rest builds.
    #[expect(dead_code, reason = "held as a proof")]
    pub(super) avx2: Avx2,
    /// Whether to use AVX-512 VNNI.
    pub(super) vnni: bool,
}

/// 16-bit weights kept hot while the pixels of a sample pass: 16 KiB.
const HOT_WEIGHTS: usize = 8192;

pub(super) fn forward(
    with: Instructions,
    s: &ConvShape,
    origins: &[u32],
    taps: &[u32],
    x: &[i16],
    (w, scale): (&[i16], &[f32]),
    y: &mut [f32],
) {
    assert!(!with.vnni || super::vnni::available(), "this CPU has no AVX-512 VNNI");
    assert_tables(s, origins, taps);
    assert_eq!(x.len(), s.padded_pixels() * s.in_c, "padded sample length");
    assert!(w.len() == s.weight_len() && y.len() == s.out_len() && scale.len() == s.out_c, "weight and output lengths");
    // SAFETY: AVX2 is proven to be there; lengths and tables are checked above.
    unsafe { forward_impl(s, origins, taps, x, (w, scale), y, with.vnni) }
}

#[target_feature(enable = "avx2")]
unsafe fn forward_impl(
    s: &ConvShape,
    origins: &[u32],
    taps: &[u32],
    x: &[i16],
    (w, scale): (&[i16], &[f32]),
    y: &mut [f32],
    vnni: bool,
) {
    let depth = taps.len() * s.in_c;
    for o in (0..s.out_c).step_by(16) {
        let wide = s.out_c - o >= 16;
        let width = if wide { 16 } else { 8 };
        let group = (HOT_WEIGHTS / (s.in_c * width)).clamp(1, taps.len());
        let mut at = o * depth;
        for (g, tg) in taps.chunks(group).enumerate() {
            let wg = &w[at..at + tg.len() * s.in_c * width];
            at += wg.len();
            let t = Tile { x, w: wg, taps: tg, in_c: s.in_c, out_c: s.out_c, first: g == 0, scale: None };
            let t = if (g + 1) * group >= taps.len() { Tile { scale: Some(&scale[o..o + width]), ..t } } else { t };
            let step = if wide { 4 } else { 8 };
            let full = origins.len() / step * step;
            // SAFETY: `assert_tables` proved that every read and write of a tile is inside its slice.
            unsafe {
                if wide && vnni {
                    super::vnni::pixels(&t, origins, y.as_mut_ptr().add(o));
                    continue;
                }
                for p in (0..full).step_by(step) {
                    let y = y.as_mut_ptr().add(p * s.out_c + o);
                    if wide { t.run::<4, 2>(&origins[p..], y) } else { t.run::<8, 1>(&origins[p..], y) }
                }
                for p in full..origins.len() {
                    let y = y.as_mut_ptr().add(p * s.out_c + o);
                    if wide { t.run::<1, 2>(&origins[p..], y) } else { t.run::<1, 1>(&origins[p..], y) }
                }
            }
        }
    }
}

/// What the tiles of one tap group and block of output channels read.
pub(super) struct Tile<'a> {
    pub(super) x: &'a [i16],
    pub(super) w: &'a [i16],
    pub(super) taps: &'a [u32],
    pub(super) in_c: usize,
    pub(super) out_c: usize,
    pub(super) first: bool,
    /// Set for the last tap group: sums become floats.
    pub(super) scale: Option<&'a [f32]>,
}

impl Tile<'_> {
    /// `P` pixels × `V` vectors of 8 output channels. Between tap groups `y` holds the integer sums' bits.
    #[target_feature(enable = "avx2")]
    #[inline]
    unsafe fn run<const P: usize, const V: usize>(&self, origins: &[u32], y: *mut f32) {
        // SAFETY: see the caller.
        unsafe {
            let mut acc = [[_mm256_setzero_si256(); V]; P];
            if !self.first {
                for p in 0..P {
                    for v in 0..V {
                        acc[p][v] = _mm256_loadu_si256(y.add(p * self.out_c + 8 * v).cast());
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
                for i in (0..self.in_c).step_by(2) {
                    let mut wv: [__m256i; V] = [_mm256_setzero_si256(); V];
                    for v in 0..V {
                        wv[v] = _mm256_loadu_si256(w.add(16 * v).cast());
                    }
                    for p in 0..P {
                        let x = _mm256_set1_epi32(base[p].add(shift + i).cast::<i32>().read_unaligned());
                        for v in 0..V {
                            acc[p][v] = _mm256_add_epi32(acc[p][v], _mm256_madd_epi16(x, wv[v]));
                        }
                    }
                    w = w.add(16 * V);
                }
            }
            for p in 0..P {
                for v in 0..V {
                    let to = y.add(p * self.out_c + 8 * v);
                    match self.scale {
                        None => _mm256_storeu_si256(to.cast(), acc[p][v]),
                        Some(s) => {
                            let s = _mm256_loadu_ps(s.as_ptr().add(8 * v));
                            _mm256_storeu_ps(to, _mm256_mul_ps(_mm256_cvtepi32_ps(acc[p][v]), s));
                        }
                    }
                }
            }
        }
    }
}

/// `x4`: pairs of samples, `[channel / 4][pair][pixel][4][2]`; `dy`: blocks of `[pair][pixel][channel][2]`.
pub(super) fn weight_gradient(
    with: Instructions,
    s: &ConvShape,
    origins: &[u32],
    taps: &[u32],
    pairs: usize,
    (x4, dy, scale): (&[i16], &[i16], &[f32]),
    dw: &mut [f32],
) {
    let vnni = with.vnni;
    assert!(!vnni || super::vnni::available(), "this CPU has no AVX-512 VNNI");
    assert_tables(s, origins, taps);
    let plane = pairs * s.padded_pixels();
    assert_eq!(x4.len(), plane * s.in_c * 2, "padded samples length");
    assert!(
        dy.len() == 2 * pairs * s.out_len() && dw.len() == s.weight_len() && scale.len() == s.out_c,
        "gradient lengths"
    );
    let mut at = Vec::with_capacity(pairs * origins.len());
    for m in 0..pairs {
        at.extend(origins.iter().map(|&o| (o as usize + m * s.padded_pixels()) as u32 * 8));
    }
    let depth = taps.len() * s.in_c;
    let quads = s.in_c / 4;
    for o in (0..s.out_c).step_by(16) {
        let width = (s.out_c - o).min(16);
        let dy = &dy[o * 2 * at.len()..(o + width) * 2 * at.len()];
        let dw = &mut dw[o * depth..(o + width) * depth];
        let scale = &scale[o..o + width];
        for (t, &tap) in taps.iter().enumerate() {
            let dw = &mut dw[t * s.in_c * width..(t + 1) * s.in_c * width];
            let mut q = 0;
            while q < quads {
                let x = &x4[(q * plane + tap as usize) * 8..];
                // SAFETY: AVX2 is proven to be there, and AVX-512 VNNI if it is used; `at` + tap lies in plane q and the planes behind it
                // that a tile takes, checked by `assert_tables`; `dy` holds 2·width values per pixel; `dw` holds width floats per
                // input channel.
                unsafe {
                    let d = dw.as_mut_ptr().add(q * 4 * width);
                    if width == 16 && vnni {
                        use super::vnni::gradient_tile;
                        match quads - q {
                            1 => gradient_tile::<1>(x, plane * 8, &at, dy, scale, d),
                            2 | 3 => gradient_tile::<2>(x, plane * 8, &at, dy, scale, d),
                            _ => gradient_tile::<4>(x, plane * 8, &at, dy, scale, d),
                        }
                        q += [1, 1, 2, 2, 4][(quads - q).min(4)];
                    } else if width == 16 {
                        gradient_tile::<1, 2>(x, 0, &at, dy, scale, d);
                        q += 1;
                    } else if q + 1 < quads {
                        gradient_tile::<2, 1>(x, plane * 8, &at, dy, scale, d);
                        q += 2;
                    } else {
                        gradient_tile::<1, 1>(x, 0, &at, dy, scale, d);
                        q += 1;
                    }
                }
            }
        }
    }
}

/// 4·`Q` input channels × 8·`V` output channels, summed over the pixels `at` of sample pairs.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn gradient_tile<const Q: usize, const V: usize>(
    x: &[i16],
    next: usize,
    at: &[u32],
    dy: &[i16],
    scale: &[f32],
    dw: *mut f32,
) {
    // SAFETY: see the caller.
    unsafe {
        let mut acc = [[[_mm256_setzero_si256(); V]; 4]; Q];
        let (x, mut d) = (x.as_ptr(), dy.as_ptr());
        for &a in at {
            let px = x.add(a as usize);
            let mut g = [_mm256_setzero_si256(); V];
            for v in 0..V {
                g[v] = _mm256_loadu_si256(d.add(16 * v).cast());
            }
            for q in 0..Q {
                for c in 0..4 {
                    let b = _mm256_set1_epi32(px.add(q * next + 2 * c).cast::<i32>().read_unaligned());
                    for v in 0..V {
                        acc[q][c][v] = _mm256_add_epi32(acc[q][c][v], _mm256_madd_epi16(b, g[v]));
                    }
                }
            }
            d = d.add(16 * V);
        }
        for q in 0..Q {
            for c in 0..4 {
                for v in 0..V {
                    let p = dw.add((4 * q + c) * 8 * V + 8 * v);
                    let s = _mm256_loadu_ps(scale.as_ptr().add(8 * v));
                    let sum = _mm256_mul_ps(_mm256_cvtepi32_ps(acc[q][c][v]), s);
                    _mm256_storeu_ps(p, _mm256_add_ps(_mm256_loadu_ps(p), sum));
                }
            }
        }
    }
}
