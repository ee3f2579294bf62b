//! `spikeloom train`: forward-forward training in a run folder.

use crate::{
    args::{Method, ProtocolName, TargetArgs, TrainArgs},
    cmd::deploy::deploy,
    files, interrupt, progress,
};
use anyhow::{Context, Result, bail};
use datasets::{DatasetName, Split};
use indicatif::ProgressBar;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};
use training::ffgaf::{Config, EpochReport, Event, Finished, Head, load_network, run};

/// Trains, or continues training.
pub(crate) fn run_command(args: &TrainArgs) -> Result<ExitCode> {
    if args.method != Method::Ffgaf {
        return super::baseline::run_command(args);
    }
    let config = config(args)?;
    if args.print_config {
        print!("{}", config.to_toml());
        return Ok(ExitCode::SUCCESS);
    }
    let dataset: DatasetName = config.dataset.parse()?;
    let dir = args.data.dir();
    let train = datasets::load(dataset, Split::Train, &dir)?;
    let test = datasets::load(dataset, Split::Test, &dir)?;
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from("runs").join(dataset.as_str()));
    ensure_free(&out, args.resume)?;
    crate::cmd::set_threads(args.threads)?;

    let stop = interrupt::flag();
    let mut bar = ProgressBar::hidden();
    let outcome = run(&config, (&train, &test), &out, args.resume, &stop, &mut |event| match event {
        Event::Started { epochs_done, images } => {
            let place = match epochs_done {
                n if n < config.epochs => format!("epoch {} of {}", n + 1, config.epochs),
                n => format!("all {n} epochs done"),
            };
            eprintln!(
                "{dataset}: {images} training and {} validation images; {place}; seed {}; {}",
                config.validation,
                config.seed,
                out.display()
            );
            bar = progress::bar((config.epochs * images) as u64, "images");
            bar.set_position((epochs_done * images) as u64);
            bar.reset_eta();
        }
        Event::Batch(now) => {
            bar.set_position(((now.epoch - 1) * now.of + now.images) as u64);
            let loss = now.loss.last().copied().unwrap_or_default();
            bar.set_message(format!("epoch {}  loss {loss:.4}  train {}", now.epoch, percents(&now.accuracy)));
        }
        Event::Epoch(report, seconds) => bar.suspend(|| eprintln!("{}", line(report, seconds))),
    })?;
    bar.finish_and_clear();
    let Some(finished) = outcome.result else {
        println!("stopped after {} epochs; continue with --resume --out {}", outcome.history.len(), out.display());
        return Ok(ExitCode::from(1));
    };
    print!("{}", accuracies(&finished, &outcome.history));
    let network = out.join("network.safetensors");
    println!("network: {}", network.display());
    if let Some(arch) = &args.deploy {
        let trained = load_network(&network)?;
        let target = TargetArgs::chip(arch);
        print!("{}", deploy((&trained.0, trained.1), &train, &target, &out.join("deployed.safetensors"))?);
    }
    Ok(ExitCode::SUCCESS)
}

/// The reported accuracies, each with what chose it.
fn accuracies(finished: &Finished, history: &[EpochReport]) -> String {
    let (test, choice) = (&finished.test, finished.choice);
    let n = test.images.max(1) as f64;
    let validation = history[choice.epoch - 1].validation.images.max(1);
    let head = match choice.head {
        Head::Goodness => "goodness",
        Head::Readout => "read-out",
    };
    let mut text = format!(
        "test accuracy {:.2} % on {} images (epoch {} of {}, layer {}, {head}: chosen by {:.2} % of {validation} validation images)\n",
        test.accuracy(),
        test.images,
        choice.epoch,
        history.len(),
        choice.layer + 1,
        100.0 * choice.correct as f64 / validation as f64,
    );
    let goodness: Vec<f64> = test.goodness.iter().map(|&correct| 100.0 * correct as f64 / n).collect();
    text.push_str(&format!("by plain goodness, layer by layer: {}\n", percents(&goodness)));
    if let Some(printed) = finished.printed {
        text.push_str(&format!(
            "the paper's protocol gives {:.2} %: the best epoch ({}) and layer ({}) on the test images themselves, in training mode\n",
            printed.percent,
            printed.epoch,
            printed.layer + 1
        ));
    }
    text
}

/// The configuration: defaults, then the file, then `--set`, then the named options.
fn config(args: &TrainArgs) -> Result<Config> {
    let mut table = settings(args)?;
    let protocol = args.protocol.map(|protocol| match protocol {
        ProtocolName::Ours => "ours",
        ProtocolName::Paper => "paper",
    });
    let named = [
        ("protocol", protocol.map(toml::Value::from)),
        ("dataset", args.dataset.map(|name| toml::Value::from(name.as_str()))),
        ("epochs", args.epochs.map(|n| toml::Value::from(n as i64))),
        ("seed", args.seed.map(|n| toml::Value::from(n as i64))),
    ];
    for (key, value) in named {
        if let Some(value) = value {
            table.insert(key.to_owned(), value);
        }
    }
    Config::from_toml(&table.to_string()).with_context(|| origin(args))
}

/// The file's settings, overridden by `--set`.
pub(super) fn settings(args: &TrainArgs) -> Result<toml::Table> {
    let mut table: toml::Table = match &args.config {
        Some(path) => files::read_text(path)?.parse().with_context(|| {
            format!("{}: is not TOML; see `spikeloom train --print-config` for the form", path.display())
        })?,
        None => toml::Table::new(),
    };
    merge(&mut table, overrides(&args.settings)?);
    Ok(table)
}

/// The settings given as `--set KEY=VALUE`.
pub(super) fn overrides(settings: &[String]) -> Result<toml::Table> {
    let mut table = toml::Table::new();
    for setting in settings {
        merge(&mut table, setting.parse().with_context(|| format!("--set {setting}: is not KEY=VALUE in TOML"))?);
    }
    Ok(table)
}

/// What a faulty setting is blamed on.
pub(super) fn origin(args: &TrainArgs) -> String {
    args.config.as_ref().map_or_else(|| "arguments".to_owned(), |path| path.display().to_string())
}

/// Refuses to overwrite an earlier run that is not to be continued.
pub(super) fn ensure_free(out: &Path, resume: bool) -> Result<()> {
    if !resume && out.join("checkpoint.safetensors").exists() {
        bail!(
            "{}: holds a checkpoint of an earlier run; continue it with --resume, or choose another folder with --out",
            out.display()
        );
    }
    Ok(())
}

/// Overrides the entries of `base` by those of `over`, table by table.
fn merge(base: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(value)) => merge(inner, value),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

fn line(report: &EpochReport, seconds: f64) -> String {
    let n = report.validation.images.max(1) as f64;
    let validation: Vec<f64> = report.validation.readout.iter().map(|&correct| 100.0 * correct as f64 / n).collect();
    format!(
        "epoch {:3}  {seconds:6.1} s  loss {:.4}  train {}  validation {}",
        report.epoch,
        report.loss.last().copied().unwrap_or_default(),
        percents(&report.train_accuracy),
        percents(&validation)
    )
}

pub(super) fn percents(values: &[f64]) -> String {
    values.iter().map(|v| format!("{v:.2}")).collect::<Vec<_>>().join(" ")
}
