//! What a run writes after every epoch for people and plotting tools: `log.jsonl`, `log.csv`, `accuracy.svg`.

use super::store::{StoreError, write_atomic};
use super::train::EpochReport;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Appends one line to `log.jsonl`, rewrites `log.csv` and the picture.
pub(super) fn write(
    out: &Path,
    history: &[EpochReport],
    report: &EpochReport,
    seconds: f64,
    images: usize,
) -> Result<(), StoreError> {
    use std::io::Write as _;
    let path = out.join("log.jsonl");
    let mut line = serde_json::to_value(report).expect("a report has a JSON form");
    line["seconds"] = seconds.into();
    line["images_per_second"] = (images as f64 / seconds).into();
    let mut file = fs::OpenOptions::new().create(true).append(true).open(&path).map_err(StoreError::io(&path))?;
    writeln!(file, "{line}").map_err(StoreError::io(&path))?;
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

/// Validation accuracy of each layer against epochs, as a self-contained picture.
fn svg(history: &[EpochReport]) -> String {
    const COLOURS: [&str; 6] = ["#8a8a8a", "#c9822b", "#3b78b8", "#2b8a4b", "#a23b72", "#5b4bb5"];
    let (w, h, left, bottom) = (640.0, 360.0, 48.0, 36.0);
    let last = history.len().max(2) as f64;
    let points: Vec<Vec<f64>> = history.iter().map(validation).collect();
    let low = points.iter().flatten().copied().fold(100.0, f64::min).min(99.0).floor();
    let x = |e: usize| left + (w - left - 80.0) * (e as f64) / (last - 1.0);
    let y = |v: f64| 12.0 + (h - bottom - 12.0) * (1.0 - (v - low) / (100.0 - low));
    let mut s = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"{w}\" height=\"{h}\" fill=\"white\"/>\n"
    );
    for k in 0..=5 {
        let v = low + (100.0 - low) * f64::from(k) / 5.0;
        let (x0, x1, yy) = (left, w - 80.0, y(v));
        let _ = writeln!(
            s,
            "<path d=\"M{x0} {yy:.1}H{x1}\" stroke=\"#ddd\"/><text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{v:.0}</text>",
            left - 6.0,
            yy + 4.0
        );
    }
    let _ = writeln!(
        s,
        "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">epoch (1 to {})</text>",
        w / 2.0,
        h - 10.0,
        history.len()
    );
    let _ = writeln!(
        s,
        "<text x=\"12\" y=\"{:.0}\" transform=\"rotate(-90 12 {:.0})\" text-anchor=\"middle\">validation accuracy, %</text>",
        h / 2.0,
        h / 2.0
    );
    for l in 0..points.first().map_or(0, Vec::len) {
        let colour = COLOURS[l % COLOURS.len()];
        let line: Vec<String> = points.iter().enumerate().map(|(e, p)| format!("{:.1},{:.1}", x(e), y(p[l]))).collect();
        let _ = writeln!(
            s,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            line.join(" ")
        );
        if let Some(p) = points.last() {
            let _ = writeln!(
                s,
                "<text x=\"{:.0}\" y=\"{:.1}\" fill=\"{colour}\">layer {} {:.2}</text>",
                w - 76.0,
                y(p[l]) + 4.0,
                l + 1,
                p[l]
            );
        }
    }
    s.push_str("</svg>\n");
    s
}
