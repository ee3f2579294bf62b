//! Bias, rectifier and 2×2 max-pooling of one sample, and their gradient. `[pixel][channel]`.
//!
//! p = max(0, b + max of the window's z). Both directions are compiled with and without AVX2 and give the same bits.

#![allow(clippy::needless_range_loop, reason = "index loops over channels are what vectorizes")]
#![allow(clippy::inline_always, reason = "a body must be inlined into both of its compilations")]

use super::elementwise::dispatch;

dispatch! {
    /// p of every window of `z`, an image `width` pixels wide; `from`: which of the window's pixels was largest, 0 to 3 by rows, the
    /// first of equals. An odd last row or column is left out.
    pub fn rectify_pool / rectify_pool_avx2 / rectify_pool_body(z: &[f32], bias: &[f32], width: usize, p: &mut [f32], from: &mut [u32])
}

#[inline(always)]
fn rectify_pool_body(z: &[f32], bias: &[f32], width: usize, p: &mut [f32], from: &mut [u32]) {
    let c = bias.len();
    let out = width / 2;
    for (i, (p, from)) in p.chunks_exact_mut(c).zip(from.chunks_exact_mut(c)).enumerate() {
        let at = (i / out * 2 * width + i % out * 2) * c;
        let (top, low) = (&z[at..at + 2 * c], &z[at + width * c..at + (width + 2) * c]);
        let (z0, z1) = top.split_at(c);
        let (z2, z3) = low.split_at(c);
        for i in 0..c {
            let (mut most, mut k) = (z0[i], 0);
            (most, k) = if z1[i] > most { (z1[i], 1) } else { (most, k) };
            (most, k) = if z2[i] > most { (z2[i], 2) } else { (most, k) };
            (most, k) = if z3[i] > most { (z3[i], 3) } else { (most, k) };
            p[i] = (most + bias[i]).max(0.0);
            from[i] = k;
        }
    }
}

dispatch! {
    /// p = max(0, b + z), in place.
    pub fn rectify / rectify_avx2 / rectify_body(z: &mut [f32], bias: &[f32])
}

#[inline(always)]
fn rectify_body(z: &mut [f32], bias: &[f32]) {
    let c = bias.len();
    for z in z.chunks_exact_mut(c) {
        for i in 0..c {
            z[i] = (z[i] + bias[i]).max(0.0);
        }
    }
}

dispatch! {
    /// dL/dz where dL/dp = slope·p + offset per channel; without pooling.
    pub fn rectify_gradient / rectify_gradient_avx2 / rectify_gradient_body(
        p: &[f32], slope: &[f32], offset: &[f32], dz: &mut [f32], bias: &mut [f32],
    )
}

#[inline(always)]
fn rectify_gradient_body(p: &[f32], slope: &[f32], offset: &[f32], dz: &mut [f32], bias: &mut [f32]) {
    let c = slope.len();
    let (offset, bias) = (&offset[..c], &mut bias[..c]);
    for (p, dz) in p.chunks_exact(c).zip(dz.chunks_exact_mut(c)) {
        for i in 0..c {
            let d = if p[i] > 0.0 { slope[i] * p[i] + offset[i] } else { 0.0 };
            dz[i] = d;
            bias[i] += d;
        }
    }
}

dispatch! {
    /// dL/dz, an image `width` pixels wide, where dL/dp = slope·p + offset per channel: it goes to each window's largest pixel if
    /// p > 0. Σ over the pixels is added to `bias`.
    pub fn rectify_pool_gradient / rectify_pool_gradient_avx2 / rectify_pool_gradient_body(
        p: &[f32], from: &[u32], width: usize, slope: &[f32], offset: &[f32], dz: &mut [f32], bias: &mut [f32],
    )
}

#[inline(always)]
fn rectify_pool_gradient_body(
    p: &[f32],
    from: &[u32],
    width: usize,
    slope: &[f32],
    offset: &[f32],
    dz: &mut [f32],
    bias: &mut [f32],
) {
    let c = slope.len();
    let (offset, bias) = (&offset[..c], &mut bias[..c]);
    let out = width / 2;
    for (i, (p, from)) in p.chunks_exact(c).zip(from.chunks_exact(c)).enumerate() {
        let at = (i / out * 2 * width + i % out * 2) * c;
        let (top, low) = dz[at..].split_at_mut(width * c);
        let (d0, d1) = top[..2 * c].split_at_mut(c);
        let (d2, d3) = low[..2 * c].split_at_mut(c);
        for i in 0..c {
            let d = if p[i] > 0.0 { slope[i] * p[i] + offset[i] } else { 0.0 };
            d0[i] = if from[i] == 0 { d } else { 0.0 };
            d1[i] = if from[i] == 1 { d } else { 0.0 };
            d2[i] = if from[i] == 2 { d } else { 0.0 };
            d3[i] = if from[i] == 3 { d } else { 0.0 };
            bias[i] += d;
        }
    }
}

dispatch! {
    /// v ← gain·v + bias per channel.
    pub fn scale / scale_avx2 / scale_body(v: &mut [f32], gain: &[f32], bias: &[f32])
}

#[inline(always)]
fn scale_body(v: &mut [f32], gain: &[f32], bias: &[f32]) {
    let c = gain.len();
    let bias = &bias[..c];
    for v in v.chunks_exact_mut(c) {
        for i in 0..c {
            v[i] = v[i] * gain[i] + bias[i];
        }
    }
}
