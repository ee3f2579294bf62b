//! The fixed-point tiles for 16 output channels with AVX-512 VNNI: `vpdpwssd` multiplies two pairs of 16-bit factors per lane and adds
//! them to 32-bit sums in one instruction, twice as many lanes as AVX2.
//!
//! Sums are exact integers, so the bits are those of the AVX2 tiles.

#![allow(clippy::needless_range_loop, reason = "index loops over registers and lanes are what unrolls and vectorizes")]

use super::avx2_fixed::Tile;
use std::arch::x86_64::{
    __m512i, _mm512_add_ps, _mm512_cvtepi32_ps, _mm512_dpwssd_epi32, _mm512_loadu_ps, _mm512_loadu_si512,
    _mm512_mul_ps, _mm512_set1_epi32, _mm512_setzero_si512, _mm512_storeu_ps, _mm512_storeu_si512,
};

/// Whether this CPU has the instructions.
pub(super) fn available() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni")
}

/// All pixels of one tap group and block of 16 output channels; `y` is the block's first value.
///
/// # Safety
/// The CPU has AVX-512 VNNI, and [`Tile`]'s reads and writes lie inside its slices for every pixel of `origins`.
#[target_feature(enable = "avx512f,avx512vnni")]
pub(super) unsafe fn pixels(tile: &Tile<'_>, origins: &[u32], y: *mut f32) {
    const STEP: usize = 8;
    let full = origins.len() / STEP * STEP;
    // SAFETY: see above.
    unsafe {
        for p in (0..full).step_by(STEP) {
            run::<STEP>(tile, &origins[p..], y.add(p * tile.out_c));
        }
        for p in full..origins.len() {
            run::<1>(tile, &origins[p..], y.add(p * tile.out_c));
        }
    }
}

/// `P` pixels × 16 output channels. Between tap groups `y` holds the integer sums' bits.
#[target_feature(enable = "avx512f,avx512vnni")]
#[inline]
unsafe fn run<const P: usize>(tile: &Tile<'_>, origins: &[u32], y: *mut f32) {
    // SAFETY: see the caller.
    unsafe {
        let mut acc = [_mm512_setzero_si512(); P];
        if !tile.first {
            for p in 0..P {
                acc[p] = _mm512_loadu_si512(y.add(p * tile.out_c).cast());
            }
        }
        let mut base = [tile.x.as_ptr(); P];
        for p in 0..P {
            base[p] = base[p].add(origins[p] as usize * tile.in_c);
        }
        let mut w = tile.w.as_ptr();
        for &tap in tile.taps {
            let shift = tap as usize * tile.in_c;
            for i in (0..tile.in_c).step_by(2) {
                let weights = _mm512_loadu_si512(w.cast());
                for p in 0..P {
                    let x = _mm512_set1_epi32(base[p].add(shift + i).cast::<i32>().read_unaligned());
                    acc[p] = _mm512_dpwssd_epi32(acc[p], x, weights);
                }
                w = w.add(32);
            }
        }
        for p in 0..P {
            let to = y.add(p * tile.out_c);
            match tile.scale {
                None => _mm512_storeu_si512(to.cast(), acc[p]),
                Some(s) => {
                    let s = _mm512_loadu_ps(s.as_ptr());
                    _mm512_storeu_ps(to, _mm512_mul_ps(_mm512_cvtepi32_ps(acc[p]), s));
                }
            }
        }
    }
}

/// 4·`Q` input channels × 16 output channels, summed over the pixels `at` of sample pairs; `next` is the distance of the planes of four
/// input channels in `x`.
///
/// # Safety
/// The CPU has AVX-512 VNNI; every `at` lies in each plane; `dy` holds 32 values per pixel, `scale` 16, `dw` 16 per input channel.
#[target_feature(enable = "avx512f,avx512vnni")]
pub(super) unsafe fn gradient_tile<const Q: usize>(
    x: &[i16],
    next: usize,
    at: &[u32],
    dy: &[i16],
    scale: &[f32],
    dw: *mut f32,
) {
    // SAFETY: see above.
    unsafe {
        let mut acc: [[__m512i; 4]; Q] = [[_mm512_setzero_si512(); 4]; Q];
        let (x, mut d) = (x.as_ptr(), dy.as_ptr());
        for &a in at {
            let px = x.add(a as usize);
            let g = _mm512_loadu_si512(d.cast());
            for q in 0..Q {
                for c in 0..4 {
                    let b = _mm512_set1_epi32(px.add(q * next + 2 * c).cast::<i32>().read_unaligned());
                    acc[q][c] = _mm512_dpwssd_epi32(acc[q][c], b, g);
                }
            }
            d = d.add(32);
        }
        let s = _mm512_loadu_ps(scale.as_ptr());
        for q in 0..Q {
            for c in 0..4 {
                let p = dw.add((4 * q + c) * 16);
                let sum = _mm512_mul_ps(_mm512_cvtepi32_ps(acc[q][c]), s);
                _mm512_storeu_ps(p, _mm512_add_ps(_mm512_loadu_ps(p), sum));
            }
        }
    }
}
