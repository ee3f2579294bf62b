//! What a run of every sample's mirror image adds: accuracy of both together, and what both cost.

use super::number::si;
use anyhow::Result;
use energy::{table::Table, units::Energy};
use serde::Serialize;
use spikeloom::{Executable, Mirrored, Progress, Run, RunOptions, Samples, decide_together};

/// Decisions of each sample and its mirror image together; means per pair.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Mirror {
    /// Right decisions, where every class is known.
    pub(crate) correct: Option<usize>,
    /// Accuracy in percent.
    pub(crate) accuracy_percent: Option<f64>,
    /// Energy of both.
    pub(crate) energy_pj: Energy,
    /// Whether every price is known.
    pub(crate) complete: bool,
    /// Time of both, one after the other \[s\].
    pub(crate) seconds: Option<f64>,
}

impl Mirror {
    /// Runs the mirror images of what `run` ran; `None` if that was stopped.
    pub(crate) fn of(
        executable: &Executable,
        samples: &dyn Samples,
        (run, options): (&Run, &RunOptions),
        table: &Table,
        progress: &mut dyn Progress,
    ) -> Result<Option<Self>> {
        let (_, _, columns) = executable.program.layer(executable.program.input.layer).shape;
        let mirrored = executable.run(&Mirrored::new(samples, columns), options, progress)?;
        if run.stopped || mirrored.stopped {
            return Ok(None);
        }
        let classes = decide_together(run, &mirrored)?;
        let known = run.samples.iter().all(|sample| sample.label.is_some());
        let right = || classes.iter().zip(&run.samples).filter(|(class, sample)| Some(**class) == sample.label).count();
        let correct = known.then(right);
        let n = classes.len() as f64;
        let [one, other] = [run.price(table)?, mirrored.price(table)?];
        Ok(Some(Self {
            correct,
            accuracy_percent: correct.map(|correct| 100.0 * correct as f64 / n),
            energy_pj: one.per_image() + other.per_image(),
            complete: one.breakdown.is_complete() && other.breakdown.is_complete(),
            seconds: run.record.seconds.zip(mirrored.record.seconds).map(|(a, b)| (a + b) / n),
        }))
    }
}

impl std::fmt::Display for Mirror {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let e = self.energy_pj;
        let energy = if self.complete {
            si(e.value * 1e-12, "J")
        } else {
            format!("at least {}, what is priced comes to {}", si(e.low * 1e-12, "J"), si(e.value * 1e-12, "J"))
        };
        match self.accuracy_percent.zip(self.correct) {
            Some((percent, correct)) => write!(f, "{percent:.2} %  ({correct}) right ")?,
            None => write!(f, "decided ")?,
        }
        write!(f, "by each image and its mirror image together: {energy}")?;
        match self.seconds {
            Some(seconds) => write!(f, ", {} for both", si(seconds, "s")),
            None => write!(f, " for both"),
        }
    }
}
