//! Quantization: its rules on worked examples, its properties on random networks, its width proof against the interpreter,
//! and a checker that rejects planned corruptions.

use compiler::{
    check::quantize::check,
    pass::{
        fuse::fuse,
        quantize::{Quantization, QuantizeOptions, quantize},
    },
    width,
};
use ir::{
    Compare, Connectivity, Conv2d, Graph, InputCoding, InputEncoding, Leak, NeuronModel, PerChannel, Pool, Population,
    PopulationId, Projection, ProjectionId, Quantized, Readout, Reset, Shape, Spiking, Stimulus, Trained, Window,
    arbitrary::{self, Features},
    interp::interpret_with,
    interpret,
};
use proptest::prelude::*;

const WIDE: QuantizeOptions<'static> = QuantizeOptions {
    weight_bits: 8,
    state_bits: 60,
    power_of_two_threshold: false,
    calibration: &[],
    min_threshold: 64,
    input_range: None,
};

fn spiking(threshold: Vec<f64>, v_init: Vec<f64>, window: Window) -> NeuronModel<Trained> {
    NeuronModel::Spiking(Spiking {
        threshold: PerChannel(threshold),
        v_init: PerChannel(v_init),
        bias: PerChannel::uniform(0.0),
        leak: Leak::None,
        reset: Reset::Subtract,
        compare: Compare::GreaterEqual,
        window,
        floor: None,
    })
}

/// Input of n values → dense (`rows`) → neurons of the given model, in four timesteps.
fn single(rows: &[&[f32]], neuron: NeuronModel<Trained>) -> Graph<Trained> {
    let mut graph = Graph::new("single", 4, InputEncoding::Pixels);
    let mut add = |name: &str, n: usize, neuron| {
        graph.add_population(Population { name: name.into(), shape: Shape::vector(n as u32), neuron, norm: None })
    };
    let coding = InputCoding::DirectOnce;
    let pre = add("in", rows[0].len(), NeuronModel::Input { coding, scale: 1.0 });
    let post = add("out", rows.len(), neuron);
    let weights = rows.concat();
    graph.connect(pre, post, Projection { connectivity: Connectivity::Dense, pool: None, weights, delay: 0 });
    graph.readout = match graph.population(post).neuron {
        NeuronModel::Accumulator { .. } => Readout::Potential { population: post },
        _ => Readout::SpikeCount { population: post },
    };
    graph
}

fn neuron(graph: &Graph<Quantized>, population: u32) -> &Spiking<Quantized> {
    let NeuronModel::Spiking(neuron) = &graph.population(PopulationId(population)).neuron else { panic!("spikes") };
    neuron
}

/// θ = 1, bits 8: Θ_c = even(⌊127/max|w|⌋), W = round(Θ_c·w), v(0) = round(Θ_c·b) + Θ_c/2.
#[test]
fn forward_forward_layers_follow_their_rule() {
    let rows: [&[f32]; 2] = [&[0.7, -0.3, 0.011], &[-0.25, 0.1, 0.2]];
    let graph = single(&rows, spiking(vec![1.0], vec![0.5 + 0.1, 0.5 - 0.2], Window::new(0, 4)));
    let q = quantize(&graph, &WIDE).expect("fits");
    // 127/0.7 = 181.4 → 180; 127/0.25 = 508.
    assert_eq!(neuron(&q.graph, 1).threshold.0, [180, 508]);
    assert_eq!(neuron(&q.graph, 1).v_init.0, [18 + 90, -102 + 254]);
    assert_eq!(q.graph.projection(ProjectionId(0)).weights, [126, -54, 2, -127, 51, 102]);
    assert_eq!((q.layers[0].threshold, q.layers[0].n_clipped, q.layers[0].n_coarse), (Some((180, 508)), 0, 0));
    check(&graph, &q, &WIDE).expect("sound");
}

#[test]
fn thresholds_may_be_powers_of_two() {
    let rows: [&[f32]; 2] = [&[0.7, -0.3], &[-0.25, 0.1]];
    let options = QuantizeOptions { power_of_two_threshold: true, ..WIDE };
    let graph = single(&rows, spiking(vec![1.0], vec![0.5], Window::new(0, 4)));
    let q = quantize(&graph, &options).expect("fits");
    assert_eq!(neuron(&q.graph, 1).threshold.0, [128, 256]);
    assert_eq!(q.graph.projection(ProjectionId(0)).weights, [90, -38, -64, 26]);
    check(&graph, &q, &options).expect("sound");
    assert!(check(&graph, &quantize(&graph, &WIDE).expect("fits"), &options).is_err());
}

#[test]
fn a_channel_without_weights_keeps_its_threshold_and_initial_potential() {
    let graph = single(&[&[0.0, 0.0], &[1.0, 0.5]], spiking(vec![1.0], vec![2.5, 0.0], Window::new(0, 4)));
    let q = quantize(&graph, &WIDE).expect("fits");
    assert_eq!((neuron(&q.graph, 1).threshold.at(0), neuron(&q.graph, 1).v_init.at(0)), (254, 635));
    let stimulus = Stimulus::direct(&[0, 0], InputCoding::DirectOnce);
    assert_eq!(interpret(&q.graph, &stimulus).counts(PopulationId(1), 2), [2, 0]);
    check(&graph, &q, &WIDE).expect("sound");
}

#[test]
fn thresholds_far_above_all_weights_stay_within_31_bits() {
    let graph = single(&[&[1e-9, -1e-9]], spiking(vec![1.0], vec![1000.0], Window::new(0, 4)));
    let q = quantize(&graph, &WIDE).expect("fits");
    let n = neuron(&q.graph, 1);
    assert!(n.threshold.at(0) > 1 << 19 && n.v_init.at(0) < 1 << 30, "{n:?}");
    check(&graph, &q, &WIDE).expect("sound");
}

#[test]
fn weights_beyond_many_thresholds_are_clipped_and_counted() {
    let graph = single(&[&[1000.0, 1.0]], spiking(vec![1.0], vec![0.0], Window::new(0, 4)));
    let q = quantize(&graph, &WIDE).expect("fits");
    assert_eq!((q.graph.projection(ProjectionId(0)).weights.as_slice(), q.layers[0].n_clipped), (&[127, 2][..], 1));
    check(&graph, &q, &WIDE).expect("sound");
}

#[test]
fn compared_potentials_share_one_scale() {
    let graph = single(&[&[1.0, 0.0], &[0.1, 0.05]], NeuronModel::Accumulator { v_init: PerChannel(vec![0.0, 0.2]) });
    let q = quantize(&graph, &WIDE).expect("fits");
    // s = 1/127 for both: 0.1·127 = 12.7, 0.05·127 = 6.35, 0.2·127 = 25.4.
    assert_eq!(q.graph.projection(ProjectionId(0)).weights, [127, 0, 13, 6]);
    let NeuronModel::Accumulator { v_init } = &q.graph.population(PopulationId(1)).neuron else { panic!() };
    assert_eq!(v_init.0, [0, 25]);
    check(&graph, &q, &WIDE).expect("sound");
}

#[test]
fn channel_energy_weights_share_one_scale() {
    let mut graph = single(&[&[1.0], &[0.5]], spiking(vec![1.0], vec![0.0], Window::new(0, 4)));
    let weights = vec![0.5, -0.25, 0.125, 0.0];
    graph.readout = Readout::ChannelEnergy { population: PopulationId(1), grid: 1, weights };
    let q = quantize(&graph, &WIDE).expect("fits");
    let Readout::ChannelEnergy { weights, .. } = &q.graph.readout else { panic!() };
    assert_eq!(weights, &[1 << 20, -(1 << 19), 1 << 18, 0]);
}

#[test]
fn calibration_reports_what_changed_and_never_chooses_a_worse_clip() {
    // One outlier makes the step coarse; the other weights matter more.
    let rows: [&[f32]; 1] = [&[9.0, 0.31, 0.27, 0.24, 0.33, -0.29]];
    let graph = single(&rows, spiking(vec![4.0], vec![0.0], Window::new(0, 4)));
    let calibration: Vec<Stimulus> = (0..12)
        .map(|k| {
            let values: Vec<i32> = (0..6).map(|i| if i == 0 { 0 } else { (k * 7 + i * 5) % 19 }).collect();
            Stimulus::direct(&values, InputCoding::DirectOnce)
        })
        .collect();
    let options = QuantizeOptions { weight_bits: 4, calibration: &calibration, ..WIDE };
    let q = quantize(&graph, &options).expect("fits");
    check(&graph, &q, &options).expect("sound");
    let observed = q.layers[0].observed.expect("calibrated");
    let float: u64 = calibration.iter().map(|s| interpret(&graph, s).n_spikes() as u64).sum();
    assert_eq!(observed.spikes, float);
    let unclipped = quantize(&graph, &QuantizeOptions { calibration: &[], ..options }).expect("fits");
    let changed: u64 = calibration
        .iter()
        .map(|s| interpret(&unclipped.graph, s).n_spikes().abs_diff(interpret(&graph, s).n_spikes()) as u64)
        .sum();
    assert!(changed > 0, "the example must be hard");
    assert!(observed.changed < changed, "clip {} changes {} of {changed}", q.layers[0].clip, observed.changed);
}

#[test]
fn potentials_wider_than_the_chip_make_the_integers_coarser_until_they_fit() {
    // 3 inputs of at most 255 with weight 127: 97,155 needs 18 bits.
    let graph = single(&[&[1.0, 1.0, 1.0]], spiking(vec![1.0], vec![0.0], Window::new(0, 4)));
    let quantized = |options: QuantizeOptions<'_>| {
        let q = quantize(&graph, &options).expect("fits");
        check(&graph, &q, &options).expect("sound");
        (q.layers[0].n_narrowed, q.layers[0].width)
    };
    assert_eq!(quantized(QuantizeOptions { state_bits: 18, ..WIDE }), (0, 18));
    assert_eq!(quantized(QuantizeOptions { state_bits: 16, ..WIDE }), (1, 16));
    let pixels_of_6_bits = QuantizeOptions { state_bits: 16, input_range: Some((0, 63)), ..WIDE };
    assert_eq!(quantized(pixels_of_6_bits), (0, 16));
}

#[test]
fn a_network_that_would_lose_its_thresholds_is_refused() {
    // A threshold of 2 units and weights of 2 units: 3·255·2 = 1,530 needs 12 bits, and there is nothing coarser.
    let graph = single(&[&[1.0, 1.0, 1.0]], spiking(vec![1.0], vec![0.0], Window::new(0, 4)));
    let refused = quantize(&graph, &QuantizeOptions { state_bits: 8, ..WIDE }).expect_err("too wide").to_string();
    assert_eq!(
        refused,
        "population `out`, channel 0: its potential may leave the accumulator (state width [bits]: 12/8); use a chip with \
         12-bit potentials, inputs of a smaller range, or a shorter window"
    );
    for weight_bits in [0, 17] {
        assert!(quantize(&graph, &QuantizeOptions { weight_bits, ..WIDE }).is_err());
    }
}

/// Signs, and the mean magnitude as scale; the threshold counts it: 1 / 0.25 = 4.
#[test]
fn a_single_bit_is_a_sign() {
    let options = QuantizeOptions { weight_bits: 1, ..WIDE };
    let graph = single(&[&[0.5, -0.25, 0.0]], spiking(vec![1.0], vec![0.5], Window::new(0, 4)));
    let q = quantize(&graph, &options).expect("fits");
    assert_eq!(q.graph.projection(ProjectionId(0)).weights, [1, -1, 1]);
    assert_eq!(neuron(&q.graph, 1).threshold.0, [4]);
    assert_eq!(neuron(&q.graph, 1).v_init.0, [2]);
    assert_eq!((q.layers[0].scales[0], q.layers[0].n_clipped), (0.25, 0));
    check(&graph, &q, &options).expect("signs are right");

    for wrong in [-1, 0, 2] {
        let mut q = q.clone();
        q.graph.projection_mut(ProjectionId(0)).weights[0] = wrong;
        check(&graph, &q, &options).expect_err("a flipped, missing or wide sign");
    }
}

/// Two-phase: every source fires in each of the L steps of its window and reaches the bound exactly.
#[test]
fn the_bound_of_a_two_phase_network_is_reached() {
    let levels = 4;
    let mut graph: Graph<Quantized> = Graph::new("tight", 3 * levels, InputEncoding::Pixels);
    let two_phase = |threshold, v_init, layer: u32| {
        NeuronModel::Spiking(Spiking::<Quantized> {
            threshold: PerChannel::uniform(threshold),
            v_init: PerChannel::uniform(v_init),
            bias: PerChannel::uniform(0),
            leak: Leak::None,
            reset: Reset::Subtract,
            compare: Compare::GreaterEqual,
            window: Window::new((layer - 1) * levels, layer * levels),
            floor: None,
        })
    };
    let mut add = |name: &str, n, neuron| {
        graph.add_population(Population { name: name.into(), shape: Shape::vector(n), neuron, norm: () })
    };
    let coding = InputCoding::DirectOnce;
    let a = add("in", 1, NeuronModel::Input { coding, scale: 1.0 });
    let b = add("one", 5, two_phase(10, 0, 1));
    let c = add("two", 2, two_phase(10, 3, 2));
    let dense = |weights, delay| Projection { connectivity: Connectivity::Dense, pool: None, weights, delay };
    graph.connect(a, b, dense(vec![1; 5], 0));
    graph.connect(b, c, dense(vec![1, 2, 3, 4, 5, -1, -2, -3, -4, -5], 1));
    graph.readout = Readout::SpikeCount { population: c };
    let bounds = width::bounds(&graph, (0, 255));
    // ±15 per spike of every source, 4 spikes each; the last step's arrivals come after the first update of layer 2.
    let mut seen = (i64::MAX, i64::MIN);
    interpret_with(&graph, &Stimulus::direct(&[255], coding), |_, id, v| {
        if id == c {
            seen = (seen.0.min(v[1]), seen.1.max(v[0]));
        }
    });
    assert_eq!(bounds[c.0 as usize][1].low, 3 - 4 * 15);
    assert_eq!(seen.0, 3 - 4 * 15);
    // After the last arrival v = 3 + 60, then the update of that step takes 10 away.
    assert_eq!(bounds[c.0 as usize][0].high, 3 + 4 * 15);
    assert_eq!(seen.1, 3 + 4 * 15 - 10);
}

fn within(graph: &Graph<Quantized>, stimulus: &Stimulus) -> Result<(), TestCaseError> {
    let bounds = width::bounds(graph, graph.input_range().expect("an input"));
    let mut outside = Vec::new();
    let mut potentials: Vec<Vec<i64>> = vec![Vec::new(); graph.n_populations()];
    let trace = interpret_with(graph, stimulus, |t, id, now| {
        let shape = graph.population(id).shape;
        for (i, &v) in now.iter().enumerate() {
            let b = bounds[id.0 as usize][shape.channel(i)];
            if v < b.low || v > b.high {
                outside.push((t, id, i, v, b));
            }
        }
        potentials[id.0 as usize] = now.to_vec();
    });
    prop_assert_eq!(outside, vec![]);
    // Before a soft reset the potential was θ higher.
    for (id, p) in graph.populations() {
        let NeuronModel::Spiking(n) = &p.neuron else { continue };
        if n.reset == Reset::Subtract && n.leak == Leak::None {
            let last = &trace.spikes[id.0 as usize][graph.timesteps as usize - 1];
            for &i in last {
                let c = p.shape.channel(i as usize);
                let before = trace.potentials[id.0 as usize][i as usize] + n.threshold.at(c);
                prop_assert!(before <= bounds[id.0 as usize][c].high);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_potential_leaves_its_bound((graph, stimulus) in arbitrary::quantized_case(Features::ALL)) {
        within(&graph, &stimulus)?;
    }

    #[test]
    fn random_networks_quantize_and_pass_the_check(
        (graph, stimulus) in arbitrary::trained_case(Features { linear: false, normalization: true, ..Features::ALL }),
        weight_bits in 1u32..=16,
    ) {
        let options = QuantizeOptions { weight_bits, ..WIDE };
        let fused = fuse(&graph).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let q = quantize(&fused, &options).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(ir::verify(&q.graph), vec![]);
        check(&fused, &q, &options).map_err(|e| TestCaseError::fail(e.to_string()))?;
        within(&q.graph, &stimulus)?;
    }

    #[test]
    fn calibrated_networks_pass_the_check(
        (graph, stimulus) in arbitrary::trained_case(Features { linear: false, ..Features::ALL }), weight_bits in 1u32..=8,
    ) {
        let calibration = [stimulus];
        let options = QuantizeOptions { weight_bits, calibration: &calibration, ..WIDE };
        let fused = fuse(&graph).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let q = quantize(&fused, &options).map_err(|e| TestCaseError::fail(e.to_string()))?;
        check(&fused, &q, &options).map_err(|e| TestCaseError::fail(e.to_string()))?;
        for layer in &q.layers {
            let seen = layer.observed.expect("calibrated").largest_potential;
            prop_assert!(seen <= layer.bound.high.max(-layer.bound.low));
        }
    }

    /// Integers that are already on the grid come back unchanged, whatever the scale.
    #[test]
    fn quantizing_an_integer_network_returns_it(seed in any::<u64>(), shift in 0i32..12, bits in 4u32..=10) {
        let q_max = (1i64 << (bits - 1)) - 1;
        let mut state = seed;
        let mut number = |limit: i64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as i64 % (2 * limit + 1) - limit
        };
        let scale = f64::from(-shift).exp2();
        let mut rows: Vec<Vec<f32>> =
            (0..3).map(|_| (0..5).map(|_| (number(q_max) as f64 * scale) as f32).collect()).collect();
        for row in &mut rows {
            row[0] = (q_max as f64 * scale) as f32;
        }
        let thresholds: Vec<i64> = (0..3).map(|_| 2 * (number(300) + 301)).collect();
        let starts: Vec<i64> = (0..3).map(|_| number(500)).collect();
        let real = |v: &[i64]| v.iter().map(|&v| v as f64 * scale).collect::<Vec<f64>>();
        let rows: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
        let graph = single(&rows, spiking(real(&thresholds), real(&starts), Window::new(0, 4)));
        let q = quantize(&graph, &QuantizeOptions { weight_bits: bits, ..WIDE }).expect("fits");
        prop_assert_eq!(&neuron(&q.graph, 1).threshold.0, &thresholds);
        prop_assert_eq!(&neuron(&q.graph, 1).v_init.0, &starts);
        let weights: Vec<f64> = q.graph.projection(ProjectionId(0)).weights.iter().map(|&w| f64::from(w) * scale).collect();
        prop_assert_eq!(weights, rows.concat().into_iter().map(f64::from).collect::<Vec<_>>());
    }
}

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
    ("an invented clip", "clip", |q| q.layers[1].n_clipped = 1),
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
