//! Files and settings that cannot be what they claim: refused by the field that is wrong, before anything of their size is allocated.

use super::super::*;
use super::bars;
use safetensors::SafeTensors;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

fn small() -> Config {
    Config {
        channels: vec![8, 8],
        strides: vec![1, 2],
        epochs: 1,
        validation: 40,
        calibration: 20,
        final_calibration: 20,
        ..Config::default()
    }
}

fn trained() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("temporary folder");
    let data = bars(200, [1, 8, 8], 2);
    run(&Job::new(&small(), &data, &data, dir.path()), &AtomicBool::new(false), &mut |_| {}).expect("trained");
    let path = dir.path().to_path_buf();
    (dir, path)
}

/// The file with its metadata changed.
fn changed(path: &Path, change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let bytes = std::fs::read(path).expect("readable");
    let (_, header) = SafeTensors::read_metadata(&bytes).expect("a safetensors file");
    let own = &header.metadata().as_ref().expect("metadata")["spikeloom"];
    let mut meta = serde_json::from_str(own).expect("JSON");
    change(&mut meta);
    let file = SafeTensors::deserialize(&bytes).expect("a safetensors file");
    let meta = [("spikeloom".to_owned(), meta.to_string())].into_iter().collect();
    safetensors::serialize(file.tensors(), Some(meta)).expect("writable")
}

/// Sets a field, which may be absent.
fn set(meta: &mut serde_json::Value, place: &str, value: &serde_json::Value) {
    let (parent, field) = place.rsplit_once('/').expect("a place");
    let parent = meta.pointer_mut(parent).expect("a place");
    match field.parse::<usize>() {
        Ok(i) => parent[i] = value.clone(),
        Err(_) => parent[field] = value.clone(),
    }
}

#[test]
fn networks_that_cannot_be_are_refused_by_field() {
    let (_dir, out) = trained();
    let file = out.join("network.safetensors");
    read_network(&changed(&file, |_| {}), &file).expect("unchanged");
    let cases: &[(&str, serde_json::Value, &str)] = &[
        ("/layers", serde_json::json!([]), "has no layer"),
        ("/classes", 1.into(), "1 classes"),
        ("/classes", 300.into(), "300 classes"),
        ("/layers/0/stride", 0.into(), "stride is 0"),
        ("/layers/0/stride", (1_u64 << 63).into(), "layer 1: input"),
        ("/layers/0/pad", 1000.into(), "padding is 1000"),
        ("/layers/0/pad", (1_u64 << 63).into(), "padding is 9223372036854775808"),
        ("/layers/0/kernel", 0.into(), "`weight` has 72 values"),
        ("/layers/0/kernel", u64::MAX.into(), "more than can be counted"),
        ("/layers/1/pool", 0.into(), "pool is 0"),
        ("/layers/1/pool", (1_u64 << 40).into(), "pool is 1099511627776"),
        ("/layers/1/grid", 0.into(), "grid is 0"),
        ("/layers/1/grid", (1_u64 << 32).into(), "grid is 4294967296"),
        ("/layers/1/levels", 0.into(), "levels is 0"),
        ("/layers/1/kappa", 0.0.into(), "kappa is 0"),
        ("/layers/0/channels", 0.into(), "`weight` has 72 values"),
        ("/layers/0/groups/0", 0.into(), "groups do not divide"),
        ("/layers/0/input/1", (1_u64 << 40).into(), "layer 0: input"),
        ("/input", serde_json::json!([1, 1_u64 << 32, 1_u64 << 32]), "layer 0: input"),
        ("/config/alpha/0", 1e38.into(), "alpha is"),
    ];
    for (place, value, expected) in cases {
        let bytes = changed(&file, |meta| set(meta, place, value));
        let error = read_network(&bytes, &file).expect_err(place).to_string();
        assert!(error.contains(expected), "{place} = {value}: {error}");
    }
    // One layer of images larger than memory, with a file of 7 kB.
    let bytes = changed(&file, |meta| {
        meta["input"] = serde_json::json!([1, 60_000, 60_000]);
        meta["layers"].as_array_mut().expect("layers").truncate(1);
        meta["layers"][0]["input"] = meta["input"].clone();
    });
    let error = read_network(&bytes, &file).expect_err("29 GB").to_string();
    assert!(error.contains("layer 0, field `input`: needs"), "{error}");
}

#[test]
fn checkpoints_that_cannot_be_are_refused_and_nothing_is_overwritten() {
    let (_dir, out) = trained();
    let data = bars(200, [1, 8, 8], 2);
    let file = out.join("checkpoint.safetensors");
    let whole = std::fs::read(&file).expect("readable");
    let config = small();
    let job = Job { resume: true, ..Job::new(&config, &data, &data, &out) };
    let go = || run(&job, &AtomicBool::new(false), &mut |_| {});
    go().expect("a finished run");
    let cases: &[(&str, serde_json::Value)] = &[
        ("/state/history", serde_json::json!([])),
        ("/state/history/0/validation/goodness", serde_json::json!([])),
        ("/state/history/0/loss", serde_json::json!([])),
        ("/state/history/0/epoch", 2.into()),
        ("/state/history/0/validation/readout/0", 41.into()),
        ("/state/loss", serde_json::json!([])),
        ("/state/updates", serde_json::json!([1])),
        ("/state/updates/0", u64::MAX.into()),
        ("/state/epoch", 0.into()),
        ("/state/batch", 1000.into()),
        ("/digest", "0".into()),
    ];
    for (place, value) in cases {
        std::fs::write(&file, changed(&file, |meta| *meta.pointer_mut(place).expect("a field") = value.clone()))
            .expect("writable");
        let error = go().expect_err(place).to_string();
        assert!(error.contains("checkpoint.safetensors") && error.contains("is damaged"), "{place}: {error}");
        std::fs::write(&file, &whole).expect("writable");
    }
    // One bit of one weight.
    let mut flipped = whole.clone();
    *flipped.last_mut().expect("values") ^= 1;
    std::fs::write(&file, flipped).expect("writable");
    let error = go().expect_err("a flipped bit").to_string();
    assert!(error.contains("not the ones that were written"), "{error}");
}

#[test]
fn settings_that_cannot_be_are_refused_by_name() {
    let texts = [
        ("alpha = [1e38]", "alpha"),
        ("kappa = nan", "kappa"),
        ("learning_rate = inf", "learning_rate"),
        ("epochs = 9223372036854775807", "epochs"),
        ("allocation_phi = nan", "allocation_phi"),
        ("allocation_phi = -1.0", "allocation_phi"),
        ("schedule = { start = [nan, 0.0, 0.0, 0.0] }", "schedule.start"),
        ("augment = { shift = 9223372036854775807 }", "augment.shift"),
        ("augment = { rotate = nan }", "augment.rotate"),
        ("augment = { scale = 1e30 }", "augment.scale"),
    ];
    for (text, field) in texts {
        let error = Config::from_toml(text).expect_err(text).to_string();
        assert!(error.contains(field), "{text}: {error}");
    }
    let data = bars(50, [1, 8, 8], 2);
    let huge = 1 << 40;
    let cases: [(Config, &str); 7] = [
        (Config { kernel: PerLayer::All(11), padding: PerLayer::All(0), ..small() }, "a 11 × 11 kernel"),
        (Config { padding: PerLayer::All(1000), ..small() }, "padding holds 1000"),
        (Config { padding: PerLayer::All(1 << 63), ..small() }, "padding holds"),
        (Config { kernel: PerLayer::All(usize::MAX), ..small() }, "kernel holds"),
        (Config { channels: vec![8, huge], ..small() }, "channels holds"),
        (Config { channels: vec![8192; 200], strides: vec![1; 200], ..small() }, "`channels`"),
        (Config { readout: Readout::Learned, readout_grid: 8, ..small() }, "readout_grid is 8, but layer 2"),
    ];
    for (config, expected) in cases {
        let error = Trainer::new(config.clone(), &data, &data).err().expect("refused").to_string();
        assert!(error.contains(expected), "{config:?}: {error}");
    }
}

/// Two runs in one folder: the second is refused and touches nothing.
#[cfg(unix)]
#[test]
fn a_run_folder_has_one_writer() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let data = bars(200, [1, 8, 8], 2);
    let mut refused = 0;
    let config = small();
    run(&Job::new(&config, &data, &data, dir.path()), &AtomicBool::new(false), &mut |event| {
        if let Event::Epoch(..) = event {
            let before = std::fs::read(dir.path().join("log.csv")).expect("written");
            let other = Config { seed: 7, ..small() };
            let error = run(&Job::new(&other, &data, &data, dir.path()), &AtomicBool::new(false), &mut |_| {})
                .expect_err("refused")
                .to_string();
            assert!(error.contains("another process writes in this folder"), "{error}");
            assert_eq!(std::fs::read(dir.path().join("log.csv")).expect("still there"), before);
            refused += 1;
        }
    })
    .expect("trained");
    assert_eq!(refused, 1);
}

/// What was lost between checkpoint and log is made again on resuming, and so are the pictures.
#[test]
fn logs_and_pictures_are_made_again() {
    let (_dir, out) = trained();
    let data = bars(200, [1, 8, 8], 2);
    let csv = std::fs::read(out.join("log.csv")).expect("written");
    for file in ["log.jsonl", "log.csv", "accuracy.svg"] {
        std::fs::write(out.join(file), "{half a li").expect("writable");
    }
    std::fs::write(out.join(".log.csv.1.tmp"), "half").expect("writable");
    let config = small();
    let job = Job { resume: true, ..Job::new(&config, &data, &data, &out) };
    run(&job, &AtomicBool::new(false), &mut |_| {}).expect("resumed");
    assert_eq!(std::fs::read(out.join("log.csv")).expect("made again"), csv);
    assert!(std::fs::read_to_string(out.join("log.jsonl")).expect("made again").contains("\"seconds\":null"));
    assert!(std::fs::read_to_string(out.join("accuracy.svg")).expect("made again").contains("svg"));
    assert!(!out.join(".log.csv.1.tmp").exists());
}
