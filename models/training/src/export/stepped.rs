//! Networks trained on recordings: layers of integrate-and-fire neurons that work step by step, one after another as a pipeline.
//!
//! What `ffgaf::block` calls u_t grows by g_c·conv(s_t) + b_c/T in step t: weights g_c·W, bias b_c/T, threshold 1, initial potential ½. A layer
//! behind l others does in timestep t + l what training has it do in t, since a spike acts on the next layer one timestep later.

use super::{convolution, input, neurons, readout};
use crate::ffgaf::Network;
use ir::{Graph, InputCoding, InputEncoding, PerChannel, Trained, Window};

/// The graph of a network trained on recordings.
pub(super) fn graph(network: &Network) -> Graph<Trained> {
    let steps = u32::from(network.config.levels);
    let depth = network.layers.len() as u32;
    let mut graph = Graph::new(network.config.dataset.clone(), steps + depth - 1, InputEncoding::Pixels);
    let mut previous = graph.add_population(input(network, InputCoding::spikes(steps)));
    for (l, layer) in network.layers.iter().enumerate() {
        let bias = (0..layer.channels).map(|c| f64::from(layer.bias(c)) / f64::from(steps)).collect();
        let window = Window::new(l as u32, l as u32 + steps);
        let population = graph.add_population(neurons(l, layer, PerChannel(bias), window));
        let per_channel = layer.weight.len() / layer.channels;
        let weights = layer.weight.iter().enumerate().map(|(i, w)| w * layer.gain(i / per_channel)).collect();
        graph.connect(previous, population, convolution(layer, weights, u32::from(l > 0)));
        previous = population;
    }
    graph.readout = readout(network, previous);
    graph
}
