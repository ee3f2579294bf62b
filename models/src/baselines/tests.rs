//! Gradients against central differences, and learning on tiny data.

use super::cwcomp_block::CwBlock;
use super::*;
use crate::data::Dataset;
use crate::ffgaf::Event;
use crate::ffgaf::random::{Purpose, Stream};
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

#[test]
fn cwcomp_gradients() {
    let mut rng = Stream::new(1, Purpose::Init, 0, 0);
    let mut block = CwBlock::new((6, 6), 8, 24, 2, true, 3, &mut rng);
    let n = 12;
    let x: Vec<f32> = (0..n * block.conv.shape.in_len()).map(|_| rng.normal()).collect();
    let labels: Vec<u8> = (0..n).map(|_| rng.below(3) as u8).collect();
    let step = block.step(&x, &labels);
    let len = block.conv.shape.weight_len();
    let weight: Vec<f32> = (0..len).map(|i| step.weight.iter().skip(i).step_by(len).sum()).collect();
    for (which, grad) in [weight, step.gamma, step.beta].iter().enumerate() {
        let norm = grad.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
        assert!(norm > 0.0);
        let h = 2e-3;
        let mut at = |sign: f64| {
            let p = match which {
                0 => &mut block.weight,
                1 => &mut block.gamma,
                _ => &mut block.beta,
            };
            let base = p.value.clone();
            for (v, g) in p.value.iter_mut().zip(grad) {
                *v += (sign * h * f64::from(*g) / norm) as f32;
            }
            let loss = block.step(&x, &labels).loss;
            match which {
                0 => block.weight.value = base,
                1 => block.gamma.value = base,
                _ => block.beta.value = base,
            }
            loss
        };
        let got = (at(1.0) - at(-1.0)) / (2.0 * h);
        assert!((got - norm).abs() < 0.02 * norm, "parameter {which}: {norm} against {got}");
    }
}

#[test]
fn ff_gradients() {
    let data = quarters(8, 6);
    let config = FfMlpConfig { hidden: vec![20], ..FfMlpConfig::default() };
    let mut net = FfMlp::new(config, data.shape, 4);
    let mut rng = Stream::new(1, Purpose::Init, 0, 0);
    let x: Vec<f32> = (0..16 * 36).map(|_| rng.normal()).collect();
    let layer = &mut net.layers[0];
    let grad = layer.step(&x, 2.0).weight;
    let norm = grad.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
    let base = layer.weight.value.clone();
    let mut at = |h: f64| {
        layer.weight.value = base.iter().zip(&grad).map(|(b, g)| b + (h * f64::from(*g) / norm) as f32).collect();
        layer.step(&x, 2.0).loss
    };
    let got = (at(1e-3) - at(-1e-3)) / 2e-3;
    assert!((got - norm).abs() < 0.02 * norm, "{norm} against {got}");
}

#[test]
fn both_learn_and_write_their_folder() {
    let (train, test) = (quarters(600, 8), quarters(200, 8));
    let cw = CwCompConfig {
        channels: vec![8, 16],
        groups: vec![1, 4],
        pool: vec![true, false],
        epochs: 4,
        batch: 32,
        calibration: 100,
        ..CwCompConfig::default()
    };
    let mlp =
        FfMlpConfig { hidden: vec![64, 64], epochs: 15, batch: 32, learning_rate: 0.01, ..FfMlpConfig::default() };
    for (baseline, least) in [(Baseline::CwComp(cw), 80.0), (Baseline::FfMlp(mlp), 80.0)] {
        let dir = tempfile::tempdir().expect("temporary folder");
        let stop = AtomicBool::new(false);
        let result = run(&baseline, (&train, &test), dir.path(), false, &stop, &mut |_| {}).expect("run");
        let result = result.test.expect("not stopped");
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
    let cw = CwCompConfig {
        channels: vec![8, 16],
        groups: vec![1, 4],
        pool: vec![true, false],
        stop: vec![2, 3],
        epochs: 3,
        batch: 32,
        calibration: 100,
        ..CwCompConfig::default()
    };
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
        assert!(go(&whole, 9).test.is_some());
        while go(&parts, 1).test.is_none() {}
        for file in ["checkpoint.safetensors", "log.jsonl", "card.json"] {
            let read = |d: &std::path::Path| std::fs::read(d.join(file)).expect("file exists");
            assert!(read(&whole) == read(&parts), "{baseline:?}: {file} differs");
        }
    }
}
