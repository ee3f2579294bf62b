//! Who watches a compilation: is told which pass runs, how far it is and what it made, and may stop there.

use std::{fmt, ops::ControlFlow};

/// What a pass is called and does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassInfo {
    /// Name, as in `--stop-after NAME`.
    pub name: &'static str,
    /// One sentence.
    pub doc: &'static str,
}

/// Watches a compilation: measures time, prints dumps, stops early.
pub trait Observer {
    /// A pass begins.
    fn begin(&mut self, _pass: PassInfo) {}
    /// A long part of the pass has done so many of its steps.
    fn stepped(&mut self, _done: u64, _of: u64) {}
    /// A pass ended; `dump` writes its outcome as text. Breaking stops the compilation.
    fn end(&mut self, _pass: PassInfo, _dump: &dyn Fn() -> String) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Is told how many steps of a long part of a pass are done, of how many.
pub(crate) type Advance<'a> = &'a mut dyn FnMut(u64, u64);

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}

impl fmt::Display for PassInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:14}{}", self.name, self.doc)
    }
}
