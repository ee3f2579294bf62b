//! The result of a study as table, CSV and picture.

use super::Trained;
use crate::report::{
    folder::Provenance,
    svg::{Anchor, COLOURS, Svg},
    text::{Table, align_right},
};
use serde::Serialize;
use std::fmt::Write as _;

/// A study and its trained networks, variants in order, seeds inside.
#[derive(Serialize)]
pub(crate) struct Figure {
    pub(crate) title: String,
    pub(crate) vary: &'static str,
    pub(crate) dataset: &'static str,
    pub(crate) epochs: usize,
    pub(crate) training_images: usize,
    pub(crate) validation_images: usize,
    pub(crate) test_images: usize,
    pub(crate) networks: Vec<Trained>,
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

    /// A table with means over the seeds.
    pub(crate) fn text(&self) -> String {
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
    pub(crate) fn csv(&self) -> String {
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

    /// Validation accuracy per epoch, one line per network; test accuracy in the legend.
    pub(crate) fn picture(&self, made_by: &Provenance) -> String {
        let (left, top, width, height) = (50.0, 40.0, 420.0, 260.0);
        let mut svg = Svg::new(left + width + 290.0, top + height + 70.0);
        svg.text((left, 20.0), Anchor::Start, "black", &format!("{} ({})", self.title, self.dataset));
        let all = || self.networks.iter().flat_map(|n| n.validation_percent.iter().chain([&n.test_percent]).copied());
        let low = all().fold(100.0, f64::min).floor() - 1.0;
        let high = all().fold(0.0, f64::max).ceil() + 1.0;
        let y = |v: f64| top + height * (high - v) / (high - low);
        let x = |epoch: usize| left + width * (epoch as f64 + 1.0) / (self.epochs + 1) as f64;
        for k in 0..=4 {
            let v = low + (high - low) * f64::from(k) / 4.0;
            svg.line((left, y(v)), (left + width, y(v)), "#ddd");
            svg.text((left - 6.0, y(v) + 4.0), Anchor::End, "black", &format!("{v:.1}"));
        }
        for (i, group) in self.groups().into_iter().enumerate() {
            let colour = COLOURS[i % COLOURS.len()];
            for n in group {
                let points: Vec<(f64, f64)> =
                    n.validation_percent.iter().enumerate().map(|(e, v)| (x(e), y(*v))).collect();
                svg.polyline(&points, colour);
                for &(px, py) in &points {
                    svg.rect((px - 2.5, py - 2.5), (5.0, 5.0), colour);
                }
            }
            let test = Spread::of(&group.iter().map(|n| n.test_percent).collect::<Vec<_>>());
            let label = format!("{}: test {test}", group[0].variant);
            svg.text((left + width + 8.0, top + 16.0 * (i as f64 + 1.0)), Anchor::Start, colour, &label);
        }
        let axis = format!("validation accuracy [%] against epochs 1 to {}", self.epochs);
        svg.text((left, top + height + 24.0), Anchor::Start, "black", &axis);
        svg.text((left, top + height + 44.0), Anchor::Start, "#666", &made_by.to_string());
        svg.finish()
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
