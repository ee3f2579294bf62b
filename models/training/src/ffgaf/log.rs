//! What a run writes after every epoch for people and plotting tools: `log.jsonl`, `log.csv`, `accuracy.svg`.

use super::store::{StoreError, write_atomic};
use super::train::EpochReport;
use charts::{Line, Lines, Point};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Adds one line to `log.jsonl`, in place of lines that an interrupted process wrote for the same epoch; rewrites `log.csv` and the picture.
pub(super) fn write(
    out: &Path,
    history: &[EpochReport],
    report: &EpochReport,
    seconds: f64,
    images: usize,
) -> Result<(), StoreError> {
    let path = out.join("log.jsonl");
    let mut line = serde_json::to_value(report).expect("a report has a JSON form");
    line["seconds"] = seconds.into();
    line["images_per_second"] = (images as f64 / seconds).into();
    let earlier = fs::read_to_string(&path).unwrap_or_default();
    let mut text: String = earlier.lines().take(report.epoch - 1).map(|line| format!("{line}\n")).collect();
    let _ = writeln!(text, "{line}");
    write_atomic(&path, text.as_bytes())?;
    write_atomic(&out.join("log.csv"), csv(history).as_bytes())?;
    write_atomic(&out.join("accuracy.svg"), svg(history).as_bytes())
}

/// Accuracy in percent of every layer's read-out.
fn validation(r: &EpochReport) -> Vec<f64> {
    r.validation.readout.iter().map(|&n| 100.0 * n as f64 / r.validation.images.max(1) as f64).collect()
}

fn csv(history: &[EpochReport]) -> String {
    let mut text = String::from("epoch,layer,loss,train_accuracy,validation_readout,validation_goodness\n");
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
        Line { name: format!("layer {}: {last:.2} % after epoch {}", l + 1, history.len()), points }
    };
    let lines: Vec<Line> = (0..layers).map(line).collect();
    Lines {
        title: "Validation accuracy of each layer's read-out",
        x: "epoch",
        y: "accuracy [%]",
        lines: &lines,
        note: "images held out from training",
    }
    .svg()
}
