//! Networks that are integers already stay as they are, at every width that holds them, and decide as in real numbers.

use crate::networks::{WIDE, neuron, single, spiking};
use ir::{
    Compare, Event, Graph, InputCoding, Leak, NeuronModel, PopulationId, ProjectionId, Reset, Spiking, Stimulus,
    Trained, Window, interpret,
};
use spikeloom_compiler::{
    check::quantize::check,
    pass::quantize::{Quantization, QuantizeOptions, quantize},
};

/// Inputs that fire in given timesteps, densely connected to neurons that `change` makes of integrate-and-fire ones.
fn events(rows: &[&[f32]], threshold: f64, steps: u32, change: impl FnOnce(&mut Spiking<Trained>)) -> Graph<Trained> {
    let mut graph = single(rows, spiking(vec![threshold], vec![0.0], Window::new(0, steps)));
    graph.timesteps = steps;
    graph.population_mut(PopulationId(0)).neuron =
        NeuronModel::Input { coding: InputCoding::spikes(steps), scale: 1.0 };
    let NeuronModel::Spiking(neuron) = &mut graph.population_mut(PopulationId(1)).neuron else { panic!("spikes") };
    change(neuron);
    graph
}

/// The first `n` inputs in each of the first `steps` timesteps.
fn stimulus(n: u32, steps: u32) -> Stimulus {
    let step: Vec<Event> = (0..n).map(|neuron| Event { neuron, value: 1 }).collect();
    Stimulus { steps: vec![step; steps as usize] }
}

fn quantized(graph: &Graph<Trained>, options: &QuantizeOptions<'_>) -> Quantization {
    let q = quantize(graph, options).expect("fits");
    check(graph, &q, options).expect("sound");
    q
}

fn weights(q: &Quantization) -> &[i32] {
    &q.graph.projection(ProjectionId(0)).weights
}

#[test]
fn three_ones_are_not_above_three_at_any_width() {
    for reset in [Reset::Zero, Reset::Subtract] {
        let graph = events(&[&[1.0; 4]], 3.0, 1, |n| (n.compare, n.reset) = (Compare::Greater, reset));
        for weight_bits in 1..=16 {
            let q = quantized(&graph, &QuantizeOptions { weight_bits, ..WIDE });
            let spikes = |n| interpret(&q.graph, &stimulus(n, 1)).n_spikes();
            assert_eq!((spikes(3), spikes(4)), (0, 1), "{weight_bits} bits");
            assert_eq!((weights(&q), neuron(&q.graph, 1).threshold.at(0), q.layers[0].n_exact), (&[1; 4][..], 3, 1));
        }
    }
}

/// 0.07 in single precision is above 0.07 in double: no reason to take it for a weight that outdoes the threshold.
#[test]
fn a_weight_that_equals_its_threshold_is_one_unit() {
    for compare in [Compare::Greater, Compare::GreaterEqual] {
        let graph = events(&[&[0.07, 0.0]], 0.07, 4, |n| (n.compare, n.reset) = (compare, Reset::Zero));
        for weight_bits in 2..=16 {
            let q = quantized(&graph, &QuantizeOptions { weight_bits, ..WIDE });
            assert_eq!((weights(&q), q.layers[0].n_exact), (&[1, 0][..], 1), "{weight_bits} bits");
            let fires = interpret(&q.graph, &stimulus(1, 4)).n_spikes();
            assert_eq!(fires, if compare == Compare::Greater { 2 } else { 4 });
        }
    }
}

/// Cut down to what fires, a weight is not rounded below it.
#[test]
fn a_weight_above_the_threshold_still_fires_at_once() {
    let graph = events(&[&[408.0]], 360.0, 3, |n| (n.compare, n.reset) = (Compare::Greater, Reset::Zero));
    for weight_bits in 3..=16 {
        let q = quantized(&graph, &QuantizeOptions { weight_bits, ..WIDE });
        assert_eq!(interpret(&q.graph, &stimulus(1, 3)).n_spikes(), 3, "{weight_bits} bits");
    }
}

#[test]
fn three_ones_reach_three_beside_a_two() {
    let graph = events(&[&[1.0, 1.0, 1.0, 2.0]], 3.0, 1, |_| ());
    for weight_bits in 3..=16 {
        let q = quantized(&graph, &QuantizeOptions { weight_bits, ..WIDE });
        assert_eq!(interpret(&q.graph, &stimulus(3, 1)).n_spikes(), 1);
        assert_eq!(interpret(&q.graph, &stimulus(2, 1)).n_spikes(), 0);
    }
}

#[test]
fn halves_and_tenths_are_integers_too() {
    let greater = |n: &mut Spiking<Trained>| n.compare = Compare::Greater;
    // 0.5, 1.0, 1.5 is not above 1.5, 2.0 is.
    let q = quantized(&events(&[&[0.5]], 1.5, 8, greater), &WIDE);
    assert_eq!(interpret(&q.graph, &stimulus(1, 8)).spikes[1].iter().position(|s| !s.is_empty()), Some(3));
    let q = quantized(&events(&[&[0.1, 0.1, 0.1, 0.7]], 0.3, 1, greater), &WIDE);
    assert_eq!((weights(&q), neuron(&q.graph, 1).threshold.at(0)), (&[1, 1, 1, 7][..], 3));
}

#[test]
fn ternary_weights_stay_in_two_bits() {
    for threshold in [1.0, 2.0, 3.0, 5.0] {
        let graph = events(&[&[1.0, -1.0, 0.0, 1.0], &[0.0, 1.0, 1.0, -1.0]], threshold, 4, |_| ());
        let q = quantized(&graph, &QuantizeOptions { weight_bits: 2, ..WIDE });
        assert_eq!(weights(&q), [1, -1, 0, 1, 0, 1, 1, -1]);
        assert_eq!(neuron(&q.graph, 1).threshold.0, [threshold as i64; 2]);
    }
}

#[test]
fn a_hard_reset_leaves_nothing_of_a_threshold_that_is_no_multiple() {
    for (compare, expected) in [(Compare::Greater, 2), (Compare::GreaterEqual, 3)] {
        let graph = events(&[&[1.0, -1.0]], 2.5, 4, |n| (n.compare, n.reset) = (compare, Reset::Zero));
        let q = quantized(&graph, &QuantizeOptions { weight_bits: 2, ..WIDE });
        assert_eq!((weights(&q), neuron(&q.graph, 1).threshold.at(0)), (&[1, -1][..], expected));
    }
    // A soft reset leaves a half, so the unit is one.
    let q = quantized(&events(&[&[1.0, -1.0]], 2.5, 4, |_| ()), &WIDE);
    assert_eq!((weights(&q), neuron(&q.graph, 1).threshold.at(0)), (&[2, -2][..], 5));
}

#[test]
fn a_weight_that_fires_at_once_does_not_make_the_others_coarser() {
    let mut row = [0.03; 41];
    row[40] = 10.0;
    let hard = |n: &mut Spiking<Trained>| n.reset = Reset::Zero;
    let graph = events(&[&row], 1.0, 20, hard);
    let q = quantized(&graph, &WIDE);
    // 40·0.03 = 1.2 in every timestep.
    assert_eq!(interpret(&q.graph, &stimulus(40, 20)).n_spikes(), 20);
    assert_eq!(interpret(&q.graph, &stimulus(33, 1)).n_spikes(), 0);
    assert_eq!((weights(&q)[0], weights(&q)[40], neuron(&q.graph, 1).threshold.at(0)), (1, 34, 34));
    assert_eq!((q.layers[0].losses.n_capped, q.layers[0].losses.n_clipped, q.layers[0].losses.n_zeroed), (1, 0, 0));
    // With inhibition as strong, the weight has to outdo it.
    row[39] = -10.0;
    let q = quantized(&events(&[&row], 1.0, 20, hard), &WIDE);
    assert_eq!(q.layers[0].losses.n_capped, 0);
}

#[test]
fn a_threshold_that_nothing_reaches_takes_no_width() {
    // 64 inputs for 32 timesteps: at most 2,048 units.
    let row = [1.0; 64];
    let graph = events(&[&row], 1e7, 32, |n| n.leak = Leak::Decay(4));
    let options = QuantizeOptions { state_bits: 20, ..WIDE };
    let q = quantized(&graph, &options);
    assert!(q.layers[0].bound.high <= 64 * 127 * 32);
    assert_eq!(neuron(&q.graph, 1).threshold.at(0), q.layers[0].bound.high + 1);
    assert_eq!(q.layers[0].n_narrowed, 0);
    // One that is reached, if only just, stays what it is.
    let q = quantized(&events(&[&row], 2048.0, 32, |_| ()), &options);
    assert_eq!(neuron(&q.graph, 1).threshold.at(0), 2048);
}

#[test]
fn a_leak_divides_the_unit_as_often_as_the_weights_allow() {
    let graph = events(&[&[0.7, 0.7]], 1.0, 100, |n| n.leak = Leak::Decay(41));
    let q = quantized(&graph, &WIDE);
    // 7 of 10, 18 times; a leak of 41/4096 leaves 99 units.
    assert_eq!((weights(&q)[0], neuron(&q.graph, 1).threshold.at(0)), (126, 180));
    let stands = q.layers[0].losses.dead_zone.expect("it leaks");
    assert!((stands - 99.0 / 180.0).abs() < 1e-6, "{stands}");
}

/// A quarter of the weights are ratios to the threshold: the sums of these are exact, though no unit is shared with the others.
#[test]
fn sums_that_meet_the_threshold_do_so_beside_other_weights() {
    let others = [0.337_19, 0.123_47, 0.777_7, 0.912_3, 0.456_7, 0.235_7, 0.654_1, 0.871_3, 0.543_21];
    let row: Vec<f32> = [1.0, 1.0, 1.0].into_iter().chain(others).collect();
    let graph = events(&[&row], 3.0, 1, |n| n.compare = Compare::Greater);
    for weight_bits in 3..=16 {
        let q = quantized(&graph, &QuantizeOptions { weight_bits, ..WIDE });
        assert_eq!(interpret(&q.graph, &stimulus(3, 1)).n_spikes(), 0, "{weight_bits} bits");
    }
}
