//! From a trained network to the graph that is compiled: two-phase integrate-and-fire populations.
//!
//! Layer l (from 0) becomes a population that receives during the window of layer l−1 and fires in timesteps
//! `l·L ≤ t < (l+1)·L`, at most L times: exactly `clip(⌊u + ½⌋, 0, L)` spikes for threshold 1, initial potential ½ and
//! `u = g·z + b`. The normalization stays a normalization here; the compiler folds it.

use crate::ffgaf::{InputCoding as Coding, Layer, Network, Norm, Readout as Head};
mod stepped;

use ir::{
    Compare, Connectivity, Conv2d, Graph, InputCoding, InputEncoding, Leak, NeuronModel, Normalization, PerChannel,
    Pool, Population, PopulationId, Projection, Readout, Reset, Shape, Spiking, Trained, Window,
};

/// Why a trained network has no deployable graph.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ExportError {
    /// Statistics of the sample itself cannot be folded into weights.
    #[error(
        "the network was trained with per-sample normalization, which no chip can fold into weights; \
         train it with `norm = \"batch\"` to deploy it"
    )]
    SampleNormalization,
}

/// The graph of a trained network.
pub fn graph(network: &Network) -> Result<Graph<Trained>, ExportError> {
    if network.config.norm == Norm::Sample {
        return Err(ExportError::SampleNormalization);
    }
    let levels = u32::from(network.config.levels);
    let encoding = match network.config.input {
        Coding::Standardized => InputEncoding::STANDARD,
        Coding::Pixels => InputEncoding::Pixels,
        Coding::Events => return Ok(stepped::graph(network)),
    };
    let timesteps = levels * network.layers.len() as u32;
    let mut graph = Graph::new(network.config.dataset.clone(), timesteps, encoding);
    let mut previous = graph.add_population(input(network, InputCoding::DirectOnce));
    for (l, layer) in network.layers.iter().enumerate() {
        let start = l as u32 * levels;
        let scaled = |values: &[f32]| values.iter().map(|v| v * layer.kappa).collect();
        let window = Window::new(start, start + levels);
        let population = graph.add_population(Population {
            norm: Some(Normalization {
                mean: layer.mean.clone(),
                var: layer.variance.clone(),
                scale: scaled(&layer.channel_weight),
                shift: scaled(&layer.channel_bias),
                eps: crate::ffgaf::EPSILON,
            }),
            ..neurons(l, layer, PerChannel::uniform(0.0), window)
        });
        graph.connect(previous, population, convolution(layer, layer.weight.clone(), u32::from(l > 0)));
        previous = population;
    }
    graph.readout = readout(network, previous);
    Ok(graph)
}

/// How the class follows from the spikes of `previous`, the last population.
fn readout(network: &Network, previous: PopulationId) -> Readout<Trained> {
    let last = network.layers.last().expect("a trained network has layers");
    match network.config.readout {
        Head::Goodness => {
            Readout::Goodness { population: previous, sizes: last.groups.iter().map(|&size| size as u32).collect() }
        }
        Head::Learned => {
            Readout::ChannelEnergy { population: previous, grid: last.grid as u32, weights: last.readout.clone() }
        }
    }
}

/// The population that samples enter by.
fn input(network: &Network, coding: InputCoding) -> Population<Trained> {
    let neuron = NeuronModel::Input { coding, scale: network.config.input.step() };
    Population { name: "input".into(), shape: shape(network.input), neuron, norm: None }
}

/// Integrate-and-fire neurons of layer `l`: threshold 1, initial potential ½.
fn neurons(l: usize, layer: &Layer, bias: PerChannel<f64>, window: Window) -> Population<Trained> {
    let spiking = Spiking {
        threshold: PerChannel::uniform(1.0),
        v_init: PerChannel::uniform(0.5),
        bias,
        leak: Leak::None,
        reset: Reset::Subtract,
        compare: Compare::GreaterEqual,
        window,
        floor: None,
    };
    let (name, neuron) = (format!("conv{}", l + 1), NeuronModel::Spiking(spiking));
    Population { name, shape: shape(layer.output()), neuron, norm: None }
}

/// The convolution in front of a layer.
fn convolution(layer: &Layer, weights: Vec<f32>, delay: u32) -> Projection<Trained> {
    Projection {
        connectivity: Connectivity::Conv2d(Conv2d::square(layer.kernel as u32, layer.stride as u32, layer.pad as u32)),
        pool: (layer.pool > 1).then(|| Pool { size: [layer.pool as u32; 2].into() }),
        weights,
        delay,
    }
}

fn shape([channels, height, width]: [usize; 3]) -> Shape {
    Shape::new(channels as u32, height as u32, width as u32)
}
