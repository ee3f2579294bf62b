//! How far the times of a chip's description leave its latency open: the same samples with every time at its lowest, and at
//! its highest, plausible figure.

use crate::{executable::Executable, run::Run, samples::Samples};
use isa::arch::End;
use serde::Serialize;
use simulator::{Machine, NoProbe, Time, TimingMode};

/// How many samples are run at both ends.
const SAMPLES: usize = 8;

/// The mean latency of a sample at both ends of all times \\[s\\].
#[derive(Clone, Copy, Debug, Serialize)]
pub struct LatencyRange {
    /// With every time at its lowest.
    pub low: f64,
    /// With every time at its highest; absent if a timestep of fixed length then overruns.
    pub high: Option<f64>,
    /// Samples that the ratios were taken on.
    pub samples: usize,
}

impl Executable {
    /// The mean latency of `run`, by the ratio on its first samples at both ends of all times; `None` where it has no time.
    pub fn latency_range(&self, samples: &dyn Samples, run: &Run, mode: TimingMode) -> Option<LatencyRange> {
        let first: Vec<_> = run.samples.iter().take(SAMPLES).collect();
        let mean = run.record.seconds? / run.samples.len() as f64;
        let seconds: Option<f64> = first.iter().map(|sample| sample.seconds).sum();
        let at = |end| {
            let machine = Machine::new(&self.program, &self.chip.arch.at(end)).ok()?;
            let one = |index| {
                let ran = machine.run(&self.stimulus(samples, index), mode, &mut NoProbe).ok()?;
                ran.time.as_ref().map(Time::seconds)
            };
            let sum: Option<f64> = first.iter().map(|sample| one(sample.index)).sum();
            Some(mean * sum? / seconds?)
        };
        Some(LatencyRange { low: at(End::Low)?, high: at(End::High), samples: first.len() })
    }
}
