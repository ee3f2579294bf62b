//! Costing a mapping from a record: counts and times of samples that ran before, on whatever chip.
//!
//! ```text
//! samples ── Machine::record (once) ──► Record ── Machine::replay (on every chip) ──► Replay { ledger, times }
//! ```
//!
//! Nothing is integrated again. What spikes are to a mapping is linear in them ([`plan`]): counts follow from how often each place
//! fired in all samples, the work of cores in a timestep from how often each place fired then; ledger and timer are those
//! of a run, fed with the same figures, so that the outcome is that of [`Machine::run_batch`], to the last count and tick. Chips
//! that fire per event decide spikes by time, and cannot be costed this way; neither is there a flit by flit replay.

mod areas;
mod neurons;
mod plan;
mod record;
mod table;
mod tally;
mod times;

pub use record::{Outcome, Record};

use crate::{
    Machine, RunError, State, TimingMode,
    error::{BatchError, ReplayError},
    kernel::list::List,
    ledger::{Span, ledger},
    load::Tile,
    timing::Time,
};
use isa::{Ledger, Stimulus};
use rayon::prelude::*;
use record::Recorder;

/// What the recorded samples cost on a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Counts of all samples.
    pub ledger: Ledger,
    /// Time of each sample, in timed modes on chips whose description allows it.
    pub times: Option<Vec<Time>>,
}

/// Most positions of a layer's map that a record can name.
const MOST_POSITIONS: usize = 1 << 16;

/// Samples recorded by one thread at a time.
const CHUNK: usize = 16;

impl Machine {
    /// Runs the samples `0..n` and records what they did; `stimulus(i)` makes sample `i`. Counts and times are not kept: they are
    /// those of [`Self::replay`]. Runs on the threads of the current pool.
    pub fn record(&self, n: usize, stimulus: impl Fn(usize) -> Stimulus + Sync) -> Result<Record, ReplayError> {
        if self.is_event_driven() {
            return Err(ReplayError::PerEvent { arch: self.arch.name.clone() });
        }
        self.spikes_only()?;
        for layer in &self.layers {
            let positions = usize::from(layer.shape.1) * usize::from(layer.shape.2);
            if positions > MOST_POSITIONS {
                return Err(ReplayError::TooWide { layer: layer.name.clone(), positions });
            }
        }
        let visits = self.touched_only();
        let part = |chunk: usize| -> Result<Record, (usize, RunError)> {
            let mut record = Record::new(self.timesteps, &self.layers, visits);
            let mut state = self.state();
            for sample in chunk * CHUNK..n.min((chunk + 1) * CHUNK) {
                let stimulus = stimulus(sample);
                // A record knows one length.
                if let Some(lasts) = stimulus.lasts {
                    return Err((sample, RunError::Length { lasts, steps: self.timesteps }));
                }
                let mut recorder = Recorder(&mut record);
                let run = self.run_in(&mut state, &stimulus, TimingMode::Counts, &mut recorder);
                let run = run.map_err(|error| (sample, error))?;
                let input = self.loaded.port.layer.0 as usize;
                let spikes = run.layer_spikes.iter().sum::<u64>() - run.layer_spikes[input];
                record.outcomes.push(Outcome { class: run.class, spikes, graded: state.graded });
            }
            Ok(record)
        };
        let parts: Vec<_> = (0..n.div_ceil(CHUNK)).into_par_iter().map(part).collect();
        let mut whole = Record::new(self.timesteps, &self.layers, visits);
        for part in parts {
            let part = part.map_err(|(sample, error)| ReplayError::Sample(BatchError::Sample { sample, error }))?;
            whole.append(part);
        }
        if !whole.distinct {
            return Err(ReplayError::Repeated);
        }
        Ok(whole)
    }

    /// What the recorded samples cost here: the same as if they ran in this mode.
    pub fn replay(&self, record: &Record, mode: TimingMode) -> Result<Replay, ReplayError> {
        self.check_replay(record, mode)?;
        let costs = self.costs_in(mode);
        let untimed = crate::core::CoreCosts::default();
        let core = costs.map_or(&untimed, |costs| &costs.core);
        let sources = plan::sources(&self.loaded, &self.layers, record, core);
        let mut total = Ledger::default();
        for graded in [false, true] {
            let samples = record.outcomes.iter().filter(|outcome| outcome.graded == graded).count() as u64;
            if samples > 0 {
                let mut state: State = self.state();
                state.graded = graded;
                tally::fill(&mut state, &sources, record, graded);
                total.merge(&ledger(
                    &self.loaded,
                    &self.arch,
                    &state,
                    Span { timesteps: self.timesteps, shorter: 0, samples },
                ));
            }
        }
        let times = costs.map(|_| self.times(&sources, record, mode)).transpose();
        Ok(Replay { ledger: total, times: times.map_err(ReplayError::Sample)? })
    }

    /// A record holds who fired, not what was emitted.
    fn spikes_only(&self) -> Result<(), ReplayError> {
        let emits = |tile: &&Tile| tile.list.as_ref().is_some_and(List::emits_values);
        match self.loaded.units.iter().flat_map(|unit| &unit.tiles).find(emits) {
            Some(tile) => Err(ReplayError::Values { layer: self.layers[tile.layer.0 as usize].name.clone() }),
            None => Ok(()),
        }
    }

    fn touched_only(&self) -> bool {
        self.arch.core.sweep == isa::arch::Sweep::Touched
    }

    fn check_replay(&self, record: &Record, mode: TimingMode) -> Result<(), ReplayError> {
        if self.is_event_driven() {
            return Err(ReplayError::PerEvent { arch: self.arch.name.clone() });
        }
        if mode == TimingMode::Cycle {
            return Err(ReplayError::Cycle);
        }
        self.spikes_only()?;
        let shapes = record.spikes.iter().map(|stream| stream.shape);
        if !shapes.eq(self.layers.iter().map(|layer| layer.shape)) || record.timesteps != self.timesteps {
            return Err(ReplayError::OtherNetwork);
        }
        if self.touched_only() && !record.has_visits() {
            return Err(ReplayError::Visits { arch: self.arch.name.clone() });
        }
        Ok(())
    }
}
