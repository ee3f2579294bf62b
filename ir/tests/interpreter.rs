//! Closed forms: what the interpreter must give, worked out without it.

use proptest::prelude::*;
use spikeloom_ir::{
    Compare, Connectivity, Conv2d, Event, Graph, InputCoding, InputEncoding, Leak, NeuronModel, PerChannel, Pool,
    Population, PopulationId, Projection, Quantized, Readout, Reset, Shape, Spiking, Stimulus, SynapseLists, Trained,
    Window,
    arbitrary::{self, Features},
    interp::interpret_with,
    interpret,
};

fn neuron(threshold: i64, window: Window) -> Spiking<Quantized> {
    Spiking {
        threshold: PerChannel::uniform(threshold),
        v_init: PerChannel::uniform(0),
        bias: PerChannel::uniform(0),
        leak: Leak::None,
        reset: Reset::Subtract,
        compare: Compare::GreaterEqual,
        window,
        floor: None,
    }
}

fn population(name: &str, shape: Shape, neuron: NeuronModel<Quantized>) -> Population<Quantized> {
    Population { name: name.into(), shape, neuron, norm: () }
}

fn input(coding: InputCoding) -> NeuronModel<Quantized> {
    NeuronModel::Input { coding, scale: 1.0 }
}

/// One input neuron, weight 1, one neuron.
fn single(timesteps: u32, coding: InputCoding, neuron: Spiking<Quantized>) -> Graph<Quantized> {
    let mut graph = Graph::new("single", timesteps, InputEncoding::Pixels);
    let pre = graph.add_population(population("in", Shape::vector(1), input(coding)));
    let post = graph.add_population(population("out", Shape::vector(1), NeuronModel::Spiking(neuron)));
    let projection = Projection { connectivity: Connectivity::Dense, pool: None, weights: vec![1], delay: 0 };
    graph.connect(pre, post, projection);
    graph.readout = Readout::SpikeCount { population: post };
    graph
}

/// The timesteps in which the single neuron fires, and its final potential.
fn run(graph: &Graph<Quantized>, value: i32) -> (Vec<usize>, i64) {
    let NeuronModel::Input { coding, .. } = graph.population(PopulationId(0)).neuron else { panic!("no input") };
    let trace = interpret(graph, &Stimulus::direct(&[value], coding));
    let fired = (0..trace.spikes[1].len()).filter(|&t| !trace.spikes[1][t].is_empty()).collect();
    (fired, trace.potentials[1][0])
}

const EVERY: fn(u32) -> InputCoding = |steps| InputCoding::DirectEveryStep { steps };

proptest! {
    /// A window of L steps after all input has arrived: exactly clip(⌊v/θ⌋, 0, L) spikes.
    #[test]
    fn two_phase_neurons_quantize(v in -300i64..900, threshold in 1i64..200, levels in 1u32..9, start in 0u32..3) {
        let mut n = neuron(threshold, Window::new(start, start + levels));
        n.v_init = PerChannel::uniform(v);
        let (fired, left) = run(&single(12, InputCoding::DirectOnce, n), 0);
        let expected = v.div_euclid(threshold).clamp(0, i64::from(levels));
        prop_assert_eq!(fired.len() as i64, expected);
        prop_assert_eq!(left, v - expected * threshold);
        prop_assert!(fired.iter().all(|&t| (start..start + levels).contains(&(t as u32))));
    }

    /// The arrivals of a step commute: cutting one step's stimulus into any order of events changes nothing.
    #[test]
    fn order_of_events_is_free(
        (graph, stimulus) in arbitrary::quantized_case(Features::ALL), seed in any::<u64>(),
    ) {
        let mut shuffled = stimulus.clone();
        for (t, step) in shuffled.steps.iter_mut().enumerate() {
            let n = step.len().max(1);
            step.rotate_left((seed as usize + t) % n);
            if seed % 2 == 0 { step.reverse(); }
        }
        prop_assert_eq!(interpret(&graph, &stimulus), interpret(&graph, &shuffled));
    }

    /// A convolution equals a dense product with the patches of its zero-padded input (im2col), written independently.
    #[test]
    fn convolution_equals_im2col(
        (c_in, c_out, groups) in prop_oneof![Just((1usize, 2usize, 1usize)), Just((2, 3, 1)), Just((2, 4, 2)), Just((3, 3, 3))],
        (h, w) in (3usize..8, 3usize..8),
        (kh, kw) in (1usize..4, 1usize..4),
        (sh, sw) in (1usize..3, 1usize..3),
        (ph, pw) in (0usize..3, 0usize..3),
        (dh, dw) in (1usize..3, 1usize..3),
        seed in 1i32..1000,
    ) {
        prop_assume!(h + 2 * ph > dh * (kh - 1) && w + 2 * pw > dw * (kw - 1));
        let number = |i: usize| (seed.wrapping_mul(i as i32 + 7) >> 3).rem_euclid(31) - 15;
        let values: Vec<i32> = (0..c_in * h * w).map(number).collect();
        let per_group = c_in / groups;
        let weights: Vec<i32> = (0..c_out * per_group * kh * kw).map(|i| number(i + 5000)).collect();
        // The padded map, then patches as columns.
        let (hp, wp) = (h + 2 * ph, w + 2 * pw);
        let mut padded = vec![0; c_in * hp * wp];
        for (i, &v) in values.iter().enumerate() {
            let (c, y, x) = (i / (h * w), i / w % h, i % w);
            padded[(c * hp + y + ph) * wp + x + pw] = v;
        }
        let (oh, ow) = ((hp - dh * (kh - 1) - 1) / sh + 1, (wp - dw * (kw - 1) - 1) / sw + 1);
        let mut expected = Vec::new();
        for o in 0..c_out {
            let row = &weights[o * per_group * kh * kw..][..per_group * kh * kw];
            let first = o / (c_out / groups) * per_group;
            for (y, x) in (0..oh).flat_map(|y| (0..ow).map(move |x| (y, x))) {
                let column = (0..per_group * kh * kw).map(|k| {
                    let (i, ky, kx) = (k / (kh * kw), k / kw % kh, k % kw);
                    padded[((first + i) * hp + y * sh + ky * dh) * wp + x * sw + kx * dw]
                });
                expected.push(column.zip(row).map(|(a, b)| i64::from(a * b)).sum::<i64>());
            }
        }
        let mut graph = Graph::new("conv", 1, InputEncoding::STANDARD);
        let pre = graph.add_population(population(
            "in", Shape::new(c_in as u32, h as u32, w as u32), input(InputCoding::DirectOnce),
        ));
        let out = Shape::new(c_out as u32, oh as u32, ow as u32);
        let post = graph.add_population(population(
            "out", out, NeuronModel::Accumulator { v_init: PerChannel::uniform(0) },
        ));
        let conv = Conv2d {
            kernel: (kh as u32, kw as u32), stride: (sh as u32, sw as u32), padding: (ph as u32, pw as u32),
            dilation: (dh as u32, dw as u32), groups: groups as u32,
        };
        graph.connect(pre, post, Projection { connectivity: Connectivity::Conv2d(conv), pool: None, weights, delay: 0 });
        graph.readout = Readout::Potential { population: post };
        prop_assert_eq!(spikeloom_ir::verify(&graph), vec![]);
        let trace = interpret(&graph, &Stimulus::direct(&values, InputCoding::DirectOnce));
        prop_assert_eq!(&trace.potentials[1], &expected);
    }
}

#[test]
fn equality_fires_only_with_greater_equal() {
    let strict = Spiking { compare: Compare::Greater, ..neuron(5, Window::new(0, 1)) };
    assert_eq!(run(&single(1, InputCoding::DirectOnce, neuron(5, Window::new(0, 1))), 5), (vec![0], 0));
    assert_eq!(run(&single(1, InputCoding::DirectOnce, strict.clone()), 5), (vec![], 5));
    assert_eq!(run(&single(1, InputCoding::DirectOnce, strict), 6), (vec![0], 1));
}

#[test]
fn hard_reset_forgets_the_rest() {
    // 7 per step, θ = 10: v = 7, 14 → fires, 0; 7, 14 → fires.
    let hard = Spiking { reset: Reset::Zero, ..neuron(10, Window::new(0, 5)) };
    assert_eq!(run(&single(5, EVERY(5), hard), 7), (vec![1, 3], 7));
    // Soft: 7, 14 → 4, 11 → 1, 8, 15 → 5.
    assert_eq!(run(&single(5, EVERY(5), neuron(10, Window::new(0, 5))), 7), (vec![1, 2, 4], 5));
}

#[test]
fn one_spike_per_step_however_large_the_potential() {
    assert_eq!(run(&single(4, InputCoding::DirectOnce, neuron(10, Window::new(0, 4))), 35), (vec![0, 1, 2], 5));
}

#[test]
fn leak_acts_after_the_comparison_and_rounds_toward_zero() {
    // δ/4096 = 1/4. v: 9 → 9 − 2 = 7; 7 + 9 = 16 fires at θ = 16 → 0.
    let leaky = Spiking { leak: Leak::Decay(1024), ..neuron(16, Window::new(0, 4)) };
    assert_eq!(run(&single(2, EVERY(2), leaky.clone()), 9), (vec![1], 0));
    // Negative: −9 + 2 = −7 (−9/4 rounds to −2); −7 + 1 = −6.
    let negative = Spiking { v_init: PerChannel::uniform(-9), ..leaky };
    assert_eq!(run(&single(2, InputCoding::DirectOnce, negative), 0), (vec![], -6));
}

#[test]
fn bias_and_floor_act_at_the_update_only() {
    // Outside its window a neuron only accumulates: bias is added in steps 2 and 3 only.
    let biased = Spiking { bias: PerChannel::uniform(3), ..neuron(100, Window::new(2, 4)) };
    assert_eq!(run(&single(6, EVERY(6), biased), 1), (vec![], 6 + 2 * 3));
    // −20 arrives in step 0, outside the window; in step 1 it is lifted to −4; nothing afterwards.
    let floored = Spiking { floor: Some(-4), ..neuron(100, Window::new(1, 3)) };
    let graph = single(3, InputCoding::DirectOnce, floored);
    let mut seen = Vec::new();
    interpret_with(&graph, &Stimulus::direct(&[-20], InputCoding::DirectOnce), |t, _, v| seen.push((t.0, v[0])));
    assert_eq!(seen, [(0, -20), (1, -4), (2, -4)]);
}

#[test]
fn bias_comes_before_the_floor_and_the_comparison() {
    let n = Spiking { bias: PerChannel::uniform(4), floor: Some(0), ..neuron(4, Window::new(0, 1)) };
    // −1 + 4 = 3: not floored first (that would give 4 and fire).
    assert_eq!(run(&single(1, InputCoding::DirectOnce, n.clone()), -1), (vec![], 3));
    assert_eq!(run(&single(1, InputCoding::DirectOnce, n), 0), (vec![0], 0));
}

#[test]
fn spikes_arrive_after_their_delay() {
    for delay in 1..4 {
        let mut graph = single(6, InputCoding::DirectOnce, neuron(1, Window::new(0, 1)));
        let next = graph.add_population(population(
            "next",
            Shape::vector(1),
            NeuronModel::Spiking(neuron(1, Window::new(0, 6))),
        ));
        let projection = Projection { connectivity: Connectivity::OneToOne, pool: None, weights: vec![1], delay };
        graph.connect(PopulationId(1), next, projection);
        let trace = interpret(&graph, &Stimulus::direct(&[1], InputCoding::DirectOnce));
        assert_eq!(trace.spikes[1][0], [0]);
        let fired: Vec<u32> = (0..6).filter(|&t| !trace.spikes[2][t as usize].is_empty()).collect();
        assert_eq!(fired, [delay]);
    }
}

#[test]
fn a_neuron_can_excite_itself_one_step_later() {
    let mut graph = single(4, InputCoding::DirectOnce, neuron(1, Window::new(0, 4)));
    let own = Projection { connectivity: Connectivity::OneToOne, pool: None, weights: vec![1], delay: 1 };
    graph.connect(PopulationId(1), PopulationId(1), own);
    assert_eq!(run(&graph, 1), (vec![0, 1, 2, 3], 0));
}

#[test]
fn pooling_sums_whole_windows_and_drops_the_rest() {
    // 3×5 map of 1..=15, windows 2×2: 1+2+6+7 = 16, 3+4+8+9 = 24; row 2 and column 4 are left over.
    let mut graph = Graph::new("pool", 1, InputEncoding::Pixels);
    let pre = graph.add_population(population("in", Shape::new(1, 3, 5), input(InputCoding::DirectOnce)));
    let sum = NeuronModel::Accumulator { v_init: PerChannel::uniform(0) };
    let post = graph.add_population(population("sum", Shape::new(1, 1, 2), sum));
    let pool = Some(Pool { size: (2, 2) });
    let projection = Projection { connectivity: Connectivity::OneToOne, pool, weights: vec![10], delay: 0 };
    graph.connect(pre, post, projection);
    graph.readout = Readout::Potential { population: post };
    let values: Vec<i32> = (1..=15).collect();
    let trace = interpret(&graph, &Stimulus::direct(&values, InputCoding::DirectOnce));
    assert_eq!(trace.potentials[1], [160, 240]);
    assert_eq!(trace.decision.class, 1);
}

#[test]
fn synapse_lists_add_their_weights_to_their_targets() {
    // Neuron 0 → 2 twice (weights 1 and 10) and → 3 (100); neuron 1 → nothing; neuron 2 → 0 (1000).
    let mut graph = Graph::new("lists", 1, InputEncoding::Pixels);
    let pre = graph.add_population(population("in", Shape::vector(3), input(InputCoding::DirectOnce)));
    let sum = NeuronModel::Accumulator { v_init: PerChannel::uniform(0) };
    let post = graph.add_population(population("sum", Shape::new(2, 1, 2), sum));
    let lists = SynapseLists::new([vec![2, 2, 3], vec![], vec![0]]);
    let weights = vec![1, 10, 100, 1000];
    let projection = Projection { connectivity: Connectivity::Sparse(lists), pool: None, weights, delay: 0 };
    graph.connect(pre, post, projection);
    graph.readout = Readout::Potential { population: post };
    let trace = interpret(&graph, &Stimulus::direct(&[3, 7, 2], InputCoding::DirectOnce));
    assert_eq!(trace.potentials[1], [2000, 0, 33, 300]);
}

#[test]
fn linear_populations_pass_sums_on_in_the_same_step() {
    let mut graph: Graph<Trained> = Graph::new("linear", 1, InputEncoding::Pixels);
    let add = |graph: &mut Graph<Trained>, name: &str, neuron| {
        graph.add_population(Population { name: name.into(), shape: Shape::vector(1), neuron, norm: None })
    };
    let a = add(&mut graph, "in", NeuronModel::Input { coding: InputCoding::DirectOnce, scale: 0.5 });
    let b = add(&mut graph, "linear", NeuronModel::Linear);
    let c = add(&mut graph, "sum", NeuronModel::Accumulator { v_init: PerChannel::uniform(0.25) });
    for (pre, post, weight) in [(a, b, 3.0), (b, c, -2.0)] {
        let connectivity = Connectivity::Dense;
        graph.connect(pre, post, Projection { connectivity, pool: None, weights: vec![weight], delay: 0 });
    }
    graph.readout = Readout::Potential { population: c };
    let trace = interpret(&graph, &Stimulus::direct(&[5], InputCoding::DirectOnce));
    // 5·0.5·3·(−2) + 0.25
    assert_eq!(trace.potentials[2], [-14.75]);
}

#[test]
fn goodness_compares_means_exactly_and_ties_go_to_the_lowest_class() {
    let population = PopulationId(0);
    let shape = Shape::vector(5);
    let decide = |sizes: &[u32], counts: &[u32]| {
        Readout::<Quantized>::Goodness { population, sizes: sizes.to_vec() }.decide(counts, &[], shape).class
    };
    // (4 + 4)/2 = 4 against (4 + 4 + 4)/3 = 4: a tie.
    assert_eq!(decide(&[2, 3], &[2, 2, 2, 2, 2]), 0);
    assert_eq!(decide(&[2, 3], &[2, 2, 2, 2, 3]), 1);
    assert_eq!(decide(&[1, 1, 3], &[1, 2, 2, 2, 2]), 1);
}

#[test]
fn channel_energy_weighs_regions_of_the_map() {
    // 1 channel, 2×2 map, grid 2: every position is a region; squares of 1, 2, 3, 0.
    let readout = Readout::<Quantized>::ChannelEnergy {
        population: PopulationId(0),
        grid: 2,
        weights: vec![1, 0, 0, 5, /* class 1 */ 0, -1, 1, 0],
    };
    let decision = readout.decide(&[1, 2, 3, 0], &[], Shape::new(1, 2, 2));
    assert_eq!(decision.scores.iter().map(|s| s.value).collect::<Vec<_>>(), [1.0, 5.0]);
    assert_eq!(decision.class, 1);
}

#[test]
fn events_carry_their_own_timesteps() {
    let graph = single(4, InputCoding::spikes(4), neuron(2, Window::new(0, 4)));
    let event = || vec![Event { neuron: 0, value: 1 }];
    let stimulus = Stimulus { steps: vec![event(), vec![], event(), event()] };
    let trace = interpret(&graph, &stimulus);
    let fired: Vec<usize> = (0..4).filter(|&t| !trace.spikes[1][t].is_empty()).collect();
    assert_eq!((fired, trace.potentials[1][0]), (vec![2], 1));
}
