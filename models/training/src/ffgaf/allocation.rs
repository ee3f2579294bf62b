//! Division of a layer's channels among the classes by class complexity (eqs. 1-4).

use super::config::Allocation;
use datasets::Dataset;

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

/// Shares of each class under a strategy, given its complexity.
#[must_use]
pub fn shares(strategy: Allocation, complexity: &[f64]) -> Vec<f64> {
    match strategy {
        Allocation::Uniform => vec![1.0; complexity.len()],
        Allocation::Aware => complexity.to_vec(),
        Allocation::Worst => {
            let mut order: Vec<usize> = (0..complexity.len()).collect();
            order.sort_by(|&a, &b| complexity[a].total_cmp(&complexity[b]).then(a.cmp(&b)));
            let mut out = vec![0.0; complexity.len()];
            for (k, &c) in order.iter().enumerate() {
                out[c] = complexity[order[order.len() - 1 - k]];
            }
            out
        }
    }
}

/// Complexity of each class, in (0, 1): classes that resemble the others need more channels.
///
/// ```text
/// s_jk = cos(m_j, m_k)                       m_j: mean training image of class j, raw pixels
/// c_j  = mean over k ≠ j of s_jk
/// complexity_j = 1/(1 + exp(−(c_j − mean c)/(φ·std c)))   population standard deviation; ½ for all if it is 0
/// ```
#[must_use]
pub fn complexity(data: &Dataset, phi: f64) -> Vec<f64> {
    let n = data.classes;
    let mut means = vec![vec![0.0f64; data.shape.iter().product()]; n];
    // The cosine does not depend on length, so sums serve as means.
    for (i, &y) in data.labels.iter().enumerate() {
        for (m, &p) in means[usize::from(y)].iter_mut().zip(data.image(i)) {
            *m += f64::from(p);
        }
    }
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let norm: Vec<f64> = means.iter().map(|m| dot(m, m).sqrt().max(f64::MIN_POSITIVE)).collect();
    let similarity: Vec<f64> = (0..n)
        .map(|j| {
            let sum: f64 = (0..n).filter(|&k| k != j).map(|k| dot(&means[j], &means[k]) / (norm[j] * norm[k])).sum();
            sum / (n - 1).max(1) as f64
        })
        .collect();
    let mean = similarity.iter().sum::<f64>() / n as f64;
    let std = (similarity.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / n as f64).sqrt();
    similarity.iter().map(|s| if std > 0.0 { 1.0 / (1.0 + (-(s - mean) / (phi * std)).exp()) } else { 0.5 }).collect()
}
