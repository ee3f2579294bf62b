//! Where inputs come from: networks, chips and images, by name or by file.

use crate::{
    args::{ImageArgs, ModelArgs, ProgramArgs},
    files,
    nir::NirArgs,
};
use anyhow::{Context, Result, bail};
use datasets::{Dataset, DatasetName, Split};
use energy::table::Table;
use spikeloom::{Chip, Described, Executable, Format, ImportOptions, Model, Recordings, Samples};
use std::path::Path;

/// The network that the arguments ask for. A NIR file's assumptions go to standard error.
pub(crate) fn model_of(args: &ModelArgs) -> Result<Model> {
    named(args.name(), &args.nir)
}

/// As [`model_of`]; recorded events say for a NIR file how samples enter and how long they are, unless options do.
pub(crate) fn model_for(args: &ModelArgs, images: &ImageArgs) -> Result<Model> {
    match images.data.as_deref() {
        Some(data) if is_recording(data) => Ok(inputs(args.name(), &args.nir, images)?.0),
        _ => model_of(args),
    }
}

/// The bundled network, trained network or graph called `name`.
pub(crate) fn model(name: &str) -> Result<Model> {
    named(name, &NirArgs::default())
}

fn is_nir(name: &str) -> bool {
    Format::of(name) == Some(Format::Nir)
}

/// The bundled network, trained network or graph called `name`; `nir` says what a NIR file does not.
pub(crate) fn named(name: &str, nir: &NirArgs) -> Result<Model> {
    let stray = match Format::of(name) {
        Some(Format::Netx) => nir.first_not_netx(),
        Some(Format::Nir) => nir.given().find(|option| *option == "--reset-interval"),
        Some(Format::Safetensors | Format::Graph) | None => nir.first_given(),
    };
    if let Some(option) = stray {
        let files = match option {
            "--reset-interval" => "netx files",
            "--steps" | "--coding" => "NIR and netx files",
            _ => "NIR files",
        };
        bail!("{option}: is for {files}; `{name}` says this itself");
    }
    let Some(format) = Format::of(name).filter(|_| training::zoo::find(name).is_none()) else {
        return Ok(Model::open(name)?);
    };
    let import = ImportOptions { nir: nir.options(), netx: nir.netx() };
    let model = Model::read(name, files::read(Path::new(name))?, format, &import)?;
    if format == Format::Nir || format == Format::Netx {
        eprintln!("{name}: what this file does not say");
        model.remarks.iter().for_each(|remark| eprintln!("  {remark}"));
    }
    Ok(model)
}

/// The chip called `name`: a preset, or a description file; prices that it names and that do not ship are read beside it.
///
/// # Errors
/// If there is no such chip, or its description is wrong.
pub fn chip(name: &str) -> Result<Chip> {
    if !name.ends_with(".ron") {
        return Ok(Chip::open(name)?);
    }
    let path = Path::new(name);
    let chip = Chip::parse(name, &files::read_text(path)?)?;
    match chip.arch.prices.as_deref().filter(|prices| prices.ends_with(".ron")) {
        Some(prices) => {
            let prices = path.with_file_name(prices);
            Ok(chip.with_prices(table(&prices.to_string_lossy())?))
        }
        None => Ok(chip),
    }
}

/// The chip with fields changed, each as `PATH=VALUE`; its name says so.
pub(crate) fn set(mut chip: Chip, changes: &[String]) -> Result<Chip> {
    for change in changes {
        let Some((path, value)) = change.split_once('=') else {
            bail!("--set {change}: write PATH=VALUE, as in core.neurons=512; `spikeloom chip show` lists the paths");
        };
        let value = explore::Scalar::parse(value.trim());
        let arch = explore::set(&chip.arch, [(path.trim(), &value)]);
        chip.arch = arch.map_err(|error| anyhow::anyhow!("--set {change}: {error}"))?;
        chip.arch.name = format!("{}, {}={value}", chip.arch.name, path.trim());
    }
    Ok(chip)
}

/// A network and its samples. Recorded events say for a NIR file how samples enter and how long they are, unless options do.
pub(crate) fn inputs(name: &str, nir: &NirArgs, images: &ImageArgs) -> Result<(Model, Box<dyn Samples>)> {
    if let Some(file) = images.data.as_deref().filter(|data| is_recording(data)) {
        let samples = recordings(file, images.limit)?;
        let mut nir = nir.clone();
        if is_nir(name) || Format::of(name) == Some(Format::Netx) {
            nir.default_to_events(samples.timesteps());
        }
        return Ok((named(name, &nir)?, Box::new(samples)));
    }
    let model = named(name, nir)?;
    let samples = samples(images, model.dataset())?;
    Ok((model, samples))
}

/// The samples that the arguments ask for: recorded events, or images; `dataset` is the network's own.
pub(crate) fn samples(args: &ImageArgs, dataset: Option<DatasetName>) -> Result<Box<dyn Samples>> {
    match &args.data {
        Some(file) if is_recording(file) => Ok(Box::new(recordings(file, args.limit)?)),
        _ => Ok(Box::new(images(args, dataset)?)),
    }
}

fn recordings(file: &str, limit: Option<usize>) -> Result<Recordings> {
    let all = Recordings::parse(file, &files::read_text(Path::new(file))?)?;
    match limit {
        Some(0) => bail!("--limit 0: no sample would be left; give 1 or more"),
        Some(n) => Ok(all.first(n)),
        None => Ok(all),
    }
}

/// Whether `--data` names recorded events.
fn is_recording(data: &str) -> bool {
    Path::new(data).extension().is_some_and(|e| e == "csv")
}

/// The test images that the arguments ask for; `dataset` is the network's own.
pub(crate) fn images(args: &ImageArgs, dataset: Option<DatasetName>) -> Result<Dataset> {
    let all = match (&args.data, dataset) {
        (None, Some(DatasetName::Mnist)) => datasets::bundled::mnist_test_500(),
        _ => split(args.data.as_deref(), dataset, Split::Test)?,
    };
    match args.limit {
        Some(0) => bail!("--limit 0: no image would be left; give 1 or more"),
        Some(n) if n < all.len() => Ok(all.subset(0..n)),
        _ => Ok(all),
    }
}

/// The first `n` training images of the data set that `--data` names, or of the network's own; of recordings, which have no split,
/// the first `n`.
pub(crate) fn training(given: Option<&str>, dataset: Option<DatasetName>, n: usize) -> Result<Box<dyn Samples>> {
    if let Some(file) = given.filter(|data| is_recording(data)) {
        let first = recordings(file, Some(n))?;
        eprintln!("{file}: has no training part; the first {} are learned from, and reported on too", first.counted());
        return Ok(Box::new(first));
    }
    let all = split(given, dataset, Split::Train)?;
    Ok(Box::new(if n < all.len() { all.subset(0..n) } else { all }))
}

fn split(given: Option<&str>, own: Option<DatasetName>, split: Split) -> Result<Dataset> {
    Ok(match (given, own) {
        (None, Some(name)) => datasets::load(name, split, &datasets::default_dir())?,
        (None, None) => bail!("the network does not say which data set it belongs to; name one with --data"),
        (Some(given), own) => match (given.parse::<DatasetName>(), own) {
            (Ok(name), _) => datasets::load(name, split, &datasets::default_dir())?,
            (Err(_), Some(name)) => datasets::load(name, split, Path::new(given))?,
            (Err(_), None) => {
                bail!(
                    "--data {given}: the network does not say which data set the folder holds; name a data set instead"
                )
            }
        },
    })
}

/// The compiled program in a file on its chip: the one named, or the one that the program was compiled for. The program is
/// verified against the chip, so that what follows may rely on it.
pub(crate) fn program(args: &ProgramArgs) -> Result<Executable> {
    let (name, bytes) = (args.program.display().to_string(), files::read(&args.program)?);
    let chip = match &args.arch {
        Some(arch) => chip(arch)?,
        None => chip(&spikeloom::decode(&name, &bytes)?.arch)?,
    };
    Ok(Executable::read(&name, &bytes, chip)?)
}

/// The energy table called `name` for a chip; without a name its own, or what follows from its parts.
///
/// # Errors
/// If there is no such table, or the chip has none and no parts.
pub fn table_for(described: &Described, chip: &Chip, name: Option<&str>) -> Result<Table> {
    match name {
        Some(name) if name.ends_with(".ron") => table(name),
        Some(name) => Ok(described.table(name)?),
        None if chip.arch.prices.is_none() && chip.prices().is_err() && chip.arch.technology.is_some() => {
            Ok(described.table(energy::component::NAME)?)
        }
        None => Ok(chip.prices()?.clone()),
    }
}

/// The energy table called `name`: one that ships, the projection of one, or a file.
///
/// # Errors
/// If there is no such table, or the file holds none.
pub fn table(name: &str) -> Result<Table> {
    if name.ends_with(".ron") {
        return Table::from_ron(&files::read_text(Path::new(name))?).with_context(|| name.to_owned());
    }
    Ok(spikeloom::table(name)?)
}
