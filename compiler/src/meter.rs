//! How far a long part of a pass has come, for whoever shows progress: steps done of those there are.
//!
//! One meter serves the process: nothing that is computed depends on it. Compilations side by side share it, and then it says little.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

static DONE: AtomicU64 = AtomicU64::new(0);
static OF: AtomicU64 = AtomicU64::new(0);

/// Steps done, of how many; `None` while nothing is measured.
pub fn read() -> Option<[u64; 2]> {
    let of = OF.load(Relaxed);
    (of > 0).then(|| [DONE.load(Relaxed).min(of), of])
}

/// The meter in use, until it is dropped.
pub(crate) struct Meter {
    done: &'static AtomicU64,
}

impl Meter {
    /// A meter over so many steps.
    pub(crate) fn over(steps: usize) -> Self {
        DONE.store(0, Relaxed);
        OF.store(steps as u64, Relaxed);
        Self { done: &DONE }
    }

    /// One step more is done.
    pub(crate) fn step(&self) {
        self.done.fetch_add(1, Relaxed);
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        OF.store(0, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meter_is_read_while_it_is_in_use() {
        let meter = Meter::over(3);
        meter.step();
        // Other tests compile at the same time and use the same meter.
        assert!(read().is_none_or(|[done, of]| done <= of));
    }
}
