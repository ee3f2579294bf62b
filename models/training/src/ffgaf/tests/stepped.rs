//! Training on recordings: gradients, one network on two ways, learning what only time tells.

use super::super::block::{Batch, Block, LossSteps};
use super::super::config::{Arithmetic, Config, InputCoding, Readout};
use super::super::network::Runner;
use super::super::random::{Purpose, Stream};
use super::super::train::{Trainer, hold_out};
use datasets::Dataset;
use std::ops::ControlFlow;

fn settings(levels: u8, loss_steps: LossSteps) -> Config {
    Config {
        input: InputCoding::Events,
        channels: vec![16],
        strides: vec![2],
        levels,
        alpha: vec![1.5],
        readout: Readout::Learned,
        readout_grid: 2,
        arithmetic: Arithmetic::Float,
        loss_steps,
        ..Config::default()
    }
}

/// Spikes of `n` samples in `steps` steps on padded maps whose first 3 channels are real.
fn spikes(n: usize, steps: usize, len: usize, in_c: usize, rng: &mut Stream) -> Vec<u8> {
    (0..n * steps * len).map(|i| u8::from(i % in_c < 3 && rng.unit() < 0.3)).collect()
}

/// The gradient along itself against the central difference of the loss, for every parameter. Counts are fine: 250 steps of small drive.
fn gradients(loss_steps: LossSteps, penalty: f32) {
    let config = Config { kappa: 70.0, spike_penalty: penalty, ..settings(250, loss_steps) };
    let mut block = Block::new(&config, 0, [3, 7, 7], vec![5, 3, 8]).expect("fits");
    let mut rng = Stream::new(5, Purpose::Init, 1, 1);
    let s = block.conv.shape;
    let n = 60;
    let x = spikes(n, 250, s.in_len(), s.in_c, &mut rng);
    let labels: Vec<u8> = (0..n).map(|_| rng.below(3) as u8).collect();
    for c in 0..16 {
        block.channel_weight.value[c] = 0.7 + 0.6 * rng.unit();
        block.channel_bias.value[c] = 1.5 + 0.3 * rng.normal();
    }
    let mut emitted = Vec::new();
    block.forward_backward_steps(&x, &labels, &mut emitted, true);
    let mut weight = vec![0.0; s.weight_len()];
    for part in block.grads.weight.chunks_exact(s.weight_len()) {
        weight.iter_mut().zip(part).for_each(|(w, p)| *w += p);
    }
    let grads =
        [weight, block.grads.channel_weight.clone(), block.grads.channel_bias.clone(), block.grads.readout.clone()];
    for (which, grad) in grads.iter().enumerate() {
        let norm = grad.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
        assert!(norm > 0.0, "parameter {which} has a gradient");
        let mut at = |step: f64| {
            let param = match which {
                0 => &mut block.weight,
                1 => &mut block.channel_weight,
                2 => &mut block.channel_bias,
                _ => &mut block.readout,
            };
            let base = param.value.clone();
            for (v, g) in param.value.iter_mut().zip(grad) {
                *v += (step * f64::from(*g) / norm) as f32;
            }
            let loss = block.forward_backward_steps(&x, &labels, &mut emitted, false).loss;
            match which {
                0 => block.weight.value = base,
                1 => block.channel_weight.value = base,
                2 => block.channel_bias.value = base,
                _ => block.readout.value = base,
            }
            loss
        };
        let step = 0.02;
        let got = (at(step) - at(-step)) / (2.0 * step);
        assert!((got - norm).abs() < 0.1 * norm, "{loss_steps:?}, parameter {which}: {norm} against {got}");
    }
}

#[test]
fn gradients_are_those_of_the_loss_of_the_last_step() {
    gradients(LossSteps::Last, 0.3);
}

#[test]
fn gradients_are_those_of_the_losses_of_all_steps() {
    gradients(LossSteps::All, 0.0);
}

/// Where all spikes come in the first step and no bias pulls down, what is fired in the end is what the layer on counts fires, and so is the loss.
#[test]
fn with_all_input_at_once_it_is_the_layer_on_counts() {
    let config = settings(6, LossSteps::Last);
    let mut rng = Stream::new(3, Purpose::Init, 1, 1);
    let make = || Block::new(&config, 0, [3, 7, 7], vec![5, 3, 8]).expect("fits");
    let (mut stepped, mut counted) = (make(), make());
    let s = stepped.conv.shape;
    let n = 20;
    let first = spikes(n, 1, s.in_len(), s.in_c, &mut rng);
    let x: Vec<u8> = first.chunks(s.in_len()).flat_map(|f| [f, &vec![0; 5 * s.in_len()]].concat()).collect();
    // μ and b cancel: the drive after the first step does not change.
    let labels: Vec<u8> = (0..n).map(|_| rng.below(3) as u8).collect();
    let (mut spikes, mut counts) = (Vec::new(), Vec::new());
    counted.forward_backward(Batch::Counts(&first), &labels, &mut counts, true);
    stepped.forward_backward_steps(&x, &labels, &mut spikes, true);
    let len = s.out_len();
    let sums: Vec<u8> = spikes
        .chunks(6 * len)
        .flat_map(|sample| (0..len).map(|i| (0..6).map(|t| sample[t * len + i]).sum::<u8>()).collect::<Vec<_>>())
        .collect();
    // An offset that falls with time lets a neuron fire early what it would not in the end, never the other way round.
    assert!(sums.iter().zip(&counts).all(|(a, b)| a >= b), "no spike of the layer on counts is missing");
    let more = sums.iter().zip(&counts).filter(|(a, b)| a > b).count();
    assert!(more * 4 < sums.len(), "{more} of {}", sums.len());
}

/// A bar that moves one pixel a step in one of four directions, from a place drawn anew.
fn moving_bars(count: usize, steps: usize, seed: u64) -> Dataset {
    let side = 10;
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for i in 0..count {
        let mut rng = Stream::new(seed, Purpose::Augment, 78, i as u64);
        let (direction, start) = (rng.below(4), rng.below(side));
        for t in 0..steps {
            let at = if direction % 2 == 0 { (start + t) % side } else { (start + side * steps - t) % side };
            pixels.extend((0..side * side).map(|p| {
                let lit = if direction < 2 { p / side == at } else { p % side == at };
                u8::from(lit != (rng.unit() < 0.02))
            }));
        }
        labels.push(direction as u8);
    }
    Dataset { name: "moving bars".into(), classes: 4, shape: [steps, side, side], pixels, labels }
}

#[test]
fn recordings_are_learned_and_runs_are_equal() {
    let data = moving_bars(600, 6, 1);
    let (train, validation) = hold_out(&data, 100, 1);
    let config = Config {
        channels: vec![16, 24],
        strides: vec![1, 2],
        batch: 50,
        epochs: 6,
        arithmetic: Arithmetic::Fixed,
        calibration: 200,
        final_calibration: 200,
        ..settings(6, LossSteps::All)
    };
    let run = || {
        let mut trainer = Trainer::new(config.clone(), &train, &validation).expect("fits");
        while !trainer.finished() {
            trainer.epoch(&mut |_| ControlFlow::Continue(()));
        }
        (trainer.network(200), trainer.history().to_vec())
    };
    let (network, history) = run();
    let best = history.last().expect("epochs").validation.accuracy();
    println!("{history:#?}");
    assert!(best > 70.0, "{best} %");
    assert_eq!(Runner::new(&network).evaluate(&validation), history.last().expect("epochs").validation);
    assert_eq!(run(), (network, history), "same inputs, same bytes");
}
