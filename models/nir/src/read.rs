//! From the bytes of a NIR file to a graph.
//!
//! Layout: `/version` and `/node`, a group with `type` = `NIRGraph`, `edges` (E × 2 names), `nodes/<name>` with a `type` and
//! one array per field, optionally `metadata`. Accepted beyond what `nir` 1.0.8 writes: absent `input_shape`, `input_type`,
//! `v_reset` and `bias`; scalars where vectors stand; empty edges of any element type; duplicate edges (they add up); fields
//! that are not known. A node that cannot be used becomes [`Node::Refused`], so that a checker can list all of them.

use super::{
    hdf5::{self, Array, Tree, Values},
    model::{Convolution, Neuron, NirGraph, Node, Padding, Pooling, Problem, Problems, Synapse, Tensor},
};
use std::collections::{BTreeMap, HashSet};

/// A graph, the version that its file names, and what was noticed while reading.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The graph.
    pub graph: NirGraph,
    /// Version of the package `nir` that wrote the file; empty if it does not say.
    pub version: String,
    /// Remarks: unknown fields, duplicate edges.
    pub remarks: Vec<String>,
}

/// Reads a NIR file.
///
/// # Errors
/// If the bytes are not HDF5, or hold no NIR graph with readable edges.
pub fn read(bytes: Vec<u8>) -> Result<Read, Problems> {
    let tree = hdf5::read(bytes).map_err(|e| Problem::new("graph", e.to_string()))?;
    let version = match tree.arrays.get("version").map(|a| &a.values) {
        Some(Values::Text(text)) => text.first().cloned().unwrap_or_default(),
        _ => String::new(),
    };
    let Some(root) = tree.groups.get("node") else {
        return Err(Problem::new("graph", "/node: is missing; this is an HDF5 file, but not a NIR graph").into());
    };
    let mut remarks = Vec::new();
    let graph = graph(root, "", &mut remarks)?;
    Ok(Read { graph, version, remarks })
}

fn graph(tree: &Tree, place: &str, remarks: &mut Vec<String>) -> Result<NirGraph, Problem> {
    let fail = |reason: &str| Problem::new(if place.is_empty() { "graph" } else { place }, reason.to_owned());
    match text(tree, "type") {
        Some("NIRGraph") => {}
        Some(other) => return Err(fail(&format!("the root has the type {other}; only a NIRGraph can be read"))),
        None => return Err(fail("has no type; this is not a NIR graph")),
    }
    let mut edges = Vec::new();
    let mut seen = HashSet::new();
    if let Some(array) = tree.arrays.get("edges") {
        let names = match (&array.values, array.shape.last()) {
            (values, _) if array.shape.contains(&0) || matches!(values, Values::Text(t) if t.is_empty()) => &[][..],
            (Values::Text(names), Some(2)) if array.shape.len() == 2 => &names[..],
            _ => return Err(fail("edges: must be pairs of names")),
        };
        for pair in names.chunks_exact(2) {
            let edge = (pair[0].clone(), pair[1].clone());
            if !seen.insert(edge.clone()) {
                remarks.push(format!("edge {} → {} occurs more than once; its inputs add up", edge.0, edge.1));
            }
            edges.push(edge);
        }
    }
    let mut nodes = BTreeMap::new();
    for (name, inner) in tree.groups.get("nodes").map(|t| &t.groups).into_iter().flatten() {
        let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
        let node = if text(inner, "type") == Some("NIRGraph") {
            Node::Graph(graph(inner, &place, remarks)?)
        } else {
            let mut fields = Fields { tree: inner, used: HashSet::from(["type"]) };
            let kind = text(inner, "type").unwrap_or("without type").to_owned();
            match node(&kind, &mut fields) {
                Ok(node) => {
                    let unknown: Vec<&str> =
                        inner.arrays.keys().map(String::as_str).filter(|f| !fields.used.contains(f)).collect();
                    if !unknown.is_empty() {
                        remarks.push(format!("node `{place}`: {} not known to {kind}, ignored", unknown.join(", ")));
                    }
                    node
                }
                Err(reason) => Node::Refused { kind, reason },
            }
        };
        nodes.insert(name.clone(), node);
    }
    let mut metadata = BTreeMap::new();
    for (name, array) in tree.groups.get("metadata").map(|t| &t.arrays).into_iter().flatten() {
        if let Values::Text(text) = &array.values {
            metadata.insert(name.clone(), text.concat());
        }
    }
    Ok(NirGraph { nodes, edges, metadata })
}

fn text<'a>(tree: &'a Tree, name: &str) -> Option<&'a str> {
    match &tree.arrays.get(name)?.values {
        Values::Text(text) => text.first().map(String::as_str),
        _ => None,
    }
}

/// The fields of a node, and which of them were asked for.
struct Fields<'a> {
    tree: &'a Tree,
    used: HashSet<&'static str>,
}

impl<'a> Fields<'a> {
    fn get(&mut self, name: &'static str) -> Option<&'a Array> {
        self.used.insert(name);
        self.tree.arrays.get(name)
    }

    /// Finite reals.
    fn reals(&mut self, name: &'static str) -> Result<Option<Tensor>, String> {
        let Some(tensor) = self.numbers(name)? else { return Ok(None) };
        match tensor.values.iter().position(|v| !v.is_finite()) {
            Some(i) => Err(format!("{name}: value {i} is {}; weights and constants must be finite", tensor.values[i])),
            None => Ok(Some(tensor)),
        }
    }

    /// Positive constants that may be infinite: an infinite τ is a neuron that never forgets.
    fn positive(&mut self, name: &'static str) -> Result<Tensor, String> {
        let tensor = self.numbers(name)?.ok_or_else(|| format!("{name}: is missing"))?;
        match tensor.values.iter().find(|v| v.is_nan() || **v <= 0.0) {
            Some(bad) => Err(format!("{name}: {bad} is not a time constant; it must be positive")),
            None => Ok(tensor),
        }
    }

    /// A resistance: infinite where τ is.
    fn resistance(&mut self) -> Result<Tensor, String> {
        let tensor = self.numbers("r")?.ok_or("r: is missing")?;
        match tensor.values.iter().find(|v| v.is_nan()) {
            Some(_) => Err("r: is not a number; weights and constants must be finite".into()),
            None => Ok(tensor),
        }
    }

    fn numbers(&mut self, name: &'static str) -> Result<Option<Tensor>, String> {
        let Some(array) = self.get(name) else { return Ok(None) };
        let values: Vec<f64> = match &array.values {
            Values::Real(v) => v.clone(),
            Values::Integer(v) => v.iter().map(|&i| i as f64).collect(),
            _ => return Err(format!("{name}: must be numbers")),
        };
        if values.is_empty() {
            return Err(format!("{name}: has no values"));
        }
        Ok(Some(Tensor { shape: array.shape.clone(), values }))
    }

    fn need(&mut self, name: &'static str) -> Result<Tensor, String> {
        self.reals(name)?.ok_or_else(|| format!("{name}: is missing"))
    }

    /// Integers; floats that are whole numbers count as such.
    fn integers(&mut self, name: &'static str) -> Result<Option<Vec<i64>>, String> {
        let Some(array) = self.get(name) else { return Ok(None) };
        match &array.values {
            Values::Integer(v) => Ok(Some(v.clone())),
            Values::Real(v) if v.iter().all(|x| x.fract() == 0.0 && x.abs() < 1e15) => {
                Ok(Some(v.iter().map(|&x| x as i64).collect()))
            }
            _ => Err(format!("{name}: must be integers")),
        }
    }

    /// Extents, all in 1 ..= 2²⁴.
    fn shape(&mut self, name: &'static str) -> Result<Option<Vec<usize>>, String> {
        let Some(values) = self.integers(name)? else { return Ok(None) };
        values.iter().map(|&v| side(name, v, 1)).collect::<Result<_, _>>().map(Some)
    }

    /// One number.
    fn single(&mut self, name: &'static str, least: i64) -> Result<Option<usize>, String> {
        match self.integers(name)?.as_deref() {
            None => Ok(None),
            Some(&[value]) => side(name, value, least).map(Some),
            Some(other) => Err(format!("{name}: must be one number, not {}", other.len())),
        }
    }

    /// Rows and columns; one value stands for both.
    fn pair(&mut self, name: &'static str, least: i64) -> Result<Option<(usize, usize)>, String> {
        match self.integers(name)?.as_deref() {
            None => Ok(None),
            Some(&[both]) => side(name, both, least).map(|n| Some((n, n))),
            Some(&[rows, columns]) => Ok(Some((side(name, rows, least)?, side(name, columns, least)?))),
            Some(other) => Err(format!("{name}: has {} values; rows and columns are 2", other.len())),
        }
    }
}

fn side(name: &str, value: i64, least: i64) -> Result<usize, String> {
    if (least..=1 << 24).contains(&value) {
        Ok(value as usize)
    } else {
        Err(format!("{name}: {value} is not possible; it must be from {least} to 2²⁴"))
    }
}

fn node(kind: &str, fields: &mut Fields<'_>) -> Result<Node, String> {
    Ok(match kind {
        "Input" | "Output" => {
            let shape = fields.shape("shape")?.ok_or("shape: is missing")?;
            if kind == "Input" { Node::Input(shape) } else { Node::Output(shape) }
        }
        "Affine" | "Linear" => {
            let weight = fields.need("weight")?;
            let &[out, _] = &weight.shape[..] else {
                return Err(format!("weight: has the shape {:?}; only matrices [out, in] can be mapped", weight.shape));
            };
            let bias = if kind == "Affine" { bias(fields, out)? } else { Vec::new() };
            Node::Linear { weight, bias }
        }
        "Conv1d" => Node::Conv1d(line_convolution(fields)?),
        "Conv2d" => Node::Conv2d(convolution(fields)?),
        "SumPool2d" | "AvgPool2d" => {
            let kernel = fields.pair("kernel_size", 1)?.ok_or("kernel_size: is missing")?;
            let stride = fields.pair("stride", 1)?.unwrap_or(kernel);
            let padding = fields.pair("padding", 0)?.unwrap_or_default();
            Node::Pool(Pooling { average: kind == "AvgPool2d", kernel, stride, padding })
        }
        "Flatten" => {
            fields.get("input_type");
            let one = |values: Option<Vec<i64>>, default| values.and_then(|v| v.first().copied()).unwrap_or(default);
            Node::Flatten { start: one(fields.integers("start_dim")?, 1), end: one(fields.integers("end_dim")?, -1) }
        }
        "Scale" => Node::Scale(fields.need("scale")?),
        "Threshold" => Node::Threshold(fields.need("threshold")?),
        "Delay" => {
            let delay = fields.need("delay")?;
            match delay.values.iter().find(|&&d| d < 0.0) {
                Some(bad) => return Err(format!("delay: {bad} would act before its cause; it must not be negative")),
                None => Node::Delay(delay),
            }
        }
        "I" | "IF" | "LI" | "LIF" | "CubaLI" | "CubaLIF" => Node::Neuron(neuron(kind, fields)?),
        other => {
            return Err(format!(
                "nodes of type {other} cannot be mapped; known are Input, Output, Affine, Linear, Conv1d, Conv2d, SumPool2d, \
                 AvgPool2d, Flatten, Scale, Delay, Threshold, I, IF, LI, LIF, CubaLI, CubaLIF, NIRGraph"
            ));
        }
    })
}

/// One value per output; a single value stands for all; absent is none.
fn bias(fields: &mut Fields<'_>, out: usize) -> Result<Vec<f64>, String> {
    let Some(bias) = fields.reals("bias")? else { return Ok(Vec::new()) };
    match bias.values.len() {
        n if n == out => Ok(bias.values),
        1 => Ok(vec![bias.values[0]; out]),
        n => Err(format!("bias: has {n} values for {out} outputs")),
    }
}

fn neuron(kind: &str, fields: &mut Fields<'_>) -> Result<Neuron, String> {
    let (leaky, spiking, current) = (kind.contains('L'), kind.ends_with('F'), kind.starts_with("Cuba"));
    let tau = match (current, leaky) {
        (true, _) => Some(fields.positive("tau_mem")?),
        (false, true) => Some(fields.positive("tau")?),
        (false, false) => None,
    };
    let synapse = if current {
        let tau = fields.positive("tau_syn")?;
        let w_in = fields.numbers("w_in")?.unwrap_or(Tensor::scalar(1.0));
        if w_in.values.iter().any(|w| w.is_nan()) {
            return Err("w_in: is not a number; weights and constants must be finite".into());
        }
        Some(Synapse { tau, w_in })
    } else {
        None
    };
    Ok(Neuron {
        synapse,
        r: fields.resistance()?,
        v_leak: if leaky { fields.reals("v_leak")?.unwrap_or(Tensor::scalar(0.0)) } else { Tensor::scalar(0.0) },
        threshold: if spiking { Some(fields.need("v_threshold")?) } else { None },
        v_reset: if spiking { fields.reals("v_reset")? } else { None },
        tau,
    })
}

/// A convolution over one dimension, as one over maps of one row.
fn line_convolution(fields: &mut Fields<'_>) -> Result<Convolution, String> {
    let mut weight = fields.need("weight")?;
    let &[out, per_group, taps] = &weight.shape[..] else {
        return Err(format!("weight: has the shape {:?}; it must be [out, in / groups, taps]", weight.shape));
    };
    weight.shape = vec![out, per_group, 1, taps];
    let stride = (1, fields.single("stride", 1)?.unwrap_or(1));
    let dilation = (1, fields.single("dilation", 1)?.unwrap_or(1));
    let padding = match fields.get("padding").map(|a| &a.values) {
        Some(Values::Text(word)) => padding_word(word.first().map(String::as_str), stride)?,
        _ => Padding::Sides(0, fields.single("padding", 0)?.unwrap_or(0)),
    };
    let groups = groups(fields, out)?;
    let input_shape = fields.single("input_shape", 1)?.map(|n| (1, n));
    Ok(Convolution { input_shape, bias: bias(fields, out)?, weight, stride, padding, dilation, groups })
}

fn padding_word(word: Option<&str>, stride: (usize, usize)) -> Result<Padding, String> {
    match word {
        Some("valid") => Ok(Padding::Sides(0, 0)),
        Some("same") if stride != (1, 1) => Err("padding: \"same\" exists for stride 1 only; give numbers".into()),
        Some("same") => Ok(Padding::Same),
        other => Err(format!("padding: {other:?} is neither numbers nor \"same\" nor \"valid\"")),
    }
}

fn groups(fields: &mut Fields<'_>, out: usize) -> Result<usize, String> {
    let groups = fields.single("groups", 1)?.unwrap_or(1);
    if out.is_multiple_of(groups) {
        Ok(groups)
    } else {
        Err(format!("groups: {groups} do not divide {out} output channels"))
    }
}

fn convolution(fields: &mut Fields<'_>) -> Result<Convolution, String> {
    let weight = fields.need("weight")?;
    let &[out, _, _, _] = &weight.shape[..] else {
        return Err(format!("weight: has the shape {:?}; it must be [out, in / groups, rows, columns]", weight.shape));
    };
    let stride = fields.pair("stride", 1)?.unwrap_or((1, 1));
    let dilation = fields.pair("dilation", 1)?.unwrap_or((1, 1));
    let padding = match fields.get("padding").map(|a| &a.values) {
        Some(Values::Text(word)) => padding_word(word.first().map(String::as_str), stride)?,
        Some(_) => {
            let (rows, columns) = fields.pair("padding", 0)?.expect("the field is there");
            Padding::Sides(rows, columns)
        }
        None => Padding::Sides(0, 0),
    };
    let groups = groups(fields, out)?;
    let input_shape = fields.pair("input_shape", 1)?;
    Ok(Convolution { input_shape, bias: bias(fields, out)?, weight, stride, padding, dilation, groups })
}
