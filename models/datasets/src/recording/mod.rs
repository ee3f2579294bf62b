//! Recordings: events with timesteps of their own, one list per sample.
//!
//! A recording is what a network receives, already in timesteps and in input neurons: at most one event per neuron and
//! timestep, with an integer value (1 for a spike). What sensors write ([`address`]: time, column, row, polarity) becomes one
//! by binning. Formats: tables ([`table`]), arrays of numpy ([`array`]), N-MNIST ([`nmnist`]), AEDAT ([`aedat`]), HDF5 as SHD has it ([`shd`]);
//! [`open`] tells them apart.
//!
//! Contract of [`Recordings`]: there is at least one; events ascend in timestep and neuron, none has the value 0 and each lies
//! within its recording's length. Sizes are checked before anything is allocated.

pub mod address;
pub mod aedat;
pub mod array;
pub mod dense;
pub(crate) mod format;
mod labels;
pub mod nmnist;
mod open;
mod present;
pub mod shd;
pub mod table;
pub mod values;

pub use address::{Address, Binning, Polarity, Raw};
pub use labels::Labels;
pub use open::{Opened, Wanted, open};
pub use present::present;

use super::error::{Cause, DataError};
use ir::Event;
use std::path::Path;

/// Most timesteps of one recording.
pub const MAX_STEPS: u32 = 1 << 20;
/// Most events of one file.
pub const MAX_EVENTS: usize = 1 << 27;
/// Most timesteps of all recordings together.
pub const MAX_TOTAL_STEPS: u64 = 1 << 30;

/// Recordings with what is said about them.
#[derive(Clone, Debug, PartialEq)]
pub struct Recordings {
    /// What the user calls them.
    pub name: String,
    /// The recordings, in order.
    pub samples: Vec<Recording>,
    /// Real value of one unit of the events' values; 1 where they are counts.
    pub unit: f64,
    /// What was assumed or changed while reading, a sentence each.
    pub remarks: Vec<String>,
}

/// One recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// Its number in the file.
    pub number: u64,
    /// Its class, if the file says so.
    pub label: Option<u32>,
    /// Timesteps that it lasts.
    pub steps: u32,
    /// Its events, ascending in timestep and neuron.
    events: Vec<Timed>,
}

/// An event in its timestep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timed {
    /// When.
    pub timestep: u32,
    /// Which input neuron.
    pub neuron: u32,
    /// What it receives; never 0.
    pub value: i32,
}

/// What happened while events fell together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Neurons and timesteps with several events.
    pub bins: u64,
    /// Most events of one of them.
    pub most: u64,
}

impl Recording {
    /// A recording of events in any order; those of one neuron and timestep are added up, which `merged` takes note of.
    ///
    /// # Errors
    /// If a sum leaves 32 bits: the neuron and timestep.
    pub fn new(
        (number, label): (u64, Option<u32>),
        steps: u32,
        mut events: Vec<Timed>,
        merged: &mut Merged,
    ) -> Result<Self, Timed> {
        events.sort_unstable();
        let mut kept: Vec<Timed> = Vec::with_capacity(events.len());
        for same in events.chunk_by(|a, b| (a.timestep, a.neuron) == (b.timestep, b.neuron)) {
            let sum: i64 = same.iter().map(|event| i64::from(event.value)).sum();
            let value = i32::try_from(sum).map_err(|_| same[0])?;
            if same.len() > 1 {
                merged.bins += 1;
                merged.most = merged.most.max(same.len() as u64);
            }
            if value != 0 {
                kept.push(Timed { value, ..same[0] });
            }
        }
        Ok(Self { number, label, steps, events: kept })
    }

    /// Its events, ascending in timestep and neuron.
    pub fn events(&self) -> &[Timed] {
        &self.events
    }

    /// What a network receives: one list per timestep.
    pub fn stimulus(&self) -> ir::Stimulus {
        let mut steps = vec![Vec::new(); self.steps as usize];
        for event in &self.events {
            steps[event.timestep as usize].push(Event { neuron: event.neuron, value: event.value });
        }
        ir::Stimulus { steps }
    }

    /// Leaves out what comes in timestep `steps` or later; returns how many events that are.
    pub fn cut(&mut self, steps: u32) -> usize {
        let kept = self.events.partition_point(|event| event.timestep < steps);
        let cut = self.events.len() - kept;
        self.events.truncate(kept);
        self.steps = self.steps.min(steps);
        cut
    }
}

impl Recordings {
    /// Recordings of a file; `merged` is what fell together on the way.
    pub(crate) fn new(
        name: String,
        samples: Vec<Recording>,
        merged: Merged,
        mut remarks: Vec<String>,
    ) -> Result<Self, Cause> {
        if samples.is_empty() {
            return Err(Cause::refused(
                "holds no recording",
                "Give at least one event, or one line of a silent recording.",
            ));
        }
        let total: u64 = samples.iter().map(|s| u64::from(s.steps)).sum();
        if total > MAX_TOTAL_STEPS {
            let why = format!("the recordings last {total} timesteps together; at most {MAX_TOTAL_STEPS} are read");
            return Err(Cause::refused(why, "Use fewer recordings, or longer timesteps."));
        }
        if merged.bins > 0 {
            remarks.push(format!(
                "{} times several events meet in one neuron and timestep, up to {}: they are added up; --clip makes one of them",
                merged.bins, merged.most
            ));
        }
        Ok(Self { name, samples, unit: 1.0, remarks })
    }

    /// Smallest and largest value of an event, 0 and 1 included.
    pub fn range(&self) -> (i32, i32) {
        let values = self.samples.iter().flat_map(|s| &s.events).map(|event| event.value);
        values.fold((0, 1), |(least, most), value| (least.min(value), most.max(value)))
    }

    /// Timesteps of the longest recording.
    pub fn longest(&self) -> u32 {
        self.samples.iter().map(|s| s.steps).max().unwrap_or(0)
    }

    /// How many recordings have a label.
    pub fn labelled(&self) -> usize {
        self.samples.iter().filter(|s| s.label.is_some()).count()
    }

    /// Makes every value 1 or −1: spikes.
    pub fn clip(&mut self) {
        self.samples.iter_mut().flat_map(|s| &mut s.events).for_each(|event| event.value = event.value.signum());
        self.unit = 1.0;
        self.remarks.push("values are clipped to 1".into());
    }
}

/// The refusal of a file.
pub(crate) fn refuse(file: &Path, place: impl Into<String>, why: impl Into<String>, remedy: &str) -> DataError {
    DataError::new(file, place, Cause::refused(why, remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(timestep: u32, neuron: u32, value: i32) -> Timed {
        Timed { timestep, neuron, value }
    }

    #[test]
    fn events_are_put_in_order_and_added_up() {
        let mut merged = Merged::default();
        let events = vec![at(2, 0, 1), at(0, 3, 1), at(0, 1, 2), at(0, 3, 1), at(1, 1, 1), at(1, 1, -1)];
        let mut recording = Recording::new((7, Some(1)), 4, events, &mut merged).unwrap();
        assert_eq!(recording.events(), [at(0, 1, 2), at(0, 3, 2), at(2, 0, 1)]);
        assert_eq!(merged, Merged { bins: 2, most: 2 });
        let stimulus = recording.stimulus();
        assert_eq!((stimulus.steps.len(), stimulus.len()), (4, 3));
        assert_eq!((recording.cut(2), recording.steps, recording.events().len()), (1, 2, 2));
        assert_eq!((recording.cut(9), recording.steps), (0, 2));
    }

    #[test]
    fn sums_beyond_32_bits_are_named() {
        let events = vec![at(3, 5, i32::MAX), at(3, 5, 1)];
        let wrong = Recording::new((0, None), 4, events, &mut Merged::default()).unwrap_err();
        assert_eq!((wrong.timestep, wrong.neuron), (3, 5));
    }
}
