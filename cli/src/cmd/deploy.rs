//! `spikeloom deploy`: a trained network as the integers that a chip holds, and what that costs on validation images.

use crate::{
    args::{DeployArgs, ImageArgs, TargetArgs},
    cmd::{self, train::images},
    interrupt,
    progress::Bars,
    source, target,
};
use anyhow::{Context, Result, bail, ensure};
use datasets::Dataset;
use simulator::TimingMode;
use spikeloom::{Model, RunOptions};
use std::{
    fmt,
    path::{Path, PathBuf},
    process::ExitCode,
};
use training::{
    export,
    ffgaf::{Card, Network, Runner, load_network, save_on_grid},
};

/// Rounds, compiles, compares, writes.
pub(crate) fn run(args: &DeployArgs) -> Result<ExitCode> {
    let (network, card) = load_network(&args.network)?;
    cmd::set_threads(args.threads)?;
    let mut config = network.config.clone();
    if let (Some(own), Some(path)) = (&mut config.data, args.data.explicit()) {
        *own = path.display().to_string();
    }
    let train = images::load(&mut config, &args.data.dir())?.train;
    let output = args.output.clone().unwrap_or_else(|| args.network.with_file_name("deployed.safetensors"));
    ensure!(
        output != args.network,
        "{}: the trained network would be overwritten by its integers; choose another file with -o",
        output.display()
    );
    print!("{}", deploy((&network, card), &train, &args.target, &output)?);
    Ok(ExitCode::SUCCESS)
}

/// What deployment costs.
pub(crate) struct Deployment {
    arch: String,
    cores: usize,
    images: usize,
    float: usize,
    integer: usize,
    changed: usize,
    output: PathBuf,
}

/// Writes `network` as integers to `output` and runs them on the validation images held out of `train`.
pub(crate) fn deploy(
    (network, mut card): (&Network, Card),
    train: &Dataset,
    target: &TargetArgs,
    output: &Path,
) -> Result<Deployment> {
    if let Err(why) = network.accepts(train) {
        bail!("the network {why}");
    }
    let (_, validation) = network.config.split(train)?;
    ensure!(!validation.is_empty(), "the network was trained without validation images; nothing can be compared");
    let rounded =
        network.on_grid().context("a channel has weights over 63 times its threshold: 8 bits cannot hold it")?;
    let chip = source::chip(&target.arch)?;
    let model = Model::of_graph(&output.display().to_string(), export::graph(&rounded)?)?;
    let deployed = target::deploy(&model, &chip, target, &ImageArgs::default(), &mut Bars::new())?;
    let options = RunOptions { mode: TimingMode::Counts, ..RunOptions::default() };
    let run = deployed.run(&validation, &options, &mut Bars::until(interrupt::flag()))?;
    if run.stopped {
        bail!("stopped before all validation images were run; nothing was written");
    }
    let runner = Runner::new(network);
    let float: Vec<usize> = (0..validation.len()).map(|i| runner.classify(validation.image(i))).collect();
    let right = |class: usize, i: usize| class == usize::from(validation.labels[i]);
    let deployment = Deployment {
        arch: chip.arch.name.clone(),
        cores: deployed.executable.program.cores.len(),
        images: validation.len(),
        float: float.iter().enumerate().filter(|&(i, &class)| right(class, i)).count(),
        integer: run.correct().context("validation images have classes")?,
        changed: float.iter().zip(&run.samples).filter(|(float, s)| **float != s.class as usize).count(),
        output: output.to_owned(),
    };
    card.measured.insert("validation int8 %".into(), deployment.percent(deployment.integer));
    save_on_grid(output, network, &card)?;
    Ok(deployment)
}

impl Deployment {
    fn percent(&self, n: usize) -> f64 {
        100.0 * n as f64 / self.images.max(1) as f64
    }
}

impl fmt::Display for Deployment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (integer, float) = (self.percent(self.integer), self.percent(self.float));
        writeln!(
            f,
            "deployed on {} ({} cores): {integer:.2} % of {} validation images with 8-bit weights, {float:.2} % in float: \
             {:+.2} points, {} decisions changed",
            self.arch,
            self.cores,
            self.images,
            integer - float,
            self.changed
        )?;
        writeln!(f, "network: {}", self.output.display())
    }
}
