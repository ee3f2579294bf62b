//! The network that an analytical energy model looks at, measured by simulating samples on the machine that the model
//! describes. Every count of every sample must equal its formula.

use crate::{
    analytic::{self, Activity, NotExpressible},
    chip::Chip,
    deploy::DeployOptions,
    error::{Error, Result},
    executable::Pass,
    model::Model,
    progress::{Progress, Quiet, Task},
    samples::Samples,
};
use energy::analytic::{DirectEncoding, Network};
use simulator::TimingMode;
use std::sync::{Mutex, PoisonError};

/// The machine of the analytical models (Lemaire et al. 2022).
const IDEAL: &str = "lemaire_ideal";

/// A network with the activity that was measured.
#[derive(Clone, Debug)]
pub struct MeasuredNetwork {
    /// What the models evaluate.
    pub network: Network,
    /// What it rests on, in words.
    pub origin: String,
    /// How a real-valued input is presented.
    pub direct: DirectEncoding,
    /// Fraction of the hidden neurons that fire at least once, mean of the layers; absent without hidden layers.
    pub density: Option<f64>,
}

impl Model {
    /// Runs samples on the ideal machine and derives what analytical models evaluate.
    ///
    /// # Errors
    /// If the model has no analytical form or does not compile, if the samples are not what it takes, or if a count differs
    /// from its formula, which is a defect.
    pub fn measure_analytic(&self, samples: &dyn Samples, progress: &mut dyn Progress) -> Result<MeasuredNetwork> {
        // The models know IF and LIF as they are, not as lists with fractions of a unit.
        let mut chip = Chip::open(IDEAL)?;
        chip.arch.core.dynamics.fraction_bits.clear();
        let deployed = self.deploy(&chip, &DeployOptions::default(), &mut Quiet)?;
        let graph = &deployed.quantized;
        let no_form = |error: NotExpressible| Error::input(format!("{}: has no analytical model: {error}", self.name));
        samples.ensure_fit(&deployed.executable.input())?;
        let input = deployed.executable.input();
        if let Some(steps) = (0..samples.len()).find_map(|i| samples.lasts(i, &input)) {
            return Err(Error::input(format!(
                "{}: a recording lasts {steps} timesteps and others {}, and the analytical models know one T for all; measure \
                 recordings of one length",
                samples.name(),
                input.coding.steps()
            )));
        }
        // What the models cannot express is refused before anything is simulated.
        let begun = || {
            let mut activity = Activity::new(graph);
            activity.begin();
            activity
        };
        analytic::network(graph, &begun()).map_err(no_form)?;
        let sum = Mutex::new(Activity::new(graph));
        let pass = Pass { task: Task::Run, mode: TimingMode::Counts, threads: 0 };
        let keep = |i: usize, run: &simulator::Run, seen: Activity| {
            let found = analytic::disagreements(graph, &seen, &run.ledger).map_err(no_form)?;
            if !found.is_empty() {
                return Err(Error::Internal(format!("on sample {i} counts differ from their formulas: {found:?}")));
            }
            sum.lock().unwrap_or_else(PoisonError::into_inner).merge(&seen);
            Ok(())
        };
        let n = deployed.executable.each(samples, pass, progress, begun, keep)?.kept.len();
        if n < samples.len() {
            return Err(Error::NothingRun);
        }
        let seen = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (network, direct, _) = analytic::network(graph, &seen).map_err(no_form)?;
        let hidden: Vec<f64> = graph
            .populations()
            .filter(|(id, p)| p.neuron.spikes() && !graph.outgoing(*id).is_empty())
            .map(|(id, _)| seen.density(id))
            .collect();
        let density = (!hidden.is_empty()).then(|| hidden.iter().sum::<f64>() / hidden.len() as f64);
        let origin = format!("{}, spikes measured on {} of {}", self.name, samples.counted(), samples.name());
        Ok(MeasuredNetwork { network, origin, direct, density })
    }
}
