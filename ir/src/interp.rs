//! The reference interpreter: dense, slow and obvious. It *defines* what a graph means (docs/semantics.md).
//!
//! One sample is `graph.timesteps` steps. In step `t`, for populations in topological order of the delay-0 projections:
//!
//! 1. every arrival is added to word 0, `w0_i ← w0_i + (Σ_j w_ij · s_j[t − delay])·2^shift`;
//! 2. a population inside its window executes its list of operations ([`crate::dynamics`]), each on every neuron: those that fire
//!    emit one spike, `s = 1`, or the value of the word that the list emits.
//!
//! Integers are exact (overflow panics); reals are `f64`, summed in the order of projections and weights.

use crate::{
    dynamics::{Action, Compare, Dynamics, Operand, When, random},
    graph::Graph,
    ids::{PopulationId, Shape, Timestep},
    neuron::{Emits, NeuronModel},
    readout::Decision,
    stage::{Norm, Quantized, Stage},
    stimulus::Stimulus,
};
use petgraph::{graph::DiGraph, visit::EdgeRef};
use std::borrow::Cow;

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

/// As [`interpret`], on potentials of so many bits that saturate, if they do: where a spiking population updates, after the arrivals of
/// the timestep, and in an accumulator after the last one. Also says how often one was clipped, by an operation of a list too.
pub fn interpret_saturating(
    graph: &Graph<Quantized>,
    stimulus: &Stimulus,
    bits: Option<u32>,
) -> (Trace<Quantized>, u64) {
    let most = |bits: u32| (1i64 << (bits.clamp(1, 62) - 1)) - 1;
    let mut clip = Clip::<Quantized> { range: bits.map(most).map(|most| (-most - 1, most)), n: 0 };
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
    let lists: Vec<Option<Cow<'_, Dynamics<S>>>> = graph.populations().map(|(_, p)| p.neuron.dynamics()).collect();
    // words[p][w]: word w of every neuron of population p.
    let mut words: Vec<Vec<Vec<S::Value>>> =
        graph.populations().zip(&lists).map(|((_, p), list)| initial(list.as_deref(), p.shape)).collect();
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
            let emission = match (&population.neuron, &lists[p]) {
                (NeuronModel::Input { scale, .. }, _) => {
                    stimulus.steps.get(t as usize).filter(|s| !s.is_empty()).map(|events| {
                        let mut values = vec![zero; shape.neurons()];
                        for event in events {
                            values[event.neuron as usize] = S::input(event.value, *scale);
                        }
                        values
                    })
                }
                (_, None) => arrivals,
                (neuron, Some(list)) => {
                    for (w, a) in words[p][0].iter_mut().zip(arrivals.into_iter().flatten()) {
                        *w = S::add(*w, S::shift(a, list.shift as i8));
                    }
                    let clips = match neuron {
                        NeuronModel::Spiking(_) => list.window.contains(t),
                        NeuronModel::Accumulator { .. } => t + 1 == graph.timesteps,
                        // Lists saturate by operations of their own.
                        NeuronModel::Dynamic(_) | NeuronModel::Input { .. } | NeuronModel::Linear => false,
                    };
                    if clips {
                        clip.apply(&mut words[p][0]);
                    }
                    if list.window.contains(t) {
                        let (fired, values) = update(list, &mut words[p], (shape, t), &mut clip.n);
                        spikes[p][t as usize] = fired;
                        values
                    } else {
                        None
                    }
                }
            };
            emitted[p].push(emission);
            if let Some(list) = &lists[p] {
                observe(Timestep(t), id, &words[p][usize::from(list.potential.0)]);
            }
        }
    }

    let potentials: Vec<Vec<S::Value>> = words
        .into_iter()
        .zip(&lists)
        .map(|(mut words, list)| list.as_ref().map_or(Vec::new(), |l| words.swap_remove(usize::from(l.potential.0))))
        .collect();
    let read = graph.readout.population();
    let shape = graph.population(read).shape;
    let counts = count_spikes(&spikes[read.0 as usize], shape.neurons());
    let decision = graph.readout.decide(&counts, &potentials[read.0 as usize], shape);
    Trace { spikes, potentials, decision }
}

/// Words of all neurons at the start of a sample; none where a population has no state.
fn initial<S: Stage>(list: Option<&Dynamics<S>>, shape: Shape) -> Vec<Vec<S::Value>> {
    let kept = list.into_iter().flat_map(|list| &list.words);
    kept.map(|word| (0..shape.neurons()).map(|i| word.init.of(i, shape)).collect()).collect()
}

/// One update of a population; returns the neurons that fired, ascending, and the dense emission, if there is any.
fn update<S: Stage>(
    list: &Dynamics<S>,
    words: &mut [Vec<S::Value>],
    (shape, t): (Shape, u32),
    clipped: &mut u64,
) -> (Vec<u32>, Option<Vec<S::Value>>) {
    let (zero, one) = (S::Value::default(), S::whole(1));
    let mut fired = Vec::new();
    let mut values = vec![zero; shape.neurons()];
    for (i, value) in values.iter_mut().enumerate() {
        let mut own: Vec<S::Value> = words.iter().map(|word| word[i]).collect();
        own.resize(own.len() + usize::from(list.scratch), zero);
        let fires = execute(list, &mut own, (value, clipped), (i, shape), t);
        if fires {
            fired.push(i as u32);
            if list.emits() == Emits::Spikes {
                *value = one;
            }
        }
        for (word, own) in words.iter_mut().zip(own) {
            word[i] = own;
        }
    }
    let any = values.iter().any(|&v| v != zero);
    (fired, any.then_some(values))
}

/// One update of one neuron: executes a list on its kept words; whether it fired.
pub fn step<S: Stage>(list: &Dynamics<S>, words: &mut [S::Value], neuron: (usize, Shape), t: u32) -> bool {
    let mut own = words.to_vec();
    own.resize(own.len() + usize::from(list.scratch), S::Value::default());
    let fired = execute(list, &mut own, (&mut S::Value::default(), &mut 0), neuron, t);
    words.copy_from_slice(&own[..words.len()]);
    fired
}

/// Executes a list on the words of one neuron: whether it fired; `emitted` takes the value that it emits, if its list does, and
/// `clipped` counts words that were saturated.
fn execute<S: Stage>(
    list: &Dynamics<S>,
    words: &mut [S::Value],
    (emitted, clipped): (&mut S::Value, &mut u64),
    (neuron, shape): (usize, Shape),
    t: u32,
) -> bool {
    let zero = S::Value::default();
    let mut fired = false;
    for op in &list.ops {
        let holds = match op.when {
            When::Always => true,
            When::Fired => fired,
            When::Silent => !fired,
            When::Zero(w) => words[usize::from(w.0)] == zero,
            When::NonZero(w) => words[usize::from(w.0)] != zero,
            When::Every { period, offset } => t % period == offset,
        };
        if !holds {
            continue;
        }
        let x = match op.action.operand() {
            Some(Operand::Word(w)) => words[usize::from(w.0)],
            Some(Operand::Param(p)) => list.params[usize::from(p.0)].values.of(neuron, shape),
            None => zero,
        };
        let w = &mut words[usize::from(op.action.word().0)];
        let magnitude = if *w < zero { S::neg(*w) } else { *w };
        match op.action {
            Action::Set(..) => *w = x,
            Action::Add(..) => *w = S::add(*w, x),
            Action::Sub(..) => *w = S::sub(*w, x),
            Action::Max(..) => *w = if *w < x { x } else { *w },
            Action::Min(..) => *w = if *w > x { x } else { *w },
            Action::Decay(_, _, rule) => *w = S::decay(*w, x, rule),
            Action::Toward(..) => {
                let rest = if magnitude > x { S::sub(magnitude, x) } else { zero };
                *w = if *w < zero { S::neg(rest) } else { rest };
            }
            Action::Shift(_, k) => *w = S::shift(*w, k),
            Action::Count(_) => *w = if *w > S::whole(1) { S::sub(*w, S::whole(1)) } else { zero },
            Action::Saturate(_, bits) => {
                let narrow = S::narrow(*w, bits, false);
                *clipped += u64::from(narrow != *w);
                *w = narrow;
            }
            Action::Wrap(_, bits) => *w = S::narrow(*w, bits, true),
            Action::Noise(_, bits, seed) => *w = S::add(*w, S::whole(random::draw(seed, neuron as u32, t, bits))),
            Action::Fire(_, _, Compare::AtLeast) => fired = *w >= x,
            Action::Fire(_, _, Compare::Above) => fired = *w > x,
            Action::Fire(_, _, Compare::Magnitude) => fired = magnitude >= x,
            Action::Emit(_) => *emitted = *w,
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
