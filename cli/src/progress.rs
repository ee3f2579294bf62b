//! Progress: on standard error, and only if that is a terminal. Where the amount of work is known, a bar with rate and remaining time;
//! where it is not, as of a pass of the compiler, what is done and for how long already.

use crate::interrupt::Patient;
use compiler::{PASSES, PassInfo};
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use spikeloom::{Progress, Task};
use std::{ops::ControlFlow, sync::atomic::Ordering, time::Duration};

/// A bar over `n` items called `what`; its message stands at the end of the line.
pub(crate) fn bar(n: u64, what: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(n), ProgressDrawTarget::stderr_with_hz(8));
    let template = format!("{{bar:28}} {{pos}}/{{len}} {what}  {{per_sec}}  ETA {{eta}}  {{msg}}");
    bar.set_style(ProgressStyle::with_template(&template).expect("the template is valid").progress_chars("━╸─"));
    bar
}

/// A bar over bytes on their way; its message names the file.
pub(crate) fn bytes() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
    let template = "{bar:28} {bytes}/{total_bytes}  {bytes_per_sec}  ETA {eta}  {msg}";
    bar.set_style(ProgressStyle::with_template(template).expect("the template is valid").progress_chars("━╸─"));
    bar
}

/// A pass of the compiler, for how long it runs, and where it says so how far it is.
fn pass(info: PassInfo) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
    let at = PASSES.iter().position(|known| *known == info).map_or(0, |i| i + 1);
    let template = format!("{{spinner}} {} (pass {at} of {})  {{elapsed}}{{msg}}", info.name, PASSES.len());
    bar.set_style(ProgressStyle::with_template(&template).expect("the template is valid"));
    bar.enable_steady_tick(Duration::from_millis(125));
    bar
}

/// A bar for every task of the library, and for every pass of the compiler.
pub(crate) struct Bars {
    stop: Option<Patient>,
    task: Task,
    bar: ProgressBar,
    done: u64,
    right: u64,
}

impl Bars {
    /// Bars whose tasks end when `stop` is raised.
    pub(crate) fn until(stop: Patient) -> Self {
        Self { stop: Some(stop), ..Self::new() }
    }

    /// Bars whose tasks go on to their end.
    pub(crate) fn new() -> Self {
        Self { stop: None, task: Task::Run, bar: ProgressBar::hidden(), done: 0, right: 0 }
    }
}

impl compiler::Observer for Bars {
    fn begin(&mut self, info: PassInfo) {
        self.bar = pass(info);
    }

    fn stepped(&mut self, done: u64, of: u64) {
        let rate = done as f64 / self.bar.elapsed().as_secs_f64().max(1e-3);
        let left = Duration::from_secs(((of - done) as f64 / rate) as u64);
        self.bar.set_message(format!("  {done}/{of}  {rate:.1}/s  ETA {}", HumanDuration(left)));
    }

    fn end(&mut self, _: PassInfo, _: &dyn Fn() -> String) -> ControlFlow<()> {
        self.bar.finish_and_clear();
        ControlFlow::Continue(())
    }
}

impl Progress for Bars {
    fn start(&mut self, task: Task, n: usize) {
        let what = match task {
            Task::Measure => "training samples",
            Task::Interpret => "samples interpreted",
            Task::Compare => "samples compared",
            _ => "samples",
        };
        (self.task, self.bar, self.done, self.right) = (task, bar(n as u64, what), 0, 0);
    }

    fn advance(&mut self, right: Option<bool>) -> ControlFlow<()> {
        self.done += 1;
        self.right += u64::from(right == Some(true));
        if self.task == Task::Run && right.is_some() {
            self.bar.set_message(format!("{:.2} % right", 100.0 * self.right as f64 / self.done as f64));
        }
        self.bar.inc(1);
        let stop = self.stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed));
        if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn finish(&mut self) {
        self.bar.finish_and_clear();
    }
}
