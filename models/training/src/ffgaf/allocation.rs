//! Division of a layer's channels among the classes by class complexity (FFGAF-SNN, eq. 4).
//!
//! ```text
//! S_j = ⌊(s̃_j − min s̃ + φ)/Σ_c (s̃_c − min s̃ + φ) · C⌋          s̃: scores of eq. 3 (`similarity`), φ = 2, C channels
//! ```
//!
//! The floors leave channels over (5 of 240 on CIFAR-10) and the paper does not say who receives them: here the classes with the
//! largest remainders do.

use super::{config::Allocation, similarity::ClassSimilarity};

/// Channels of each class from shares: ⌊total·share⌋, the rest by largest remainder (ties to the lower class); each class
/// receives at least one if there are enough.
#[must_use]
pub fn apportion(total: usize, shares: &[f64]) -> Vec<usize> {
    let sum: f64 = shares.iter().sum();
    let exact: Vec<f64> = shares.iter().map(|s| s / sum * total as f64).collect();
    let mut split: Vec<usize> = exact.iter().map(|e| e.floor() as usize).collect();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by(|&a, &b| (exact[b] - exact[b].floor()).total_cmp(&(exact[a] - exact[a].floor())).then(a.cmp(&b)));
    let rest = total - split.iter().sum::<usize>();
    for &c in order.iter().cycle().take(rest) {
        split[c] += 1;
    }
    while total >= split.len() && split.contains(&0) {
        let poor = split.iter().position(|&s| s == 0).expect("just found");
        let rich = (0..split.len()).max_by_key(|&c| (split[c], std::cmp::Reverse(c))).expect("at least one class");
        split[rich] -= 1;
        split[poor] += 1;
    }
    split
}

/// Shares of each class under a strategy. `phi` evens them out: the larger, the more equal.
#[must_use]
pub fn shares(strategy: Allocation, similarity: &ClassSimilarity, phi: f64) -> Vec<f64> {
    let scores = similarity.scores();
    match strategy {
        Allocation::Uniform => vec![1.0; scores.len()],
        Allocation::Aware => by_score(&scores, phi),
        Allocation::Worst => reversed(&by_score(&scores, phi)),
        Allocation::Logistic => scores.iter().map(|s| 1.0 / (1.0 + (-s / phi).exp())).collect(),
    }
}

/// Eq. 4's numerators; equal shares where φ and all scores are 0.
fn by_score(scores: &[f64], phi: f64) -> Vec<f64> {
    let least = scores.iter().copied().fold(f64::INFINITY, f64::min);
    let shares: Vec<f64> = scores.iter().map(|s| s - least + phi).collect();
    if shares.iter().sum::<f64>() > 0.0 { shares } else { vec![1.0; scores.len()] }
}

/// The same shares, the largest to the class that had the smallest.
fn reversed(shares: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by(|&a, &b| shares[a].total_cmp(&shares[b]).then(a.cmp(&b)));
    let mut out = vec![0.0; shares.len()];
    for (&c, &from) in order.iter().zip(order.iter().rev()) {
        out[c] = shares[from];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scores of CIFAR-10's 50,000 training images, computed from the files with another program (NumPy, float64).
    const CIFAR10_SCORES: [f64; 10] = [0.132, 0.423, 1.248, 0.695, 0.380, -0.223, 0.029, 0.937, -1.557, -2.065];

    #[test]
    fn equation_4_on_cifar10() {
        let split = apportion(240, &by_score(&CIFAR10_SCORES, 2.0));
        assert_eq!(split, [25, 26, 31, 28, 26, 23, 24, 30, 15, 12]);
    }

    #[test]
    fn the_inverted_allocation_gives_the_most_to_the_least_complex() {
        let aware = by_score(&CIFAR10_SCORES, 2.0);
        let worst = reversed(&aware);
        assert_eq!([worst[9], worst[2]].map(f64::to_bits), [aware[2], aware[9]].map(f64::to_bits));
        let sorted = |s: &[f64]| {
            let mut s = s.to_vec();
            s.sort_by(f64::total_cmp);
            s
        };
        assert_eq!(sorted(&worst), sorted(&aware));
    }

    #[test]
    fn a_large_phi_is_uniform_and_equal_scores_share_equally() {
        assert_eq!(apportion(240, &by_score(&CIFAR10_SCORES, 1e6)), [24; 10]);
        assert_eq!(apportion(30, &by_score(&[0.0; 3], 0.0)), [10; 3]);
    }
}
