//! Decisions from a sample and its mirror image together: the scores of both are added, which a host can do for twice the chip's energy.

use crate::{
    error::{Error, Result},
    run::Run,
    samples::{Input, Samples},
};
use isa::{Score, decide};

/// Samples seen in a mirror: every row of the input reversed.
pub struct Mirrored<'a> {
    samples: &'a dyn Samples,
    columns: u32,
    name: String,
}

impl<'a> Mirrored<'a> {
    /// `samples` for an input of `columns` columns.
    #[must_use]
    pub fn new(samples: &'a dyn Samples, columns: u16) -> Self {
        Self { samples, columns: u32::from(columns), name: format!("{}, mirrored", samples.name()) }
    }
}

impl Samples for Mirrored<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn noun(&self) -> [&'static str; 2] {
        self.samples.noun()
    }

    fn len(&self) -> usize {
        self.samples.len()
    }

    fn number(&self, i: usize) -> u64 {
        self.samples.number(i)
    }

    fn label(&self, i: usize) -> Option<u32> {
        self.samples.label(i)
    }

    fn lasts(&self, i: usize, input: &Input) -> Option<u32> {
        self.samples.lasts(i, input)
    }

    fn remarks(&self, input: &Input) -> Vec<String> {
        self.samples.remarks(input)
    }

    fn stimulus(&self, i: usize, input: &Input) -> ir::Stimulus {
        let mut stimulus = self.samples.stimulus(i, input);
        for step in &mut stimulus.steps {
            for event in step.iter_mut() {
                let column = event.neuron % self.columns;
                event.neuron = event.neuron - column + (self.columns - 1 - column);
            }
            step.sort_by_key(|event| event.neuron);
        }
        stimulus
    }

    fn ensure_fit(&self, input: &Input) -> Result<()> {
        self.samples.ensure_fit(input)
    }
}

/// Classes from the scores of two runs of the same samples, added sample by sample.
///
/// # Errors
/// If the runs are of different lengths or did not keep their scores.
pub fn decide_together(one: &Run, other: &Run) -> Result<Vec<u32>> {
    let pairs = one.samples.iter().zip(&other.samples);
    let classes: Option<Vec<u32>> = pairs
        .map(|(a, b)| {
            let both: Vec<Score> = a.scores.as_ref()?.iter().zip(b.scores.as_ref()?).map(|(a, b)| a.plus(*b)).collect();
            Some(decide(&both))
        })
        .collect();
    classes
        .filter(|classes| classes.len() == one.samples.len() && classes.len() == other.samples.len())
        .ok_or_else(|| Error::input("scores of both runs are needed, of every sample".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Chip, DeployOptions, Model, Quiet, RunOptions};
    use datasets::{Dataset, bundled::mnist_test_500};

    #[test]
    fn a_mirrored_sample_is_the_sample_of_the_mirrored_image() {
        let images = mnist_test_500().subset(0..20);
        let pixels = images.pixels.chunks_exact(28).flat_map(|row| row.iter().rev().copied()).collect();
        let reversed = Dataset { pixels, ..images.clone() };
        let model = Model::open("mnist-small").expect("it ships");
        let chip = Chip::open("loihi1").expect("a preset");
        let deployed = model.deploy(&chip, &DeployOptions::default(), &mut Quiet).expect("it fits");
        let input = deployed.executable.input();
        let mirrored = Mirrored::new(&images, 28);
        for i in 0..20 {
            assert_eq!(mirrored.stimulus(i, &input), reversed.stimulus(i, &input));
        }
        // Twice the same image decides as the image does.
        let options = RunOptions { keep_scores: true, ..RunOptions::default() };
        let run = deployed.run(&images, &options, &mut Quiet).expect("it runs");
        let classes: Vec<u32> = run.samples.iter().map(|sample| sample.class).collect();
        assert_eq!(decide_together(&run, &run).expect("scores were kept"), classes);
        let without = deployed.run(&images, &RunOptions::default(), &mut Quiet).expect("it runs");
        assert!(decide_together(&run, &without).is_err());
    }
}
