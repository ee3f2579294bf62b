//! Gradients of a layer of all pairs: z = xW + b.

use crate::kernels::{Product, product};
use rayon::prelude::*;

/// ∂L/∂W `[input][output]` and ∂L/∂b from the rows of `x` and of `dz` = ∂L/∂z; a parallel task takes `rows` inputs.
pub(super) fn gradients(x: &[f32], dz: &[f32], (inputs, outputs): (usize, usize), rows: usize) -> (Vec<f32>, Vec<f32>) {
    let (samples, n) = (dz.len() / outputs, outputs);
    let mut weight = vec![0.0; inputs * n];
    weight.par_chunks_mut(rows * n).enumerate().for_each(|(i, w)| {
        let p = Product { m: w.len() / n, n, k: samples, dst_row: n, a_strides: (1, inputs), b_row: n };
        product(&p, &x[i * rows..], dz, w, false);
    });
    let mut bias = vec![0.0; n];
    for row in dz.chunks_exact(n) {
        for (b, v) in bias.iter_mut().zip(row) {
            *b += v;
        }
    }
    (weight, bias)
}
