//! Training of all layers with their local losses.
//!
//! Per batch: augment, encode, then layer by layer forward, loss, gradient, update; each layer sees the counts the layer below
//! emitted before its own update. Randomness is named by (seed, epoch, sample), gradients are summed in fixed order: equal
//! inputs give equal bytes, whatever the number of threads, and a run continued from a saved state equals an uninterrupted one.

use super::adam::Rates;
use super::allocation::{apportion, shares};
use super::block::{Batch, Block, StepResult};
use super::check;
use super::config::{Config, ConfigError, Readout};
use super::input::frames_into;
use super::network::{Evaluation, Layer, Network, Runner};
use super::random::{Purpose, Stream};
use super::similarity::ClassSimilarity;
use base::budget::Budget;
use datasets::Dataset;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// What one epoch achieved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// Epochs finished, 1-based.
    pub epoch: usize,
    /// Mean training loss of each layer, nats.
    pub loss: Vec<f64>,
    /// Running training accuracy of each layer, percent (batch statistics, augmented images).
    pub train_accuracy: Vec<f64>,
    /// Validation with re-estimated statistics.
    pub validation: Evaluation,
    /// Test images in training mode, for the paper's protocol only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training_mode: Option<TrainingMode>,
}

/// Accuracy in training mode: statistics of each batch, dropout on, whole batches only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingMode {
    /// Images in whole batches.
    pub images: usize,
    /// Correct by the layer's logits, per layer.
    pub correct: Vec<usize>,
}

/// Where training stands, for a progress display.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Epoch being trained, 1-based.
    pub epoch: usize,
    /// Images of this epoch trained so far.
    pub images: usize,
    /// Images of one epoch.
    pub of: usize,
    /// Mean loss of each layer so far.
    pub loss: Vec<f64>,
    /// Accuracy of each layer so far, percent.
    pub accuracy: Vec<f64>,
}

/// The part of a run's state that is not a parameter vector.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) epoch: usize,
    pub(crate) batch: usize,
    pub(crate) loss: Vec<f64>,
    pub(crate) correct: Vec<usize>,
    pub(crate) updates: Vec<u64>,
    pub(crate) history: Vec<EpochReport>,
}

impl State {
    /// Whether this can be the state of a run with so many layers, batches an epoch, and epochs.
    pub(crate) fn check(&self, depth: usize, batches: usize, epochs: usize) -> Result<(), String> {
        if [self.loss.len(), self.correct.len(), self.updates.len()] != [depth; 3] {
            return Err(format!("loss, correct or updates are not those of {depth} layers"));
        }
        if self.epoch != self.history.len() || self.epoch > epochs || self.batch > batches {
            let (epoch, batch, reports) = (self.epoch, self.batch, self.history.len());
            return Err(format!("batch {batch} of epoch {epoch} does not follow {reports} epochs"));
        }
        if self.updates.iter().any(|&n| n > (epochs as u64).saturating_mul(batches as u64)) {
            return Err("more updates than batches".into());
        }
        check::history(&self.history, depth)
    }
}

/// A batch of samples as the first layer sees them, in the kernels' layout.
enum Encoded {
    /// Values.
    Images(Vec<f32>),
    /// Spikes, `[sample][step][pixel][channel]`.
    Recordings(Vec<u8>),
}

/// A training run.
pub struct Trainer<'a> {
    pub(crate) config: Config,
    pub(crate) train: &'a Dataset,
    validation: &'a Dataset,
    /// Evaluated in training mode after each epoch: the paper's protocol.
    watched: Option<&'a Dataset>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) state: State,
    /// Counts each layer emitted, kept between batches for their memory only.
    emitted: Vec<Vec<u8>>,
    /// Pooled counts of one layer, likewise.
    pooled: Vec<u8>,
}

/// Splits `count` images off `data` by `seed`: (rest, held out). Both keep the data set's order.
#[must_use]
pub fn hold_out(data: &Dataset, count: usize, seed: u64) -> (Dataset, Dataset) {
    let mut held = vec![false; data.len()];
    for i in Stream::new(seed, Purpose::Split, 0, 0).permutation(data.len()).into_iter().take(count) {
        held[i as usize] = true;
    }
    let pick = |want: bool| data.subset((0..data.len()).filter(|&i| held[i] == want));
    (pick(false), pick(true))
}

/// The images of `data` in an order drawn by `seed`, so that the first of them are of all classes.
#[must_use]
pub fn shuffled(data: &Dataset, seed: u64) -> Dataset {
    data.subset(Stream::new(seed, Purpose::Split, 1, 0).permutation(data.len()).into_iter().map(|i| i as usize))
}

impl Config {
    /// Training and validation images of the first `limit` of `data`.
    ///
    /// # Errors
    /// If no image would be left to train on.
    pub fn split(&self, data: &Dataset) -> Result<(Dataset, Dataset), ConfigError> {
        let used = if self.limit == 0 { data.len() } else { self.limit.min(data.len()) };
        if self.validation >= used {
            let text = format!(
                "validation = {} of {used} training images leaves none to train on; set it to {} or less",
                self.validation,
                used / 2
            );
            return Err(ConfigError::Value(text));
        }
        if used == data.len() {
            return Ok(hold_out(data, self.validation, self.validation_seed));
        }
        Ok(hold_out(&data.subset(0..used), self.validation, self.validation_seed))
    }
}

impl<'a> Trainer<'a> {
    /// A run at its start: weights drawn, channels allotted from the training images.
    pub fn new(config: Config, train: &'a Dataset, validation: &'a Dataset) -> Result<Self, ConfigError> {
        config.check()?;
        if train.is_empty() || train.shape != validation.shape {
            return Err(ConfigError::Value("training and validation images must exist and have one shape".into()));
        }
        let frame = config.frame(train.shape)?;
        let geometry = config.shapes(frame, train.classes)?;
        config.claim(&geometry, train.len(), train.classes, &mut Budget::process())?;
        if let Some(class) = train.label_counts().iter().position(|&n| n == 0) {
            return Err(ConfigError::Value(format!(
                "class {class} of {} has no training image; number the classes without gaps, or raise limit",
                train.classes
            )));
        }
        let share = shares(config.allocation, &ClassSimilarity::of(train), f64::from(config.allocation_phi));
        let mut shape = frame;
        let mut blocks = Vec::new();
        for (l, &channels) in config.channels.iter().enumerate() {
            let block = Block::new(&config, l, shape, apportion(channels, &share))?;
            let s = block.conv.shape;
            shape = [channels, s.out_h(), s.out_w()];
            blocks.push(block);
        }
        let depth = blocks.len();
        let state = State { loss: vec![0.0; depth], correct: vec![0; depth], ..State::default() };
        Ok(Self {
            config,
            train,
            validation,
            watched: None,
            blocks,
            state,
            emitted: vec![Vec::new(); depth],
            pooled: Vec::new(),
        })
    }

    /// The run's hyper-parameters.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Evaluates `data` in training mode after every epoch. Nothing of the training depends on it.
    #[must_use]
    pub fn watching(mut self, data: &'a Dataset) -> Self {
        self.watched = Some(data);
        self
    }

    /// Reports of the finished epochs.
    #[must_use]
    pub fn history(&self) -> &[EpochReport] {
        &self.state.history
    }

    /// True when every epoch is done.
    #[must_use]
    pub fn finished(&self) -> bool {
        self.state.epoch >= self.config.epochs
    }

    pub(crate) fn batches(&self) -> usize {
        (self.train.len() / self.config.batch).max(1)
    }

    /// Trains to the end of the current epoch and validates. Returns `None` if `watch` breaks off, which it may after every
    /// batch; the state then stands between two batches and the next call continues there.
    pub fn epoch(&mut self, watch: &mut dyn FnMut(&Progress) -> ControlFlow<()>) -> Option<EpochReport> {
        let order =
            Stream::new(self.config.seed, Purpose::Shuffle, self.state.epoch as u64, 0).permutation(self.train.len());
        let size = self.config.batch.min(self.train.len());
        let batches = self.batches();
        while self.state.batch < batches {
            let picked = &order[self.state.batch * size..(self.state.batch + 1) * size];
            let results = self.step(picked);
            for (l, r) in results.iter().enumerate() {
                self.state.loss[l] += r.loss;
                self.state.correct[l] += r.correct;
            }
            self.state.batch += 1;
            let (loss, accuracy) = self.running(size);
            let progress = Progress {
                epoch: self.state.epoch + 1,
                images: self.state.batch * size,
                of: batches * size,
                loss,
                accuracy,
            };
            if watch(&progress).is_break() {
                return None;
            }
        }
        let (loss, train_accuracy) = self.running(size);
        self.state.epoch += 1;
        let validation = Runner::new(&self.network(self.calibration())).evaluate(self.validation);
        let training_mode = self.watched.map(|data| self.in_training_mode(data));
        let report = EpochReport { epoch: self.state.epoch, loss, train_accuracy, validation, training_mode };
        self.state.batch = 0;
        self.state.loss.fill(0.0);
        self.state.correct.fill(0);
        self.state.history.push(report.clone());
        Some(report)
    }

    /// Whether every loss so far is a number.
    #[must_use]
    pub fn converges(&self) -> bool {
        self.state.history.iter().flat_map(|report| &report.loss).chain(&self.state.loss).all(|loss| loss.is_finite())
    }

    /// Images that re-estimate the statistics of the network as it stands at the end of an epoch.
    pub(crate) fn calibration(&self) -> usize {
        if self.finished() { self.config.final_calibration } else { self.config.calibration }
    }

    fn running(&self, size: usize) -> (Vec<f64>, Vec<f64>) {
        let n = self.state.batch.max(1) as f64;
        let accuracy = self.state.correct.iter().map(|&c| 100.0 * c as f64 / (n * size as f64)).collect();
        (self.state.loss.iter().map(|l| l / n).collect(), accuracy)
    }

    /// Encoded samples of a batch in the kernels' layout; the training samples may be augmented.
    fn encode(&self, data: &Dataset, picked: &[u32], augmented: bool) -> Encoded {
        let s = &self.blocks[0].conv.shape;
        let (c, len) = (s.in_c, s.in_len());
        let shape = data.shape;
        let changed = |i: u32, changed: &mut Vec<u8>| {
            let mut rng = Stream::new(self.config.seed, Purpose::Augment, self.state.epoch as u64, u64::from(i));
            self.config.augment.apply(data.image(i as usize), shape, &mut rng, changed);
        };
        if self.config.input.is_events() {
            let len = len * usize::from(self.config.levels);
            let frame = self.config.frame(shape).expect("the training's recordings have these timesteps");
            let mut x = vec![0; picked.len() * len];
            x.par_chunks_mut(len).zip(picked).for_each_init(Vec::new, |buffer, (x, &i)| {
                if augmented {
                    changed(i, buffer);
                    frames_into(buffer, frame, c, x);
                } else {
                    frames_into(data.image(i as usize), frame, c, x);
                }
            });
            return Encoded::Recordings(x);
        }
        let mut x = vec![0.0; picked.len() * len];
        x.par_chunks_mut(len).zip(picked).for_each_init(Vec::new, |buffer, (x, &i)| {
            if augmented {
                changed(i, buffer);
                self.config.input.encode_into(buffer, shape, c, x);
            } else {
                self.config.input.encode_into(data.image(i as usize), shape, c, x);
            }
        });
        Encoded::Images(x)
    }

    /// Accuracy of every layer on `data` as the layers stand, in training mode; no parameter changes.
    fn in_training_mode(&mut self, data: &Dataset) -> TrainingMode {
        let size = self.config.batch.min(data.len()).max(1);
        let mut result = TrainingMode { images: data.len() / size * size, correct: vec![0; self.blocks.len()] };
        for first in (0..result.images).step_by(size) {
            let picked: Vec<u32> = (first as u32..(first + size) as u32).collect();
            let x = self.encode(data, &picked, false);
            let labels: Vec<u8> = picked.iter().map(|&i| data.labels[i as usize]).collect();
            for l in 0..self.blocks.len() {
                self.drop_spikes(Purpose::TestDropout, l, &picked);
                result.correct[l] += self.layer(l, &x, &labels, false).correct;
            }
        }
        result
    }

    /// One layer's pass over a batch; `x` is the first layer's input, the others take what the layer below emitted.
    fn layer(&mut self, l: usize, x: &Encoded, labels: &[u8], learn: bool) -> StepResult {
        let (below, own) = self.emitted.split_at_mut(l);
        let pool = self.blocks[l].pool;
        let below = below.last().map(|spikes| pool.batch(spikes, &mut self.pooled));
        let block = &mut self.blocks[l];
        match (x, below) {
            (Encoded::Images(x), None) => block.forward_backward(Batch::Real(x), labels, &mut own[0], learn),
            (Encoded::Images(_), Some(x)) => block.forward_backward(Batch::Counts(x), labels, &mut own[0], learn),
            (Encoded::Recordings(x), None) => block.forward_backward_steps(x, labels, &mut own[0], learn),
            (Encoded::Recordings(_), Some(x)) => block.forward_backward_steps(x, labels, &mut own[0], learn),
        }
    }

    /// One batch through all layers.
    fn step(&mut self, picked: &[u32]) -> Vec<StepResult> {
        let x = self.encode(self.train, picked, !self.config.augment.is_off());
        let labels: Vec<u8> = picked.iter().map(|&i| self.train.labels[i as usize]).collect();
        let done = (self.state.epoch * self.batches() + self.state.batch) as f64;
        let time = done / (self.config.epochs * self.batches()) as f64;
        let mut results = Vec::new();
        for l in 0..self.blocks.len() {
            self.drop_spikes(Purpose::Dropout, l, picked);
            let decay = self.decay(l, time);
            results.push(self.layer(l, &x, &labels, decay.is_some()));
            if let Some(d) = decay {
                let c = &self.config;
                let rates = Rates { rate: d * c.learning_rate, beta1: c.beta1, beta2: c.beta2, ema: c.ema, step: 0 };
                self.blocks[l].update(rates, d * c.readout_learning_rate);
            }
        }
        results
    }

    /// Cosine factor of layer `l` at `time` in 0..1 of the run; `None` outside its window.
    fn decay(&self, l: usize, time: f64) -> Option<f32> {
        let s = &self.config.schedule;
        let at = |list: &[f32], default: f64| list.get(l).map_or(default, |&v| f64::from(v));
        let (start, stop) = (at(&s.start, 0.0), at(&s.stop, 1.0));
        let t = (time - start) / (stop - start);
        (0.0..1.0).contains(&t).then(|| (0.5 + 0.5 * (std::f64::consts::PI * t).cos()) as f32)
    }

    /// Each spike into layer `l` is lost with the configured probability. The survivors are not rescaled: the normalization of
    /// the layer undoes the scale, and statistics are re-estimated without losses before every evaluation.
    fn drop_spikes(&mut self, purpose: Purpose, l: usize, picked: &[u32]) {
        if l == 0 || self.config.dropout == 0.0 {
            return;
        }
        let steps = if self.config.input.is_events() { usize::from(self.config.levels) } else { 1 };
        let len = steps * self.blocks[l - 1].conv.shape.out_len();
        let (seed, epoch, dropout) = (self.config.seed, self.state.epoch as u64, self.config.dropout);
        self.emitted[l - 1].par_chunks_mut(len).zip(picked).for_each(|(counts, &i)| {
            let mut rng = Stream::new(seed, purpose, epoch, (l as u64) << 32 | u64::from(i));
            for n in counts.iter_mut().filter(|n| **n > 0) {
                *n = (0..*n).filter(|_| rng.unit() >= dropout).count() as u8;
            }
        });
    }

    /// The network as it stands (averaged weights if they are kept), with statistics estimated on `calibration` clean training images.
    #[must_use]
    pub fn network(&self, calibration: usize) -> Network {
        let input = self.config.frame(self.train.shape).expect("checked when the run began");
        let mut shape = input;
        let mut layers = Vec::new();
        for b in &self.blocks {
            let s = b.conv.shape;
            let weight = s.unpacked(&b.evaluated_weight(), [b.channels, shape[0]]);
            let readout = if self.config.readout == Readout::Learned {
                b.readout.evaluated().chunks_exact(s.out_c).flat_map(|row| row[..b.channels].iter().copied()).collect()
            } else {
                Vec::new()
            };
            let layer = Layer {
                input: shape,
                channels: b.channels,
                kernel: s.kernel,
                stride: s.stride,
                pad: s.pad,
                pool: b.pool.side,
                levels: self.config.levels,
                kappa: self.config.kappa,
                weight,
                mean: vec![0.0; b.channels],
                variance: vec![1.0; b.channels],
                channel_weight: b.channel_weight.evaluated()[..b.channels].to_vec(),
                channel_bias: b.channel_bias.evaluated()[..b.channels].to_vec(),
                groups: b.groups.clone(),
                logit_gain: b.logit_gain,
                grid: b.grid,
                readout,
            };
            shape = layer.output();
            layers.push(layer);
        }
        let mut network = Network { config: self.config.clone(), input, classes: self.train.classes, layers };
        let mut images = Stream::new(self.config.seed, Purpose::Calibrate, 0, 0).permutation(self.train.len());
        images.truncate(calibration.max(1));
        network.calibrate(self.train, &images);
        network
    }
}
