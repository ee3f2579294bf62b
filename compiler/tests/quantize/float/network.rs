//! Random networks with awkward ratios: odd thresholds, tiny biases, one large weight, long time constants, long runs.

use ir::{
    Compare, Connectivity, Event, Graph, InputCoding, InputEncoding, Leak, NeuronModel, PerChannel, Population,
    Projection, Readout, Reset, Shape, Spiking, Stimulus, Trained, Window,
};

/// Layers of neurons, each densely connected to the one before.
#[derive(Clone, Debug)]
pub(super) struct Network {
    pub(super) inputs: usize,
    pub(super) steps: u32,
    pub(super) layers: Vec<Layer>,
    /// Whether every number is a multiple of its channel's unit, at most Q of them in a weight.
    pub(super) integers: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Layer {
    /// By neuron, by source.
    pub(super) weights: Vec<Vec<f32>>,
    pub(super) threshold: Vec<f64>,
    pub(super) bias: Vec<f64>,
    pub(super) v_init: Vec<f64>,
    pub(super) decay: u16,
    pub(super) reset: Reset,
    pub(super) compare: Compare,
}

/// A reproducible source of numbers.
pub(super) struct Draw(u64);

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed ^ 0x9E37_79B9_7F4A_7C15)
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.bits() % n
    }

    /// In −1..1.
    fn real(&mut self) -> f64 {
        self.bits() as f64 / f64::from(1u32 << 30) - 1.0
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

impl Network {
    /// Any network; `bits`: the width of a weight that integers keep to.
    pub(super) fn draw(draw: &mut Draw, bits: u32) -> Self {
        let integers = draw.one_in(3);
        let steps = if draw.one_in(8) { 200 + draw.below(400) } else { 4 + draw.below(40) } as u32;
        let inputs = 1 + draw.below(12) as usize;
        let mut sources = inputs;
        let layers = (0..=draw.below(3)).map(|_| {
            let neurons = 1 + draw.below(6) as usize;
            let layer = Layer::draw(draw, (sources, neurons), integers, bits);
            sources = neurons;
            layer
        });
        Self { inputs, steps, layers: layers.collect(), integers }
    }

    /// Events of every input with one probability.
    pub(super) fn stimulus(&self, draw: &mut Draw) -> Stimulus {
        let often = 1 + draw.below(4);
        let step = |draw: &mut Draw| {
            let fires = (0..self.inputs as u32).filter(|_| draw.below(4) < often);
            fires.map(|neuron| Event { neuron, value: 1 }).collect()
        };
        Stimulus { steps: (0..self.steps).map(|_| step(draw)).collect() }
    }

    pub(super) fn graph(&self) -> Graph<Trained> {
        let mut graph = Graph::new("awkward", self.steps, InputEncoding::Pixels);
        let mut pre = graph.add_population(Population {
            name: "input".into(),
            shape: Shape::vector(self.inputs as u32),
            neuron: NeuronModel::Input { coding: InputCoding::spikes(self.steps), scale: 1.0 },
            norm: None,
        });
        for (l, layer) in self.layers.iter().enumerate() {
            let neuron = NeuronModel::Spiking(Spiking {
                threshold: PerChannel(layer.threshold.clone()),
                v_init: PerChannel(layer.v_init.clone()),
                bias: PerChannel(layer.bias.clone()),
                leak: if layer.decay == 0 { Leak::None } else { Leak::Decay(layer.decay) },
                reset: layer.reset,
                compare: layer.compare,
                window: Window::new(0, self.steps),
                floor: None,
            });
            let shape = Shape::vector(layer.threshold.len() as u32);
            let post = graph.add_population(Population { name: format!("layer{l}"), shape, neuron, norm: None });
            let (connectivity, weights) = (Connectivity::Dense, layer.weights.concat());
            graph.connect(pre, post, Projection { connectivity, pool: None, weights, delay: u32::from(l > 0) });
            pre = post;
        }
        graph.readout = Readout::SpikeCount { population: pre };
        graph
    }
}

impl Layer {
    fn draw(draw: &mut Draw, (sources, neurons): (usize, usize), integers: bool, bits: u32) -> Self {
        let reset = if draw.one_in(2) { Reset::Zero } else { Reset::Subtract };
        let compare = if draw.one_in(2) { Compare::Greater } else { Compare::GreaterEqual };
        let leaks = !integers && draw.one_in(3);
        let most = if draw.one_in(2) { 100 } else { 4096 };
        let decay = if leaks { 1 + draw.below(most) as u16 } else { 0 };
        let mut layer = Self {
            weights: Vec::new(),
            threshold: Vec::new(),
            bias: Vec::new(),
            v_init: Vec::new(),
            decay,
            reset,
            compare,
        };
        for _ in 0..neurons {
            if integers { layer.whole(draw, sources, bits) } else { layer.awkward(draw, sources) }
        }
        layer
    }

    /// Integers times a unit that may be a third or a tenth.
    fn whole(&mut self, draw: &mut Draw, sources: usize, bits: u32) {
        let unit = [1.0, 0.5, 0.1, 1.0 / 3.0, 0.07, 12.0][draw.below(6) as usize];
        let most = if bits == 1 { 1 } else { (1i64 << (bits - 1)) - 1 }.min(40);
        let weight = |draw: &mut Draw| {
            let sign = if draw.one_in(3) { -1 } else { 1 };
            let size = if bits == 1 { 1 } else { draw.below(most as u64 + 1) as i64 };
            (sign * size) as f64 * unit
        };
        self.weights.push((0..sources).map(|_| weight(draw) as f32).collect());
        self.threshold.push((1 + draw.below(3 * most as u64)) as f64 * unit);
        let rest = |draw: &mut Draw| if draw.one_in(3) { (draw.below(9) as f64 - 4.0) * unit } else { 0.0 };
        self.bias.push(rest(draw));
        self.v_init.push(rest(draw));
    }

    fn awkward(&mut self, draw: &mut Draw, sources: usize) {
        let theta = 1.0 + draw.real().abs();
        let few = draw.one_in(3);
        let distinct = [draw.real(), draw.real(), theta / 3.0].map(|w| w as f32);
        let mut weights: Vec<f32> = (0..sources)
            .map(|_| if few { distinct[draw.below(3) as usize] } else { (draw.real() * 0.7) as f32 })
            .collect();
        if draw.one_in(4) {
            weights[0] = (20.0 * draw.real()) as f32;
        }
        self.weights.push(weights);
        self.threshold.push(theta);
        let size = if draw.one_in(2) { 0.01 } else { 0.3 };
        let bias = if draw.one_in(3) { size * draw.real() } else { 0.0 };
        self.bias.push(bias);
        self.v_init.push(if draw.one_in(4) { draw.real() } else { 0.0 });
    }
}
