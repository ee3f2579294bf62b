//! Wrong inputs: one paragraph that names file, place, cause and remedy; exit code 2, or 3 where a chip cannot hold a network; existing outputs untouched.

mod support;

use std::{fs, path::Path};
use support::spikeloom;

/// Runs a command that must fail and returns its message.
fn refused(folder: &Path, args: &[&str]) -> String {
    let ran = spikeloom(folder, args);
    let expected = if ran.err.contains(" does not fit on ") { 3 } else { 2 };
    assert_eq!(ran.code, expected, "{args:?}: {}{}", ran.out, ran.err);
    assert_eq!(ran.out, "", "{args:?}");
    ran.err
}

#[test]
fn each_wrong_input_is_named_with_its_remedy() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    fs::write(at.join("garbage.slb"), b"garbage").expect("writable");
    fs::write(at.join("garbage.safetensors"), b"garbage").expect("writable");
    fs::write(at.join("garbage.ron"), b"Arch(version: 1").expect("writable");
    assert_eq!(spikeloom(at, &["compile", "-o", "whole.slb"]).code, 0);
    let whole = fs::read(at.join("whole.slb")).expect("written");
    fs::write(at.join("cut.slb"), &whole[..whole.len() / 2]).expect("writable");
    let mut flipped = whole;
    let last = flipped.len() - 9;
    flipped[last] ^= 1;
    fs::write(at.join("flipped.slb"), &flipped).expect("writable");

    fs::create_dir(at.join("begun")).expect("writable");
    fs::write(at.join("begun/config.toml"), "epochs = 3\nalpha = [2]\n").expect("writable");

    let cases: &[(&[&str], &[&str])] = &[
        (&["run", "nothing"], &["`nothing`", "mnist-small", ".safetensors"]),
        (&["run", "nothing.safetensors"], &["nothing.safetensors", "check the path"]),
        (&["run", "garbage.safetensors"], &["garbage.safetensors", "or is damaged; give another"]),
        (&["deploy", "garbage.safetensors"], &["garbage.safetensors", "or is damaged; give another"]),
        (&["deploy", "absent.safetensors"], &["absent.safetensors", "check the path and its permissions"]),
        (&["run", "garbage.ron"], &["garbage.ron", "line 1"]),
        (&["run", "--arch", "pentium"], &["`pentium`", "loihi1", ".ron"]),
        (&["run", "--arch", "garbage.ron"], &["garbage.ron"]),
        (&["run", "--table", "free"], &["`free`", "loihi1", "--table"]),
        (&["run", "--data", "nowhere"], &["nowhere", "spikeloom data fetch"]),
        (&["run", "--data", "cifar10"], &["cifar10", "spikeloom data fetch"]),
        (&["run", "--limit", "0"], &["--limit 0"]),
        (&["run", "--per-image", "x.txt", "--limit", "1"], &["x.txt", ".csv or .json"]),
        (&["simulate", "nothing.slb"], &["nothing.slb", "check the path"]),
        (&["simulate", "garbage.slb"], &["garbage.slb", "byte 0", "SNB1", "compile it again"]),
        (&["simulate", "cut.slb"], &["cut.slb", "compile it again"]),
        (&["inspect", "flipped.slb"], &["flipped.slb", "compile it again"]),
        (&["simulate", "whole.slb", "--arch", "seneca_like"], &["whole.slb", "seneca_like"]),
        (&["run", "--arch", "truenorth"], &["truenorth", "`conv4`", "/4", "quantize to 2 bits"]),
        (&["compile", "--dump-after", "magic"], &["`magic`", "legalize", "fold-norm", "emit"]),
        (&["train", "--dataset", "mnist"], &["mnist", "spikeloom data fetch"]),
        (&["train", "--set", "epochs"], &["--set epochs", "KEY=VALUE"]),
        (&["train", "--set", "epoch=3"], &["epoch"]),
        (
            &["train", "--resume", "--out", "begun", "--epochs", "9"],
            &["begun", "config.toml", "epochs: 3 against 9", "--out"],
        ),
        (&["train", "--resume", "--out", "begun", "--dataset", "cifar10"], &["dataset: \"mnist\" against \"cifar10\""]),
        (&["train", "--from", "pentium"], &["`pentium`"]),
        (&["train", "--set", "kernel=[3,5]"], &["kernel has 2 entries for 4 layers"]),
        (&["train", "--resume", "--out", "begun"], &["mnist", "spikeloom data fetch"]),
    ];
    for (args, parts) in cases {
        let message = refused(at, args);
        for part in *parts {
            assert!(message.contains(part), "{args:?} does not mention `{part}`:\n{message}");
        }
    }
}

/// Chips that ship, with a part of their text replaced: what is asked of them cannot be done, and the message says what asks.
#[test]
fn chips_that_cannot_be_timed_or_held_in_memory_say_why() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = dir.path();
    let loihi = isa::arch::preset::PRESETS.iter().find(|(name, _)| *name == "loihi1").expect("a preset").1;
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a [&'a str]);
    let cases: &[Case<'_>] = &[
        (&[("buffer_flits: 32", "buffer_flits: 4294967295")], "cycle", &["`noc.buffer_flits`", "2^32"]),
        (&[("width: 8, height: 4", "width: 512, height: 256")], "cycle", &["--max-memory", "`mesh`", "1.0 GiB"]),
        (&[("virtual_channels: 2", "virtual_channels: 17")], "cycle", &["--mode cycle", "73 input channels", "64"]),
        (&[("torus: false", "torus: true"), ("virtual_channels: 2", "virtual_channels: 1")], "cycle", &["deadlock"]),
        (
            &[("flits_per_spike: 1", "flits_per_spike: 2"), ("multicast: Unicast", "multicast: Rectangle")],
            "cycle",
            &["--mode cycle", "packets of 2 flits", "multicast: Unicast"],
        ),
        (
            &[("router: (value: 21, low: 21, high: 21", "router: (value: 8589934592, low: 1, high: 8589934592")],
            "analytic",
            &["`noc.router`", "2^32"],
        ),
        (
            &[("emit: Some((value: 51, low: 51, high: 351, ", "emit: None, // ((")],
            "cycle",
            &["`core.timing.emit`", "state it"],
        ),
    ];
    for (i, (changes, mode, parts)) in cases.iter().enumerate() {
        let mut text = loihi.to_owned();
        for (from, to) in *changes {
            assert!(text.contains(from), "{from}");
            text = text.replacen(from, to, 1);
        }
        let name = format!("chip{i}.ron");
        fs::write(at.join(&name), text).expect("writable");
        let message = refused(
            at,
            &[
                "run",
                "--arch",
                &name,
                "--table",
                "loihi1",
                "--limit",
                "1",
                "--mode",
                mode,
                "--max-memory",
                "1G",
                "--threads",
                "1",
            ],
        );
        for part in *parts {
            assert!(message.contains(part), "{changes:?} does not mention `{part}`:\n{message}");
        }
    }
}

#[test]
fn a_failing_command_leaves_an_existing_output_untouched() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let out = dir.path().join("net.slb");
    fs::write(&out, b"precious").expect("writable");
    refused(dir.path(), &["compile", "--arch", "truenorth", "-o", "net.slb"]);
    assert_eq!(fs::read(&out).expect("still there"), b"precious");
    assert_eq!(fs::read_dir(dir.path()).expect("readable").count(), 1, "a temporary file was left behind");
}
