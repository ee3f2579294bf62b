//! Trains a baseline in a folder: `config.toml`, `log.jsonl`, `checkpoint.safetensors`, `card.json`.
//!
//! A run continued from its checkpoint gives the bytes of an uninterrupted one: random streams are named by seed and epoch, and a
//! checkpoint holds every parameter with its moments between two epochs. An interrupted epoch starts again.

use super::{CwComp, CwCompConfig, FfMlp, FfMlpConfig};
use crate::data::Dataset;
use crate::ffgaf::adam::Param;
use crate::ffgaf::store::{Tensor, Values, pack, unpack};
use crate::ffgaf::{Card, EpochReport, Evaluation, Event, StoreError, hold_out, write_atomic};
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

impl Baseline {
    /// Passes over the training images.
    #[must_use]
    pub fn epochs(&self) -> usize {
        match self {
            Self::FfMlp(c) => c.epochs,
            Self::CwComp(c) => c.epochs,
        }
    }

    fn model(&self, data: &Dataset) -> Model {
        match self {
            Self::FfMlp(c) => Model::FfMlp(FfMlp::new(c.clone(), data.shape, data.classes)),
            Self::CwComp(c) => Model::CwComp(CwComp::new(c.clone(), data.shape, data.classes)),
        }
    }
}

enum Model {
    FfMlp(FfMlp),
    CwComp(CwComp),
}

impl Model {
    fn epoch(&mut self, train: &Dataset, validation: &Dataset, stop: &AtomicBool) -> Option<EpochReport> {
        match self {
            Self::FfMlp(m) => m.epoch(train, validation, stop),
            Self::CwComp(m) => m.epoch(train, validation, stop),
        }
    }

    fn evaluate(&self, data: &Dataset) -> Evaluation {
        match self {
            Self::FfMlp(m) => m.evaluate(data),
            Self::CwComp(m) => m.evaluate(data),
        }
    }

    fn params(&mut self) -> Vec<&mut Param> {
        match self {
            Self::FfMlp(m) => m.params(),
            Self::CwComp(m) => m.params(),
        }
    }

    /// Continues after `epoch` epochs of `train`.
    fn continue_after(&mut self, epoch: usize, train: &Dataset) {
        match self {
            Self::FfMlp(m) => m.continue_after(epoch, train),
            Self::CwComp(m) => m.continue_after(epoch, train),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Meta {
    format: String,
    baseline: Baseline,
    history: Vec<EpochReport>,
}

const FORMAT: &str = "spikeloom-baseline-checkpoint-1";

/// Images held out for validation, as in the default training configuration.
const VALIDATION: usize = 5000;

/// End of a run.
#[derive(Debug)]
pub struct Outcome {
    /// All epochs.
    pub history: Vec<EpochReport>,
    /// Accuracy on the test images, evaluated once after the last epoch; `None` if stopped early.
    pub test: Option<Evaluation>,
}

/// Trains on `data.0`, evaluates `data.1` once after the last epoch. With `resume`, continues from the checkpoint in `out`.
pub fn run(
    baseline: &Baseline,
    data: (&Dataset, &Dataset),
    out: &Path,
    resume: bool,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, StoreError> {
    let (train, validation) = hold_out(data.0, VALIDATION.min(data.0.len() / 10), 1);
    fs::create_dir_all(out).map_err(StoreError::io(out))?;
    let text = toml::to_string(baseline).expect("every field has a TOML form");
    write_atomic(&out.join("config.toml"), text.as_bytes())?;
    let mut model = baseline.model(&train);
    let checkpoint = out.join("checkpoint.safetensors");
    let mut history =
        if resume && checkpoint.exists() { restore(&mut model, baseline, &checkpoint)? } else { Vec::new() };
    model.continue_after(history.len(), &train);
    tell(Event::Started { epochs_done: history.len(), images: train.len() });
    while history.len() < baseline.epochs() {
        let begin = Instant::now();
        let Some(report) = model.epoch(&train, &validation, stop) else {
            return Ok(Outcome { history, test: None });
        };
        let seconds = begin.elapsed().as_secs_f64();
        history.push(report);
        save(&mut model, baseline, &history, &checkpoint)?;
        let mut log = String::new();
        for report in &history {
            let _ = writeln!(log, "{}", serde_json::to_string(report).expect("a report has a JSON form"));
        }
        write_atomic(&out.join("log.jsonl"), log.as_bytes())?;
        tell(Event::Epoch(history.last().expect("just pushed"), seconds));
    }
    let test = model.evaluate(data.1);
    let mut card = Card { epochs: history.len(), ..Card::default() };
    card.measured.insert("test %".into(), test.accuracy());
    if let Some(last) = history.last() {
        card.measured.insert("validation %".into(), last.validation.accuracy());
    }
    write_atomic(&out.join("card.json"), &serde_json::to_vec_pretty(&card).expect("a card has a JSON form"))?;
    Ok(Outcome { history, test: Some(test) })
}

fn save(model: &mut Model, baseline: &Baseline, history: &[EpochReport], path: &Path) -> Result<(), StoreError> {
    let mut tensors = Vec::new();
    for (i, p) in model.params().into_iter().enumerate() {
        for (part, v) in [("value", &p.value), ("first", &p.first), ("second", &p.second)] {
            tensors.push(Tensor { name: format!("{i}.{part}"), shape: vec![v.len()], data: Values::Real(v.clone()) });
        }
    }
    let meta = Meta { format: FORMAT.into(), baseline: baseline.clone(), history: history.to_vec() };
    write_atomic(path, &pack(&tensors, &meta))
}

fn restore(model: &mut Model, baseline: &Baseline, path: &Path) -> Result<Vec<EpochReport>, StoreError> {
    let (mut tensors, meta): (_, Meta) = unpack(path)?;
    if meta.format != FORMAT || meta.baseline != *baseline {
        let text =
            "is the checkpoint of another method or of other hyper-parameters; use its config.toml or another folder";
        return Err(StoreError::format(path, text));
    }
    for (i, p) in model.params().into_iter().enumerate() {
        for (part, v) in [("value", &mut p.value), ("first", &mut p.first), ("second", &mut p.second)] {
            let data = tensors.remove(&format!("{i}.{part}")).unwrap_or_default();
            if data.len() != v.len() {
                let text = format!("tensor `{i}.{part}` has {} values, expected {}", data.len(), v.len());
                return Err(StoreError::format(path, text));
            }
            *v = data;
        }
    }
    Ok(meta.history)
}
