//! How figures of samples are spread.

use serde::Serialize;

/// Mean and spread over samples, which are all there are: the deviation divides by n.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Spread {
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation of the population (divided by n).
    pub std: f64,
    /// Smallest value.
    pub min: f64,
    /// Median.
    pub p50: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Largest value.
    pub max: f64,
}

impl Spread {
    /// Of at least one value; percentiles are nearest ranks.
    pub fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.collect();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len() as f64;
        let mean = sorted.iter().sum::<f64>() / n;
        let variance = sorted.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        // Nearest-rank percentiles: always a value that occurred.
        let rank = |p: f64| sorted[((p * n).ceil() as usize).clamp(1, sorted.len()) - 1];
        Self { mean, std: variance.sqrt(), min: rank(0.0), p50: rank(0.5), p99: rank(0.99), max: rank(1.0) }
    }
}
