//! Trains a baseline in a folder: `config.toml`, `log.jsonl`, `card.json`.

use super::{CwComp, CwCompConfig, FfMlp, FfMlpConfig};
use crate::data::Dataset;
use crate::ffgaf::{Card, Evaluation, Event, StoreError, hold_out, write_atomic};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// Which baseline, with its hyper-parameters; in TOML, `method = "ff-mlp"` or `"cwcomp"` and the fields beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "kebab-case")]
pub enum Baseline {
    /// Hinton's perceptron.
    FfMlp(FfMlpConfig),
    /// Channel-wise competition.
    #[serde(rename = "cwcomp")]
    CwComp(CwCompConfig),
}

enum Model {
    FfMlp(FfMlp),
    CwComp(CwComp),
}

/// Images held out for validation, as in the default training configuration.
const VALIDATION: usize = 5000;

/// Trains on `data.0`, evaluates `data.1` once after the last epoch. `None` if stopped early.
pub fn run(
    baseline: &Baseline,
    data: (&Dataset, &Dataset),
    out: &Path,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<Option<Evaluation>, StoreError> {
    let (train, validation) = hold_out(data.0, VALIDATION.min(data.0.len() / 10), 1);
    fs::create_dir_all(out).map_err(StoreError::io(out))?;
    let text = toml::to_string(baseline).expect("every field has a TOML form");
    write_atomic(&out.join("config.toml"), text.as_bytes())?;
    let (mut model, epochs) = match baseline {
        Baseline::FfMlp(c) => (Model::FfMlp(FfMlp::new(c.clone(), train.shape, train.classes)), c.epochs),
        Baseline::CwComp(c) => (Model::CwComp(CwComp::new(c.clone(), train.shape, train.classes)), c.epochs),
    };
    tell(Event::Started { epochs_done: 0, images: train.len() });
    let mut log = String::new();
    for _ in 0..epochs {
        let begin = Instant::now();
        let report = match &mut model {
            Model::FfMlp(m) => m.epoch(&train, &validation, stop),
            Model::CwComp(m) => m.epoch(&train, &validation, stop),
        };
        let Some(report) = report else { return Ok(None) };
        let seconds = begin.elapsed().as_secs_f64();
        let _ = writeln!(log, "{}", serde_json::to_string(&report).expect("a report has a JSON form"));
        write_atomic(&out.join("log.jsonl"), log.as_bytes())?;
        tell(Event::Epoch(&report, seconds));
    }
    let test = match &model {
        Model::FfMlp(m) => m.evaluate(data.1),
        Model::CwComp(m) => m.evaluate(data.1),
    };
    let mut card = Card { epochs, ..Card::default() };
    card.measured.insert("test %".into(), test.accuracy());
    write_atomic(&out.join("card.json"), &serde_json::to_vec_pretty(&card).expect("a card has a JSON form"))?;
    Ok(Some(test))
}
