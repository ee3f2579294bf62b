//! One training step against PyTorch: loss, gradients and emitted counts of `golden/ffgaf_block.json`, which
//! `scripts/golden_training.py` writes with autograd and a straight-through floor.

use super::super::block::{Batch, Block};
use super::super::config::{Arithmetic, Config, Readout};

#[derive(serde::Deserialize)]
struct Golden {
    size: usize,
    in_channels: usize,
    stride: usize,
    groups: Vec<usize>,
    grid: usize,
    alpha: f32,
    kappa: f32,
    levels: u8,
    labels: Vec<u8>,
    /// N·C·H·W counts.
    input: Vec<u8>,
    /// out·in·ky·kx.
    weight: Vec<f32>,
    channel_weight: Vec<f32>,
    channel_bias: Vec<f32>,
    /// class·region·channel.
    readout: Vec<f32>,
    loss: f64,
    /// N·C·H·W.
    counts: Vec<u8>,
    weight_gradient: Vec<f32>,
    channel_weight_gradient: Vec<f32>,
    channel_bias_gradient: Vec<f32>,
    readout_gradient: Vec<f32>,
}

fn close(got: &[f32], want: &[f32], tolerance: f32, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    let scale = want.iter().fold(0.0f32, |a, b| a.max(b.abs()));
    let worst = got.iter().zip(want).map(|(g, w)| (g - w).abs()).fold(0.0, f32::max);
    assert!(worst < tolerance * scale, "{what}: off by {worst} of {scale}");
}

fn check(arithmetic: Arithmetic, tolerance: f32) {
    let g: Golden = serde_json::from_str(include_str!("../../../golden/ffgaf_block.json")).expect("golden file");
    let out_c: usize = g.groups.iter().sum();
    let config = Config {
        channels: vec![out_c],
        strides: vec![g.stride],
        alpha: vec![g.alpha],
        kappa: g.kappa,
        levels: g.levels,
        readout: Readout::Learned,
        readout_grid: g.grid,
        arithmetic,
        ..Config::default()
    };
    let mut block = Block::new(&config, 0, [g.in_channels, g.size, g.size], g.groups.clone()).expect("fits");
    let s = block.conv.shape;
    assert_eq!((s.in_c, s.out_c), (g.in_channels, out_c), "the golden case needs no padding");
    let taps = s.taps();
    let place = |i: usize| s.weight_index(i / (g.in_channels * taps), i / taps % g.in_channels, i % taps);
    for (i, w) in g.weight.iter().enumerate() {
        block.weight.value[place(i)] = *w;
    }
    block.channel_weight.value.clone_from(&g.channel_weight);
    block.channel_bias.value.clone_from(&g.channel_bias);
    block.readout.value.clone_from(&g.readout);
    let n = g.labels.len();
    let pixels = g.size * g.size;
    let nhwc: Vec<u8> = (0..n * pixels * s.in_c)
        .map(|i| {
            let (m, p, c) = (i / (pixels * s.in_c), i / s.in_c % pixels, i % s.in_c);
            g.input[(m * s.in_c + c) * pixels + p]
        })
        .collect();
    let mut counts = Vec::new();
    let result = block.forward_backward(Batch::Counts(&nhwc), &g.labels, &mut counts, true);
    assert!((result.loss - g.loss).abs() < f64::from(tolerance), "loss {} against {}", result.loss, g.loss);
    let out = s.out_pixels();
    let differ = counts
        .iter()
        .enumerate()
        .filter(|(i, n)| {
            let (m, p, c) = (i / s.out_len(), i / s.out_c % out, i % s.out_c);
            **n != g.counts[(m * s.out_c + c) * out + p]
        })
        .count();
    assert!(differ <= counts.len() / 2000, "{differ} of {} counts differ", counts.len());
    let mut weight = vec![0.0; s.weight_len()];
    for part in block.grads.weight.chunks_exact(s.weight_len()) {
        for (w, p) in weight.iter_mut().zip(part) {
            *w += p;
        }
    }
    let natural: Vec<f32> = (0..g.weight.len()).map(|i| weight[place(i)]).collect();
    close(&natural, &g.weight_gradient, tolerance, "weight");
    close(&block.grads.channel_weight, &g.channel_weight_gradient, tolerance, "channel weight");
    close(&block.grads.channel_bias, &g.channel_bias_gradient, tolerance, "channel bias");
    close(&block.grads.readout, &g.readout_gradient, tolerance, "read-out");
}

#[test]
fn float_step_equals_pytorch() {
    check(Arithmetic::Float, 1e-4);
}

#[test]
fn fixed_point_step_equals_pytorch() {
    check(Arithmetic::Fixed, 2e-3);
}
