//! A run: samples through a program, each with its decision, counts and time; counts merged in the samples' order.

use crate::{
    deploy::Deployed,
    error::{Error, Result},
    executable::{Executable, Pass},
    progress::{Progress, Task},
    record::{Priced, Record},
    samples::{Samples, right_class},
};
use energy::{
    price::{Context, price},
    table::Table,
    units::Energy,
};
use isa::{Ledger, Score};
use simulator::{Bounds, NoProbe, QueueTime, TimingMode};

/// How samples are run.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions {
    /// How time is modelled. The counts are the same in all modes.
    pub mode: TimingMode,
    /// Worker threads; 0 = as many as the process uses.
    pub threads: usize,
    /// Whether each sample's own counts are kept, for [`Run::price_each`].
    pub keep_ledgers: bool,
    /// Whether each sample's scores are kept, for [`crate::decide_together`].
    pub keep_scores: bool,
}

/// What one sample did.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Index among the samples.
    pub index: usize,
    /// Its number where it comes from.
    pub number: u64,
    /// The right class, where it is known.
    pub label: Option<u32>,
    /// The simulated chip's decision.
    pub class: u32,
    /// Spikes of all layers behind the input.
    pub spikes: u64,
    /// Synaptic operations.
    pub synaptic_operations: u64,
    /// Updates clipped at the ends of a potential's range, where neurons fire per event.
    pub saturated: u64,
    /// Duration \[s\], if the chip's description allows it.
    pub seconds: Option<f64>,
    /// What limited input queues went through, if that was simulated.
    pub queue: Option<QueueTime>,
    /// What bound its timesteps, if they have time and do not overlap.
    pub bounds: Option<Bounds>,
    /// The sample's own counts, kept only if asked for.
    pub ledger: Option<Ledger>,
    /// The classes' scores, kept only if asked for.
    pub scores: Option<Vec<Score>>,
}

/// What all samples did. At least one ran.
#[derive(Clone, Debug)]
pub struct Run {
    /// What is stored of it: everything that pricing needs.
    pub record: Record,
    /// Each sample, in order.
    pub samples: Vec<Sample>,
    /// Whether the progress ended the run before all samples were done.
    pub stopped: bool,
}

impl Run {
    /// Number of right decisions; `None` unless the class of every sample is known.
    pub fn correct(&self) -> Option<usize> {
        correct(&self.samples)
    }

    /// What bound the timesteps of all samples; `None` if those of one have no time, or overlap.
    pub fn bounds(&self) -> Option<Bounds> {
        let mut all = Bounds::default();
        for sample in &self.samples {
            all.merge(sample.bounds.as_ref()?);
        }
        Some(all)
    }

    /// Energy of all samples.
    ///
    /// # Errors
    /// If the table lacks a price.
    pub fn price(&self, table: &Table) -> Result<Priced> {
        self.record.price(table)
    }

    /// Energy of each sample \[pJ\].
    ///
    /// # Errors
    /// If the table lacks a price.
    ///
    /// # Panics
    /// If the run did not keep ledgers.
    pub fn price_each(&self, table: &Table) -> Result<Vec<Energy>> {
        let all = self.record.context();
        let energy = |sample: &Sample| {
            let ledger = sample.ledger.as_ref().expect("the run kept the samples' ledgers");
            let timing = sample.seconds.map(|seconds| self.record.timing(seconds));
            Ok(price(ledger, table, &Context { timing, ..all.clone() })?.total)
        };
        self.samples.iter().map(energy).collect()
    }
}

/// Number of right decisions, if all classes are known.
pub(crate) fn correct(samples: &[Sample]) -> Option<usize> {
    let known = samples.iter().all(|s| s.label.is_some());
    known.then(|| samples.iter().filter(|s| Some(s.class) == s.label).count())
}

impl Executable {
    /// Runs all samples.
    ///
    /// # Errors
    /// If the samples are not what the program takes, if one cannot be run, or if the progress ended the run before the first
    /// was done.
    pub fn run(&self, samples: &dyn Samples, options: &RunOptions, progress: &mut dyn Progress) -> Result<Run> {
        let input = self.program.input.layer.0 as usize;
        let classes = self.input().classes;
        let pass = Pass { task: Task::Run, mode: options.mode, threads: options.threads };
        let readout = &self.program.readout;
        let shape = self.program.layer(readout.layer()).shape;
        let keep = |i: usize, run: &simulator::Run, _: NoProbe| {
            let sample = Sample {
                index: i,
                number: samples.number(i),
                label: right_class(samples, i, classes),
                class: run.class,
                spikes: run.layer_spikes.iter().sum::<u64>() - run.layer_spikes[input],
                synaptic_operations: run.ledger.total().synaptic_operations(),
                saturated: run.saturated,
                seconds: run.time.as_ref().map(simulator::Time::seconds),
                queue: run.time.as_ref().and_then(simulator::Time::queue),
                bounds: run.time.as_ref().and_then(simulator::Time::bounds),
                ledger: options.keep_ledgers.then(|| run.ledger.clone()),
                scores: options.keep_scores.then(|| readout.scores(&run.counts, &run.potentials, shape)),
            };
            Ok((sample, run.layer_spikes.clone()))
        };
        let passed = self.each(samples, pass, progress, || NoProbe, keep)?;
        if passed.kept.is_empty() {
            return Err(Error::NothingRun);
        }
        let mut layer_spikes = vec![0; self.program.layers.len()];
        for (_, spikes) in &passed.kept {
            for (sum, n) in layer_spikes.iter_mut().zip(spikes) {
                *sum += n;
            }
        }
        let done: Vec<Sample> = passed.kept.into_iter().map(|(sample, _)| sample).collect();
        let stopped = done.len() < samples.len();
        let record = Record::new(&self.program, &self.chip.arch, samples, &done, &layer_spikes, passed.ledger);
        Ok(Run { record: Record { stopped, network: self.name.clone(), ..record }, stopped, samples: done })
    }
}

impl Deployed {
    /// Runs all samples; as [`Executable::run`].
    ///
    /// # Errors
    /// As [`Executable::run`].
    pub fn run(&self, samples: &dyn Samples, options: &RunOptions, progress: &mut dyn Progress) -> Result<Run> {
        self.executable.run(samples, options, progress)
    }
}
