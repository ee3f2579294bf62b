//! `--trace`: the files appear next to the same report, and what cannot be traced is refused before anything is written.

mod support;

use serde_json::Value;
use std::fs;
use support::spikeloom;

#[test]
fn run_and_simulate_write_the_same_traces_and_report_what_they_report_without() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    let plain = spikeloom(at, &["run", "--limit", "2", "--json"]);
    assert_eq!(plain.code, 0, "{}", plain.err);
    let traces = ["--trace", "spikes,potentials,packets,timeline,vcd", "--trace-image", "1"];
    let run = spikeloom(at, &[&["run", "--limit", "2", "--json", "--trace-dir", "a/b"], &traces[..]].concat());
    assert_eq!(run.code, 0, "{}", run.err);
    let found = |text: &str| {
        let mut found: serde_json::Value = serde_json::from_str(text).expect("JSON");
        // It names the traces.
        found["report"]["provenance"]["command"].take();
        found
    };
    assert_eq!(found(&run.out), found(&plain.out));
    assert_eq!(spikeloom(at, &["compile", "-o", "net.slb"]).code, 0);
    let args = ["simulate", "net.slb", "--limit", "2", "--per-image", "images.csv", "--trace-dir", "c"];
    let simulated = spikeloom(at, &[&args[..], &traces[..]].concat());
    assert_eq!(simulated.code, 0, "{}", simulated.err);
    for name in ["spikes.csv", "potentials.csv", "recording.h5", "packets.csv", "timeline.pftrace", "cores.vcd"] {
        let [a, c] = ["a/b", "c"].map(|folder| fs::read(at.join(folder).join(name)).expect("written"));
        assert!(a == c && a.len() > 1000, "{name}: {} and {} bytes", a.len(), c.len());
    }
    assert_eq!(fs::read_dir(at.join("c")).expect("readable").count(), 6, "a temporary file was left behind");

    // The spikes of the traced image are those that the table of images counts for it.
    let images = fs::read_to_string(at.join("images.csv")).expect("written");
    let column = images.lines().next().expect("a header").split(',').position(|name| name == "spikes");
    let counted = images.lines().nth(2).expect("image 1").split(',').nth(column.expect("a column"));
    let report: Value = serde_json::from_str(&run.out).expect("JSON");
    let input = report["layers"][0]["name"].as_str().expect("a name").to_owned();
    let spikes = fs::read_to_string(at.join("c/spikes.csv")).expect("written");
    let traced = spikes.lines().skip(1).filter(|line| line.split(',').nth(1) != Some(input.as_str())).count();
    assert_eq!(Some(traced.to_string().as_str()), counted);
}

#[test]
fn what_cannot_be_traced_is_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let cases: &[(&[&str], &[&str])] = &[
        (&["--trace", "timeline", "--mode", "counts"], &["timeline", "--mode counts", "--mode analytic"]),
        (&["--trace", "spikes,vcd", "--mode", "counts"], &["vcd", "--mode analytic"]),
        (&["--trace", "spikes", "--trace-image", "1"], &["--trace-image 1", "1 image"]),
        (&["--trace", "vcd", "--trace-cores", "100000"], &["--trace-cores 100000", "it uses 0, "]),
        (&["--trace", "heat"], &["heat", "spikes, potentials, packets, timeline, vcd"]),
    ];
    for (args, parts) in cases {
        let ran = spikeloom(dir.path(), &[&["run", "--limit", "1", "--trace-dir", "t"], *args].concat());
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}: {}", ran.err);
        for part in *parts {
            assert!(ran.err.contains(part), "{args:?} does not mention `{part}`:\n{}", ran.err);
        }
    }
    assert_eq!(fs::read_dir(dir.path()).expect("readable").count(), 0);
}
