//! `spikeloom deploy`: a trained network as the integers that a chip holds, and what that costs on validation images.

use crate::{
    args::{DeployArgs, ImageArgs, TargetArgs},
    cmd::{self, train::images},
    destination::{self, Destination},
    interrupt,
    outputs::Outputs,
    progress::{self, Bars},
    report::{
        losses::{Quantized, percent},
        text::wrapped,
    },
    source, target,
};
use anyhow::{Context, Result, bail, ensure};
use datasets::Dataset;
use simulator::TimingMode;
use spikeloom::{Chip, Model, RunOptions};
use std::{fmt, path::Path, path::PathBuf, process::ExitCode};
use training::{
    export,
    ffgaf::{Card, Network, Rounding, Runner, bytes_on_grid, load_network},
};

/// Rounds, compiles, compares, writes.
pub(crate) fn run(args: &DeployArgs) -> Result<ExitCode> {
    let (network, card) = load_network(&args.network)?;
    cmd::set_threads(args.threads)?;
    let chip = source::set(source::chip(&args.target.arch)?, &args.target.set)?;
    let output = Destination::of(args.output.as_deref(), || beside(&args.network, &chip));
    let outputs = Outputs::default().reading(&args.network.to_string_lossy()).and("--output", Some(output.path()));
    outputs.and("--save-activity", args.target.save_activity.as_deref()).check()?;
    let mut config = network.config.clone();
    if let (Some(own), Some(path)) = (&mut config.data, args.data.explicit()) {
        *own = path.display().to_string();
    }
    let train = images::load(&mut config, &args.data.dir())?.train;
    let deployed = deploy((&network, card), &train, (&chip, &args.target), &output)?;
    print!("{}", wrapped(&deployed.to_string()));
    Ok(ExitCode::SUCCESS)
}

/// Where the integers of a network go unless another file is named.
pub(crate) fn beside(network: &Path, chip: &Chip) -> PathBuf {
    network.with_file_name(destination::for_chip(&network.to_string_lossy(), &chip.arch.name, "safetensors"))
}

/// What deployment costs.
pub(crate) struct Deployment {
    arch: String,
    cores: usize,
    images: usize,
    float: usize,
    integer: usize,
    changed: usize,
    /// What rounding the trained weights to the integers that are written did.
    rounded: Rounding,
    /// What the chip then did to them.
    quantized: Quantized,
    /// Width of the integers that are written.
    bits: u32,
    output: PathBuf,
}

/// Writes `network` as integers to `output` and runs them on the validation images held out of `train`.
pub(crate) fn deploy(
    (network, mut card): (&Network, Card),
    train: &Dataset,
    (chip, target): (&Chip, &TargetArgs),
    output: &Destination,
) -> Result<Deployment> {
    ensure!(
        !network.config.input.is_events(),
        "the network was trained on recordings, which `deploy` does not run; `spikeloom run` and `compile` round its weights by themselves"
    );
    if let Err(why) = network.accepts(train) {
        bail!("the network {why}");
    }
    let (_, validation) = network.config.split(train)?;
    ensure!(!validation.is_empty(), "the network was trained without validation images; nothing can be compared");
    let bits = network.grid_bits();
    let too_wide = "a channel has weights too large for its threshold: the grid cannot hold them";
    let rounded = network.on_grid().context(too_wide)?;
    let model = Model::of_graph(&output.path().display().to_string(), export::graph(&rounded)?)?;
    let deployed = target::deploy(&model, chip, target, &ImageArgs::default(), false, &mut Bars::new())?;
    let options = RunOptions { mode: TimingMode::Counts, ..RunOptions::default() };
    let run = deployed.run(&validation, &options, &mut Bars::until(interrupt::flag()))?;
    if run.stopped {
        bail!("stopped before all validation images were run; nothing was written");
    }
    let runner = Runner::new(network);
    let bar = progress::bar(validation.len() as u64, "samples in float");
    let float: Vec<usize> = bar.wrap_iter(0..validation.len()).map(|i| runner.classify(validation.image(i))).collect();
    bar.finish_and_clear();
    let right = |class: usize, i: usize| class == usize::from(validation.labels[i]);
    let deployment = Deployment {
        arch: chip.arch.name.clone(),
        cores: deployed.executable.program.cores.len(),
        images: validation.len(),
        float: float.iter().enumerate().filter(|&(i, &class)| right(class, i)).count(),
        integer: run.correct().context("validation images have classes")?,
        changed: float.iter().zip(&run.samples).filter(|(float, s)| **float != s.class as usize).count(),
        rounded: network.rounding().context(too_wide)?,
        quantized: Quantized::of(&deployed, target.weight_bits).with_run(&run),
        bits,
        output: output.path().to_owned(),
    };
    card.measured.insert(format!("validation int{bits} %"), deployment.percent(deployment.integer));
    output.write(&bytes_on_grid(network, &card).context(too_wide)?)?;
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
            "deployed on {} ({} cores): {integer:.2} % of {} validation images with {}-bit weights, {float:.2} % in float: \
             {:+.2} points, {} decisions changed",
            self.arch,
            self.cores,
            self.images,
            self.bits,
            integer - float,
            self.changed
        )?;
        let Rounding { weights, zeroed, error } = self.rounded;
        let zeroed = zeroed as f64 / weights.max(1) as f64;
        writeln!(
            f,
            "rounded      weights as integers of {} bits are off by at most {} of a threshold; {} became 0",
            self.bits,
            percent(error),
            percent(zeroed)
        )?;
        write!(f, "these integers on {}:\n{}", self.arch, self.quantized)?;
        writeln!(f, "network: {}", self.output.display())
    }
}
