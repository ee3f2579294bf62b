//! Gradients against central differences, and learning on tiny data.

use super::cwcomp_block::{CwBlock, CwShape};
use super::softmax::Softmax;
use super::*;
use crate::ffgaf::Event;
use crate::ffgaf::random::{Purpose, Stream};
use datasets::Dataset;
use std::sync::atomic::AtomicBool;

/// Two or four classes of bright quarters plus noise.
fn quarters(count: usize, side: usize) -> Dataset {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for i in 0..count {
        let mut rng = Stream::new(3, Purpose::Augment, 5, i as u64);
        let y = rng.below(4);
        for p in 0..side * side {
            let quarter = (p / side * 2 / side) * 2 + p % side * 2 / side;
            pixels.push((80.0 * rng.unit() + if quarter == y { 120.0 } else { 0.0 }) as u8);
        }
        labels.push(y as u8);
    }
    Dataset { name: "quarters".into(), classes: 4, shape: [1, side, side], pixels, labels }
}

/// Directional derivatives of the loss against the gradients, for dense and grouped, pooled and unpooled layers.
#[test]
fn cwcomp_gradients() {
    for (groups, pool, hw) in [(1, false, (6, 6)), (2, true, (6, 6)), (4, false, (5, 6)), (4, true, (7, 6))] {
        let mut rng = Stream::new(1, Purpose::Init, 0, groups as u64);
        let shape = CwShape { hw, inputs: 8, channels: 24, groups, pool, classes: 3 };
        let mut block = CwBlock::new(shape, 1.5, &mut rng);
        for p in [&mut block.bias, &mut block.beta] {
            p.value.iter_mut().for_each(|v| *v = 0.3 * rng.normal());
        }
        let n = 20;
        let x: Vec<f32> = (0..n * block.conv.shape.in_len()).map(|_| rng.normal()).collect();
        let labels: Vec<u8> = (0..n).map(|_| rng.below(3) as u8).collect();
        let g = block.step(&x, &labels, true).gradients.expect("learning");
        let whole = |parts: &[f32], len: usize| (0..len).map(|i| parts.iter().skip(i).step_by(len).sum()).collect();
        let grads: [Vec<f32>; 4] =
            [whole(&g.weight, block.conv.weight_len()), whole(&g.bias, block.conv.shape.out_c), g.gamma, g.beta];
        for (which, grad) in grads.iter().enumerate() {
            let norm = grad.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
            assert!(norm > 0.0);
            let h = 2e-3;
            let mut at = |sign: f64| {
                let base = {
                    let b = &mut block;
                    let p = [&mut b.weight, &mut b.bias, &mut b.gamma, &mut b.beta].into_iter().nth(which);
                    let p = p.expect("four parameters");
                    let base = p.value.clone();
                    for (v, g) in p.value.iter_mut().zip(grad) {
                        *v += (sign * h * f64::from(*g) / norm) as f32;
                    }
                    base
                };
                let loss = block.step(&x, &labels, true).loss;
                let b = &mut block;
                let p = [&mut b.weight, &mut b.bias, &mut b.gamma, &mut b.beta].into_iter().nth(which);
                p.expect("four parameters").value = base;
                loss
            };
            let got = (at(1.0) - at(-1.0)) / (2.0 * h);
            assert!((got - norm).abs() < 0.02 * norm, "{shape:?}, parameter {which}: {norm} against {got}");
        }
    }
}

/// A layer that has stopped learning answers as at inference.
#[test]
fn a_stopped_layer_uses_its_stored_statistics() {
    let mut rng = Stream::new(1, Purpose::Init, 0, 7);
    let shape = CwShape { hw: (6, 6), inputs: 8, channels: 24, groups: 4, pool: true, classes: 3 };
    let mut block = CwBlock::new(shape, 1.0, &mut rng);
    block.mean.iter_mut().for_each(|m| *m = 0.7);
    let x: Vec<f32> = (0..3 * block.conv.shape.in_len()).map(|_| rng.normal()).collect();
    let step = block.step(&x, &[0, 1, 2], false);
    assert!(step.gradients.is_none());
    assert_eq!(step.output, block.infer(&x).0);
}

#[test]
fn softmax_gradients() {
    let mut rng = Stream::new(1, Purpose::Init, 0, 9);
    let mut head = Softmax::new(40, 3);
    head.weight.value.iter_mut().for_each(|v| *v = 0.2 * rng.normal());
    let x: Vec<f32> = (0..30 * 40).map(|_| rng.normal()).collect();
    let labels: Vec<u8> = (0..30).map(|_| rng.below(3) as u8).collect();
    let step = head.step(&x, head.logits(&x), &labels);
    let norm = step.weight.iter().chain(&step.bias).map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
    let (weight, bias) = (head.weight.value.clone(), head.bias.value.clone());
    let mut at = |h: f64| {
        let moved =
            |v: &[f32], g: &[f32]| v.iter().zip(g).map(|(v, g)| v + (h * f64::from(*g) / norm) as f32).collect();
        (head.weight.value, head.bias.value) = (moved(&weight, &step.weight), moved(&bias, &step.bias));
        head.step(&x, head.logits(&x), &labels).loss
    };
    let got = (at(1e-2) - at(-1e-2)) / 2e-2;
    assert!((got - norm).abs() < 0.01 * norm, "{norm} against {got}");
}

#[test]
fn ff_gradients() {
    let data = quarters(8, 6);
    let config = FfMlpConfig { hidden: vec![20], ..FfMlpConfig::default() };
    let mut net = FfMlp::new(config, data.shape, 4);
    let mut rng = Stream::new(1, Purpose::Init, 0, 0);
    let x: Vec<f32> = (0..16 * 36).map(|_| rng.normal()).collect();
    let layer = &mut net.layers[0];
    let grad = layer.step(&x, 2.0, 1.5).weight;
    let norm = grad.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
    let base = layer.weight.value.clone();
    let mut at = |h: f64| {
        layer.weight.value = base.iter().zip(&grad).map(|(b, g)| b + (h * f64::from(*g) / norm) as f32).collect();
        layer.step(&x, 2.0, 1.5).loss
    };
    let got = (at(1e-3) - at(-1e-3)) / 2e-3;
    assert!((got - norm).abs() < 0.02 * norm, "{norm} against {got}");
}

/// The first layer's activities with every label, from shared products, are those of the images with the labels written in.
#[test]
fn activities_of_all_labels_share_their_products() {
    let data = quarters(3, 6);
    let config = FfMlpConfig { hidden: vec![20, 10], label: 3.0, ..FfMlpConfig::default() };
    let net = FfMlp::new(config, data.shape, 4);
    let shared = net.first_activities(&data, 0..3);
    let mut x = Vec::new();
    for (i, label) in (0..3).flat_map(|i| (0..4).map(move |label| (i, label))) {
        let mut image: Vec<f32> = data.image(i).iter().map(|&p| f32::from(p) / 255.0).collect();
        image[..4].fill(0.0);
        image[label] = 3.0;
        let norm = (image.iter().map(|v| v * v).sum::<f32>() / 36.0).sqrt();
        x.extend(image.iter().map(|v| v / norm));
    }
    let direct = net.layers[0].forward(&x);
    assert_eq!(shared.len(), direct.len());
    for (a, b) in shared.iter().zip(&direct) {
        assert!((a - b).abs() < 1e-5, "{a} against {b}");
    }
}

/// What would not train is refused before anything is written.
#[test]
fn hyper_parameters_that_do_not_fit_are_refused() {
    let data = quarters(20, 8);
    let cw = small;
    let refused: Vec<(Baseline, &str)> = vec![
        (Baseline::CwComp(CwCompConfig { pool: vec![false; 2], groups: vec![1, 3], ..cw() }), "3 groups do not divide"),
        (Baseline::CwComp(CwCompConfig { pool: vec![false], ..cw() }), "pool has 1 entries for 2"),
        (Baseline::CwComp(CwCompConfig { pool: vec![false; 2], channels: vec![8, 18], ..cw() }), "18 channels"),
        (Baseline::CwComp(CwCompConfig { pool: vec![false; 2], alpha: f32::NAN, ..cw() }), "alpha is NaN"),
        (Baseline::CwComp(CwCompConfig { pool: vec![false; 2], stop: vec![1], ..cw() }), "stop has 1 entries"),
        (Baseline::FfMlp(FfMlpConfig { hidden: vec![10, 0], ..FfMlpConfig::default() }), "hidden is [10, 0]"),
        (Baseline::FfMlp(FfMlpConfig { batch: 0, ..FfMlpConfig::default() }), "batch is 0"),
        (Baseline::FfMlp(FfMlpConfig { learning_rate: -1.0, ..FfMlpConfig::default() }), "learning_rate is -1"),
    ];
    let dir = tempfile::tempdir().expect("temporary folder");
    for (baseline, cause) in refused {
        let out = dir.path().join("run");
        let ran = run(&baseline, (&data, &data), &out, false, &AtomicBool::new(false), &mut |_| {});
        let error = ran.expect_err("refused").to_string();
        assert!(error.contains(cause), "{error}");
        assert!(!out.exists(), "{error}");
    }
}

/// Two layers, the second grouped.
fn small() -> CwCompConfig {
    CwCompConfig { channels: vec![8, 16], groups: vec![1, 4], batch: 32, calibration: 100, ..CwCompConfig::default() }
}

#[test]
fn both_learn_and_write_their_folder() {
    let (train, test) = (quarters(600, 8), quarters(200, 8));
    let cw = CwCompConfig { pool: vec![true, false], epochs: 4, ..small() };
    let mlp =
        FfMlpConfig { hidden: vec![64, 64], epochs: 15, batch: 32, learning_rate: 0.01, ..FfMlpConfig::default() };
    for (baseline, least) in [(Baseline::CwComp(cw), 80.0), (Baseline::FfMlp(mlp), 80.0)] {
        let dir = tempfile::tempdir().expect("temporary folder");
        let stop = AtomicBool::new(false);
        let result = run(&baseline, (&train, &test), dir.path(), false, &stop, &mut |_| {}).expect("run");
        let result = result.result.expect("not stopped");
        assert!(result.accuracy() > least, "{baseline:?}: {result:?}");
        let text = std::fs::read_to_string(dir.path().join("config.toml")).expect("config");
        assert_eq!(toml::from_str::<Baseline>(&text).expect("reads back"), baseline);
        assert!(dir.path().join("card.json").exists());
    }
}

/// Stopped after each epoch and continued by a new process: the same bytes as an uninterrupted run.
#[test]
fn resuming_gives_the_same_bytes() {
    let (train, test) = (quarters(300, 8), quarters(100, 8));
    let cw = CwCompConfig { pool: vec![true, false], stop: vec![2, 3], epochs: 3, ..small() };
    let mlp = FfMlpConfig { hidden: vec![32, 32], epochs: 3, batch: 32, ..FfMlpConfig::default() };
    for baseline in [Baseline::CwComp(cw), Baseline::FfMlp(mlp)] {
        let dir = tempfile::tempdir().expect("temporary folder");
        let (whole, parts) = (dir.path().join("whole"), dir.path().join("parts"));
        let go = |out: &std::path::Path, epochs: usize| {
            let stop = AtomicBool::new(false);
            let mut left = epochs;
            run(&baseline, (&train, &test), out, true, &stop, &mut |event| {
                if let Event::Epoch(..) = event {
                    left -= 1;
                    stop.store(left == 0, std::sync::atomic::Ordering::Relaxed);
                }
            })
            .expect("run")
        };
        assert!(go(&whole, 9).result.is_some());
        while go(&parts, 1).result.is_none() {}
        for file in ["checkpoint.safetensors", "best.safetensors", "log.jsonl", "card.json"] {
            let read = |d: &std::path::Path| std::fs::read(d.join(file)).expect("file exists");
            assert!(read(&whole) == read(&parts), "{baseline:?}: {file} differs");
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let (train, test) = (quarters(200, 8), quarters(60, 8));
    let cw = CwCompConfig { pool: vec![false, true], epochs: 2, batch: 40, ..small() };
    let mlp = FfMlpConfig { hidden: vec![600, 32], epochs: 2, batch: 40, ..FfMlpConfig::default() };
    for baseline in [Baseline::CwComp(cw), Baseline::FfMlp(mlp)] {
        let files = [1, 3].map(|threads| {
            let dir = tempfile::tempdir().expect("temporary folder");
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let stop = AtomicBool::new(false);
            pool.install(|| run(&baseline, (&train, &test), dir.path(), false, &stop, &mut |_| {})).expect("run");
            ["checkpoint.safetensors", "best.safetensors", "log.jsonl", "card.json"]
                .map(|file| std::fs::read(dir.path().join(file)).expect("file exists"))
        });
        assert!(files[0] == files[1], "{baseline:?}");
    }
}
