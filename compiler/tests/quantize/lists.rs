//! Lists of operations whose numbers share a unit: nothing is rounded, and no spike differs.

use crate::networks::WIDE;
use ir::{
    Compare, Connectivity, Dynamics, Event, Graph, InputCoding, InputEncoding, Neuron, NeuronModel, PerChannel,
    Population, Projection, Readout, ResetTo, Shape, Stimulus, Trained, Unit, Window,
    dynamics::{self, Action, When},
    interpret,
    models::List,
};
use spikeloom_compiler::{
    check::quantize::check,
    pass::quantize::{QuantizeOptions, quantize},
};

const STEPS: u32 = 30;
const INPUTS: u32 = 5;
const NEURONS: u32 = 6;

/// A linear congruential generator (Knuth's constants).
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % n as u64) as i64
    }

    fn units(&mut self, (low, high): (i64, i64), unit: f64, n: u32) -> Vec<f64> {
        (0..n).map(|_| (low + self.below(high - low + 1)) as f64 * unit).collect()
    }
}

/// Neurons of one channel that differ in threshold, bias, start and reset value: what no IF of the IR says.
fn network(d: &mut Draw) -> Graph<Trained> {
    let unit = [0.125, 0.1, 1.0 / 3.0, 7.0][d.below(4) as usize];
    let mut graph = Graph::new("lists", STEPS, InputEncoding::Pixels);
    let mut add =
        |name: &str, shape, neuron| graph.add_population(Population { name: name.into(), shape, neuron, norm: None });
    let pre = add("in", Shape::vector(INPUTS), NeuronModel::Input { coding: InputCoding::spikes(STEPS), scale: 1.0 });
    let mut values = |range| PerChannel(d.units(range, unit, NEURONS));
    let neuron = Neuron {
        compare: Compare::Greater,
        reset: ResetTo::Value(values((-9, 3))),
        bias: values((-3, 4)),
        v_init: values((-5, 5)),
        ..Neuron::lif(values((4, 60)), Window::new(0, STEPS))
    };
    let shape = Shape::new(1, 1, NEURONS);
    let post = add("out", shape, NeuronModel::Dynamic(Box::new(neuron.dynamics())));
    let weights = d.units((-30, 60), unit, INPUTS * NEURONS).into_iter().map(|w| w as f32).collect();
    graph.connect(pre, post, Projection { connectivity: Connectivity::Dense, pool: None, weights, delay: 0 });
    graph.readout = Readout::SpikeCount { population: post };
    graph
}

#[test]
fn lists_of_integers_stay_as_they_are() {
    let d = &mut Draw(1);
    let mut spikes = 0;
    for case in 0..300 {
        let graph = network(d);
        let fires = |d: &mut Draw| {
            (0..INPUTS).filter(|_| d.below(3) == 0).map(|neuron| Event { neuron, value: 1 }).collect::<Vec<_>>()
        };
        let stimulus = Stimulus { steps: (0..STEPS).map(|_| fires(d)).collect() };
        let options = QuantizeOptions { fractions: if case % 2 == 0 { &[] } else { &[6] }, ..WIDE };
        let q = quantize(&graph, &options).expect("quantizes");
        check(&graph, &q, &options).expect("passes the check");
        let layer = &q.layers[0];
        assert_eq!((layer.n_exact, layer.fraction_bits), (layer.scales.len(), 0), "case {case}");
        let (float, integers) = (interpret(&graph, &stimulus), interpret(&q.graph, &stimulus));
        // Thirds and tenths add up to a threshold in integers only.
        let unit = layer.scales[0];
        if (unit * 8.0).fract() == 0.0 {
            assert_eq!(float.spikes, integers.spikes, "case {case}");
        }
        spikes += integers.spikes[1].iter().map(Vec::len).sum::<usize>();
    }
    assert!(spikes > 3000, "{spikes} spikes");
}

/// Neurons that send two spikes at once where they fire.
fn twice(theta: f64, unit: Unit) -> Dynamics<Trained> {
    let one = PerChannel::uniform;
    let mut l: List<Trained> = List::new("twice", "v", one(0.0), Window::new(0, STEPS));
    let sent = l.scratch();
    let zero = l.zero();
    let theta = l.param("threshold", Unit::Potential, one(theta));
    let [none, two] = [0.0, 2.0].map(|n| l.param("count", unit, one(n)));
    let v = dynamics::Word(0);
    l.then(Action::Set(sent, none.into()));
    l.then(Action::Fire(v, theta.into(), dynamics::Compare::AtLeast));
    l.when(When::Fired, Action::Set(v, zero.into()));
    l.when(When::Fired, Action::Add(sent, two.into()));
    l.then(Action::Emit(sent));
    l.finish(v, 0)
}

fn behind(list: Dynamics<Trained>) -> Graph<Trained> {
    let mut graph = Graph::new("counts", STEPS, InputEncoding::Pixels);
    let mut add = |name: &str, neuron| {
        graph.add_population(Population { name: name.into(), shape: Shape::vector(1), neuron, norm: None })
    };
    let pre = add("in", NeuronModel::Input { coding: InputCoding::spikes(STEPS), scale: 1.0 });
    let mid = add("mid", NeuronModel::Dynamic(Box::new(list)));
    let neuron = Neuron::lif(PerChannel::uniform(1.0), Window::new(0, STEPS));
    let post = add("out", NeuronModel::Dynamic(Box::new(neuron.dynamics())));
    for ((pre, post), (weight, delay)) in [(pre, mid), (mid, post)].into_iter().zip([(0.5, 0), (0.375, 1)]) {
        let connectivity = Connectivity::Dense;
        graph.connect(pre, post, Projection { connectivity, pool: None, weights: vec![weight], delay });
    }
    graph.readout = Readout::SpikeCount { population: post };
    graph
}

#[test]
fn counts_go_into_weights_as_they_are() {
    let graph = behind(twice(1.0, Unit::Count));
    let stimulus = Stimulus { steps: vec![vec![Event { neuron: 0, value: 1 }]; STEPS as usize] };
    let q = quantize(&graph, &WIDE).expect("quantizes");
    check(&graph, &q, &WIDE).expect("passes the check");
    let (float, integers) = (interpret(&graph, &stimulus), interpret(&q.graph, &stimulus));
    assert_eq!(float.spikes, integers.spikes);
    // Every other step brings 2 · 0.375, of which the threshold takes 1.
    let spikes = |layer: usize| integers.spikes[layer].iter().map(Vec::len).sum::<usize>();
    assert_eq!((spikes(1), spikes(2)), (15, 10));
    // Potentials have a scale, which weights behind them do not know.
    let refused = quantize(&behind(twice(1.0, Unit::Potential)), &WIDE).expect_err("a scale is lost").to_string();
    assert!(refused.contains("emits real values"), "{refused}");
}
