//! Figure 2: complexity of the classes (eq. 3) and the channels that it gives them (eq. 4).

use crate::exhibit::{Exhibit, Provenance};
use datasets::{Dataset, DatasetName};
use serde::Serialize;
use spikeloom::report::text::{Table, align_right};
use std::fmt::Write as _;
use training::ffgaf::{
    Allocation,
    allocation::{apportion, shares},
    similarity::ClassSimilarity,
};

/// Channels of FFGAF-SNN's layers.
const CHANNELS: [usize; 4] = [40, 120, 120, 240];

/// How complex the classes of a data set are, and the channels that follow from it.
#[derive(Debug, Serialize)]
pub struct Figure {
    title: &'static str,
    dataset: String,
    images: usize,
    /// φ of eq. 4.
    phi: f64,
    classes: Vec<String>,
    /// s̃ of each class (eq. 3): mean 0, variance 1.
    scores: Vec<f64>,
    /// Channels of each class in the layers of FFGAF-SNN under complexity-aware allocation.
    channels: Vec<Vec<usize>>,
}

impl Figure {
    /// Computes from the training images of a data set; `phi` is φ of eq. 4.
    pub fn of(name: DatasetName, data: &Dataset, phi: f64) -> Self {
        let similarity = ClassSimilarity::of(data);
        let shares = shares(Allocation::Aware, &similarity, phi);
        Self {
            title: "FFGAF-SNN, figure 2: complexity of the classes, mean 0 and variance 1",
            dataset: data.name.clone(),
            images: data.len(),
            phi,
            classes: name.class_names().map(str::to_owned).into(),
            channels: CHANNELS.iter().map(|&n| apportion(n, &shares)).collect(),
            scores: similarity.scores(),
        }
    }
}

impl Exhibit for Figure {
    fn text(&self) -> String {
        let mut table = Table::new(&["class", "score (eq. 3)", "channels of 40, 120, 120, 240 (eq. 4)"]);
        for (j, name) in self.classes.iter().enumerate() {
            let channels: Vec<String> = self.channels.iter().map(|c| c[j].to_string()).collect();
            table.row(vec![name.clone(), format!("{:.3}", self.scores[j]), channels.join(", ")]);
        }
        format!(
            "{}\n{}, {} images, φ = {}\n\n{}\n",
            self.title,
            self.dataset,
            self.images,
            self.phi,
            align_right(table, 1)
        )
    }

    fn csv(&self) -> String {
        let mut out =
            String::from("class,score,channels_of_40,channels_of_120_layer2,channels_of_120_layer3,channels_of_240\n");
        for (j, name) in self.classes.iter().enumerate() {
            let channels: Vec<String> = self.channels.iter().map(|c| c[j].to_string()).collect();
            let _ = writeln!(out, "{name},{},{}", self.scores[j], channels.join(","));
        }
        out
    }

    /// Bars to both sides of 0.
    fn picture(&self, made_by: &Provenance) -> String {
        let rows = |keep: &dyn Fn(f64) -> bool| {
            self.classes.iter().zip(&self.scores).filter(|(_, s)| keep(**s)).map(|(c, s)| (c.clone(), *s)).collect()
        };
        charts::Bars {
            title: &format!("Complexity of the classes of {} (eq. 3: mean 0, variance 1)", self.dataset),
            groups: &[
                charts::Group { name: "more alike to the others than the mean", rows: rows(&|s| s >= 0.0) },
                charts::Group { name: "less alike", rows: rows(&|s| s < 0.0) },
            ],
            quantity: "standardized sum of similarities",
            from: 0.0,
            decimals: 3,
            note: &format!("{} training images; {}", self.images, made_by.still()),
        }
        .svg()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scores_shown_are_the_standardized_sums_of_similarities() {
        let images = datasets::bundled::mnist_test_500();
        let figure = Figure::of(DatasetName::Mnist, &images, 2.0);
        let sums: Vec<f64> = ClassSimilarity::of(&images).matrix.iter().map(|row| row.iter().sum()).collect();
        let mean = sums.iter().sum::<f64>() / sums.len() as f64;
        let std = (sums.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / sums.len() as f64).sqrt();
        for (sum, shown) in sums.iter().zip(&figure.scores) {
            assert!(((sum - mean) / std - shown).abs() < 1e-9);
        }
        assert!(figure.channels.iter().zip(CHANNELS).all(|(split, total)| split.iter().sum::<usize>() == total));
    }
}
