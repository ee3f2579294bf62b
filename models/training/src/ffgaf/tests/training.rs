//! Whole runs on tiny data: learning, reproducibility, resuming, evaluation.

use super::super::*;
use super::bars;
use rayon::ThreadPoolBuilder;
use std::sync::atomic::{AtomicBool, Ordering};

fn config() -> Config {
    Config {
        dataset: "bars".into(),
        channels: vec![16, 24],
        strides: vec![1, 2],
        epochs: 3,
        batch: 32,
        calibration: 64,
        final_calibration: 64,
        ema: 0.9,
        dropout: 0.1,
        readout: Readout::Learned,
        readout_grid: 2,
        augment: Augment { flip: true, shift: 1, rotate: 5.0, scale: 0.1, erase: 0.2, ..Augment::default() },
        ..Config::default()
    }
}

fn train(config: &Config) -> (Network, Vec<EpochReport>) {
    let data = bars(400, [1, 12, 12], 1);
    let (train, validation) = hold_out(&data, 100, 1);
    let mut t = Trainer::new(config.clone(), &train, &validation).expect("valid configuration");
    while !t.finished() {
        t.epoch(&AtomicBool::new(false), &mut |_| {}).expect("not stopped");
    }
    (t.network(64), t.history().to_vec())
}

#[test]
fn a_few_epochs_learn_bars() {
    let plain = Config { epochs: 6, augment: Augment::default(), dropout: 0.0, ..config() };
    let (_, history) = train(&plain);
    let last = &history.last().expect("epochs ran").validation;
    assert!(last.accuracy() > 90.0, "{last:?}");
    let goodness = Config { readout: Readout::Goodness, ..plain };
    let last = train(&goodness).1.pop().expect("epochs ran").validation;
    assert_eq!(last.goodness, last.readout, "without a learned read-out both columns are the goodness");
    assert!(last.accuracy() > 60.0, "{last:?}");
}

#[test]
fn every_switch_trains() {
    for (activation, norm, input, allocation) in [
        (Activation::Relu, Norm::Batch, InputCoding::Pixels, Allocation::Uniform),
        (Activation::Quantized, Norm::Sample, InputCoding::Standardized, Allocation::Worst),
    ] {
        let schedule = Schedule { start: vec![], stop: vec![0.5, 1.0] };
        let c = Config { activation, norm, input, allocation, schedule, channel_weights: false, epochs: 6, ..config() };
        let c = Config { augment: Augment::default(), dropout: 0.0, ..c };
        let last = train(&c).1.pop().expect("epochs ran").validation;
        assert!(last.accuracy() > 60.0, "{activation:?} {norm:?}: {last:?}");
    }
}

#[test]
fn threads_do_not_change_results() {
    let with =
        |n: usize| ThreadPoolBuilder::new().num_threads(n).build().expect("threads start").install(|| train(&config()));
    let (a, b) = (with(1), with(3));
    assert_eq!(a.0, b.0);
    assert_eq!(a.1, b.1);
}

/// Stopped between batches, saved, and continued by a new process: the same bytes as an uninterrupted run.
#[test]
fn resuming_gives_the_same_bytes() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let data = bars(300, [3, 10, 10], 2);
    let test = bars(50, [3, 10, 10], 3);
    let config = Config { validation: 60, protocol: Protocol::Paper, ..config() };
    let whole = dir.path().join("whole");
    run(&config, (&data, &test), &whole, false, &AtomicBool::new(false), &mut |_| {}).expect("run");
    let parts = dir.path().join("parts");
    let mut batches = 0;
    loop {
        let stop = AtomicBool::new(false);
        let outcome = run(&config, (&data, &test), &parts, true, &stop, &mut |e| {
            if let Event::Batch(_) = e {
                batches += 1;
                stop.store(batches % 4 == 0, Ordering::Relaxed);
            }
        })
        .expect("run");
        if outcome.result.is_some() {
            break;
        }
    }
    assert_eq!(batches, 21, "7 batches in each of 3 epochs, none repeated");
    for file in [
        "checkpoint.safetensors",
        "best.safetensors",
        "network.safetensors",
        "config.toml",
        "log.csv",
        "accuracy.svg",
        "card.json",
    ] {
        let read = |d: &std::path::Path| std::fs::read(d.join(file)).expect("file exists");
        assert!(read(&whole) == read(&parts), "{file} differs");
    }
}

/// A crash while a checkpoint is written leaves the temporary file behind and the previous checkpoint whole.
#[test]
fn a_torn_temporary_file_does_not_matter() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let data = bars(200, [1, 8, 8], 2);
    let config = Config { validation: 40, epochs: 2, ..config() };
    let go = |stop_after: usize| {
        let stop = AtomicBool::new(false);
        let mut epochs = 0;
        run(&config, (&data, &data), dir.path(), true, &stop, &mut |e| {
            if let Event::Epoch(..) = e {
                epochs += 1;
                stop.store(epochs == stop_after, Ordering::Relaxed);
            }
        })
    };
    assert!(go(1).expect("run").result.is_none());
    std::fs::write(dir.path().join("checkpoint.safetensors.tmp"), b"half a fi").expect("write");
    assert!(go(9).expect("run").result.is_some());
}

/// Looking at the test images under the paper's protocol changes neither the training nor what validation chooses.
#[test]
fn the_papers_protocol_only_adds_a_figure() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (data, test) = (bars(300, [1, 10, 10], 2), bars(100, [1, 10, 10], 3));
    let go = |protocol| {
        let config = Config { validation: 60, protocol, ..config() };
        let out = dir.path().join(format!("{protocol:?}"));
        run(&config, (&data, &test), &out, false, &AtomicBool::new(false), &mut |_| {}).expect("run")
    };
    let (ours, paper) = (go(Protocol::Ours), go(Protocol::Paper));
    let (a, b) = (ours.result.expect("finished"), paper.result.expect("finished"));
    assert_eq!((a.choice, a.test.readout), (b.choice, b.test.readout));
    assert_eq!(ours.network.layers, paper.network.layers);
    assert_eq!(a.printed, None);
    let printed = b.printed.expect("asked for");
    let all = paper.history.iter().flat_map(|r| &r.training_mode.as_ref().expect("watched").correct);
    let three_whole_batches = 100.0 * *all.max().expect("layers") as f64 / 96.0;
    assert!((printed.percent - three_whole_batches).abs() < 1e-9, "{printed:?}");
}

#[test]
fn other_hyper_parameters_do_not_resume() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let data = bars(200, [1, 8, 8], 2);
    let config = Config { validation: 40, epochs: 1, ..config() };
    let go = |c: &Config| run(c, (&data, &data), dir.path(), true, &AtomicBool::new(false), &mut |_| {});
    go(&config).expect("run");
    let error = go(&Config { seed: 9, ..config }).expect_err("refused").to_string();
    assert!(error.contains("checkpoint.safetensors") && error.contains("hyper-parameters"), "{error}");
}

#[test]
fn a_network_survives_its_file() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("n.safetensors");
    let (network, _) = train(&Config { epochs: 1, ..config() });
    let card = Card { epochs: 1, measured: [("test %".to_string(), 12.5)].into() };
    save_network(&path, &network, &card).expect("save");
    assert_eq!(load_network(&path).expect("load"), (network, card));
    let bytes = std::fs::read(&path).expect("read");
    for cut in [0, 7, 100, bytes.len() - 1] {
        assert!(read_network(&bytes[..cut], &path).is_err(), "{cut} bytes are not a network");
    }
}

/// The 8-bit form of a network reads back as its grid, which is its own grid, in a quarter of the space.
#[test]
fn a_network_on_its_grid_survives_its_file() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("n.safetensors");
    let (network, _) = train(&Config { epochs: 1, channels: vec![16, 120], ..config() });
    let rounded = network.on_grid().expect("small weights");
    save_on_grid(&path, &network, &Card::default()).expect("save");
    assert_eq!(load_network(&path).expect("load").0, rounded);
    assert_eq!(rounded.grids(), network.grids());
    let (small, large) = (std::fs::metadata(&path).expect("file").len(), 4 * 16 * 120 * 9);
    assert!(small < large / 2, "{small} bytes");
}

/// Inference of an image does not depend on its companions, and equals the definition computed by plain loops.
#[test]
fn inference_is_per_image_and_matches_plain_loops() {
    let (network, _) = train(&Config { epochs: 1, ..config() });
    let data = bars(20, [1, 12, 12], 9);
    let runner = Runner::new(&network);
    let whole = runner.evaluate(&data);
    let mut correct = 0;
    for i in 0..data.len() {
        let alone = runner.evaluate(&data.subset([i]));
        correct += alone.readout[1];
        let counts = runner.forward_counts(data.image(i));
        let mut x: Vec<f64> = network.config.input.encode(data.image(i)).iter().map(|&v| f64::from(v) / 32.0).collect();
        for (layer, got) in network.layers.iter().zip(&counts) {
            let want = plain(layer, &x);
            let off = want.iter().zip(got).filter(|(u, n)| {
                let exact = (*u + 0.5).floor().clamp(0.0, f64::from(layer.levels)) as u8;
                let edge = (*u + 0.5 - (*u + 0.5).round()).abs() < 1e-4;
                exact != **n && !edge
            });
            assert_eq!(off.count(), 0);
            x = got.iter().map(|&n| f64::from(n)).collect();
        }
    }
    assert_eq!(correct, whole.readout[1]);
}

/// u of one layer, C·H·W, by the definition in `f64`.
fn plain(layer: &Layer, x: &[f64]) -> Vec<f64> {
    let [ic, ih, iw] = layer.input;
    let [oc, oh, ow] = layer.output();
    let k = layer.kernel;
    let mut out = Vec::new();
    for o in 0..oc {
        for p in 0..oh * ow {
            let mut z = 0.0;
            for (i, t) in (0..ic).flat_map(|i| (0..k * k).map(move |t| (i, t))) {
                let y = (p / ow * layer.stride + t / k) as isize - layer.pad as isize;
                let xx = (p % ow * layer.stride + t % k) as isize - layer.pad as isize;
                if y >= 0 && xx >= 0 && (y as usize) < ih && (xx as usize) < iw {
                    z +=
                        x[(i * ih + y as usize) * iw + xx as usize] * f64::from(layer.weight[(o * ic + i) * k * k + t]);
                }
            }
            out.push(z * f64::from(layer.gain(o)) + f64::from(layer.bias(o)));
        }
    }
    out
}

#[test]
fn unusable_settings_name_the_remedy() {
    let of = |text: &str| Config::from_toml(text).expect_err("refused").to_string();
    assert!(of("strides = [1, 2]").contains("one stride per layer"));
    assert!(of("channels = [4, 8, 8, 8]").contains("at least 8"));
    assert!(of("chanels = [4]").contains("chanels"));
    assert!(of("kernel = 4").contains("odd"));
    let config = Config::default();
    assert_eq!(Config::from_toml(&config.to_toml()).expect("round trip"), config);
}

#[test]
fn flip_and_shift_move_pixels() {
    let image: Vec<u8> = (0..12).collect();
    let a = Augment { shift: 1, ..Augment::default() };
    let mut seen = std::collections::BTreeSet::new();
    for i in 0..200 {
        let mut out = Vec::new();
        a.apply(&image, [1, 3, 4], &mut random::Stream::new(1, random::Purpose::Augment, 0, i), &mut out);
        assert_eq!(out.len(), 12);
        seen.insert(out);
    }
    assert_eq!(seen.len(), 9, "every shift by one pixel, and no other image");
    assert!(seen.contains(&image));
    assert!(seen.contains(&vec![5, 6, 7, 0, 9, 10, 11, 0, 0, 0, 0, 0]));
    let flip = Augment { flip: true, ..Augment::default() };
    let flipped: std::collections::BTreeSet<Vec<u8>> = (0..50)
        .map(|i| {
            let mut out = Vec::new();
            flip.apply(&image, [1, 3, 4], &mut random::Stream::new(1, random::Purpose::Augment, 0, i), &mut out);
            out
        })
        .collect();
    assert_eq!(flipped.into_iter().collect::<Vec<_>>(), [image.clone(), vec![3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8]]);
}
