//! im2col and `matrixmultiply` for CPUs without AVX2; the oracle of the vector kernels.

use super::ConvShape;

/// Rows of patches, `[out pixel][tap][input channel]`.
fn im2col(s: &ConvShape, origins: &[u32], taps: &[u32], xpad: &[f32]) -> Vec<f32> {
    let c = s.in_c;
    let mut cols = Vec::with_capacity(origins.len() * taps.len() * c);
    for &o in origins {
        for &t in taps {
            let at = (o + t) as usize * c;
            cols.extend_from_slice(&xpad[at..at + c]);
        }
    }
    cols
}

/// Sizes and strides of the product `dst[m×n] (+)= a[m×k] · b[k×n]`; `b` and `dst` have contiguous rows.
#[derive(Clone, Copy, Debug)]
pub struct Product {
    /// Rows of `a` and `dst`.
    pub m: usize,
    /// Columns of `b` and `dst`.
    pub n: usize,
    /// Columns of `a`, rows of `b`.
    pub k: usize,
    /// Values from one row of `dst` to the next.
    pub dst_row: usize,
    /// Values from one row, and from one column, of `a` to the next.
    pub a_strides: (usize, usize),
    /// Values from one row of `b` to the next.
    pub b_row: usize,
}

/// Matrix product on one thread; with `add` the result is added to `dst`.
pub fn product(p: &Product, a: &[f32], b: &[f32], dst: &mut [f32], add: bool) {
    assert!((p.m - 1) * p.a_strides.0 + (p.k - 1) * p.a_strides.1 < a.len(), "a covers the product");
    assert!((p.k - 1) * p.b_row + p.n <= b.len(), "b covers the product");
    assert!((p.m - 1) * p.dst_row + p.n <= dst.len(), "dst covers the product");
    // SAFETY: the assertions above bound every index the strides can form; the slices do not overlap.
    unsafe {
        matrixmultiply::sgemm(
            p.m,
            p.k,
            p.n,
            1.0,
            a.as_ptr(),
            p.a_strides.0 as isize,
            p.a_strides.1 as isize,
            b.as_ptr(),
            p.b_row as isize,
            1,
            if add { 1.0 } else { 0.0 },
            dst.as_mut_ptr(),
            p.dst_row as isize,
            1,
        );
    }
}

pub(super) fn forward(s: &ConvShape, origins: &[u32], taps: &[u32], xpad: &[f32], w: &[f32], y: &mut [f32]) {
    let cols = im2col(s, origins, taps, xpad);
    let depth = taps.len() * s.in_c;
    for o in (0..s.out_c).step_by(16) {
        let width = (s.out_c - o).min(16);
        let p = Product { m: origins.len(), n: width, k: depth, dst_row: s.out_c, a_strides: (depth, 1), b_row: width };
        product(&p, &cols, &w[o * depth..(o + width) * depth], &mut y[o..], false);
    }
}

pub(super) fn weight_gradient(s: &ConvShape, origins: &[u32], taps: &[u32], xpad: &[f32], dy: &[f32], dw: &mut [f32]) {
    let cols = im2col(s, origins, taps, xpad);
    let depth = taps.len() * s.in_c;
    for o in (0..s.out_c).step_by(16) {
        let width = (s.out_c - o).min(16);
        let p = Product { m: depth, n: width, k: origins.len(), dst_row: width, a_strides: (1, depth), b_row: s.out_c };
        product(&p, &cols, &dy[o..], &mut dw[o * depth..(o + width) * depth], true);
    }
}
