//! Where inputs come from: networks, chips and prices, by name or by file.

use crate::{
    args::{ModelArgs, ProgramArgs},
    files,
    nir::NirArgs,
    spelling::{hint, hinted},
};
use anyhow::{Context, Result, bail};
use energy::table::Table;
use spikeloom::{Chip, Described, Executable, Format, ImportOptions, Model};
use std::path::Path;

/// The network that the arguments ask for. A NIR file's assumptions go to standard error.
pub(crate) fn model_of(args: &ModelArgs) -> Result<Model> {
    named(args.name(), &args.nir)
}

/// The bundled network, trained network or graph called `name`.
pub(crate) fn model(name: &str) -> Result<Model> {
    named(name, &NirArgs::default())
}

/// The bundled network, trained network or graph called `name`; `nir` says what a NIR file does not, and what the file leaves open is printed.
pub(crate) fn named(name: &str, nir: &NirArgs) -> Result<Model> {
    let model = silently(name, nir)?;
    if training::zoo::find(name).is_none() && matches!(Format::of(name), Some(Format::Nir | Format::Netx)) {
        eprintln!("{name}: what this file does not say");
        model.remarks.iter().for_each(|remark| eprintln!("  {remark}"));
    }
    Ok(model)
}

/// The same, without a word.
pub(crate) fn silently(name: &str, nir: &NirArgs) -> Result<Model> {
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
        let known = training::zoo::ENTRIES.iter().map(|entry| entry.name);
        return Model::open(name).map_err(|error| hinted(error.into(), name, known));
    };
    let import = ImportOptions { nir: nir.options(), netx: nir.netx() };
    let mut model = Model::read(name, files::read(Path::new(name))?, format, &import)?;
    nir.take_values(&mut model);
    Ok(model)
}

/// The chip called `name`: a preset, or a description file; prices that it names and that do not ship are read beside it.
///
/// # Errors
/// If there is no such chip, or its description is wrong.
pub fn chip(name: &str) -> Result<Chip> {
    if !name.ends_with(".ron") {
        let known = isa::arch::preset::PRESETS.iter().map(|(known, _)| *known);
        return Chip::open(name).map_err(|error| hinted(error.into(), name, known));
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
        let arch = explore::set(&chip.arch, [(path.trim(), &value)]).map_err(|error| {
            let known = explore::known_paths(&chip.arch);
            let hint = hint(path.trim(), known.iter().map(|(path, _)| path.as_str()));
            anyhow::anyhow!("--set {change}: {error}{hint}")
        });
        chip.arch = arch?;
        chip.arch.name = format!("{}, {}={value}", chip.arch.name, path.trim());
    }
    Ok(chip)
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
        Some(name) => described.table(name).map_err(|error| misspelt_table(error, name)),
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
    spikeloom::table(name).map_err(|error| misspelt_table(error, name))
}

fn misspelt_table(error: spikeloom::Error, name: &str) -> anyhow::Error {
    let known = energy::table::PRESETS.iter().map(|(known, _)| *known).chain([energy::component::NAME]);
    hinted(error.into(), name.strip_prefix("scaled:").unwrap_or(name), known)
}
