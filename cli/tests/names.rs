//! Outputs that nobody named: another network or chip has another name, and what is there is not replaced by anything else.

mod support;

use std::{fs, path::Path};
use support::{Ran, spikeloom};

fn done(at: &Path, args: &[&str]) -> Ran {
    let ran = spikeloom(at, args);
    assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
    ran
}

fn files(at: &Path) -> Vec<String> {
    let entries = fs::read_dir(at).expect("readable").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn products_are_called_after_network_and_chip() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    for args in [
        &["compile", "mnist-small"][..],
        &["compile", "mnist-paper"],
        &["compile", "mnist-small", "--arch", "seneca_like"],
        &["compile", "mnist-small", "--set", "core.neurons=512"],
        &["export", "mnist-small"],
        &["export", "mnist-paper"],
    ] {
        done(at, args);
    }
    let expected = [
        "mnist-paper-loihi1.slb",
        "mnist-paper.nir",
        "mnist-small-loihi1-core.neurons=512.slb",
        "mnist-small-loihi1.slb",
        "mnist-small-seneca_like.slb",
        "mnist-small.nir",
    ];
    assert_eq!(files(at), expected);
}

#[test]
fn what_nobody_named_is_replaced_by_the_same_bytes_only() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    let program = at.join("mnist-small-loihi1.slb");
    done(at, &["compile"]);
    let first = fs::read(&program).expect("written");
    done(at, &["compile"]);
    let refused = spikeloom(at, &["compile", "--weight-bits", "4"]);
    assert_eq!(refused.code, 2, "{}", refused.out);
    for part in ["mnist-small-loihi1.slb", "is there already", "--output"] {
        assert!(refused.err.contains(part), "no `{part}` in {}", refused.err);
    }
    assert_eq!(fs::read(&program).expect("there"), first);
    done(at, &["compile", "--weight-bits", "4", "--output", "mnist-small-loihi1.slb"]);
    assert_ne!(fs::read(&program).expect("there"), first, "a file that is named is replaced");
    // Nothing is written over what it is read from, named or not.
    done(at, &["export", "mnist-small"]);
    for args in [&["export", "mnist-small.nir"][..], &["compile", "mnist-small.nir", "-o", "./mnist-small.nir"]] {
        let own = spikeloom(at, args);
        assert!(own.code == 2 && own.err.contains("would replace what is read from it"), "{args:?}: {}", own.err);
    }
    assert_eq!(files(at), ["mnist-small-loihi1.slb", "mnist-small.nir"]);
}

#[test]
fn stored_runs_name_the_network_as_it_was_called() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    done(at, &["run", "mnist-small", "--limit", "2", "--output", "run.json"]);
    let text = fs::read_to_string(at.join("run.json")).expect("written");
    let stored: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(stored["network"], "mnist-small");
    let priced = done(at, &["energy", "price", "run.json"]).out;
    assert!(priced.starts_with("mnist-small on loihi1: 2 images"), "{priced}");
    done(at, &["compile", "mnist-small", "-o", "net.slb"]);
    let simulated = done(at, &["simulate", "net.slb", "--limit", "2"]).out;
    assert!(simulated.starts_with("net.slb on loihi1: 2 images"), "{simulated}");
}
