//! The house rules, read from manifests and sources: which crate may know which, who prints, who opens files, who computes in floats.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").to_owned()
}

/// What each crate may depend on, of the workspace.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("dynamics", &[]),
    ("ir", &["dynamics"]),
    ("base", &[]),
    ("isa", &["base", "dynamics"]),
    ("compiler", &["ir", "isa"]),
    ("simulator", &["isa"]),
    ("energy", &["isa"]),
    ("charts", &[]),
    ("models/datasets", &["ir"]),
    ("models/training", &["base", "charts", "datasets", "ir"]),
    ("models/nir", &["ir"]),
    ("models/netx", &["ir", "nir"]),
    (
        "spikeloom",
        &["compiler", "datasets", "energy", "ir", "isa", "netx", "nir", "simulator", "spikeloom_report", "training"],
    ),
    ("report", &[]),
    ("explore", &["base", "spikeloom"]),
    ("experiments", &["charts", "datasets", "energy", "spikeloom", "training"]),
];

/// Crates that compute and leave files to who calls them.
const NO_FILES: &[&str] =
    &["dynamics", "ir", "isa", "compiler", "simulator", "energy", "charts", "spikeloom", "models/nir", "models/netx"];

/// Parts of the simulator that hold the state of a chip: integers alone.
const INTEGERS: &[&str] = &[
    "simulator/src/state",
    "simulator/src/step",
    "simulator/src/kernel",
    "simulator/src/core",
    "simulator/src/coupled",
];

fn table(path: &Path) -> toml::Table {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Rust files below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Lines of code of a crate or a part of one, without comments, strings and test modules, as `file:line: text`.
fn code(part: &str) -> Vec<(String, String)> {
    let root = root();
    let mut files = Vec::new();
    let file = root.join(format!("{part}.rs"));
    if file.is_file() {
        files.push(file);
    }
    sources(&root.join(part), &mut files);
    let mut lines = Vec::new();
    for path in files {
        let name = path.strip_prefix(&root).expect("below the root").display().to_string();
        let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or("");
        if matches!(stem, "tests" | "validation" | "reference" | "congestion")
            || name.contains("/tests/")
            || name.contains("/benches/")
        {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source file");
        for (i, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("#[cfg(test)]") {
                break;
            }
            let line = line.trim_start();
            if !line.starts_with("//") {
                lines.push((format!("{name}:{}", i + 1), without_strings(line)));
            }
        }
    }
    assert!(!lines.is_empty(), "{part} holds no code");
    lines
}

fn without_strings(line: &str) -> String {
    line.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

/// Whether a word stands alone in a line.
fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].chars().next_back().is_some_and(part) && !line[at + word.len()..].chars().next().is_some_and(part)
    })
}

fn found_in(parts: &[&str], of: impl Fn(&str) -> bool) -> Vec<String> {
    let lines = parts.iter().flat_map(|part| code(part));
    lines.filter(|(_, line)| of(line)).map(|(at, line)| format!("{at}: {line}")).collect()
}

#[test]
fn crates_know_only_what_lies_below_them() {
    let root = root();
    let members = table(&root.join("Cargo.toml"));
    let own: BTreeSet<String> = members["workspace"]["dependencies"]
        .as_table()
        .expect("dependencies")
        .iter()
        .filter(|(_, value)| value.get("path").is_some())
        .map(|(name, _)| name.clone())
        .collect();
    let mut wrong = Vec::new();
    for (folder, allowed) in MAY_KNOW {
        let manifest = table(&root.join(folder).join("Cargo.toml"));
        let Some(dependencies) = manifest.get("dependencies").and_then(|d| d.as_table()) else { continue };
        for name in dependencies.keys().filter(|name| own.contains(*name)) {
            if !allowed.contains(&name.as_str()) {
                wrong.push(format!("{folder} depends on {name}"));
            }
        }
        for only in ["clap", "indicatif", "ctrlc", "anyhow"] {
            if dependencies.contains_key(only) && *folder != "experiments" {
                wrong.push(format!("{folder} depends on {only}, which is the command line's"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_crate_is_bound_by_the_lints() {
    let root = root();
    let workspace = table(&root.join("Cargo.toml"));
    let members = workspace["workspace"]["members"].as_array().expect("members");
    let unbound: Vec<&str> = members
        .iter()
        .filter_map(|member| member.as_str())
        .filter(|member| {
            let manifest = table(&root.join(member).join("Cargo.toml"));
            manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool) != Some(true)
        })
        .collect();
    assert!(unbound.is_empty(), "{unbound:?} do not say `[lints] workspace = true`");
    let lints: BTreeMap<String, toml::Value> =
        workspace["workspace"]["lints"]["clippy"].clone().try_into().expect("lints");
    assert!(lints.contains_key("undocumented_unsafe_blocks"), "unsafe blocks must say why they are sound");
}

#[test]
fn libraries_do_not_print() {
    let crates: Vec<&str> = MAY_KNOW.iter().map(|(folder, _)| *folder).collect();
    let sources: Vec<String> = crates.iter().map(|folder| format!("{folder}/src")).collect();
    let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
    let prints = ["println!", "eprintln!", "print!", "eprint!", "dbg!"];
    let found = found_in(&sources, |line| {
        prints.iter().any(|print| {
            line.match_indices(print).any(|(at, _)| !line[..at].chars().next_back().is_some_and(char::is_alphanumeric))
        })
    });
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn engines_open_no_files() {
    let sources: Vec<String> = NO_FILES.iter().map(|folder| format!("{folder}/src")).collect();
    let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
    let found = found_in(&sources, |line| {
        line.contains("std::fs")
            || line.contains("fs::")
            || line.contains("File::open")
            || line.contains("File::create")
    });
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_float_enters_the_state_of_a_chip() {
    let found = found_in(INTEGERS, |line| has_word(line, "f32") || has_word(line, "f64"));
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_rules_see_what_they_are_made_to_see() {
    assert!(has_word("let x: f64 = 1.0;", "f64") && !has_word("let af64 = 1;", "f64"));
    assert_eq!(without_strings(r#"say("println!", x)"#), r#"say("", x)"#);
}
