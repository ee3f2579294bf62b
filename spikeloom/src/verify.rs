//! Agreement of a run with the reference interpreter and with the float network, sample by sample.

use crate::{
    deploy::Deployed,
    error::{Error, Result},
    model::Model,
    parallel::parallel,
    progress::{Progress, Task},
    run::Run,
    samples::{Input, Samples},
};
use training::ffgaf::Runner;

/// How far a run agrees with what the network means.
#[derive(Clone, Debug)]
pub struct Verification {
    /// Samples interpreted: those that the run did.
    pub samples: usize,
    /// Samples whose class and number of spikes equal the reference interpreter's.
    pub equal: usize,
    /// Index of the first sample that differs.
    pub first_difference: Option<usize>,
    /// The float network on the same samples, if the model came as one and the samples are images.
    pub float: Option<FloatAgreement>,
}

/// The float network's decisions beside the run's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloatAgreement {
    /// Right decisions of the float network.
    pub correct: usize,
    /// Right decisions of the run.
    pub run_correct: usize,
    /// Samples on which the two decide differently.
    pub changed: usize,
}

impl Verification {
    /// # Errors
    /// If simulator and interpreter differ: they are equal by construction.
    pub fn ensure_equal(&self) -> Result<()> {
        let Some(first) = self.first_difference else { return Ok(()) };
        Err(Error::Internal(format!(
            "simulator and interpreter differ on {} images, first on image {first}",
            self.samples - self.equal
        )))
    }
}

impl Deployed {
    /// Interprets every sample of a run of the network in timesteps. `model` is what was deployed.
    ///
    /// # Errors
    /// If the progress asks to stop.
    pub fn verify(
        &self,
        model: &Model,
        samples: &dyn Samples,
        run: &Run,
        progress: &mut dyn Progress,
    ) -> Result<Verification> {
        let graph = &self.quantized;
        let input = Input::of_graph(graph).expect("a compiled graph has an input");
        let runner = model.trained.as_ref().map(|(network, _)| Runner::new(network));
        let verdicts = parallel(Task::Interpret, run.samples.len(), progress, |i| {
            let sample = &run.samples[i];
            let trace = ir::interpret(graph, &samples.stimulus(sample.index, &input));
            let equal = trace.decision.class == sample.class && trace.n_spikes() as u64 == sample.spikes;
            let image = samples.image(sample.index);
            (equal, runner.as_ref().zip(image).map(|(runner, image)| runner.classify(image) as u32))
        })?;
        let float: Option<Vec<u32>> = verdicts.iter().map(|(_, float)| *float).collect();
        let float = float.map(|float| FloatAgreement {
            correct: float.iter().zip(&run.samples).filter(|(class, s)| **class == s.label).count(),
            run_correct: run.correct(),
            changed: float.iter().zip(&run.samples).filter(|(class, s)| **class != s.class).count(),
        });
        Ok(Verification {
            samples: verdicts.len(),
            equal: verdicts.iter().filter(|(equal, _)| *equal).count(),
            first_difference: verdicts.iter().position(|(equal, _)| !equal).map(|i| run.samples[i].index),
            float,
        })
    }
}
