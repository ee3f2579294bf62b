//! Many samples on many threads. Samples are independent, counts are integers and results are put in order, so the outcome
//! does not depend on the number of threads.

use crate::{
    Machine, NoProbe, Probe, Run, TimingMode,
    error::{BatchError, RunError},
};
use isa::{Ledger, Stimulus};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// How a batch is run.
#[derive(Clone, Copy, Debug, Default)]
pub struct BatchOptions<'a> {
    /// Timing of every sample.
    pub mode: TimingMode,
    /// Threads; 0 = one per processor.
    pub threads: usize,
    /// When it becomes true, samples that run are finished and no more are begun.
    pub stop: Option<&'a AtomicBool>,
}

/// The outcome of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch<T> {
    /// What was kept of each sample that ran, with its index, ascending.
    pub results: Vec<(usize, T)>,
    /// Counts of all samples that ran.
    pub ledger: Ledger,
}

impl Machine {
    /// Runs the samples `0..n`: `stimulus(i)` makes sample `i`, `keep(i, run)` says what is kept of its run.
    ///
    /// `keep` is called on the thread that ran the sample, right after it, in no particular order: it may report progress.
    /// If samples fail, the error is that of the first of them, and its index.
    pub fn run_batch<T: Send>(
        &self,
        n: usize,
        options: BatchOptions<'_>,
        stimulus: impl Fn(usize) -> Stimulus + Sync,
        keep: impl Fn(usize, &Run) -> T + Sync,
    ) -> Result<Batch<T>, BatchError> {
        self.run_batch_probed(n, options, stimulus, |_| NoProbe, |i, run, _| keep(i, run))
    }

    /// As [`Self::run_batch`], each sample with a probe of its own: `probe(i)` makes it, `keep` takes what it saw.
    pub fn run_batch_probed<P: Probe, T: Send>(
        &self,
        n: usize,
        options: BatchOptions<'_>,
        stimulus: impl Fn(usize) -> Stimulus + Sync,
        probe: impl Fn(usize) -> P + Sync,
        keep: impl Fn(usize, &Run, P) -> T + Sync,
    ) -> Result<Batch<T>, BatchError> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(options.threads)
            .build()
            .map_err(|error| BatchError::Threads { cause: error.to_string() })?;
        let next = AtomicUsize::new(0);
        let failed = AtomicBool::new(false);
        // Samples are begun in order and always finished, so the first failing sample is always among those that ran.
        let worker = |_: rayon::BroadcastContext<'_>| -> Result<Batch<T>, (usize, RunError)> {
            let mut state = self.state();
            let mut own = Batch { results: Vec::new(), ledger: Ledger::default() };
            loop {
                let stop = options.stop.is_some_and(|stop| stop.load(Ordering::Relaxed));
                if stop || failed.load(Ordering::Relaxed) {
                    return Ok(own);
                }
                let sample = next.fetch_add(1, Ordering::Relaxed);
                if sample >= n {
                    return Ok(own);
                }
                let mut probe = probe(sample);
                match self.run_in(&mut state, &stimulus(sample), options.mode, &mut probe) {
                    Ok(run) => {
                        own.ledger.merge(&run.ledger);
                        own.results.push((sample, keep(sample, &run, probe)));
                    }
                    Err(error) => {
                        failed.store(true, Ordering::Relaxed);
                        return Err((sample, error));
                    }
                }
            }
        };
        let parts = pool.broadcast(worker);
        let mut batch = Batch { results: Vec::new(), ledger: Ledger::default() };
        let mut first: Option<(usize, RunError)> = None;
        for part in parts {
            match part {
                Ok(part) => {
                    batch.ledger.merge(&part.ledger);
                    batch.results.extend(part.results);
                }
                Err((sample, error)) => {
                    if first.as_ref().is_none_or(|(other, _)| sample < *other) {
                        first = Some((sample, error));
                    }
                }
            }
        }
        if let Some((sample, error)) = first {
            return Err(BatchError::Sample { sample, error });
        }
        batch.results.sort_unstable_by_key(|(sample, _)| *sample);
        Ok(batch)
    }
}
