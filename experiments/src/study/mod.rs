//! Networks that differ in one setting, trained one after the other in folders of their own and compared.
//!
//! Every variant is an ordinary run folder, so a study continues where it stopped and finished variants are not trained again.

mod figure;
mod on_chips;
mod variants;

pub use figure::Figure;
pub use on_chips::{OnChip, Tradeoff};
pub(crate) use variants::allocation;
pub use variants::{Vary, variants};

use anyhow::Result;
use datasets::Dataset;
use serde::Serialize;
use std::{
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};
use training::ffgaf::{Config, Event, Job, Outcome, run as train};

/// A network to train: the setting's value, and everything.
pub struct Variant {
    /// Value of the setting that varies, as shown and as part of the folder's name.
    pub name: String,
    /// All hyper-parameters; the seed among them.
    pub config: Config,
}

/// A trained variant.
#[derive(Clone, Debug, Serialize)]
pub struct Trained {
    /// Value of the setting that varies.
    pub variant: String,
    /// Seed of weights, shuffling and hold-out.
    pub seed: u64,
    /// Channels of the layers.
    pub channels: Vec<usize>,
    /// Trained numbers.
    pub parameters: usize,
    /// Validation accuracy of the last layer's read-out after each epoch \[%\].
    pub validation_percent: Vec<f64>,
    /// Test accuracy of the network that validation chose \[%\].
    pub test_percent: f64,
    /// The same network's test accuracy by plain goodness \[%\].
    pub test_goodness_percent: f64,
    /// Spikes per neuron and test image, all layers.
    pub spikes_per_neuron: f64,
}

/// What trained variants are shown.
#[derive(Clone, Copy)]
pub struct Images<'a> {
    /// To train on; validation images are held out of them.
    pub train: &'a Dataset,
    /// To report on.
    pub test: &'a Dataset,
}

impl Variant {
    /// Value and seed, as shown.
    pub fn label(&self) -> String {
        format!("{}, seed {}", self.name, self.config.seed)
    }

    /// Its run folder below `out`.
    pub fn folder(&self, out: &Path) -> PathBuf {
        out.join(format!("{}-seed{}", self.name, self.config.seed))
    }
}

/// Follows a study.
pub trait Watch {
    /// The training of a variant says this.
    fn event(&mut self, variant: &Variant, event: Event<'_>);
    /// A variant is trained.
    fn trained(&mut self, variant: &Variant, trained: &Trained);
}

/// Trains every variant in its folder below `out`, watched; `None` if `stop` was raised.
///
/// # Errors
/// If a folder cannot be written or read.
pub fn train_all(
    variants: &[Variant],
    images: Images<'_>,
    out: &Path,
    resume: bool,
    stop: &AtomicBool,
    watch: &mut dyn Watch,
) -> Result<Option<Vec<Trained>>> {
    let mut networks = Vec::new();
    for variant in variants {
        let folder = variant.folder(out);
        let job = Job { resume, ..Job::new(&variant.config, images.train, images.test, &folder) };
        let outcome = train(&job, stop, &mut |event| watch.event(variant, event))?;
        let Some(trained) = Trained::of(variant, &outcome) else { return Ok(None) };
        watch.trained(variant, &trained);
        networks.push(trained);
    }
    Ok(Some(networks))
}

impl Trained {
    fn of(variant: &Variant, outcome: &Outcome) -> Option<Self> {
        let test = &outcome.result.as_ref()?.test;
        let percent = |right: usize, of: usize| 100.0 * right as f64 / of.max(1) as f64;
        let last = variant.config.channels.len() - 1;
        let neurons: usize = outcome.network.layers.iter().map(|l| l.output().iter().product::<usize>()).sum();
        let spikes: u64 = test.spikes.iter().sum();
        Some(Self {
            variant: variant.name.clone(),
            seed: variant.config.seed,
            channels: variant.config.channels.clone(),
            parameters: outcome.network.parameters(),
            validation_percent: outcome
                .history
                .iter()
                .map(|r| percent(r.validation.readout[last], r.validation.images))
                .collect(),
            test_percent: test.accuracy(),
            test_goodness_percent: percent(*test.goodness.last()?, test.images),
            spikes_per_neuron: spikes as f64 / (neurons * test.images.max(1)) as f64,
        })
    }
}
