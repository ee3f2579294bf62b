//! Named models against loops written by hand from their equations.

use spikeloom_ir::{
    Adaptation, DecayRule, Dynamics, Neuron, PerChannel, Quantized, ResetTo, Shape, Trained, Window, interp::step,
};

/// Arrivals of one neuron, by timestep; also negative and zero.
fn arrivals() -> Vec<i64> {
    (0..200i64).map(|t| (t * t * 37 + t * 11) % 97 - 31).collect()
}

/// Runs a list on one neuron: its words after every step, and whether it fired.
fn run(list: &Dynamics<Quantized>) -> Vec<(Vec<i64>, bool)> {
    let shape = Shape::new(1, 1, 1);
    let mut words: Vec<i64> = list.words.iter().map(|word| word.init.of(0, shape)).collect();
    let steps = arrivals().into_iter().enumerate().map(|(t, a)| {
        words[0] += a << list.shift;
        let fired = step(list, &mut words, (0, shape), t as u32);
        (words.clone(), fired)
    });
    steps.collect()
}

fn one(value: i64) -> PerChannel<i64> {
    PerChannel::uniform(value)
}

const ALWAYS: Window = Window::new(0, 200);

/// Loihi's decay: the magnitude is truncated.
fn kept(v: i64, decay: i64) -> i64 {
    v.signum() * (v.abs() * (4096 - decay) / 4096)
}

#[test]
fn cuba_lif_in_loihis_arithmetic() {
    let neuron = Neuron {
        current: Some(one(1024)),
        leak: Some(one(128)),
        rule: DecayRule::Value,
        compare: spikeloom_ir::Compare::Greater,
        reset: ResetTo::Value(one(0)),
        bias: one(-70),
        shift: 6,
        widths: Some((24, 24)),
        ..Neuron::lif(one(40 * 64), ALWAYS)
    };
    let list = neuron.dynamics();
    assert_eq!(list.model, "CubaLIF");
    let (mut u, mut v) = (0, 0);
    let mut spikes = 0;
    for (a, (words, fired)) in arrivals().into_iter().zip(run(&list)) {
        u = kept(u, 1024) + a * 64;
        v = kept(v, 128) + u - 70;
        let fires = v > 40 * 64;
        v = if fires { 0 } else { v };
        spikes += i32::from(fires);
        assert_eq!((words[1], fired), (v, fires));
    }
    assert!(spikes > 20);
}

#[test]
fn the_threshold_of_an_adaptive_neuron_rises_and_decays() {
    let adaptation = Adaptation { step: one(50), decay: one(400), threshold: true };
    let list = Neuron { adaptation: Some(adaptation), leak: Some(one(200)), ..Neuron::lif(one(60), ALWAYS) }.dynamics();
    let (mut v, mut a) = (0i64, 0i64);
    for (x, (words, fired)) in arrivals().into_iter().zip(run(&list)) {
        v += x;
        let fires = v >= 60 + a;
        v -= if fires { 60 } else { 0 };
        v -= v * 200 / 4096;
        a -= a * 400 / 4096;
        a += if fires { 50 } else { 0 };
        assert_eq!((&words[..], fired), (&[v, a][..], fires));
    }
}

#[test]
fn an_adaptation_current_pulls_the_potential_down() {
    let adaptation = Adaptation { step: one(9), decay: one(100), threshold: false };
    let list = Neuron { adaptation: Some(adaptation), ..Neuron::lif(one(60), ALWAYS) }.dynamics();
    let (mut v, mut a) = (0i64, 0i64);
    for (x, (words, fired)) in arrivals().into_iter().zip(run(&list)) {
        v += x - a;
        let fires = v >= 60;
        v -= if fires { 60 } else { 0 };
        a -= a * 100 / 4096;
        a += if fires { 9 } else { 0 };
        assert_eq!((&words[..], fired), (&[v, a][..], fires));
    }
}

#[test]
fn a_refractory_neuron_is_deaf_for_its_period() {
    let list = Neuron { refractory: 3, reset: ResetTo::Value(one(-5)), ..Neuron::lif(one(40), ALWAYS) }.dynamics();
    let (mut v, mut deaf) = (0, 0);
    let mut last = None;
    for (t, (x, (words, fired))) in arrivals().into_iter().zip(run(&list)).enumerate() {
        if deaf > 0 {
            (v, deaf) = (-5, deaf - 1);
            assert!(!fired);
        } else {
            v += x;
            if v >= 40 {
                (v, deaf) = (-5, 3);
                assert!(fired && last.is_none_or(|last| t - last > 3));
                last = Some(t);
            }
        }
        assert_eq!(words, [v, deaf]);
    }
    assert!(last.is_some());
}

#[test]
fn the_defaults_of_snntorch() {
    // v(t) = β·v(t−1) + x(t) − θ·s(t−1), s = v > θ; β = 1 − 512/4096.
    let leaky = Neuron {
        leak: Some(one(512)),
        leak_first: true,
        compare: spikeloom_ir::Compare::Greater,
        ..Neuron::lif(one(60), ALWAYS)
    };
    let (mut v, mut s) = (0i64, false);
    for (x, (_, fired)) in arrivals().into_iter().zip(run(&leaky.dynamics())) {
        v = v - v * 512 / 4096 + x - if s { 60 } else { 0 };
        s = v > 60;
        assert_eq!(fired, s);
    }
    // Reset "zero": v(t) = (β·v(t−1) + x(t))·(1 − s(t−1)).
    let zero = Neuron { reset: ResetTo::Next(one(0)), ..leaky };
    let (mut v, mut s) = (0i64, false);
    for (x, (_, fired)) in arrivals().into_iter().zip(run(&zero.dynamics())) {
        v = if s { 0 } else { v - v * 512 / 4096 + x };
        s = v > 60;
        assert_eq!(fired, s);
    }
}

#[test]
fn roundings_differ_where_they_should() {
    let after = |rule| {
        let list = Neuron::<Quantized> { leak: Some(one(1000)), rule, ..Neuron::li(ALWAYS) }.dynamics();
        let mut words = [-3];
        for t in 0..40 {
            step(&list, &mut words, (0, Shape::new(1, 1, 1)), t);
        }
        words[0]
    };
    assert_eq!([DecayRule::Loss, DecayRule::Value, DecayRule::Floor].map(after), [-3, 0, -3]);
    // 5·1000/4096 = 1.2: the loss is 1, the kept 3.8 is cut to 3; −5 is cut to −3 or goes down to −4.
    let once = |rule, v| {
        let list = Neuron::<Quantized> { leak: Some(one(1000)), rule, ..Neuron::li(ALWAYS) }.dynamics();
        let mut words = [v];
        step(&list, &mut words, (0, Shape::new(1, 1, 1)), 0);
        words[0]
    };
    assert_eq!([5, -5].map(|v| once(DecayRule::Loss, v)), [4, -4]);
    assert_eq!([5, -5].map(|v| once(DecayRule::Value, v)), [3, -3]);
    assert_eq!([5, -5].map(|v| once(DecayRule::Floor, v)), [3, -4]);
}

#[test]
fn a_stochastic_threshold_lies_between_its_ends() {
    let list = Neuron { noise: Some((5, 9)), ..Neuron::lif(one(60), ALWAYS) }.dynamics();
    let mut v = 0;
    let (mut early, mut late) = (0, 0);
    for (x, (words, fired)) in arrivals().into_iter().zip(run(&list)) {
        v += x;
        assert!((v >= 60 || !fired) && (v < 60 + 31 || fired));
        early += i32::from(fired && v < 60 + 31);
        late += i32::from(!fired && v >= 60);
        v -= if fired { 60 } else { 0 };
        assert_eq!(words, [v]);
    }
    assert!(early > 0 && late > 0);
}

#[test]
fn a_state_restarts_before_the_step_that_is_to_find_it_so() {
    let list = Neuron { restart: Some((17, 3)), v_init: one(2), ..Neuron::li(ALWAYS) }.dynamics();
    let mut v = 2;
    for (t, (x, (words, _))) in arrivals().into_iter().zip(run(&list)).enumerate() {
        if t % 17 == 3 {
            v = 2;
        }
        v += x;
        let last = t % 17 == 2;
        assert_eq!(words[0], if last { 2 } else { v });
    }
}

#[test]
fn a_list_prints_and_parses_in_a_graph() {
    let mut graph = spikeloom_ir::Graph::<Trained>::new("g", 4, spikeloom_ir::InputEncoding::Pixels);
    let population = |name: &str, neuron| spikeloom_ir::Population {
        name: name.into(),
        shape: Shape::new(2, 1, 1),
        neuron,
        norm: None,
    };
    let input = spikeloom_ir::NeuronModel::Input { coding: spikeloom_ir::InputCoding::DirectOnce, scale: 1.0 };
    let a = graph.add_population(population("in", input));
    let neuron = Neuron {
        current: Some(PerChannel(vec![100.0, 7.5])),
        ..Neuron::lif(PerChannel::uniform(1.0), Window::new(0, 4))
    };
    let b = graph.add_population(population("out", spikeloom_ir::NeuronModel::Dynamic(Box::new(neuron.dynamics()))));
    let projection = spikeloom_ir::Projection {
        connectivity: spikeloom_ir::Connectivity::OneToOne,
        pool: None,
        weights: vec![1.0],
        delay: 0,
    };
    graph.connect(a, b, projection);
    graph.readout = spikeloom_ir::Readout::SpikeCount { population: b };
    assert_eq!(spikeloom_ir::verify(&graph), []);
    let text = spikeloom_ir::text::print(&graph);
    assert!(text.contains("\"fire w1 p1 ge\"") || text.contains("fire w1"), "{text}");
    assert_eq!(spikeloom_ir::text::parse::<Trained>(&text).expect("reads back"), graph);
}
