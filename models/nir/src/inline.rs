//! Nested graphs put in the place of their nodes.
//!
//! ```text
//! a → g → b,  g = { input → x → output }      before
//! a → g.input → g.x → g.output → b            after; g.input and g.output pass on what they get
//! ```
//!
//! An edge may name a node of a nested graph by its path, as `g.x`.

use super::model::{NirGraph, Node, Problem, Problems, Tensor};
use std::collections::BTreeMap;

/// A graph without nested graphs; edges as positions in `nodes`.
#[derive(Clone, Debug)]
pub(super) struct Flat {
    /// Nodes by path, in the order of the paths.
    pub(super) nodes: Vec<(String, Node)>,
    /// Source and target of each edge.
    pub(super) edges: Vec<(usize, usize)>,
}

/// Puts nested graphs in place.
///
/// # Errors
/// Every edge that names a node that does not exist, and every nested graph without a definite input and output.
pub(super) fn inline(graph: NirGraph) -> Result<Flat, Problems> {
    let mut all = All::default();
    all.add(graph, "");
    let index: BTreeMap<&str, usize> = all.nodes.keys().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
    let mut edges = Vec::new();
    let mut problems = all.problems;
    for (source, target, place) in &all.edges {
        let find = |name: &String, ports: &BTreeMap<String, String>| {
            let path = join(place, name);
            let path = ports.get(&path).unwrap_or(&path);
            index.get(path.as_str()).copied()
        };
        match (find(source, &all.outputs), find(target, &all.inputs)) {
            (Some(source), Some(target)) => edges.push((source, target)),
            (a, _) => {
                let missing = if a.is_none() { source } else { target };
                problems.push(Problem::new(
                    if place.is_empty() { "graph" } else { place },
                    format!(
                        "edge {source} → {target} names `{missing}`, which does not exist; export the network again, or \
                         correct the edge"
                    ),
                ));
            }
        }
    }
    Problems(problems).into_result()?;
    Ok(Flat { edges, nodes: all.nodes.into_iter().collect() })
}

#[derive(Default)]
struct All {
    nodes: BTreeMap<String, Node>,
    /// Source, target, path of the graph that has the edge.
    edges: Vec<(String, String, String)>,
    /// Path of a nested graph → path of the node that takes its input.
    inputs: BTreeMap<String, String>,
    /// Path of a nested graph → path of the node that gives its output.
    outputs: BTreeMap<String, String>,
    problems: Vec<Problem>,
}

fn join(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}

impl All {
    fn add(&mut self, graph: NirGraph, place: &str) {
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        self.edges.extend(graph.edges.into_iter().map(|(source, target)| (source, target, place.to_owned())));
        for (name, node) in graph.nodes {
            let path = join(place, &name);
            let node = match node {
                Node::Graph(inner) => {
                    self.add(inner, &path);
                    continue;
                }
                Node::Input(_) if !place.is_empty() => {
                    inputs.push(path.clone());
                    Node::Scale(Tensor::scalar(1.0))
                }
                Node::Output(_) if !place.is_empty() => {
                    outputs.push(path.clone());
                    Node::Scale(Tensor::scalar(1.0))
                }
                other => other,
            };
            if self.nodes.insert(path.clone(), node).is_some() {
                self.problems.push(Problem::new(path, "this path names two nodes; rename one"));
            }
        }
        if place.is_empty() {
            return;
        }
        for (what, found, ports) in [("Input", inputs, &mut self.inputs), ("Output", outputs, &mut self.outputs)] {
            match &found[..] {
                [one] => {
                    ports.insert(place.to_owned(), one.clone());
                }
                other => self.problems.push(Problem::new(
                    place,
                    format!("a nested graph needs exactly one {what} node, this one has {}", other.len()),
                )),
            }
        }
    }
}
