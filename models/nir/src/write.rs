//! From a graph to the bytes of a NIR file, in the layout that `nir` 1.0.8 reads.

use super::{
    hdf5::{self, Array, Tree, Values},
    model::{NirGraph, Node, Padding, Problem, Tensor},
};

/// The version of the package `nir` whose layout is written.
const VERSION: &str = "1.0.8";

/// The bytes of a NIR file. Weights are stored with 32 bits, constants of neurons with 64.
///
/// # Errors
/// If the graph has a node that no file can hold.
pub fn write(graph: &NirGraph) -> Result<Vec<u8>, Problem> {
    let mut root = Tree::default();
    root.arrays.insert("version".into(), Array::text(VERSION));
    root.groups.insert("node".into(), group(graph)?);
    hdf5::write(&root).map_err(|e| Problem::new("graph", e.to_string()))
}

fn group(graph: &NirGraph) -> Result<Tree, Problem> {
    let mut tree = Tree::default();
    tree.arrays.insert("type".into(), Array::text("NIRGraph"));
    let names: Vec<String> = graph.edges.iter().flat_map(|(a, b)| [a.clone(), b.clone()]).collect();
    let edges = if names.is_empty() { Values::Real(Vec::new()) } else { Values::Text(names) };
    tree.arrays.insert(
        "edges".into(),
        Array::new(if graph.edges.is_empty() { vec![0] } else { vec![graph.edges.len(), 2] }, edges),
    );
    let mut nodes = Tree::default();
    for (name, node) in &graph.nodes {
        nodes.groups.insert(name.clone(), self::node(name, node)?);
    }
    tree.groups.insert("nodes".into(), nodes);
    if !graph.metadata.is_empty() {
        let mut metadata = Tree::default();
        metadata.arrays.extend(graph.metadata.iter().map(|(name, text)| (name.clone(), Array::text(text))));
        tree.groups.insert("metadata".into(), metadata);
    }
    Ok(tree)
}

fn node(name: &str, node: &Node) -> Result<Tree, Problem> {
    let mut tree = Tree::default();
    let mut put = |field: &str, array: Array| tree.arrays.insert(field.into(), array);
    put("type", Array::text(node.kind()));
    match node {
        Node::Input(shape) | Node::Output(shape) => {
            put("shape", integers(shape));
        }
        Node::Linear { weight, bias } => {
            put("weight", single(weight));
            if !bias.is_empty() {
                put("bias", vector(bias));
            }
        }
        Node::Conv1d(conv) => {
            if let Some((_, columns)) = conv.input_shape {
                put("input_shape", number(columns));
            }
            let zeros = vec![0.0; conv.weight.shape[0]];
            put("bias", vector(if conv.bias.is_empty() { &zeros } else { &conv.bias }));
            let [out, per_group, _, taps] = [0, 1, 2, 3].map(|side| conv.weight.shape[side]);
            put("weight", single(&Tensor { shape: vec![out, per_group, taps], values: conv.weight.values.clone() }));
            put("stride", number(conv.stride.1));
            put(
                "padding",
                match conv.padding {
                    Padding::Sides(_, columns) => number(columns),
                    Padding::Same => Array::text("same"),
                },
            );
            put("dilation", number(conv.dilation.1));
            put("groups", number(conv.groups));
        }
        Node::Conv2d(conv) => {
            if let Some((rows, columns)) = conv.input_shape {
                put("input_shape", integers(&[rows, columns]));
            }
            // The reference reader asks for a bias.
            let zeros = vec![0.0; conv.weight.shape[0]];
            put("bias", vector(if conv.bias.is_empty() { &zeros } else { &conv.bias }));
            put("weight", single(&conv.weight));
            put("stride", pair(conv.stride));
            put(
                "padding",
                match conv.padding {
                    Padding::Sides(rows, columns) => pair((rows, columns)),
                    Padding::Same => Array::text("same"),
                },
            );
            put("dilation", pair(conv.dilation));
            put("groups", number(conv.groups));
        }
        Node::Pool(pool) => {
            put("kernel_size", pair(pool.kernel));
            put("stride", pair(pool.stride));
            put("padding", pair(pool.padding));
        }
        Node::Flatten { start, end } => {
            put("start_dim", Array::new(Vec::new(), Values::Integer(vec![*start])));
            put("end_dim", Array::new(Vec::new(), Values::Integer(vec![*end])));
        }
        Node::Scale(scale) => {
            put("scale", single(scale));
        }
        Node::Delay(delay) => {
            put("delay", double(delay));
        }
        Node::Threshold(threshold) => {
            put("threshold", double(threshold));
        }
        Node::Neuron(neuron) => {
            put("r", double(&neuron.r));
            if let Some(tau) = &neuron.tau {
                put(if neuron.synapse.is_some() { "tau_mem" } else { "tau" }, double(tau));
                put("v_leak", double(&neuron.v_leak));
            }
            if let Some(synapse) = &neuron.synapse {
                put("tau_syn", double(&synapse.tau));
                put("w_in", double(&synapse.w_in));
            }
            if let Some(threshold) = &neuron.threshold {
                put("v_threshold", double(threshold));
            }
            // Readers before nir 1.0.5 know no `v_reset`; 0 is what its absence means.
            if let Some(v_reset) = neuron.v_reset.as_ref().filter(|tensor| tensor.values.iter().any(|&v| v != 0.0)) {
                put("v_reset", double(v_reset));
            }
        }
        Node::Graph(inner) => return group(inner),
        Node::Refused { kind, .. } => {
            return Err(Problem::new(name, format!("a node of type {kind} that was not understood cannot be written")));
        }
    }
    Ok(tree)
}

fn single(tensor: &Tensor) -> Array {
    Array::new(tensor.shape.clone(), Values::Single(tensor.values.iter().map(|&v| v as f32).collect()))
}

fn double(tensor: &Tensor) -> Array {
    Array::new(tensor.shape.clone(), Values::Real(tensor.values.clone()))
}

fn vector(values: &[f64]) -> Array {
    Array::new(vec![values.len()], Values::Single(values.iter().map(|&v| v as f32).collect()))
}

fn integers(values: &[usize]) -> Array {
    Array::integers(&values.iter().map(|&v| v as i64).collect::<Vec<_>>())
}

fn number(value: usize) -> Array {
    Array::new(Vec::new(), Values::Integer(vec![value as i64]))
}

fn pair((rows, columns): (usize, usize)) -> Array {
    integers(&[rows, columns])
}
