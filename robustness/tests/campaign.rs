//! Changed files thrown at every reader: none may panic, abort, allocate beyond the cap or run on.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `SPIKELOOM_EXECUTIONS` | inputs of each reader | 10000 |
//! | `SPIKELOOM_FUZZ_SEED` | seed of the changes | 1 |
//! | `SPIKELOOM_FUZZ_ONLY` | one reader | all |
//! | `SPIKELOOM_FUZZ_KEEP` | 1: each input is written before it is tried, so that one that ends the process is not lost | 0 |
//!
//! An input that fails is kept in the folder of temporary files, and named.

#![allow(clippy::pedantic, reason = "a harness")]

use spikeloom_robustness::{Capped, ENTRIES, Entry, Mutator, peak};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// What the process may have; the budget of what files ask for is half of it.
const CAP: usize = 2 << 30;
/// A reader that has not returned after so long never will.
const HANGS: Duration = Duration::from_secs(60);

#[global_allocator]
static ALLOCATOR: Capped<CAP> = Capped;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a whole number"))
}

fn kept(entry: &Entry, input: &[u8], what: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("spikeloom-fuzz-{}-{what}", entry.name));
    std::fs::write(&path, input).expect("temporary files can be written");
    path
}

/// Tries inputs made from a seed; how many, and the longest and largest.
fn campaign(entry: &'static Entry, executions: u64, seed: u64) {
    let mut mutator = Mutator::new(seed, (entry.seeds)());
    for input in (entry.seeds)() {
        (entry.run)(&input);
    }
    let keep = number("SPIKELOOM_FUZZ_KEEP", 0) == 1;
    let current = Mutex::new(Vec::new());
    let (tick, watch) = channel::<()>();
    std::thread::scope(|scope| {
        let trying = &current;
        scope.spawn(move || {
            loop {
                match watch.recv_timeout(HANGS) {
                    Ok(()) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                    Err(RecvTimeoutError::Timeout) => {
                        let path = kept(entry, &trying.lock().expect("no panic holds it"), "hangs");
                        eprintln!("{}: hangs on {}", entry.name, path.display());
                        std::process::abort();
                    }
                }
            }
        });
        let (begun, mut longest, mut largest) = (Instant::now(), Duration::ZERO, 0);
        for i in 0..executions {
            let input = mutator.input();
            current.lock().expect("no panic holds it").clone_from(&input);
            if keep {
                kept(entry, &input, "last");
            }
            let start = Instant::now();
            peak();
            let outcome = catch_unwind(AssertUnwindSafe(|| (entry.run)(&input)));
            largest = largest.max(peak());
            longest = longest.max(start.elapsed());
            if outcome.is_err() {
                let path = kept(entry, &input, &format!("{seed}-{i}"));
                drop(tick);
                panic!("{}: input {i} of seed {seed} panics; it is kept in {}", entry.name, path.display());
            }
            if i % 64 == 0 {
                let _ = tick.send(());
            }
        }
        eprintln!(
            "{:<12} {executions:>9} inputs of seed {seed} in {:>7.1} s; longest {:>6.3} s, most memory {} MiB",
            entry.name,
            begun.elapsed().as_secs_f64(),
            longest.as_secs_f64(),
            largest >> 20
        );
        drop(tick);
    });
}

#[test]
fn no_reader_gives_way() {
    base::budget::set_limit(CAP as u64 / 2);
    let (executions, seed) = (number("SPIKELOOM_EXECUTIONS", 10_000), number("SPIKELOOM_FUZZ_SEED", 1));
    let only = std::env::var("SPIKELOOM_FUZZ_ONLY").ok();
    for entry in ENTRIES.iter().filter(|entry| only.as_deref().is_none_or(|only| only == entry.name)) {
        campaign(entry, executions, seed);
    }
}
