//! Rewrites a trained network into the form that chips execute: projections between input, spiking and accumulator
//! populations, nothing else.
//!
//! ```text
//! input ─conv→ [norm] IF ─pool→ linear ─conv→ IF        before
//! input ─conv'→ IF' ─pool·conv'→ IF                      after
//! ```
//!
//! In order, each rewrite exact in real numbers (weights are stored as `f32`, computed in `f64`):
//!
//! 1. [`super::fold_norm`]: normalization becomes gain in the weights and offset in the initial potential;
//! 2. [`super::fold_scale`]: the real value of an input unit becomes part of the weights;
//! 3. [`super::fold_linear`]: populations without neurons are composed into the projections behind them;
//! 4. canonical layout: the input comes first, names keep what is neither a slash nor a control character, pooling over 1×1 is dropped, and a
//!    convolution whose unpadded kernel covers its whole source map is dense.
//!
//! Spikes, potentials and read-out keep their meaning for every population that remains.

use super::{fold_linear, fold_norm, fold_scale};
use crate::diagnostics::{Diagnostic, Diagnostics};
use ir::{Connectivity, Graph, NeuronModel, Population, PopulationId, Projection, Shape, Trained, verify};
use std::collections::BTreeSet;

/// A projection with its ends, as indices into [`Net::populations`].
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) pre: usize,
    pub(crate) post: usize,
    pub(crate) projection: Projection<Trained>,
}

/// A graph taken apart, so that populations and projections can be removed.
#[derive(Debug)]
pub(crate) struct Net {
    pub(crate) populations: Vec<Option<Population<Trained>>>,
    pub(crate) edges: Vec<Edge>,
}

impl Net {
    fn new(graph: &Graph<Trained>) -> Self {
        let edges = graph.projections().map(|(id, projection)| {
            let (pre, post) = graph.ends(id);
            Edge { pre: pre.0 as usize, post: post.0 as usize, projection: projection.clone() }
        });
        Self { populations: graph.populations().map(|(_, p)| Some(p.clone())).collect(), edges: edges.collect() }
    }

    /// A population that is still there.
    pub(crate) fn population(&self, index: usize) -> &Population<Trained> {
        self.populations[index].as_ref().expect("edges join populations that are still there")
    }

    /// A population that is still there, to change.
    pub(crate) fn population_mut(&mut self, index: usize) -> &mut Population<Trained> {
        self.populations[index].as_mut().expect("edges join populations that are still there")
    }

    /// Shapes before and behind an edge.
    pub(crate) fn shapes(&self, edge: &Edge) -> (Shape, Shape) {
        (self.population(edge.pre).shape, self.population(edge.post).shape)
    }

    /// An edge, named for the user.
    pub(crate) fn describe(&self, edge: &Edge) -> String {
        format!("projection `{}` → `{}`", self.population(edge.pre).name, self.population(edge.post).name)
    }

    fn into_graph(self, like: &Graph<Trained>) -> Graph<Trained> {
        let mut graph = Graph::new(like.name.clone(), like.timesteps, like.encoding);
        graph.pace = like.pace;
        let is_input =
            |p: &Option<Population<Trained>>| p.as_ref().is_some_and(|p| matches!(p.neuron, NeuronModel::Input { .. }));
        let mut order: Vec<usize> = (0..self.populations.len()).filter(|&i| self.populations[i].is_some()).collect();
        order.sort_by_key(|&i| !is_input(&self.populations[i]));
        let mut names = BTreeSet::new();
        let mut ids = vec![None; self.populations.len()];
        for i in order {
            let mut population = self.population(i).clone();
            population.name = canonical_name(&population.name, &mut names);
            ids[i] = Some(graph.add_population(population));
        }
        let id = |i: usize| -> PopulationId { ids[i].expect("edges join populations that are still there") };
        for edge in &self.edges {
            let (pre, post) = self.shapes(edge);
            graph.connect(id(edge.pre), id(edge.post), canonical_projection(edge.projection.clone(), pre, post));
        }
        graph.readout = like.readout.clone().of(id(like.readout.population().0 as usize));
        graph
    }
}

/// The network as chips execute it: no normalization, no linear population, input scale 1.
///
/// # Errors
/// If the graph is not sound, or a linear population cannot be composed exactly with what follows it.
pub fn fuse(graph: &Graph<Trained>) -> Result<Graph<Trained>, Diagnostics> {
    let unsound: Vec<Diagnostic> = verify(graph)
        .into_iter()
        .map(|violation| Diagnostic {
            entity: violation.entity,
            message: violation.message,
            limit: None,
            remedy: "correct the network; `docs/semantics.md` lists the rules".into(),
        })
        .collect();
    if !unsound.is_empty() {
        return Err(Diagnostics(unsound));
    }
    let mut net = Net::new(graph);
    fold_norm::fold_norm(&mut net)?;
    fold_scale::fold_scale(&mut net);
    fold_linear::fold_linear(&mut net)?;
    Ok(net.into_graph(graph))
}

fn canonical_name(name: &str, taken: &mut BTreeSet<String>) -> String {
    let plain: String = name.chars().map(|c| if c.is_control() || c == '/' { '_' } else { c }).collect();
    let mut candidate = plain.clone();
    let mut n = 2;
    while !taken.insert(candidate.clone()) {
        candidate = format!("{plain}_{n}");
        n += 1;
    }
    candidate
}

fn canonical_projection(mut projection: Projection<Trained>, pre: Shape, post: Shape) -> Projection<Trained> {
    projection.pool = projection.pool.filter(|pool| pool.size != (1, 1));
    let source = projection.source_shape(pre);
    if let Connectivity::Conv2d(conv) = projection.connectivity
        && conv.groups == 1
        && conv.padding == (0, 0)
        && conv.kernel == (source.height, source.width)
        && post.map() == 1
    {
        // Weights [o][i][ky][kx] are then already in the order [post neuron][pre neuron].
        projection.connectivity = Connectivity::Dense;
    }
    projection
}

/// Multiplies every weight by the factor of its post-synaptic channel.
pub(crate) fn scale_post(projection: &mut Projection<Trained>, post: Shape, factor: impl Fn(usize) -> f64) {
    if projection.connectivity == Connectivity::OneToOne && projection.weights.len() == 1 {
        projection.weights = vec![projection.weights[0]; post.channels as usize];
    }
    let channels: Vec<usize> = (0..projection.weights.len()).map(|i| projection.channels_of(i, post).start).collect();
    for (weight, channel) in projection.weights.iter_mut().zip(channels) {
        *weight = (f64::from(*weight) * factor(channel)) as f32;
    }
}

/// Multiplies every weight by the factor of its source channel.
pub(crate) fn scale_source(
    projection: &mut Projection<Trained>,
    source: Shape,
    post: Shape,
    factor: impl Fn(usize) -> f64,
) {
    if projection.connectivity == Connectivity::OneToOne && projection.weights.len() == 1 {
        projection.weights = vec![projection.weights[0]; post.channels as usize];
    }
    if let Connectivity::Sparse(lists) = &projection.connectivity {
        for row in 0..lists.len() {
            let gain = factor(source.channel(row));
            projection.weights[lists.synapses(row)].iter_mut().for_each(|w| *w = (f64::from(*w) * gain) as f32);
        }
        return;
    }
    let connectivity = &projection.connectivity;
    for (i, weight) in projection.weights.iter_mut().enumerate() {
        let channel = match connectivity {
            Connectivity::Conv2d(conv) => {
                let (inputs, area) =
                    ((source.channels / conv.groups) as usize, (conv.kernel.0 * conv.kernel.1) as usize);
                let group = i / (area * inputs) / (post.channels / conv.groups) as usize;
                group * inputs + i / area % inputs
            }
            Connectivity::Dense => source.channel(i % source.neurons()),
            Connectivity::OneToOne | Connectivity::Sparse(_) => i,
        };
        *weight = (f64::from(*weight) * factor(channel)) as f32;
    }
}
