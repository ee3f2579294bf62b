//! The composition of two projections through a population without neurons, where one projection can express it.
//!
//! With `m` the map in between, `p` the first and `q` the second projection, `q(p(x))` is one projection if
//!
//! - `p` is one-to-one: its weights multiply the source channels of `q`, and pooling windows multiply,
//!   `⌊⌊H/a⌋/b⌋ = ⌊H/(a·b)⌋`;
//! - `q` is one-to-one without pooling: its weights multiply the channels of `p`;
//! - either is dense or sparse: the product of the two matrices, behind the pooling of `p`; synapse lists where neither is dense and
//!   the product is at most half full, else dense;
//! - both are convolutions, and `q` is unpadded: tap `(k_q, k_p)` reads `x` at
//!   `y·s_q·s_p + k_q·d_q·s_p + k_p·d_p − p_p`, one convolution of stride `s_q·s_p` and padding `p_p`; or `q` is padded and
//!   `p` has a 1×1 kernel without padding, which keeps zeros outside the map;
//! - `p` is a convolution and `q` pools: the pooling is an unpadded convolution with ones;
//! - any other two convolutions, as a padded one behind one wider than 1×1: the product of their matrices as synapse lists, which
//!   share no weights, up to 2²⁶ synapses.
//!
//! s: stride, d: dilation, p: padding, k: kernel index, H: rows, a, b: pooling windows.

use super::net::{scale_post, scale_source};
use ir::{Connectivity, Conv2d, Pool, Projection, Shape, SynapseLists, Trained};

/// `second ∘ first` from shapes `[pre, between, post]`, or why one projection cannot express it.
pub(crate) fn compose(
    first: &Projection<Trained>,
    second: &Projection<Trained>,
    [pre, between, post]: [Shape; 3],
) -> Result<Projection<Trained>, String> {
    let delay = first.delay + second.delay;
    match (&first.connectivity, &second.connectivity, second.pool) {
        (Connectivity::OneToOne, _, _) => {
            let gain = |c: usize| f64::from(if first.weights.len() == 1 { first.weights[0] } else { first.weights[c] });
            let mut result = Projection { pool: multiply(first.pool, second.pool), delay, ..second.clone() };
            scale_source(&mut result, second.source_shape(between), post, gain);
            Ok(result)
        }
        (_, Connectivity::OneToOne, None) => {
            let gain =
                |c: usize| f64::from(if second.weights.len() == 1 { second.weights[0] } else { second.weights[c] });
            let mut result = Projection { delay, ..first.clone() };
            scale_post(&mut result, post, gain);
            Ok(result)
        }
        (Connectivity::Dense | Connectivity::Sparse(_), _, _)
        | (_, Connectivity::Dense | Connectivity::Sparse(_), _) => {
            Ok(Projection { delay, ..matrix_product(first, second, [pre, between, post]) })
        }
        (Connectivity::Conv2d(_), _, Some(pool)) => {
            let pooled = pool.output(between);
            let whole = compose(first, &ones(pool, between.channels), [pre, between, pooled])?;
            let rest = Projection { pool: None, ..second.clone() };
            Ok(Projection { delay, ..compose(&whole, &rest, [pre, pooled, post])? })
        }
        (&Connectivity::Conv2d(p), &Connectivity::Conv2d(q), None) => {
            let inner = Taps { geometry: p, weights: &first.weights };
            let outer = Taps { geometry: q, weights: &second.weights };
            match convolve(&inner, &outer, first.source_shape(pre), between, post) {
                Ok((connectivity, weights)) => Ok(Projection { connectivity, pool: first.pool, weights, delay }),
                Err(reason) => {
                    let taps = |conv: Conv2d, channels: u32| {
                        u64::from(channels / conv.groups) * u64::from(conv.kernel.0) * u64::from(conv.kernel.1)
                    };
                    let reach = taps(p, first.source_shape(pre).channels).saturating_mul(taps(q, between.channels));
                    let most = reach.min(first.source_shape(pre).neurons() as u64);
                    if most.saturating_mul(post.neurons() as u64) > MAX_SYNAPSES {
                        return Err(format!("{reason}, and as synapse lists they would be too large"));
                    }
                    Ok(Projection { delay, ..matrix_product(first, second, [pre, between, post]) })
                }
            }
        }
    }
}

fn multiply(a: Option<Pool>, b: Option<Pool>) -> Option<Pool> {
    match (a, b) {
        (Some(a), Some(b)) => Some(Pool { size: (a.size.0 * b.size.0, a.size.1 * b.size.1) }),
        (one, other) => one.or(other),
    }
}

/// Sum pooling as a depthwise convolution with ones.
fn ones(pool: Pool, channels: u32) -> Projection<Trained> {
    let conv = Conv2d { kernel: pool.size, stride: pool.size, padding: (0, 0), dilation: (1, 1), groups: channels };
    Projection {
        connectivity: Connectivity::Conv2d(conv),
        pool: None,
        weights: vec![1.0; (channels * pool.size.0 * pool.size.1) as usize],
        delay: 0,
    }
}

/// Most synapses of the product of two convolutions.
const MAX_SYNAPSES: u64 = 1 << 26;

/// The product of two matrices, with the source behind the pooling of `first`.
fn matrix_product(
    first: &Projection<Trained>,
    second: &Projection<Trained>,
    [pre, between, post]: [Shape; 3],
) -> Projection<Trained> {
    let source = first.source_shape(pre);
    let unpooled = Projection { pool: None, ..first.clone() };
    let rows: Vec<Vec<(usize, f64)>> = (0..between.neurons())
        .map(|m| {
            let mut row = Vec::new();
            unpooled.synapses_onto(source, between, between.position(m), |j, w| {
                row.push((j, f64::from(first.weights[w])));
            });
            row
        })
        .collect();
    let mut sums = vec![0.0; source.neurons()];
    let mut row = |i: usize| -> Vec<(usize, f64)> {
        let mut reached = Vec::new();
        second.synapses_onto(between, post, post.position(i), |m, w| {
            let outer = f64::from(second.weights[w]);
            for &(j, inner) in &rows[m] {
                reached.push(j);
                sums[j] += outer * inner;
            }
        });
        reached.sort_unstable();
        reached.dedup();
        reached.into_iter().map(|j| (j, std::mem::take(&mut sums[j]))).collect()
    };
    let is_dense = [first, second].iter().any(|p| p.connectivity == Connectivity::Dense);
    let products: Vec<Vec<(usize, f64)>> = (0..post.neurons()).map(&mut row).collect();
    let n: usize = products.iter().map(Vec::len).sum();
    if is_dense || 2 * n > post.neurons() * source.neurons() {
        let mut weights = vec![0.0f32; post.neurons() * source.neurons()];
        for (i, product) in products.into_iter().enumerate() {
            for (j, sum) in product {
                weights[i * source.neurons() + j] = sum as f32;
            }
        }
        return Projection { connectivity: Connectivity::Dense, pool: first.pool, weights, delay: 0 };
    }
    let mut lists = vec![Vec::new(); source.neurons()];
    for (i, product) in products.into_iter().enumerate() {
        for (j, sum) in product {
            lists[j].push((i as u32, sum as f32));
        }
    }
    let weights = lists.iter().flatten().map(|&(_, weight)| weight).collect();
    let targets = SynapseLists::new(lists.into_iter().map(|list| list.into_iter().map(|(target, _)| target)));
    Projection { connectivity: Connectivity::Sparse(targets), pool: first.pool, weights, delay: 0 }
}

/// One dimension of the composed convolution: kernel, stride, padding, dilation.
type Axis = (u32, u32, u32, u32);

/// The composed axis, or `None` if zero padding makes it inexact.
fn axis((kp, sp, pp, dp): Axis, (kq, sq, pq, dq): Axis) -> Option<Axis> {
    let padding = match pq {
        0 => pp,
        _ if kp == 1 && pp == 0 => pq * sp,
        _ => return None,
    };
    let span = (kq - 1) * dq * sp + (kp - 1) * dp;
    let step = match (kp, kq) {
        (1, 1) => 1,
        (1, _) => dq * sp,
        (_, 1) => dp,
        _ => gcd(dq * sp, dp),
    };
    Some((span / step + 1, sq * sp, padding, step))
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// A convolution with its weights.
struct Taps<'a> {
    geometry: Conv2d,
    weights: &'a [f32],
}

fn convolve(
    first: &Taps<'_>,
    second: &Taps<'_>,
    source: Shape,
    between: Shape,
    post: Shape,
) -> Result<(Connectivity, Vec<f32>), String> {
    let (p, q) = (first.geometry, second.geometry);
    let rows = |c: Conv2d| (c.kernel.0, c.stride.0, c.padding.0, c.dilation.0);
    let cols = |c: Conv2d| (c.kernel.1, c.stride.1, c.padding.1, c.dilation.1);
    let (Some(v), Some(h)) = (axis(rows(p), rows(q)), axis(cols(p), cols(q))) else {
        return Err("its zero padding would have to cut off what the first convolution spreads over the border".into());
    };
    let groups = gcd(p.groups, q.groups);
    let conv = Conv2d { kernel: (v.0, h.0), stride: (v.1, h.1), padding: (v.2, h.2), dilation: (v.3, h.3), groups };
    if conv.output(source) != Some((post.height, post.width)) {
        return Err("the map sizes of the two convolutions do not compose".into());
    }
    let inputs = (source.channels / groups) as usize;
    let mut sums = vec![0.0f64; post.channels as usize * inputs * (conv.kernel.0 * conv.kernel.1) as usize];
    let (m_per, i_per) = (between.channels / q.groups, source.channels / p.groups);
    for o in 0..post.channels {
        for m in 0..m_per {
            let middle = o / (post.channels / q.groups) * m_per + m;
            for i in 0..i_per {
                let input = middle / (between.channels / p.groups) * i_per + i;
                let kernel = o as usize * inputs + input as usize % inputs;
                for (qy, qx) in positions(q.kernel) {
                    let outer = second.weights[(((o * m_per + m) * q.kernel.0 + qy) * q.kernel.1 + qx) as usize];
                    for (py, px) in positions(p.kernel) {
                        let inner =
                            first.weights[(((middle * i_per + i) * p.kernel.0 + py) * p.kernel.1 + px) as usize];
                        let y = (qy * q.dilation.0 * p.stride.0 + py * p.dilation.0) / conv.dilation.0;
                        let x = (qx * q.dilation.1 * p.stride.1 + px * p.dilation.1) / conv.dilation.1;
                        let at = (kernel * conv.kernel.0 as usize + y as usize) * conv.kernel.1 as usize + x as usize;
                        sums[at] += f64::from(outer) * f64::from(inner);
                    }
                }
            }
        }
    }
    Ok((Connectivity::Conv2d(conv), sums.into_iter().map(|sum| sum as f32).collect()))
}

fn positions((rows, cols): (u32, u32)) -> impl Iterator<Item = (u32, u32)> {
    (0..rows).flat_map(move |y| (0..cols).map(move |x| (y, x)))
}
