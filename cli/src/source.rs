//! Where inputs come from: networks, chips and images, by name or by file.

use crate::{
    args::{ImageArgs, ModelArgs, ProgramArgs},
    files,
    nir::NirArgs,
    samples::{Recordings, Samples},
};
use anyhow::{Context, Result, bail};
use datasets::{Dataset, DatasetName, Split};
use energy::table::Table;
use ir::{Graph, Trained};
use isa::{Arch, Program};
use std::path::Path;
use training::{
    export,
    ffgaf::{Card, Network, read_network},
    zoo,
};

/// A network to compile.
pub(crate) struct Model {
    /// What the user called it.
    pub(crate) name: String,
    /// The graph.
    pub(crate) graph: Graph<Trained>,
    /// The trained network behind it and its card, unless it came as a graph.
    pub(crate) trained: Option<(Network, Card)>,
}

impl Model {
    /// The data set that the network was trained on, if it is one of those known here.
    pub(crate) fn dataset(&self) -> Option<DatasetName> {
        self.graph.name.parse().ok()
    }
}

/// The network that the arguments ask for. A NIR file's assumptions go to standard error.
pub(crate) fn model_of(args: &ModelArgs) -> Result<Model> {
    named(args.name(), &args.nir)
}

/// The bundled network, trained network or graph called `name`.
pub(crate) fn model(name: &str) -> Result<Model> {
    named(name, &NirArgs::default())
}

fn is_nir(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|e| e == "nir")
}

/// The bundled network, trained network or graph called `name`; `nir` says what a NIR file does not.
pub(crate) fn named(name: &str, nir: &NirArgs) -> Result<Model> {
    let path = Path::new(name);
    if let Some(option) = nir.first_given().filter(|_| !is_nir(name)) {
        bail!("{option}: is for NIR files; `{name}` says this itself");
    }
    let trained = if let Some(entry) = zoo::find(name) {
        entry.load()?
    } else {
        match path.extension().and_then(|e| e.to_str()) {
            Some("safetensors") => read_network(&files::read(path)?, path)?,
            Some("ron") => return graph(name, path),
            Some("nir") => return Ok(Model { name: name.to_owned(), graph: nir.load(path)?, trained: None }),
            _ => {
                let known: Vec<&str> = zoo::ENTRIES.iter().map(|e| e.name).collect();
                bail!(
                    "model `{name}`: is neither a bundled network ({}) nor a file ending in .safetensors (trained network), \
                     .nir (NIR) or .ron (graph); give one of these",
                    known.join(", ")
                );
            }
        }
    };
    let graph = export::graph(&trained.0).with_context(|| name.to_owned())?;
    Ok(Model { name: name.to_owned(), graph, trained: Some(trained) })
}

fn graph(name: &str, path: &Path) -> Result<Model> {
    let graph: Graph<Trained> =
        ir::text::parse(&files::read_text(path)?).with_context(|| format!("{name}: is not a graph"))?;
    let violations = ir::verify(&graph);
    if !violations.is_empty() {
        let list: Vec<String> = violations.iter().map(ToString::to_string).collect();
        bail!("{name}: the graph is not valid: {}; see docs/semantics.md for the rules", list.join("; "));
    }
    Ok(Model { name: name.to_owned(), graph, trained: None })
}

/// The chip called `name`: a preset, or a description file.
pub(crate) fn arch(name: &str) -> Result<Arch> {
    if let Some(arch) = isa::arch::preset::preset(name) {
        return Ok(arch);
    }
    if !name.ends_with(".ron") {
        let known: Vec<&str> = isa::arch::preset::PRESETS.iter().map(|(name, _)| *name).collect();
        bail!(
            "chip `{name}`: is neither a preset ({}) nor a description file ending in .ron; give one of these",
            known.join(", ")
        );
    }
    Ok(isa::arch::preset::parse(&files::read_text(Path::new(name))?, name)?)
}

/// A network and its samples. Recorded events say for a NIR file how samples enter and how long they are, unless options do.
pub(crate) fn inputs(name: &str, nir: &NirArgs, images: &ImageArgs) -> Result<(Model, Samples)> {
    if images.data.as_deref().is_some_and(is_recording) {
        let samples = samples(images, None)?;
        let mut nir = nir.clone();
        if is_nir(name) {
            nir.default_to_events(samples.timesteps());
        }
        return Ok((named(name, &nir)?, samples));
    }
    let model = named(name, nir)?;
    let samples = samples(images, model.dataset())?;
    Ok((model, samples))
}

/// The samples that the arguments ask for: recorded events, or images; `dataset` is the network's own.
pub(crate) fn samples(args: &ImageArgs, dataset: Option<DatasetName>) -> Result<Samples> {
    match &args.data {
        Some(file) if is_recording(file) => Ok(Samples::Events(Recordings::read(Path::new(file))?.limit(args.limit)?)),
        _ => images(args, dataset).map(Samples::Images),
    }
}

/// Whether `--data` names recorded events.
pub(crate) fn is_recording(data: &str) -> bool {
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

/// The first `n` training images of the data set that `--data` names, or of the network's own.
pub(crate) fn training(given: Option<&str>, dataset: Option<DatasetName>, n: usize) -> Result<Dataset> {
    let all = split(given, dataset, Split::Train)?;
    Ok(if n < all.len() { all.subset(0..n) } else { all })
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

/// The compiled program in a file, and its chip: the one named, or the one that the program was compiled for. The program
/// is verified against the chip, so that what follows may rely on it.
pub(crate) fn program(args: &ProgramArgs) -> Result<(Program, Arch)> {
    let path = &args.program;
    let program = isa::decode(&files::read(path)?).with_context(|| {
        format!(
            "{}: is not a program that this version reads; compile it again with `spikeloom compile`",
            path.display()
        )
    })?;
    let arch = arch(args.arch.as_deref().unwrap_or(&program.arch))?;
    let place = path.display();
    if program.arch != arch.name {
        bail!(
            "{place}: was compiled for {}, not for {}; compile the network again for this chip",
            program.arch,
            arch.name
        );
    }
    let violations = isa::verify(&program, &arch);
    if !violations.is_empty() {
        let list: Vec<String> = violations.iter().map(|v| format!("\n  - {v}")).collect();
        bail!("{place}: breaks rules of {}; compile the network again for this chip:{}", arch.name, list.concat());
    }
    Ok((program, arch))
}

/// The energy table called `name`, or the chip's own.
pub(crate) fn energy_table(name: Option<&str>, arch: &Arch) -> Result<Table> {
    table(name.unwrap_or_else(|| table_of(&arch.name)))
}

/// The name of the table that goes with a chip; the chip's name if none ships.
pub(crate) fn table_of(arch: &str) -> &str {
    Table::name_for(arch).unwrap_or(arch)
}

/// The energy table called `name`: one that ships, or a file.
pub(crate) fn table(name: &str) -> Result<Table> {
    if let Some(table) = Table::preset(name) {
        return Ok(table);
    }
    if let Some(factor) = name.strip_prefix("loihi2:") {
        return match factor.parse::<f64>() {
            Ok(factor) if factor.is_finite() && factor > 0.0 => Ok(Table::loihi2(factor)),
            _ => bail!(
                "energy table `{name}`: the factor on Loihi 1's prices must be a positive number, as in loihi2:0.5"
            ),
        };
    }
    let known: Vec<&str> = energy::table::PRESETS.iter().map(|(name, _)| *name).collect();
    if !name.ends_with(".ron") {
        bail!(
            "energy table `{name}`: is neither a table that ships ({}), nor loihi2:FACTOR (a projection: Loihi 1's prices times \
             your factor), nor a file ending in .ron; choose one with --table",
            known.join(", ")
        );
    }
    Table::from_ron(&files::read_text(Path::new(name))?).with_context(|| name.to_owned())
}
