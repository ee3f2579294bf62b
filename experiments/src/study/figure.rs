//! The result of a study as table, CSV and picture.

use super::Trained;
use crate::exhibit::{Exhibit, Provenance};
use charts::{Line, Point};
use serde::Serialize;
use spikeloom::report::text::{Table, align_right};
use std::fmt::Write as _;

/// A study and its trained networks, variants in order, seeds inside.
#[derive(Debug, Serialize)]
pub struct Figure {
    /// What is shown.
    pub title: String,
    /// The setting that varies.
    pub vary: &'static str,
    /// The data set.
    pub dataset: &'static str,
    /// Passes over the training images.
    pub epochs: usize,
    /// Images trained on.
    pub training_images: usize,
    /// Images held out, which choose.
    pub validation_images: usize,
    /// Images reported on.
    pub test_images: usize,
    /// The trained networks.
    pub networks: Vec<Trained>,
}

/// Mean and, from two values on, standard deviation.
struct Spread {
    mean: f64,
    deviation: Option<f64>,
}

impl Spread {
    fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let square: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        Self { mean, deviation: (values.len() > 1).then(|| (square / (n - 1.0)).sqrt()) }
    }

    fn at(&self, x: f64) -> Point {
        Point { x, y: self.mean, deviation: self.deviation.unwrap_or(0.0) }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.deviation {
            Some(d) => write!(f, "{:.2} ± {d:.2} %", self.mean),
            None => write!(f, "{:.2} %", self.mean),
        }
    }
}

impl Figure {
    /// The networks of each variant.
    fn groups(&self) -> Vec<&[Trained]> {
        self.networks.chunk_by(|a, b| a.variant == b.variant).collect()
    }

    fn seeds(&self) -> usize {
        self.groups().iter().map(|g| g.len()).min().unwrap_or(0)
    }
}

impl Exhibit for Figure {
    /// A table with means over the seeds.
    fn text(&self) -> String {
        let mut table =
            Table::new(&[self.vary, "parameters", "validation", "test", "test by goodness", "spikes/neuron"]);
        for group in self.groups() {
            let spread = |f: &dyn Fn(&Trained) -> f64| Spread::of(&group.iter().map(f).collect::<Vec<_>>());
            table.row(vec![
                group[0].variant.clone(),
                group[0].parameters.to_string(),
                spread(&|n| n.validation_percent.last().copied().unwrap_or(f64::NAN)).to_string(),
                spread(&|n| n.test_percent).to_string(),
                spread(&|n| n.test_goodness_percent).to_string(),
                format!("{:.3}", spread(&|n| n.spikes_per_neuron).mean),
            ]);
        }
        let chance = match self.seeds() {
            0 | 1 => "one seed: differences of a point may be chance".to_owned(),
            n => format!("mean ± standard deviation over {n} seeds"),
        };
        format!(
            "{}\n{}: {} training, {} validation, {} test images, {} epochs, {chance}\n\n{}",
            self.title,
            self.dataset,
            self.training_images,
            self.validation_images,
            self.test_images,
            self.epochs,
            align_right(table, 1)
        )
    }

    /// One row per network and epoch.
    fn csv(&self) -> String {
        let mut out = format!(
            "{},seed,channels,parameters,epoch,validation_percent,test_percent,test_goodness_percent,spikes_per_neuron\n",
            self.vary.replace('-', "_").replace("channels", "width")
        );
        for n in &self.networks {
            let channels: Vec<String> = n.channels.iter().map(ToString::to_string).collect();
            for (epoch, v) in n.validation_percent.iter().enumerate() {
                let last = epoch + 1 == n.validation_percent.len();
                let at_end = |v: f64| if last { v.to_string() } else { String::new() };
                let _ = writeln!(
                    out,
                    "{},{},{},{},{},{v},{},{},{}",
                    n.variant,
                    n.seed,
                    channels.join("-"),
                    n.parameters,
                    epoch + 1,
                    at_end(n.test_percent),
                    at_end(n.test_goodness_percent),
                    at_end(n.spikes_per_neuron)
                );
            }
        }
        out
    }

    /// Widths against test accuracy where they are what varies; else validation accuracy per epoch, a line per variant.
    fn picture(&self, made_by: &Provenance) -> String {
        let over_width = self.vary == "channels";
        let lines = if over_width { self.by_width() } else { self.by_epoch() };
        let seeds: Vec<String> = self.seeds_used().iter().map(u64::to_string).collect();
        let spread = if self.seeds() > 1 { "; bars: standard deviation (n − 1) over the seeds" } else { "" };
        charts::Lines {
            title: &format!("{} ({})", self.title, self.dataset),
            x: if over_width { "channels of the layer" } else { "epoch" },
            y: if over_width { "test accuracy [%]" } else { "validation accuracy [%]" },
            lines: &lines,
            note: &format!(
                "{} epochs, seeds {}{spread}; spikeloom {}",
                self.epochs,
                seeds.join(", "),
                made_by.spikeloom
            ),
        }
        .svg()
    }
}

impl Figure {
    fn seeds_used(&self) -> std::collections::BTreeSet<u64> {
        self.networks.iter().map(|n| n.seed).collect()
    }

    fn by_epoch(&self) -> Vec<Line> {
        let line = |group: &[Trained]| {
            let point = |epoch: usize| {
                let at: Vec<f64> = group.iter().filter_map(|n| n.validation_percent.get(epoch).copied()).collect();
                Spread::of(&at).at(epoch as f64 + 1.0)
            };
            let test = Spread::of(&group.iter().map(|n| n.test_percent).collect::<Vec<_>>());
            let epochs = group.iter().map(|n| n.validation_percent.len()).min().unwrap_or(0);
            Line { name: format!("{}: test {test}", group[0].variant), points: (0..epochs).map(point).collect() }
        };
        self.groups().into_iter().map(line).collect()
    }

    /// Variants are called by allocation and width, as in "uniform 40".
    fn by_width(&self) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        for group in self.groups() {
            let name = group[0].variant.rsplit_once(' ').map_or("one layer", |(name, _)| name);
            let test = Spread::of(&group.iter().map(|n| n.test_percent).collect::<Vec<_>>());
            let point = test.at(group[0].channels[0] as f64);
            match lines.iter_mut().find(|l| l.name == name) {
                Some(line) => line.points.push(point),
                None => lines.push(Line { name: name.to_owned(), points: vec![point] }),
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(variant: &str, seed: u64, test: f64) -> Trained {
        Trained {
            variant: variant.into(),
            seed,
            channels: vec![20],
            parameters: 7,
            validation_percent: vec![50.0, test],
            test_percent: test,
            test_goodness_percent: test - 1.0,
            spikes_per_neuron: 0.5,
        }
    }

    #[test]
    fn seeds_are_averaged_and_every_network_is_in_the_csv() {
        let figure = Figure {
            title: "a study".into(),
            vary: "channel-weights",
            dataset: "mnist",
            epochs: 2,
            training_images: 1,
            validation_images: 1,
            test_images: 1,
            networks: vec![
                network("off", 1, 60.0),
                network("off", 2, 62.0),
                network("on", 1, 70.0),
                network("on", 2, 70.0),
            ],
        };
        let text = figure.text();
        assert!(
            text.contains("61.00 ± 1.41 %") && text.contains("70.00 ± 0.00 %") && text.contains("2 seeds"),
            "{text}"
        );
        let csv = figure.csv();
        assert!(csv.starts_with("channel_weights,seed,"), "{csv}");
        assert_eq!(csv.lines().count(), 9);
        assert!(csv.contains("on,2,20,7,2,70,70,69,0.5"), "{csv}");
    }
}
