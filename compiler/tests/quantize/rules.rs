//! The rules of quantization on worked examples.

use crate::networks::{WIDE, neuron, single, spiking};
use ir::{
    Compare, Connectivity, Graph, InputCoding, InputEncoding, Leak, NeuronModel, PerChannel, Population, PopulationId,
    Projection, ProjectionId, Quantized, Readout, Reset, Shape, Spiking, Stimulus, Window, interp::interpret_with,
    interpret,
};
use spikeloom_compiler::{
    check::quantize::check,
    pass::quantize::{QuantizeOptions, quantize},
    width,
};

/// θ = 1, bits 8: Θ_c = even(⌊127/max|w|⌋), W = round(Θ_c·w), v(0) = round(Θ_c·b) + Θ_c/2.
#[test]
fn forward_forward_layers_follow_their_rule() {
    let rows: [&[f32]; 2] = [
        &[0.7, -0.3, 0.0117, 0.1237, -0.4561, 0.2347, 0.0789, 0.3217, -0.1011],
        &[-0.2503, 0.1001, 0.2003, 0.0127, 0.0456, 0.0789, 0.0321, -0.0654, 0.0987],
    ];
    let graph = single(&rows, spiking(vec![1.0], vec![0.5 + 0.1, 0.5 - 0.2], Window::new(0, 4)));
    let q = quantize(&graph, &WIDE).expect("fits");
    // 127/0.7 = 181.4 → 180; 127/0.2503 = 507.4 → 506.
    assert_eq!(neuron(&q.graph, 1).threshold.0, [180, 506]);
    assert_eq!(neuron(&q.graph, 1).v_init.0, [18 + 90, -101 + 253]);
    let rounded = |(row, unit): (&&[f32], f64)| {
        row.iter().map(move |&w| (f64::from(w) * unit).round() as i32).collect::<Vec<_>>()
    };
    let expected: Vec<i32> = rows.iter().zip([180.0, 506.0]).flat_map(rounded).collect();
    assert_eq!(q.graph.projection(ProjectionId(0)).weights, expected);
    assert_eq!((q.layers[0].threshold, q.layers[0].n_exact, q.layers[0].n_coarse), (Some((180, 506)), 0, 0));
    assert_eq!((q.layers[0].losses.n_clipped, q.layers[0].losses.n_zeroed), (0, 0));
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
    assert_eq!((neuron(&q.graph, 1).threshold.at(0), neuron(&q.graph, 1).v_init.at(0)), (2, 5));
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
    assert_eq!(
        (q.graph.projection(ProjectionId(0)).weights.as_slice(), q.layers[0].losses.n_clipped),
        (&[127, 1][..], 1)
    );
    check(&graph, &q, &WIDE).expect("sound");
}

#[test]
fn compared_potentials_share_one_scale() {
    let graph =
        single(&[&[1.0, 0.0], &[0.1037, 0.0501]], NeuronModel::Accumulator { v_init: PerChannel(vec![0.0, 0.2]) });
    let q = quantize(&graph, &WIDE).expect("fits");
    // s = 1/127 for both: 0.1037·127 = 13.2, 0.0501·127 = 6.4, 0.2·127 = 25.4.
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
    // Inputs of at most 255 with weights of 127·3.13 together: 101,000 needs 18 bits.
    let row: &[f32] = &[1.0, 0.873, 0.9171, 0.0123, 0.0456, 0.0789, 0.0321, 0.0654, 0.0987];
    let graph = single(&[row], spiking(vec![1.0], vec![0.0], Window::new(0, 4)));
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
    // A threshold of 1 unit and weights of 1 unit: 3·255 = 765 needs 11 bits, and there is nothing coarser.
    let graph = single(&[&[1.0, 1.0, 1.0]], spiking(vec![1.0], vec![0.0], Window::new(0, 4)));
    let refused = quantize(&graph, &QuantizeOptions { state_bits: 8, ..WIDE }).expect_err("too wide").to_string();
    assert_eq!(
        refused,
        "population `out`, channel 0: its potential may leave the accumulator (state width [bits]: 11/8); use a chip with \
         11-bit potentials, inputs of a smaller range, or a shorter window"
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
    assert_eq!((q.layers[0].scales[0], q.layers[0].losses.n_clipped), (0.25, 0));
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
