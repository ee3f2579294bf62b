//! Whole runs on tiny data: learning, reproducibility, resuming, evaluation.

use super::super::*;
use super::bars;
use rayon::ThreadPoolBuilder;
use std::ops::ControlFlow;

pub(super) fn config() -> Config {
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
        t.epoch(&mut |_| ControlFlow::Continue(())).expect("not stopped");
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

/// Locality: what a layer learns depends on the layers below it and on nothing else, so a run of four layers shares every
/// byte of its first two with a run of two.
#[test]
fn the_first_layers_do_not_know_what_follows() {
    let data = datasets::bundled::mnist_test_500();
    let (images, validation) = hold_out(&data, 100, 1);
    let after = |channels: &[usize], strides: &[usize]| {
        let config = Config { channels: channels.into(), strides: strides.into(), epochs: 2, ..config() };
        let mut trainer = Trainer::new(config, &images, &validation).expect("valid configuration");
        while !trainer.finished() {
            trainer.epoch(&mut |_| ControlFlow::Continue(())).expect("not stopped");
        }
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<u32>>();
        let state: Vec<[Vec<u32>; 4]> = trainer.blocks[..2]
            .iter()
            .flat_map(|b| [&b.weight, &b.channel_weight, &b.channel_bias, &b.readout])
            .map(|p| [&p.value, &p.first, &p.second, &p.average].map(|v| bits(v)))
            .collect();
        let layers: Vec<[Vec<u32>; 2]> =
            trainer.network(64).layers[..2].iter().map(|l| [bits(&l.mean), bits(&l.variance)]).collect();
        (state, layers)
    };
    let (two, four) = (after(&[16, 24], &[1, 2]), after(&[16, 24, 24, 32], &[1, 2, 2, 1]));
    assert_eq!(two.0.len(), 8);
    assert!(two == four, "layers 1 and 2 differ");
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
    write_atomic(&path, &bytes_on_grid(&network, &Card::default()).expect("small weights")).expect("save");
    assert_eq!(load_network(&path).expect("load").0, rounded);
    assert_eq!(rounded.grids(), network.grids());
    let (small, large) = (std::fs::metadata(&path).expect("file").len(), 4 * 16 * 120 * 9);
    assert!(small < large / 2, "{small} bytes");
}

/// Inference of an image does not depend on its companions, and equals the definition computed by plain loops.
#[test]
fn inference_is_per_image_and_matches_plain_loops() {
    per_image_and_by_plain_loops(&Config { epochs: 1, ..config() });
}

/// Kernels of any side, each layer's own, and spikes summed over windows that leave a far edge over.
#[test]
fn kernels_padding_and_pooling_are_each_layers_own() {
    per_image_and_by_plain_loops(&Config {
        epochs: 1,
        channels: vec![16, 24, 32],
        strides: vec![1, 2, 1],
        kernel: PerLayer::Each(vec![4, 5, 2]),
        padding: PerLayer::Each(vec![1, 2, 0]),
        pool: PerLayer::Each(vec![1, 2, 1]),
        ..config()
    });
}

fn per_image_and_by_plain_loops(config: &Config) {
    let (network, _) = train(config);
    let last = network.layers.len() - 1;
    let data = bars(20, [1, 12, 12], 9);
    let runner = Runner::new(&network);
    let whole = runner.evaluate(&data);
    let mut correct = 0;
    for i in 0..data.len() {
        let alone = runner.evaluate(&data.subset([i]));
        correct += alone.readout[last];
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
    assert_eq!(correct, whole.readout[last]);
}

/// u of one layer, C·H·W, by the definition in `f64`.
fn plain(layer: &Layer, x: &[f64]) -> Vec<f64> {
    let [ic, full_h, full_w] = layer.input;
    let (p, ih, iw) = (layer.pool, full_h / layer.pool, full_w / layer.pool);
    let summed = |i: usize, y: usize, x0: usize| -> f64 {
        (0..p * p).map(|k| x[(i * full_h + y * p + k / p) * full_w + x0 * p + k % p]).sum()
    };
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
                    z += summed(i, y as usize, xx as usize) * f64::from(layer.weight[(o * ic + i) * k * k + t]);
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
    assert!(of("kernel = [3, 3]").contains("kernel has 2 entries for 4 layers"));
    assert!(of("kernel = 0").contains("kernel holds 0; give 1 to 31"));
    assert!(of("kernel = 'three'").contains("a whole number, or a list"));
    assert!(of("padding = 3").contains("padding = 3 is not below kernel = 3"));
    assert!(of("pool = 2").contains("first layer"));
    assert!(of("pool = [1, 6, 1, 1]").contains("288 spikes"));
    assert!(of("spike_penalty = -1").contains("spike_penalty"));
    let data = bars(20, [1, 12, 12], 1);
    let on = |text: &str| {
        let config = Config { validation: 0, ..Config::from_toml(text).expect("fits together") };
        Trainer::new(config, &data, &data).map(|_| ()).expect_err("refused").to_string()
    };
    assert!(on("kernel = [3, 3, 3, 7]").contains("layer 4: a 7 × 7 kernel does not fit on a map of 3 × 3"));
    assert!(on("readout = 'learned'\nreadout_grid = 4").contains("readout_grid is 4, but layer 3"));
    let config = Config::default();
    assert_eq!(Config::from_toml(&config.to_toml()).expect("round trip"), config);
}

/// Fine-tuning starts from the network's layers, with new ones above; a layer that differs is refused by name.
#[test]
fn training_starts_from_a_network() {
    let (network, _) = train(&Config { channels: vec![16], strides: vec![1], epochs: 1, ema: 0.0, ..config() });
    let data = bars(64, [1, 16, 16], 4);
    let start = |config: Config| Trainer::new(config, &data, &data).expect("fits").starting_from(&network);
    let deep = Config { ema: 0.0, ..config() };
    let begun = start(deep.clone()).expect("the first layer agrees").network(64);
    assert_eq!(begun.layers[0].weight, network.layers[0].weight);
    assert_eq!(begun.layers[0].channel_bias, network.layers[0].channel_bias);
    assert_eq!(begun.layers[0].readout, network.layers[0].readout);
    let drawn = Trainer::new(deep.clone(), &data, &data).expect("fits").network(64);
    assert_eq!(begun.layers[1].weight, drawn.layers[1].weight);
    let refused = |config| start(config).map(|_| ()).expect_err("refused").to_string();
    assert!(refused(Config { channels: vec![24, 24], ..deep.clone() }).contains("channels = 16, the settings say 24"));
    assert!(refused(Config { kernel: PerLayer::All(5), ..deep }).contains("kernel = 3, the settings say 5"));
}

/// The penalty on spikes makes fewer of them.
#[test]
fn a_penalty_leaves_fewer_spikes() {
    let spikes = |spike_penalty| {
        let history = train(&Config { spike_penalty, ..config() }).1;
        history.last().expect("epochs ran").validation.spikes.iter().sum::<u64>()
    };
    let (without, with) = (spikes(0.0), spikes(1.0));
    assert!(with < without * 3 / 4, "{with} against {without}");
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
