//! Long work on a thread of its own, while the thread that Python called on watches for Ctrl-C.

use crate::watch::PERIOD;
use pyo3::prelude::*;
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// What Python raised while work went on elsewhere; it asks the work to stop.
#[derive(Default)]
pub(crate) struct Raised {
    stop: AtomicBool,
    error: Mutex<Option<PyErr>>,
}

impl Raised {
    /// Set once the work is to stop.
    pub(crate) fn stop(&self) -> &AtomicBool {
        &self.stop
    }

    /// Keeps the first error, and stops the work.
    pub(crate) fn keep(&self, error: PyErr) {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Calls a progress function of `(task, done, of)`.
    pub(crate) fn tell(&self, callback: Option<&Py<PyAny>>, task: &str, done: usize, of: usize) {
        let Some(callback) = callback else { return };
        if let Err(error) = Python::attach(|py| callback.call1(py, (task, done, of)).map(drop)) {
            self.keep(error);
        }
    }

    /// What was raised.
    pub(crate) fn take(&self) -> Option<PyErr> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Does `work` on another thread, without the interpreter lock; Ctrl-C sets `raised.stop()`.
#[allow(clippy::redundant_closure_for_method_calls, reason = "the method itself has one lifetime too few")]
pub(crate) fn run<T: Send>(py: Python<'_>, raised: &Raised, work: impl FnOnce() -> T + Send) -> T {
    const POLL: Duration = Duration::from_millis(5);
    py.detach(|| {
        thread::scope(|scope| {
            let working = scope.spawn(work);
            let mut waited = Duration::ZERO;
            while !working.is_finished() {
                thread::sleep(POLL);
                waited += POLL;
                if waited >= PERIOD {
                    waited = Duration::ZERO;
                    if let Err(error) = Python::attach(|py| py.check_signals()) {
                        raised.keep(error);
                    }
                }
            }
            working.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    })
}
