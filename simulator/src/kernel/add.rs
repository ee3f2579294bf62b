//! The inner loops of synaptic operations: rows of weights added to contiguous potentials.
//!
//! `add_rows`: `v[i] += Σ_b w[b + i]` for binary events, whole groups of events at a time. Up to 255 rows of 8-bit weights
//! sum to at most 255·128 = 32,640 in magnitude, which 16 bits hold; so the sum of a group is built in 16-bit lanes and
//! each potential is read and written once per group.

/// Largest group that 16-bit sums of 8-bit weights hold.
pub(crate) const MAX_GROUP: usize = 255;

/// `v[i] += Σ_b w[b + i]` over at most [`MAX_GROUP`] bases.
///
/// # Panics
/// If a row reaches beyond the weights, or the group is too large.
#[inline]
pub(crate) fn add_rows(v: &mut [i32], w: &[i8], bases: &[u32]) {
    assert!(bases.len() <= MAX_GROUP, "a group of {} rows may overflow 16-bit sums", bases.len());
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        unsafe { avx2::add_rows(v, w, bases) };
        return;
    }
    add_rows_plain(v, w, bases);
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
        __m128i, __m256i, _mm_loadu_si128, _mm256_add_epi16, _mm256_add_epi32, _mm256_castsi256_si128,
        _mm256_cvtepi8_epi16, _mm256_cvtepi16_epi32, _mm256_extracti128_si256, _mm256_loadu_si256,
        _mm256_setzero_si256, _mm256_storeu_si256,
    };

    #[target_feature(enable = "avx2")]
    pub(super) fn add_rows(v: &mut [i32], w: &[i8], bases: &[u32]) {
        let Some(&last) = bases.iter().max() else { return };
        assert!(last as usize + v.len() <= w.len(), "row {last} reaches beyond the weights");
        let n = v.len();
        let mut i = 0;
        // SAFETY (all blocks): i + 16·N ≤ n, and base + n ≤ w.len() for every base, as asserted.
        while i + 128 <= n {
            unsafe { block::<8>(v, w, bases, i) };
            i += 128;
        }
        if i + 64 <= n {
            unsafe { block::<4>(v, w, bases, i) };
            i += 64;
        }
        if i + 32 <= n {
            unsafe { block::<2>(v, w, bases, i) };
            i += 32;
        }
        if i + 16 <= n {
            unsafe { block::<1>(v, w, bases, i) };
            i += 16;
        }
        if i < n {
            let tail = &mut v[i..];
            for &base in bases {
                for (v, &w) in tail.iter_mut().zip(&w[base as usize + i..]) {
                    *v += i32::from(w);
                }
            }
        }
    }

    /// Potentials `i .. i + 16·N`.
    ///
    /// # Safety
    /// `i + 16·N ≤ v.len()` and `base + i + 16·N ≤ w.len()` for every base.
    #[target_feature(enable = "avx2")]
    #[expect(clippy::cast_ptr_alignment, reason = "loads and stores are the unaligned ones")]
    unsafe fn block<const N: usize>(v: &mut [i32], w: &[i8], bases: &[u32], i: usize) {
        let mut sum: [__m256i; N] = [_mm256_setzero_si256(); N];
        for &base in bases {
            // SAFETY: the caller keeps base + i + 16·N inside the weights.
            let row = unsafe { w.as_ptr().add(base as usize + i) };
            for (k, sum) in sum.iter_mut().enumerate() {
                // SAFETY: as above, k < N.
                let bytes = unsafe { _mm_loadu_si128(row.add(16 * k).cast::<__m128i>()) };
                *sum = _mm256_add_epi16(*sum, _mm256_cvtepi8_epi16(bytes));
            }
        }
        for (k, &sum) in sum.iter().enumerate() {
            let halves = [_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum)];
            for (h, &half) in halves.iter().enumerate() {
                // SAFETY: i + 16·k + 8·h + 8 ≤ i + 16·N ≤ v.len().
                unsafe {
                    let at = v.as_mut_ptr().add(i + 16 * k + 8 * h).cast::<__m256i>();
                    _mm256_storeu_si256(at, _mm256_add_epi32(_mm256_loadu_si256(at), _mm256_cvtepi16_epi32(half)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_equal_the_plain_loop_at_every_length() {
        let w: Vec<i8> = (0..4000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as i8).collect();
        for n in (0..300).step_by(7) {
            for group in [0, 1, 2, 13, MAX_GROUP] {
                let bases: Vec<u32> = (0..group as u32).map(|g| g * 13 % 3700).collect();
                let mut fast: Vec<i32> = (0..n).map(|i| i * 1_000_003 % 7919).collect();
                let mut plain = fast.clone();
                add_rows(&mut fast, &w, &bases);
                add_rows_plain(&mut plain, &w, &bases);
                assert_eq!(fast, plain, "{n} potentials, {group} rows");
            }
        }
    }

    #[test]
    fn the_largest_group_of_extreme_weights_does_not_overflow() {
        let mut v = vec![0; 40];
        add_rows(&mut v, &[-128; 40], &[0; MAX_GROUP]);
        assert_eq!(v, vec![-128 * 255; 40]);
    }

    #[test]
    #[should_panic(expected = "beyond the weights")]
    #[cfg(target_arch = "x86_64")]
    fn a_row_outside_the_weights_panics() {
        assert!(is_x86_feature_detected!("avx2"), "without AVX2 the slice itself reports what lies beyond the weights");
        add_rows(&mut [0; 16], &[1; 20], &[8]);
    }
}
