//! Independent work on many threads without a chip: interpretation, comparison.

use crate::{
    error::{Error, Result},
    progress::{Progress, Task},
};
use rayon::prelude::*;
use std::sync::{Mutex, PoisonError};

/// `work(i)` for every `i` of `0..n`, in order; an error if the progress asks to stop.
pub(crate) fn parallel<T: Send>(
    task: Task,
    n: usize,
    progress: &mut dyn Progress,
    work: impl Fn(usize) -> T + Sync,
) -> Result<Vec<T>> {
    progress.start(task, n);
    let watched = Mutex::new(&mut *progress);
    let done: Option<Vec<T>> = (0..n)
        .into_par_iter()
        .map(|i| {
            let outcome = work(i);
            let flow = watched.lock().unwrap_or_else(PoisonError::into_inner).advance(None);
            flow.is_continue().then_some(outcome)
        })
        .collect();
    progress.finish();
    done.ok_or(Error::NothingRun)
}
