//! Which samples the arguments ask for, and the network that they are for: recordings say for a NIR file how samples enter, how
//! long they are and which values they have.

use crate::{
    args::{ImageArgs, ModelArgs},
    nir::{self, NirArgs, RecordedInput},
    source,
    spelling::hint,
};
use anyhow::{Context, Result, bail, ensure};
use datasets::{
    Dataset, DatasetName, Split,
    own::OwnImages,
    recording::{self, Labels, Opened, Wanted},
};
use isa::Program;
use spikeloom::{Format, Input, Model, Samples, Unlabelled};
use std::path::Path;

/// A network and its samples.
pub(crate) fn inputs(name: &str, nir: &NirArgs, args: &ImageArgs) -> Result<(Model, Box<dyn Samples>)> {
    let Some(file) = own(args).filter(|_| leaves_input_open(name)) else {
        let model = source::named(name, nir)?;
        let samples = for_model(args, &model)?;
        return Ok((model, samples));
    };
    let input = input_of(name, nir)?;
    let wanted = Wanted { input, values: nir.takes_values(), split: Split::Test, binning: args.events.binning() };
    let opened = open(file, &wanted, args)?;
    let mut nir = nir.clone();
    if let Opened::Recordings(events) = &opened {
        ensure!(
            Format::of(name) != Some(Format::Netx) || is_whole(events.unit),
            "{file}: holds real values, and a netx network takes whole numbers, those of lava-dl's input transformation; give these, or \
             --coding every for intensities of 0 to 1 that are presented in every timestep"
        );
        let (least, most) = events.range();
        let steps = events.longest();
        let lengths_differ = events.samples.iter().any(|s| s.steps != steps);
        nir.record(RecordedInput { steps, lengths_differ, least, most, unit: events.unit });
    }
    let model = source::named(name, &nir)?;
    let steps = model.input()?.coding.steps();
    Ok((model, boxed(opened, args, steps)))
}

/// The network that the arguments ask for; recordings say for a file that leaves it open how samples enter and how long they are.
pub(crate) fn model_for(model: &ModelArgs, images: &ImageArgs) -> Result<Model> {
    match own(images) {
        Some(_) if leaves_input_open(model.name()) => Ok(inputs(model.name(), &model.nir, images)?.0),
        _ => source::model_of(model),
    }
}

/// The samples for a network that is known.
pub(crate) fn for_model(args: &ImageArgs, model: &Model) -> Result<Box<dyn Samples>> {
    for_input(args, model.dataset(), &model.input()?)
}

/// Samples of one's own, if `--data` names no data set.
fn own(args: &ImageArgs) -> Option<&str> {
    args.data.as_deref().filter(|data| data.parse::<DatasetName>().is_err())
}

/// Whether a network's file leaves open how samples enter.
fn leaves_input_open(name: &str) -> bool {
    matches!(Format::of(name), Some(Format::Nir | Format::Netx))
}

/// Channels, rows and columns of the input of a file that leaves the rest open.
fn input_of(name: &str, nir: &NirArgs) -> Result<[usize; 3]> {
    if Format::of(name) == Some(Format::Nir) {
        let input = nir::read(Path::new(name))?.input();
        return input.with_context(|| format!("{name}: the file does not say which shape its input has"));
    }
    Ok(source::silently(name, nir)?.input()?.shape)
}

/// The samples for a compiled program.
pub(crate) fn for_program(args: &ImageArgs, program: &Program) -> Result<Box<dyn Samples>> {
    for_input(args, program.name.parse().ok(), &Input::of_program(program))
}

fn for_input(args: &ImageArgs, dataset: Option<DatasetName>, input: &Input) -> Result<Box<dyn Samples>> {
    match own(args) {
        Some(file) => known_or_own(args, (file, dataset), input),
        None => {
            ensure!(args.labels.is_none(), "--labels: a data set has labels of its own; leave it out");
            Ok(Box::new(images(args, dataset)?))
        }
    }
}

/// Whether values in this unit are whole numbers.
fn is_whole(unit: f64) -> bool {
    (unit - 1.0).abs() < f64::EPSILON
}

/// A folder that holds the network's data set, or samples of one's own.
fn known_or_own(
    args: &ImageArgs,
    (file, dataset): (&str, Option<DatasetName>),
    input: &Input,
) -> Result<Box<dyn Samples>> {
    let values = !input.coding.is_events();
    let wanted = Wanted { input: input.shape, values, split: Split::Test, binning: args.events.binning() };
    let steps = input.coding.steps();
    if let Some(name) = dataset.filter(|_| Path::new(file).is_dir()) {
        match datasets::load(name, Split::Test, Path::new(file)) {
            Ok(data) => return Ok(Box::new(first(data, args.limit)?)),
            Err(known) => {
                let Ok(own) = open(file, &wanted, args) else { return Err(known.into()) };
                eprintln!("{file}: is not the published {name}; read as images of its own");
                return Ok(boxed(own, args, steps));
            }
        }
    }
    let opened = open(file, &wanted, args)?;
    if let Opened::Recordings(events) = &opened {
        ensure!(
            is_whole(events.unit),
            "{file}: holds real values, and only for a NIR file does the data say what one unit is; give whole numbers"
        );
    }
    Ok(boxed(opened, args, steps))
}

/// Reads samples, no more than asked for, and says what was assumed on the way.
fn open(file: &str, wanted: &Wanted, args: &ImageArgs) -> Result<Opened> {
    if !Path::new(file).exists() {
        let known: Vec<&str> = DatasetName::ALL.iter().map(|name| name.as_str()).collect();
        bail!(
            "--data {file}: is neither a data set ({}; `spikeloom data fetch` gets them) nor a file or folder; check the path{}",
            known.join(", "),
            hint(file, known.iter().copied())
        );
    }
    let mut opened = recording::open(Path::new(file), wanted)?;
    if let Some(labels) = &args.labels {
        Labels::read(labels)?.give(&mut opened, labels)?;
    }
    let (opened, remarks) = match opened {
        Opened::Images(mut images) => {
            ensure!(!args.events.clip, "--clip is for recorded events, and {file} holds images");
            let remarks = std::mem::take(&mut images.remarks);
            let data = first(images.data, args.limit)?;
            (Opened::Images(OwnImages { data, ..images }), remarks)
        }
        Opened::Recordings(mut events) => {
            match args.limit {
                Some(0) => bail!("--limit 0: no recording would be left; give 1 or more"),
                Some(n) => events.samples.truncate(n),
                None => {}
            }
            if args.events.clip {
                events.clip();
            }
            let remarks = std::mem::take(&mut events.remarks);
            (Opened::Recordings(events), remarks)
        }
    };
    for remark in remarks {
        eprintln!("{file}: {remark}");
    }
    Ok(opened)
}

/// The samples for an input of `steps` timesteps; what comes later is left out if that was asked for.
fn boxed(opened: Opened, args: &ImageArgs, steps: u32) -> Box<dyn Samples> {
    match opened {
        Opened::Images(images) if images.labelled => Box::new(images.data),
        Opened::Images(images) => Box::new(Unlabelled(images.data)),
        Opened::Recordings(mut events) => {
            let all: usize = events.samples.iter().map(|s| s.events().len()).sum();
            let longer = events.samples.iter().filter(|s| s.steps > steps).count();
            if args.events.cut && longer > 0 {
                let left_out: usize = events.samples.iter_mut().map(|s| s.cut(steps)).sum();
                eprintln!(
                    "{}: {longer} of {} recordings are cut to {steps} timesteps, which leaves out {left_out} of {all} events",
                    events.name,
                    events.samples.len()
                );
            }
            Box::new(events)
        }
    }
}

/// The first images.
fn first(all: Dataset, limit: Option<usize>) -> Result<Dataset> {
    match limit {
        Some(0) => bail!("--limit 0: no image would be left; give 1 or more"),
        Some(n) if n < all.len() => Ok(all.subset(0..n)),
        _ => Ok(all),
    }
}

/// The test images that the arguments ask for; `dataset` is the network's own.
pub(crate) fn images(args: &ImageArgs, dataset: Option<DatasetName>) -> Result<Dataset> {
    let all = match (&args.data, dataset) {
        (None, Some(DatasetName::Mnist)) => datasets::bundled::mnist_test_500(),
        _ => split(args.data.as_deref(), dataset, Split::Test)?,
    };
    first(all, args.limit)
}

/// The first `n` training samples of the data set that `--data` names, or of the network's own; of recordings, which have no split,
/// the first `n`.
pub(crate) fn training(args: &ImageArgs, model: &Model, n: usize) -> Result<Box<dyn Samples>> {
    if let Some(file) = own(args)
        && !is_known(file, model.dataset())
    {
        let input = model.input()?;
        let values = !input.coding.is_events();
        let wanted = Wanted { input: input.shape, values, split: Split::Train, binning: args.events.binning() };
        let limited = ImageArgs { limit: Some(n), ..args.clone() };
        let opened = open(file, &wanted, &limited)?;
        if let Opened::Recordings(events) = &opened {
            let n = events.samples.len();
            eprintln!("{file}: has no training part; the first {n} recordings are learned from, and reported on too");
        }
        return Ok(boxed(opened, &limited, input.coding.steps()));
    }
    let all = split(args.data.as_deref(), model.dataset(), Split::Train)?;
    Ok(Box::new(if n < all.len() { all.subset(0..n) } else { all }))
}

/// Whether a folder holds the published files of the network's data set.
fn is_known(file: &str, dataset: Option<DatasetName>) -> bool {
    let place = Path::new(file);
    dataset.is_some_and(|name| place.is_dir() && datasets::load(name, Split::Test, place).is_ok())
}

fn split(given: Option<&str>, own: Option<DatasetName>, split: Split) -> Result<Dataset> {
    let Some(given) = given else {
        let name = own.context("the network does not say which data set it belongs to; name one with --data")?;
        return Ok(datasets::load(name, split, &datasets::default_dir())?);
    };
    if let Ok(name) = given.parse::<DatasetName>() {
        return Ok(datasets::load(name, split, &datasets::default_dir())?);
    }
    let place = Path::new(given);
    match own {
        Some(name) => match datasets::load(name, split, place) {
            Ok(data) => Ok(data),
            Err(known) => datasets::own::images(place, split).map(|own| own.data).map_err(|_| known.into()),
        },
        None => Ok(datasets::own::images(place, split)?.data),
    }
}
