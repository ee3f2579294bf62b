//! Progress for Python: a callback, and Ctrl-C.

use pyo3::prelude::*;
use spikeloom::{Progress, Task};
use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

/// How often Python is asked whether Ctrl-C was pressed, and told how far the work is.
pub(crate) const PERIOD: Duration = Duration::from_millis(100);

/// Tells a callable `(task, done, of)` and stops where Python has a signal pending.
pub(crate) struct Watch {
    callback: Option<Py<PyAny>>,
    task: &'static str,
    done: usize,
    of: usize,
    asked: Instant,
    /// What Python raised meanwhile.
    pub(crate) raised: Option<PyErr>,
}

impl Watch {
    /// Calls `callback`, if there is one.
    pub(crate) fn new(callback: Option<Py<PyAny>>) -> Self {
        Self { callback, task: "", done: 0, of: 0, asked: Instant::now(), raised: None }
    }

    fn tell(&mut self) {
        let told = Python::attach(|py| {
            py.check_signals()?;
            match &self.callback {
                Some(callback) => callback.call1(py, (self.task, self.done, self.of)).map(drop),
                None => Ok(()),
            }
        });
        if let Err(error) = told {
            self.raised.get_or_insert(error);
        }
    }
}

impl Progress for Watch {
    fn start(&mut self, task: Task, n: usize) {
        self.task = match task {
            Task::Measure => "measure",
            Task::Interpret => "interpret",
            Task::Compare => "compare",
            _ => "run",
        };
        (self.done, self.of) = (0, n);
        self.tell();
    }

    fn advance(&mut self, _right: Option<bool>) -> ControlFlow<()> {
        self.done += 1;
        if self.asked.elapsed() >= PERIOD {
            self.asked = Instant::now();
            self.tell();
        }
        if self.raised.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn finish(&mut self) {
        self.tell();
    }
}

impl spikeloom::compiler::Observer for Watch {}
