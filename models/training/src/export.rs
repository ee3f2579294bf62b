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
    if network.config.input.is_events() {
        return Ok(stepped::graph(network));
    }
    let levels = u32::from(network.config.levels);
    let encoding = match network.config.input {
        Coding::Standardized => InputEncoding::STANDARD,
        Coding::Pixels | Coding::Events => InputEncoding::Pixels,
    };
    let timesteps = levels * network.layers.len() as u32;
    let mut graph = Graph::new(network.config.dataset.clone(), timesteps, encoding);
    let mut previous = graph.add_population(Population {
        name: "input".into(),
        shape: shape(network.input),
        neuron: NeuronModel::Input { coding: InputCoding::DirectOnce, scale: network.config.input.step() },
        norm: None,
    });
    for (l, layer) in network.layers.iter().enumerate() {
        let start = l as u32 * levels;
        let scaled = |values: &[f32]| values.iter().map(|v| v * layer.kappa).collect();
        let population = graph.add_population(Population {
            name: format!("conv{}", l + 1),
            shape: shape(layer.output()),
            neuron: NeuronModel::Spiking(Spiking {
                threshold: PerChannel::uniform(1.0),
                v_init: PerChannel::uniform(0.5),
                bias: PerChannel::uniform(0.0),
                leak: Leak::None,
                reset: Reset::Subtract,
                compare: Compare::GreaterEqual,
                window: Window::new(start, start + levels),
                floor: None,
            }),
            norm: Some(Normalization {
                mean: layer.mean.clone(),
                var: layer.variance.clone(),
                scale: scaled(&layer.channel_weight),
                shift: scaled(&layer.channel_bias),
                eps: crate::ffgaf::EPSILON,
            }),
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
