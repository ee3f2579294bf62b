//! What is run through a network: images of a data set, or recorded events.
//!
//! Recorded events are a table (.csv) with a header: `timestep` and `neuron` of every event, optionally `sample` (0 if
//! absent) and `label` of its sample (0 if absent). Samples are numbered from 0 without gaps.

use crate::files;
use anyhow::{Context, Result, bail, ensure};
use datasets::Dataset;
use ir::{InputCoding, InputEncoding};
use isa::{Coding, Encoding, InputEvent, Program, Stimulus};
use std::path::Path;

/// The samples of a run.
#[derive(Clone, Debug)]
pub(crate) enum Samples {
    /// Images.
    Images(Dataset),
    /// Events.
    Events(Recordings),
}

/// Recorded events.
#[derive(Clone, Debug)]
pub(crate) struct Recordings {
    name: String,
    samples: Vec<Recording>,
}

#[derive(Clone, Debug, Default)]
struct Recording {
    label: u32,
    stimulus: ir::Stimulus,
}

impl Samples {
    /// What the user calls them.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Images(images) => &images.name,
            Self::Events(events) => &events.name,
        }
    }

    /// How many there are of what, in words.
    pub(crate) fn counted(&self) -> String {
        let (one, many) = match self {
            Self::Images(_) => ("image", "images"),
            Self::Events(_) => ("recording", "recordings"),
        };
        format!("{} {}", self.len(), if self.len() == 1 { one } else { many })
    }

    /// Number of samples.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Images(images) => images.len(),
            Self::Events(events) => events.samples.len(),
        }
    }

    /// The right class of a sample.
    pub(crate) fn label(&self, i: usize) -> u32 {
        match self {
            Self::Images(images) => u32::from(images.label(i)),
            Self::Events(events) => events.samples[i].label,
        }
    }

    /// Pixels of an image; `None` for events.
    pub(crate) fn image(&self, i: usize) -> Option<&[u8]> {
        match self {
            Self::Images(images) => Some(images.image(i)),
            Self::Events(_) => None,
        }
    }

    /// Recorded events of a sample; nothing for images.
    pub(crate) fn recording(&self, i: usize) -> ir::Stimulus {
        match self {
            Self::Images(_) => ir::Stimulus::default(),
            Self::Events(events) => events.samples[i].stimulus.clone(),
        }
    }

    /// Timesteps of the longest recording; 0 for images.
    pub(crate) fn timesteps(&self) -> u32 {
        match self {
            Self::Images(_) => 0,
            Self::Events(events) => events.samples.iter().map(|s| s.stimulus.steps.len() as u32).max().unwrap_or(0),
        }
    }

    /// What the host sends for a sample.
    pub(crate) fn stimulus(&self, program: &Program, i: usize) -> Stimulus {
        match self {
            Self::Images(images) => of_image(program, images.image(i)),
            Self::Events(events) => to_program(events.samples[i].stimulus.clone()),
        }
    }

    /// Checks that the samples fit the program's input.
    pub(crate) fn ensure_fit(&self, program: &Program) -> Result<()> {
        match self {
            Self::Images(images) => ensure_images_fit(images, program),
            Self::Events(events) => events.ensure_fit(program),
        }
    }
}

/// Checks that images have as many values as the program's input.
pub(crate) fn ensure_images_fit(images: &Dataset, program: &Program) -> Result<()> {
    let input = program.layer(program.input.layer);
    ensure!(
        images.image_len() == input.neurons(),
        "{}: images have {} values, but the network's input layer `{}` has {}; use the data set that it was trained on",
        images.name,
        images.image_len(),
        input.name,
        input.neurons()
    );
    Ok(())
}

/// What the host sends for an image.
pub(crate) fn of_image(program: &Program, image: &[u8]) -> Stimulus {
    let encoding = match program.input.encoding {
        Encoding::Pixels => InputEncoding::Pixels,
        Encoding::Standardized { gain, eps, limit } => InputEncoding::Standardized { gain, eps, limit },
    };
    let coding = match program.input.coding {
        Coding::EveryStep { steps } => InputCoding::DirectEveryStep { steps },
        Coding::Once => InputCoding::DirectOnce,
        Coding::Events => InputCoding::Events,
    };
    to_program(present(image, encoding, coding, program.timesteps))
}

/// The input of an image: its encoded values, or for networks that take events as many spikes as its brightness says: pixel p
/// fires in ⌊T·p/255⌋ of T timesteps, evenly spaced, in step t if ⌊(t+1)·p/255⌋ > ⌊t·p/255⌋.
pub(crate) fn present(image: &[u8], encoding: InputEncoding, coding: InputCoding, timesteps: u32) -> ir::Stimulus {
    if coding != InputCoding::Events {
        return ir::Stimulus::direct(&encoding.encode(image), coding);
    }
    let fires = |p: u8, t: u32| u64::from(t + 1) * u64::from(p) / 255 > u64::from(t) * u64::from(p) / 255;
    let step = |t| {
        let firing = image.iter().enumerate().filter(|&(_, &p)| fires(p, t));
        firing.map(|(neuron, _)| ir::Event { neuron: neuron as u32, value: 1 }).collect()
    };
    ir::Stimulus { steps: (0..timesteps).map(step).collect() }
}

fn to_program(stimulus: ir::Stimulus) -> Stimulus {
    let event = |event: ir::Event| InputEvent { neuron: event.neuron, value: event.value };
    Stimulus { steps: stimulus.steps.into_iter().map(|events| events.into_iter().map(event).collect()).collect() }
}

impl Recordings {
    /// Longest recording \[timesteps\], and most samples.
    const MAX: u32 = 1 << 20;

    /// The events in a file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = files::read_text(path)?;
        Self::parse(&text, &path.display().to_string()).with_context(|| path.display().to_string())
    }

    fn parse(text: &str, name: &str) -> Result<Self> {
        let mut lines = text.lines().enumerate();
        let header: Vec<&str> = lines.next().map_or(Vec::new(), |(_, line)| line.split(',').map(str::trim).collect());
        let column = |name: &str| header.iter().position(|&column| column == name);
        let (Some(timestep), Some(neuron)) = (column("timestep"), column("neuron")) else {
            bail!("line 1: recorded events need the columns `timestep` and `neuron`; put such a header first");
        };
        let (sample, label) = (column("sample"), column("label"));
        let mut samples: Vec<Recording> = Vec::new();
        for (at, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
            let fields: Vec<&str> = line.split(',').map(str::trim).collect();
            let number = |column: Option<usize>| -> Result<u32> {
                let Some(column) = column else { return Ok(0) };
                let field = fields.get(column).copied().unwrap_or("");
                field.parse().with_context(|| {
                    format!("line {}: `{field}` is no {}; give a whole number", at + 1, header[column])
                })
            };
            let (i, t) = (number(sample)?, number(Some(timestep))?);
            ensure!(
                i < Self::MAX && t < Self::MAX,
                "line {}: sample {i}, timestep {t} is beyond the {} that are read",
                at + 1,
                Self::MAX
            );
            if samples.len() <= i as usize {
                samples.resize_with(i as usize + 1, Recording::default);
            }
            let recording = &mut samples[i as usize];
            recording.label = number(label)?;
            let steps = &mut recording.stimulus.steps;
            if steps.len() <= t as usize {
                steps.resize_with(t as usize + 1, Vec::new);
            }
            steps[t as usize].push(ir::Event { neuron: number(Some(neuron))?, value: 1 });
        }
        for (i, sample) in samples.iter_mut().enumerate() {
            for (t, step) in sample.stimulus.steps.iter_mut().enumerate() {
                step.sort_by_key(|event| event.neuron);
                if let Some(twice) = step.windows(2).find(|pair| pair[0] == pair[1]) {
                    bail!(
                        "sample {i}: neuron {} fires twice in timestep {t}; a neuron fires once in a timestep",
                        twice[0].neuron
                    );
                }
            }
        }
        ensure!(!samples.is_empty(), "holds no events; give at least one");
        Ok(Self { name: name.to_owned(), samples })
    }

    /// The first `n` samples.
    pub(crate) fn limit(mut self, n: Option<usize>) -> Result<Self> {
        match n {
            Some(0) => bail!("--limit 0: no sample would be left; give 1 or more"),
            Some(n) => self.samples.truncate(n),
            None => {}
        }
        Ok(self)
    }

    fn ensure_fit(&self, program: &Program) -> Result<()> {
        let (name, input) = (&self.name, program.layer(program.input.layer));
        ensure!(
            program.input.coding == Coding::Events,
            "{name}: holds events, but the network's input takes values; compile a NIR file with --coding events"
        );
        for (i, sample) in self.samples.iter().enumerate() {
            let steps = &sample.stimulus.steps;
            ensure!(
                steps.len() <= program.timesteps as usize,
                "{name}: sample {i} has {} timesteps, the network runs for {}; compile a NIR file with --steps {}",
                steps.len(),
                program.timesteps,
                steps.len()
            );
            if let Some(event) = steps.iter().flatten().find(|event| event.neuron as usize >= input.neurons()) {
                bail!(
                    "{name}: sample {i} has an event of neuron {}, but the network's input layer `{}` has {} neurons",
                    event.neuron,
                    input.name,
                    input.neurons()
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_may_stand_in_any_order() {
        let events =
            Recordings::parse("neuron,label,timestep,sample\n4,1,0,1\n2,1,0,1\n7,3,2,0\n", "x").expect("a table");
        assert_eq!((events.samples[0].label, events.samples[1].label), (3, 1));
        let neurons = |i: usize| -> Vec<Vec<u32>> {
            events.samples[i].stimulus.steps.iter().map(|s| s.iter().map(|e| e.neuron).collect()).collect()
        };
        assert_eq!((neurons(0), neurons(1)), (vec![vec![], vec![], vec![7]], vec![vec![2, 4]]));
    }

    #[test]
    fn wrong_tables_are_named_by_line() {
        for (text, part) in [
            ("a,b\n1,2\n", "line 1"),
            ("timestep,neuron\n1,x\n", "line 2: `x` is no neuron"),
            ("timestep,neuron\n3,1\n3,1\n", "fires twice in timestep 3"),
            ("timestep,neuron\n", "no events"),
        ] {
            let error = format!("{:#}", Recordings::parse(text, "x").expect_err(text));
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn brightness_is_a_number_of_evenly_spaced_spikes() {
        let stimulus = present(&[0, 255, 64], InputEncoding::Pixels, InputCoding::Events, 20);
        let count = |neuron| stimulus.steps.iter().flatten().filter(|e| e.neuron == neuron).count();
        assert_eq!([count(0), count(1), count(2)], [0, 20, 20 * 64 / 255]);
    }
}
