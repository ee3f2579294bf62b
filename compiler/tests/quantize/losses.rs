//! What quantization took away is on record.

use crate::networks::{WIDE, single, spiking};
use ir::{NeuronModel, PerChannel, PopulationId, Window};
use spikeloom_compiler::pass::quantize::{Losses, QuantizeOptions, quantize};

fn losses(rows: &[&[f32]], threshold: f64, bias: f64) -> Losses {
    let mut graph = single(rows, spiking(vec![threshold], vec![0.0], Window::new(0, 4)));
    let NeuronModel::Spiking(neuron) = &mut graph.population_mut(PopulationId(1)).neuron else { panic!("spikes") };
    neuron.bias = PerChannel::uniform(bias);
    quantize(&graph, &WIDE).expect("fits").layers[0].losses
}

#[test]
fn weights_that_became_zero_and_weights_that_were_cut() {
    // A unit of 10/127 = 0.079: 0.03 and 0.02 are less than half of it.
    let lost = losses(&[&[10.0, 0.030_1, 0.020_3, -1.234_5]], 1.0, 0.0);
    assert_eq!((lost.n_weights, lost.n_zeroed), (4, 2));
    assert!((lost.zeroed_drive - 0.050_4).abs() < 1e-6 && (lost.zeroed_share - 0.050_4 / 11.284_9).abs() < 1e-6);
    let cut = losses(&[&[1000.3, 1.71]], 1.0, 0.0);
    assert_eq!((cut.n_clipped, cut.n_capped), (1, 0));
}

#[test]
fn biases_that_vanished_and_biases_that_moved() {
    let vanished = losses(&[&[10.0]], 20.007, 0.029_7);
    assert_eq!((vanished.n_biases, vanished.n_vanished), (1, 1));
    assert!((vanished.bias_error - 1.0).abs() < 1e-12);
    let moved = losses(&[&[10.0]], 20.007, 0.049_3);
    assert!(moved.n_vanished == 0 && moved.bias_error > 0.1, "{moved:?}");
}

#[test]
fn nothing_is_lost_where_all_are_integers() {
    let none = losses(&[&[3.0, -2.0, 0.0]], 7.0, 1.0);
    let expected = Losses { n_weights: 2, n_biases: 1, ..Losses::default() };
    assert_eq!(none, expected);
}

#[test]
fn potentials_that_saturate_are_not_narrowed() {
    let row: &[f32] = &[1.0, 0.873, 0.9171, 0.0123, 0.0456, 0.0789, 0.0321, 0.0654, 0.0987];
    let graph = single(&[row], spiking(vec![1.0], vec![0.0], Window::new(0, 4)));
    let narrow = QuantizeOptions { state_bits: 12, ..WIDE };
    let wide = quantize(&graph, &WIDE).expect("fits");
    let narrowed = quantize(&graph, &narrow).expect("fits");
    let saturating = quantize(&graph, &QuantizeOptions { saturates: true, ..narrow }).expect("saturates");
    assert_eq!(saturating.graph, wide.graph);
    assert!(saturating.layers[0].saturates && saturating.layers[0].n_narrowed == 0);
    assert!(!narrowed.layers[0].saturates && narrowed.layers[0].n_narrowed == 1 && narrowed.layers[0].coarsest > 30.0);
}
