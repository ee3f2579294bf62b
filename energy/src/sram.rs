//! Energy of one access to an on-chip memory, as a function of its size.
//!
//! Lemaire et al. (ICONIP 2022, section 3) state: "we compute a linear interpolation function based on 3 particular
//! values: 8 kB (10 pJ), 32 kB (20 pJ) and 1 MB (100 pJ)". The three values are Horowitz (ISSCC 2014), 45 nm, a 64-bit
//! read. The sentence admits several curves, and the published re-implementations differ; each is an [`SramLine`].
//!
//! Symbols: N = words in the memory, b = bits per word, E = energy of one access \[pJ\]; a read costs as much as a write.
//! 1 kB = 1024 bytes.

use serde::{Deserialize, Serialize};

/// The three anchors of the interpolation: (size \[kB\], energy per access \[pJ\]), Horowitz 2014.
pub const ANCHORS: [(f64, f64); 3] = [(8.0, 10.0), (32.0, 20.0), (1024.0, 100.0)];

/// A reading of the sentence about SRAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SramLine {
    /// E = 1.09e-5·N·b + 13.2, unbounded: the rounded line of qualia-plugin-snn 2.6.0 (`sram_estimation_type` "old").
    Qualia,
    /// The least-squares line through the three anchors, not rounded; unbounded.
    LeastSquares,
    /// Straight segments through (0, 0) and the three anchors, constant 100 pJ above 1 MB
    /// (the estimator of SpikingJelly's `op_counter`).
    #[serde(alias = "piecewise", alias = "clamp")]
    Clamped,
    /// The two segments between the anchors, prolonged at both ends.
    #[serde(alias = "prolonged")]
    Extrapolated,
    /// Data packed into 10 pJ accesses of 64 bits at any size: E = 10 / ⌊64/b⌋ (qualia-plugin-snn 2.6.0, "new").
    Packed64,
}

impl SramLine {
    /// Every line, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Qualia, Self::LeastSquares, Self::Clamped, Self::Extrapolated, Self::Packed64];

    /// The name used in option files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Qualia => "qualia",
            Self::LeastSquares => "least_squares",
            Self::Clamped => "clamped",
            Self::Extrapolated => "extrapolated",
            Self::Packed64 => "packed64",
        }
    }

    /// Energy \[pJ\] of one access to a memory of `words` words of `bits` bits (1..=64).
    pub fn access_pj(self, words: f64, bits: u32) -> f64 {
        let kb = words * f64::from(bits) / 8.0 / 1024.0;
        let [small, middle, large] = ANCHORS;
        match self {
            Self::Qualia => 1.09e-5 * words * f64::from(bits) + 13.2,
            Self::LeastSquares => {
                let (slope, intercept) = least_squares(&ANCHORS);
                slope * kb + intercept
            }
            Self::Clamped if kb >= large.0 => large.1,
            Self::Clamped if kb <= small.0 => segment((0.0, 0.0), small, kb),
            Self::Clamped | Self::Extrapolated if kb <= middle.0 => segment(small, middle, kb),
            Self::Clamped | Self::Extrapolated => segment(middle, large, kb),
            Self::Packed64 => 10.0 / f64::from(64 / bits.clamp(1, 64)),
        }
    }
}

/// Value at `x` of the straight line through two points.
fn segment((x0, y0): (f64, f64), (x1, y1): (f64, f64), x: f64) -> f64 {
    y0 + (x - x0) * (y1 - y0) / (x1 - x0)
}

/// (slope, intercept) of the line with the least squared error through `points`.
fn least_squares(points: &[(f64, f64)]) -> (f64, f64) {
    let n = points.len() as f64;
    let mean_x = points.iter().map(|p| p.0).sum::<f64>() / n;
    let mean_y = points.iter().map(|p| p.1).sum::<f64>() / n;
    let covariance: f64 = points.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
    let variance: f64 = points.iter().map(|p| (p.0 - mean_x).powi(2)).sum();
    let slope = covariance / variance;
    (slope, mean_y - slope * mean_x)
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "the quotients are powers of two times small integers")]
mod tests {
    use super::*;

    /// Energies at 4 kB, 8 kB, 32 kB, 1 MB and 36 MB, rounded as published.
    fn at_sizes(line: SramLine) -> [f64; 5] {
        [4.0, 8.0, 32.0, 1024.0, 36.0 * 1024.0].map(|kb| line.access_pj(kb * 1024.0 / 4.0, 32))
    }

    fn close(got: [f64; 5], want: [f64; 5], tolerance: [f64; 5]) {
        for ((g, w), t) in got.iter().zip(want).zip(tolerance) {
            assert!((g - w).abs() <= t, "{got:?} against {want:?}");
        }
    }

    #[test]
    fn lines_pass_where_their_authors_put_them() {
        let printed = [5e-3, 5e-3, 5e-3, 0.05, 0.5];
        close(at_sizes(SramLine::Qualia), [13.56, 13.91, 16.06, 104.6, 3305.0], printed);
        close(at_sizes(SramLine::LeastSquares), [13.60, 13.93, 15.97, 100.1, 3139.0], printed);
        close(at_sizes(SramLine::Clamped), [5.0, 10.0, 20.0, 100.0, 100.0], [1e-12; 5]);
        close(
            at_sizes(SramLine::Extrapolated),
            [25.0 / 3.0, 10.0, 20.0, 100.0, 2990.0],
            [1e-12, 1e-12, 1e-12, 1e-12, 0.5],
        );
    }

    #[test]
    fn least_squares_matches_the_published_coefficients() {
        let per_byte = SramLine::LeastSquares.access_pj(1.0, 8) - SramLine::LeastSquares.access_pj(0.0, 8);
        assert!((per_byte - 8.2816e-5).abs() < 1e-9, "{per_byte}");
        assert!((SramLine::LeastSquares.access_pj(0.0, 8) - 13.2563).abs() < 1e-4);
    }

    #[test]
    fn packed_accesses_share_a_64_bit_word() {
        assert_eq!([32, 16, 8].map(|b| SramLine::Packed64.access_pj(1e6, b)), [5.0, 2.5, 1.25]);
    }
}
