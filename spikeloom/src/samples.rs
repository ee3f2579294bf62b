//! What is run through a network: images of a data set, or recorded events.

use crate::error::{Error, Result};
use datasets::{
    Dataset,
    recording::{Recordings, present},
};
use ir::{InputCoding, InputEncoding};
use isa::{Coding, Encoding, Program, Readout};

/// What a network takes in.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Name of the input layer.
    pub layer: String,
    /// Channels, rows and columns.
    pub shape: [usize; 3],
    /// Its neurons.
    pub neurons: usize,
    /// From pixels to integers.
    pub encoding: InputEncoding,
    /// How samples enter, in steps of a sample.
    pub coding: InputCoding,
    /// Timesteps from one step of a sample to the next.
    pub pace: u32,
    /// Timesteps of a sample.
    pub timesteps: u32,
    /// Whether samples may be shorter than the input's timesteps ([`Program::is_elastic`]).
    pub elastic: bool,
    /// Classes that are decided between.
    pub classes: usize,
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

    /// The number that a sample has where it comes from.
    fn number(&self, i: usize) -> u64 {
        i as u64
    }

    /// The right class of a sample, where it is known.
    fn label(&self, i: usize) -> Option<u32>;

    /// Pixels of a sample, if it is an image.
    fn image(&self, _i: usize) -> Option<&[u8]> {
        None
    }

    /// What the host sends for a sample.
    fn stimulus(&self, i: usize, input: &Input) -> ir::Stimulus;

    /// Timesteps with input of a sample that ends before the input's do.
    fn lasts(&self, _i: usize, _input: &Input) -> Option<u32> {
        None
    }

    /// Checks that the samples are what `input` takes.
    ///
    /// # Errors
    /// What differs, and what to do about it.
    fn ensure_fit(&self, input: &Input) -> Result<()>;

    /// What the reader of a report should know about these samples on this input, a sentence each.
    fn remarks(&self, _input: &Input) -> Vec<String> {
        Vec::new()
    }

    /// How many there are of what, in words.
    fn counted(&self) -> String {
        format!("{} {}", self.len(), self.noun()[usize::from(self.len() != 1)])
    }
}

impl Input {
    /// The input of a program.
    pub fn of_program(program: &Program) -> Self {
        let layer = program.layer(program.input.layer);
        let (c, h, w) = layer.shape;
        Self {
            layer: layer.name.clone(),
            shape: [c, h, w].map(usize::from),
            neurons: layer.neurons(),
            encoding: match program.input.encoding {
                Encoding::Pixels => InputEncoding::Pixels,
                Encoding::Affine { gain, offset } => InputEncoding::Affine { gain, offset },
                Encoding::ByChannel { channels, gain, offset } => InputEncoding::ByChannel { channels, gain, offset },
                Encoding::Standardized { gain, eps, limit } => InputEncoding::Standardized { gain, eps, limit },
            },
            coding: paced(
                match program.input.coding {
                    Coding::EveryStep { steps } => InputCoding::DirectEveryStep { steps },
                    Coding::Once => InputCoding::DirectOnce,
                    Coding::Events { steps, least, most } => InputCoding::Events { steps, least, most },
                },
                program.input.pace,
            ),
            pace: program.input.pace,
            timesteps: program.timesteps,
            elastic: program.is_elastic(),
            classes: classes(program),
        }
    }

    /// The input of a graph; `None` if it has none.
    pub fn of_graph<S: ir::Stage>(graph: &ir::Graph<S>) -> Option<Self> {
        let population = graph.population(graph.input()?);
        let ir::NeuronModel::Input { coding, .. } = population.neuron else { return None };
        let shape = population.shape;
        Some(Self {
            layer: population.name.clone(),
            shape: [shape.channels, shape.height, shape.width].map(|side| side as usize),
            neurons: shape.neurons(),
            encoding: graph.encoding,
            coding: paced(coding, graph.pace),
            pace: graph.pace,
            timesteps: graph.timesteps,
            elastic: ir::lasting(graph, coding.steps().saturating_sub(1)).is_some(),
            classes: graph.classes(),
        })
    }

    /// What a sample sends, in the timesteps in which it does.
    pub(crate) fn stimulus(&self, samples: &dyn Samples, i: usize) -> ir::Stimulus {
        let sent = samples.stimulus(i, self);
        if self.pace <= 1 {
            return sent;
        }
        let gap = self.pace as usize - 1;
        let spread = |step| std::iter::once(step).chain(std::iter::repeat_n(Vec::new(), gap));
        ir::Stimulus { steps: sent.steps.into_iter().flat_map(spread).collect() }
    }

    /// Timesteps with input of a sample that ends before the network's input does.
    pub(crate) fn lasts(&self, samples: &dyn Samples, i: usize) -> Option<u32> {
        samples.lasts(i, self).map(|steps| steps * self.pace)
    }
}

/// A coding in steps of a sample.
fn paced(coding: InputCoding, pace: u32) -> InputCoding {
    let pace = pace.max(1);
    match coding {
        InputCoding::DirectOnce => coding,
        InputCoding::DirectEveryStep { steps } => InputCoding::DirectEveryStep { steps: steps / pace },
        InputCoding::Events { steps, least, most } => InputCoding::Events { steps: steps / pace, least, most },
    }
}

/// Classes that a program decides between.
fn classes(program: &Program) -> usize {
    match &program.readout {
        Readout::Goodness { sizes, .. } => sizes.len(),
        Readout::ChannelEnergy { layer, grid, weights } => {
            let per_class = usize::from(program.layer(*layer).shape.0) * (*grid as usize).pow(2);
            weights.len() / per_class.max(1)
        }
        Readout::Potential { layer } | Readout::SpikeCount { layer } => program.layer(*layer).neurons(),
    }
}

/// The right class of a sample, where it is known and the network can decide for it.
pub(crate) fn right_class(samples: &dyn Samples, i: usize, classes: usize) -> Option<u32> {
    samples.label(i).filter(|&label| (label as usize) < classes)
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

    fn label(&self, i: usize) -> Option<u32> {
        Some(u32::from(Self::label(self, i)))
    }

    fn image(&self, i: usize) -> Option<&[u8]> {
        Some(Self::image(self, i))
    }

    fn stimulus(&self, i: usize, input: &Input) -> ir::Stimulus {
        present(Self::image(self, i), input.encoding, input.coding)
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

    fn remarks(&self, input: &Input) -> Vec<String> {
        let known = self.labels.iter().map(|&label| usize::from(label) + 1).max().unwrap_or(0);
        let remark =
            || format!("has {known} classes, the network decides between {}: no accuracy is reported", input.classes);
        (known > input.classes).then(remark).into_iter().collect()
    }
}

/// Images whose classes are not known.
#[derive(Clone, Debug)]
pub struct Unlabelled(pub Dataset);

impl Samples for Unlabelled {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn noun(&self) -> [&'static str; 2] {
        self.0.noun()
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn label(&self, _: usize) -> Option<u32> {
        None
    }

    fn image(&self, i: usize) -> Option<&[u8]> {
        Some(self.0.image(i))
    }

    fn stimulus(&self, i: usize, input: &Input) -> ir::Stimulus {
        self.0.stimulus(i, input)
    }

    fn ensure_fit(&self, input: &Input) -> Result<()> {
        self.0.ensure_fit(input)
    }
}

/// Recorded events.
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

    fn number(&self, i: usize) -> u64 {
        self.samples[i].number
    }

    fn label(&self, i: usize) -> Option<u32> {
        self.samples[i].label
    }

    fn stimulus(&self, i: usize, _: &Input) -> ir::Stimulus {
        self.samples[i].stimulus()
    }

    fn lasts(&self, i: usize, input: &Input) -> Option<u32> {
        let steps = self.samples[i].steps;
        (input.elastic && steps < input.coding.steps()).then_some(steps)
    }

    fn ensure_fit(&self, input: &Input) -> Result<()> {
        let name = &self.name;
        let InputCoding::Events { steps, least, most } = input.coding else {
            return Err(Error::input(format!(
                "{name}: holds events, but the network's input takes values; compile a NIR file with --coding events"
            )));
        };
        for sample in &self.samples {
            let number = sample.number;
            let refuse = |why: String| Err(Error::input(format!("{name}: recording {number} {why}")));
            if sample.steps > steps {
                let late = sample.events().iter().filter(|event| event.timestep >= steps).count();
                return refuse(format!(
                    "lasts {} timesteps, the network takes input in {steps}: {late} of its {} events come later; compile a NIR file \
                     with --steps {}, or leave them out with --cut",
                    sample.steps,
                    sample.events().len(),
                    self.longest()
                ));
            }
            if let Some(event) = sample.events().iter().find(|event| event.neuron as usize >= input.neurons) {
                return refuse(format!(
                    "has an event of neuron {}, but the network's input layer `{}` has {} neurons",
                    event.neuron, input.layer, input.neurons
                ));
            }
            if let Some(event) = sample.events().iter().find(|event| !(least..=most).contains(&event.value)) {
                return refuse(format!(
                    "has the value {} at neuron {} in timestep {}, the network takes values from {least} to {most}; make spikes of \
                     them with --clip, or state the range in the network's input",
                    event.value, event.neuron, event.timestep
                ));
            }
            if let Some(label) = sample.label.filter(|&label| label as usize >= input.classes) {
                return refuse(format!(
                    "has the class {label}, but the network decides between {} classes, numbered from 0; correct the label",
                    input.classes
                ));
            }
        }
        Ok(())
    }

    fn remarks(&self, input: &Input) -> Vec<String> {
        let mut remarks = Vec::new();
        let steps = input.coding.steps();
        if !input.elastic && self.samples.iter().any(|s| s.steps != steps) {
            remarks.push(format!(
                "recordings of {} to {} timesteps all run for {steps}: this network cannot end a sample earlier",
                self.samples.iter().map(|s| s.steps).min().unwrap_or(0),
                self.longest()
            ));
        }
        let labelled = self.labelled();
        if labelled > 0 && labelled < self.samples.len() {
            remarks
                .push(format!("{labelled} of {} recordings have a label: no accuracy is reported", self.samples.len()));
        }
        remarks
    }
}
