//! Spare state bits carry fractions of a unit: what would round away in whole units does not.

use crate::networks::WIDE;
use ir::{
    Compare, Connectivity, DecayRule, Event, Graph, InputCoding, InputEncoding, Leak, NeuronModel, PerChannel,
    Population, Projection, Readout, Reset, Shape, Spiking, Stimulus, Trained, Window, interpret, interpret_saturating,
};
use spikeloom_compiler::{
    check::quantize::check,
    pass::quantize::{Quantization, QuantizeOptions, quantize},
};

/// As on Loihi: 24 bits, truncated values, 6 fraction bits.
const LOIHI: QuantizeOptions<'static> =
    QuantizeOptions { state_bits: 24, decay: DecayRule::Value, fractions: &[6], has_saturate: true, ..WIDE };

/// One input on one neuron.
fn one(steps: u32, weight: f32, (threshold, bias): (f64, f64), (leak, reset): (Leak, Reset)) -> Graph<Trained> {
    let mut graph = Graph::new("one", steps, InputEncoding::Pixels);
    let mut add = |name: &str, neuron| {
        graph.add_population(Population { name: name.into(), shape: Shape::vector(1), neuron, norm: None })
    };
    let pre = add("in", NeuronModel::Input { coding: InputCoding::spikes(steps), scale: 1.0 });
    let post = add(
        "out",
        NeuronModel::Spiking(Spiking {
            threshold: PerChannel::uniform(threshold),
            v_init: PerChannel::uniform(0.0),
            bias: PerChannel::uniform(bias),
            leak,
            reset,
            compare: Compare::GreaterEqual,
            window: Window { start: 0, end: steps },
            floor: None,
        }),
    );
    let connectivity = Connectivity::Dense;
    graph.connect(pre, post, Projection { connectivity, pool: None, weights: vec![weight], delay: 0 });
    graph.readout = Readout::SpikeCount { population: post };
    graph
}

fn events(steps: u32, at: &[u32]) -> Stimulus {
    let event = |t: u32| if at.contains(&t) { vec![Event { neuron: 0, value: 1 }] } else { Vec::new() };
    Stimulus { steps: (0..steps).map(event).collect() }
}

fn quantized(graph: &Graph<Trained>, options: &QuantizeOptions<'_>) -> Quantization {
    let q = quantize(graph, options).expect("quantizes");
    check(graph, &q, options).expect("passes the check");
    q
}

fn spikes(q: &Quantization, stimulus: &Stimulus) -> usize {
    interpret(&q.graph, stimulus).spikes[1].iter().map(Vec::len).sum()
}

#[test]
fn a_small_bias_keeps_its_value() {
    for (bias, fires, rounded) in [(0.05, 2, 3), (0.03, 1, 0)] {
        let graph = one(1000, 10.0, (20.0, bias), (Leak::None, Reset::Subtract));
        let still = events(1000, &[]);
        let q = quantized(&graph, &LOIHI);
        assert_eq!((spikes(&q, &still), q.layers[0].fraction_bits), (fires, 6), "bias {bias}");
        assert_eq!(spikes(&quantized(&graph, &QuantizeOptions { fractions: &[], ..LOIHI }), &still), rounded);
    }
}

#[test]
fn a_weight_of_a_thousand_thresholds_is_not_cut_off() {
    let graph = one(200, 1000.0, (1.0, 0.0), (Leak::None, Reset::Subtract));
    let q = quantized(&graph, &LOIHI);
    assert_eq!((spikes(&q, &events(200, &[0])), q.layers[0].losses.n_clipped), (200, 0));
    let whole = quantized(&graph, &QuantizeOptions { fractions: &[], ..LOIHI });
    assert_eq!((spikes(&whole, &events(200, &[0])), whole.layers[0].losses.n_clipped), (127, 1));
}

#[test]
fn a_slow_leak_empties_the_potential_in_its_time() {
    // τ = 100 steps: two events of 0.7 thresholds reach the threshold 69 steps apart, not 124.
    let graph = one(400, 0.7, (1.0, 0.0), (Leak::Decay(41), Reset::Zero));
    for (apart, fires) in [(60, 1), (80, 1), (90, 0), (300, 0)] {
        let q = quantized(&graph, &LOIHI);
        assert_eq!(spikes(&q, &events(400, &[5, 5 + apart])), fires, "{apart} steps apart");
    }
}

#[test]
fn potentials_saturate_in_the_list_and_are_counted() {
    // 127 units of 64 parts in every step, and a threshold far above: 24 bits are full after 1,032 steps.
    let graph = one(1100, 1.0, (60_000.0, 0.001), (Leak::None, Reset::Subtract));
    let options = QuantizeOptions { saturates: true, ..LOIHI };
    let q = quantized(&graph, &options);
    let always: Vec<u32> = (0..1100).collect();
    let (trace, clipped) = interpret_saturating(&q.graph, &events(1100, &always), Some(24));
    assert!(trace.potentials[1][0] < 1 << 23);
    assert_eq!(clipped > 0, q.layers[0].fraction_bits > 0, "{:?}", q.layers[0]);
}

#[test]
fn lists_of_chips_that_do_not_saturate_are_proven() {
    // No bound holds without saturation, so the integers become coarser.
    let graph = one(100_000, 1.0, (1e9, 0.0), (Leak::Decay(1), Reset::Subtract));
    let options = QuantizeOptions { saturates: true, has_saturate: false, state_bits: 16, fractions: &[], ..LOIHI };
    let q = quantized(&graph, &options);
    assert!(q.layers[0].n_narrowed == 1 && !q.layers[0].saturates, "{:?}", q.layers[0]);
}

#[test]
fn no_fractions_without_room() {
    let graph = one(1000, 10.0, (20.0, 0.05), (Leak::None, Reset::Subtract));
    let q = quantized(&graph, &QuantizeOptions { state_bits: 15, ..LOIHI });
    assert_eq!(q.layers[0].fraction_bits, 0);
}
