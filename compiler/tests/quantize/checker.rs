//! A network of several layers: the checker rejects planned corruptions of it, and most spikes survive.

use crate::networks::{WIDE, spiking};
use ir::{
    Compare, Connectivity, Conv2d, Graph, InputCoding, InputEncoding, Leak, NeuronModel, PerChannel, Pool, Population,
    PopulationId, Projection, ProjectionId, Quantized, Readout, Reset, Shape, Spiking, Stimulus, Trained, Window,
};
use spikeloom_compiler::{
    check::quantize::check,
    pass::quantize::{Quantization, QuantizeOptions, quantize},
};

/// Input 2×6×6 → conv → 4×6×6 → pooled conv → 3×3×3 → dense → 5 potentials; a residual projection besides.
fn network() -> Graph<Trained> {
    let mut graph = Graph::new("network", 6, InputEncoding::Pixels);
    let mut add =
        |name: &str, shape, neuron| graph.add_population(Population { name: name.into(), shape, neuron, norm: None });
    let mut state = 1u32;
    let mut weights = |n: usize| -> Vec<f32> {
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / 16_777_216.0 - 0.5
            })
            .collect()
    };
    let coding = InputCoding::DirectOnce;
    let a = add("in", Shape::new(2, 6, 6), NeuronModel::Input { coding, scale: 1.0 });
    let b = add(
        "b",
        Shape::new(4, 6, 6),
        spiking(vec![40.0, 55.0, 70.0, 90.0], vec![20.0, 27.0, 35.0, 45.0], Window::new(0, 6)),
    );
    let c = add("c", Shape::new(3, 3, 3), spiking(vec![1.0, 1.5, 2.0], vec![0.5, 0.7, -0.4], Window::new(1, 6)));
    let d = add("d", Shape::vector(5), NeuronModel::Accumulator { v_init: PerChannel(vec![0.1, -0.2, 0.3, 0.0, 0.4]) });
    let conv = Connectivity::Conv2d(Conv2d::square(3, 1, 1));
    let pool = Some(Pool { size: (2, 2) });
    let mut join = |pre, post, connectivity, pool, n, delay| {
        graph.connect(pre, post, Projection { connectivity, pool, weights: weights(n), delay });
    };
    join(a, b, conv.clone(), None, 4 * 2 * 9, 0);
    join(b, c, conv, pool, 3 * 4 * 9, 1);
    join(c, d, Connectivity::Dense, None, 5 * 27, 1);
    join(c, c, Connectivity::OneToOne, None, 3, 2);
    graph.readout = Readout::Potential { population: d };
    graph
}

fn hidden(q: &mut Quantization) -> &mut Spiking<Quantized> {
    let NeuronModel::Spiking(neuron) = &mut q.graph.population_mut(PopulationId(2)).neuron else { panic!("c spikes") };
    neuron
}

fn first_weights(q: &mut Quantization) -> &mut Vec<i32> {
    &mut q.graph.projection_mut(ProjectionId(1)).weights
}

type Corruption = (&'static str, &'static str, fn(&mut Quantization));

const CORRUPTIONS: &[Corruption] = &[
    ("a widened weight", "range", |q| first_weights(q)[5] = 128),
    ("a flipped sign", "scale", |q| {
        let w = first_weights(q).iter_mut().find(|w| w.abs() > 3).expect("some weight is large");
        *w = -*w;
    }),
    ("a weight off by two", "scale", |q| first_weights(q)[7] += if first_weights(q)[7] > 0 { -2 } else { 2 }),
    ("two weights swapped", "scale", |q| first_weights(q).swap(0, 40)),
    ("two channels' thresholds swapped", "scale", |q| hidden(q).threshold.0.swap(0, 2)),
    ("a doubled threshold", "scale", |q| hidden(q).threshold.0[1] *= 2),
    ("a threshold of 0", "range", |q| hidden(q).threshold.0[1] = 0),
    ("a shifted initial potential", "scale", |q| hidden(q).v_init.0[0] += 3),
    ("an invented bias", "scale", |q| hidden(q).bias.0[0] += 1),
    ("a shorter window", "topology", |q| hidden(q).window.end -= 1),
    ("another comparison", "topology", |q| hidden(q).compare = Compare::Greater),
    ("another reset", "topology", |q| hidden(q).reset = Reset::Zero),
    ("an invented leak", "topology", |q| hidden(q).leak = Leak::Decay(1)),
    ("an invented floor", "topology", |q| hidden(q).floor = Some(-1)),
    ("a dropped projection", "topology", |q| {
        let mut graph = Graph::new(q.graph.name.clone(), q.graph.timesteps, q.graph.encoding);
        graph.readout = q.graph.readout.clone();
        for (_, p) in q.graph.populations() {
            graph.add_population(p.clone());
        }
        for (id, p) in q.graph.projections().skip(1) {
            let (pre, post) = q.graph.ends(id);
            graph.connect(pre, post, p.clone());
        }
        q.graph = graph;
    }),
    ("a longer delay", "topology", |q| q.graph.projection_mut(ProjectionId(1)).delay = 2),
    ("pooling dropped", "topology", |q| q.graph.projection_mut(ProjectionId(1)).pool = None),
    ("a missing weight", "topology", |q| {
        first_weights(q).pop();
    }),
    ("a longer sample", "topology", |q| q.graph.timesteps = 7),
    ("another shape", "topology", |q| q.graph.population_mut(PopulationId(1)).shape = Shape::new(4, 4, 9)),
    ("another read-out", "topology", |q| q.graph.readout = Readout::SpikeCount { population: PopulationId(2) }),
    ("one potential on its own scale", "scale", |q| {
        q.graph.projection_mut(ProjectionId(2)).weights[27..54].iter_mut().for_each(|w| *w /= 2);
        let NeuronModel::Accumulator { v_init } = &mut q.graph.population_mut(PopulationId(3)).neuron else { return };
        v_init.0[1] /= 2;
    }),
    ("a misreported scale", "scale", |q| q.layers[1].scales[0] *= 1.1),
    ("an invented clip", "clip", |q| q.layers[1].losses.n_clipped = 1),
    ("a narrower width", "width", |q| q.layers[1].width -= 1),
    ("a narrower range", "width", |q| q.layers[1].bound.high -= 1),
    ("a missing report", "topology", |q| {
        q.layers.pop();
    }),
];

#[test]
fn the_checker_rejects_every_planned_corruption() {
    let graph = network();
    let sound = quantize(&graph, &WIDE).expect("fits");
    check(&graph, &sound, &WIDE).expect("sound");
    for (what, rule, corrupt) in CORRUPTIONS {
        let mut q = sound.clone();
        corrupt(&mut q);
        match check(&graph, &q, &WIDE) {
            Ok(()) => panic!("{what} is not noticed"),
            Err(found) => assert!(found.0.iter().any(|v| v.rule == *rule), "{what}: {found}"),
        }
    }
}

#[test]
fn sixteen_bits_keep_nearly_every_spike_and_eight_most() {
    let graph = network();
    let calibration: Vec<Stimulus> = (0..20)
        .map(|k| {
            Stimulus::direct(&(0..72).map(|i| (i * i * 31 + k * 57) % 256).collect::<Vec<_>>(), InputCoding::DirectOnce)
        })
        .collect();
    let changed = |weight_bits| {
        let q = quantize(&graph, &QuantizeOptions { weight_bits, calibration: &calibration, ..WIDE }).expect("fits");
        let all = q.layers.iter().map(|layer| layer.observed.expect("calibrated"));
        all.fold((0, 0), |(c, n), o| (c + o.changed, n + o.spikes))
    };
    let (at_16, at_8, spikes) = (changed(16).0, changed(8).0, changed(8).1);
    assert!(spikes > 1000, "{spikes}");
    assert!(at_16 * 1000 <= spikes, "16 bits change {at_16} of {spikes}");
    assert!(at_8 * 20 <= spikes, "8 bits change {at_8} of {spikes}");
}
