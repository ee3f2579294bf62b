//! The reference interpreter: dense, slow and obvious. It *defines* what a graph means (docs/semantics.md).
//!
//! One sample is `graph.timesteps` steps. In step `t`, for populations in topological order of the delay-0 projections:
//!
//! 1. every arrival is added, `v_i ← v_i + Σ_j w_ij · s_j[t − delay]` (inputs and linear populations carry graded `s`);
//! 2. a spiking population inside its window updates: `v ← v + b`; `v ← max(v, floor)`; where `v ≥ θ` (or `v > θ`) it
//!    emits one spike, `s = 1`, and resets, `v ← v − θ` or `v ← 0`; then `v ← v − v·δ/4096`.
//!
//! Integers are exact (overflow panics); reals are `f64`, summed in the order of projections and weights.

use crate::{
    graph::Graph,
    ids::{PopulationId, Timestep},
    neuron::{Compare, Leak, NeuronModel, PerChannel, Reset, Spiking},
    readout::Decision,
    stage::{Norm, Quantized, Stage},
    stimulus::Stimulus,
};
use petgraph::{graph::DiGraph, visit::EdgeRef};

/// Everything a sample did: the spikes and final potentials of every population.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace<S: Stage> {
    /// `spikes[population][t]`: ascending indices of the neurons that fired in timestep `t`. Empty for inputs.
    pub spikes: Vec<Vec<Vec<u32>>>,
    /// `potentials[population]`: potentials after the last timestep. Empty for inputs and linear populations.
    pub potentials: Vec<Vec<S::Value>>,
    /// The class decision.
    pub decision: Decision,
}

impl<S: Stage> Trace<S> {
    /// Spikes per neuron of a population, over the sample.
    pub fn counts(&self, population: PopulationId, neurons: usize) -> Vec<u32> {
        count_spikes(&self.spikes[population.0 as usize], neurons)
    }

    /// Total number of spikes of all populations.
    pub fn n_spikes(&self) -> usize {
        self.spikes.iter().flatten().map(Vec::len).sum()
    }
}

fn count_spikes(steps: &[Vec<u32>], neurons: usize) -> Vec<u32> {
    let mut counts = vec![0; neurons];
    for &i in steps.iter().flatten() {
        counts[i as usize] += 1;
    }
    counts
}

/// Runs one sample and keeps its spikes and final potentials.
///
/// # Panics
/// If the graph does not satisfy [`crate::verify()`], or a population still has a normalization in front of a neuron that
/// is not a [`NeuronModel::Spiking`] with a zero-bias (fuse first), or an integer potential overflows.
pub fn interpret<S: Stage>(graph: &Graph<S>, stimulus: &Stimulus) -> Trace<S> {
    interpret_with(graph, stimulus, |_, _, _| {})
}

/// As [`interpret`], on potentials of so many bits that saturate: where a spiking population updates, after the arrivals of the
/// timestep, and in an accumulator after the last one. Also says how often one was clipped.
pub fn interpret_saturating(graph: &Graph<Quantized>, stimulus: &Stimulus, bits: u32) -> (Trace<Quantized>, u64) {
    let most = (1i64 << (bits.clamp(1, 62) - 1)) - 1;
    let mut clip = Clip::<Quantized> { range: Some((-most - 1, most)), n: 0 };
    let trace = follow(graph, stimulus, &mut clip, |_, _, _| {});
    (trace, clip.n)
}

/// The range of a potential that saturates, and how often it did.
struct Clip<S: Stage> {
    range: Option<(S::Value, S::Value)>,
    n: u64,
}

impl<S: Stage> Clip<S> {
    fn apply(&mut self, potentials: &mut [S::Value]) {
        let Some((low, high)) = self.range else { return };
        for v in potentials {
            let clipped = if *v < low {
                low
            } else if *v > high {
                high
            } else {
                continue;
            };
            *v = clipped;
            self.n += 1;
        }
    }
}

/// As [`interpret`]; calls `observe(t, population, potentials after the update)` for each population with potentials, in
/// every timestep.
pub fn interpret_with<S: Stage>(
    graph: &Graph<S>,
    stimulus: &Stimulus,
    observe: impl FnMut(Timestep, PopulationId, &[S::Value]),
) -> Trace<S> {
    follow(graph, stimulus, &mut Clip { range: None, n: 0 }, observe)
}

fn follow<S: Stage>(
    graph: &Graph<S>,
    stimulus: &Stimulus,
    clip: &mut Clip<S>,
    mut observe: impl FnMut(Timestep, PopulationId, &[S::Value]),
) -> Trace<S> {
    let order = update_order(graph).expect("a verified graph has no cycle of delay-0 projections");
    let n = graph.n_populations();
    let zero = S::Value::default();
    let mut potentials: Vec<Vec<S::Value>> = graph.populations().map(|(_, p)| initial(&p.neuron, p.shape)).collect();
    // emitted[p][t]: dense emission of population p in step t; None where nothing was emitted.
    let mut emitted: Vec<Vec<Option<Vec<S::Value>>>> = vec![Vec::new(); n];
    let mut spikes = vec![vec![Vec::new(); graph.timesteps as usize]; n];

    for t in 0..graph.timesteps {
        for &id in &order {
            let population = graph.population(id);
            let p = id.0 as usize;
            let shape = population.shape;
            assert!(
                population.norm.normalization().is_none(),
                "{}: normalization must be fused first",
                population.name
            );
            let mut arrivals: Option<Vec<S::Value>> = None;
            for projection_id in graph.incoming(id) {
                let projection = graph.projection(projection_id);
                let (pre, _) = graph.ends(projection_id);
                let Some(sent) = t
                    .checked_sub(projection.delay)
                    .and_then(|then| emitted[pre.0 as usize].get(then as usize))
                    .and_then(Option::as_ref)
                else {
                    continue;
                };
                let into = arrivals.get_or_insert_with(|| vec![zero; shape.neurons()]);
                for (i, sum) in into.iter_mut().enumerate() {
                    projection.synapses_onto(graph.population(pre).shape, shape, shape.position(i), |j, w| {
                        *sum = S::accumulate(*sum, projection.weights[w], sent[j]);
                    });
                }
            }
            let emission = match &population.neuron {
                NeuronModel::Input { scale, .. } => {
                    stimulus.steps.get(t as usize).filter(|s| !s.is_empty()).map(|events| {
                        let mut values = vec![zero; shape.neurons()];
                        for event in events {
                            values[event.neuron as usize] = S::input(event.value, *scale);
                        }
                        values
                    })
                }
                NeuronModel::Linear => arrivals,
                NeuronModel::Accumulator { .. } => {
                    add_all::<S>(&mut potentials[p], arrivals.as_deref());
                    if t + 1 == graph.timesteps {
                        clip.apply(&mut potentials[p]);
                    }
                    None
                }
                NeuronModel::Spiking(neuron) => {
                    add_all::<S>(&mut potentials[p], arrivals.as_deref());
                    if neuron.window.contains(t) {
                        clip.apply(&mut potentials[p]);
                        let fired = update(neuron, &mut potentials[p], |i| shape.channel(i));
                        let values = (!fired.is_empty()).then(|| {
                            let mut values = vec![zero; shape.neurons()];
                            for &i in &fired {
                                values[i as usize] = S::input(1, 1.0);
                            }
                            values
                        });
                        spikes[p][t as usize] = fired;
                        values
                    } else {
                        None
                    }
                }
            };
            emitted[p].push(emission);
            if !potentials[p].is_empty() {
                observe(Timestep(t), id, &potentials[p]);
            }
        }
    }

    let read = graph.readout.population();
    let shape = graph.population(read).shape;
    let counts = count_spikes(&spikes[read.0 as usize], shape.neurons());
    let decision = graph.readout.decide(&counts, &potentials[read.0 as usize], shape);
    Trace { spikes, potentials, decision }
}

/// Potentials at the start of a sample; empty where a population has none.
fn initial<S: Stage>(neuron: &NeuronModel<S>, shape: crate::ids::Shape) -> Vec<S::Value> {
    let fill = |v_init: &PerChannel<S::Value>| (0..shape.neurons()).map(|i| v_init.at(shape.channel(i))).collect();
    match neuron {
        NeuronModel::Spiking(spiking) => fill(&spiking.v_init),
        NeuronModel::Accumulator { v_init } => fill(v_init),
        NeuronModel::Input { .. } | NeuronModel::Linear => Vec::new(),
    }
}

fn add_all<S: Stage>(v: &mut [S::Value], arrivals: Option<&[S::Value]>) {
    for (v, &a) in v.iter_mut().zip(arrivals.into_iter().flatten()) {
        *v = S::add(*v, a);
    }
}

/// One update of a population inside its window; returns the neurons that fired, ascending.
fn update<S: Stage>(neuron: &Spiking<S>, v: &mut [S::Value], channel: impl Fn(usize) -> usize) -> Vec<u32> {
    let mut fired = Vec::new();
    for (i, v) in v.iter_mut().enumerate() {
        let c = channel(i);
        let threshold = neuron.threshold.at(c);
        *v = S::add(*v, neuron.bias.at(c));
        if let Some(floor) = neuron.floor
            && *v < floor
        {
            *v = floor;
        }
        let fires = match neuron.compare {
            Compare::GreaterEqual => *v >= threshold,
            Compare::Greater => *v > threshold,
        };
        if fires {
            fired.push(i as u32);
            *v = match neuron.reset {
                Reset::Subtract => S::sub(*v, threshold),
                Reset::Zero => S::Value::default(),
            };
        }
        if let Leak::Decay(decay) = neuron.leak {
            *v = S::decay(*v, decay);
        }
    }
    fired
}

/// Populations so that every delay-0 projection goes forward; `Err` names a population on a delay-0 cycle.
///
/// Among populations that are ready, the smallest id comes first.
pub fn update_order<S: Stage>(graph: &Graph<S>) -> Result<Vec<PopulationId>, PopulationId> {
    let mut immediate: DiGraph<(), ()> = DiGraph::new();
    let nodes: Vec<_> = (0..graph.n_populations()).map(|_| immediate.add_node(())).collect();
    for (id, projection) in graph.projections() {
        if projection.delay == 0 {
            let (pre, post) = graph.ends(id);
            immediate.add_edge(nodes[pre.0 as usize], nodes[post.0 as usize], ());
        }
    }
    let mut waiting: Vec<usize> =
        nodes.iter().map(|&n| immediate.edges_directed(n, petgraph::Incoming).count()).collect();
    let mut ready: std::collections::BTreeSet<usize> = (0..waiting.len()).filter(|&i| waiting[i] == 0).collect();
    let mut order = Vec::with_capacity(waiting.len());
    while let Some(i) = ready.pop_first() {
        order.push(PopulationId(i as u32));
        for edge in immediate.edges(nodes[i]) {
            let j = edge.target().index();
            waiting[j] -= 1;
            if waiting[j] == 0 {
                ready.insert(j);
            }
        }
    }
    match waiting.iter().position(|&w| w > 0) {
        Some(stuck) => Err(PopulationId(stuck as u32)),
        None => Ok(order),
    }
}
