//! `spikeloom train`: forward-forward training in a run folder.

pub(super) mod follow;
pub(super) mod images;
mod recordings;
pub(super) mod settings;
pub(super) mod text;

use crate::{
    args::{Method, TargetArgs, TrainArgs},
    cmd::deploy::{beside, deploy},
    destination::Destination,
    report::sections::{digest, trained},
    source,
};
use anyhow::{Context, Result};
use images::Images;
use std::process::ExitCode;
use training::ffgaf::{Job, load_network};

/// Trains, or continues training.
pub(crate) fn run_command(args: &TrainArgs) -> Result<ExitCode> {
    if args.method != Method::Ffgaf {
        anyhow::ensure!(!args.report.wanted(), "--report: is for --method ffgaf; the baselines print what they find");
        return super::baseline::run_command(args);
    }
    let settings::Settings { mut config, validation_given } = settings::config(args)?;
    if args.print_config {
        print!("{}", config.to_toml());
        return Ok(ExitCode::SUCCESS);
    }
    let out = settings::folder(args, &config);
    settings::ensure_free(&out, args.resume)?;
    let target = args.deploy.as_deref().map(|arch| Ok((TargetArgs::chip(arch), source::chip(arch)?)));
    let target = target.transpose().map_err(|error: anyhow::Error| error.context("--deploy"))?;
    anyhow::ensure!(
        !(config.input.is_events() && target.is_some()),
        "--deploy: compares decisions on images; a network of recordings is compared by `spikeloom run NETWORK --data FILE --verify`"
    );
    crate::cmd::set_threads(args.threads)?;
    let Images { train, test } = images::load(&mut config, &args.data.dir())?;
    if !validation_given {
        let used = if config.limit == 0 { train.len() } else { config.limit.min(train.len()) };
        config.validation = config.validation.min(used / 10);
    }
    let from = config.from.as_deref().map(settings::trained).transpose()?;
    let job = Job { resume: args.resume, from: from.as_ref(), ..Job::new(&config, &train, &test, &out) };
    let outcome = follow::run(&job)?;
    let inputs =
        vec![digest("training images and labels", &train.name, [train.pixels.as_slice(), train.labels.as_slice()])];
    args.report.write(&trained(&config, &outcome.history, outcome.result.as_ref(), inputs))?;
    let Some(finished) = outcome.result else {
        println!("stopped after {} epochs; continue with --resume --out {}", outcome.history.len(), out.display());
        return Ok(crate::interrupt::code());
    };
    print!("{}", text::accuracies(&finished, &outcome.history));
    let network = out.join("network.safetensors");
    println!("network: {}", network.display());
    if let Some((target, chip)) = target {
        let trained = load_network(&network)?;
        let output = Destination::of(None, || beside(&network, &chip));
        let by_itself =
            || format!("the network is trained; `spikeloom deploy {}` deploys it by itself", network.display());
        let deployed = deploy((&trained.0, trained.1), &train, (&chip, &target), &output).with_context(by_itself)?;
        print!("{deployed}");
    }
    Ok(ExitCode::SUCCESS)
}
