//! Networks of one layer, and options under which nothing is too wide.

use ir::{
    Compare, Connectivity, Graph, InputCoding, InputEncoding, Leak, NeuronModel, PerChannel, Population, PopulationId,
    Projection, Quantized, Readout, Reset, Shape, Spiking, Trained, Window,
};
use spikeloom_compiler::pass::quantize::QuantizeOptions;

pub(crate) const WIDE: QuantizeOptions<'static> = QuantizeOptions {
    weight_bits: 8,
    state_bits: 60,
    saturates: false,
    power_of_two_threshold: false,
    calibration: &[],
    min_threshold: 64,
    input_range: None,
    decay: ir::DecayRule::Loss,
    fractions: &[],
    has_saturate: false,
};

pub(crate) fn spiking(threshold: Vec<f64>, v_init: Vec<f64>, window: Window) -> NeuronModel<Trained> {
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
pub(crate) fn single(rows: &[&[f32]], neuron: NeuronModel<Trained>) -> Graph<Trained> {
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

pub(crate) fn neuron(graph: &Graph<Quantized>, population: u32) -> &Spiking<Quantized> {
    let NeuronModel::Spiking(neuron) = &graph.population(PopulationId(population)).neuron else { panic!("spikes") };
    neuron
}
