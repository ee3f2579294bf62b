//! The `f32` forward convolution of spike counts that skips inputs without a spike.
//!
//! Products are added in the order of the dense kernel, tap by tap and channel by channel, with fused multiply-add; what is skipped
//! are products with 0, which change no sum. Hence both kernels give the same bits, and each sample takes the faster one.

#![allow(clippy::needless_range_loop, reason = "index loops over registers and lanes are what unrolls and vectorizes")]

use super::ConvShape;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    __m256, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps,
};

/// Spikes of one channel of a pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Spikes {
    channel: u32,
    count: f32,
}

/// The channels that spiked in one sample, pixel by pixel of the padded image.
#[derive(Default)]
pub(super) struct SpikeList {
    /// Where each padded pixel's channels begin; one entry more than pixels.
    starts: Vec<u32>,
    spikes: Vec<Spikes>,
}

impl SpikeList {
    /// Lists the spikes of a sample, H·W·C counts.
    pub(super) fn fill(&mut self, s: &ConvShape, x: &[u8]) {
        assert_eq!(x.len(), s.in_len(), "sample length");
        self.starts.clear();
        self.spikes.resize(x.len(), Spikes::default());
        let mut n = 0;
        for y in 0..s.in_h + 2 * s.pad {
            for px in 0..s.padded_w() {
                self.starts.push(n as u32);
                let (Some(iy), Some(ix)) = (y.checked_sub(s.pad), px.checked_sub(s.pad)) else { continue };
                if iy >= s.in_h || ix >= s.in_w {
                    continue;
                }
                for (channel, &count) in x[(iy * s.in_w + ix) * s.in_c..][..s.in_c].iter().enumerate() {
                    // Written always, kept if not 0: no branch to mispredict.
                    self.spikes[n] = Spikes { channel: channel as u32, count: f32::from(count) };
                    n += usize::from(count != 0);
                }
            }
        }
        self.starts.push(n as u32);
    }

    /// Whether the sample is sparse enough for [`forward`] to be the faster kernel: active channels below 0.38 of 40 → 120 channels, 0.54
    /// of 120 → 120, 0.7 of 120 → 240.
    pub(super) fn worth(&self, s: &ConvShape) -> bool {
        let share = (0.3 + 1.7e-5 * (s.in_c * s.out_c) as f64).min(0.7);
        f64::from(*self.starts.last().expect("filled")) < share * s.in_len() as f64
    }
}

/// Weights kept hot while the pixels of a sample pass: 16 KiB.
#[cfg(target_arch = "x86_64")]
const HOT_WEIGHTS: usize = 4096;

/// y of one sample from its list; `w` packed as for the dense kernel.
#[cfg(target_arch = "x86_64")]
pub(super) fn forward(
    _: super::Avx2,
    s: &ConvShape,
    (origins, taps): (&[u32], &[u32]),
    list: &SpikeList,
    w: &[f32],
    y: &mut [f32],
) {
    super::avx2::assert_tables(s, origins, taps);
    assert_eq!(list.starts.len(), s.padded_pixels() + 1, "one list per padded pixel");
    assert!(w.len() == s.weight_len() && y.len() == s.out_len(), "weight and output lengths");
    let active = *list.starts.last().expect("filled") as usize;
    assert!(list.spikes[..active].iter().all(|e| (e.channel as usize) < s.in_c), "channels of this shape");
    for o in (0..s.out_c).step_by(64) {
        let part = Part { s, origins, taps, list, w, o };
        // SAFETY: AVX2 and FMA are proven to be there; lengths, tables and channels are checked above, and a part
        // of B blocks is only made where so many channels are left.
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
    list: &'a SpikeList,
    w: &'a [f32],
    o: usize,
}

#[cfg(target_arch = "x86_64")]
impl Part<'_> {
    /// `B` blocks of `V` vectors of 8 channels.
    #[target_feature(enable = "avx2,fma")]
    unsafe fn run<const B: usize, const V: usize>(self, y: &mut [f32]) {
        let s = self.s;
        let depth = self.taps.len() * s.in_c;
        let group = (HOT_WEIGHTS / (s.in_c * 8 * V * B)).clamp(1, self.taps.len());
        for (g, taps) in self.taps.chunks(group).enumerate() {
            // SAFETY: block b of the part begins b·8V channels after `o`, its tap group g·group taps inside it; a listed channel lies in
            // the shape; pixel p has out_c values in y.
            unsafe {
                let mut w = [self.w.as_ptr().add(self.o * depth); B];
                for b in 0..B {
                    w[b] = w[b].add((b * depth + g * group * s.in_c) * 8 * V);
                }
                for (p, &origin) in self.origins.iter().enumerate() {
                    let to = y.as_mut_ptr().add(p * s.out_c + self.o);
                    let mut acc = [[_mm256_setzero_ps(); V]; B];
                    if g > 0 {
                        for b in 0..B {
                            for v in 0..V {
                                acc[b][v] = _mm256_loadu_ps(to.add(8 * (b * V + v)));
                            }
                        }
                    }
                    for (t, &tap) in taps.iter().enumerate() {
                        self.add::<B, V>((origin + tap) as usize, t, &w, &mut acc);
                    }
                    for b in 0..B {
                        for v in 0..V {
                            _mm256_storeu_ps(to.add(8 * (b * V + v)), acc[b][v]);
                        }
                    }
                }
            }
        }
    }

    /// Adds the spikes of padded pixel `q` under tap `t` of the group.
    #[target_feature(enable = "avx2,fma")]
    #[inline]
    unsafe fn add<const B: usize, const V: usize>(
        self,
        q: usize,
        t: usize,
        w: &[*const f32; B],
        acc: &mut [[__m256; V]; B],
    ) {
        for e in &self.list.spikes[self.list.starts[q] as usize..self.list.starts[q + 1] as usize] {
            let row = (t * self.s.in_c + e.channel as usize) * 8 * V;
            let x = _mm256_set1_ps(e.count);
            for b in 0..B {
                for v in 0..V {
                    // SAFETY: see the caller.
                    let w = unsafe { _mm256_loadu_ps(w[b].add(row + 8 * v)) };
                    acc[b][v] = _mm256_fmadd_ps(x, w, acc[b][v]);
                }
            }
        }
    }
}
