//! Runs in a folder: stopping, dying, continuing, and what the paper's protocol may not change.

use super::super::*;
use super::bars;
use super::training::config;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Stopped between batches, saved, and continued by a new process: the same bytes as an uninterrupted run.
#[test]
fn resuming_gives_the_same_bytes() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let data = bars(300, [3, 10, 10], 2);
    let test = bars(50, [3, 10, 10], 3);
    let config = Config { validation: 60, protocol: Protocol::Paper, ..config() };
    let whole = dir.path().join("whole");
    run(&Job::new(&config, &data, &test, &whole), &AtomicBool::new(false), &mut |_| {}).expect("run");
    let parts = dir.path().join("parts");
    let mut batches = 0;
    loop {
        let stop = AtomicBool::new(false);
        let job = Job { resume: true, ..Job::new(&config, &data, &test, &parts) };
        let outcome = run(&job, &stop, &mut |e| {
            if let Event::Batch(_) = e {
                batches += 1;
                stop.store(batches % 4 == 0, Ordering::Relaxed);
            }
        })
        .expect("run");
        if outcome.result.is_some() {
            break;
        }
    }
    assert_eq!(batches, 21, "7 batches in each of 3 epochs, none repeated");
    for file in [
        "checkpoint.safetensors",
        "best.safetensors",
        "network.safetensors",
        "config.toml",
        "log.csv",
        "accuracy.svg",
        "card.json",
    ] {
        let read = |d: &std::path::Path| std::fs::read(d.join(file)).expect("file exists");
        assert!(read(&whole) == read(&parts), "{file} differs");
    }
}

/// A process that is killed at any batch continues from its last checkpoint, which is written within epochs too: the same
/// bytes as an uninterrupted run.
#[test]
fn a_killed_run_loses_at_most_what_followed_the_last_checkpoint() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (data, test) = (bars(200, [1, 10, 10], 2), bars(50, [1, 10, 10], 3));
    let config = Config { validation: 40, epochs: 2, limit: 180, ..config() };
    let killed = dir.path().join("killed");
    let often = Job { checkpoint_every: Duration::ZERO, resume: true, ..Job::new(&config, &data, &test, &killed) };
    // Nothing runs after the panic: what is on disk is what a killed process leaves.
    let mut saved = 0;
    let death = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        _ = run(&often, &AtomicBool::new(false), &mut |e| {
            saved += usize::from(matches!(e, Event::Saved(_)));
            assert!(saved < 6, "killed within the second epoch");
        });
    }));
    assert!(death.is_err());
    let mut batches = 0;
    let job = Job { resume: true, ..Job::new(&config, &data, &test, &killed) };
    run(&job, &AtomicBool::new(false), &mut |e| batches += usize::from(matches!(e, Event::Batch(_)))).expect("run");
    assert_eq!(batches, 2, "4 batches in each of 2 epochs, the first 6 kept");
    let whole = dir.path().join("whole");
    run(&Job::new(&config, &data, &test, &whole), &AtomicBool::new(false), &mut |_| {}).expect("run");
    for file in ["checkpoint.safetensors", "network.safetensors", "log.csv"] {
        let read = |d: &std::path::Path| std::fs::read(d.join(file)).expect("file exists");
        assert!(read(&whole) == read(&killed), "{file} differs");
    }
}

/// Settings and images are the run's own: others are refused, the settings by name.
#[test]
fn a_run_continues_with_its_own_settings_and_images_only() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (data, test) = (bars(200, [1, 10, 10], 2), bars(50, [1, 10, 10], 3));
    let config = Config { validation: 40, epochs: 1, ..config() };
    let job = Job { resume: true, ..Job::new(&config, &data, &test, dir.path()) };
    let go = |job: &Job<'_>| run(job, &AtomicBool::new(false), &mut |_| {}).map(|_| ()).map_err(|e| e.to_string());
    go(&job).expect("the first run");
    let other = Config { augment: Augment { shift: 2, ..config.augment.clone() }, ..config.clone() };
    let refused = go(&Job { config: &other, ..job }).expect_err("another setting");
    assert!(refused.contains("augment.shift: 1 against 2"), "{refused}");
    let refused = go(&Job { train: &bars(200, [1, 10, 10], 9), ..job }).expect_err("other images");
    assert!(refused.contains("other training images"), "{refused}");
    let none = Config { validation: 5000, ..config.clone() };
    let refused = go(&Job { config: &none, ..job }).expect_err("no images left");
    assert!(refused.contains("validation = 5000 of 200"), "{refused}");
}

/// A crash while a checkpoint is written leaves the temporary file behind and the previous checkpoint whole.
#[test]
fn a_torn_temporary_file_does_not_matter() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let data = bars(200, [1, 8, 8], 2);
    let config = Config { validation: 40, epochs: 2, ..config() };
    let go = |stop_after: usize| {
        let stop = AtomicBool::new(false);
        let mut epochs = 0;
        let job = Job { resume: true, ..Job::new(&config, &data, &data, dir.path()) };
        run(&job, &stop, &mut |e| {
            if let Event::Epoch(..) = e {
                epochs += 1;
                stop.store(epochs == stop_after, Ordering::Relaxed);
            }
        })
    };
    assert!(go(1).expect("run").result.is_none());
    std::fs::write(dir.path().join("checkpoint.safetensors.tmp"), b"half a fi").expect("write");
    assert!(go(9).expect("run").result.is_some());
}

/// Looking at the test images under the paper's protocol changes neither the training nor what validation chooses.
#[test]
fn the_papers_protocol_only_adds_a_figure() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (data, test) = (bars(300, [1, 10, 10], 2), bars(100, [1, 10, 10], 3));
    let go = |protocol| {
        let config = Config { validation: 60, protocol, ..config() };
        let out = dir.path().join(format!("{protocol:?}"));
        run(&Job::new(&config, &data, &test, &out), &AtomicBool::new(false), &mut |_| {}).expect("run")
    };
    let (ours, paper) = (go(Protocol::Ours), go(Protocol::Paper));
    let (a, b) = (ours.result.expect("finished"), paper.result.expect("finished"));
    assert_eq!((a.choice, a.test.readout), (b.choice, b.test.readout));
    assert_eq!(ours.network.layers, paper.network.layers);
    assert_eq!(a.printed, None);
    let printed = b.printed.expect("asked for");
    let all = paper.history.iter().flat_map(|r| &r.training_mode.as_ref().expect("watched").correct);
    let three_whole_batches = 100.0 * *all.max().expect("layers") as f64 / 96.0;
    assert!((printed.percent - three_whole_batches).abs() < 1e-9, "{printed:?}");
}
