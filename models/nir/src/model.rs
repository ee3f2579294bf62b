//! A NIR graph as a value: what a file says, and nothing that it does not say.
//!
//! Primitives and equations after Pedersen et al., "Neuromorphic intermediate representation", Nature Communications 15
//! (2024), table 1. I: input current, v: potential, z: spike (0 or 1).
//!
//! | node | equation |
//! |---|---|
//! | Affine, Linear | y = W·x + b |
//! | Conv2d | y = w ⋆ x + b, cross-correlation |
//! | SumPool2d, AvgPool2d | sum or mean over windows |
//! | Flatten | y = x, another shape |
//! | Scale | y = s ⊙ x |
//! | Threshold | z = 1 if x > θ |
//! | I | dv/dt = R·I |
//! | IF | dv/dt = R·I; z = 1 if v > θ, then v = `v_reset` |
//! | LI | τ·dv/dt = (`v_leak` − v) + R·I |
//! | LIF | as LI; z = 1 if v > θ, then v = `v_reset` |
//! | CubaLI, CubaLIF | τ_syn·du/dt = −u + w_in·I; as LI and LIF with the current u in the place of I |
//! | Conv1d | y = w ⋆ x + b over one dimension |
//! | Delay | y(t) = x(t − τ) |

use std::{collections::BTreeMap, fmt};

/// Real numbers with a shape, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Extents; `[]` for a scalar.
    pub shape: Vec<usize>,
    /// Values.
    pub values: Vec<f64>,
}

impl Tensor {
    /// A scalar, which stands for the same value everywhere.
    pub fn scalar(value: f64) -> Self {
        Self { shape: Vec::new(), values: vec![value] }
    }

    /// Whether one value stands for all.
    pub fn is_uniform(&self) -> bool {
        self.values.len() == 1
    }

    /// Value of element `i`; a single value stands for all.
    pub fn at(&self, i: usize) -> f64 {
        if self.is_uniform() { self.values[0] } else { self.values[i] }
    }

    /// The values for every element of `shape` by `NumPy`'s rule of broadcasting, or `None` if it does not apply: extents are
    /// compared from the last, and must be equal or 1.
    pub fn expand(&self, shape: &[usize]) -> Option<Vec<f64>> {
        let n = shape.iter().product();
        if self.is_uniform() {
            return Some(vec![self.values[0]; n]);
        }
        let own = &self.shape[self.shape.iter().take_while(|&&side| side == 1).count()..];
        let skip = shape.len().checked_sub(own.len())?;
        if own.iter().zip(&shape[skip..]).any(|(&a, &b)| a != 1 && a != b) {
            return None;
        }
        let index = |mut i: usize| {
            let (mut at, mut step) = (0, 1);
            for (&a, &b) in own.iter().zip(&shape[skip..]).rev() {
                at += if a == 1 { 0 } else { i % b * step };
                step *= a;
                i /= b;
            }
            at
        };
        Some((0..n).map(|i| self.values[index(i)]).collect())
    }
}

/// Whether two constants of a file are the very same.
pub(super) fn same_constant(a: f64, b: f64) -> bool {
    a.partial_cmp(&b) == Some(std::cmp::Ordering::Equal)
}

/// Zero padding of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// Rows and columns on each side.
    Sides(usize, usize),
    /// As much as keeps the map's size.
    Same,
}

/// A two-dimensional convolution.
#[derive(Clone, Debug, PartialEq)]
pub struct Convolution {
    /// Rows and columns of the input map, where the file says them.
    pub input_shape: Option<(usize, usize)>,
    /// `[out][in / groups][rows][columns]`.
    pub weight: Tensor,
    /// Per output channel; empty without.
    pub bias: Vec<f64>,
    /// Rows, columns.
    pub stride: (usize, usize),
    /// Zero padding.
    pub padding: Padding,
    /// Rows, columns.
    pub dilation: (usize, usize),
    /// Channel groups.
    pub groups: usize,
}

/// Pooling over windows, without ceil mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pooling {
    /// Whether the sum is divided by the window's area.
    pub average: bool,
    /// Rows, columns.
    pub kernel: (usize, usize),
    /// Rows, columns.
    pub stride: (usize, usize),
    /// Rows, columns.
    pub padding: (usize, usize),
}

/// The synaptic current of CubaLI and CubaLIF.
#[derive(Clone, Debug, PartialEq)]
pub struct Synapse {
    /// Time constant of the current.
    pub tau: Tensor,
    /// Factor on what arrives.
    pub w_in: Tensor,
}

impl Synapse {
    /// Whether `w_in` is 1 everywhere, as where nobody sets it.
    pub(super) fn is_plain(&self) -> bool {
        self.w_in.values.iter().all(|&w| same_constant(w, 1.0))
    }
}

/// A node with membrane dynamics. Absent constants mean that the equation lacks the term.
#[derive(Clone, Debug, PartialEq)]
pub struct Neuron {
    /// The synaptic current, for CubaLI and CubaLIF.
    pub synapse: Option<Synapse>,
    /// Time constant τ; absent for I and IF.
    pub tau: Option<Tensor>,
    /// Resistance R.
    pub r: Tensor,
    /// Potential that the leak approaches.
    pub v_leak: Tensor,
    /// Threshold θ; absent for I and LI.
    pub threshold: Option<Tensor>,
    /// Potential after a spike, where the file says it.
    pub v_reset: Option<Tensor>,
}

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Where input enters.
    Input(Vec<usize>),
    /// What is read out.
    Output(Vec<usize>),
    /// Affine and Linear: weight `[out][in]`, bias per output or empty.
    Linear {
        /// `[out][in]`.
        weight: Tensor,
        /// Per output; empty without.
        bias: Vec<f64>,
    },
    /// Conv1d: a convolution over maps of one row.
    Conv1d(Convolution),
    /// Conv2d.
    Conv2d(Convolution),
    /// SumPool2d and AvgPool2d.
    Pool(Pooling),
    /// Flatten dimensions `start ..= end` (from 0, negative ones from the end); no batch dimension.
    Flatten {
        /// First dimension.
        start: i64,
        /// Last dimension.
        end: i64,
    },
    /// Elementwise product.
    Scale(Tensor),
    /// Passes on what it got a time ago; the times.
    Delay(Tensor),
    /// Stateless comparison.
    Threshold(Tensor),
    /// I, IF, LI, LIF, CubaLI, CubaLIF.
    Neuron(Neuron),
    /// A graph inside the graph.
    Graph(NirGraph),
    /// A node that cannot be used; why is said in words.
    Refused {
        /// The type that the file gives.
        kind: String,
        /// What is wrong and what helps.
        reason: String,
    },
}

/// A graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NirGraph {
    /// Nodes by name. A file does not keep their order.
    pub nodes: BTreeMap<String, Node>,
    /// Source and target of each edge; several edges into a node are a sum.
    pub edges: Vec<(String, String)>,
    /// Strings of the metadata, by name.
    pub metadata: BTreeMap<String, String>,
}

impl Node {
    /// The node's type in a file.
    pub fn kind(&self) -> &str {
        match self {
            Self::Input(_) => "Input",
            Self::Output(_) => "Output",
            Self::Linear { bias, .. } if bias.is_empty() => "Linear",
            Self::Linear { .. } => "Affine",
            Self::Conv1d(_) => "Conv1d",
            Self::Conv2d(_) => "Conv2d",
            Self::Pool(pool) if pool.average => "AvgPool2d",
            Self::Pool(_) => "SumPool2d",
            Self::Flatten { .. } => "Flatten",
            Self::Scale(_) => "Scale",
            Self::Delay(_) => "Delay",
            Self::Threshold(_) => "Threshold",
            Self::Neuron(n) => match (&n.synapse, &n.tau, &n.threshold) {
                (Some(_), _, None) => "CubaLI",
                (Some(_), _, Some(_)) => "CubaLIF",
                (None, None, None) => "I",
                (None, None, Some(_)) => "IF",
                (None, Some(_), None) => "LI",
                (None, Some(_), Some(_)) => "LIF",
            },
            Self::Graph(_) => "NIRGraph",
            Self::Refused { kind, .. } => kind,
        }
    }
}

/// One thing wrong with a network: the node, and what helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Name of the node, or `graph`.
    pub node: String,
    /// What is wrong and what helps.
    pub message: String,
}

impl Problem {
    /// A problem of a node.
    pub fn new(node: impl Into<String>, message: impl Into<String>) -> Self {
        Self { node: node.into(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.node == "graph" {
            write!(f, "{}", self.message)
        } else {
            write!(f, "node `{}`: {}", self.node, self.message)
        }
    }
}

/// Everything wrong with a network at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// `Ok` if there is none.
    ///
    /// # Errors
    /// Itself.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0[..] {
            [one] => write!(f, "{one}"),
            many => many.iter().try_for_each(|problem| write!(f, "\n  - {problem}")),
        }
    }
}

impl std::error::Error for Problems {}
