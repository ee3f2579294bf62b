//! The passes between the two convolutions: statistics, activation with its class moments, and the gradient through the normalization.
//!
//! One sample at a time, `[pixel][channel]`. Each body is written once and compiled twice, with and without AVX2; neither
//! uses fused multiply-add, so both give the same bits.
//!
//! Symbols: z convolution output; zh = (z − μ)/σ; u = κ(w·zh + b), in counts; n = clip(⌊u + ½⌋, 0, L) spike count.

#![allow(clippy::needless_range_loop, reason = "index loops over registers and lanes are what unrolls and vectorizes")]
#![allow(clippy::inline_always, reason = "a body must be inlined into both of its compilations")]

/// Per-channel affine maps of z: zh = z·`norm_gain` + `norm_bias`, u = z·`gain` + `bias`.
#[derive(Clone, Debug, Default)]
pub struct Affine {
    /// 1/σ.
    pub norm_gain: Vec<f32>,
    /// −μ/σ.
    pub norm_bias: Vec<f32>,
    /// κ·w/σ.
    pub gain: Vec<f32>,
    /// κ·b − μ·κ·w/σ.
    pub bias: Vec<f32>,
}

/// Sums over the pixels of one read-out region, `[region][channel]`; h is the goodness activity (n, or ReLU(u) in the strict mode).
#[derive(Clone, Debug, Default)]
pub struct Moments {
    /// Σ h².
    pub square: Vec<f32>,
    /// Σ h·[u < L].
    pub open: Vec<f32>,
    /// Σ h·[u < L]·zh.
    pub open_norm: Vec<f32>,
}

impl Moments {
    /// Zeroes `regions`·`channels` entries.
    pub fn reset(&mut self, len: usize) {
        for v in [&mut self.square, &mut self.open, &mut self.open_norm] {
            v.clear();
            v.resize(len, 0.0);
        }
    }
}

/// Compiles a body with and without AVX2 and dispatches at run time.
macro_rules! dispatch {
    ($(#[$doc:meta])* $vis:vis fn $name:ident / $fast:ident / $body:ident ($($arg:ident : $ty:ty),* $(,)?)) => {
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2")]
        #[allow(clippy::too_many_arguments)]
        fn $fast($($arg: $ty),*) { $body($($arg),*) }

        $(#[$doc])*
        #[allow(clippy::too_many_arguments)]
        $vis fn $name($($arg: $ty),*) {
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") {
                // SAFETY: the CPU supports AVX2.
                return unsafe { $fast($($arg),*) };
            }
            $body($($arg),*)
        }
    };
}

pub(super) use dispatch;

dispatch! {
    /// Adds Σ z and Σ z² over the pixels of one sample to `sum` and `square`, `[channel]`. Blocks of 16 pixels are summed in
    /// `f32`, blocks in `f64`: z has rare large values.
    pub fn sample_sums / sample_sums_avx2 / sample_sums_body(z: &[f32], sum: &mut [f64], square: &mut [f64])
}

#[inline(always)]
fn sample_sums_body(z: &[f32], sum: &mut [f64], square: &mut [f64]) {
    const LANES: usize = 8;
    let c = sum.len();
    assert!(c.is_multiple_of(LANES) && square.len() == c, "padded channels");
    for block in z.chunks(16 * c) {
        for o in (0..c).step_by(LANES) {
            let (mut s, mut q) = ([0.0f32; LANES], [0.0f32; LANES]);
            for row in block.chunks_exact(c) {
                let v: &[f32; LANES] = row[o..o + LANES].try_into().expect("a slice of LANES");
                for l in 0..LANES {
                    s[l] += v[l];
                    q[l] += v[l] * v[l];
                }
            }
            for l in 0..LANES {
                sum[o + l] += f64::from(s[l]);
                square[o + l] += f64::from(q[l]);
            }
        }
    }
}

/// ⌊u + ½⌋ clipped to 0..=L, as a float; NaN gives 0.
#[inline(always)]
fn level(u: f32, levels: f32) -> f32 {
    (u + 0.5).floor().max(0.0).min(levels)
}

/// A whole number in 0..=255 to its byte, by the bits of 2²³ + n (vectorizes where a saturating cast does not).
#[inline(always)]
fn byte(n: f32) -> u8 {
    (n + 8_388_608.0).to_bits() as u8
}

dispatch! {
    /// n = clip(⌊z·gain + bias + ½⌋, 0, L) of one sample: inference.
    pub fn quantize / quantize_avx2 / quantize_body(z: &[f32], gain: &[f32], bias: &[f32], levels: u8, counts: &mut [u8])
}

#[inline(always)]
fn quantize_body(z: &[f32], gain: &[f32], bias: &[f32], levels: u8, counts: &mut [u8]) {
    let c = gain.len();
    assert!(bias.len() == c && z.len() == counts.len(), "one gain and bias per channel");
    for (z, n) in z.chunks_exact(c).zip(counts.chunks_exact_mut(c)) {
        for i in 0..c {
            n[i] = byte(level(z[i] * gain[i] + bias[i], f32::from(levels)));
        }
    }
}

dispatch! {
    /// Counts and moments of one sample. `region[p]`: read-out region of pixel p; `strict`: goodness from ReLU(u) instead of n.
    pub fn activate / activate_avx2 / activate_body(
        z: &[f32], affine: &Affine, levels: u8, strict: bool, region: &[u8], counts: &mut [u8], moments: &mut Moments,
    )
}

#[inline(always)]
fn activate_body(
    z: &[f32],
    affine: &Affine,
    levels: u8,
    strict: bool,
    region: &[u8],
    counts: &mut [u8],
    moments: &mut Moments,
) {
    if strict {
        activate_rows::<true>(z, affine, levels, region, counts, moments);
    } else {
        activate_rows::<false>(z, affine, levels, region, counts, moments);
    }
}

#[inline(always)]
fn activate_rows<const STRICT: bool>(
    z: &[f32],
    affine: &Affine,
    levels: u8,
    region: &[u8],
    counts: &mut [u8],
    moments: &mut Moments,
) {
    let c = affine.gain.len();
    let (ia, ib) = (&affine.norm_gain[..c], &affine.norm_bias[..c]);
    let (ga, gb) = (&affine.gain[..c], &affine.bias[..c]);
    assert!(z.len() == region.len() * c && counts.len() == z.len(), "one region per pixel");
    let top = f32::from(levels);
    for ((z, n), &r) in z.chunks_exact(c).zip(counts.chunks_exact_mut(c)).zip(region) {
        let at = usize::from(r) * c;
        let square = &mut moments.square[at..at + c];
        let open = &mut moments.open[at..at + c];
        let open_norm = &mut moments.open_norm[at..at + c];
        for i in 0..c {
            let u = z[i] * ga[i] + gb[i];
            let k = level(u, top);
            n[i] = byte(k);
            let h = if STRICT { u.max(0.0) } else { k };
            let g = if STRICT || u < top { h } else { 0.0 };
            square[i] += h * h;
            open[i] += g;
            open_norm[i] += g * (z[i] * ia[i] + ib[i]);
        }
    }
}

dispatch! {
    /// dL/dz of one sample: `scale[region][channel]`·h·[u < L] + z·`slope[channel]` + `offset[channel]`, where scale carries the
    /// loss and the last two the normalization's mean terms.
    pub fn input_gradient / input_gradient_avx2 / input_gradient_body(
        z: &[f32], affine: &Affine, levels: u8, strict: bool, region: &[u8], scale: &[f32], slope: &[f32], offset: &[f32], dz: &mut [f32],
    )
}

#[allow(clippy::too_many_arguments)]
#[inline(always)]
fn input_gradient_body(
    z: &[f32],
    affine: &Affine,
    levels: u8,
    strict: bool,
    region: &[u8],
    scale: &[f32],
    slope: &[f32],
    offset: &[f32],
    dz: &mut [f32],
) {
    let c = affine.gain.len();
    let (ga, gb) = (&affine.gain[..c], &affine.bias[..c]);
    let (slope, offset) = (&slope[..c], &offset[..c]);
    assert!(z.len() == region.len() * c && dz.len() == z.len(), "one region per pixel");
    let top = f32::from(levels);
    for ((z, dz), &r) in z.chunks_exact(c).zip(dz.chunks_exact_mut(c)).zip(region) {
        let scale = &scale[usize::from(r) * c..][..c];
        if strict {
            for i in 0..c {
                let u = z[i] * ga[i] + gb[i];
                dz[i] = scale[i] * u.max(0.0) + z[i] * slope[i] + offset[i];
            }
        } else {
            for i in 0..c {
                let u = z[i] * ga[i] + gb[i];
                let h = if u < top { level(u, top) } else { 0.0 };
                dz[i] = scale[i] * h + z[i] * slope[i] + offset[i];
            }
        }
    }
}
