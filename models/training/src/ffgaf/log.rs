//! What a run writes after every epoch for people and plotting tools: `log.jsonl`, `log.csv`, `accuracy.svg`.

use super::store::{StoreError, write_atomic};
use super::train::EpochReport;
use charts::{Line as Curve, Lines, Point};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// What took how long, for the epoch just trained.
pub(super) struct Took {
    /// The epoch, 1-based.
    pub(super) epoch: usize,
    /// Seconds of training and validation.
    pub(super) seconds: f64,
    /// Training images.
    pub(super) images: usize,
}

/// Brings the files up to the history. Lines of earlier epochs are kept with their times; an epoch whose line was lost, when a run
/// was killed between checkpoint and log, has no time.
pub(super) fn write(out: &Path, history: &[EpochReport], took: Option<&Took>) -> Result<(), StoreError> {
    let path = out.join("log.jsonl");
    let old: HashMap<usize, Line> = fs::read_to_string(&path).unwrap_or_default().lines().filter_map(parse).collect();
    let mut text = String::new();
    for report in history {
        let took = took.filter(|took| took.epoch == report.epoch);
        let line = match (took, old.get(&report.epoch)) {
            (None, Some(old)) if old.report == *report => old.clone(),
            _ => Line {
                report: report.clone(),
                seconds: took.map(|took| took.seconds),
                images_per_second: took.map(|took| took.images as f64 / took.seconds),
            },
        };
        let _ = writeln!(text, "{}", serde_json::to_value(line).expect("a report has a JSON form"));
    }
    write_atomic(&path, text.as_bytes())?;
    write_atomic(&out.join("log.csv"), csv(history).as_bytes())?;
    write_atomic(&out.join("accuracy.svg"), svg(history).as_bytes())
}

/// A line of `log.jsonl`.
#[derive(Clone, Serialize, Deserialize)]
struct Line {
    #[serde(flatten)]
    report: EpochReport,
    seconds: Option<f64>,
    images_per_second: Option<f64>,
}

fn parse(text: &str) -> Option<(usize, Line)> {
    serde_json::from_str(text).ok().map(|line: Line| (line.report.epoch, line))
}

/// Accuracy in percent of every layer's read-out.
fn validation(r: &EpochReport) -> Vec<f64> {
    r.validation.readout.iter().map(|&n| 100.0 * n as f64 / r.validation.images.max(1) as f64).collect()
}

fn csv(history: &[EpochReport]) -> String {
    let mut text =
        String::from("epoch,layer,loss,train_percent,validation_readout_percent,validation_goodness_percent\n");
    for r in history {
        for (l, v) in validation(r).iter().enumerate() {
            let good = 100.0 * r.validation.goodness[l] as f64 / r.validation.images.max(1) as f64;
            let _ =
                writeln!(text, "{},{},{:.5},{:.3},{v:.3},{good:.3}", r.epoch, l + 1, r.loss[l], r.train_accuracy[l]);
        }
    }
    text
}

/// Validation accuracy of each layer against epochs.
fn svg(history: &[EpochReport]) -> String {
    let layers = history.first().map_or(0, |r| r.validation.readout.len());
    let line = |l: usize| {
        let points: Vec<Point> =
            history.iter().map(|r| Point { x: r.epoch as f64, y: validation(r)[l], deviation: 0.0 }).collect();
        let last = points.last().map_or(0.0, |p| p.y);
        Curve { name: format!("layer {}: {last:.2} % after epoch {}", l + 1, history.len()), points }
    };
    let lines: Vec<Curve> = (0..layers).map(line).collect();
    Lines {
        title: "Validation accuracy of each layer's read-out",
        x: "epoch",
        y: "accuracy [%]",
        lines: &lines,
        note: "images held out from training",
    }
    .svg()
}
