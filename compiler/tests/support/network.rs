//! The networks of the tests.

use ir::{
    Compare, Connectivity, Conv2d, Graph, InputCoding, InputEncoding, Leak, NeuronModel, PerChannel, Pool, Population,
    PopulationId, Projection, Quantized, Readout, Reset, Shape, Spiking, Window,
};

/// Weights without structure, reproducible: a multiplicative congruential generator (Lehmer 1951).
pub(crate) fn weights(n: usize, seed: u64, limit: i32) -> Vec<i32> {
    let mut x = seed * 2 + 1;
    (0..n)
        .map(|_| {
            x = x.wrapping_mul(6_364_136_223_846_793_005);
            (x >> 33) as i32 % (2 * limit + 1) - limit
        })
        .collect()
}

pub(crate) fn spiking(threshold: &[i64], window: (u32, u32)) -> NeuronModel<Quantized> {
    NeuronModel::Spiking(Spiking {
        threshold: PerChannel(threshold.to_vec()),
        v_init: PerChannel::uniform(3),
        bias: PerChannel::uniform(1),
        leak: Leak::Decay(300),
        reset: Reset::Subtract,
        compare: Compare::GreaterEqual,
        window: Window::new(window.0, window.1),
        floor: Some(-200),
    })
}

pub(crate) fn add(
    graph: &mut Graph<Quantized>,
    name: &str,
    shape: Shape,
    neuron: NeuronModel<Quantized>,
) -> PopulationId {
    graph.add_population(Population { name: name.into(), shape, neuron, norm: () })
}

pub(crate) fn join(
    graph: &mut Graph<Quantized>,
    (pre, post): (PopulationId, PopulationId),
    connectivity: Connectivity,
    pool: Option<Pool>,
    delay: u32,
) {
    let mut projection = Projection { connectivity, pool, weights: Vec::new(), delay };
    if projection.connectivity == Connectivity::OneToOne {
        projection.weights = vec![1];
    }
    let n = projection.expected_weights(graph.population(pre).shape, graph.population(post).shape);
    projection.weights = weights(n, u64::from(pre.0 * 31 + post.0), 20);
    graph.connect(pre, post, projection);
}

/// Everything at once: stride, padding, dilation, groups, pooling, one-to-one, recurrence, a branch, delays, two dense
/// layers, an accumulator, a late window.
pub(crate) fn network() -> Graph<Quantized> {
    let mut g = Graph::new("everything", 7, InputEncoding::Pixels);
    let input = NeuronModel::Input { coding: InputCoding::DirectEveryStep { steps: 2 }, scale: 1.0 };
    let input = add(&mut g, "input", Shape::new(2, 11, 9), input);
    let a = add(&mut g, "a", Shape::new(6, 6, 9), spiking(&[300, 250, 200, 150, 260, 330], (0, 6)));
    let b = add(&mut g, "b", Shape::new(4, 3, 4), spiking(&[40], (1, 7)));
    let c = add(&mut g, "c", Shape::new(4, 3, 4), spiking(&[30], (2, 7)));
    let d = add(&mut g, "d", Shape::vector(13), spiking(&[25], (0, 7)));
    let out = add(&mut g, "out", Shape::vector(5), NeuronModel::Accumulator { v_init: PerChannel::uniform(-2) });
    let conv = |kernel, stride, padding, dilation, groups| {
        Connectivity::Conv2d(Conv2d { kernel, stride, padding, dilation, groups })
    };
    join(&mut g, (input, a), conv((3, 3), (2, 1), (1, 1), (1, 1), 2), None, 0);
    join(&mut g, (a, b), conv((2, 2), (1, 1), (1, 1), (2, 2), 2), Some(Pool { size: (2, 2) }), 1);
    join(&mut g, (b, c), Connectivity::OneToOne, None, 2);
    join(&mut g, (c, b), conv((3, 3), (1, 1), (1, 1), (1, 1), 4), None, 1);
    join(&mut g, (b, d), Connectivity::Dense, Some(Pool { size: (2, 2) }), 1);
    join(&mut g, (c, d), Connectivity::Dense, None, 1);
    join(&mut g, (d, d), Connectivity::Dense, None, 1);
    join(&mut g, (d, out), Connectivity::Dense, None, 1);
    g.readout = Readout::Potential { population: out };
    assert_eq!(ir::verify(&g), []);
    g
}

/// A convolutional network 3→40→120→120→240 on 32×32 with strides 1, 2, 1, 2.
pub(crate) fn reference() -> Graph<Quantized> {
    let mut g = Graph::new("reference", 4, InputEncoding::Pixels);
    let input = NeuronModel::Input { coding: InputCoding::DirectOnce, scale: 1.0 };
    let mut pre = add(&mut g, "input", Shape::new(3, 32, 32), input);
    for (name, channels, side, stride) in
        [("conv1", 40, 32, 1), ("conv2", 120, 16, 2), ("conv3", 120, 16, 1), ("conv4", 240, 8, 2)]
    {
        let post = add(&mut g, name, Shape::new(channels, side, side), spiking(&[500], (0, 4)));
        join(&mut g, (pre, post), Connectivity::Conv2d(Conv2d::square(3, stride, 1)), None, 1);
        pre = post;
    }
    g.readout = Readout::SpikeCount { population: pre };
    assert_eq!(ir::verify(&g), []);
    g
}
