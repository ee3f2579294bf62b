//! A run as it is stored: everything that pricing it again needs, and nothing that depends on a price.

use crate::{
    error::{Error, Result},
    prices::Described,
    run::{Sample, correct},
    samples::{Input, Samples},
};
use energy::{
    MemorySize, memories,
    price::{Breakdown, Context, Timing, price},
    table::Table,
    units::Energy,
};
use isa::{Arch, Descriptor, LayerId, Ledger, Program};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};

/// Name of the format.
const FORMAT: &str = "spikeloom-run";

/// Version of the format.
const VERSION: u32 = 1;

/// The longest time of a record \[s\]: 30,000 years.
const MOST_SECONDS: f64 = 1e12;

/// The widest word of a memory.
const MOST_BITS: u32 = 1 << 16;

/// A stored run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Always `spikeloom-run`.
    pub format: String,
    /// Version of the format.
    pub version: u32,
    /// Version of spikeloom that made it.
    pub spikeloom: String,
    /// The network as it was called ([`Executable::name`](crate::Executable::name)).
    pub network: String,
    /// What was asked for, so that the run can be made again; absent where nobody asked in words.
    #[serde(default)]
    pub asked: Option<Asked>,
    /// The chip.
    pub arch: String,
    /// The images.
    pub dataset: String,
    /// Number of images.
    pub images: u64,
    /// Whether the run was interrupted before all images were done; false in records of older versions.
    #[serde(default)]
    pub stopped: bool,
    /// What one sample is; an image in records that do not say.
    #[serde(default = "image")]
    pub sample: String,
    /// Right decisions; absent where not every sample's class is known.
    pub correct: Option<u64>,
    /// Timesteps of one sample; of the longest, where they differ.
    pub timesteps: u32,
    /// Timesteps of the shortest sample, where they differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortest: Option<u32>,
    /// Cores in use.
    pub cores: u64,
    /// Chips in use.
    pub chips: u64,
    /// Time of all samples one after the other \[s\]; absent where the chip's description has none.
    pub seconds: Option<f64>,
    /// The layers.
    pub layers: Vec<LayerRecord>,
    /// Sizes of the memories of each layer.
    pub memories: Vec<MemorySize>,
    /// The chip as described, for prices that follow it; absent in records of older versions.
    #[serde(default)]
    pub chip: Option<Described>,
    /// Counts of all images by core and layer.
    pub ledger: Ledger,
}

/// What the user called the things that were run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The model or program: one that ships, or a file.
    pub model: String,
    /// The chip: a preset, or a file.
    pub chip: String,
    /// The words of the command line behind the program's name.
    pub arguments: Vec<String>,
}

fn image() -> String {
    "image".into()
}

/// A layer of a stored run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LayerRecord {
    /// Name.
    pub name: String,
    /// Channels, rows, columns.
    pub shape: (u16, u16, u16),
    /// Cores that hold neurons of it.
    pub cores: u64,
    /// Spikes of all images; events for the input layer.
    pub spikes: u64,
}

impl Record {
    /// The record of samples that ran.
    pub(crate) fn new(
        program: &Program,
        arch: &Arch,
        source: &dyn Samples,
        samples: &[Sample],
        layer_spikes: &[u64],
        ledger: Ledger,
    ) -> Self {
        let chips: BTreeSet<_> = program.cores.iter().map(|image| arch.chip(arch.router(image.core))).collect();
        let layers = program.layers.iter().enumerate().map(|(l, layer)| LayerRecord {
            name: layer.name.clone(),
            shape: layer.shape,
            cores: program.cores.iter().filter(|image| holds(image, LayerId(l as u16))).count() as u64,
            spikes: layer_spikes[l],
        });
        Self {
            format: FORMAT.into(),
            version: VERSION,
            spikeloom: env!("CARGO_PKG_VERSION").into(),
            network: program.name.clone(),
            arch: arch.name.clone(),
            asked: None,
            dataset: source.name().into(),
            sample: source.noun()[0].into(),
            images: samples.len() as u64,
            stopped: false,
            correct: correct(samples).map(|n| n as u64),
            timesteps: program.timesteps,
            shortest: shortest(program, source, samples),
            cores: program.cores.len() as u64,
            chips: chips.len() as u64,
            seconds: samples.iter().map(|s| s.seconds).sum(),
            layers: layers.collect(),
            memories: memories(program, arch),
            chip: Some(Described::new(program, arch)),
            ledger,
        }
    }

    /// The record in the text of a file; `name` is shown in errors.
    ///
    /// # Errors
    /// If the text is no record of this version, or contradicts itself.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Head {
            format: Option<String>,
            version: Option<u32>,
        }
        let remedy = "store one with `spikeloom run --output FILE`";
        let refuse = |what: String| Err(Error::input(format!("{name}: {what}")));
        let head: Head = match serde_json::from_str(text) {
            Ok(head) => head,
            Err(error) => return refuse(format!("is not a stored run; {remedy}: {error}")),
        };
        match (head.format.as_deref(), head.version) {
            (Some(FORMAT), Some(VERSION)) => {}
            (Some(FORMAT), Some(version)) => {
                return refuse(format!("`version` is {version}, this program reads version {VERSION}; {remedy} again"));
            }
            (Some(FORMAT), None) => return refuse(format!("`version` is missing; {remedy} again")),
            (Some(other), _) => {
                return refuse(format!("`format` is `{other}`, a stored run's is `{FORMAT}`; {remedy}"));
            }
            (None, _) => return refuse(format!("`format` is missing, so this is not a stored run; {remedy}")),
        }
        let record: Self = match serde_json::from_str(text) {
            Ok(record) => record,
            Err(error) => return refuse(format!("the stored run is damaged; {remedy} again: {error}")),
        };
        match record.problem() {
            Some(problem) => refuse(format!("{problem}; {remedy} again")),
            None => Ok(record),
        }
    }

    /// What no run can have, if the record says it.
    fn problem(&self) -> Option<String> {
        let Self { images, correct, timesteps, cores, chips, .. } = *self;
        if images == 0 {
            return Some("`images` is 0, so there is no energy per image".into());
        }
        if let Some(correct) = correct.filter(|&correct| correct > images) {
            return Some(format!("`correct` is {correct} of {images} images"));
        }
        if timesteps == 0 || chips > cores.max(1) {
            return Some(format!("{timesteps} timesteps on {cores} cores of {chips} chips cannot be"));
        }
        if let Some(seconds) = self.seconds.filter(|seconds| !(0.0..=MOST_SECONDS).contains(seconds)) {
            return Some(format!("`seconds` is {seconds}"));
        }
        let n = self.layers.len();
        let layers = self.ledger.rows().map(|(site, _)| site.layer).chain(self.memories.iter().map(|m| m.layer));
        if let Some(layer) = layers.into_iter().find(|layer| usize::from(layer.0) >= n) {
            return Some(format!("`ledger` or `memories` counts for {layer}, but `layers` has {n} entries"));
        }
        if let Some(memory) = self.memories.iter().find(|m| !(1..=MOST_BITS).contains(&m.bits)) {
            return Some(format!("`memories` has words of {} bits in {}", memory.bits, memory.layer));
        }
        let impossible = |chip: &Described| isa::arch::validate::validate(&chip.arch).into_iter().next();
        if let Some(problem) = self.chip.as_ref().and_then(impossible) {
            return Some(format!("the chip's `{}`: {}", problem.path, problem.message));
        }
        // Where every event asks for a decision, neurons may fire more than once in a timestep; inputs are events of the host.
        let per_event = self.chip.as_ref().is_some_and(|chip| chip.arch.core.is_event_driven());
        let most = |layer: &LayerRecord| {
            let (c, h, w) = layer.shape;
            u128::from(images) * u128::from(timesteps) * u128::from(c) * u128::from(h) * u128::from(w)
        };
        let fires = self.layers.iter().filter(|layer| layer.cores > 0 && !per_event);
        let beyond = fires.into_iter().find(|layer| u128::from(layer.spikes) > most(layer))?;
        let (name, spikes, most) = (&beyond.name, beyond.spikes, most(beyond));
        Some(format!("layer `{name}` has {spikes} spikes, more than one per neuron and timestep ({most})"))
    }

    /// The text of the file that [`Self::parse`] reads.
    ///
    /// # Panics
    /// Never: every field has a form in JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("every field has a form in JSON")
    }

    /// Energy of all samples, without simulating again.
    ///
    /// # Errors
    /// If the table lacks a price.
    pub fn price(&self, table: &Table) -> Result<Priced> {
        let breakdown = price(&self.ledger, table, &self.context())?;
        Ok(Priced { breakdown, images: self.images, sample: self.sample.clone() })
    }

    /// What pricing needs besides counts.
    pub fn context(&self) -> Context {
        Context {
            memories: self.memories.iter().map(|m| ((m.layer, m.store), (m.words, m.bits))).collect(),
            timing: self.seconds.map(|seconds| self.timing(seconds)),
            static_power: self.chip.as_ref().and_then(|chip| chip.arch.static_power.clone()),
        }
    }

    /// A run of `seconds` on the silicon in use.
    pub(crate) fn timing(&self, seconds: f64) -> Timing {
        let all_in_use = self.cores.div_ceil(self.chips.max(1));
        let cores_per_chip = self.chip.as_ref().map_or(all_in_use, |chip| chip.arch.cores_per_chip());
        Timing { seconds, cores: self.cores, chips: self.chips, cores_per_chip }
    }
}

/// The energy of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Priced {
    /// Of all images, by layer and action.
    pub breakdown: Breakdown,
    /// Number of images.
    pub images: u64,
    /// What one of them is, an image or a recording.
    pub sample: String,
}

impl Priced {
    /// Energy of one image, the mean \[pJ\].
    pub fn per_image(&self) -> Energy {
        self.breakdown.total * (1.0 / self.images as f64)
    }
}

impl fmt::Display for Priced {
    /// One line: the energy of a sample with its range, the table, and whether it is a lower bound.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (energy, table, sample) = (self.per_image(), &self.breakdown.table, &self.sample);
        if self.breakdown.is_complete() {
            return write!(f, "{energy} per {sample}, table {table}");
        }
        // Only the low end is a bound: prices are missing, and those that there are have a range.
        let low = Energy::exactly(energy.low);
        write!(f, "at least {low} per {sample}, table {table}; what is priced comes to {energy}")
    }
}

/// Timesteps of the shortest sample, if one is shorter than the program.
fn shortest(program: &Program, source: &dyn Samples, samples: &[Sample]) -> Option<u32> {
    let input = Input::of_program(program);
    let steps = samples.iter().filter_map(|sample| input.lasts(source, sample.index)).min()?;
    Some(program.timesteps - program.input.coding.steps().saturating_sub(steps))
}

fn holds(image: &isa::CoreImage, layer: LayerId) -> bool {
    image.descriptors.iter().any(|d| matches!(d, Descriptor::Neurons(d) if d.layer == layer))
}
