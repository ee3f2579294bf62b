//! The terminal: widths, full disks, completions, manual pages, comparisons.

mod support;

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};
use support::spikeloom;

fn bin() -> Command {
    Command::new(env!("CARGO_BIN_EXE_spikeloom"))
}

#[test]
fn tables_and_sentences_fit_the_columns_of_the_terminal() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for args in [
        &["energy", "tables"][..],
        &["energy", "chip", "loihi1"],
        &["run", "--limit", "2"],
        &["compile", "-o", "net.slb"],
        &["energy", "compare", "--model", "mnist-small", "--limit", "2"],
    ] {
        for columns in [60usize, 80, 120, 200] {
            let ran =
                bin().args(args).env("COLUMNS", columns.to_string()).current_dir(dir.path()).output().expect("runs");
            let text = String::from_utf8(ran.stdout).expect("UTF-8");
            let widest = text.lines().max_by_key(|line| line.chars().count()).unwrap_or("");
            assert!(ran.status.success() && !text.is_empty(), "{args:?}");
            assert!(widest.chars().count() <= columns, "{args:?} at {columns} columns:\n{widest}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_line() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    assert_eq!(spikeloom(dir.path(), &["compile", "-o", "net.slb"]).code, 0);
    for args in [&["run", "--limit", "2"][..], &["inspect", "net.slb"], &["inspect", "net.slb", "--json"], &["--help"]]
    {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a device");
        let ran = bin().args(args).current_dir(dir.path()).stdout(Stdio::from(full)).output().expect("runs");
        let err = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(2), "{args:?}: {err}");
        let said = err.contains("error: standard output cannot be written") && !err.contains("panicked");
        assert!(said, "{args:?}: {err}");
    }
}

/// Begins a command, interrupts it as Ctrl-C does after a while, and returns its exit code and what it said.
#[cfg(unix)]
fn interrupted(folder: &Path, args: &[&str], after: Duration) -> (Option<i32>, String) {
    let mut command = bin();
    let child =
        command.args(args).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("runs");
    std::thread::sleep(after);
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    let ran = child.wait_with_output().expect("ends");
    if ran.status.code() == Some(0) || !killed.success() {
        eprintln!("skipped: {args:?} was done before it could be interrupted");
        return (Some(130), String::new());
    }
    (ran.status.code(), String::from_utf8_lossy(&ran.stderr).into_owned())
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_ends_with_130_and_its_file_says_so() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let args = ["run", "--threads", "1", "--mode", "cycle", "--output", "run.json"];
    let (code, said) = interrupted(dir.path(), &args, Duration::from_secs(2));
    assert_eq!(code, Some(130), "{said}");
    if let Ok(text) = std::fs::read_to_string(dir.path().join("run.json"))
        && said.contains("stopping")
    {
        let record: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(record["stopped"], true);
    }
}

/// 2^24 timesteps keep the compiler busy for longer than anybody waits; there is nothing to keep, so it ends at once.
#[cfg(unix)]
#[test]
fn an_interrupted_compilation_ends_with_130_and_leaves_nothing() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(dir.path().join("lif.nir"), include_bytes!("../../models/nir/golden/lif_norse.nir"))
        .expect("writable");
    let args = ["compile", "lif.nir", "--dt", "1e-4", "--steps", "16777216", "--coding", "events"];
    let (code, said) = interrupted(dir.path(), &args, Duration::from_secs(1));
    assert_eq!(code, Some(130), "{said}");
    assert!(said.is_empty() || said.contains("interrupted"), "{said}");
    let left: Vec<_> =
        std::fs::read_dir(dir.path()).expect("readable").map(|e| e.expect("an entry").file_name()).collect();
    assert_eq!(left, ["lif.nir"]);
}

#[test]
fn misspelt_names_are_told_the_nearest() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(dir.path().join("c.toml"), "[augment]\nflipp = true\n").expect("writable");
    for (args, meant) in [
        (&["run", "mnst"][..], "did you mean `mnist`?"),
        (&["run", "--arch", "lohi1"], "did you mean `loihi1`?"),
        (&["run", "--limit", "1", "--table", "loihi1_silicon"], "did you mean `loihi1_silicon_fit`?"),
        (&["run", "--data", "fashion_mnist"], "did you mean `fashion-mnist`?"),
        (&["run", "--set", "core.neuron=5"], "did you mean `core.neurons`?"),
        (&["compile", "--stop-after", "quantise"], "did you mean `quantize`?"),
        (&["chip", "new", "mine", "--from", "speck"], "did you mean `speck2`?"),
        (&["train", "--set", "epcohs=3"], "did you mean `epochs`?"),
        (&["train", "--config", "c.toml"], "did you mean `flip`?"),
        (&["train", "--dataset", "cifr10"], "'cifar10'"),
        (&["run", "--limt", "3"], "'--limit'"),
        (&["comple"], "'compile'"),
    ] {
        let ran = spikeloom(dir.path(), args);
        assert!(ran.code == 2 && ran.err.contains(meant), "{args:?}: {}", ran.err);
    }
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for shell in ["bash", "zsh", "fish"] {
        let ran = spikeloom(dir.path(), &["completions", shell]);
        assert!(ran.code == 0 && ran.out.contains("compile") && ran.out.contains("report"), "{shell}");
    }
    let ran = spikeloom(dir.path(), &["man", "--out", "man"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let page = std::fs::read_to_string(dir.path().join("man/spikeloom-run.1")).expect("a page");
    assert!(page.contains("\\-\\-arch"), "{page}");
    assert!(dir.path().join("man/spikeloom-energy-price.1").exists());
}

#[test]
fn runs_are_compared_with_ratios_and_what_differs() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    for (name, extra) in [("a.json", &[][..]), ("b.json", &["--set", "core.timing.synapse=70"][..])] {
        let args = [&["run", "--limit", "3", "--output", name], extra].concat();
        let ran = spikeloom(at, &args);
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    let ran = spikeloom(at, &["compare", "a.json", "b.json", "--report", "c.html", "--report", "c.json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("b.json / a.json") && ran.out.contains("latency per image"), "{}", ran.out);
    let text = std::fs::read_to_string(at.join("c.json")).expect("written");
    let report: spikeloom::report::Report = serde_json::from_str(&text).expect("a report");
    let summary = report.section("summary").expect("there is one");
    let accuracy = summary.tables[0].rows.iter().find(|row| row[0].plain() == "accuracy").expect("compared");
    assert_eq!(accuracy[3].number(), Some(1.0), "the same network is as right on both: {accuracy:?}");
    assert!(report.section("changed").is_some(), "the chips differ");
    let wrong = spikeloom(at, &["compare", "a.json", "missing.json"]);
    assert_eq!(wrong.code, 2);
}

#[test]
fn a_failed_deployment_has_a_page_that_says_why() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let args = ["compile", "--arch", "truenorth", "--report", "why.html", "--report", "why.json"];
    let ran = spikeloom(dir.path(), &args);
    assert_eq!(ran.code, 3, "{}", ran.err);
    let page = std::fs::read_to_string(dir.path().join("why.html")).expect("written");
    assert!(page.contains("does not fit") && page.contains("Failed"), "{page}");
}
