//! NIR files on the command line: checked, compiled, run with recorded events, written.

mod support;

use std::{fs, path::Path};
use support::spikeloom;

const LIF: &[u8] = include_bytes!("../../models/nir/golden/lif_norse.nir");
const CSNN: &[u8] = include_bytes!("../../models/nir/golden/csnn.nir");
const EXACT: &str = include_str!("../../models/nir/golden/lif_exact.csv");

/// The input of the reference neuron as recorded events.
fn events(folder: &Path) {
    let fires = |line: &str| line.split(',').next().and_then(|v| v.parse::<f64>().ok()) == Some(1.0);
    let rows: Vec<String> =
        EXACT.lines().enumerate().filter(|(_, line)| fires(line)).map(|(t, _)| format!("{t},0\n")).collect();
    fs::write(folder.join("events.csv"), format!("timestep,neuron\n{}", rows.concat())).expect("writable");
}

#[test]
fn check_lists_nodes_and_says_what_the_file_does_not_say() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    fs::write(dir.path().join("lif.nir"), LIF).expect("writable");
    let ran = spikeloom(dir.path(), &["check", "lif.nir", "--dt", "1e-4"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    for part in [
        "lif.nir: 4 nodes, 3 edges, nir 0.1.1",
        "tau 0.0025, r 1, v_leak 0, v_threshold 0.1",
        "timestep    1e-4 (given)",
        "reset       to v_reset (assumed)",
        "--reset subtract",
        "164/4096",
        "can be mapped: 2 populations",
    ] {
        assert!(ran.out.contains(part), "`{part}` is missing:\n{}", ran.out);
    }
    let ran = spikeloom(dir.path(), &["check", "lif.nir"]);
    assert_eq!(ran.code, 2);
    assert!(ran.out.contains("refused") && ran.out.contains("node `1`") && ran.out.contains("--dt"), "{}", ran.out);
    let ran = spikeloom(dir.path(), &["check", "lif.nir", "--dt", "1e-4", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!((value["edges"].as_u64(), value["nodes"][1]["type"].as_str()), (Some(3), Some("LIF")));
}

/// A loop of two layers, run and compiled: the program knows that a step of the recording is two timesteps.
#[test]
fn a_loop_of_layers_has_the_timing_of_its_framework() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/nir/golden/small/spikingjelly_loop");
    for ending in ["nir", "csv"] {
        fs::copy(golden.with_extension(ending), at.join(format!("loop.{ending}"))).expect("copied");
    }
    let text = fs::read_to_string(golden.with_extension("json")).expect("there");
    let golden: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let expected: Vec<String> = golden["layers"]["lif2"]
        .as_array()
        .expect("spikes")
        .iter()
        .map(|spike| format!("{},lif2,{},0,0", 2 * spike[0].as_u64().expect("a step") + 1, spike[1]))
        .collect();
    let found = |file: &str| -> Vec<String> {
        let text = fs::read_to_string(at.join(file)).expect("written");
        text.lines().filter(|line| line.split(',').nth(1) == Some("lif2")).map(str::to_owned).collect()
    };
    let chip = ["--arch", "lemaire_ideal"];
    let options = ["--profile", "spikingjelly", "--weight-bits", "16"];
    let trace = ["--data", "loop.csv", "--trace", "spikes", "--trace-dir"];
    let run = [&["run", "loop.nir", "--steps", "40", "--verify"], &chip[..], &options, &trace, &["ran"]].concat();
    let ran = spikeloom(at, &run);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("a step of the file is 2 timesteps"), "{}", ran.err);
    assert!(
        ran.out.contains("verified     1 of 1") && ran.out.contains("quantization changes 0 decisions"),
        "{}",
        ran.out
    );
    assert_eq!(found("ran/spikes.csv"), expected);
    let steps = ["--steps", "40", "--coding", "events", "-o", "loop.slb"];
    let compiled = spikeloom(at, &[&["compile", "loop.nir"], &chip[..], &options, &steps].concat());
    assert_eq!(compiled.code, 0, "{}{}", compiled.out, compiled.err);
    let simulated = spikeloom(at, &[&["simulate", "loop.slb"], &trace[..], &["simulated"]].concat());
    assert_eq!(simulated.code, 0, "{}{}", simulated.out, simulated.err);
    assert_eq!(found("simulated/spikes.csv"), expected);
    let long = fs::read_to_string(at.join("loop.csv")).expect("there") + "40,0\n";
    fs::write(at.join("long.csv"), long).expect("writable");
    let refused = spikeloom(at, &["simulate", "loop.slb", "--data", "long.csv"]);
    assert!(refused.code == 2 && refused.err.contains("takes input in 40"), "{}", refused.err);
}

#[test]
fn recorded_events_run_through_the_reference_neuron() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    fs::write(at.join("lif.nir"), LIF).expect("writable");
    events(at);
    let args = ["run", "lif.nir", "--dt", "1e-4", "--data", "events.csv", "--verify", "--trace", "spikes"];
    let ran = spikeloom(at, &[&args[..], &["--arch", "lemaire_ideal", "--weight-bits", "16"]].concat());
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("verified     1 of 1"), "{}", ran.out);
    assert!(ran.err.contains("what this file does not say") && ran.err.contains("steps"), "{}", ran.err);
    let spikes = fs::read_to_string(at.join("spikes.csv")).expect("written");
    let times: Vec<i32> = spikes
        .lines()
        .filter(|line| line.split(',').nth(1) == Some("1"))
        .map(|line| line.split(',').next().and_then(|t| t.parse().ok()).expect("a timestep"))
        .collect();
    assert_eq!(times, [460, 510, 710, 760]);
}

#[test]
fn wrong_files_and_options_are_named() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    fs::write(at.join("lif.nir"), LIF).expect("writable");
    fs::write(at.join("csnn.nir"), CSNN).expect("writable");
    fs::write(at.join("cut.nir"), &LIF[..LIF.len() / 2]).expect("writable");
    fs::write(at.join("text.nir"), "not HDF5").expect("writable");
    events(at);
    let cases: &[(&[&str], &[&str])] = &[
        (&["check", "text.nir"], &["text.nir", "HDF5"]),
        (&["run", "cut.nir", "--dt", "1"], &["cut.nir"]),
        (&["run", "lif.nir", "--data", "events.csv"], &["lif.nir", "node `1`", "--dt", "1e-4"]),
        (&["run", "lif.nir", "--dt", "1", "--data", "events.csv"], &["lif.nir", "node `1`", "dt/tau > 1"]),
        (&["run", "lif.nir", "--dt", "0", "--data", "events.csv"], &["positive --dt"]),
        (&["run", "lif.nir", "--dt", "nan", "--data", "events.csv"], &["a timestep of NaN is not possible"]),
        (&["check", "lif.nir", "--dt", "1e-4", "--node", "1.reset=off"], &["--node", "off"]),
        (&["check", "lif.nir", "--profile", "keras"], &["--profile", "snntorch"]),
        (&["run", "lif.nir", "--dt", "1e-4", "--data", "events.csv", "--node", "2.reset=none"], &["--node 2", "`1`"]),
        (
            &["run", "lif.nir", "--dt", "1e-4", "--data", "events.csv", "--steps", "4294967295"],
            &["too many", "16777216"],
        ),
        (&["run", "lif.nir", "--dt", "1e-4"], &["--data"]),
        (&["run", "--dt", "1"], &["--dt", "NIR", "mnist-small"]),
        (&["run", "lif.nir", "--dt", "1e-4", "--steps", "10", "--data", "events.csv"], &["events.csv", "--steps 851"]),
        (&["run", "--data", "events.csv"], &["events.csv", "values", "--coding events"]),
        (&["run", "csnn.nir", "--dt", "1e-4", "--data", "mnist"], &["mnist"]),
        (&["export", "lif.nir"], &["--dt"]),
    ];
    for (args, parts) in cases {
        let ran = spikeloom(at, args);
        assert_eq!(ran.code, 2, "{args:?}: {}{}", ran.out, ran.err);
        for part in *parts {
            assert!(ran.err.contains(part), "{args:?} does not mention `{part}`:\n{}", ran.err);
        }
    }
}

#[test]
fn an_exported_network_runs_as_the_network() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    let ran = spikeloom(at, &["export", "mnist-small", "-o", "net.nir"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("metadata/spikeloom"), "{}", ran.out);
    let layers = |model: &str| {
        let ran = spikeloom(at, &["run", model, "--limit", "5", "--json"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let report: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
        (report["correct"].clone(), report["layers"].clone(), report["counts"].clone())
    };
    assert_eq!(layers("net.nir"), layers("mnist-small"));
}

#[test]
fn the_energy_of_a_nir_network_is_measured_with_its_options() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    fs::write(at.join("lif.nir"), LIF).expect("writable");
    events(at);
    let model = spikeloom(at, &["energy", "model", "--model", "lif.nir", "--dt", "1e-4", "--data", "events.csv"]);
    assert_eq!(model.code, 0, "{}", model.err);
    assert!(model.out.contains("lif.nir, spikes measured on 1 recording of events.csv"), "{}", model.out);
    assert!(
        model.out.contains("T = 851") && model.err.contains("timestep    1e-4 (given)"),
        "{}{}",
        model.out,
        model.err
    );
    let compare = spikeloom(at, &["energy", "compare", "--model", "lif.nir", "--dt", "1e-4", "--data", "events.csv"]);
    assert_eq!(compare.code, 0, "{}", compare.err);
    fs::write(at.join("csnn.nir"), CSNN).expect("writable");
    let refused = spikeloom(at, &["energy", "model", "--model", "csnn.nir", "--dt", "1e-4", "--data", "events.csv"]);
    assert!(refused.code == 2 && refused.err.contains("csnn.nir: has no analytical model"), "{}", refused.err);
    for args in
        [&["energy", "model", "--model", "mnist-small", "--dt", "1"][..], &["energy", "model", "net.json", "--dt", "1"]]
    {
        let refused = spikeloom(at, args);
        assert_eq!(refused.code, 2);
        assert!(refused.err.contains("--dt: is for NIR files"), "{}", refused.err);
    }
}

/// What people do first with an exported network: a timestep that contradicts the file is the message.
#[test]
fn a_timestep_that_contradicts_the_file_is_named() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    assert_eq!(spikeloom(at, &["export", "mnist-small", "-o", "net.nir"]).code, 0);
    let ran = spikeloom(at, &["run", "net.nir", "--dt", "1e-4", "--limit", "1"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("--dt 1e-4 contradicts the file") && ran.err.contains("leave --dt out"), "{}", ran.err);
    // A file in capitals is the same file.
    fs::rename(at.join("net.nir"), at.join("NET.NIR")).expect("renamed");
    let ran = spikeloom(at, &["run", "NET.NIR", "--limit", "1"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
}

/// Resets by name, floors, currents and delays reach the chip: `--verify` compares its spikes with the interpreter's.
#[test]
fn networks_of_frameworks_run_on_a_chip() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/nir/golden/small");
    let dir = tempfile::tempdir().expect("a temporary folder");
    let cases: &[(&str, &[&str])] = &[
        ("snntorch_default_reset_delay", &["--profile", "snntorch"]),
        ("snntorch_reset_none", &["--profile", "snntorch", "--node", "1.reset=none"]),
        ("snntorch_beta_per_neuron", &["--profile", "snntorch"]),
        ("snntorch_synaptic_cubalif", &["--profile", "snntorch", "--reset", "zero-next-step"]),
        ("sinabs_floor", &["--profile", "sinabs", "--spikes", "one", "--floor", "-1"]),
        ("spikingjelly_v_reset_start", &["--profile", "spikingjelly"]),
        ("norse_default_dt", &["--profile", "norse"]),
    ];
    for (name, options) in cases {
        let at = |extension: &str| golden.join(format!("{name}.{extension}")).display().to_string();
        let (net, events) = (at("nir"), at("csv"));
        let base = ["run", &net, "--data", &events, "--steps", "40", "--verify", "--arch", "lemaire_ideal"];
        let ran = spikeloom(dir.path(), &[&base[..], &["--weight-bits", "16", "--mode", "counts"], options].concat());
        assert_eq!(ran.code, 0, "{name}: {}{}", ran.out, ran.err);
        assert!(ran.out.contains("verified     1 of 1"), "{name}: {}", ran.out);
        assert!(ran.err.contains(&format!("(profile {})", options[1])), "{name}: {}", ran.err);
    }
}
