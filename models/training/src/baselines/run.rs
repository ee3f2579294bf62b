//! Trains a baseline in a folder: `config.toml`, `log.jsonl`, `checkpoint.safetensors`, `best.safetensors`, `card.json`.
//!
//! The held-out images choose epoch, layer and read-out, as for the spiking network; the test images are evaluated once, with that epoch's
//! parameters (`best.safetensors`).
//!
//! A run continued from its checkpoint gives the bytes of an uninterrupted one: random streams are named by seed and epoch, and a
//! checkpoint holds every parameter with its moments between two epochs. An interrupted epoch starts again.

use super::{CwComp, CwCompConfig, FfMlp, FfMlpConfig};
use crate::ffgaf::adam::Param;
use crate::ffgaf::check;
use crate::ffgaf::store::{Tensor, Values, pack, unpack};
use crate::ffgaf::{
    Card, Choice, EpochReport, Evaluation, Event, Head, RunError, StoreError, by_validation, describe, hold_out,
    write_atomic,
};
use datasets::Dataset;
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
    /// `None` if stopped early.
    pub result: Option<Finished>,
}

/// Accuracies of a finished run.
#[derive(Debug)]
pub struct Finished {
    /// What the validation images chose.
    pub choice: Choice,
    /// The chosen epoch's network on the test images, all layers.
    pub test: Evaluation,
}

impl Finished {
    /// Test accuracy in percent of the chosen layer and read-out.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        let correct = match self.choice.head {
            Head::Goodness => &self.test.goodness,
            Head::Readout => &self.test.readout,
        };
        100.0 * correct[self.choice.layer] as f64 / self.test.images.max(1) as f64
    }
}

/// Trains on `data.0`, evaluates `data.1` once after the last epoch. With `resume`, continues from the checkpoint in `out`.
pub fn run(
    baseline: &Baseline,
    data: (&Dataset, &Dataset),
    out: &Path,
    resume: bool,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, RunError> {
    baseline.check(data.0)?;
    let (train, validation) = hold_out(data.0, VALIDATION.min(data.0.len() / 10), 1);
    fs::create_dir_all(out).map_err(StoreError::io(out))?;
    let _alone = base::output::Claimed::folder(out).map_err(StoreError::io(out))?;
    base::output::sweep(out);
    let mut model = baseline.model(&train);
    let checkpoint = out.join("checkpoint.safetensors");
    let mut history =
        if resume && checkpoint.exists() { restore(&mut model, baseline, STATE, &checkpoint)? } else { Vec::new() };
    let text = toml::to_string(baseline).expect("every field has a TOML form");
    write_atomic(&out.join("config.toml"), text.as_bytes())?;
    model.continue_after(history.len(), &train);
    tell(Event::Started { epochs_done: history.len(), images: train.len() });
    while history.len() < baseline.epochs() {
        let begin = Instant::now();
        let Some(report) = model.epoch(&train, &validation, stop) else {
            return Ok(Outcome { history, result: None });
        };
        let seconds = begin.elapsed().as_secs_f64();
        history.push(report);
        if by_validation(&history).is_some_and(|c| c.epoch == history.len()) {
            save(&mut model, baseline, &history, VALUES, &out.join("best.safetensors"))?;
        }
        save(&mut model, baseline, &history, STATE, &checkpoint)?;
        let mut log = String::new();
        for report in &history {
            let _ = writeln!(log, "{}", serde_json::to_string(report).expect("a report has a JSON form"));
        }
        write_atomic(&out.join("log.jsonl"), log.as_bytes())?;
        tell(Event::Epoch(history.last().expect("just pushed"), seconds));
    }
    let best = out.join("best.safetensors");
    let choice = by_validation(&history).ok_or_else(|| StoreError::format(&checkpoint, "holds no epoch; train one"))?;
    if restore(&mut model, baseline, VALUES, &best)?.len() != choice.epoch {
        let text =
            "is not of the epoch that validation chose: the folder mixes two runs; train again in another folder";
        return Err(StoreError::format(&best, text).into());
    }
    model.continue_after(choice.epoch, &train);
    let finished = Finished { choice, test: model.evaluate(data.1) };
    let mut card = Card { epochs: history.len(), ..Card::default() };
    describe(&mut card, "validation", &history[choice.epoch - 1].validation);
    describe(&mut card, "test", &finished.test);
    card.measured.insert("chosen epoch".into(), choice.epoch as f64);
    card.measured.insert("chosen layer".into(), choice.layer as f64);
    card.measured.insert("validation %".into(), 100.0 * choice.correct as f64 / validation.len().max(1) as f64);
    card.measured.insert("test %".into(), finished.accuracy());
    write_atomic(&out.join("card.json"), &serde_json::to_vec_pretty(&card).expect("a card has a JSON form"))?;
    Ok(Outcome { history, result: Some(finished) })
}

/// A parameter's vectors in a file: all that training continues from, or what inference needs.
const STATE: &[&str] = &["value", "first", "second"];
const VALUES: &[&str] = &["value"];

fn vector<'a>(p: &'a mut Param, part: &str) -> &'a mut Vec<f32> {
    match part {
        "value" => &mut p.value,
        "first" => &mut p.first,
        _ => &mut p.second,
    }
}

fn save(
    model: &mut Model,
    baseline: &Baseline,
    history: &[EpochReport],
    parts: &[&str],
    path: &Path,
) -> Result<(), StoreError> {
    let mut tensors = Vec::new();
    for (i, p) in model.params().into_iter().enumerate() {
        for part in parts {
            let v = vector(p, part);
            tensors.push(Tensor { name: format!("{i}.{part}"), shape: vec![v.len()], data: Values::Real(v.clone()) });
        }
    }
    let meta = Meta { format: FORMAT.into(), baseline: baseline.clone(), history: history.to_vec() };
    write_atomic(path, &pack(&tensors, &meta))
}

fn restore(
    model: &mut Model,
    baseline: &Baseline,
    parts: &[&str],
    path: &Path,
) -> Result<Vec<EpochReport>, StoreError> {
    let (mut tensors, meta): (_, Meta) = unpack(path)?;
    if meta.format != FORMAT || meta.baseline != *baseline {
        let text =
            "is the checkpoint of another method or of other hyper-parameters; use its config.toml or another folder";
        return Err(StoreError::format(path, text));
    }
    let depth = meta.history.first().map_or(0, |report| report.validation.readout.len());
    check::decisions(&meta.history, depth)
        .map_err(|text| StoreError::format(path, format!("is damaged: {text}; train again in another folder")))?;
    for (i, p) in model.params().into_iter().enumerate() {
        for part in parts {
            let v = vector(p, part);
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
