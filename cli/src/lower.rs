//! From a model to a program, as the arguments say: clips chosen and activity measured on training images.

use crate::{
    args::TargetArgs,
    rates::{RateSource, Rates},
    report::mapping::{self, MappingReport},
    samples::Samples,
    source::{self, Model},
};
use anyhow::{Context, Result, bail};
use compiler::{Activity, CompileError, Compiled, Observer, Options, QuantizeOptions, Unobserved, program_cost};
use datasets::Dataset;
use isa::Arch;
use serde::Serialize;

/// A compiled network and what weighting its placement changed.
pub(crate) struct Lowered {
    /// The compiled network.
    pub(crate) compiled: Compiled,
    /// Present if activity was given.
    pub(crate) weighting: Option<Weighting>,
}

/// The cost of two mappings under measured activity.
#[derive(Serialize)]
pub(crate) struct Weighting {
    /// Where the activity comes from.
    pub(crate) origin: String,
    /// The mapping made for assumed activity, and the one made for the measured one.
    pub(crate) mappings: [MappingReport; 2],
}

/// Compiles; `data` says where training images are. `None` if the observer stopped the compilation.
pub(crate) fn lower(
    model: &Model,
    arch: &Arch,
    (target, data): (&TargetArgs, Option<&str>),
    watch: &mut dyn Observer,
) -> Result<Option<Lowered>> {
    if target.save_activity.is_some() && target.activity.is_none() {
        bail!("--save-activity: nothing is measured; add --activity train:N");
    }
    let calibration = match target.calibrate {
        None => Vec::new(),
        Some(n) => stimuli(model, &source::training(data, model.dataset(), n as usize)?)?,
    };
    let quantize = QuantizeOptions {
        weight_bits: target.weight_bits,
        state_bits: arch.core.state_bits,
        calibration: &calibration,
        ..QuantizeOptions::default()
    };
    let compile = |activity: Option<Activity>, watch: &mut dyn Observer| {
        let TargetArgs { seed, check, balance, .. } = *target;
        let options = Options { seed, check, balance, activity, ..Options::default() };
        match compiler::compile(&model.graph, arch, (&quantize, &options), watch) {
            Ok(compiled) => Ok(Some(compiled)),
            Err(CompileError::Stopped(_)) => Ok(None),
            Err(error) => Err(does_not_compile(model, arch, error)),
        }
    };
    let Some(rates) = &target.activity else {
        return Ok(compile(None, watch)?.map(|compiled| Lowered { compiled, weighting: None }));
    };
    let assumed = compile(None, &mut Unobserved)?.expect("nobody stops it").program;
    let (rates, place) = match rates {
        RateSource::Train(n) => {
            let images = source::training(data, model.dataset(), *n)?;
            (Rates::measure(&assumed, arch, &Samples::Images(images))?, "--activity".to_owned())
        }
        RateSource::File(path) => (Rates::read(path)?, path.display().to_string()),
    };
    if let Some(path) = &target.save_activity {
        rates.write(path)?;
    }
    let activity = rates.activity(&assumed, &place)?;
    let Some(compiled) = compile(Some(activity.clone()), watch)? else { return Ok(None) };
    let cost = |placed_for, program| MappingReport::new(placed_for, &program_cost(program, arch, &activity));
    let mappings = [cost("assumed activity", &assumed), cost("this activity", &compiled.program)];
    let weighting = Weighting { origin: rates.origin, mappings };
    Ok(Some(Lowered { compiled, weighting: Some(weighting) }))
}

/// The input events of images.
pub(crate) fn stimuli(model: &Model, images: &Dataset) -> Result<Vec<ir::Stimulus>> {
    let graph = &model.graph;
    let input = graph.input().with_context(|| format!("{}: the network has no input", model.name))?;
    let population = graph.population(input);
    let ir::NeuronModel::Input { coding, .. } = population.neuron else {
        unreachable!("`input` finds input populations only")
    };
    if coding == ir::InputCoding::Events {
        bail!("{}: takes recorded events, and images have none", model.name);
    }
    if images.image_len() != population.shape.neurons() {
        bail!(
            "{}: images have {} values, but the network's input `{}` has {}; use the data set that it was trained on",
            images.name,
            images.image_len(),
            population.name,
            population.shape.neurons()
        );
    }
    let stimulus = |i| ir::Stimulus::direct(&graph.encoding.encode(images.image(i)), coding);
    Ok((0..images.len()).map(stimulus).collect())
}

/// The error in the words of the command line: which network, which chip, everything that is wrong.
fn does_not_compile(model: &Model, arch: &Arch, error: CompileError) -> anyhow::Error {
    match error {
        CompileError::Diagnostics(list) => {
            let reasons: Vec<String> = list.0.iter().map(|d| format!("\n  - {d}")).collect();
            anyhow::anyhow!("{} does not fit on {}:{}", model.name, arch.name, reasons.concat())
        }
        other => anyhow::anyhow!("{} on {}: {other}", model.name, arch.name),
    }
}

impl std::fmt::Display for Weighting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&mapping::table("mapped for", &self.mappings, &format!("the activity of {}", self.origin)))
    }
}
