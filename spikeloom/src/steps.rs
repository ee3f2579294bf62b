//! A sample timestep by timestep: what each did, took and cost.
//!
//! The counts of timestep t are those of the sample ended after t + 1 timesteps less those of it ended after t
//! ([`simulator::Machine::first_counts`]): they add up to the sample's, whatever is counted. Reset and the final reading of potentials, which
//! belong to no timestep, come first. Time and work of this grow with the square of the number of timesteps.

use crate::{
    closeup::Closeup,
    error::{Error, Result},
    executable::Executable,
    record::Record,
    samples::Samples,
};
use energy::{
    price::{Breakdown, Context, price},
    table::Table,
};
use isa::{Counts, Ledger};
use simulator::{BatchError, Binding, StepTime};
use std::collections::BTreeMap;

/// What a timestep did, took and cost.
#[derive(Clone, Debug)]
pub struct StepCost {
    /// Which; `None` for reset and the final reading of potentials.
    pub timestep: Option<u32>,
    /// How long it took \[s\], if the run has time.
    pub seconds: Option<f64>,
    /// What bound it, if that is known.
    pub binding: Option<Binding>,
    /// What was counted, of all cores and layers.
    pub counts: Counts,
    /// What it cost; static energy over its time.
    pub energy: Breakdown,
}

impl StepCost {
    /// Mean power in the timestep \[W\], if it has time.
    pub fn watts(&self) -> Option<f64> {
        self.seconds.filter(|&seconds| seconds > 0.0).map(|seconds| self.energy.total.value * 1e-12 / seconds)
    }
}

impl Executable {
    /// What each timestep of a sample that was looked at did, took and cost: first reset and reading, then the timesteps.
    ///
    /// # Errors
    /// If the chip fires per event, the sample cannot be run, or the table lacks a price.
    pub fn step_costs(&self, samples: &dyn Samples, close: &Closeup, table: &Table) -> Result<Vec<StepCost>> {
        let (machine, arch) = (&self.machine, &self.chip.arch);
        if machine.is_event_driven() {
            let refused = format!("chip {} fires per event and has no timesteps to list", arch.name);
            return Err(Error::input(refused));
        }
        let failed = |error| Error::from(BatchError::Sample { sample: close.sample, error });
        let stimulus = self.stimulus(samples, close.sample);
        let silicon =
            Record::new(&self.program, arch, samples, &[], &vec![0; self.program.layers.len()], Ledger::default());
        let all = silicon.context();
        let seconds = |ticks: u64| ticks as f64 * arch.tick_ps.value as f64 * 1e-12;
        let inside = close.steps.iter().map(StepTime::ticks).sum::<u64>();
        let outside = (!close.steps.is_empty()).then(|| close.ticks - inside);
        let (mut state, mut before, mut steps) = (machine.state(), Ledger::default(), Vec::new());
        for n in 0..=machine.timesteps_of(&stimulus).map_err(failed)? {
            let ledger = machine.first_counts(&mut state, &stimulus, n).map_err(failed)?;
            let own = difference(&ledger, &before);
            let span = n.checked_sub(1).and_then(|t| close.steps.get(t as usize));
            let ticks = if n == 0 { outside } else { span.map(StepTime::ticks) };
            let seconds = ticks.map(seconds);
            let timing = seconds.map(|seconds| silicon.timing(seconds));
            steps.push(StepCost {
                timestep: n.checked_sub(1),
                seconds,
                binding: span.and_then(|span| span.binding),
                counts: own.total(),
                energy: price(&own, table, &Context { timing, ..all.clone() })?,
            });
            before = ledger;
        }
        Ok(steps)
    }
}

/// What is in `all` and was not in `before`.
fn difference(all: &Ledger, before: &Ledger) -> Ledger {
    let earlier: BTreeMap<_, &Counts> = before.rows().collect();
    let mut own = Ledger::default();
    for (site, counts) in all.rows() {
        for (action, n) in counts.iter() {
            let more = n - earlier.get(&site).map_or(0, |counts| counts[action]);
            if more > 0 {
                own.at(site)[action] = more;
            }
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use crate::{Chip, DeployOptions, Model, Quiet, RunOptions, datasets::bundled::mnist_test_500};
    use simulator::TimingMode;

    #[test]
    fn timesteps_add_up_to_the_sample() {
        let chip = Chip::open("loihi1").expect("a preset");
        let model = Model::open("mnist-small").expect("it ships");
        let deployed = model.deploy(&chip, &DeployOptions::default(), &mut Quiet).expect("it fits");
        let images = mnist_test_500().subset(0..1);
        let table = chip.prices().expect("loihi1 has prices");
        let options = RunOptions { mode: TimingMode::Analytic, ..RunOptions::default() };
        let run = deployed.run(&images, &options, &mut Quiet).expect("it runs");
        let close = deployed.executable.closeup(&images, 0, TimingMode::Analytic).expect("it runs");
        let steps = deployed.executable.step_costs(&images, &close, table).expect("it runs");
        let (seconds, energy): (Vec<f64>, Vec<f64>) =
            steps.iter().map(|step| (step.seconds.expect("timed"), step.energy.total.value)).unzip();
        let whole = run.price(table).expect("priced").breakdown.total.value;
        assert!((energy.iter().sum::<f64>() / whole - 1.0).abs() < 1e-9, "{energy:?}, {whole}");
        let whole = run.samples[0].seconds.expect("timed");
        assert!((seconds.iter().sum::<f64>() / whole - 1.0).abs() < 1e-9, "{seconds:?}, {whole}");
        let operations: u64 = steps.iter().map(|step| step.counts.synaptic_operations()).sum();
        assert_eq!(operations, run.samples[0].synaptic_operations);
        assert!(steps[1..].iter().all(|step| step.binding.is_some() && step.watts().is_some()));
    }
}
