//! A training run in a folder: what `spikeloom train` does.
//!
//! | file | content |
//! |---|---|
//! | `config.toml` | every hyper-parameter |
//! | `checkpoint.safetensors` | state to resume from, replaced every [`Job::checkpoint_every`], after each epoch and on interruption |
//! | `log.jsonl`, `log.csv` | one line per epoch |
//! | `accuracy.svg` | validation accuracy of each layer per epoch |
//! | `best.safetensors` | the network that the validation images prefer so far |
//! | `network.safetensors`, `card.json` | after the last epoch: that network, with its accuracies |

use super::choice::{BestPrinted, Choice, best_printed, by_validation};
use super::config::{Config, ConfigError, Protocol};
use super::log;
use super::network::{Evaluation, Network, Runner};
use super::store::{Card, StoreError, load_network, save_network, write_atomic};
use super::train::{EpochReport, Progress, Trainer};
use datasets::Dataset;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What is trained, on what, and where it is kept.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// Hyper-parameters.
    pub config: &'a Config,
    /// Training images; some are held out for validation.
    pub train: &'a Dataset,
    /// Test images, evaluated once at the end (under the paper's protocol also after every epoch, for that protocol's figure only).
    pub test: &'a Dataset,
    /// The run's folder.
    pub out: &'a Path,
    /// The network whose layers the training starts from.
    pub from: Option<&'a Network>,
    /// Continue from the checkpoint in the folder if there is one.
    pub resume: bool,
    /// Longest time without a checkpoint, to the next batch.
    pub checkpoint_every: Duration,
}

impl<'a> Job<'a> {
    /// A job from its start, with a checkpoint every 50 seconds.
    #[must_use]
    pub fn new(config: &'a Config, train: &'a Dataset, test: &'a Dataset, out: &'a Path) -> Self {
        Self { config, train, test, out, from: None, resume: false, checkpoint_every: Duration::from_secs(50) }
    }
}

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
    /// A checkpoint was written within an epoch.
    Saved(&'a Progress),
    /// An epoch was trained and validated, in this many seconds.
    Epoch(&'a EpochReport, f64),
}

/// End of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The chosen network; for a run that was stopped early the network as it stands.
    pub network: Network,
    /// All epochs.
    pub history: Vec<EpochReport>,
    /// Accuracies of a finished run; `None` if the run was stopped early.
    pub result: Option<Finished>,
}

/// Accuracies of a finished run.
#[derive(Debug)]
pub struct Finished {
    /// What the validation images chose.
    pub choice: Choice,
    /// The chosen network on the test images, evaluated once.
    pub test: Evaluation,
    /// The paper's protocol, if asked for.
    pub printed: Option<BestPrinted>,
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
    /// Losses that are no numbers any more.
    #[error(
        "training diverged in epoch {epoch}: a loss is no finite number; lower learning_rate or alpha, and train again"
    )]
    Diverged {
        /// The epoch, 1-based.
        epoch: usize,
    },
}

/// Trains, lets images held out of the training images choose epoch, layer and read-out, and evaluates the test images once at the end.
///
/// `stop` ends the run at the next batch; the state is saved.
pub fn run(job: &Job<'_>, stop: &AtomicBool, tell: &mut dyn FnMut(Event<'_>)) -> Result<Outcome, RunError> {
    let Job { config, out, .. } = *job;
    let (train, validation) = config.split(job.train)?;
    let mut trainer = Trainer::new(config.clone(), &train, &validation)?;
    if let Some(network) = job.from {
        trainer = trainer.starting_from(network)?;
    }
    if config.protocol == Protocol::Paper {
        trainer = trainer.watching(job.test);
    }
    fs::create_dir_all(out).map_err(StoreError::io(out))?;
    let _alone = base::output::Claimed::folder(out).map_err(StoreError::io(out))?;
    base::output::sweep(out);
    let checkpoint = out.join("checkpoint.safetensors");
    if job.resume && checkpoint.exists() {
        trainer.restore(&checkpoint)?;
    } else {
        for stale in ["log.jsonl", "log.csv"] {
            let _ = fs::remove_file(out.join(stale));
        }
    }
    if !trainer.history().is_empty() {
        log::write(out, trainer.history(), None)?;
    }
    write_atomic(&out.join("config.toml"), config.to_toml().as_bytes())?;
    tell(Event::Started { epochs_done: trainer.history().len(), images: train.len() });
    let best = out.join("best.safetensors");
    let mut saved = Instant::now();
    let mut stretch = Stretch::begin();
    while !trainer.finished() {
        if stop.load(Ordering::Relaxed) {
            trainer.save(&checkpoint)?;
            let network = trainer.network(config.calibration);
            return Ok(Outcome { network, history: trainer.history().to_vec(), result: None });
        }
        let mut last = None;
        let report = trainer.epoch(&mut |progress| {
            tell(Event::Batch(progress));
            stretch.batches += 1;
            if stop.load(Ordering::Relaxed) || saved.elapsed() >= job.checkpoint_every {
                last = Some(progress.clone());
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        let Some(report) = report else {
            if let Some(progress) = last.filter(|_| !stop.load(Ordering::Relaxed)) {
                trainer.save(&checkpoint)?;
                saved = Instant::now();
                tell(Event::Saved(&progress));
            }
            continue;
        };
        if !trainer.converges() {
            return Err(RunError::Diverged { epoch: report.epoch });
        }
        if let Some(choice) = by_validation(trainer.history()).filter(|c| c.epoch == report.epoch) {
            let network = trainer.network(trainer.calibration()).headed(choice.layer, choice.head);
            save_network(&best, &network, &Card { epochs: report.epoch, ..Card::default() })?;
        }
        let seconds = stretch.start.elapsed().as_secs_f64();
        let images = stretch.batches * config.batch.min(train.len());
        trainer.save(&checkpoint)?;
        saved = Instant::now();
        let took = log::Took { epoch: report.epoch, seconds, images };
        log::write(out, trainer.history(), Some(&took))?;
        tell(Event::Epoch(&report, seconds));
        stretch = Stretch::begin();
    }
    finish(trainer.history(), job.test, out)
}

/// The part of an epoch that this process trained, for its speed.
struct Stretch {
    start: Instant,
    batches: usize,
}

impl Stretch {
    fn begin() -> Self {
        Self { start: Instant::now(), batches: 0 }
    }
}

/// Evaluates the chosen network on the test images, once, and writes it with its card.
fn finish(history: &[EpochReport], test: &Dataset, out: &Path) -> Result<Outcome, RunError> {
    let best = out.join("best.safetensors");
    let choice = by_validation(history).expect("a finished run has epochs");
    let (network, card) = load_network(&best)?;
    if card.epochs != choice.epoch {
        let text = format!(
            "holds epoch {}, but validation chose epoch {}; the folder mixes two runs: train again in another folder",
            card.epochs, choice.epoch
        );
        return Err(StoreError::format(&best, text).into());
    }
    let test = Runner::new(&network).evaluate(test);
    let mut card = Card { epochs: history.len(), ..Card::default() };
    describe(&mut card, "validation", &history[choice.epoch - 1].validation);
    describe(&mut card, "test", &test);
    card.measured.insert("chosen epoch".into(), choice.epoch as f64);
    let printed = best_printed(history);
    if let Some(printed) = printed {
        card.measured.insert("paper protocol test %".into(), printed.percent);
        card.measured.insert("paper protocol epoch".into(), printed.epoch as f64);
        card.measured.insert("paper protocol layer".into(), printed.layer as f64);
    }
    for (l, (spikes, layer)) in test.spikes.iter().zip(&network.layers).enumerate() {
        let neurons = layer.output().iter().product::<usize>() * test.images.max(1);
        card.measured.insert(format!("layer{l} spikes per neuron and image"), *spikes as f64 / neurons as f64);
    }
    save_network(&out.join("network.safetensors"), &network, &card)?;
    write_atomic(&out.join("card.json"), &serde_json::to_vec_pretty(&card).expect("a card has a JSON form"))?;
    Ok(Outcome { network, history: history.to_vec(), result: Some(Finished { choice, test, printed }) })
}

/// Adds the accuracies of every layer, in percent.
pub(crate) fn describe(card: &mut Card, name: &str, e: &Evaluation) {
    let percent = |n: usize| 100.0 * n as f64 / e.images.max(1) as f64;
    for (l, (g, r)) in e.goodness.iter().zip(&e.readout).enumerate() {
        card.measured.insert(format!("{name} layer{l} goodness %"), percent(*g));
        card.measured.insert(format!("{name} layer{l} readout %"), percent(*r));
    }
}
