//! How alike the classes of a data set are (FFGAF-SNN, eqs. 1 to 3).
//!
//! ```text
//! f_c   = mean training image of class c, raw pixels                                    (eq. 1)
//! S_ck  = f_c·f_k / (‖f_c‖ ‖f_k‖)                     c, k = 1 … K, S_cc = 1             (eq. 2)
//! s̃_c   = (Σ_k S_ck − μ)/σ                            mean 0, variance 1 over classes    (eq. 3)
//! ```
//!
//! μ and σ are mean and population standard deviation of the sums. The paper does not say what its feature vectors are; raw
//! pixels give its figure 1 for CIFAR-10 (similarities between 0.96 and 1). A class without an image has a similarity of 0.

use datasets::Dataset;

/// Similarity of every pair of classes.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassSimilarity {
    /// `S_ck`, classes × classes.
    pub matrix: Vec<Vec<f64>>,
}

impl ClassSimilarity {
    /// Of the mean images of `data`'s classes. The sums of pixels are exact.
    #[must_use]
    pub fn of(data: &Dataset) -> Self {
        // A cosine does not depend on length: sums serve as means.
        let mut sums = vec![vec![0_u64; data.image_len()]; data.classes];
        for (i, &label) in data.labels.iter().enumerate() {
            for (sum, &pixel) in sums[usize::from(label)].iter_mut().zip(data.image(i)) {
                *sum += u64::from(pixel);
            }
        }
        let dot = |a: &[u64], b: &[u64]| a.iter().zip(b).map(|(&a, &b)| a as f64 * b as f64).sum::<f64>();
        let norms: Vec<f64> = sums.iter().map(|s| dot(s, s).sqrt().max(f64::MIN_POSITIVE)).collect();
        let row = |j: usize| (0..data.classes).map(|k| dot(&sums[j], &sums[k]) / (norms[j] * norms[k])).collect();
        Self { matrix: (0..data.classes).map(row).collect() }
    }

    /// `s̃` of every class: its sum of similarities with mean 0 and variance 1 over the classes; all 0 where the sums are equal.
    #[must_use]
    pub fn scores(&self) -> Vec<f64> {
        let sums: Vec<f64> = self.matrix.iter().map(|row| row.iter().sum()).collect();
        let n = sums.len().max(1) as f64;
        let mean = sums.iter().sum::<f64>() / n;
        let std = (sums.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / n).sqrt();
        sums.iter().map(|s| if std > 0.0 { (s - mean) / std } else { 0.0 }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datasets::bundled;

    #[test]
    fn scores_have_mean_0_and_variance_1_and_follow_the_sums() {
        let similarity = ClassSimilarity::of(&bundled::mnist_test_500());
        let scores = similarity.scores();
        let mean = scores.iter().sum::<f64>() / 10.0;
        let variance = scores.iter().map(|s| s * s).sum::<f64>() / 10.0;
        assert!(mean.abs() < 1e-12 && (variance - 1.0).abs() < 1e-12, "{mean} {variance}");
        let sum = |c: usize| similarity.matrix[c].iter().sum::<f64>();
        for (a, b) in (0..10).zip(1..10) {
            assert_eq!(sum(a) < sum(b), scores[a] < scores[b]);
        }
    }

    #[test]
    fn a_class_is_like_itself_and_likeness_is_mutual() {
        let matrix = ClassSimilarity::of(&bundled::mnist_test_500()).matrix;
        for (c, row) in matrix.iter().enumerate() {
            assert!((row[c] - 1.0).abs() < 1e-12);
            for (k, s) in row.iter().enumerate() {
                assert!((s - matrix[k][c]).abs() < 1e-15 && (0.0..=1.0 + 1e-12).contains(s));
            }
        }
    }

    #[test]
    fn equal_classes_have_equal_scores() {
        let equal = ClassSimilarity { matrix: vec![vec![1.0; 3]; 3] };
        assert_eq!(equal.scores(), [0.0; 3]);
    }
}
