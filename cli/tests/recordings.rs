//! Recordings are what they say: steps, lengths, columns, labels and numbers, as files state them.

#[path = "support/network.rs"]
mod network;
mod support;

use network::{Layer, firing, write};
use serde_json::Value;
use std::{fs, path::Path};
use support::{Ran, spikeloom};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// `run` of a file in timesteps, counts only, with further arguments.
fn run(at: &Path, args: &[&str]) -> Ran {
    spikeloom(at, &[&["run", "net.nir", "--dt", "1", "--mode", "counts"], args].concat())
}

fn json(at: &Path, args: &[&str]) -> Value {
    let ran = run(at, &[&["--json"], args].concat());
    assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
    serde_json::from_str(&ran.out).expect("JSON")
}

/// Spikes of a layer in all samples.
fn spikes(report: &Value, layer: &str) -> u64 {
    let layers = report["layers"].as_array().expect("a list");
    let own = layers.iter().find(|l| l["name"] == layer).unwrap_or_else(|| panic!("no {layer} in {report}"));
    let all = own["spikes"].as_f64().expect("a number") * report["images"].as_f64().expect("a number");
    all.round() as u64
}

/// Three layers that pass on what arrives: a pipeline two timesteps deeper than its input is long.
fn pipeline(at: &Path) {
    let one: &[&[f64]] = &[&[2.0]];
    write(&at.join("net.nir"), &[firing(one), firing(one), firing(one)]);
}

/// Two inputs, two classes: the class is the input that fires more.
fn choice(at: &Path) {
    write(&at.join("net.nir"), &[firing(&[&[2.0, 0.0], &[0.0, 2.0]])]);
}

fn save(at: &Path, name: &str, text: &str) {
    fs::write(at.join(name), text).expect("writable");
}

/// The first bundled images as IDX files in a folder.
fn digits(at: &Path, n: usize) -> datasets::Dataset {
    let images = datasets::bundled::mnist_test_500().subset(0..n);
    fs::create_dir(at.join("digits")).expect("writable");
    let head = |magic: u32, sides: &[u32]| -> Vec<u8> {
        [&[magic, n as u32], sides].concat().iter().flat_map(|word| word.to_be_bytes()).collect()
    };
    let files = [("images", head(0x803, &[28, 28]), &images.pixels), ("labels", head(0x801, &[]), &images.labels)];
    for (name, head, bytes) in files {
        fs::write(at.join("digits").join(name), [&head[..], bytes].concat()).expect("writable");
    }
    images
}

#[test]
fn images_as_events_are_fed_for_exactly_the_steps_asked_for() {
    let dir = folder();
    let at = dir.path();
    let images = digits(at, 3);
    write(&at.join("net.nir"), &[firing(&[&[2.0; 784]]), firing(&[&[2.0]]), firing(&[&[2.0]])]);
    for steps in [1, 3, 20] {
        let given = steps.to_string();
        let args = ["--coding", "events", "--steps", &given, "--data", "digits", "--trace", "spikes"];
        let report = json(at, &args);
        let events = |image: &[u8]| -> u64 { image.iter().map(|&p| steps * u64::from(p) / 255).sum() };
        let all: u64 = (0..3).map(|i| events(images.image(i))).sum();
        assert_eq!(spikes(&report, "input"), all);
        let traced = fs::read_to_string(at.join("spikes.csv")).expect("written");
        let of_input = traced.lines().filter(|line| line.split(',').nth(1) == Some("input"));
        let times: Vec<u64> =
            of_input.map(|line| line.split(',').next().and_then(|t| t.parse().ok()).expect("a timestep")).collect();
        assert_eq!(times.len() as u64, events(images.image(0)));
        assert!(times.iter().all(|&t| t < steps));
    }
}

#[test]
fn what_is_longer_than_the_steps_is_refused_or_cut() {
    let dir = folder();
    let at = dir.path();
    pipeline(at);
    save(at, "six.csv", "timestep,neuron\n0,0\n1,0\n2,0\n3,0\n4,0\n5,0\n");
    for (steps, late) in [("5", 1), ("4", 2), ("3", 3)] {
        let ran = run(at, &["--steps", steps, "--data", "six.csv"]);
        assert_eq!(ran.code, 2, "{}", ran.out);
        let says = format!("the network takes input in {steps}: {late} of its 6 events come later");
        assert!(ran.err.contains(&says) && ran.err.contains("--steps 6"), "{}", ran.err);
        let ran = run(at, &["--steps", steps, "--data", "six.csv", "--cut"]);
        assert!(ran.err.contains(&format!("leaves out {late} of 6 events")), "{}", ran.err);
    }
    for steps in [&["--steps", "6"][..], &[]] {
        let report = json(at, &[steps, &["--data", "six.csv"]].concat());
        assert_eq!((spikes(&report, "input"), spikes(&report, "n3")), (6, 6));
    }
    // A program knows the same number.
    let compiled =
        spikeloom(at, &["compile", "net.nir", "--dt", "1", "--steps", "4", "--coding", "events", "-o", "p.slb"]);
    assert_eq!(compiled.code, 0, "{}", compiled.err);
    let ran = spikeloom(at, &["simulate", "p.slb", "--data", "six.csv"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("takes input in 4: 2 of its 6"), "{}", ran.err);
}

#[test]
fn recordings_are_numbered_as_in_the_file_and_none_is_made_up() {
    let dir = folder();
    let at = dir.path();
    choice(at);
    save(at, "one.csv", "sample,label,timestep,neuron\n1,1,0,1\n2,1,0,0\n");
    let report = json(at, &["--data", "one.csv", "--per-image", "p.csv"]);
    assert_eq!((report["images"].as_u64(), report["accuracy_percent"].as_f64()), (Some(2), Some(50.0)));
    assert_eq!(spikes(&report, "n1"), 2);
    let rows = fs::read_to_string(at.join("p.csv")).expect("written");
    let begin: Vec<String> = rows.lines().skip(1).map(|r| r.split(',').take(4).collect::<Vec<_>>().join(",")).collect();
    assert_eq!(begin, ["1,1,1,1", "2,1,0,1"]);
    save(at, "gap.csv", "sample,timestep,neuron\n0,0,1\n2,0,0\n");
    let ran = run(at, &["--data", "gap.csv"]);
    assert!(ran.code == 2 && ran.err.contains("recording 1 is missing"), "{}", ran.err);
}

#[test]
fn columns_and_labels_are_strict() {
    let dir = folder();
    let at = dir.path();
    choice(at);
    for (text, part) in [
        ("Sample,Label,timestep,neuron\n0,0,0,0\n1,1,0,1\n", "unknown column `Sample`; is `sample` meant?"),
        ("sample,labels,timestep,neuron\n0,1,0,1\n", "unknown column `labels`; is `label` meant?"),
        (
            "sample,label,timestep,neuron\n0,1,0,1\n0,0,1,1\n",
            "line 3: recording 0 has the label 0 here and 1 in line 2",
        ),
        (
            "sample,label,timestep,neuron\n0,9,0,1\n",
            "recording 0 has the class 9, but the network decides between 2 classes",
        ),
    ] {
        save(at, "x.csv", text);
        let ran = run(at, &["--data", "x.csv"]);
        assert!(ran.code == 2 && ran.err.contains(part), "{text:?}: {}", ran.err);
    }
    save(at, "graded.csv", "timestep,neuron,value\n0,0,5\n");
    let report = json(at, &["--data", "graded.csv"]);
    assert_eq!((spikes(&report, "input"), spikes(&report, "n1")), (1, 1));
    save(at, "none.csv", "timestep,neuron\n0,1\n");
    let report = json(at, &["--data", "none.csv"]);
    assert!(report["correct"].is_null() && report["accuracy_percent"].is_null(), "{report}");
    let ran = run(at, &["--data", "none.csv"]);
    let line = ran.out.lines().find(|line| line.starts_with("accuracy")).expect("a line");
    assert!(line.starts_with("accuracy     unknown") && !line.contains('%'), "{line}");
    // Some labels are not all.
    save(at, "some.csv", "sample,label,timestep,neuron\n0,0,0,0\n1,,0,1\n");
    let ran = run(at, &["--data", "some.csv"]);
    assert!(
        ran.out.contains("accuracy     unknown") && ran.err.contains("1 of 2 recordings have a label"),
        "{}",
        ran.err
    );
}

/// Recording 0 lasts 4 timesteps, recording 1 lasts 100.
const BOTH: &str = "sample,timestep,neuron\n0,0,0\n0,1,0\n0,2,0\n0,3,0\n1,0,0\n1,99,0\n";

#[test]
fn a_recording_does_not_run_on_because_of_its_neighbour() {
    let dir = folder();
    let at = dir.path();
    let driven = Layer { weights: &[&[0.5]], bias: &[0.3], threshold: Some(1.0) };
    write(&at.join("net.nir"), &[driven]);
    save(at, "both.csv", BOTH);
    let rows = |limit: &str| {
        let ran = run(at, &["--data", "both.csv", "--limit", limit, "--per-image", "p.csv", "--verify"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        (ran.err, fs::read_to_string(at.join("p.csv")).expect("written").lines().nth(1).map(str::to_owned))
    };
    let (alone, together) = (rows("1"), rows("2"));
    assert_eq!(alone.1, together.1);
    assert!(alone.0.contains("steps       4 (from the recordings)"), "{}", alone.0);
    assert!(together.0.contains("steps       100 (from the recordings)"), "{}", together.0);
    // Its own length may be longer than its last event.
    save(at, "long.csv", "timestep,neuron,steps\n0,0,4\n1,0,\n2,0,\n3,0,\n");
    save(at, "longer.csv", "timestep,neuron,steps\n0,0,8\n1,0,\n2,0,\n3,0,\n");
    assert_eq!(spikes(&json(at, &["--data", "long.csv"]), "n1"), 2);
    assert!(spikes(&json(at, &["--data", "longer.csv"]), "n1") > 2);
}

#[test]
fn destinations_are_checked_before_the_work() {
    let dir = folder();
    let at = dir.path();
    fs::create_dir(at.join("folder")).expect("writable");
    save(at, "file", "");
    for (args, part) in [
        (&["--output", "no/such/x.json"][..], "there is no folder no/such"),
        (&["--output", "folder"], "is a folder"),
        (&["--output", "a.json", "--per-image", "folder/../a.json"], "--output and --per-image name the same file"),
        (&["--per-image", "x.txt"], ".csv or .json"),
        (&["--trace-dir", "t"], "nothing is traced"),
        (&["--trace-image", "3"], "nothing is traced"),
        (&["--trace-cores", "0"], "nothing is traced"),
        (&["--trace", "spikes", "--trace-dir", "file"], "is a file"),
        (&["--trace", "spikes", "--per-image", "spikes.csv"], "name the same file"),
    ] {
        let ran = spikeloom(at, &[&["run", "--limit", "1"], args].concat());
        assert!(ran.code == 2 && ran.err.contains(part) && ran.out.is_empty(), "{args:?}: {}", ran.err);
    }
    let ran = spikeloom(at, &["compile", "-o", "no/x.slb"]);
    assert!(ran.code == 2 && ran.err.contains("there is no folder no"), "{}", ran.err);
    // Nothing was left behind.
    assert_eq!(fs::read_dir(at).expect("readable").count(), 2);
}

#[test]
fn a_stored_run_says_how_to_repeat_it() {
    let dir = folder();
    let at = dir.path();
    choice(at);
    save(at, "one.csv", "label,timestep,neuron\n1,0,1\n");
    let ran = run(at, &["--data", "one.csv", "--arch", "loihi2", "--output", "r.json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let stored: Value = serde_json::from_str(&fs::read_to_string(at.join("r.json")).expect("written")).expect("JSON");
    let asked = &stored["asked"];
    assert_eq!((asked["model"].as_str(), asked["chip"].as_str()), (Some("net.nir"), Some("loihi2")));
    let again: Vec<&str> = asked["arguments"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    fs::rename(at.join("r.json"), at.join("first.json")).expect("writable");
    assert_eq!(spikeloom(at, &again).code, 0);
    assert_eq!(fs::read(at.join("first.json")).expect("there"), fs::read(at.join("r.json")).expect("there"));
}

#[test]
fn labels_come_from_a_file_of_their_own() {
    let dir = folder();
    let at = dir.path();
    choice(at);
    save(at, "two.csv", "sample,timestep,neuron\n0,0,1\n1,0,0\n");
    save(at, "labels.txt", "1\n1\n");
    let report = json(at, &["--data", "two.csv", "--labels", "labels.txt"]);
    assert_eq!(report["accuracy_percent"].as_f64(), Some(50.0));
    save(at, "labels.csv", "sample,label\n1,0\n0,1\n");
    let report = json(at, &["--data", "two.csv", "--labels", "labels.csv"]);
    assert_eq!(report["accuracy_percent"].as_f64(), Some(100.0));
    save(at, "short.txt", "1\n");
    let ran = run(at, &["--data", "two.csv", "--labels", "short.txt"]);
    assert!(ran.code == 2 && ran.err.contains("1 labels for 2 samples"), "{}", ran.err);
}

#[test]
fn a_read_out_that_adds_a_constant_ends_with_its_recording() {
    let dir = folder();
    let at = dir.path();
    let sum = Layer { weights: &[&[1.0, 0.0], &[0.0, 0.4]], bias: &[0.0, 0.25], threshold: None };
    write(&at.join("net.nir"), &[sum]);
    // In 4 steps class 0 has 2, class 1 has 4·0.25; in 100 steps of its own, class 1 has 25.
    save(at, "both.csv", "sample,timestep,neuron,steps\n0,0,0,4\n0,3,0,\n1,0,0,100\n");
    let ran = run(at, &["--data", "both.csv", "--per-image", "p.csv", "--verify"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let rows = fs::read_to_string(at.join("p.csv")).expect("written");
    let classes: Vec<&str> = rows.lines().skip(1).filter_map(|row| row.split(',').nth(2)).collect();
    assert_eq!(classes, ["0", "1"], "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("4 to 100 timesteps"), "{}", ran.out);
}

#[test]
fn intensities_are_normalized_as_asked() {
    let dir = folder();
    let at = dir.path();
    let images = digits(at, 2);
    // The sum of all normalized intensities.
    write(&at.join("net.nir"), &[Layer { weights: &[&[0.01; 784], &[-0.01; 784]], bias: &[], threshold: None }]);
    for (mean, std, tolerance) in [(0.5, 0.5, 1e-9), (0.1307, 0.3081, 0.02)] {
        let [m, d] = [mean, std].map(|v: f64| v.to_string());
        let potential = |image: &str| -> f64 {
            let args = [
                "--data",
                "digits",
                "--steps",
                "1",
                "--mean",
                m.as_str(),
                "--std",
                d.as_str(),
                "--trace",
                "potentials",
            ];
            let report = json(at, &[&args[..], &["--trace-image", image]].concat());
            assert_eq!(report["images"].as_u64(), Some(2));
            let traced = fs::read_to_string(at.join("potentials.csv")).expect("written");
            let last = traced.lines().rfind(|line| line.split(',').nth(1) == Some("n1")).expect("traced");
            last.rsplit(',').next().and_then(|v| v.parse().ok()).expect("a number")
        };
        let sum = |i: usize| -> f64 { images.image(i).iter().map(|&p| (f64::from(p) / 255.0 - mean) / std).sum() };
        let (found, meant) = (potential("0") / potential("1"), sum(0) / sum(1));
        assert!((found / meant - 1.0).abs() < tolerance, "{mean}, {std}: {found}, not {meant}");
    }
    for (args, part) in [
        (&["--coding", "events"][..], "spikes have no intensity"),
        (&["--std", "0"], "positive --std"),
        (&["--mean", "0.1,0.2"], "--mean has 2 numbers"),
    ] {
        let mean = if args[0] == "--mean" { &[][..] } else { &["--mean", "0.5"] };
        let ran = run(at, &[&["--data", "digits", "--steps", "1"][..], args, mean].concat());
        assert!(ran.code == 2 && ran.err.contains(part), "{args:?}: {}", ran.err);
    }
}

#[test]
fn formats_that_are_not_read_are_named() {
    let dir = folder();
    let at = dir.path();
    choice(at);
    for (name, bytes, part) in [
        ("x.aedat4", &b"#!AER-DAT4.0\r\n"[..], "the file ends within a packet"),
        ("x.aedat", b"#!AER-DAT3.0\r\n", "is AEDAT 3.0; 2.0, 3.1 and 4.0 are read"),
        ("x.mat", b"MATLAB 5.0 MAT-file", "a MATLAB file"),
        ("x.npz", b"no archive", "no array of numpy"),
        ("x.pt", b"\x80\x02", "a pickle of Python"),
        ("x.xyz", b"?", "a format that is not known"),
    ] {
        fs::write(at.join(name), bytes).expect("writable");
        let ran = run(at, &["--data", name]);
        assert!(ran.code == 2 && ran.err.contains(part) && ran.err.contains(name), "{}", ran.err);
    }
}

#[test]
fn recordings_are_compared_spike_by_spike() {
    let dir = folder();
    let at = dir.path();
    pipeline(at);
    save(at, "a.csv", "timestep,neuron\n0,0\n2,0\n");
    save(at, "b.csv", "timestep,neuron\n0,0\n3,0\n");
    for name in ["a", "b"] {
        let data = format!("{name}.csv");
        let ran = run(at, &["--steps", "4", "--data", &data, "--trace", "spikes,potentials", "--trace-dir", name]);
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    let same = spikeloom(at, &["diff", "a/recording.h5", "a/recording.h5"]);
    assert!(same.code == 0 && same.out.starts_with("no spike differs"), "{}{}", same.out, same.err);
    for ending in ["recording.h5", "spikes.csv"] {
        let (a, b) = (format!("a/{ending}"), format!("b/{ending}"));
        let ran = spikeloom(at, &["diff", &a, &b]);
        assert_eq!(ran.code, 1, "{}", ran.err);
        let line = ran.out.lines().next().expect("a line");
        assert!(
            line.starts_with("first difference: layer `") && line.ends_with("timestep 2: fires in A, not in B"),
            "{line}"
        );
    }
    let ran = spikeloom(at, &["diff", "a/recording.h5", "b/recording.h5", "--json"]);
    let found: Value = serde_json::from_str(&ran.out).expect("JSON");
    let layers = found["layers"].as_array().expect("a list");
    let n3 = layers.iter().find(|layer| layer["layer"] == "n3").expect("compared");
    assert_eq!(
        (n3["a"].as_u64(), n3["only_a"].as_u64(), n3["first"]["timestep"].as_u64()),
        (Some(2), Some(1), Some(4))
    );
    let wrong = spikeloom(at, &["diff", "a/recording.h5", "a.csv"]);
    assert!(wrong.code == 2 && wrong.err.contains("recording.h5"), "{}", wrong.err);
}
