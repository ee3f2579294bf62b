//! The main job as a user runs it: run, compile, simulate, inspect, on the bundled network and images.

mod support;

use serde_json::Value;
use support::spikeloom;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[test]
fn run_reports_accuracy_counts_energy_and_latency_together() {
    let dir = folder();
    let ran = spikeloom(dir.path(), &["run", "--limit", "40", "--verify", "--check"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for part in ["accuracy", "latency", "energy", "cores", "conv4", "synaptic ops", "verified     40 of 40"] {
        assert!(ran.out.contains(part), "no `{part}` in\n{}", ran.out);
    }
}

/// A mirrored run decides by both images; handwriting is not symmetric, so the single figure stays beside it.
#[test]
fn a_mirror_image_is_run_and_priced_beside() {
    let dir = folder();
    let ran = spikeloom(dir.path(), &["run", "--limit", "30", "--mirror", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let report: Value = serde_json::from_str(&ran.out).expect("JSON");
    let (one, both) = (&report["energy"]["total_pj"]["value"], &report["mirror"]["energy_pj"]["value"]);
    let ratio = both.as_f64().expect("a number") / one.as_f64().expect("a number");
    assert!((1.8..2.2).contains(&ratio), "{ratio}");
    assert!(report["mirror"]["correct"].as_u64().expect("a number") <= 30);
    assert_eq!(report["images"], 30);
}

#[test]
fn simulate_of_a_compiled_program_equals_run() {
    let dir = folder();
    let run = spikeloom(dir.path(), &["run", "--limit", "20", "--json"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(spikeloom(dir.path(), &["compile", "-o", "net.slb"]).code, 0);
    let simulated = spikeloom(dir.path(), &["simulate", "net.slb", "--limit", "20", "--json"]);
    assert_eq!(simulated.code, 0, "{}", simulated.err);
    let [run, simulated]: [Value; 2] = [run.out, simulated.out].map(|text| serde_json::from_str(&text).expect("JSON"));
    for key in ["correct", "counts", "latency", "energy", "layers", "spikes"] {
        assert_eq!(run[key], simulated[key], "{key}");
    }
}

#[test]
fn counts_and_classes_do_not_depend_on_threads_or_timing_mode() {
    let dir = folder();
    let of = |args: &[&str]| {
        let ran = spikeloom(dir.path(), &[&["run", "--limit", "12", "--json"], args].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        let report: Value = serde_json::from_str(&ran.out).expect("JSON");
        (report["correct"].clone(), report["counts"].clone())
    };
    let reference = of(&["--threads", "1", "--mode", "counts"]);
    assert_eq!(of(&["--threads", "2", "--mode", "analytic"]), reference);
    assert_eq!(of(&["--threads", "2", "--mode", "cycle"]), reference);
}

#[test]
fn compiling_twice_gives_the_same_bytes() {
    let dir = folder();
    for name in ["a.slb", "b.slb"] {
        assert_eq!(spikeloom(dir.path(), &["compile", "--arch", "seneca_like", "-o", name]).code, 0);
    }
    let read = |name| std::fs::read(dir.path().join(name)).expect("written");
    assert_eq!(read("a.slb"), read("b.slb"));
}

#[test]
fn inspect_shows_used_and_max_and_disassembles() {
    let dir = folder();
    assert_eq!(spikeloom(dir.path(), &["compile", "-o", "net.slb"]).code, 0);
    let used = spikeloom(dir.path(), &["inspect", "net.slb"]);
    assert!(used.out.contains("/1,024") && used.out.contains("weight memory [bits]"), "{}", used.out);
    let text = spikeloom(dir.path(), &["inspect", "net.slb", "--disassemble"]);
    assert!(text.out.contains("on_spike: EVGET ; AXL ; XCALL ; END"), "{}", text.out);
}

#[test]
fn per_image_lines_sum_to_the_report() {
    let dir = folder();
    let ran = spikeloom(dir.path(), &["run", "--limit", "10", "--json", "--per-image", "images.csv"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let report: Value = serde_json::from_str(&ran.out).expect("JSON");
    let csv = std::fs::read_to_string(dir.path().join("images.csv")).expect("written");
    let column = |name: &str| -> Vec<f64> {
        let mut lines = csv.lines();
        let i = lines.next().expect("a header").split(',').position(|c| c == name).expect("a column");
        lines.map(|line| line.split(',').nth(i).expect("a cell").parse().expect("a number")).collect()
    };
    let mean = |name: &str| column(name).iter().sum::<f64>() / 10.0;
    let close = |a: f64, b: &Value| (a / b.as_f64().expect("a number") - 1.0).abs() < 1e-9;
    assert!(close(mean("spikes"), &report["spikes"]["mean"]));
    assert!(close(mean("synaptic_operations"), &report["synaptic_operations"]["mean"]));
    assert!(close(mean("energy_pj"), &report["energy"]["total_pj"]["value"]));
}

#[test]
fn limited_queues_are_reported_or_said_to_be_unknown() {
    let dir = folder();
    // Queues of two events; the preset states no capacity.
    let chip = include_str!("../../isa/presets/loihi1.ron").replace(
        "queue: (bits: None,",
        "queue: (bits: Some((value: 64, low: 64, high: 64, source: \"this test\", basis: Assumed)),",
    );
    std::fs::write(dir.path().join("chip.ron"), chip).expect("written");
    let run = |mode: &str, json: bool| {
        let args = ["run", "--arch", "chip.ron", "--limit", "2", "--mode", mode, "--json"];
        let ran = spikeloom(dir.path(), &args[..args.len() - usize::from(!json)]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        ran.out
    };
    let of = |mode| serde_json::from_str::<Value>(&run(mode, true)).expect("JSON")["queues"].clone();
    let cycle = of("cycle");
    assert_eq!(cycle["limit_events"], serde_json::json!([2, 2]));
    assert_eq!(cycle["measured"]["peak_events"], 2, "{cycle}");
    assert!(cycle["measured"]["stalled"]["mean"].as_f64().expect("a number") > 0.0, "{cycle}");
    assert!(run("cycle", false).contains("of 2 events: at most 2 in one, packets waited"));
    assert_eq!(of("analytic")["measured"], Value::Null);
    assert!(run("analytic", false).contains("estimates what full ones cost; --mode cycle follows them"));
    assert_eq!(of("counts"), Value::Null, "without time there is nothing to say");
}
