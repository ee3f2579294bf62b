//! Small NIR files: layers of integrate-and-fire neurons, one behind the other.

use nir::{
    NirGraph, Node,
    model::{Neuron, Tensor},
};
use std::{fs, path::Path};

/// A layer: `weights[out][in]`, a bias of each neuron or none, and the threshold; without one it only adds up.
pub(crate) struct Layer<'a> {
    pub(crate) weights: &'a [&'a [f64]],
    pub(crate) bias: &'a [f64],
    pub(crate) threshold: Option<f64>,
}

/// Neurons that fire above 1.
pub(crate) fn firing<'a>(weights: &'a [&'a [f64]]) -> Layer<'a> {
    Layer { weights, bias: &[], threshold: Some(1.0) }
}

/// Writes the network; layer i is called `n{i}`, from 1.
pub(crate) fn write(path: &Path, layers: &[Layer<'_>]) {
    let mut graph = NirGraph::default();
    let inputs = layers[0].weights[0].len();
    graph.nodes.insert("input".into(), Node::Input(vec![inputs]));
    let mut last = "input".to_owned();
    let mut outputs = inputs;
    for (layer, i) in layers.iter().zip(1..) {
        outputs = layer.weights.len();
        let shape = vec![outputs, layer.weights[0].len()];
        let weight = Tensor { shape, values: layer.weights.concat() };
        let neuron = Neuron {
            synapse: None,
            tau: None,
            r: Tensor { shape: vec![outputs], values: vec![1.0; outputs] },
            v_leak: Tensor::scalar(0.0),
            threshold: layer.threshold.map(|theta| Tensor { shape: vec![outputs], values: vec![theta; outputs] }),
            v_reset: None,
        };
        let linear = Node::Linear { weight, bias: layer.bias.to_vec() };
        for (name, node) in [(format!("f{i}"), linear), (format!("n{i}"), Node::Neuron(neuron))] {
            graph.nodes.insert(name.clone(), node);
            graph.edges.push((std::mem::replace(&mut last, name.clone()), name));
        }
    }
    graph.nodes.insert("output".into(), Node::Output(vec![outputs]));
    graph.edges.push((last, "output".into()));
    fs::write(path, nir::write(&graph).expect("a valid graph")).expect("writable");
}
