//! What a NIR file holds, what it leaves open, and what would be refused.

use super::{
    inline::inline,
    lower::{Imported, assumptions, lower},
    model::{NirGraph, Node, Padding, Problem, Tensor, same_constant},
    options::{Assumption, Options},
    read::Read,
    shape,
};

/// A node in a listing.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Path of the node.
    pub node: String,
    /// Its type.
    pub kind: String,
    /// Shape of its output, where it follows from the inputs.
    pub shape: Option<Vec<usize>>,
    /// Its constants, in words.
    pub detail: String,
}

/// A checked file.
#[derive(Clone, Debug)]
pub struct Lint {
    /// Version of `nir` that wrote the file.
    pub version: String,
    /// Nodes, nested graphs taken apart.
    pub nodes: Vec<Line>,
    /// Number of edges.
    pub n_edges: usize,
    /// What the file does not say.
    pub assumptions: Vec<Assumption>,
    /// What else a user should know.
    pub remarks: Vec<String>,
    /// What is refused; empty if the network can be mapped.
    pub problems: Vec<Problem>,
    /// The network, if it can be mapped.
    pub imported: Option<Imported>,
}

/// Checks a file.
pub fn lint(read: Read, name: &str, options: &Options) -> Lint {
    let (nodes, n_edges) = listing(&read.graph);
    let mut lint = Lint {
        version: read.version.clone(),
        nodes,
        n_edges,
        assumptions: Vec::new(),
        remarks: read.remarks.clone(),
        problems: Vec::new(),
        imported: None,
    };
    match assumptions(&read, options) {
        Ok(list) => lint.assumptions = list,
        Err(problems) => lint.problems = problems.0,
    }
    match lower(read, name, options) {
        Ok(imported) => {
            lint.remarks.clone_from(&imported.remarks);
            lint.imported = Some(imported);
        }
        Err(problems) => lint.problems = problems.0,
    }
    lint
}

fn listing(graph: &NirGraph) -> (Vec<Line>, usize) {
    let line = |(name, node): &(String, Node), shape: Option<Vec<usize>>| Line {
        node: name.clone(),
        kind: node.kind().to_owned(),
        shape,
        detail: detail(node),
    };
    match inline(graph.clone()) {
        Ok(flat) => {
            let shapes = shape::infer(&flat).shapes;
            (flat.nodes.iter().zip(shapes).map(|(node, shape)| line(node, shape)).collect(), flat.edges.len())
        }
        Err(_) => {
            let nodes = graph.nodes.iter().map(|(name, node)| line(&(name.clone(), node.clone()), None));
            (nodes.collect(), graph.edges.len())
        }
    }
}

fn detail(node: &Node) -> String {
    let bias = |bias: &[f64]| if bias.iter().any(|&b| b != 0.0) { ", bias" } else { "" };
    match node {
        Node::Input(_) | Node::Output(_) => String::new(),
        Node::Linear { weight, bias: b } => format!("{} weights{}", weight.values.len(), bias(b)),
        Node::Conv1d(conv) => {
            let padding = match conv.padding {
                Padding::Sides(_, side) => side.to_string(),
                Padding::Same => "same".into(),
            };
            format!(
                "{} taps, stride {}, padding {padding}, dilation {}, {} groups, {} weights{}",
                conv.weight.shape[3],
                conv.stride.1,
                conv.dilation.1,
                conv.groups,
                conv.weight.values.len(),
                bias(&conv.bias)
            )
        }
        Node::Conv2d(conv) => {
            let (rows, columns) = (conv.weight.shape[2], conv.weight.shape[3]);
            let padding = match conv.padding {
                Padding::Sides(a, b) => format!("{a},{b}"),
                Padding::Same => "same".into(),
            };
            let mut text = format!(
                "{rows}×{columns}, stride {},{}, padding {padding}, {} weights{}",
                conv.stride.0,
                conv.stride.1,
                conv.weight.values.len(),
                bias(&conv.bias)
            );
            if conv.dilation != (1, 1) {
                text += &format!(", dilation {},{}", conv.dilation.0, conv.dilation.1);
            }
            if conv.groups > 1 {
                text += &format!(", {} groups", conv.groups);
            }
            text
        }
        Node::Pool(pool) => format!("{}×{}, stride {},{}", pool.kernel.0, pool.kernel.1, pool.stride.0, pool.stride.1),
        Node::Flatten { start, end } => format!("dimensions {start} to {end}"),
        Node::Delay(delay) => range("delay", delay),
        Node::Scale(scale) => range("scale", scale),
        Node::Threshold(threshold) => range("threshold", threshold),
        Node::Neuron(neuron) => {
            let named = [
                ("tau_syn", neuron.synapse.as_ref().map(|s| &s.tau)),
                ("w_in", neuron.synapse.as_ref().map(|s| &s.w_in)),
                ("tau", neuron.tau.as_ref()),
                ("r", Some(&neuron.r)),
                ("v_leak", neuron.tau.as_ref().map(|_| &neuron.v_leak)),
                ("v_threshold", neuron.threshold.as_ref()),
                ("v_reset", neuron.v_reset.as_ref()),
            ];
            let parts: Vec<String> = named.into_iter().filter_map(|(name, t)| Some(range(name, t?))).collect();
            parts.join(", ")
        }
        Node::Graph(inner) => format!("{} nodes", inner.nodes.len()),
        Node::Refused { reason, .. } => reason.clone(),
    }
}

/// A constant, or its range.
fn range(name: &str, tensor: &Tensor) -> String {
    let low = tensor.values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = tensor.values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // Constants are mostly stored with 32 bits; more digits would show their rounding.
    let (low, high) = (low as f32, high as f32);
    if same_constant(low.into(), high.into()) { format!("{name} {low}") } else { format!("{name} {low} to {high}") }
}
