//! The forward convolution driven by events: only input channels that spiked cost anything.
//!
//! ```text
//! y[p,o] = s_o · Σ_tap Σ_{pairs of channels active at p·s + tap} (n_i·wq_i + n_{i+1}·wq_{i+1})
//! ```
//!
//! Weights, factors and exact 32-bit sums are those of the fixed-point kernel ([`super::fixed`]), so both give the same bits and
//! whichever is faster for a sample may run. Inputs are taken in pairs of channels, since one instruction multiplies a pair: with a
//! share d of active channels, about 1 − (1 − d)² of the pairs are active.

#![allow(clippy::needless_range_loop, reason = "index loops over registers and lanes are what unrolls and vectorizes")]

use super::ConvShape;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    __m256i, _mm256_add_epi32, _mm256_cvtepi32_ps, _mm256_loadu_ps, _mm256_loadu_si256, _mm256_madd_epi16,
    _mm256_mul_ps, _mm256_set1_epi32, _mm256_setzero_si256, _mm256_storeu_ps, _mm256_storeu_si256,
};

/// An active pair of input channels of one pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// Pair of channels.
    pair: u32,
    /// Their two counts, 16 bits each.
    counts: i32,
}

/// The active pairs of one sample, pixel by pixel of the padded image.
#[derive(Default)]
pub(super) struct Events {
    /// Where each padded pixel's events begin; one entry more than pixels.
    starts: Vec<u32>,
    events: Vec<Event>,
}

impl Events {
    /// Lists the events of a sample, H·W·C counts.
    pub(super) fn fill(&mut self, s: &ConvShape, x: &[u8]) {
        assert_eq!(x.len(), s.in_len(), "sample length");
        self.starts.clear();
        self.events.resize(x.len() / 2, Event::default());
        let mut n = 0;
        for y in 0..s.in_h + 2 * s.pad {
            for px in 0..s.padded_w() {
                self.starts.push(n as u32);
                let (Some(iy), Some(ix)) = (y.checked_sub(s.pad), px.checked_sub(s.pad)) else { continue };
                if iy >= s.in_h || ix >= s.in_w {
                    continue;
                }
                let row = &x[(iy * s.in_w + ix) * s.in_c..][..s.in_c];
                for (pair, c) in row.as_chunks::<2>().0.iter().enumerate() {
                    let counts = i32::from(c[0]) | i32::from(c[1]) << 16;
                    // Written always, kept if not 0: no branch to mispredict.
                    self.events[n] = Event { pair: pair as u32, counts };
                    n += usize::from(counts != 0);
                }
            }
        }
        self.starts.push(n as u32);
    }

    /// Whether the sample is sparse enough for [`forward`] to be the faster kernel. The share of active pairs at which both are equally
    /// fast grows with the work of a pixel, beside which its bookkeeping is small: 0.27, 0.44 and 0.7 for 40 → 120, 120 → 120 and
    /// 120 → 240 channels against the dense tiles of VNNI, half as much again against those of AVX2 (`examples/kernel_speed.rs`).
    pub(super) fn worth(&self, s: &ConvShape, vnni: bool) -> bool {
        let share = (0.19 + 1.7e-5 * (s.in_c * s.out_c) as f64).min(0.7) * if vnni { 1.0 } else { 1.5 };
        let active = f64::from(*self.starts.last().expect("filled"));
        active < share * (s.in_len() / 2) as f64
    }
}

/// 16-bit weights kept hot while the pixels of a sample pass: 16 KiB.
#[cfg(target_arch = "x86_64")]
const HOT_WEIGHTS: usize = 8192;

/// y of one sample from its events; `w` and `scale` as in the dense fixed-point kernel.
#[cfg(target_arch = "x86_64")]
pub(super) fn forward(
    _: super::Avx2,
    s: &ConvShape,
    (origins, taps): (&[u32], &[u32]),
    events: &Events,
    (w, scale): (&[i16], &[f32]),
    y: &mut [f32],
) {
    super::avx2::assert_tables(s, origins, taps);
    assert_eq!(events.starts.len(), s.padded_pixels() + 1, "one list per padded pixel");
    assert!(w.len() == s.weight_len() && y.len() == s.out_len() && scale.len() == s.out_c, "weight and output lengths");
    let pairs = s.in_c as u32 / 2;
    assert!(events.events.iter().all(|e| e.pair < pairs), "pairs of this shape");
    for o in (0..s.out_c).step_by(64) {
        let part = Part { s, origins, taps, events, w, scale, o };
        // SAFETY: AVX2 is proven to be there; lengths, tables and pairs are checked above, and a part of B
        // blocks is only made where so many channels are left.
        unsafe {
            match (s.out_c - o).min(64) / 16 {
                4 => part.run::<4, 2>(y),
                3 => part.run::<3, 2>(y),
                2 => part.run::<2, 2>(y),
                1 => part.run::<1, 2>(y),
                _ => {}
            }
            let rest = (s.out_c - o).min(64) % 16;
            if rest > 0 {
                Part { o: s.out_c - rest, ..part }.run::<1, 1>(y);
            }
        }
    }
}

/// Up to 64 output channels from channel `o` on.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
struct Part<'a> {
    s: &'a ConvShape,
    origins: &'a [u32],
    taps: &'a [u32],
    events: &'a Events,
    w: &'a [i16],
    scale: &'a [f32],
    o: usize,
}

#[cfg(target_arch = "x86_64")]
impl Part<'_> {
    /// `B` blocks of `V` vectors of 8 channels. Between tap groups `y` holds the integer sums' bits.
    #[target_feature(enable = "avx2")]
    unsafe fn run<const B: usize, const V: usize>(self, y: &mut [f32]) {
        let s = self.s;
        let depth = self.taps.len() * s.in_c;
        let group = (HOT_WEIGHTS / (s.in_c * 8 * V * B)).clamp(1, self.taps.len());
        for (g, taps) in self.taps.chunks(group).enumerate() {
            let (first, last) = (g == 0, (g + 1) * group >= self.taps.len());
            // SAFETY: block b of the part begins b·8V channels after `o`, its tap group g·group taps inside it; an event's pair lies in
            // the shape; pixel p has out_c values in y.
            unsafe {
                let mut w = [self.w.as_ptr().add(self.o * depth); B];
                for b in 0..B {
                    w[b] = w[b].add((b * depth + g * group * s.in_c) * 8 * V);
                }
                for (p, &origin) in self.origins.iter().enumerate() {
                    let to = y.as_mut_ptr().add(p * s.out_c + self.o);
                    let mut acc = [[_mm256_setzero_si256(); V]; B];
                    if !first {
                        for b in 0..B {
                            for v in 0..V {
                                acc[b][v] = _mm256_loadu_si256(to.add(8 * (b * V + v)).cast());
                            }
                        }
                    }
                    for (t, &tap) in taps.iter().enumerate() {
                        self.add::<B, V>((origin + tap) as usize, t, &w, &mut acc);
                    }
                    for b in 0..B {
                        for v in 0..V {
                            let at = 8 * (b * V + v);
                            if last {
                                let scale = _mm256_loadu_ps(self.scale.as_ptr().add(self.o + at));
                                _mm256_storeu_ps(to.add(at), _mm256_mul_ps(_mm256_cvtepi32_ps(acc[b][v]), scale));
                            } else {
                                _mm256_storeu_si256(to.add(at).cast(), acc[b][v]);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Adds the events of padded pixel `q` under tap `t` of the group.
    #[target_feature(enable = "avx2")]
    #[inline]
    unsafe fn add<const B: usize, const V: usize>(
        self,
        q: usize,
        t: usize,
        w: &[*const i16; B],
        acc: &mut [[__m256i; V]; B],
    ) {
        let list = &self.events.events[self.events.starts[q] as usize..self.events.starts[q + 1] as usize];
        for e in list {
            let row = (t * self.s.in_c + 2 * e.pair as usize) * 8 * V;
            let x = _mm256_set1_epi32(e.counts);
            for b in 0..B {
                for v in 0..V {
                    // SAFETY: see the caller.
                    let w = unsafe { _mm256_loadu_si256(w[b].add(row + 16 * v).cast()) };
                    acc[b][v] = _mm256_add_epi32(acc[b][v], _mm256_madd_epi16(x, w));
                }
            }
        }
    }
}
