//! How long work is followed, and stopped: counts of what is done go to a [`Progress`], which may ask to stop.

use std::ops::ControlFlow;

/// What is being counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Task {
    /// Samples of a run.
    #[default]
    Run,
    /// Training samples whose spikes are counted, to weigh a placement.
    Measure,
    /// Samples run by the reference interpreter, to verify a run.
    Interpret,
    /// Samples run through the real-valued and the integer network.
    Compare,
}

/// Follows long work. All methods do nothing unless written.
pub trait Progress: Send {
    /// A task over `n` samples begins.
    fn start(&mut self, _task: Task, _n: usize) {}

    /// One more sample is done; `right` says whether its decision was, where that is known. Breaking ends the task: samples
    /// that run are finished, no more are begun.
    fn advance(&mut self, _right: Option<bool>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// The task is over.
    fn finish(&mut self) {}
}

/// Watches a deployment: the compiler's passes, and the samples that are run to measure activity.
pub trait Observer: compiler::Observer + Progress {}

impl<T: compiler::Observer + Progress> Observer for T {}

/// Says and stops nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Progress for Quiet {}
impl compiler::Observer for Quiet {}
