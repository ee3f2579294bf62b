//! Figure 1: heat map of the similarity of the classes (eq. 2).

use crate::exhibit::{Exhibit, Provenance};
use datasets::{Dataset, DatasetName};
use serde::Serialize;
use spikeloom::report::text::{Table, align_right};
use std::fmt::Write as _;
use training::ffgaf::similarity::ClassSimilarity;

/// How alike the classes of a data set are.
#[derive(Debug, Serialize)]
pub struct Figure {
    title: &'static str,
    dataset: String,
    images: usize,
    classes: Vec<String>,
    /// `S_ck`: cosine of the mean training images of classes c and k.
    similarity: Vec<Vec<f64>>,
}

impl Figure {
    /// Computes from the training images of a data set.
    pub fn of(name: DatasetName, data: &Dataset) -> Self {
        Self {
            title: "FFGAF-SNN, figure 1: similarity of the classes",
            dataset: data.name.clone(),
            images: data.len(),
            classes: name.class_names().map(str::to_owned).into(),
            similarity: ClassSimilarity::of(data).matrix,
        }
    }
}

impl Exhibit for Figure {
    fn text(&self) -> String {
        let mut header = vec!["class"];
        header.extend(self.classes.iter().map(String::as_str));
        let mut table = Table::new(&header);
        for (name, row) in self.classes.iter().zip(&self.similarity) {
            table.row(std::iter::once(name.clone()).chain(row.iter().map(|s| format!("{s:.3}"))).collect());
        }
        format!(
            "{}\n{}, {} images; cosine of the classes' mean images\n\n{}\n",
            self.title,
            self.dataset,
            self.images,
            align_right(table, 1)
        )
    }

    fn csv(&self) -> String {
        let mut out = format!("class,{}\n", self.classes.join(","));
        for (name, row) in self.classes.iter().zip(&self.similarity) {
            let row: Vec<String> = row.iter().map(f64::to_string).collect();
            let _ = writeln!(out, "{name},{}", row.join(","));
        }
        out
    }

    fn picture(&self, made_by: &Provenance) -> String {
        let values: Vec<Vec<Option<f64>>> =
            self.similarity.iter().map(|row| row.iter().copied().map(Some).collect()).collect();
        charts::HeatMap {
            title: &format!("Similarity of the classes of {} (eq. 2)", self.dataset),
            rows: &self.classes,
            columns: &self.classes,
            values: &values,
            decimals: 3,
            quantity: "cosine of mean images",
            note: &format!("{} training images; the scale leaves the diagonal out; {}", self.images, made_by.still()),
        }
        .svg()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn every_pair_is_shown_with_three_decimals() {
        let figure = Figure::of(DatasetName::Mnist, &datasets::bundled::mnist_test_500());
        let svg = figure.picture(&Provenance::new(None, Instant::now()));
        for s in figure.similarity.iter().flatten() {
            assert!(svg.contains(&format!("{s:.3}")), "{s}");
        }
        assert_eq!(figure.csv().lines().count(), 11);
    }
}
