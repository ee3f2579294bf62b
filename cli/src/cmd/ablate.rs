//! `spikeloom ablate`: one setting of the training varied, everything else equal.

use super::train::settings::{ensure_free, overrides};
use crate::{
    args::AblateArgs,
    cmd, interrupt,
    progress::{self, Bars},
    report::{folder::Folder, sections},
    source,
};
use anyhow::{Result, ensure};
use datasets::{Dataset, DatasetName, Split};
use experiments::{
    Exhibit, Images, OnChip, Provenance, Study, Tradeoff, Trained, Variant, Vary, Watch, train_all, variants,
};
use indicatif::ProgressBar;
use spikeloom::Chip;
use std::{path::Path, process::ExitCode, time::Instant};
use training::ffgaf::{Config, Event};

/// Trains and compares.
pub(crate) fn run(args: &AblateArgs) -> Result<ExitCode> {
    let title = format!("FFGAF-SNN: {} against accuracy", args.vary.name());
    study(args, title, &format!("ablate-{}", args.vary.name()))
}

/// Trains the variants and writes the figure called `name`.
pub(crate) fn study(args: &AblateArgs, title: String, name: &str) -> Result<ExitCode> {
    let begun = Instant::now();
    let dataset = args.dataset.unwrap_or(match args.vary {
        Vary::Channels => DatasetName::FashionMnist,
        _ => DatasetName::Cifar10,
    });
    let dir = args.data.dir();
    let mut images = datasets::load(dataset, Split::Train, &dir)?;
    let test = datasets::load(dataset, Split::Test, &dir)?;
    if let Some(limit) = args.limit.filter(|limit| *limit < images.len()) {
        images = images.subset(0..limit);
    }
    ensure!(images.len() >= 100, "--limit {}: too few images to train on; give 100 or more", images.len());
    let variants = configs(args, dataset, images.len())?;
    let validation = variants[0].config.validation;
    cmd::set_threads(args.threads)?;
    // What a study that is continued has written so far is its own.
    let folder = Folder::create(&args.out, args.force || args.resume)?;
    folder.ensure_free(name)?;
    let stop = interrupt::flag();
    let runs = args.out.join(name);
    for variant in &variants {
        ensure_free(&variant.folder(&runs), args.resume)?;
    }
    let shown = Images { train: &images, test: &test };
    let mut watch = Bar(ProgressBar::hidden());
    let chips = args.energy.iter().map(|chip| source::chip(chip)).collect::<Result<Vec<_>>>()?;
    let trained = train_all(&variants, shown, &runs, args.resume, &stop, &mut watch)?;
    watch.0.finish_and_clear();
    let Some(networks) = trained else {
        eprintln!("stopped; continue with --resume");
        return Ok(crate::interrupt::code());
    };
    let figure = Study {
        title,
        vary: args.vary.name(),
        dataset: dataset.as_str(),
        epochs: variants[0].config.epochs,
        training_images: images.len() - validation,
        validation_images: validation,
        test_images: test.len(),
        networks,
    };
    let made_by = Provenance::new(args.seeds.first().copied(), begun);
    folder.write(name, &made_by, &figure)?;
    let mut shown = vec![sections::exhibit(name, &figure.title, &figure, &made_by)?];
    if let Some(tradeoff) = on_chips(args, &variants, &runs, (&chips, &test))? {
        let name = format!("{name}-energy");
        folder.write(&name, &made_by, &tradeoff)?;
        shown.push(sections::exhibit(&name, &tradeoff.title, &tradeoff, &made_by)?);
        if !args.json {
            println!("{}", tradeoff.text());
        }
    }
    args.report.write(&sections::exhibited(&figure.title, args.seeds.first().copied(), shown))?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&figure)?);
    } else {
        print!("{}\n{made_by}\n", figure.text());
    }
    Ok(ExitCode::SUCCESS)
}

/// The trained variants on chips, if that was asked for.
fn on_chips(
    args: &AblateArgs,
    variants: &[Variant],
    runs: &Path,
    (chips, test): (&[Chip], &Dataset),
) -> Result<Option<Tradeoff>> {
    if chips.is_empty() {
        return Ok(None);
    }
    ensure!(args.energy_images > 0, "--energy-images 0: no image would be left; give 1 or more");
    let images = test.subset(0..args.energy_images.min(test.len()));
    let mut rows = Vec::new();
    for chip in chips {
        for variant in variants {
            rows.push(OnChip::of(variant, runs, chip, &images, &mut Bars::until(interrupt::flag()))?);
            ensure!(rows.last().is_some_and(|row| row.images == images.len()), "stopped; continue with --resume");
        }
    }
    let title = format!("{} against accuracy and energy", args.vary.name());
    Ok(Some(Tradeoff { title, vary: args.vary.name(), dataset: images.name.clone(), rows }))
}

/// A bar for every variant.
struct Bar(ProgressBar);

impl Watch for Bar {
    fn event(&mut self, variant: &Variant, event: Event<'_>) {
        let config = &variant.config;
        match event {
            Event::Started { epochs_done, images } => {
                self.0 = progress::bar((config.epochs * images) as u64, "images");
                self.0.set_position((epochs_done * images) as u64);
                self.0.reset_eta();
                self.0.set_message(variant.label());
            }
            Event::Batch(now) => self.0.set_position(((now.epoch - 1) * now.of + now.images) as u64),
            Event::Saved(_) | Event::Epoch(..) => {}
        }
    }

    fn trained(&mut self, variant: &Variant, trained: &Trained) {
        self.0.finish_and_clear();
        eprintln!("{}: {:.2} % of the test images", variant.label(), trained.test_percent);
    }
}

/// Every variant with every seed; `--set` changes all of them.
fn configs(args: &AblateArgs, dataset: DatasetName, images: usize) -> Result<Vec<Variant>> {
    let mut table = overrides(&args.settings)?;
    let validation = toml::Value::from((images / 10).min(5000) as i64);
    table.entry("validation").or_insert(validation);
    if !args.channels.is_empty() && args.vary != Vary::Channels {
        let channels: Vec<i64> = args.channels.iter().map(|&c| c as i64).collect();
        let strides: Vec<i64> = (0..channels.len()).map(|l| if l == 1 || l == 2 { 2 } else { 1 }).collect();
        table.insert("channels".into(), channels.into());
        table.entry("strides").or_insert(strides.into());
    }
    let base = Config {
        dataset: dataset.as_str().into(),
        epochs: args.epochs as usize,
        ..Config::from_toml(&table.to_string())?
    };
    let widths = if args.channels.is_empty() { vec![20, 40, 80, 160] } else { args.channels.clone() };
    let mut all = Vec::new();
    for variant in variants(args.vary, &base, &widths) {
        variant.config.check()?;
        for &seed in &args.seeds {
            let config = Config { seed, validation_seed: seed, ..variant.config.clone() };
            all.push(Variant { name: variant.name.clone(), config });
        }
    }
    Ok(all)
}
