//! Every write and every rename of a command fails once: outputs are whole or as they were, errors say so, nothing is left behind,
//! and what was killed is finished by running it again, to the byte.
//!
//! A small library is preloaded that spoils one call (`faults/shim.c`); it is compiled by the C compiler that also links the tests.
//! Where there is none, the tests say so and pass.
#![allow(clippy::pedantic, reason = "a harness")]
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The preloaded library, compiled once.
fn shim() -> Option<&'static Path> {
    static SHIM: OnceLock<Option<PathBuf>> = OnceLock::new();
    let compile = || {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shim-{}.so", std::process::id()));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/shim.c");
        let done =
            Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&path).arg(source).arg("-ldl").status();
        done.is_ok_and(|status| status.success()).then_some(path)
    };
    let shim = SHIM.get_or_init(compile).as_deref();
    if shim.is_none() {
        eprintln!("skipped: there is no C compiler to make faults with");
    }
    shim
}

/// A command that writes into a folder.
type Job = dyn Fn(&Path) -> Command;

/// The files of a folder, those of the folders in it too.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("inside").to_string_lossy().into_owned();
                all.insert(name, fs::read(&path).expect("readable"));
            }
        }
    }
    all
}

fn leftovers(files: &BTreeMap<String, Vec<u8>>) -> Vec<&String> {
    files.keys().filter(|name| name.ends_with(".tmp") || name.ends_with(".part")).collect()
}

struct Attempt {
    output: Output,
    hit: bool,
}

fn attempt(job: &Job, folder: &Path, kind: &str, at: usize) -> Attempt {
    let marks = tempfile::tempdir().expect("a folder");
    let hit = marks.path().join("hit");
    let mut command = job(folder);
    command.env("LD_PRELOAD", shim().expect("compiled")).env("FAULT_KIND", kind).env("FAULT_AT", at.to_string());
    let output = command.env("FAULT_HIT", &hit).output().expect("it starts");
    Attempt { output, hit: hit.exists() }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Spoils each call in turn. Files in `grows` change while a command works: they are compared when it is finished, those in
/// `timed`, which hold times of this machine, never.
struct Injection<'a> {
    job: &'a Job,
    grows: &'a [&'a str],
    timed: &'a [&'a str],
}

impl Injection<'_> {
    fn all(&self) {
        if shim().is_none() {
            return;
        }
        let whole = tempfile::tempdir().expect("a folder");
        let output = (self.job)(whole.path()).output().expect("it starts");
        assert!(output.status.success(), "{}", said(&output));
        let reference = files(whole.path());
        assert!(!reference.is_empty() && leftovers(&reference).is_empty(), "{:?}", reference.keys());
        for kind in ["enospc", "eio", "short", "kill", "late"] {
            let hits = (0..).take_while(|&at| self.one(kind, at, &reference)).count();
            assert!(hits > 0, "{kind}: nothing was spoilt");
        }
    }

    /// Whether there was a call to spoil.
    fn one(&self, kind: &str, at: usize, reference: &BTreeMap<String, Vec<u8>>) -> bool {
        let dir = tempfile::tempdir().expect("a folder");
        let Attempt { output, hit } = attempt(self.job, dir.path(), kind, at);
        let (found, text) = (files(dir.path()), said(&output));
        assert!(!text.contains("panicked"), "{kind} {at}: {text}");
        if !hit || kind == "short" {
            assert!(output.status.success(), "{kind} {at}: {text}");
            self.same(&found, reference, &format!("{kind} {at}"));
            return hit;
        }
        assert!(!output.status.success(), "{kind} {at} went unnoticed: {text}");
        if ["enospc", "eio"].contains(&kind) {
            assert!(text.contains("error:"), "{kind} {at}: {text}");
            assert_eq!(leftovers(&found), Vec::<&String>::new(), "{kind} {at}");
        }
        for (name, bytes) in found.iter().filter(|(name, _)| !name.ends_with(".tmp")) {
            let known = self.grows.contains(&name.as_str()) || self.timed.contains(&name.as_str());
            assert!(known || reference.get(name) == Some(bytes), "{kind} {at}: {name} is neither absent nor whole");
        }
        let again = (self.job)(dir.path()).output().expect("it starts");
        assert!(again.status.success(), "{kind} {at}, again: {}", said(&again));
        self.same(&files(dir.path()), reference, &format!("{kind} {at}, again"));
        true
    }

    fn same(&self, found: &BTreeMap<String, Vec<u8>>, reference: &BTreeMap<String, Vec<u8>>, place: &str) {
        assert_eq!(found.keys().collect::<Vec<_>>(), reference.keys().collect::<Vec<_>>(), "{place}");
        for (name, bytes) in found.iter().filter(|(name, _)| !self.timed.contains(&name.as_str())) {
            assert!(reference[name] == *bytes, "{place}: {name} differs");
        }
    }
}

fn spoilt(arguments: &'static [&'static str]) -> impl Fn(&Path) -> Command {
    move |folder| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spikeloom"));
        command.args(arguments).current_dir(folder);
        command
    }
}

#[test]
fn a_stored_run_is_whole_or_absent() {
    let job = spoilt(&["run", "--limit", "2", "--threads", "1", "--output", "run.json", "--per-image", "images.csv"]);
    Injection { job: &job, grows: &[], timed: &[] }.all();
}

#[test]
fn a_compiled_program_is_whole_or_absent() {
    Injection { job: &spoilt(&["compile", "mnist-small", "-o", "net.slb"]), grows: &[], timed: &[] }.all();
}

#[test]
fn an_exploration_is_finished_by_running_it_again() {
    let job = spoilt(&["explore", SPACE, "--out", "found", "--threads", "1"]);
    Injection { job: &job, grows: &[], timed: &[] }.all();
}

const SPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/space.ron");

/// The process that the training test spoils: this test binary itself, told where to train.
#[test]
fn trains_where_it_is_told() {
    let Some(folder) = std::env::var_os("SPIKELOOM_TEST_TRAINS_IN") else { return };
    let data = datasets::bundled::mnist_test_500().subset(0..120);
    let config = training::ffgaf::Config {
        channels: vec![10, 10],
        strides: vec![4, 2],
        epochs: 2,
        validation: 40,
        calibration: 20,
        final_calibration: 20,
        ..training::ffgaf::Config::default()
    };
    let folder = PathBuf::from(folder);
    let job = training::ffgaf::Job { resume: true, ..training::ffgaf::Job::new(&config, &data, &data, &folder) };
    if let Err(error) = training::ffgaf::run(&job, &std::sync::atomic::AtomicBool::new(false), &mut |_| {}) {
        eprintln!("error: {error}");
        std::process::exit(2);
    }
}

#[test]
fn training_is_finished_by_running_it_again() {
    let job = |folder: &Path| {
        let mut command = Command::new(std::env::current_exe().expect("this one"));
        command.args(["--exact", "trains_where_it_is_told", "--nocapture"]);
        command.env("SPIKELOOM_TEST_TRAINS_IN", folder.join("run")).env("RAYON_NUM_THREADS", "1");
        command
    };
    let grows = [
        "run/accuracy.svg",
        "run/best.safetensors",
        "run/card.json",
        "run/checkpoint.safetensors",
        "run/log.csv",
        "run/network.safetensors",
    ];
    Injection { job: &job, grows: &grows, timed: &["run/log.jsonl"] }.all();
}

#[test]
fn standard_output_that_is_full_is_an_error_and_no_panic() {
    for arguments in [&["chip", "list"][..], &["energy", "tables"], &["run", "--limit", "1"], &["--help"]] {
        let full = fs::File::options().write(true).open("/dev/full").expect("Linux has it");
        let output =
            Command::new(env!("CARGO_BIN_EXE_spikeloom")).args(arguments).stdout(full).output().expect("it starts");
        let text = said(&output);
        assert!(!text.contains("panicked"), "{arguments:?}: {text}");
    }
}
