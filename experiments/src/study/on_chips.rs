//! Trained variants on chips: accuracy against energy and synaptic operations, all counted by the simulator.

use super::Variant;
use crate::exhibit::{Exhibit, Provenance};
use anyhow::{Context, Result};
use charts::{Line, Lines, Point};
use datasets::Dataset;
use energy::units::Energy;
use serde::Serialize;
use spikeloom::{
    Chip, DeployOptions, Model, Progress, Quiet, RunOptions,
    report::text::{Table, align_right},
};
use std::{fmt::Write as _, path::Path};
use training::ffgaf::load_network;

/// A variant on a chip, means per image.
#[derive(Clone, Debug, Serialize)]
pub struct OnChip {
    /// Value of the setting that varies.
    pub variant: String,
    /// Seed of the training.
    pub seed: u64,
    /// The chip.
    pub chip: String,
    /// Images run.
    pub images: usize,
    /// Accuracy with integers \[%\].
    pub accuracy_percent: f64,
    /// Spikes.
    pub spikes: f64,
    /// Synaptic operations.
    pub synaptic_operations: f64,
    /// Energy of everything counted but barriers \[pJ\].
    pub dynamic_pj: Energy,
    /// With what else is derivable \[pJ\].
    pub total_pj: Energy,
}

impl OnChip {
    /// Deploys the finished variant in its folder below `runs` and runs `images`.
    ///
    /// # Errors
    /// If the network cannot be read, does not fit, or has no price.
    pub fn of(
        variant: &Variant,
        runs: &Path,
        chip: &Chip,
        images: &Dataset,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let path = variant.folder(runs).join("network.safetensors");
        let model = Model::of_trained(&path.display().to_string(), load_network(&path)?)?;
        let deployed = model.deploy(chip, &DeployOptions::default(), &mut Quiet)?;
        let run = deployed.run(images, &RunOptions::default(), progress)?;
        let priced = run.price(chip.prices()?).with_context(|| format!("chip {}", chip.arch.name))?;
        let n = run.samples.len();
        let right = run.correct().with_context(|| format!("{}: not every image has a class", images.name))?;
        let mean = |sum: u64| sum as f64 / n as f64;
        Ok(Self {
            variant: variant.name.clone(),
            seed: variant.config.seed,
            chip: chip.arch.name.clone(),
            images: n,
            accuracy_percent: 100.0 * right as f64 / n as f64,
            spikes: mean(run.samples.iter().map(|s| s.spikes).sum()),
            synaptic_operations: mean(run.samples.iter().map(|s| s.synaptic_operations).sum()),
            dynamic_pj: priced.breakdown.dynamic * (1.0 / n as f64),
            total_pj: priced.per_image(),
        })
    }
}

/// Accuracy against energy.
#[derive(Debug, Serialize)]
pub struct Tradeoff {
    /// What is shown.
    pub title: String,
    /// The setting that varies.
    pub vary: &'static str,
    /// The images.
    pub dataset: String,
    /// Every variant on every chip.
    pub rows: Vec<OnChip>,
}

fn micro(pj: f64) -> f64 {
    pj * 1e-6
}

impl Exhibit for Tradeoff {
    fn text(&self) -> String {
        let mut table = Table::new(&[
            "chip",
            self.vary,
            "seed",
            "accuracy",
            "spikes",
            "synaptic ops",
            "dynamic [µJ]",
            "with static [µJ]",
        ]);
        for row in &self.rows {
            let range = |e: Energy| format!("{:.2} ({:.2} to {:.2})", micro(e.value), micro(e.low), micro(e.high));
            table.row(vec![
                row.chip.clone(),
                row.variant.clone(),
                row.seed.to_string(),
                format!("{:.2} %", row.accuracy_percent),
                format!("{:.0}", row.spikes),
                format!("{:.0}", row.synaptic_operations),
                range(row.dynamic_pj),
                range(row.total_pj),
            ]);
        }
        let images = self.rows.first().map_or(0, |row| row.images);
        format!("{}\n{images} images of {}, means per image\n\n{}", self.title, self.dataset, align_right(table, 2))
    }

    fn csv(&self) -> String {
        let mut out = format!(
            "chip,{},seed,images,accuracy_percent,spikes,synaptic_operations,dynamic_pj,dynamic_low_pj,dynamic_high_pj,total_pj,\
             total_low_pj,total_high_pj\n",
            self.vary.replace('-', "_")
        );
        for r in &self.rows {
            let (d, t) = (r.dynamic_pj, r.total_pj);
            let _ = writeln!(
                out,
                "{},{},{},{},{},{},{},{},{},{},{},{},{}",
                r.chip,
                r.variant,
                r.seed,
                r.images,
                r.accuracy_percent,
                r.spikes,
                r.synaptic_operations,
                d.value,
                d.low,
                d.high,
                t.value,
                t.low,
                t.high
            );
        }
        out
    }

    /// Accuracy over dynamic energy, a line per chip.
    fn picture(&self, made_by: &Provenance) -> String {
        let mut lines: Vec<Line> = Vec::new();
        for row in &self.rows {
            let point = Point { x: micro(row.dynamic_pj.value), y: row.accuracy_percent, deviation: 0.0 };
            match lines.iter_mut().find(|line| line.name == row.chip) {
                Some(line) => line.points.push(point),
                None => lines.push(Line { name: row.chip.clone(), points: vec![point] }),
            }
        }
        for line in &mut lines {
            line.points.sort_by(|a, b| a.x.total_cmp(&b.x));
        }
        Lines {
            title: &format!("{} ({})", self.title, self.dataset),
            x: "dynamic energy per image [µJ]",
            y: "accuracy on the chip [%]",
            lines: &lines,
            note: &made_by.still(),
        }
        .svg()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(chip: &str, variant: &str, accuracy_percent: f64, pj: f64) -> OnChip {
        OnChip {
            variant: variant.into(),
            seed: 1,
            chip: chip.into(),
            images: 10,
            accuracy_percent,
            spikes: 5.0,
            synaptic_operations: 50.0,
            dynamic_pj: Energy::exactly(pj),
            total_pj: Energy { value: 2.0 * pj, low: pj, high: 3.0 * pj },
        }
    }

    #[test]
    fn every_row_is_in_the_table_and_in_the_csv() {
        let rows =
            vec![row("loihi1", "0", 80.0, 2e6), row("loihi1", "1", 79.5, 1e6), row("seneca_like", "0", 80.0, 4e6)];
        let figure = Tradeoff { title: "a study".into(), vary: "spike-penalty", dataset: "mnist test".into(), rows };
        let text = figure.text();
        assert!(text.contains("1.00 (1.00 to 1.00)") && text.contains("2.00 (1.00 to 3.00)"), "{text}");
        assert_eq!(figure.csv().lines().count(), 4);
        assert!(figure.csv().contains("loihi1,1,1,10,79.5,5,50,1000000,"), "{}", figure.csv());
    }
}
