//! What is run through a network: images of a data set, or recorded events.
//!
//! Recorded events are a table (.csv) with a header: `timestep` and `neuron` of every event, optionally `sample` (0 if
//! absent) and `label` of its sample (0 if absent). Samples are numbered from 0 without gaps.

use crate::error::{Error, Result};
use datasets::Dataset;
use ir::{InputCoding, InputEncoding};
use isa::{Coding, Encoding, Program};

/// What a network takes in.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Name of the input layer.
    pub layer: String,
    /// Its neurons.
    pub neurons: usize,
    /// From pixels to integers.
    pub encoding: InputEncoding,
    /// How samples enter.
    pub coding: InputCoding,
    /// Timesteps of a sample.
    pub timesteps: u32,
}

/// What is run through a network.
pub trait Samples: Send + Sync {
    /// What the user calls them.
    fn name(&self) -> &str;

    /// What they are: one, and many.
    fn noun(&self) -> [&'static str; 2];

    /// How many there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The right class of a sample.
    fn label(&self, i: usize) -> u32;

    /// Pixels of a sample, if it is an image.
    fn image(&self, _i: usize) -> Option<&[u8]> {
        None
    }

    /// What the host sends for a sample.
    fn stimulus(&self, i: usize, input: &Input) -> ir::Stimulus;

    /// Checks that the samples are what `input` takes.
    ///
    /// # Errors
    /// What differs, and what to do about it.
    fn ensure_fit(&self, input: &Input) -> Result<()>;

    /// How many there are of what, in words.
    fn counted(&self) -> String {
        format!("{} {}", self.len(), self.noun()[usize::from(self.len() != 1)])
    }
}

impl Input {
    /// The input of a program.
    pub fn of_program(program: &Program) -> Self {
        let layer = program.layer(program.input.layer);
        Self {
            layer: layer.name.clone(),
            neurons: layer.neurons(),
            encoding: match program.input.encoding {
                Encoding::Pixels => InputEncoding::Pixels,
                Encoding::Affine { gain, offset } => InputEncoding::Affine { gain, offset },
                Encoding::Standardized { gain, eps, limit } => InputEncoding::Standardized { gain, eps, limit },
            },
            coding: match program.input.coding {
                Coding::EveryStep { steps } => InputCoding::DirectEveryStep { steps },
                Coding::Once => InputCoding::DirectOnce,
                Coding::Events => InputCoding::Events,
            },
            timesteps: program.timesteps,
        }
    }

    /// The input of a graph; `None` if it has none.
    pub fn of_graph<S: ir::Stage>(graph: &ir::Graph<S>) -> Option<Self> {
        let population = graph.population(graph.input()?);
        let ir::NeuronModel::Input { coding, .. } = population.neuron else { return None };
        Some(Self {
            layer: population.name.clone(),
            neurons: population.shape.neurons(),
            encoding: graph.encoding,
            coding,
            timesteps: graph.timesteps,
        })
    }
}

/// Images of a data set.
impl Samples for Dataset {
    fn name(&self) -> &str {
        &self.name
    }

    fn noun(&self) -> [&'static str; 2] {
        ["image", "images"]
    }

    fn len(&self) -> usize {
        Self::len(self)
    }

    fn label(&self, i: usize) -> u32 {
        u32::from(Self::label(self, i))
    }

    fn image(&self, i: usize) -> Option<&[u8]> {
        Some(Self::image(self, i))
    }

    fn stimulus(&self, i: usize, input: &Input) -> ir::Stimulus {
        present(Self::image(self, i), input.encoding, input.coding, input.timesteps)
    }

    fn ensure_fit(&self, input: &Input) -> Result<()> {
        if self.image_len() == input.neurons {
            return Ok(());
        }
        Err(Error::input(format!(
            "{}: images have {} values, but the network's input layer `{}` has {}; use the data set that it was trained on",
            self.name,
            self.image_len(),
            input.layer,
            input.neurons
        )))
    }
}

/// Recorded events.
#[derive(Clone, Debug)]
pub struct Recordings {
    name: String,
    samples: Vec<Recording>,
}

#[derive(Clone, Debug, Default)]
struct Recording {
    label: u32,
    stimulus: ir::Stimulus,
}

impl Samples for Recordings {
    fn name(&self) -> &str {
        &self.name
    }

    fn noun(&self) -> [&'static str; 2] {
        ["recording", "recordings"]
    }

    fn len(&self) -> usize {
        self.samples.len()
    }

    fn label(&self, i: usize) -> u32 {
        self.samples[i].label
    }

    fn stimulus(&self, i: usize, _: &Input) -> ir::Stimulus {
        self.samples[i].stimulus.clone()
    }

    fn ensure_fit(&self, input: &Input) -> Result<()> {
        let name = &self.name;
        if input.coding != InputCoding::Events {
            return Err(Error::input(format!(
                "{name}: holds events, but the network's input takes values; compile a NIR file with --coding events"
            )));
        }
        for (i, sample) in self.samples.iter().enumerate() {
            let steps = &sample.stimulus.steps;
            if steps.len() > input.timesteps as usize {
                return Err(Error::input(format!(
                    "{name}: sample {i} has {} timesteps, the network runs for {}; compile a NIR file with --steps {}",
                    steps.len(),
                    input.timesteps,
                    steps.len()
                )));
            }
            if let Some(event) = steps.iter().flatten().find(|event| event.neuron as usize >= input.neurons) {
                return Err(Error::input(format!(
                    "{name}: sample {i} has an event of neuron {}, but the network's input layer `{}` has {} neurons",
                    event.neuron, input.layer, input.neurons
                )));
            }
        }
        Ok(())
    }
}

/// The input of an image: its encoded values, or for networks that take events as many spikes as its brightness says: pixel p
/// fires in ⌊T·p/255⌋ of T timesteps, evenly spaced, in step t if ⌊(t+1)·p/255⌋ > ⌊t·p/255⌋.
fn present(image: &[u8], encoding: InputEncoding, coding: InputCoding, timesteps: u32) -> ir::Stimulus {
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

impl Recordings {
    /// Longest recording \[timesteps\], and most samples.
    const MAX: u32 = 1 << 20;

    /// The events in a table (.csv); `name` is what they are called, and shown in errors.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        Self::table(name, text).map_err(|error| error.at(name))
    }

    fn table(name: &str, text: &str) -> Result<Self> {
        let mut lines = text.lines().enumerate();
        let header: Vec<&str> = lines.next().map_or(Vec::new(), |(_, line)| line.split(',').map(str::trim).collect());
        let column = |name: &str| header.iter().position(|&column| column == name);
        let (Some(timestep), Some(neuron)) = (column("timestep"), column("neuron")) else {
            return Err(Error::input(
                "line 1: recorded events need the columns `timestep` and `neuron`; put such a header first",
            ));
        };
        let (sample, label) = (column("sample"), column("label"));
        let mut samples: Vec<Recording> = Vec::new();
        for (at, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
            let fields: Vec<&str> = line.split(',').map(str::trim).collect();
            let number = |column: Option<usize>| -> Result<u32> {
                let Some(column) = column else { return Ok(0) };
                let field = fields.get(column).copied().unwrap_or("");
                field.parse().map_err(|error| {
                    Error::input(format!(
                        "line {}: `{field}` is no {}; give a whole number: {error}",
                        at + 1,
                        header[column]
                    ))
                })
            };
            let (i, t) = (number(sample)?, number(Some(timestep))?);
            if i >= Self::MAX || t >= Self::MAX {
                return Err(Error::input(format!(
                    "line {}: sample {i}, timestep {t} is beyond the {} that are read",
                    at + 1,
                    Self::MAX
                )));
            }
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
                    return Err(Error::input(format!(
                        "sample {i}: neuron {} fires twice in timestep {t}; a neuron fires once in a timestep",
                        twice[0].neuron
                    )));
                }
            }
        }
        if samples.is_empty() {
            return Err(Error::input("holds no events; give at least one"));
        }
        Ok(Self { name: name.to_owned(), samples })
    }

    /// The first `n` samples.
    #[must_use]
    pub fn first(mut self, n: usize) -> Self {
        self.samples.truncate(n);
        self
    }

    /// Timesteps of the longest recording.
    pub fn timesteps(&self) -> u32 {
        self.samples.iter().map(|s| s.stimulus.steps.len() as u32).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_may_stand_in_any_order() {
        let events =
            Recordings::parse("x", "neuron,label,timestep,sample\n4,1,0,1\n2,1,0,1\n7,3,2,0\n").expect("a table");
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
            let error = format!("{:#}", Recordings::parse("x", text).expect_err(text));
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
