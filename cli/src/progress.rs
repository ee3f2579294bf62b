//! Progress bars: on standard error, and only if that is a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use spikeloom::{Progress, Task};
use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// A bar over `n` items called `what`; its message stands at the end of the line.
pub(crate) fn bar(n: u64, what: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(n), ProgressDrawTarget::stderr_with_hz(8));
    let template = format!("{{bar:28}} {{pos}}/{{len}} {what}  {{per_sec}}  ETA {{eta}}  {{msg}}");
    bar.set_style(ProgressStyle::with_template(&template).expect("the template is valid").progress_chars("━╸─"));
    bar
}

/// A bar for every task of the library.
pub(crate) struct Bars {
    stop: Arc<AtomicBool>,
    task: Task,
    bar: ProgressBar,
    done: u64,
    right: u64,
}

impl Bars {
    /// Bars whose tasks end when `stop` is raised.
    pub(crate) fn until(stop: Arc<AtomicBool>) -> Self {
        Self { stop, task: Task::Run, bar: ProgressBar::hidden(), done: 0, right: 0 }
    }

    /// Bars whose tasks go on to their end.
    pub(crate) fn new() -> Self {
        Self::until(Arc::default())
    }
}

impl compiler::Observer for Bars {}

impl Progress for Bars {
    fn start(&mut self, task: Task, n: usize) {
        let what = match task {
            Task::Measure => "training images",
            Task::Interpret => "images interpreted",
            Task::Compare => "images compared",
            _ => "images",
        };
        *self = Self { task, bar: bar(n as u64, what), done: 0, right: 0, stop: Arc::clone(&self.stop) };
    }

    fn advance(&mut self, right: Option<bool>) -> ControlFlow<()> {
        self.done += 1;
        self.right += u64::from(right == Some(true));
        if self.task == Task::Run && right.is_some() {
            self.bar.set_message(format!("{:.2} % right", 100.0 * self.right as f64 / self.done as f64));
        }
        self.bar.inc(1);
        if self.stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn finish(&mut self) {
        self.bar.finish_and_clear();
    }
}
