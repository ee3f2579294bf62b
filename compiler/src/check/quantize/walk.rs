//! Walks a neuron through a sample in which all sources push it up, or all pull it down, synapse by synapse.

use ir::{
    Compare, Dynamics, Graph, InputCoding, Leak, NeuronModel, PopulationId, ProjectionId, Quantized, Reset, Spiking,
    Stage, Unit,
};

/// How numbers behave: integers are counted in `f64` too, far below 2⁵³.
#[derive(Clone, Copy)]
pub(super) struct Numbers {
    /// Distance from a number to the next.
    pub(super) gap: f64,
    /// What a leak of `δ` leaves of a potential.
    pub(super) leak: fn(f64, f64) -> f64,
}

pub(super) const REAL: Numbers = Numbers { gap: 0.0, leak: |v, delta| v - v * delta / 4096.0 };
pub(super) const WHOLE: Numbers = Numbers { gap: 1.0, leak: |v, delta| v - (v * delta / 4096.0).trunc() };

/// Lowest and highest potential of a neuron in a sample.
pub(super) fn extremes<S: Stage>(
    graph: &Graph<S>,
    id: PopulationId,
    neuron: usize,
    input: (i32, i32),
    numbers: Numbers,
) -> (f64, f64) {
    let population = graph.population(id);
    let channel = population.shape.channel(neuron);
    let pulls: Vec<(ProjectionId, [f64; 2])> =
        graph.incoming(id).into_iter().map(|p| (p, pull(graph, p, neuron, input))).collect();
    let (start, neuron) = match &population.neuron {
        NeuronModel::Spiking(neuron) => (S::real(neuron.v_init.at(channel)), Some(neuron)),
        NeuronModel::Accumulator { v_init } => (S::real(v_init.at(channel)), None),
        // Lists in integers are walked in `walk_list`.
        NeuronModel::Dynamic(_) => return (f64::NEG_INFINITY, f64::INFINITY),
        NeuronModel::Input { .. } | NeuronModel::Linear => return (0.0, 0.0),
    };
    let (mut low, mut high) = (start, start);
    let (mut lowest, mut highest) = (start, start);
    for t in 0..graph.timesteps {
        for (_, [down, up]) in pulls.iter().filter(|(p, _)| sends(graph, *p, t)) {
            low += down;
            high += up;
        }
        (lowest, highest) = (lowest.min(low), highest.max(high));
        if let Some(neuron) = neuron.filter(|neuron| neuron.window.contains(t)) {
            let bias = S::real(neuron.bias.at(channel));
            (lowest, highest) = (lowest.min(low + bias), highest.max(high + bias));
            (low, high) = range_after(neuron, channel, (low + bias, high + bias), numbers);
            (lowest, highest) = (lowest.min(low), highest.max(high));
        }
    }
    (lowest, highest)
}

/// Lowest and highest word of a neuron in four concrete samples: everything up, everything down, and the two in turn.
pub(super) fn walk_list(
    graph: &Graph<Quantized>,
    list: &Dynamics<Quantized>,
    id: PopulationId,
    neuron: usize,
    input: (i32, i32),
) -> (f64, f64) {
    let shape = graph.population(id).shape;
    let pulls: Vec<(ProjectionId, [i64; 2])> =
        graph.incoming(id).into_iter().map(|p| (p, pull(graph, p, neuron, input).map(|x| x as i64))).collect();
    let mut found = (i64::MAX, i64::MIN);
    for pattern in 0..4u32 {
        let mut words: Vec<i64> = list.words.iter().map(|word| word.init.of(neuron, shape)).collect();
        for t in 0..graph.timesteps {
            let up = usize::from(match pattern {
                0 | 1 => pattern == 1,
                _ => (t + pattern).is_multiple_of(2),
            });
            for (_, pull) in pulls.iter().filter(|(p, _)| sends(graph, *p, t)) {
                words[0] += pull[up] << list.shift;
            }
            if list.window.contains(t) {
                ir::interp::step(list, &mut words, (neuron, shape), t);
            }
            for (&w, _) in words.iter().zip(&list.words).filter(|(_, word)| word.unit == Unit::Potential) {
                found = (found.0.min(w), found.1.max(w));
            }
        }
    }
    (found.0 as f64, found.1 as f64)
}

/// The most that one projection can take from and give to a neuron in one timestep.
fn pull<S: Stage>(graph: &Graph<S>, id: ProjectionId, neuron: usize, input: (i32, i32)) -> [f64; 2] {
    let (pre, post) = graph.ends(id);
    let (pre, post) = (graph.population(pre), graph.population(post));
    let (least, most) = match &pre.neuron {
        NeuronModel::Input { .. } => (f64::from(input.0.min(0)), f64::from(input.1.max(0))),
        NeuronModel::Dynamic(list) => (0.0, list.most_counted().unwrap_or(1.0)),
        _ => (0.0, 1.0),
    };
    let projection = graph.projection(id);
    let mut result = [0.0, 0.0];
    projection.synapses_onto(pre.shape, post.shape, post.shape.position(neuron), |_, w| {
        let w = S::real_weight(projection.weights[w]);
        result[0] += (w * least).min(w * most);
        result[1] += (w * least).max(w * most);
    });
    result
}

fn sends<S: Stage>(graph: &Graph<S>, id: ProjectionId, t: u32) -> bool {
    let Some(then) = t.checked_sub(graph.projection(id).delay) else { return false };
    match &graph.population(graph.ends(id).0).neuron {
        NeuronModel::Input { coding: InputCoding::DirectOnce, .. } => then == 0,
        NeuronModel::Input {
            coding: InputCoding::DirectEveryStep { steps } | InputCoding::Events { steps, .. },
            ..
        } => then < *steps && then % graph.pace == 0,
        neuron @ (NeuronModel::Spiking(_) | NeuronModel::Dynamic(_)) => {
            neuron.window().is_some_and(|window| window.contains(then))
        }
        NeuronModel::Accumulator { .. } | NeuronModel::Linear => false,
    }
}

/// Smallest and largest potential after an update that finds one in `low..=high`.
fn range_after<S: Stage>(neuron: &Spiking<S>, channel: usize, (low, high): (f64, f64), numbers: Numbers) -> (f64, f64) {
    let floor = neuron.floor.map_or(f64::NEG_INFINITY, S::real);
    let theta = S::real(neuron.threshold.at(channel));
    let quiet = if neuron.compare == Compare::Greater { theta } else { theta - numbers.gap };
    let (low, high) = (low.max(floor), high.max(floor));
    let mut ends = Vec::new();
    if low <= quiet {
        ends.extend([low, high.min(quiet)]);
    }
    if high >= quiet + numbers.gap {
        let reset = |v: f64| if neuron.reset == Reset::Subtract { v - theta } else { 0.0 };
        ends.extend([reset(low.max(quiet + numbers.gap)), reset(high)]);
    }
    let left = |v: f64| match neuron.leak {
        Leak::None => v,
        Leak::Decay(decay) => (numbers.leak)(v, f64::from(decay)),
    };
    let bounds = || ends.iter().map(|&v| left(v));
    (bounds().reduce(f64::min).unwrap_or(low), bounds().reduce(f64::max).unwrap_or(high))
}
