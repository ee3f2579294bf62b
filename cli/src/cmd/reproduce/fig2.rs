//! `spikeloom reproduce fig2`: similarity of the classes and their normalized complexity (eqs. 1-4).

use super::Fig2Args;
use crate::report::{
    folder::{Folder, Provenance},
    svg::{Anchor, COLOURS, Svg, heat},
    text::{Table, align_right},
};
use anyhow::{Result, ensure};
use datasets::{Dataset, DatasetName, Split};
use serde::Serialize;
use std::{fmt::Write as _, process::ExitCode, time::Instant};
use training::ffgaf::{
    Allocation,
    allocation::{apportion, shares},
    similarity::ClassSimilarity,
};

/// Channels of FFGAF-SNN's layers.
const CHANNELS: [usize; 4] = [40, 120, 120, 240];

#[derive(Serialize)]
struct Figure {
    title: &'static str,
    dataset: String,
    images: usize,
    /// φ of eq. 4.
    phi: f64,
    classes: &'static [&'static str],
    /// s_jk: cosine of the mean training images of classes j and k.
    similarity: Vec<Vec<f64>>,
    /// s̃ of each class (eq. 3): mean 0, variance 1.
    scores: Vec<f64>,
    /// Channels of each class in the layers of FFGAF-SNN under complexity-aware allocation.
    channels: Vec<Vec<usize>>,
}

/// Computes from the training images.
pub(super) fn run(args: &Fig2Args) -> Result<ExitCode> {
    ensure!(args.phi > 0.0, "--phi {}: must be above 0", args.phi);
    let folder = Folder::create(&args.out.out)?;
    for &name in &args.dataset {
        let begun = Instant::now();
        let figure = Figure::of(name, &datasets::load(name, Split::Train, &args.data.dir())?, args.phi);
        let made_by = Provenance::new(None, begun);
        let picture = figure.picture(&made_by);
        folder.write(&format!("fig2-{name}"), &made_by, &figure, &figure.csv(), (picture.as_bytes(), "svg"))?;
        if args.out.json {
            println!("{}", serde_json::to_string_pretty(&figure)?);
        } else {
            print!("{}{made_by}\n\n", figure.text());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn classes(name: DatasetName) -> &'static [&'static str] {
    match name {
        DatasetName::Mnist => &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        DatasetName::FashionMnist => {
            &["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"]
        }
        DatasetName::Cifar10 => {
            &["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
        }
    }
}

impl Figure {
    fn of(name: DatasetName, data: &Dataset, phi: f64) -> Self {
        let similarity = ClassSimilarity::of(data);
        let shares = shares(Allocation::Aware, &similarity, phi);
        Self {
            title: "FFGAF-SNN, figure 2: similarity and normalized complexity of the classes",
            dataset: data.name.clone(),
            images: data.len(),
            phi,
            classes: classes(name),
            channels: CHANNELS.iter().map(|&n| apportion(n, &shares)).collect(),
            scores: similarity.scores(),
            similarity: similarity.matrix,
        }
    }

    fn text(&self) -> String {
        let mut header = vec!["class"];
        header.extend(self.classes);
        header.extend(["complexity", "channels of 40, 120, 120, 240"]);
        let mut table = Table::new(&header);
        for (j, name) in self.classes.iter().enumerate() {
            let mut row = vec![(*name).to_owned()];
            row.extend(self.similarity[j].iter().map(|s| format!("{s:.3}")));
            row.push(format!("{:.3}", self.scores[j]));
            row.push(self.channels.iter().map(|c| c[j].to_string()).collect::<Vec<_>>().join(", "));
            table.row(row);
        }
        format!(
            "{}\n{}, {} images, φ = {}; cosine of mean images\n\n{}\n",
            self.title,
            self.dataset,
            self.images,
            self.phi,
            align_right(table, 1)
        )
    }

    fn csv(&self) -> String {
        let mut out = format!("class,{},complexity\n", self.classes.join(","));
        for (j, name) in self.classes.iter().enumerate() {
            let row: Vec<String> = self.similarity[j].iter().chain([&self.scores[j]]).map(f64::to_string).collect();
            let _ = writeln!(out, "{name},{}", row.join(","));
        }
        out
    }

    /// Heat map of the similarities beside bars of the complexities.
    fn picture(&self, made_by: &Provenance) -> String {
        let (left, top, cell, bars) = (80.0, 60.0, 34.0, 220.0);
        let n = self.classes.len();
        let side = cell * n as f64;
        let x_bars = left + side + 90.0;
        let mut svg = Svg::new(x_bars + bars + 50.0, top + side + 70.0);
        let title = format!("{}: similarity of classes (left), normalized complexity (right)", self.dataset);
        svg.text((left, 20.0), Anchor::Start, "black", &title);
        let others = || {
            let rows = self.similarity.iter().enumerate();
            rows.flat_map(|(j, row)| row.iter().enumerate().filter(move |(k, _)| *k != j).map(|(_, s)| *s))
        };
        let (low, high) = (others().fold(1.0, f64::min), others().fold(0.0, f64::max));
        for (j, row) in self.similarity.iter().enumerate() {
            let y = top + cell * j as f64;
            svg.text((left - 6.0, y + cell / 2.0 + 4.0), Anchor::End, "black", self.classes[j]);
            for (k, s) in row.iter().enumerate() {
                let x = left + cell * k as f64;
                let shade = (s - low) / (high - low).max(f64::MIN_POSITIVE);
                svg.rect((x, y), (cell, cell), &heat(shade));
                let ink = if shade > 0.5 { "white" } else { "black" };
                svg.text((x + cell / 2.0, y + cell / 2.0 + 4.0), Anchor::Middle, ink, &format!("{s:.2}"));
            }
            let label_y = top - 6.0 - if j % 2 == 0 { 0.0 } else { 13.0 };
            svg.text((left + cell * (j as f64 + 0.5), label_y), Anchor::Middle, "black", self.classes[j]);
            let c = self.scores[j];
            svg.text((x_bars - 6.0, y + cell / 2.0 + 4.0), Anchor::End, "black", self.classes[j]);
            svg.rect((x_bars, y + 6.0), (bars * c, cell - 12.0), COLOURS[0]);
            svg.text((x_bars + bars * c + 5.0, y + cell / 2.0 + 4.0), Anchor::Start, "black", &format!("{c:.3}"));
        }
        let scale = format!("colours from {low:.3} to {high:.3}; φ = {}; {} images", self.phi, self.images);
        svg.text((left, top + side + 24.0), Anchor::Start, "#666", &scale);
        svg.text((left, top + side + 42.0), Anchor::Start, "#666", &made_by.to_string());
        svg.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scores_shown_are_the_standardized_sums_of_the_similarities_shown() {
        let figure = Figure::of(DatasetName::Mnist, &datasets::bundled::mnist_test_500(), 2.0);
        let sums: Vec<f64> = figure.similarity.iter().map(|row| row.iter().sum()).collect();
        let mean = sums.iter().sum::<f64>() / sums.len() as f64;
        let std = (sums.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / sums.len() as f64).sqrt();
        for (sum, shown) in sums.iter().zip(&figure.scores) {
            assert!(((sum - mean) / std - shown).abs() < 1e-9);
        }
        assert!(figure.channels.iter().zip(CHANNELS).all(|(split, total)| split.iter().sum::<usize>() == total));
    }
}
