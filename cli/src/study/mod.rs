//! Networks that differ in one setting, trained one after the other in folders of their own and compared.
//!
//! Every variant is an ordinary run folder, so a study continues where it stopped and finished variants are not trained again.

mod figure;
mod variants;

pub(crate) use figure::Figure;
pub(crate) use variants::{Vary, allocation, variants};

use crate::{cmd::ensure_free, progress};
use anyhow::Result;
use datasets::Dataset;
use indicatif::ProgressBar;
use serde::Serialize;
use std::{path::Path, sync::atomic::AtomicBool};
use training::ffgaf::{Config, Event, Outcome, run as train};

/// A network to train: the setting's value, and everything.
pub(crate) struct Variant {
    /// Value of the setting that varies, as shown and as part of the folder's name.
    pub(crate) name: String,
    /// All hyper-parameters; the seed among them.
    pub(crate) config: Config,
}

/// A trained variant.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Trained {
    /// Value of the setting that varies.
    pub(crate) variant: String,
    pub(crate) seed: u64,
    pub(crate) channels: Vec<usize>,
    pub(crate) parameters: usize,
    /// Validation accuracy of the last layer's read-out after each epoch \[%\].
    pub(crate) validation_percent: Vec<f64>,
    /// Test accuracy of the network that validation chose \[%\].
    pub(crate) test_percent: f64,
    /// The same network's test accuracy by plain goodness \[%\].
    pub(crate) test_goodness_percent: f64,
    /// Spikes per neuron and test image, all layers.
    pub(crate) spikes_per_neuron: f64,
}

/// Trains every variant below `out`; `None` if `stop` was raised.
pub(crate) fn train_all(
    variants: &[Variant],
    data: (&Dataset, &Dataset),
    (out, resume): (&Path, bool),
    stop: &AtomicBool,
) -> Result<Option<Vec<Trained>>> {
    let mut networks = Vec::new();
    for variant in variants {
        let config = &variant.config;
        let label = format!("{}, seed {}", variant.name, config.seed);
        let folder = out.join(format!("{}-seed{}", variant.name, config.seed));
        ensure_free(&folder, resume)?;
        let mut bar = ProgressBar::hidden();
        let outcome = train(config, data, &folder, resume, stop, &mut |event| match event {
            Event::Started { epochs_done, images } => {
                bar = progress::bar((config.epochs * images) as u64, "images");
                bar.set_position((epochs_done * images) as u64);
                bar.reset_eta();
                bar.set_message(label.clone());
            }
            Event::Batch(now) => bar.set_position(((now.epoch - 1) * now.of + now.images) as u64),
            Event::Epoch(..) => {}
        })?;
        bar.finish_and_clear();
        let Some(trained) = Trained::of(variant, &outcome) else {
            eprintln!("stopped; continue with --resume");
            return Ok(None);
        };
        eprintln!("{label}: {:.2} % of the test images", trained.test_percent);
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
