//! The width proof: bounds on every membrane potential at every moment of a sample, so that no accumulator wraps.
//!
//! Interval arithmetic over timesteps, per channel. Let `[l, h]` contain a state word at the start of step `t`. The sources
//! that can be active in step `t` (an input while it presents, a population inside its window, each shifted by the
//! delay; one emission per neuron and step) add to word 0 between `−N_t` and `P_t`,
//!
//! ```text
//! P_t = (Σ w⁺·max(x) + Σ w⁻·max(−x))·2^k      N_t = (Σ w⁻·max(x) + Σ w⁺·max(−x))·2^k
//! arrivals   [l, h] ← [l − N_t, h + P_t]
//! update     the list of operations of the model on intervals ([`interval`])
//! ```
//!
//! with `w⁺, w⁻` the magnitudes of positive and negative weights onto one neuron, x the range of a source value (0 to 1 for
//! spikes, the range of the emitted word for models that emit values), k the fraction bits. Partial sums in any order of arrival
//! stay inside `[l − N_t, h + P_t]`. The bound of a channel is the hull over all steps and words that count potentials, at every
//! place in the list; what a later operation of the list saturates or wraps may take 32 bits until then. Sources are taken as
//! independent, so the bound is safe and, for a two-phase network whose sources can all fire in every step of their window,
//! reached. Neurons of a channel with equal parameters share one proof.
//! [`reach`] is the same walk over a real-valued network: it says which thresholds it can reach.

mod interval;
mod reach;

pub use reach::{Reach, reach};

use crate::diagnostics::{Diagnostic, Diagnostics, Limit};
use ir::{
    Connectivity, Dynamics, Emits, Graph, NeuronModel, PopulationId, Projection, Quantized, Shape, Unit,
    dynamics::{Action, Op},
};
use std::{borrow::Cow, collections::BTreeSet};

/// Lowest and highest potential of a channel at any moment of a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// Lowest potential [weight units of the channel].
    pub low: i64,
    /// Highest potential [weight units of the channel].
    pub high: i64,
}

impl Bound {
    /// Bits of a two's complement number that holds the whole range.
    pub fn bits(self) -> u32 {
        let magnitude = |v: i64| 65 - if v < 0 { (!v).leading_zeros() } else { v.leading_zeros() };
        magnitude(self.low).max(magnitude(self.high))
    }

    /// One value.
    pub(crate) fn at(value: i64) -> Self {
        Self { low: value, high: value }
    }

    fn hull(&mut self, low: i64, high: i64) {
        self.low = self.low.min(low);
        self.high = self.high.max(high);
    }
}

/// Bounds by population and channel; empty for populations without potentials.
///
/// `input`: smallest and largest value of an input neuron in one timestep ([`Graph::input_range`] unless more is known).
///
/// # Panics
/// If the graph is not verified, or holds a linear population (fuse first).
pub fn bounds(graph: &Graph<Quantized>, input: (i32, i32)) -> Vec<Vec<Bound>> {
    let mut walks: Vec<Option<Walk>> = graph.populations().map(|(id, _)| Walk::new(graph, id)).collect();
    // values[p][t]: range of what population p emits in step t, if it can.
    let mut values: Vec<Vec<Option<Bound>>> = vec![Vec::new(); graph.n_populations()];
    for t in 0..graph.timesteps {
        for (id, population) in graph.populations() {
            let p = id.0 as usize;
            let emitted = match &population.neuron {
                NeuronModel::Input { coding, .. } => (t < coding.steps() && t % graph.pace == 0)
                    .then_some(Bound { low: i64::from(input.0.min(0)), high: i64::from(input.1.max(0)) }),
                NeuronModel::Linear => panic!("{}: linear populations must be fused first", population.name),
                NeuronModel::Spiking(_) | NeuronModel::Accumulator { .. } | NeuronModel::Dynamic(_) => None,
            };
            values[p].push(emitted);
        }
        for (p, walk) in walks.iter_mut().enumerate() {
            if let Some(walk) = walk {
                values[p][t as usize] = walk.step(t, &values);
            }
        }
    }
    let bounds = |walk: Option<Walk>| walk.map_or(Vec::new(), |walk| walk.bounds);
    walks.into_iter().map(bounds).collect()
}

/// The least and the most that can arrive at a neuron of a population in one timestep.
pub(crate) fn arrivals_in_a_step(graph: &Graph<Quantized>, id: PopulationId, input: (i32, i32)) -> Bound {
    let source = |projection| match graph.population(graph.ends(projection).0).neuron {
        NeuronModel::Input { .. } => Bound { low: input.0.into(), high: input.1.into() },
        ref neuron => Bound { low: 0, high: reach::most_emitted(neuron).unwrap_or(1).into() },
    };
    let incoming: Vec<(Arrivals, Bound)> =
        graph.incoming(id).into_iter().map(|p| (Arrivals::new(graph, p), source(p))).collect();
    let mut all = Bound::default();
    for channel in 0..graph.population(id).shape.channels as usize {
        let pulls = incoming.iter().map(|(arrivals, x)| arrivals.pull(channel, *x));
        let (down, up) = pulls.fold((0, 0), |sum, pull| (sum.0 + pull.0, sum.1 + pull.1));
        all.hull(-down, up);
    }
    all
}

/// Refuses a network whose potentials may need more bits than `state_bits` grants their model, population by population.
pub fn fits(
    graph: &Graph<Quantized>,
    bounds: &[Vec<Bound>],
    state_bits: impl Fn(&NeuronModel<Quantized>) -> u32,
) -> Result<(), Diagnostics> {
    let mut refused = Vec::new();
    for (id, p) in graph.populations() {
        let Some((channel, bits)) =
            bounds[id.0 as usize].iter().map(|b| b.bits()).enumerate().max_by_key(|&(c, bits)| (bits, usize::MAX - c))
        else {
            continue;
        };
        let state_bits = state_bits(&p.neuron);
        if bits > state_bits {
            refused.push(Diagnostic {
                entity: format!("population `{}`, channel {channel}", p.name),
                message: "its potential may leave the accumulator".into(),
                limit: Some(Limit {
                    resource: "state width [bits]".into(),
                    used: u64::from(bits),
                    max: u64::from(state_bits),
                }),
                remedy: format!(
                    "use a chip with {bits}-bit potentials, inputs of a smaller range, or a shorter window"
                ),
            });
        }
    }
    if refused.is_empty() { Ok(()) } else { Err(Diagnostics(refused)) }
}

/// A population on its way through a sample.
struct Walk<'a> {
    list: Cow<'a, Dynamics<Quantized>>,
    incoming: Vec<Arrivals>,
    groups: Vec<Group>,
    /// The last operation that clips each word, by index.
    clips: Vec<Option<usize>>,
    bounds: Vec<Bound>,
}

/// Neurons of a channel with equal parameters and initial values.
struct Group {
    channel: usize,
    params: Vec<i64>,
    words: Vec<Bound>,
}

impl<'a> Walk<'a> {
    /// `None` for populations without state.
    fn new(graph: &'a Graph<Quantized>, id: PopulationId) -> Option<Self> {
        let population = graph.population(id);
        let shape = population.shape;
        let list = population.neuron.dynamics()?;
        let mut known = BTreeSet::new();
        let by_neuron = |n: usize| n != 1 && n != shape.channels as usize;
        let lengths = list.words.iter().map(|w| w.init.0.len()).chain(list.params.iter().map(|p| p.values.0.len()));
        let step = if lengths.into_iter().any(by_neuron) { 1 } else { shape.map() };
        for i in (0..shape.neurons()).step_by(step) {
            let params: Vec<i64> = list.params.iter().map(|param| param.values.of(i, shape)).collect();
            let words: Vec<i64> = list.words.iter().map(|word| word.init.of(i, shape)).collect();
            known.insert((shape.channel(i), params, words));
        }
        let mut bounds: Vec<Option<Bound>> = vec![None; shape.channels as usize];
        let mut groups = Vec::new();
        for (channel, params, words) in known {
            for (&v, _) in words.iter().zip(&list.words).filter(|(_, word)| word.unit == Unit::Potential) {
                bounds[channel].get_or_insert(Bound::at(v)).hull(v, v);
            }
            groups.push(Group { channel, params, words: words.into_iter().map(Bound::at).collect() });
        }
        let clip = |w: usize| {
            let clips = |op: &Op| {
                usize::from(op.action.word().0) == w && matches!(op.action, Action::Saturate(..) | Action::Wrap(..))
            };
            list.ops.iter().rposition(clips)
        };
        let clips = (0..list.words.len() + usize::from(list.scratch)).map(clip).collect();
        let incoming = graph.incoming(id).into_iter().map(|p| Arrivals::new(graph, p)).collect();
        let bounds = bounds.into_iter().map(Option::unwrap_or_default).collect();
        Some(Self { list, incoming, groups, clips, bounds })
    }

    /// One timestep; the range of what is emitted in it.
    fn step(&mut self, t: u32, values: &[Vec<Option<Bound>>]) -> Option<Bound> {
        let Self { list, incoming, groups, clips, bounds } = self;
        let arrived: Vec<(&Arrivals, Bound)> =
            incoming.iter().filter_map(|arrivals| Some((arrivals, arrivals.values(t, values)?))).collect();
        let counts = |w: usize| list.words.get(w).is_none_or(|word| word.unit == Unit::Potential);
        // A clipped word may take 32 bits before it is clipped.
        let note = |all: &mut Bound, index: Option<usize>, w: usize, now: Bound| {
            let later = clips[w].is_some_and(|clip| index.is_none_or(|index| index < clip));
            if counts(w) && (!later || now.bits() > 32) {
                all.hull(now.low, now.high);
            }
        };
        let mut emitted = Bound::default();
        for group in groups {
            let (all, c) = (&mut bounds[group.channel], group.channel);
            for (arrivals, x) in &arrived {
                let (down, up) = arrivals.pull(c, *x);
                let unit = 1_i64 << list.shift;
                let word = &mut group.words[0];
                word.low = word.low.saturating_sub(down.saturating_mul(unit));
                word.high = word.high.saturating_add(up.saturating_mul(unit));
            }
            note(all, None, 0, group.words[0]);
            if list.window.contains(t) {
                let outcome = interval::execute(list, &group.words, &group.params, t, |index, w, now| {
                    note(all, Some(index), w, now);
                });
                group.words = outcome.words;
                emitted.hull(outcome.emitted.low, outcome.emitted.high);
            }
        }
        match list.emits() {
            Emits::Spikes => list.window.contains(t).then_some(Bound { low: 0, high: 1 }),
            Emits::Values => list.window.contains(t).then_some(emitted),
            Emits::Nothing => None,
        }
    }
}

/// What one projection can add in a timestep.
struct Arrivals {
    /// Per post-synaptic channel: the largest sums of negative and of positive weights onto a neuron (magnitudes).
    sums: Vec<(i64, i64)>,
    pre: usize,
    delay: u32,
}

impl Arrivals {
    fn new(graph: &Graph<Quantized>, id: ir::ProjectionId) -> Self {
        let projection = graph.projection(id);
        let (pre, post) = graph.ends(id);
        let sums = weight_sums(projection, graph.population(post).shape);
        Self { sums, pre: pre.0 as usize, delay: projection.delay }
    }

    /// The range of the values that arrive in step `t`, if any do.
    fn values(&self, t: u32, values: &[Vec<Option<Bound>>]) -> Option<Bound> {
        values[self.pre].get(t.checked_sub(self.delay)? as usize).copied().flatten()
    }

    /// The most taken from and given to a neuron of a channel by values of a range.
    fn pull(&self, channel: usize, x: Bound) -> (i64, i64) {
        let (negative, positive) = self.sums[channel];
        let (down, up) = (x.low.min(0).abs(), x.high.max(0));
        (negative * up + positive * down, positive * up + negative * down)
    }
}

/// Per post-synaptic channel: the largest sums of negative and of positive weights (magnitudes) onto one neuron.
fn weight_sums(projection: &Projection<Quantized>, post: Shape) -> Vec<(i64, i64)> {
    let area = projection.pool.map_or(1, |pool| i64::from(pool.size.0) * i64::from(pool.size.1));
    let channels = post.channels as usize;
    let weights = &projection.weights;
    if let Connectivity::Sparse(lists) = &projection.connectivity {
        let mut onto = vec![(0, 0); post.neurons()];
        for (&target, &w) in lists.targets().iter().zip(weights) {
            let (into, w) = (&mut onto[target as usize], i64::from(w) * area);
            *into = (into.0 + (-w).max(0), into.1 + w.max(0));
        }
        let most = |neurons: &[(i64, i64)]| neurons.iter().fold((0, 0), |m, n| (m.0.max(n.0), m.1.max(n.1)));
        return onto.chunks(post.map()).map(most).collect();
    }
    let rows = match projection.connectivity {
        Connectivity::Dense => post.neurons(),
        Connectivity::Conv2d(_) | Connectivity::OneToOne | Connectivity::Sparse(_) => channels,
    };
    let sum = |row: &[i32]| {
        row.iter().fold((0, 0), |(negative, positive), &w| {
            let w = i64::from(w) * area;
            (negative + (-w).max(0), positive + w.max(0))
        })
    };
    // A single one-to-one weight serves every channel.
    let row = |r: usize| {
        if weights.len() < rows { &weights[..] } else { &weights[r * weights.len() / rows..][..weights.len() / rows] }
    };
    let mut sums = vec![(0, 0); channels];
    for r in 0..rows {
        let (negative, positive) = sum(row(r));
        let into = &mut sums[r / (rows / channels)];
        *into = (into.0.max(negative), into.1.max(positive));
    }
    sums
}
