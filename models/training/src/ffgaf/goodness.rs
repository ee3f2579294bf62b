//! Goodness of classes: mean squared activity of regions and channels, weighted by class (eq. 5).

/// Region of each pixel for a g × g grid.
pub(crate) fn regions(h: usize, w: usize, grid: usize) -> Vec<u8> {
    (0..h * w).map(|p| ((p / w * grid / h) * grid + p % w * grid / w) as u8).collect()
}

/// Eq. 5 as a matrix: S̄/S_j for the channels of class j, in `[class][region][channel]` with `padded` channels.
pub(crate) fn group_readout(groups: &[usize], regions: usize, padded: usize) -> Vec<f32> {
    let classes = groups.len();
    let mean = groups.iter().sum::<usize>() as f32 / classes as f32;
    let mut a = vec![0.0; classes * regions * padded];
    let mut start = 0;
    for (j, &s) in groups.iter().enumerate() {
        for r in 0..regions {
            a[(j * regions + r) * padded + start..][..s].fill(mean / s as f32);
        }
        start += s;
    }
    a
}

/// logits\[j\] = gain·Σ a\[j\]·f.
pub(crate) fn scores(a: &[f32], f: &[f32], gain: f32) -> Vec<f32> {
    a.chunks_exact(f.len()).map(|row| gain * row.iter().zip(f).map(|(a, f)| a * f).sum::<f32>()).collect()
}

/// Σ n² of each region and channel of one sample, `[region][channel]`, `len` in all.
pub(crate) fn squares(counts: &[u8], region: &[u8], len: usize) -> Vec<u32> {
    let c = counts.len() / region.len();
    let mut sums = vec![0u32; len];
    for (row, &r) in counts.chunks_exact(c).zip(region) {
        for (s, &n) in sums[usize::from(r) * c..][..c].iter_mut().zip(row) {
            *s += u32::from(n) * u32::from(n);
        }
    }
    sums
}
