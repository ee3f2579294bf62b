//! `spikeloom deploy --tune`: a trained network goes on learning, with its own settings and local losses, for weights as few bits wide as the
//! chip's (docs/training.md, few bits).

use super::train::{
    follow,
    images::Images,
    settings::{agree, ensure_free, misspelt, overrides, table},
};
use crate::{args::DeployArgs, destination};
use anyhow::{Context, Result, anyhow, bail};
use spikeloom::Chip;
use std::path::{Path, PathBuf};
use toml::{Table, Value};
use training::ffgaf::{Card, Config, Job, Network, load_network};

/// Adam's rate at the start: what was measured to work (docs/training.md), for 2 bits and for more.
const RATES: [f64; 2] = [0.01, 0.003];

/// Decay of the averaged weights that are evaluated: rounding makes single steps noisy.
const EMA: f64 = 0.998;

/// Trains `network` further; `None` if it was interrupted, which leaves a checkpoint.
pub(super) fn run(
    args: &DeployArgs,
    network: &Network,
    config: Config,
    epochs: u32,
    chip: &Chip,
    images: &Images,
) -> Result<Option<(Network, Card)>> {
    let bits = args.target.weight_bits;
    if !(2..=8).contains(&bits) {
        bail!("--tune: trains for weights of 2 to 8 bits, not {bits}; give --weight-bits");
    }
    let wanted = wanted(args, config, epochs)?;
    let out = args.tune.out.clone().unwrap_or_else(|| beside(&args.network, chip, bits));
    ensure_free(&out, args.tune.resume).with_context(|| "--tune".to_owned())?;
    let kept = out.join("config.toml");
    if args.tune.resume && kept.exists() {
        let begun = Config::from_toml(&table(&kept)?.to_string()).with_context(|| kept.display().to_string())?;
        agree(&kept, &begun.differences(&wanted))?;
    }
    let job =
        Job { resume: args.tune.resume, from: Some(network), ..Job::new(&wanted, &images.train, &images.test, &out) };
    let outcome = follow::run(&job)?;
    if outcome.result.is_none() {
        println!("stopped after {} passes; continue with --resume", outcome.history.len());
        return Ok(None);
    }
    Ok(Some(load_network(&out.join("network.safetensors"))?))
}

/// The settings of the network with those of its tuning; `--tune-set` has the last word.
fn wanted(args: &DeployArgs, config: Config, epochs: u32) -> Result<Config> {
    let bits = args.target.weight_bits;
    let ema = if config.ema > 0.0 { f64::from(config.ema) } else { EMA };
    let mut table = Table::try_from(Config { protocol: training::ffgaf::Protocol::default(), ..config })?;
    let rate = RATES[usize::from(bits > 2)];
    table.extend(
        [
            ("from", Value::from(args.network.as_str())),
            ("weight_bits", Value::from(i64::from(bits))),
            ("epochs", Value::from(i64::from(epochs))),
            ("learning_rate", Value::from(rate)),
            ("ema", Value::from(ema)),
        ]
        .map(|(key, value)| (key.to_owned(), value)),
    );
    let own = overrides(&args.tune.settings)?;
    let known = Table::try_from(Config::default())?;
    super::train::settings::merge(&mut table, own.clone());
    Config::from_toml(&table.to_string()).map_err(|error| {
        let hint = misspelt(&own, &known);
        anyhow!("--tune: {}{hint}", crate::paragraph(&anyhow::Error::from(error)).trim_end())
    })
}

/// The run folder beside the network.
fn beside(network: &str, chip: &Chip, bits: u32) -> PathBuf {
    let chip = format!("{}-{bits}bit", chip.arch.name);
    Path::new(network).with_file_name(destination::for_chip(network, &chip, "tune"))
}
