//! `spikeloom energy` and `spikeloom reproduce` as a user runs them: figures, files, wrong inputs.

mod support;

use serde_json::Value;
use std::{fs, path::Path};
use support::spikeloom;

const NETWORK: &str = r#"{"mode": "snn", "T": 4, "layers": [
    {"kind": "conv", "name": "a", "cin": 2, "h": 16, "w": 16, "cout": 8, "kernel": 3, "stride": 2, "padding": 1,
     "bias": true, "neuron": "lif", "theta_in": 500, "theta_out": 20},
    {"kind": "fc", "name": "b", "nin": 512, "nout": 10, "bias": true, "neuron": "if", "theta_in": 20, "theta_out": 5}]}"#;

/// Runs a command that must succeed; its JSON.
fn json(folder: &Path, args: &[&str]) -> Value {
    let ran = spikeloom(folder, args);
    assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{args:?}: {error}\n{}", ran.out))
}

fn number(value: &Value, path: &str) -> f64 {
    value.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("no number at {path} of {value}"))
}

#[test]
fn a_stored_run_is_priced_as_the_run_itself_and_splits_into_its_parts() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    let run = json(at, &["run", "--limit", "2", "--output", "run.json", "--json"]);
    let priced = json(at, &["energy", "price", "run.json", "--json"]);
    for part in ["/energy/total_pj/value", "/energy/total_pj/low", "/energy/total_pj/high", "/energy/dynamic_pj/value"]
    {
        assert!((number(&run, part) - number(&priced, part)).abs() <= 1e-9 * number(&run, part), "{part}");
    }
    let layers = priced["layers"].as_array().expect("layers");
    let sum: f64 = layers
        .iter()
        .flat_map(|layer| layer["components_pj"].as_object().expect("components").values())
        .map(|energy| number(energy, "/value"))
        .sum();
    let dynamic = number(&priced, "/energy/dynamic_pj/value");
    assert!((sum - dynamic).abs() <= 1e-9 * dynamic, "{sum} of {dynamic}");
    let other = json(at, &["energy", "price", "run.json", "--table", "loihi1_silicon_fit", "--json"]);
    assert!((number(&other, "/energy/dynamic_pj/value") - dynamic).abs() > 0.01 * dynamic);
    let text = spikeloom(at, &["energy", "price", "run.json"]).out;
    assert!(
        ["conv4", "synapse", "network", "per image, table loihi1"].iter().all(|part| text.contains(part)),
        "{text}"
    );
}

#[test]
fn the_model_is_evaluated_with_the_options_asked_for() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    fs::write(at.join("net.json"), NETWORK).expect("writable");
    fs::write(at.join("case.json"), format!("{{\"name\": \"x\", \"network\": {NETWORK}, \"runs\": []}}"))
        .expect("writable");
    fs::write(at.join("options.json"), r#"{"variant": "qualia", "bits": 16}"#).expect("writable");
    let evaluate = |args: &[&str]| json(at, &[&["energy", "model", "net.json", "--json"], args].concat());
    let paper = evaluate(&[]);
    // ACC of layer b: θ_in·N_out + T·N_out additions of 0.1 pJ.
    let acc = paper["terms"][1]["terms"].as_array().expect("terms").iter().find(|t| t["name"] == "ACC").expect("ACC");
    assert!((number(acc, "/pj") - 0.1 * (20.0 * 10.0 + 4.0 * 10.0)).abs() < 1e-9, "{acc}");
    let total = number(&paper, "/total_pJ/total");
    assert!((number(&paper, "/total_pJ/mem_total") + number(&paper, "/total_pJ/opsaddr") - total).abs() < 1e-9 * total);
    let layers = number(&paper, "/layers_pJ/0/total") + number(&paper, "/layers_pJ/1/total");
    assert!((layers - total).abs() < 1e-9 * total);
    assert_eq!(json(at, &["energy", "model", "case.json", "--json"]), paper);
    assert_eq!(evaluate(&["--options", "options.json"]), evaluate(&["--reading", "qualia", "--bits", "16"]));
    assert_ne!(evaluate(&["--ram", "packed64"]), paper);
    assert_ne!(evaluate(&["--fifo", "10"]), paper);
    let text = spikeloom(at, &["energy", "model", "net.json"]).out;
    assert!(["read potential", "th_in * n_out", "eq. 16.2", "T = 4"].iter().all(|part| text.contains(part)), "{text}");
}

#[test]
fn spikes_of_a_bundled_network_are_measured() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    let exact = json(at, &["energy", "model", "--model", "mnist-small", "--limit", "2", "--json"]);
    let paper =
        json(at, &["energy", "model", "--model", "mnist-small", "--limit", "2", "--reading", "paper", "--json"]);
    // The paper charges a strided convolution for positions that its spikes do not reach.
    assert!(number(&exact, "/total_pJ/total") < number(&paper, "/total_pJ/total"));
    let compared = json(at, &["energy", "compare", "--model", "mnist-small", "--limit", "2", "--json"]);
    let density = number(&compared, "/density");
    assert!(
        density > 0.0 && density < 1.0 && compared["density_source"].as_str().expect("text").starts_with("measured")
    );
    for verdict in compared["verdicts"].as_array().expect("verdicts") {
        let (low, high) = (number(verdict, "/advantage/0"), number(verdict, "/advantage/1"));
        assert_eq!(verdict["flips"], Value::Bool(low < 1.0 && high > 1.0), "{verdict}");
    }
    let text = spikeloom(at, &["energy", "compare", "--model", "mnist-small", "--limit", "2"]).out;
    assert!(
        ["int8 skip reuse", "qnn4", "break-even", "depends on the reading"].iter().all(|p| text.contains(p)),
        "{text}"
    );
}

#[test]
fn tables_state_range_and_source_of_every_action() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    let list = spikeloom(at, &["energy", "tables"]).out;
    assert!(energy::table::PRESETS.iter().all(|(name, _)| list.contains(name)), "{list}");
    let shown = spikeloom(at, &["energy", "tables", "--show", "loihi1"]).out;
    assert!(isa::Action::ALL.iter().all(|action| shown.contains(action.name())), "{shown}");
    assert!(shown.contains("Davies 2018") && shown.contains("23.6 pJ") && shown.contains("static power"), "{shown}");
}

#[test]
fn reproductions_write_json_csv_and_a_picture() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    let table2 = spikeloom(at, &["reproduce", "table2", "--out", "out"]);
    assert_eq!(table2.code, 0, "{}", table2.err);
    for part in ["11 of 14 energy cells", "5 of them under a wrong geometry", "not derivable", "not simulated"] {
        assert!(table2.out.contains(part), "no `{part}` in\n{}", table2.out);
    }
    assert_eq!(spikeloom(at, &["reproduce", "table1", "--out", "out"]).code, 0);
    assert_eq!(spikeloom(at, &["reproduce", "fig5", "--out", "out", "--channels", "2"]).code, 0);
    assert_eq!(spikeloom(at, &["reproduce", "fig3", "--out", "out", "--limit", "20"]).code, 0);
    for name in ["table1", "table2", "fig3", "fig5"] {
        let text = fs::read_to_string(at.join(format!("out/{name}.json"))).expect("written");
        let value: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(value["made_by"]["spikeloom"], env!("CARGO_PKG_VERSION"));
        assert!(number(&value, "/made_by/seconds") >= 0.0);
        assert!(fs::read_to_string(at.join(format!("out/{name}.csv"))).expect("written").lines().count() > 7);
    }
    assert!(fs::read_to_string(at.join("out/table2.svg")).expect("written").starts_with("<svg"));
    let fig5 = fs::read_to_string(at.join("out/fig5.svg")).expect("written");
    assert!(fig5.contains("weighted feature maps") && fig5.contains("layer 4") && fig5.contains("data:image/png"));
    let rows = fs::read_to_string(at.join("out/table2.csv")).expect("written");
    assert_eq!(rows.lines().count(), 1 + 7 * 4);
    let table1 = fs::read_to_string(at.join("out/table1.csv")).expect("written");
    assert!(table1.contains("cifar10,FF,FFGAF-SNN-ours,CSNN,printed,75.64"));
    assert!(
        table1.contains("mnist,FF-SNN,mnist-small,CSNN,measured here,") && table1.contains("SDNN,CSNN,literature,98.4")
    );
}

#[test]
fn each_wrong_input_is_named_with_its_remedy() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    let write = |name: &str, text: &str| fs::write(at.join(name), text).expect("writable");
    write("net.json", NETWORK);
    write("text.json", "hello");
    write("other.json", r#"{"format": "recipe", "version": 1}"#);
    write("new.json", r#"{"format": "spikeloom-run", "version": 99}"#);
    write("cut.json", r#"{"format": "spikeloom-run", "version": 1, "images": 3}"#);
    write(
        "kernel.json",
        r#"{"mode": "ann", "layers": [{"kind": "conv", "name": "c1", "cin": 1, "h": 4, "w": 4, "cout": 2}]}"#,
    );
    write("silent.json", r#"{"mode": "snn", "T": 2, "layers": [{"kind": "fc", "name": "f1", "nin": 4, "nout": 2}]}"#);
    write("empty.json", r#"{"mode": "ann", "layers": []}"#);
    write("bad.ron", "Table(version: 1");
    let cases: &[(&[&str], &[&str])] = &[
        (&["energy", "price", "nothing.json"], &["nothing.json", "check the path"]),
        (&["energy", "price", "text.json"], &["text.json", "line 1", "run --output"]),
        (&["energy", "price", "net.json"], &["net.json", "`format` is missing", "run --output"]),
        (&["energy", "price", "other.json"], &["other.json", "`recipe`", "spikeloom-run"]),
        (&["energy", "price", "new.json"], &["new.json", "`version` is 99", "version 1", "run --output"]),
        (&["energy", "price", "cut.json"], &["cut.json", "damaged", "missing field"]),
        (&["energy", "tables", "--show", "free"], &["`free`", "loihi1", ".ron"]),
        (&["energy", "tables", "--show", "bad.ron"], &["bad.ron", "1:"]),
        (&["energy", "model", "nothing.json"], &["nothing.json", "check the path"]),
        (&["energy", "model", "text.json"], &["text.json", "not JSON", "layers"]),
        (&["energy", "model", "other.json"], &["other.json", "no `layers`"]),
        (&["energy", "model", "empty.json"], &["empty.json", "at least one layer"]),
        (&["energy", "model", "kernel.json"], &["kernel.json", "`c1`", "`kernel` is missing"]),
        (&["energy", "model", "silent.json"], &["silent.json", "`f1`", "theta_in"]),
        (&["energy", "model", "net.json", "--reading", "exact"], &["net.json", "`a`", "input_spikes"]),
        (&["energy", "model", "net.json", "--options", "text.json"], &["text.json", "line 1"]),
        (&["energy", "model", "net.json", "--reading", "mine"], &["mine", "paper, qualia, exact"]),
        (&["energy", "model", "net.json", "--ram", "dram"], &["dram", "packed64"]),
        (&["energy", "model", "net.json", "--limit", "3"], &["--limit", "--model"]),
        (&["energy", "model"], &["NETWORK.json", "--model"]),
        (&["energy", "compare", "kernel.json"], &["kernel.json", "`kernel` is missing"]),
        (&["energy", "compare", "net.json", "--density", "2"], &["--density 2", "between 0 and 1"]),
        (&["reproduce", "fig2", "--dataset", "cifar10"], &["cifar10", "spikeloom data fetch"]),
        (&["reproduce", "fig4", "--vary", "channels"], &["fashion-mnist", "spikeloom data fetch"]),
        (&["reproduce", "fig5", "--image", "9999"], &["--image 9999", "0 to 499"]),
        (&["reproduce", "table2", "--model", "mnist-small"], &["mnist-small", "40-120-120-240"]),
        (&["reproduce", "table1", "--out", "net.json"], &["net.json", "--out"]),
    ];
    for (args, parts) in cases {
        let ran = spikeloom(at, args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}: {}", ran.err);
        for part in *parts {
            assert!(ran.err.contains(part), "{args:?} does not mention `{part}`:\n{}", ran.err);
        }
    }
}
