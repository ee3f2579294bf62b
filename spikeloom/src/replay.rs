//! Costs without running: what samples did is recorded once, and every chip that holds the network is costed from that.

use crate::{
    executable::{Executable, stimulus},
    record::Record,
    run::Sample,
    samples::{Samples, right_class},
};
use simulator::{Bounds, ReplayError, TimingMode};

/// What recorded samples cost on a chip: the same as if they had run there.
#[derive(Clone, Debug)]
pub struct Costed {
    /// What is stored of it: everything that pricing needs.
    pub record: Record,
    /// Duration of each sample \[s\], where the mode and the chip's description allow it.
    pub seconds: Option<Vec<f64>>,
    /// What bound the timesteps of all samples, where they have time and do not overlap.
    pub bounds: Option<Bounds>,
}

impl Executable {
    /// Runs all samples and records their spikes, for [`Self::replay`] here and on every other chip that holds the same integers.
    ///
    /// # Errors
    /// If a sample cannot be run, or a record cannot hold what it does.
    pub fn spikes(&self, samples: &dyn Samples) -> Result<simulator::Record, ReplayError> {
        let input = self.input();
        self.machine.record(samples.len(), |i| stimulus(samples, i, &input))
    }

    /// What recorded samples cost here; `samples` are those that were recorded.
    ///
    /// # Errors
    /// If the record is of another network, if the chip's spikes depend on its times, or if a timestep is too short for its work.
    pub fn replay(
        &self,
        spikes: &simulator::Record,
        samples: &dyn Samples,
        mode: TimingMode,
    ) -> Result<Costed, ReplayError> {
        let replay = self.machine.replay(spikes, mode)?;
        let classes = self.input().classes;
        let times = replay.times.as_deref();
        let seconds: Option<Vec<f64>> = times.map(|times| times.iter().map(simulator::Time::seconds).collect());
        let bounds = times.and_then(|times| {
            times.iter().try_fold(Bounds::default(), |mut all, time| {
                all.merge(&time.bounds()?);
                Some(all)
            })
        });
        let sample = |(i, outcome): (usize, &simulator::Outcome)| Sample {
            index: i,
            number: samples.number(i),
            label: right_class(samples, i, classes),
            class: outcome.class,
            spikes: outcome.spikes,
            synaptic_operations: 0,
            saturated: 0,
            seconds: seconds.as_ref().map(|seconds| seconds[i]),
            queue: None,
            bounds: None,
            ledger: None,
            scores: None,
        };
        let all: Vec<Sample> = spikes.outcomes().iter().enumerate().map(sample).collect();
        let arch = &self.chip.arch;
        let record = Record::new(&self.program, arch, samples, &all, spikes.layer_spikes(), replay.ledger);
        Ok(Costed { record: Record { network: self.name.clone(), ..record }, seconds, bounds })
    }
}
