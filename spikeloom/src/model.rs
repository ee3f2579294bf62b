//! A network to deploy: one that ships, a trained network, a NIR or netx file, or a graph.

use crate::error::{Error, Result};
use datasets::DatasetName;
use ir::{Graph, Quantized, Stage, Trained, text::TextError};
use std::path::Path;
use training::{
    export,
    ffgaf::{Card, Network, read_network},
    zoo,
};

/// A network to deploy.
#[derive(Clone, Debug)]
pub struct Model {
    /// What the user called it.
    pub name: String,
    /// The graph; the same numbers in reals if it came in integers.
    pub graph: Graph<Trained>,
    /// The integers that are executed as they are, where the file holds those of a chip; else the graph is quantized.
    pub integers: Option<Graph<Quantized>>,
    /// The trained network behind it and its card, unless it came as a graph.
    pub trained: Option<(Network, Card)>,
    /// What its file does not say and what was taken for it, and what else a user should know; one line each.
    pub remarks: Vec<String>,
}

/// How a network is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A network trained here (.safetensors).
    Safetensors,
    /// A NIR file (.nir).
    Nir,
    /// A netx file of lava-dl (.net).
    Netx,
    /// A graph (.ron).
    Graph,
}

/// What a file leaves open. Formats that say everything ignore it.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// What a NIR file does not say.
    #[cfg(feature = "nir")]
    pub nir: nir::Options,
    /// What a netx file does not say.
    #[cfg(feature = "nir")]
    pub netx: netx::Options,
}

impl Format {
    /// The format that a file's ending says, in capitals or not.
    pub fn of(name: &str) -> Option<Self> {
        match Path::new(name).extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "safetensors" => Some(Self::Safetensors),
            "nir" => Some(Self::Nir),
            "net" => Some(Self::Netx),
            "ron" => Some(Self::Graph),
            _ => None,
        }
    }
}

impl Model {
    /// The network called `name` that ships.
    pub fn open(name: &str) -> Result<Self> {
        let Some(entry) = zoo::find(name) else {
            let known: Vec<&str> = zoo::ENTRIES.iter().map(|e| e.name).collect();
            return Err(Error::input(format!(
                "model `{name}`: is neither a bundled network ({}) nor a file ending in .safetensors (trained network), \
                 .nir (NIR), .net (netx) or .ron (graph); give one of these",
                known.join(", ")
            )));
        };
        Self::of_trained(name, entry.load().map_err(|error| Error::Internal(format!("{name}: {error}")))?)
    }

    /// The network in the contents of a file called `name`.
    pub fn read(name: &str, bytes: Vec<u8>, format: Format, import: &ImportOptions) -> Result<Self> {
        match format {
            Format::Safetensors => {
                let network = read_network(&bytes, Path::new(name)).map_err(|error| Error::input(error.to_string()))?;
                Self::of_trained(name, network)
            }
            Format::Nir => read_nir(name, bytes, import),
            Format::Netx => read_netx(name, bytes, import),
            Format::Graph => {
                let text = String::from_utf8(bytes).map_err(|error| {
                    Error::input(format!("{name}: is not a text file in UTF-8: {}", error.utf8_error()))
                })?;
                Self::parse(name, &text)
            }
        }
    }

    /// The network in the text form of a graph.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let fail = |error| Error::input(format!("{name}: is not a graph: {error}"));
        match ir::text::parse(text) {
            Err(TextError::Stage { found, .. }) if found == Quantized::NAME => {
                Self::of_integers(name, ir::text::parse(text).map_err(fail)?)
            }
            graph => Self::of_graph(name, graph.map_err(fail)?),
        }
    }

    /// A network in integers.
    pub fn of_integers(name: &str, graph: Graph<Quantized>) -> Result<Self> {
        let model = Self::of_graph(name, graph.in_reals())?;
        Ok(Self { integers: Some(graph), ..model })
    }

    /// A network built as a graph.
    pub fn of_graph(name: &str, graph: Graph<Trained>) -> Result<Self> {
        let violations = ir::verify(&graph);
        if !violations.is_empty() {
            let list: Vec<String> = violations.iter().map(ToString::to_string).collect();
            return Err(Error::input(format!(
                "{name}: the graph is not valid: {}; see docs/semantics.md for the rules",
                list.join("; ")
            )));
        }
        Ok(Self { name: name.to_owned(), graph, integers: None, trained: None, remarks: Vec::new() })
    }

    /// A network trained here, with its card.
    pub fn of_trained(name: &str, trained: (Network, Card)) -> Result<Self> {
        let graph = export::graph(&trained.0).map_err(|error| Error::input(format!("{name}: {error}")))?;
        let config = &trained.0.config;
        let mut remarks = Vec::new();
        if config.input.is_events() {
            let bin = if config.bin > 0.0 { format!(" of {} s (--bin)", config.bin) } else { String::new() };
            remarks.push(format!(
                "trained on recordings of {} timesteps{bin}; a neuron sends one spike a timestep at most",
                config.levels
            ));
        }
        Ok(Self { name: name.to_owned(), graph, integers: None, trained: Some(trained), remarks })
    }

    /// The data set that the network was trained on, if it is one of those known here.
    pub fn dataset(&self) -> Option<DatasetName> {
        self.graph.name.parse().ok()
    }
}

#[cfg(feature = "nir")]
fn read_nir(name: &str, bytes: Vec<u8>, import: &ImportOptions) -> Result<Model> {
    let problem = |problems: nir::Problems| Error::input(format!("{name}: {problems}"));
    let stem = Path::new(name).file_stem().map_or_else(|| "nir".into(), |stem| stem.to_string_lossy());
    let imported = nir::lower(nir::read(bytes).map_err(problem)?, &stem, &import.nir).map_err(problem)?;
    let assumed = imported.assumptions.iter().map(ToString::to_string);
    Ok(Model {
        name: name.to_owned(),
        graph: imported.graph,
        integers: None,
        trained: None,
        remarks: assumed.chain(imported.remarks).collect(),
    })
}

#[cfg(feature = "nir")]
fn read_netx(name: &str, bytes: Vec<u8>, import: &ImportOptions) -> Result<Model> {
    let netx = netx::read(bytes).map_err(|problem| Error::input(format!("{name}: {problem}")))?;
    let stem = Path::new(name).file_stem().map_or_else(|| "netx".into(), |stem| stem.to_string_lossy());
    let imported = netx::lower(&netx, &stem, &import.netx).map_err(|problems| {
        let list: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Error::input(format!("{name}: {}", list.join("; ")))
    })?;
    Ok(Model {
        name: name.to_owned(),
        graph: netx::real(&imported.graph),
        integers: Some(imported.graph),
        trained: None,
        remarks: imported.assumptions,
    })
}

#[cfg(not(feature = "nir"))]
fn read_netx(name: &str, bytes: Vec<u8>, import: &ImportOptions) -> Result<Model> {
    read_nir(name, bytes, import)
}

#[cfg(not(feature = "nir"))]
fn read_nir(name: &str, _: Vec<u8>, _: &ImportOptions) -> Result<Model> {
    Err(Error::input(format!(
        "{name}: is an HDF5 file, and this program was built without the feature `nir`; build it with it"
    )))
}
