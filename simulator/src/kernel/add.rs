//! The inner loops of synaptic operations: rows of weights added to contiguous potentials.
//!
//! `add_rows`: `v[i] += Σ_b w[b + i]` for binary events, whole groups of events at a time. Up to 255 rows of 8-bit weights
//! sum to at most 255·128 = 32,640 in magnitude, which 16 bits hold; so the sum of a group is built in 16-bit lanes and
//! each potential is read and written once per group.

/// First weights of the rows of a group of events, no more than 16-bit sums of 8-bit weights hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bases {
    rows: Vec<u32>,
    /// The largest of them.
    last: u32,
}

impl Bases {
    /// Largest group.
    pub(crate) const MAX: usize = 255;

    pub(crate) fn clear(&mut self) {
        self.rows.clear();
        self.last = 0;
    }

    pub(crate) fn is_full(&self) -> bool {
        self.rows.len() == Self::MAX
    }

    /// Adds a row.
    #[inline]
    pub(crate) fn push(&mut self, base: u32) {
        self.rows.push(base);
        self.last = self.last.max(base);
    }

    /// Adds rows.
    #[inline]
    pub(crate) fn extend(&mut self, bases: impl Iterator<Item = u32>) {
        self.rows.extend(bases);
        self.last = self.rows.iter().copied().fold(0, u32::max);
    }

    pub(crate) fn rows(&self) -> &[u32] {
        &self.rows
    }
}

/// `v[i] += Σ_b w[b + i]` over the bases.
///
/// # Panics
/// If a row reaches beyond the weights, or the group is too large.
#[inline]
pub(crate) fn add_rows(v: &mut [i32], w: &[i8], bases: &Bases) {
    let n = bases.rows.len();
    assert!(n <= Bases::MAX, "a group of {n} rows may overflow 16-bit sums");
    if n == 0 {
        return;
    }
    let last = bases.last as usize;
    assert!(last + v.len() <= w.len(), "row {last} reaches beyond the weights");
    #[cfg(target_arch = "x86_64")]
    if v.len() >= 16 && is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2; every base is at most `last`, for `rows` and `last` change together.
        unsafe { avx2::add_rows(v, w, &bases.rows) };
        return;
    }
    add_rows_plain(v, w, &bases.rows);
}

fn add_rows_plain(v: &mut [i32], w: &[i8], bases: &[u32]) {
    for &base in bases {
        let row = &w[base as usize..][..v.len()];
        for (v, &w) in v.iter_mut().zip(row) {
            *v += i32::from(w);
        }
    }
}

/// As [`add_rows`], for 16-bit weights.
#[inline]
pub(crate) fn add_rows_wide(v: &mut [i32], w: &[i16], bases: &[u32]) {
    for &base in bases {
        let row = &w[base as usize..][..v.len()];
        for (v, &w) in v.iter_mut().zip(row) {
            *v += i32::from(w);
        }
    }
}

/// `v[i] += value·w[i]`.
#[inline]
pub(crate) fn mac_row<W: Copy + Into<i32>>(v: &mut [i32], w: &[W], value: i32) {
    for (v, &w) in v.iter_mut().zip(w) {
        *v += value * w.into();
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m128i, __m256i, _mm_loadu_si128, _mm256_add_epi16, _mm256_add_epi32, _mm256_and_si256,
        _mm256_castsi256_si128, _mm256_cvtepi8_epi16, _mm256_cvtepi16_epi32, _mm256_extracti128_si256,
        _mm256_loadu_si256, _mm256_setzero_si256, _mm256_storeu_si256,
    };

    /// Sixteen lanes cleared, then sixteen kept.
    static MASK: [i16; 32] = {
        let mut mask = [0; 32];
        let mut i = 16;
        while i < 32 {
            mask[i] = -1;
            i += 1;
        }
        mask
    };

    /// The sum of all rows, 128 potentials at a time; the rest in one pass whose last sixteen lanes end with the
    /// potentials and leave out those already done.
    ///
    /// # Safety
    /// `v.len() ≥ 16`, and `base + v.len() ≤ w.len()` for every base.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn add_rows(v: &mut [i32], w: &[i8], bases: &[u32]) {
        let n = v.len();
        let mut i = 0;
        // SAFETY: as above, and i < n in all passes.
        unsafe {
            while i + 128 <= n {
                pass::<8>(v, w, bases, i);
                i += 128;
            }
            match (n - i).div_ceil(16) {
                0 => {}
                1 => pass::<1>(v, w, bases, i),
                2 => pass::<2>(v, w, bases, i),
                3 => pass::<3>(v, w, bases, i),
                4 => pass::<4>(v, w, bases, i),
                5 => pass::<5>(v, w, bases, i),
                6 => pass::<6>(v, w, bases, i),
                7 => pass::<7>(v, w, bases, i),
                _ => pass::<8>(v, w, bases, i),
            }
        }
    }

    /// Potentials `i .. min(i + 16·N, v.len())`.
    ///
    /// # Safety
    /// `v.len() ≥ 16`, `i + 16·(N − 1) < v.len()`, and `base + v.len() ≤ w.len()` for every base.
    #[target_feature(enable = "avx2")]
    #[expect(clippy::cast_ptr_alignment, reason = "loads and stores are the unaligned ones")]
    unsafe fn pass<const N: usize>(v: &mut [i32], w: &[i8], bases: &[u32], i: usize) {
        let last = (i + 16 * (N - 1)).min(v.len() - 16);
        let mut sum: [__m256i; N] = [_mm256_setzero_si256(); N];
        for &base in bases {
            // SAFETY: block starts are at most v.len() − 16, so all blocks lie inside the row.
            unsafe {
                let row = w.as_ptr().add(base as usize);
                for (k, sum) in sum.iter_mut().enumerate() {
                    let start = if k + 1 == N { last } else { i + 16 * k };
                    let bytes = _mm_loadu_si128(row.add(start).cast::<__m128i>());
                    *sum = _mm256_add_epi16(*sum, _mm256_cvtepi8_epi16(bytes));
                }
            }
        }
        // SAFETY: last < i + 16·N and last + 16 > i + 16·(N − 1), so the mask starts at 1 to 16.
        let mask = unsafe { _mm256_loadu_si256(MASK.as_ptr().add(16 - (i + 16 * (N - 1) - last)).cast()) };
        sum[N - 1] = _mm256_and_si256(sum[N - 1], mask);
        for (k, &sum) in sum.iter().enumerate() {
            let start = if k + 1 == N { last } else { i + 16 * k };
            let halves = [_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum)];
            for (h, &half) in halves.iter().enumerate() {
                // SAFETY: start + 8·h + 8 ≤ v.len().
                unsafe {
                    let at = v.as_mut_ptr().add(start + 8 * h).cast::<__m256i>();
                    _mm256_storeu_si256(at, _mm256_add_epi32(_mm256_loadu_si256(at), _mm256_cvtepi16_epi32(half)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(rows: impl Iterator<Item = u32>) -> Bases {
        let mut bases = Bases::default();
        bases.extend(rows);
        bases
    }

    #[test]
    fn groups_equal_the_plain_loop_at_every_length() {
        let w: Vec<i8> = (0..4000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as i8).collect();
        for n in 0..300 {
            for size in [0, 1, 2, 13, Bases::MAX as u32] {
                let bases = group((0..size).map(|g| g * 13 % 3700));
                let mut fast: Vec<i32> = (0..n).map(|i| i * 1_000_003 % 7919).collect();
                let mut plain = fast.clone();
                add_rows(&mut fast, &w, &bases);
                add_rows_plain(&mut plain, &w, bases.rows());
                assert_eq!(fast, plain, "{n} potentials, {size} rows");
            }
        }
    }

    #[test]
    fn the_largest_group_of_extreme_weights_does_not_overflow() {
        let mut v = vec![0; 40];
        add_rows(&mut v, &[-128; 40], &group([0; Bases::MAX].into_iter()));
        assert_eq!(v, vec![-128 * 255; 40]);
    }

    #[test]
    #[should_panic(expected = "beyond the weights")]
    fn a_row_outside_the_weights_panics() {
        add_rows(&mut [0; 16], &[1; 20], &group([0, 8, 2].into_iter()));
    }
}
