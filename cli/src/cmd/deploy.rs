//! `spikeloom deploy`: a trained network as the integers that a chip holds, and what that costs on validation images.

use crate::{
    args::{DeployArgs, ImageArgs, TargetArgs},
    cmd::{self, train::images, tune},
    destination::{self, Destination},
    interrupt,
    outputs::Outputs,
    progress::{self, Bars},
    report::{
        losses::{Quantized, percent},
        sections::{self, digest},
        text::wrapped,
    },
    source, target,
};
use anyhow::{Context, Result, bail, ensure};
use datasets::Dataset;
use simulator::TimingMode;
use spikeloom::{Chip, Deployed, Model, Run, RunOptions};
use std::{fmt, path::Path, path::PathBuf, process::ExitCode};
use training::{
    export,
    ffgaf::{Card, Network, Rounding, Runner, bytes_on_grid},
};

/// Rounds, compiles, compares, writes; with `--tune`, after training for the chip's weights.
pub(crate) fn run(args: &DeployArgs) -> Result<ExitCode> {
    let model = source::model(&args.network)?;
    let name = &args.network;
    let (network, card) = model.trained.with_context(|| {
        format!("{name}: holds no network that `spikeloom train` made; `spikeloom compile` takes every network")
    })?;
    cmd::set_threads(args.threads)?;
    let chip = source::set(source::chip(&args.target.arch)?, &args.target.set)?;
    let output = Destination::of(args.output.as_deref(), || beside(Path::new(name), &chip));
    let outputs = Outputs::default().reading(name).and("--output", Some(output.path()));
    outputs.and("--save-activity", args.target.save_activity.as_deref()).check()?;
    let mut config = network.config.clone();
    if let (Some(own), Some(path)) = (&mut config.data, args.data.explicit()) {
        *own = path.display().to_string();
    }
    let found = images::load(&mut config, &args.data.dir())?;
    if let Err(why) = network.accepts(&found.train) {
        bail!("{name}: the network {why}");
    }
    let inputs = || vec![digest("trained network", name, [ir::text::print(&model.graph).as_bytes()])];
    let deployed = match args.tune.epochs {
        None => deploy((&network, card), &found.train, (&chip, &args.target), &output)?,
        Some(epochs) => {
            let Some(tuned) = tune::run(args, &network, config, epochs, &chip, &found)? else {
                return Ok(interrupt::code());
            };
            let (of, images) = (&args.target, &found.train);
            let before = before(&network, (&chip, of), images)?;
            let deployed = deploy((&tuned.0, tuned.1), images, (&chip, of), &output)?;
            Deployment { before: Some(before), ..deployed }
        }
    };
    print!("{}", wrapped(&deployed.to_string()));
    args.report.write(&sections::deployed(&deployed, inputs()))?;
    Ok(ExitCode::SUCCESS)
}

/// Where the integers of a network go unless another file is named.
pub(crate) fn beside(network: &Path, chip: &Chip) -> PathBuf {
    network.with_file_name(destination::for_chip(&network.to_string_lossy(), &chip.arch.name, "safetensors"))
}

/// What deployment costs.
pub(crate) struct Deployment {
    pub(crate) arch: String,
    pub(crate) cores: usize,
    /// Validation images.
    pub(crate) images: usize,
    /// Those decided rightly in float, and as integers on the chip.
    pub(crate) float: usize,
    pub(crate) integer: usize,
    /// Decisions that differ.
    pub(crate) changed: usize,
    /// The network that was tuned, before it was.
    pub(crate) before: Option<Before>,
    /// What rounding the trained weights to the integers that are written did.
    pub(crate) rounded: Rounding,
    /// What the chip then did to them.
    pub(crate) quantized: Quantized,
    /// Width of the integers that are written.
    pub(crate) bits: u32,
    pub(crate) output: PathBuf,
}

/// Validation images that a network decides rightly before it is tuned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before {
    /// In float.
    pub(crate) float: usize,
    /// Rounded to the chip's weights.
    pub(crate) rounded: usize,
}

/// Writes `network` as integers to `output` and runs them on the validation images held out of `train`.
pub(crate) fn deploy(
    (network, mut card): (&Network, Card),
    train: &Dataset,
    (chip, target): (&Chip, &TargetArgs),
    output: &Destination,
) -> Result<Deployment> {
    if let Err(why) = network.accepts(train) {
        bail!("the network {why}");
    }
    let validation = validation(network, train)?;
    let bits = network.grid_bits();
    let too_wide = "a channel has weights too large for its threshold: the grid cannot hold them";
    let rounded = network.on_grid().context(too_wide)?;
    let model = Model::of_graph(&output.path().display().to_string(), export::graph(&rounded)?)?;
    let (deployed, run) = on_chip(&model, chip, target, &validation)?;
    let float = classes(network, &validation);
    let right = |class: usize, i: usize| class == usize::from(validation.labels[i]);
    let deployment = Deployment {
        arch: chip.arch.name.clone(),
        cores: deployed.executable.program.cores.len(),
        images: validation.len(),
        float: float.iter().enumerate().filter(|&(i, &class)| right(class, i)).count(),
        integer: run.correct().context("validation images have classes")?,
        changed: float.iter().zip(&run.samples).filter(|(float, s)| **float != s.class as usize).count(),
        rounded: network.rounding().context(too_wide)?,
        before: None,
        quantized: Quantized::of(&deployed, target.weight_bits).with_run(&run),
        bits,
        output: output.path().to_owned(),
    };
    card.measured.insert(format!("validation int{bits} %"), deployment.percent(deployment.integer));
    output.write(&bytes_on_grid(network, &card).context(too_wide)?)?;
    Ok(deployment)
}

/// The images that were held out of the training of a network.
fn validation(network: &Network, train: &Dataset) -> Result<Dataset> {
    ensure!(
        !network.config.input.is_events(),
        "the network was trained on recordings, which `deploy` does not run; `spikeloom run` and `compile` round its weights by themselves"
    );
    let (_, validation) = network.config.split(train)?;
    ensure!(!validation.is_empty(), "the network was trained without validation images; nothing can be compared");
    Ok(validation)
}

/// Validation images that a network decides rightly in float, and rounded to the weights of a chip.
pub(crate) fn before(network: &Network, (chip, target): (&Chip, &TargetArgs), train: &Dataset) -> Result<Before> {
    let validation = validation(network, train)?;
    let model = Model::of_graph("before tuning", export::graph(network)?)?;
    let (_, run) = on_chip(&model, chip, target, &validation)?;
    let right = classes(network, &validation).into_iter().zip(&validation.labels);
    let float = right.filter(|(class, label)| *class == usize::from(**label)).count();
    Ok(Before { float, rounded: run.correct().context("validation images have classes")? })
}

/// A model on a chip, and its run over validation images.
fn on_chip(model: &Model, chip: &Chip, target: &TargetArgs, validation: &Dataset) -> Result<(Deployed, Run)> {
    let deployed = target::deploy(model, chip, target, &ImageArgs::default(), false, &mut Bars::new())?;
    let options = RunOptions { mode: TimingMode::Counts, ..RunOptions::default() };
    let run = deployed.run(validation, &options, &mut Bars::until(interrupt::flag()))?;
    ensure!(!run.stopped, "stopped before all validation images were run; nothing was written");
    Ok((deployed, run))
}

/// What a network decides in float.
fn classes(network: &Network, images: &Dataset) -> Vec<usize> {
    let runner = Runner::new(network);
    let bar = progress::bar(images.len() as u64, "samples in float");
    let classes = bar.wrap_iter(0..images.len()).map(|i| runner.classify(images.image(i))).collect();
    bar.finish_and_clear();
    classes
}

impl Deployment {
    /// A share of the validation images.
    pub(crate) fn percent(&self, n: usize) -> f64 {
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
        if let Some(before) = self.before {
            let (rounded, float) = (self.percent(before.rounded), self.percent(before.float));
            writeln!(f, "before tuning {float:.2} % in float, {rounded:.2} % rounded to {} bits", self.bits)?;
            if before.rounded > self.integer {
                writeln!(
                    f,
                    "tuning made it worse: deploy without --tune, or try more passes or another learning_rate"
                )?;
            }
        }
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
