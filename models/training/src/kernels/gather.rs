//! Copies samples into zero-bordered `f32` buffers in the order the kernels read.

use super::ConvShape;

/// One sample, H·W·channels, either real values or spike counts.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// Real values (the encoded image, or an analog layer).
    Real(&'a [f32]),
    /// Spike counts of the previous layer.
    Counts(&'a [u8]),
}

impl Source<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Real(x) => x.len(),
            Self::Counts(x) => x.len(),
        }
    }
}

/// Padded sample in `[pixel][channel]` order.
pub(super) fn pad_sample(s: &ConvShape, x: Source<'_>, out: &mut Vec<f32>) {
    assert_eq!(x.len(), s.in_len(), "sample length");
    out.clear();
    out.resize(s.padded_pixels() * s.in_c, 0.0);
    let row = s.in_w * s.in_c;
    for y in 0..s.in_h {
        let start = ((y + s.pad) * s.padded_w() + s.pad) * s.in_c;
        let dst = &mut out[start..start + row];
        match x {
            Source::Real(v) => dst.copy_from_slice(&v[y * row..(y + 1) * row]),
            Source::Counts(v) => {
                for (d, n) in dst.iter_mut().zip(&v[y * row..(y + 1) * row]) {
                    *d = f32::from(*n);
                }
            }
        }
    }
}

/// Padded samples in `[channel / 4][sample][pixel][4]` order: what a 4-channel gradient tile walks through.
#[cfg(target_arch = "x86_64")]
pub(super) fn pad_sample_by_four(s: &ConvShape, xs: &[Source<'_>], out: &mut Vec<f32>) {
    let plane = xs.len() * s.padded_pixels();
    out.clear();
    out.resize(plane * s.in_c, 0.0);
    for (n, x) in xs.iter().enumerate() {
        assert_eq!(x.len(), s.in_len(), "sample length");
        for y in 0..s.in_h {
            for px in 0..s.in_w {
                let src = (y * s.in_w + px) * s.in_c;
                let pos = n * s.padded_pixels() + (y + s.pad) * s.padded_w() + s.pad + px;
                for q in 0..s.in_c / 4 {
                    let d = &mut out[(q * plane + pos) * 4..][..4];
                    match x {
                        Source::Real(v) => d.copy_from_slice(&v[src + 4 * q..src + 4 * q + 4]),
                        Source::Counts(v) => {
                            for (d, n) in d.iter_mut().zip(&v[src + 4 * q..src + 4 * q + 4]) {
                                *d = f32::from(*n);
                            }
                        }
                    }
                }
            }
        }
    }
}
