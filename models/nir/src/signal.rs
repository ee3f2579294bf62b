//! What reaches a node: a sum of linear maps of populations' emissions, and a constant.
//!
//! `y = Σ_k A_k·s_k + c`. Every A_k is one projection: sum pooling, then a convolution, a matrix or a factor per channel. A
//! step that one projection cannot absorb first ends in a population without neurons; the compiler composes what can be
//! composed and refuses the rest.

use super::{
    model::{Convolution, Node, Pooling, same_constant},
    shape,
};
use ir::{Connectivity, Conv2d, Pool, Projection, Shape};

/// Most terms of a signal, and most weights of all its terms.
const MAX_TERMS: usize = 1024;
pub(super) const MAX_WEIGHTS: usize = 1 << 27;

/// A linear map between shapes, in the form of a projection with weights in double precision.
#[derive(Clone, Debug)]
pub(super) struct Map {
    pub(super) pre: Shape,
    pub(super) post: Shape,
    pub(super) pool: Option<Pool>,
    pub(super) connectivity: Connectivity,
    /// As the connectivity says; one per channel for one-to-one.
    pub(super) weights: Vec<f64>,
}

/// A population seen through a linear map.
#[derive(Clone, Debug)]
pub(super) struct Term {
    /// Position of the population.
    pub(super) source: usize,
    pub(super) map: Map,
}

/// What reaches a node.
#[derive(Clone, Debug)]
pub(super) struct Signal {
    pub(super) shape: Shape,
    pub(super) terms: Vec<Term>,
    /// Per element; empty for zeros.
    pub(super) constant: Vec<f64>,
}

impl Map {
    fn factors(shape: Shape, weights: Vec<f64>) -> Self {
        Self { pre: shape, post: shape, pool: None, connectivity: Connectivity::OneToOne, weights }
    }

    fn is_one_to_one(&self) -> bool {
        self.connectivity == Connectivity::OneToOne
    }

    /// The projection with its weights multiplied by `gain[channel]` of the target; a single gain stands for all.
    pub(super) fn projection(&self, gain: &[f64], delay: u32) -> Projection<ir::Trained> {
        let per_channel = (self.weights.len() / self.post.channels as usize).max(1);
        let gain = |i: usize| if gain.len() == 1 { gain[0] } else { gain[i / per_channel] };
        Projection {
            connectivity: self.connectivity.clone(),
            pool: self.pool,
            weights: self.weights.iter().enumerate().map(|(i, w)| (w * gain(i)) as f32).collect(),
            delay,
        }
    }

    /// The map of a dense vector.
    pub(super) fn apply(&self, x: &[f64]) -> Vec<f64> {
        let shape = Projection::<ir::Trained> {
            connectivity: self.connectivity.clone(),
            pool: self.pool,
            weights: vec![0.0; if self.is_one_to_one() { self.weights.len() } else { 0 }],
            delay: 0,
        };
        (0..self.post.neurons())
            .map(|i| {
                let mut sum = 0.0;
                shape.synapses_onto(self.pre, self.post, self.post.position(i), |j, w| sum += self.weights[w] * x[j]);
                sum
            })
            .collect()
    }

    /// `next ∘ self`, if one projection can express it.
    fn then(&self, next: &Self) -> Option<Self> {
        let joined = |pool, connectivity, weights| Self { pre: self.pre, post: next.post, pool, connectivity, weights };
        if self.is_one_to_one() {
            let pool = match (self.pool, next.pool) {
                (Some(a), Some(b)) => Some(Pool { size: (a.size.0 * b.size.0, a.size.1 * b.size.1) }),
                (a, b) => a.or(b),
            };
            let factor = |channel: usize| self.weights[channel];
            let weights = next.weights.iter().enumerate().map(|(i, w)| w * factor(next.source_channel(i)));
            return Some(joined(pool, next.connectivity.clone(), weights.collect()));
        }
        if next.is_one_to_one() && next.pool.is_none() {
            let per_channel = self.weights.len() / self.post.channels as usize;
            let weights = self.weights.iter().enumerate().map(|(i, w)| w * next.weights[i / per_channel]);
            return Some(joined(self.pool, self.connectivity.clone(), weights.collect()));
        }
        None
    }

    /// The source channel of a weight.
    fn source_channel(&self, weight: usize) -> usize {
        let source = self.pool.map_or(self.pre, |pool| pool.output(self.pre));
        match &self.connectivity {
            Connectivity::OneToOne => weight,
            Connectivity::Dense => source.channel(weight % source.neurons()),
            Connectivity::Conv2d(conv) => {
                let inputs = (source.channels / conv.groups) as usize;
                let area = (conv.kernel.0 * conv.kernel.1) as usize;
                let group = weight / (area * inputs) / (self.post.channels / conv.groups) as usize;
                group * inputs + weight / area % inputs
            }
            Connectivity::Sparse(lists) => {
                let of = |neuron: &usize| lists.synapses(*neuron).contains(&weight);
                source.channel((0..lists.len()).find(of).expect("every synapse belongs to a list"))
            }
        }
    }
}

/// The values of each channel, if they are the same all over its map.
pub(super) fn per_channel(values: &[f64], shape: Shape) -> Option<Vec<f64>> {
    values.chunks(shape.map()).map(|map| map.iter().all(|&v| same_constant(v, map[0])).then_some(map[0])).collect()
}

/// The linear map of a node with an input of shape `pre` and an output of shape `output`, and its constant: empty for zeros.
/// `None` for nodes that only change the shape.
pub(super) fn step(node: &Node, pre: Shape, output: &[usize]) -> Result<Option<(Map, Vec<f64>)>, String> {
    match node {
        Node::Scale(scale) => {
            let values = scale.expand(output).ok_or("scale does not fit its input")?;
            let factors = per_channel(&values, pre)
                .ok_or("scale differs inside a channel's map, which no projection can express; scale whole channels")?;
            Ok(Some((Map::factors(pre, factors), Vec::new())))
        }
        Node::Linear { weight, bias } => {
            let post = Shape::vector(weight.shape[0] as u32);
            let map = Map { pre, post, pool: None, connectivity: Connectivity::Dense, weights: weight.values.clone() };
            Ok(Some((map, bias.clone())))
        }
        Node::Conv2d(conv) => Ok(Some((convolution(conv, pre, output)?, spread(&conv.bias, output)))),
        Node::Pool(pool) => Ok(Some((pooling(*pool, pre, output)?, Vec::new()))),
        _ => Ok(None),
    }
}

/// A bias per channel as a value per element.
fn spread(bias: &[f64], output: &[usize]) -> Vec<f64> {
    let map: usize = output.iter().skip(1).product();
    if bias.iter().all(|&b| b == 0.0) {
        return Vec::new();
    }
    bias.iter().flat_map(|&b| std::iter::repeat_n(b, map)).collect()
}

fn pair(name: &str, (a, b): (usize, usize)) -> Result<(u32, u32), String> {
    match (u32::try_from(a), u32::try_from(b)) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        _ => Err(format!("{name}: {a} × {b} is beyond what can be mapped")),
    }
}

fn convolution(conv: &Convolution, pre: Shape, output: &[usize]) -> Result<Map, String> {
    let post = shape::volume(output).ok_or("the output is no map")?;
    let geometry = Conv2d {
        kernel: pair("weight", (conv.weight.shape[2], conv.weight.shape[3]))?,
        stride: pair("stride", conv.stride)?,
        padding: pair("padding", shape::padding(conv))?,
        dilation: pair("dilation", conv.dilation)?,
        groups: conv.groups as u32,
    };
    let connectivity = Connectivity::Conv2d(geometry);
    Ok(Map { pre, post, pool: None, connectivity, weights: conv.weight.values.clone() })
}

/// Disjoint windows without padding are pooling; others are a depthwise convolution with equal weights. Padded zeros count in
/// a mean, as in PyTorch's default.
fn pooling(pool: Pooling, pre: Shape, output: &[usize]) -> Result<Map, String> {
    let post = shape::volume(output).ok_or("the output is no map")?;
    let size = pair("kernel_size", pool.kernel)?;
    let area = pool.kernel.0.saturating_mul(pool.kernel.1);
    let weight = if pool.average { 1.0 / area as f64 } else { 1.0 };
    if pool.stride == pool.kernel && pool.padding == (0, 0) {
        let weights = vec![weight; pre.channels as usize];
        return Ok(Map { pre, post, pool: Some(Pool { size }), connectivity: Connectivity::OneToOne, weights });
    }
    let n = area.checked_mul(pre.channels as usize).filter(|&n| n <= MAX_WEIGHTS);
    let n = n.ok_or_else(|| format!("kernel_size: {size:?} is too large"))?;
    let (stride, padding) = (pair("stride", pool.stride)?, pair("padding", pool.padding)?);
    let conv = Conv2d { kernel: size, stride, padding, dilation: (1, 1), groups: pre.channels };
    Ok(Map { pre, post, pool: None, connectivity: Connectivity::Conv2d(conv), weights: vec![weight; n] })
}

impl Signal {
    /// The emissions of a population.
    pub(super) fn of(source: usize, shape: Shape) -> Self {
        let map = Map::factors(shape, vec![1.0; shape.channels as usize]);
        Self { shape, terms: vec![Term { source, map }], constant: Vec::new() }
    }

    /// The sum of signals with equal numbers of elements; `None` for no signal.
    pub(super) fn sum(signals: impl IntoIterator<Item = Self>) -> Result<Option<Self>, String> {
        let mut all: Vec<Self> = signals.into_iter().collect();
        if all.len() <= 1 {
            return Ok(all.pop());
        }
        // The arrangement of a dense map's targets is free; it follows the others.
        let is_free = |term: &Term| term.map.connectivity == Connectivity::Dense;
        let fixed = all.iter().find(|s| !s.terms.iter().all(is_free)).unwrap_or(&all[0]);
        let mut sum = Self { shape: fixed.shape, terms: Vec::new(), constant: Vec::new() };
        for signal in all {
            for mut term in signal.terms {
                if term.map.post != sum.shape && !is_free(&term) {
                    return Err(format!(
                        "adds maps of {} and {}, which have no common arrangement",
                        term.map.post, sum.shape
                    ));
                }
                term.map.post = sum.shape;
                sum.terms.push(term);
            }
            if sum.constant.is_empty() {
                sum.constant = signal.constant;
            } else {
                sum.constant.iter_mut().zip(&signal.constant).for_each(|(a, b)| *a += b);
            }
        }
        sum.ensure_size()?;
        Ok(Some(sum))
    }

    /// Weights of all terms.
    pub(super) fn n_weights(&self) -> usize {
        self.terms.iter().map(|t| t.map.weights.len()).sum()
    }

    fn ensure_size(&self) -> Result<(), String> {
        let n = self.n_weights();
        if self.terms.len() > MAX_TERMS || n > MAX_WEIGHTS {
            return Err(format!("gathers {} inputs with {n} weights, more than are mapped", self.terms.len()));
        }
        Ok(())
    }

    /// The signal behind a map and a constant, or `None` if one projection cannot express a term.
    pub(super) fn then(&self, next: &Map, constant: &[f64]) -> Result<Option<Self>, String> {
        let terms: Option<Vec<Term>> =
            self.terms.iter().map(|t| Some(Term { source: t.source, map: t.map.then(next)? })).collect();
        let Some(terms) = terms else { return Ok(None) };
        let mut through = if self.constant.is_empty() { Vec::new() } else { next.apply(&self.constant) };
        if through.is_empty() {
            through = constant.to_vec();
        } else {
            through.iter_mut().zip(constant).for_each(|(a, b)| *a += b);
        }
        let signal = Self { shape: next.post, terms, constant: through };
        signal.ensure_size()?;
        Ok(Some(signal))
    }
}
