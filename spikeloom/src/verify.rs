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
use compiler::pass::fuse::fuse;
use ir::{Graph, Quantized, Stimulus, Trace, Trained};
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
    /// Potentials that the interpreter clipped, as many as the run did.
    pub saturated: u64,
    /// The float network on the same samples, unless the model came in integers.
    pub float: Option<FloatAgreement>,
}

/// What a sample does by the reference.
struct Verdict {
    equal: bool,
    saturated: u64,
    float: Option<Float>,
}

/// What a sample does in the float network.
struct Float {
    class: u32,
    spikes: Option<SpikeChange>,
}

/// The float network's decisions beside the run's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloatAgreement {
    /// Right decisions, where the class of every sample is known.
    pub correct: Option<RightDecisions>,
    /// Samples on which the two decide differently.
    pub changed: usize,
    /// Spikes, where the float network was interpreted in timesteps.
    pub spikes: Option<SpikeChange>,
}

/// Right decisions of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RightDecisions {
    /// Of the float network.
    pub float: usize,
    /// Of the run.
    pub run: usize,
}

/// Spikes of the float network and how many of them the integers change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpikeChange {
    /// Spikes of the float network.
    pub float: u64,
    /// Sum over neurons and samples of the difference in their numbers of spikes.
    pub changed: u64,
}

impl Verification {
    /// # Errors
    /// If simulator and interpreter differ: they are equal by construction.
    pub fn ensure_equal(&self) -> Result<()> {
        let Some(first) = self.first_difference else { return Ok(()) };
        Err(Error::Internal(format!(
            "simulator and interpreter differ on {} samples, first on sample {first}",
            self.samples - self.equal
        )))
    }
}

impl Deployed {
    /// Interprets every sample of a run of the network in timesteps, with its integers and, unless the model came in integers, in
    /// real numbers: networks trained here by the runner that trains them, others as graphs. `model` is what was deployed.
    ///
    /// # Errors
    /// If the progress asks to stop, or the model cannot be fused.
    pub fn verify(
        &self,
        model: &Model,
        samples: &dyn Samples,
        run: &Run,
        progress: &mut dyn Progress,
    ) -> Result<Verification> {
        let graph = &self.quantized;
        let input = Input::of_graph(graph).expect("a compiled graph has an input");
        // Networks of recordings are interpreted as graphs, which says where spikes differ too.
        let of_images = model.trained.as_ref().filter(|(network, _)| !network.config.input.is_events());
        let runner = of_images.map(|(network, _)| Runner::new(network));
        let fused = match (&runner, &model.integers) {
            (None, None) => {
                Some(fuse(&model.graph).map_err(|reasons| Error::input(format!("{}: {reasons}", model.name)))?)
            }
            _ => None,
        };
        let bits = self.executable.machine.saturates_at();
        let verdicts = parallel(Task::Interpret, run.samples.len(), progress, |i| {
            let sample = &run.samples[i];
            let stimulus = input.stimulus(samples, sample.index);
            let lasts = input.lasts(samples, sample.index);
            let shorter = lasts.and_then(|steps| ir::lasting(graph, steps));
            let graph = shorter.as_ref().unwrap_or(graph);
            let (trace, saturated) = ir::interpret_saturating(graph, &stimulus, bits);
            let same = trace.decision.class == sample.class && trace.n_spikes() as u64 == sample.spikes;
            let float = match (&runner, samples.image(sample.index), &fused) {
                (Some(runner), Some(image), _) => Some(Float { class: runner.classify(image) as u32, spikes: None }),
                (_, _, Some(fused)) => {
                    let shorter = lasts.and_then(|steps| ir::lasting(fused, steps));
                    Some(interpreted(shorter.as_ref().unwrap_or(fused), &stimulus, &trace))
                }
                _ => None,
            };
            Verdict { equal: same && saturated == sample.saturated, saturated, float }
        })?;
        let float: Option<Vec<&Float>> = verdicts.iter().map(|verdict| verdict.float.as_ref()).collect();
        let float = float.map(|float| FloatAgreement {
            correct: run.correct().map(|run_correct| RightDecisions {
                float: float.iter().zip(&run.samples).filter(|(f, s)| Some(f.class) == s.label).count(),
                run: run_correct,
            }),
            changed: float.iter().zip(&run.samples).filter(|(f, s)| f.class != s.class).count(),
            spikes: float
                .iter()
                .map(|f| f.spikes)
                .reduce(|a, b| {
                    let (a, b) = (a?, b?);
                    Some(SpikeChange { float: a.float + b.float, changed: a.changed + b.changed })
                })
                .flatten(),
        });
        Ok(Verification {
            samples: verdicts.len(),
            equal: verdicts.iter().filter(|verdict| verdict.equal).count(),
            first_difference: verdicts.iter().position(|verdict| !verdict.equal).map(|i| run.samples[i].index),
            saturated: verdicts.iter().map(|verdict| verdict.saturated).sum(),
            float,
        })
    }
}

/// A sample in a float graph, beside what it did in integers.
fn interpreted(fused: &Graph<Trained>, stimulus: &Stimulus, integer: &Trace<Quantized>) -> Float {
    let trace = ir::interpret(fused, stimulus);
    let mut spikes = SpikeChange::default();
    for (id, population) in fused.populations() {
        let neurons = population.shape.neurons();
        for (want, got) in trace.counts(id, neurons).into_iter().zip(integer.counts(id, neurons)) {
            spikes.float += u64::from(want);
            spikes.changed += u64::from(want.abs_diff(got));
        }
    }
    Float { class: trace.decision.class, spikes: Some(spikes) }
}
