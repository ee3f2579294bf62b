//! `spikeloom train --method ff-mlp|cwcomp`: the non-spiking references, with the same options as the spiking network.

use super::train::{
    settings::{agree_tables, asked, continued, ensure_free, origin, table},
    text::percents,
};
use crate::{
    args::{Method, TrainArgs},
    cmd, interrupt, progress,
};
use anyhow::{Context, Result, bail};
use datasets::{DatasetName, Split};
use indicatif::ProgressBar;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};
use training::{
    baselines::{Baseline, CwCompConfig, FfMlpConfig, run},
    ffgaf::{Event, Head, InputCoding},
};

/// Trains, or continues training.
pub(super) fn run_command(args: &TrainArgs) -> Result<ExitCode> {
    if [args.protocol.is_some(), args.deploy.is_some(), args.limit.is_some(), args.from.is_some()].contains(&true) {
        bail!("--protocol, --deploy, --limit and --from belong to the spiking network; leave them out with --method");
    }
    let dataset = args.dataset.unwrap_or(DatasetName::Mnist);
    let name = method(args);
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from("runs").join(format!("{dataset}-{name}")));
    let baseline = configured(args, dataset, &out)?;
    if args.print_config {
        print!("{}", toml::to_string(&baseline)?);
        return Ok(ExitCode::SUCCESS);
    }
    let dir = args.data.dir();
    let train = datasets::load(dataset, Split::Train, &dir)?;
    let test = datasets::load(dataset, Split::Test, &dir)?;
    ensure_free(&out, args.resume)?;
    cmd::set_threads(args.threads)?;
    let stop = interrupt::flag();
    let mut bar = ProgressBar::hidden();
    let outcome = run(&baseline, (&train, &test), &out, args.resume, &stop, &mut |event| match event {
        Event::Started { epochs_done, images } => {
            eprintln!("{name} on {dataset}: {images} training images, {epochs_done} epochs done; {}", out.display());
            bar = progress::bar(baseline.epochs() as u64, "epochs");
            bar.set_position(epochs_done as u64);
            bar.reset_eta();
        }
        Event::Batch(_) | Event::Saved(_) => {}
        Event::Epoch(report, seconds) => {
            bar.inc(1);
            bar.suspend(|| {
                eprintln!(
                    "epoch {:3}  {seconds:6.1} s  loss {}  validation {:.2}",
                    report.epoch,
                    report.loss.iter().map(|l| format!("{l:.4}")).collect::<Vec<_>>().join(" "),
                    report.validation.accuracy()
                );
            });
        }
    })?;
    bar.finish_and_clear();
    let Some(finished) = outcome.result else {
        println!("stopped after {} epochs; continue with --resume --out {}", outcome.history.len(), out.display());
        return Ok(crate::interrupt::code());
    };
    let (test, choice) = (&finished.test, finished.choice);
    println!(
        "test accuracy {:.2} % on {} images (epoch {} of {}, layer {}, {}: chosen by the validation images)",
        finished.accuracy(),
        test.images,
        choice.epoch,
        outcome.history.len(),
        choice.layer + 1,
        match (choice.head, args.method) {
            (Head::Goodness, _) => "its goodness",
            (Head::Readout, Method::FfMlp) => "summed goodness",
            (Head::Readout, _) => "classifier",
        },
    );
    let each = |right: &[usize]| {
        percents(&right.iter().map(|&n| 100.0 * n as f64 / test.images.max(1) as f64).collect::<Vec<f64>>())
    };
    println!("by each layer's own goodness: {}", each(&test.goodness));
    println!("with the read-outs: {}", each(&test.readout));
    Ok(ExitCode::SUCCESS)
}

fn method(args: &TrainArgs) -> &'static str {
    match args.method {
        Method::Ffgaf => "ffgaf",
        Method::FfMlp => "ff-mlp",
        Method::Cwcomp => "cwcomp",
    }
}

/// The method's defaults or the settings of the run that is continued, then the file and `--set`, then the named options.
fn configured(args: &TrainArgs, dataset: DatasetName, out: &Path) -> Result<Baseline> {
    let default = match args.method {
        // FF* of the paper: 3072-3072-3072 on CIFAR-10, which does not learn from raw pixels (docs/training.md, Baselines).
        Method::FfMlp if dataset == DatasetName::Cifar10 => {
            let input = InputCoding::Standardized;
            let hidden = vec![3072, 3072];
            Baseline::FfMlp(FfMlpConfig { hidden, input, label: 15.0, gain: 5.0, ..FfMlpConfig::default() })
        }
        Method::FfMlp => Baseline::FfMlp(FfMlpConfig::default()),
        // The gain that learned best in short runs (docs/training.md, Baselines); 1 is published.
        Method::Cwcomp | Method::Ffgaf => {
            let alpha = if dataset == DatasetName::Mnist { 4.0 } else { 2.0 };
            Baseline::CwComp(CwCompConfig { alpha, ..CwCompConfig::default() })
        }
    };
    let own = continued(args, || Ok(out.to_owned()))?;
    let begun = own.as_deref().map_or_else(|| Ok(toml::Table::try_from(&default)?), table)?;
    let mut wanted = begun.clone();
    wanted.extend(asked(args)?);
    if wanted.get("method").and_then(|m| m.as_str()) != Some(method(args)) {
        bail!("{}: is of another method; name it with --method", origin(args));
    }
    let baseline: Baseline = toml::from_str(&wanted.to_string()).with_context(|| origin(args))?;
    if let Some(path) = own {
        agree_tables(&path, &begun, &toml::Table::try_from(&baseline)?)?;
    }
    Ok(baseline)
}
