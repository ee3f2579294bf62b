//! Checks a fused network against the network it was made from, without looking at how it was folded.
//!
//! | rule | demands |
//! |---|---|
//! | `network` | timesteps, encoding and read-out are those of the network, and neither normalizations nor linear populations are left |
//! | `neurons` | every population with neurons is still there, with its shape and model; input counts in units of 1 |
//! | `offsets` | initial potentials contain what normalizations add on every way to them |
//! | `responses` | a vector of values sent by a population arrives at every other one as before, after the same delays |
//!
//! Between two populations with neurons everything is linear, so one random vector per sender finds a wrong weight: values are
//! whole numbers that no fold could cancel but by chance. What arrives is compared within 2⁻¹⁸ of the sum of the absolute
//! contributions, since folded weights are stored as `f32`.

use super::Found;
use crate::diagnostics::Violations;
use ir::{Connectivity, Graph, NeuronModel, PopulationId, ProjectionId, Shape, Trained};
use std::collections::BTreeMap;

/// Allowed deviation, of the sum of the absolute contributions.
const TOLERANCE: f64 = 1.0 / (1 << 18) as f64;

/// Every broken rule.
pub fn check(before: &Graph<Trained>, after: &Graph<Trained>) -> Violations {
    let mut found = Found::default();
    let kept = kept(before);
    if network(before, after, &kept, &mut found) {
        for (&old, (new, _)) in kept.iter().zip(after.populations()) {
            neurons(before, after, old, new, &mut found);
            responses(before, after, &kept, old, new, &mut found);
        }
        offsets(before, after, &kept, &mut found);
    }
    found.into_violations()
}

/// Populations with neurons in the order in which they are kept: the input, then the others.
fn kept(before: &Graph<Trained>) -> Vec<PopulationId> {
    let is = |wanted: fn(&NeuronModel<Trained>) -> bool| {
        before.populations().filter(move |(_, p)| wanted(&p.neuron)).map(|(id, _)| id)
    };
    let input = is(|n| matches!(n, NeuronModel::Input { .. }));
    input.chain(is(|n| !matches!(n, NeuronModel::Input { .. } | NeuronModel::Linear))).collect()
}

fn network(before: &Graph<Trained>, after: &Graph<Trained>, kept: &[PopulationId], found: &mut Found) -> bool {
    found.rule(kept.len() == after.n_populations(), "network", "network", || {
        format!("{} populations with neurons became {}", kept.len(), after.n_populations())
    });
    for (id, p) in after.populations() {
        let plain = p.norm.is_none() && !matches!(p.neuron, NeuronModel::Linear);
        found.rule(plain, "network", id, || "still has a normalization, or no neurons".into());
    }
    let same = before.timesteps == after.timesteps && before.encoding == after.encoding;
    found.rule(same, "network", "network", || "its timesteps or its encoding changed".into());
    let read = kept.iter().position(|&id| id == before.readout.population()).map(|at| PopulationId(at as u32));
    let same = read.is_some_and(|read| before.readout.clone().of(read) == after.readout);
    found.rule(same, "network", "read-out", || format!("became {:?}", after.readout));
    found.0.is_empty()
}

fn neurons(before: &Graph<Trained>, after: &Graph<Trained>, old: PopulationId, new: PopulationId, found: &mut Found) {
    let (old, population) = (before.population(old), after.population(new));
    let (a, b) = (without_start(&old.neuron), without_start(&population.neuron));
    found.rule(a == b && old.shape == population.shape, "neurons", new, || {
        format!("{} {a:?} became {} {b:?}", old.shape, population.shape)
    });
}

/// A model without what folding may change: initial potentials, and the value of an input unit.
fn without_start(neuron: &NeuronModel<Trained>) -> NeuronModel<Trained> {
    let mut neuron = neuron.clone();
    match &mut neuron {
        NeuronModel::Spiking(n) => n.v_init.0.clear(),
        NeuronModel::Accumulator { v_init } => v_init.0.clear(),
        NeuronModel::Dynamic(list) => list.words[usize::from(list.potential.0)].init.0.clear(),
        NeuronModel::Input { scale, .. } => *scale = 1.0,
        NeuronModel::Linear => {}
    }
    neuron
}

/// Initial potential of every neuron, where there are potentials.
fn start(neuron: &NeuronModel<Trained>, shape: Shape) -> Option<Vec<f64>> {
    let v_init = match neuron {
        NeuronModel::Spiking(n) => &n.v_init,
        NeuronModel::Accumulator { v_init } => v_init,
        NeuronModel::Dynamic(list) => &list.words[usize::from(list.potential.0)].init,
        NeuronModel::Input { .. } | NeuronModel::Linear => return None,
    };
    Some((0..shape.neurons()).map(|i| v_init.of(i, shape)).collect())
}

/// What arrives at a neuron, and the sum of the absolute contributions.
#[derive(Clone, Copy, Default)]
struct Sum {
    value: f64,
    magnitude: f64,
}

impl Sum {
    /// Whether a value is this one but for rounding; no NaN is.
    fn is(self, value: f64) -> bool {
        (self.value - value).abs() <= TOLERANCE * self.magnitude
    }
}

/// Values on their way, by the population they have reached and the timesteps it took.
type Front = BTreeMap<(PopulationId, u32), Vec<Sum>>;

/// What a vector sent by a population becomes at the populations with neurons.
fn arrivals(graph: &Graph<Trained>, from: PopulationId, sent: Vec<Sum>) -> Front {
    let mut arrived = Front::new();
    let mut front = Front::from([((from, 0), sent)]);
    // A way through linear populations is at most as long as the network; longer ones are circles, which fusing refuses.
    for _ in 0..=graph.n_populations() {
        let mut next = Front::new();
        for ((pre, steps), values) in front {
            for id in graph.outgoing(pre) {
                let (_, post) = graph.ends(id);
                let linear = matches!(graph.population(post).neuron, NeuronModel::Linear);
                let into = if linear { &mut next } else { &mut arrived };
                let sums = into
                    .entry((post, steps + graph.projection(id).delay))
                    .or_insert_with(|| vec![Sum::default(); graph.population(post).shape.neurons()]);
                through(graph, id, &values, sums);
            }
        }
        front = next;
    }
    arrived
}

/// Adds what a projection, and the gain of the normalization behind it, makes of values.
fn through(graph: &Graph<Trained>, id: ProjectionId, values: &[Sum], sums: &mut [Sum]) {
    let (pre, post) = graph.ends(id);
    let (pre, population) = (graph.population(pre).shape, graph.population(post));
    let post = population.shape;
    let projection = graph.projection(id);
    let gain = |i: usize| population.norm.as_ref().map_or(1.0, |norm| norm.affine(post.channel(i)).0);
    let mut add = |i: usize, j: usize, weight: usize| {
        let w = f64::from(projection.weights[weight]) * gain(i);
        sums[i].value += w * values[j].value;
        sums[i].magnitude += w.abs() * values[j].magnitude;
    };
    if let (Connectivity::Sparse(lists), None) = (&projection.connectivity, projection.pool) {
        for source in 0..lists.len() {
            lists.synapses(source).for_each(|s| add(lists.targets()[s] as usize, source, s));
        }
    } else {
        for i in 0..post.neurons() {
            projection.synapses_onto(pre, post, post.position(i), |j, weight| add(i, j, weight));
        }
    }
}

fn responses(
    before: &Graph<Trained>,
    after: &Graph<Trained>,
    kept: &[PopulationId],
    old: PopulationId,
    new: PopulationId,
    found: &mut Found,
) {
    let n = after.population(new).shape.neurons();
    let probe = |unit: f64| (0..n).map(|i| whole(i as u64, unit)).collect();
    let unit = match before.population(old).neuron {
        NeuronModel::Input { scale, .. } => f64::from(scale),
        _ => 1.0,
    };
    let expected = arrivals(before, old, probe(unit));
    let mut got = arrivals(after, new, probe(1.0));
    for ((post, steps), expected) in expected {
        let at = PopulationId(kept.iter().position(|&id| id == post).expect("it has neurons") as u32);
        let got = got.remove(&(at, steps)).unwrap_or_else(|| vec![Sum::default(); expected.len()]);
        let wrong = expected.iter().zip(&got).filter(|(e, g)| !e.is(g.value)).count();
        found.rule(wrong == 0, "responses", at, || {
            format!("{wrong} of {} neurons get something else from {new} after {steps} steps", expected.len())
        });
    }
    for ((at, steps), sums) in got {
        let silent = sums.iter().all(|s| s.magnitude == 0.0);
        found.rule(silent, "responses", at, || format!("gets something new from {new} after {steps} steps"));
    }
}

/// A whole number from 1 to 15 with either sign, from the place alone.
fn whole(i: u64, unit: f64) -> Sum {
    let mixed = (i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let magnitude = unit.abs() * ((mixed >> 33) % 15 + 1) as f64;
    let sign = if mixed >> 63 == 0 { 1.0 } else { -1.0 };
    Sum { value: unit.signum() * sign * magnitude, magnitude }
}

fn offsets(before: &Graph<Trained>, after: &Graph<Trained>, kept: &[PopulationId], found: &mut Found) {
    let mut expected: BTreeMap<PopulationId, Vec<Sum>> = BTreeMap::new();
    let add = |expected: &mut BTreeMap<PopulationId, Vec<Sum>>, id: PopulationId, values: &[Sum]| {
        let n = before.population(id).shape.neurons();
        let sums = expected.entry(id).or_insert_with(|| vec![Sum::default(); n]);
        for (sum, value) in sums.iter_mut().zip(values) {
            sum.value += value.value;
            sum.magnitude += value.magnitude;
        }
    };
    for (id, population) in before.populations() {
        let shape = population.shape;
        if let Some(v) = start(&population.neuron, shape) {
            let v: Vec<Sum> = v.into_iter().map(|value| Sum { value, magnitude: value.abs() }).collect();
            add(&mut expected, id, &v);
        }
        let Some(norm) = &population.norm else { continue };
        let offset = |i: usize| {
            let c = shape.channel(i);
            let (gain, value) = norm.affine(c);
            Sum { value, magnitude: f64::from(norm.shift[c]).abs() + (gain * f64::from(norm.mean[c])).abs() }
        };
        let offset: Vec<Sum> = (0..shape.neurons()).map(offset).collect();
        if matches!(population.neuron, NeuronModel::Linear) {
            // An offset is there once in a sample, whenever it arrives.
            for ((post, _), values) in arrivals(before, id, offset) {
                add(&mut expected, post, &values);
            }
        } else {
            add(&mut expected, id, &offset);
        }
    }
    for (&old, (new, population)) in kept.iter().zip(after.populations()) {
        let (Some(expected), Some(got)) = (expected.get(&old), start(&population.neuron, population.shape)) else {
            continue;
        };
        let wrong = expected.iter().zip(&got).filter(|(e, g)| !e.is(**g)).count();
        found.rule(wrong == 0, "offsets", new, || format!("{wrong} of {} neurons start elsewhere", got.len()));
    }
}
