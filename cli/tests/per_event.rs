//! Chips that fire per event from the command line: what the run says, and what it refuses.

mod support;

use serde_json::Value;
use std::fs;
use support::spikeloom;

#[test]
fn the_run_says_that_it_is_another_network_and_by_how_much() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let ran = spikeloom(dir.path(), &["run", "--arch", "speck_scaled", "--limit", "12", "--verify", "--check"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for part in ["no timesteps", "another network", "12 decisions differ", "assumed times", "verified     12 of 12"] {
        assert!(ran.out.contains(part), "no `{part}` in\n{}", ran.out);
    }
}

#[test]
fn the_comparison_adds_up_for_any_number_of_threads() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let of = |args: &[&str]| -> Value {
        let ran = spikeloom(dir.path(), &[&["run", "--arch", "speck2", "--limit", "12", "--json"], args].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        let mut found: Value = serde_json::from_str(&ran.out).expect("JSON");
        // It names the number of threads.
        found["report"]["provenance"]["command"].take();
        found
    };
    let one = of(&["--threads", "1"]);
    assert_eq!(of(&["--threads", "2"]), one);
    let per_step = spikeloom(dir.path(), &["run", "--arch", "lemaire_ideal", "--limit", "12", "--json"]);
    let per_step: Value = serde_json::from_str(&per_step.out).expect("JSON");
    assert_eq!(per_step["per_event"], Value::Null, "chips with timesteps have nothing to compare");

    let compared = &one["per_event"]["against_timesteps"];
    assert_eq!(compared["images"], 12);
    let (changed, percent) = (&compared["changed_decisions"], &compared["changed_percent"]);
    let changed = changed.as_u64().expect("a count");
    let (right, stepwise) = (one["correct"].as_u64(), compared["stepwise_correct"].as_u64());
    assert!(right.expect("a count").abs_diff(stepwise.expect("a count")) <= changed, "{compared}");
    assert!((percent.as_f64().expect("a number") - 100.0 * changed as f64 / 12.0).abs() < 1e-9);
    let layers = compared["layers"].as_array().expect("a list");
    assert_eq!(layers.len(), 4, "the layers behind the input");
    let sum: f64 = layers.iter().map(|layer| layer["per_event_spikes"].as_f64().expect("a number")).sum();
    assert!((sum - one["spikes"]["mean"].as_f64().expect("a number")).abs() < 1e-6);

    // Counts without time are the same counts.
    let untimed = of(&["--mode", "counts"]);
    assert_eq!((&untimed["counts"], &untimed["per_event"]), (&one["counts"], &one["per_event"]));
    assert_eq!(untimed["latency"], Value::Null);
}

#[test]
fn spikes_are_traced_with_their_ticks_and_timesteps_are_refused() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let run = |kind| spikeloom(dir.path(), &["run", "--arch", "speck2", "--limit", "1", "--json", "--trace", kind]);
    let ran = run("spikes");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let csv = fs::read_to_string(dir.path().join("spikes.csv")).expect("written");
    assert!(csv.starts_with("tick,layer,channel,row,column\n"), "{}", &csv[..60]);
    let report: Value = serde_json::from_str(&ran.out).expect("JSON");
    let spikes = report["spikes"]["mean"].as_f64().expect("a number");
    assert!((csv.lines().count() as f64 - 1.0 - spikes).abs() < 0.5, "one line for every spike");
    let refused = run("timeline");
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("speck2") && refused.err.contains("spikes"), "{}", refused.err);
}

#[test]
fn a_program_on_its_own_says_what_it_cannot_compare() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let compiled = spikeloom(dir.path(), &["compile", "--arch", "speck2", "-o", "net.slb"]);
    assert_eq!(compiled.code, 0, "{}", compiled.err);
    assert!(compiled.out.contains("another network"), "{}", compiled.out);
    let ran = spikeloom(dir.path(), &["simulate", "net.slb", "--limit", "2"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("another network") && ran.out.contains("`spikeloom run`"), "{}", ran.out);
}
