//! Who evaluates the points of a round: threads of this process, or workers elsewhere.
//!
//! A crew gets tasks and hands back what it made, in any order. What it made names what made it, so a worker that has another
//! version or other files than the one who asked is found out.

use crate::{
    bench::Bench,
    record::{PointRecord, Stage},
    space::Point,
    store::{Store, StoreError},
};
use std::{
    ops::ControlFlow,
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// A point to be evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// The point.
    pub point: Point,
    /// When in the search.
    pub stage: Stage,
    /// The address that its record will have.
    pub key: String,
}

/// A point that was evaluated: its record, and the bytes that are stored of it.
#[derive(Clone, Debug)]
pub struct Made {
    pub(crate) key: String,
    pub(crate) text: String,
    pub(crate) record: PointRecord,
}

impl Made {
    /// A record that was made here.
    pub fn of(record: PointRecord) -> Self {
        Self { key: record.key(), text: record.to_text(), record }
    }

    /// A record that was made elsewhere, of the point with this address; its bytes are kept as they are.
    ///
    /// # Errors
    /// If it is damaged, of another version, or of another point.
    pub fn read(key: &str, text: String) -> Result<Self, StoreError> {
        let record = Store::read(Path::new(&format!("point {key}")), &text, key)?;
        Ok(Self { key: key.to_owned(), text, record })
    }

    /// The bytes that are stored.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// What becomes of a point that was made; `Break` asks for no more.
pub type Keep<'a> = dyn Fn(Made) -> ControlFlow<()> + Sync + 'a;

/// Who evaluates.
pub trait Crew: Sync {
    /// Evaluates the tasks and hands each point to `keep`; after `stop` is set or `keep` breaks, no more are begun.
    ///
    /// # Errors
    /// Why points could not be evaluated at all. A chip that holds no network is no such reason: it is in the record.
    fn work(&self, bench: &Bench, tasks: &[Task], stop: &AtomicBool, keep: &Keep<'_>) -> Result<(), String>;
}

/// So many threads of this process; at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threads(pub usize);

impl Crew for Threads {
    fn work(&self, bench: &Bench, tasks: &[Task], stop: &AtomicBool, keep: &Keep<'_>) -> Result<(), String> {
        let next = AtomicUsize::new(0);
        let work = || {
            while !stop.load(Ordering::Relaxed) {
                let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
                if keep(Made::of(bench.evaluate(&task.point, task.stage))).is_break() {
                    return;
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..self.0.max(1) {
                scope.spawn(work);
            }
        });
        Ok(())
    }
}
