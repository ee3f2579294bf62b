//! Manual gradients against central differences of the loss.
//!
//! In the strict mode the loss is differentiable almost everywhere. In the quantized mode the straight-through gradient is that of
//! the unquantized loss, so it is compared where the step is fine (κ = 100, L = 255, so that some counts are clipped): the loss of the counts then differs
//! from the smooth one by less than the tolerance.

use super::super::adam::Param;
use super::super::block::{Batch, Block};
use super::super::config::{Activation, Arithmetic, Config, Norm, Readout};
use super::super::random::{Purpose, Stream};

struct Case {
    activation: Activation,
    norm: Norm,
    grid: usize,
    kappa: f32,
    levels: u8,
    penalty: f32,
}

fn loss(block: &mut Block, x: &[f32], labels: &[u8]) -> f64 {
    let mut counts = Vec::new();
    block.forward_backward(Batch::Real(x), labels, &mut counts, false).loss
}

fn params(b: &mut Block) -> [&mut Param; 4] {
    [&mut b.weight, &mut b.channel_weight, &mut b.channel_bias, &mut b.readout]
}

/// Largest deviation between g·d and the central difference along random directions d, relative to the size of g·d.
fn check(case: &Case, step: f64, tolerance: f64) {
    let config = Config {
        channels: vec![16],
        strides: vec![2],
        kappa: case.kappa,
        levels: case.levels,
        alpha: vec![1.5],
        activation: case.activation,
        spike_penalty: case.penalty,
        norm: case.norm,
        readout: Readout::Learned,
        readout_grid: case.grid,
        arithmetic: Arithmetic::Float,
        ..Config::default()
    };
    let mut block = Block::new(&config, 0, [3, 9, 9], vec![5, 3, 8]).expect("fits");
    let mut rng = Stream::new(5, Purpose::Init, 1, 1);
    let s = block.conv.shape;
    // A count changes only where u crosses a level, so the quantized loss needs many samples for a smooth difference.
    let n = if case.activation == Activation::Quantized { 200 } else { 20 };
    let x: Vec<f32> = (0..n * s.in_len()).map(|i| if i % s.in_c < 3 { rng.normal() } else { 0.0 }).collect();
    let labels: Vec<u8> = (0..n).map(|_| rng.below(3) as u8).collect();
    for c in 0..16 {
        block.channel_weight.value[c] = 0.7 + 0.6 * rng.unit();
        block.channel_bias.value[c] = 0.3 * rng.normal();
    }
    let mut counts = Vec::new();
    block.forward_backward(Batch::Real(&x), &labels, &mut counts, true);
    let parts = block.grads.weight.chunks_exact(s.weight_len());
    let mut weight = vec![0.0; s.weight_len()];
    for part in parts {
        for (w, p) in weight.iter_mut().zip(part) {
            *w += p;
        }
    }
    let grads =
        [weight, block.grads.channel_weight.clone(), block.grads.channel_bias.clone(), block.grads.readout.clone()];
    for (which, grad) in grads.iter().enumerate() {
        for trial in 0..4 {
            // A random direction that leans along the gradient, so that the derivative is not a small difference.
            let norm = grad.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
            assert!(norm > 0.0, "parameter {which} has a gradient");
            let mut along: Vec<f32> = grad.iter().map(|g| (f64::from(*g) / norm) as f32).collect();
            for a in &mut along {
                *a += if trial == 0 { 0.0 } else { 0.5 * rng.normal() / (grad.len() as f32).sqrt() };
            }
            let want: f64 = grad.iter().zip(&along).map(|(g, d)| f64::from(*g) * f64::from(*d)).sum();
            let base = params(&mut block)[which].value.clone();
            let mut at = |sign: f64| {
                params(&mut block)[which].value =
                    base.iter().zip(&along).map(|(b, d)| b + (sign * step) as f32 * d).collect();
                let l = loss(&mut block, &x, &labels);
                params(&mut block)[which].value.clone_from(&base);
                l
            };
            let got = (at(1.0) - at(-1.0)) / (2.0 * step);
            assert!(
                (got - want).abs() < tolerance * want.abs(),
                "parameter {which}, trial {trial}: {want} against {got}"
            );
        }
    }
}

#[test]
fn strict_mode_batch_norm() {
    let (activation, norm) = (Activation::Relu, Norm::Batch);
    check(&Case { activation, norm, grid: 1, kappa: 2.0, levels: 8, penalty: 0.0 }, 2e-3, 0.01);
    check(&Case { activation, norm, grid: 2, kappa: 2.0, levels: 8, penalty: 0.3 }, 2e-3, 0.01);
}

#[test]
fn strict_mode_sample_norm() {
    let (activation, norm) = (Activation::Relu, Norm::Sample);
    check(&Case { activation, norm, grid: 2, kappa: 2.0, levels: 8, penalty: 0.0 }, 2e-3, 0.01);
}

#[test]
fn quantized_mode_with_fine_steps() {
    for norm in [Norm::Batch, Norm::Sample] {
        let activation = Activation::Quantized;
        check(&Case { activation, norm, grid: 1, kappa: 100.0, levels: 255, penalty: 0.0 }, 1e-2, 0.1);
    }
}
