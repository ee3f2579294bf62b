//! Dense 2-D convolution on the CPU: forward and weight gradient, `f32`, NHWC.
//!
//! Forward-forward training needs no input gradient, so these two products are all of its arithmetic:
//!
//! ```text
//! y[p, o]     = Σ_{tap, i} x[p·s + tap, i] · w[tap, i, o]
//! dw[tap,i,o] = Σ_p        x[p·s + tap, i] · dy[p, o]
//! ```
//!
//! with `p` an output pixel, `s` the stride, `tap` one of the k·k kernel positions, `i`/`o` input/output channels.
//! Cross-correlation, zero padding, the convention of every deep-learning framework.
//!
//! Contract: channel counts are padded by the caller ([`ConvShape::new`] rounds up to 8, images to 4); padded
//! channels hold zeros. Weights are *packed*: output blocks of 16 (the last may be 8), inside a block
//! `[tap][input channel][output channel of the block]` ([`ConvShape::weight_index`]).
//! An instruction set is chosen at run time; results of one instruction set do not depend on the thread count, because
//! work is split by sample and never by thread.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx2_fixed;
mod elementwise;
mod events;
mod fixed;
mod gather;
mod grouped;
mod pool;
mod portable;
mod shape;
mod sparse;
mod sum_pool;
#[cfg(target_arch = "x86_64")]
mod vnni;

pub use elementwise::{Affine, Moments, activate, input_gradient, quantize, sample_sums};
pub use fixed::{CountKernel, FixedWeights};
pub use gather::Source;
pub use grouped::{GroupedConv, GroupedScratch};
pub use pool::{rectify, rectify_gradient, rectify_pool, rectify_pool_gradient, scale};
pub use portable::{Product, product};
pub use shape::{ConvShape, ShapeError};
pub use sum_pool::SumPool;

use gather::{pad_sample, pad_sample_by_four};

/// Proof that this CPU has AVX2 and FMA: the only way to one is [`Avx2::detect`], and kernels of these instructions ask for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avx2(());

impl Avx2 {
    /// The proof, if it can be had.
    #[must_use]
    pub fn detect() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return Some(Self(()));
        }
        None
    }
}

/// Which implementation runs. [`Backend::detect`] picks the fastest one the CPU supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// 4 pixels × 16 channels register tiles on AVX2 and FMA.
    Avx2(Avx2),
    /// im2col and a matrix product; every CPU.
    Portable,
}

impl Backend {
    /// The fastest backend this CPU supports.
    #[must_use]
    pub fn detect() -> Self {
        Avx2::detect().map_or(Self::Portable, Self::Avx2)
    }
}

/// Buffers reused between calls by one worker.
#[derive(Default)]
pub struct Scratch {
    input: Vec<f32>,
    gradient: Vec<f32>,
    fixed: fixed::FixedScratch,
    list: sparse::SpikeList,
}

/// A convolution of one shape, with its index tables.
pub struct Conv {
    /// Geometry and channel counts.
    pub shape: ConvShape,
    backend: Backend,
    /// Fixed-point tiles of AVX-512 VNNI instead of AVX2.
    vnni: bool,
    /// Index into the padded image of tap (0,0) for each output pixel, in pixels.
    origins: Vec<u32>,
    /// Offset of each tap in the padded image, in pixels.
    taps: Vec<u32>,
}

impl Conv {
    /// Prepares the tables of `shape` for the fastest backend.
    #[must_use]
    pub fn new(shape: ConvShape) -> Self {
        Self::with_backend(shape, Backend::detect())
    }

    /// Prepares the tables of `shape` for `backend`.
    #[must_use]
    pub fn with_backend(shape: ConvShape, backend: Backend) -> Self {
        let pw = shape.padded_w();
        let mut origins = Vec::with_capacity(shape.out_pixels());
        for y in 0..shape.out_h() {
            for x in 0..shape.out_w() {
                origins.push((y * shape.stride * pw + x * shape.stride) as u32);
            }
        }
        let k = shape.kernel;
        let taps = (0..k * k).map(|t| ((t / k) * pw + t % k) as u32).collect();
        #[cfg(target_arch = "x86_64")]
        let vnni = matches!(backend, Backend::Avx2(_)) && vnni::available();
        #[cfg(not(target_arch = "x86_64"))]
        let vnni = false;
        Self { shape, backend, vnni, origins, taps }
    }

    /// Without AVX-512 VNNI, to compare.
    #[must_use]
    pub fn without_vnni(self) -> Self {
        Self { vnni: false, ..self }
    }

    /// Whether the fixed-point tiles are those of AVX-512 VNNI.
    #[must_use]
    pub fn has_vnni(&self) -> bool {
        self.vnni
    }

    /// y of one sample. `x`: the sample, H·W·`in_c`; `w`: packed weights; `y`: out pixels · `out_c`, overwritten. Counts with few spikes take
    /// a kernel that lists them; the bits are the same.
    pub fn forward(&self, x: Source<'_>, w: &[f32], y: &mut [f32], scratch: &mut Scratch) {
        if let (Source::Counts(counts), Backend::Avx2(proof)) = (x, self.backend) {
            scratch.list.fill(&self.shape, counts);
            if scratch.list.worth(&self.shape) {
                return self.forward_listed(proof, w, y, scratch);
            }
        }
        self.forward_dense(x, w, y, scratch);
    }

    /// y of the sample whose spikes were listed last.
    fn forward_listed(&self, proof: Avx2, w: &[f32], y: &mut [f32], scratch: &Scratch) {
        #[cfg(target_arch = "x86_64")]
        sparse::forward(proof, &self.shape, (&self.origins, &self.taps), &scratch.list, w, y);
    }

    /// y of one sample by the kernel that visits every input.
    fn forward_dense(&self, x: Source<'_>, w: &[f32], y: &mut [f32], scratch: &mut Scratch) {
        let s = &self.shape;
        assert_eq!(w.len(), s.weight_len(), "packed weight length");
        assert_eq!(y.len(), s.out_pixels() * s.out_c, "output length");
        pad_sample(s, x, &mut scratch.input);
        match self.backend {
            #[cfg(target_arch = "x86_64")]
            Backend::Avx2(proof) => avx2::forward(proof, s, &self.origins, &self.taps, &scratch.input, w, y),
            _ => portable::forward(s, &self.origins, &self.taps, &scratch.input, w, y),
        }
    }

    /// Adds the weight gradient of `xs.len()` samples to `dw` (packed). `dy`: the samples' output gradients, one after another.
    pub fn add_weight_gradient(&self, xs: &[Source<'_>], dy: &[f32], dw: &mut [f32], scratch: &mut Scratch) {
        let s = &self.shape;
        assert_eq!(dw.len(), s.weight_len(), "packed gradient length");
        assert_eq!(dy.len(), xs.len() * s.out_pixels() * s.out_c, "output gradient length");
        match self.backend {
            #[cfg(target_arch = "x86_64")]
            Backend::Avx2(proof) => {
                pad_sample_by_four(s, xs, &mut scratch.input);
                avx2::weight_gradient(
                    proof,
                    s,
                    &self.origins,
                    &self.taps,
                    xs.len(),
                    &scratch.input,
                    dy,
                    dw,
                    &mut scratch.gradient,
                );
            }
            _ => {
                for (x, dy) in xs.iter().zip(dy.chunks_exact(s.out_pixels() * s.out_c)) {
                    pad_sample(s, *x, &mut scratch.input);
                    portable::weight_gradient(s, &self.origins, &self.taps, &scratch.input, dy, dw);
                }
            }
        }
    }

    /// How many samples one [`Self::add_weight_gradient`] call should receive: small images are joined to lengthen the inner
    /// loop, as long as one input quad and one output block of the group (16 and 64 bytes a pixel) stay in the first-level cache.
    #[must_use]
    pub fn gradient_group(&self) -> usize {
        let bytes = 16 * self.shape.padded_pixels() + 64 * self.shape.out_pixels();
        (24_576 / bytes).clamp(1, 4)
    }
}

#[cfg(test)]
mod tests;
