//! A training run in a folder: what `spikeloom train` does.
//!
//! | file | content |
//! |---|---|
//! | `config.toml` | every hyper-parameter |
//! | `checkpoint.safetensors` | state to resume from, replaced after each epoch and on interruption |
//! | `log.jsonl`, `log.csv` | one line per epoch |
//! | `accuracy.svg` | validation accuracy of each layer per epoch |
//! | `network.safetensors` | the latest evaluated network; after the last epoch with test accuracy on its card |

use super::config::{Config, ConfigError};
use super::network::{Evaluation, Network, Runner};
use super::store::{Card, StoreError, save_network, write_atomic};
use super::train::{EpochReport, Progress, Trainer, hold_out};
use crate::data::Dataset;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// What a run tells its caller while it works.
#[derive(Debug)]
pub enum Event<'a> {
    /// The run starts, or continues after this many epochs.
    Started {
        /// Finished epochs.
        epochs_done: usize,
        /// Training images after the hold-out.
        images: usize,
    },
    /// A batch was trained.
    Batch(&'a Progress),
    /// An epoch was trained and validated, in this many seconds.
    Epoch(&'a EpochReport, f64),
}

/// End of a run.
#[derive(Debug)]
pub struct Outcome {
    /// Final network; averaged weights if they were kept.
    pub network: Network,
    /// All epochs.
    pub history: Vec<EpochReport>,
    /// Test accuracy, evaluated once after the last epoch; `None` if the run was stopped early.
    pub test: Option<Evaluation>,
}

/// A run that could not be done.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Unusable hyper-parameters.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Files.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Trains `config` on `train`, validating on images held out of it, and evaluates `test` once at the end.
///
/// With `resume`, continues from the checkpoint in `out` if there is one. `stop` ends the run at the next batch; the state is saved.
pub fn run(
    config: &Config,
    data: (&Dataset, &Dataset),
    out: &Path,
    resume: bool,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, RunError> {
    let (train, validation) = hold_out(data.0, config.validation, config.validation_seed);
    let mut trainer = Trainer::new(config.clone(), &train, &validation)?;
    fs::create_dir_all(out).map_err(StoreError::io(out))?;
    let checkpoint = out.join("checkpoint.safetensors");
    if resume && checkpoint.exists() {
        trainer.restore(&checkpoint)?;
    } else {
        for stale in ["log.jsonl", "log.csv"] {
            let _ = fs::remove_file(out.join(stale));
        }
    }
    write_atomic(&out.join("config.toml"), config.to_toml().as_bytes())?;
    tell(Event::Started { epochs_done: trainer.history().len(), images: train.len() });
    while !trainer.finished() {
        let begin = Instant::now();
        let Some(report) = trainer.epoch(stop, &mut |p| tell(Event::Batch(p))) else {
            trainer.save(&checkpoint)?;
            let network = trainer.network(config.calibration);
            return Ok(Outcome { network, history: trainer.history().to_vec(), test: None });
        };
        let seconds = begin.elapsed().as_secs_f64();
        trainer.save(&checkpoint)?;
        write_logs(out, trainer.history(), &report, seconds, train.len())?;
        tell(Event::Epoch(&report, seconds));
    }
    let network = trainer.network(config.final_calibration);
    let test = Runner::new(&network).evaluate(data.1);
    let mut card = Card { epochs: trainer.history().len(), ..Card::default() };
    if let Some(last) = trainer.history().last() {
        describe(&mut card, "validation", &last.validation);
    }
    describe(&mut card, "test", &test);
    for (l, (spikes, layer)) in test.spikes.iter().zip(&network.layers).enumerate() {
        let neurons = layer.output().iter().product::<usize>() * test.images.max(1);
        card.measured.insert(format!("layer{l} spikes per neuron and image"), *spikes as f64 / neurons as f64);
    }
    save_network(&out.join("network.safetensors"), &network, &card)?;
    write_atomic(&out.join("card.json"), &serde_json::to_vec_pretty(&card).expect("a card has a JSON form"))?;
    Ok(Outcome { network, history: trainer.history().to_vec(), test: Some(test) })
}

fn describe(card: &mut Card, name: &str, e: &Evaluation) {
    let percent = |n: usize| 100.0 * n as f64 / e.images.max(1) as f64;
    for (l, (g, r)) in e.goodness.iter().zip(&e.readout).enumerate() {
        card.measured.insert(format!("{name} layer{l} goodness %"), percent(*g));
        card.measured.insert(format!("{name} layer{l} readout %"), percent(*r));
    }
}

/// Appends one line to `log.jsonl`, rewrites `log.csv` and the picture.
fn write_logs(
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
