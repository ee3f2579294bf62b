//! The numbers that share a scale: those of one channel, or of a whole population whose potentials are compared.

use super::{PARAMETER_LIMIT, QuantizeOptions, list, one_scale, unit};
use crate::width::Reach;
use ir::{Compare, Graph, NeuronModel, PopulationId, Reset, Trained};

/// A channel's real numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    /// Magnitudes of the weights that are not 0, ascending, each once, with how many there are.
    pub(super) weights: Vec<(f64, u32)>,
    /// Whether a weight is 0.
    pub(super) zero: bool,
    /// Mean magnitude of all weights.
    pub(super) mean: f64,
    /// The threshold, unless no potential reaches it.
    pub(super) threshold: Option<f64>,
    /// Initial potential, bias and floor; of a list its widest potential.
    pub(super) others: [f64; 3],
    /// All potentials of a list, ascending magnitudes without 0.
    pub(super) potentials: Vec<f64>,
    /// Real value that the largest integer weight must have: what a weight that fires the neuron at once is cut down to.
    pub(super) span: f64,
}

impl Numbers {
    /// The magnitude that becomes the largest integer weight.
    pub(super) fn top(&self, signs: bool) -> f64 {
        if signs { self.mean } else { self.weights.last().map_or(0.0, |w| w.0).max(self.span) }
    }

    /// All numbers of channels that share a scale.
    pub(super) fn magnitudes<'a>(all: impl IntoIterator<Item = &'a Self>) -> Vec<f64> {
        ascending(all.into_iter().flat_map(|n| n.weights.iter().map(|w| w.0)).collect())
    }
}

/// Each once, in order.
pub(super) fn ascending(mut numbers: Vec<f64>) -> Vec<f64> {
    numbers.sort_by(f64::total_cmp);
    numbers.dedup();
    numbers
}

/// The numbers of every channel of a population; `reach` says which potentials its real-valued channels can have.
pub(super) fn numbers(graph: &Graph<Trained>, id: PopulationId, reach: &[Reach], bits: u32) -> Vec<Numbers> {
    let population = graph.population(id);
    let channels = population.shape.channels as usize;
    let mut weights: Vec<Vec<f32>> = vec![Vec::new(); channels];
    for projection in graph.incoming(id) {
        let projection = graph.projection(projection);
        for (i, &w) in projection.weights.iter().enumerate() {
            for c in projection.channels_of(i, population.shape) {
                weights[c].push(w);
            }
        }
    }
    // A sign cannot be cut.
    let sure = fires_at_once(graph, id, reach).filter(|_| bits > 1);
    weights
        .into_iter()
        .enumerate()
        .map(|(c, weights)| {
            let (threshold, others, potentials) = match &population.neuron {
                NeuronModel::Spiking(n) => {
                    let threshold = n.threshold.at(c);
                    let reached = !is_quiet(graph, id, c, reach);
                    let others = [n.v_init.at(c), n.bias.at(c), n.floor.unwrap_or(0.0)];
                    (reached.then_some(threshold), others, Vec::new())
                }
                NeuronModel::Accumulator { v_init } => (None, [v_init.at(c), 0.0, 0.0], Vec::new()),
                NeuronModel::Dynamic(list) => {
                    let potentials = list::potentials(list, c, population.shape);
                    let widest = potentials.last().copied().unwrap_or(0.0);
                    (list::least_threshold(list, c, population.shape), [widest, 0.0, 0.0], potentials)
                }
                NeuronModel::Input { .. } | NeuronModel::Linear => (None, [0.0; 3], Vec::new()),
            };
            Numbers { threshold, others, potentials, ..of_weights(weights, sure.as_ref().map(|sure| sure[c])) }
        })
        .collect()
}

fn of_weights(weights: Vec<f32>, sure: Option<f64>) -> Numbers {
    let mut numbers = Numbers::default();
    let (mut sum, n) = (0.0, weights.len());
    let mut magnitudes = Vec::with_capacity(n);
    for w in weights.into_iter().map(f64::from) {
        sum += w.abs();
        numbers.zero |= w == 0.0;
        match sure {
            Some(sure) if w > sure => numbers.span = sure * (1.0 + 1.0 / 64.0),
            _ if w != 0.0 => magnitudes.push(w.abs()),
            _ => {}
        }
    }
    magnitudes.sort_by(f64::total_cmp);
    for w in magnitudes {
        match numbers.weights.last_mut() {
            Some((last, count)) if last.total_cmp(&w).is_eq() => *count += 1,
            _ => numbers.weights.push((w, 1)),
        }
    }
    numbers.mean = sum / n.max(1) as f64;
    numbers
}

/// Whether no potential of a channel reaches its threshold.
pub(super) fn is_quiet(graph: &Graph<Trained>, id: PopulationId, c: usize, reach: &[Reach]) -> bool {
    let neuron = match &graph.population(id).neuron {
        NeuronModel::Spiking(neuron) => neuron,
        NeuronModel::Dynamic(list) => return list::least_threshold(list, c, graph.population(id).shape).is_none(),
        NeuronModel::Accumulator { .. } | NeuronModel::Input { .. } | NeuronModel::Linear => return true,
    };
    let highest = reach[c].high * (1.0 + 1e-9 * reach[c].high.signum());
    match neuron.compare {
        Compare::Greater => highest <= neuron.threshold.at(c),
        Compare::GreaterEqual => highest < neuron.threshold.at(c),
    }
}

/// By channel, the weight above which one spike fires the neuron whatever else arrives: θ above the lowest potential, by more than the
/// precision of a weight. What is left over does not matter where a reset sets the potential to 0, and nobody reads it.
pub(super) fn fires_at_once(graph: &Graph<Trained>, id: PopulationId, reach: &[Reach]) -> Option<Vec<f64>> {
    let NeuronModel::Spiking(neuron) = &graph.population(id).neuron else { return None };
    (neuron.reset == Reset::Zero && !one_scale(graph, id) && sources_are_spikes(graph, id)).then(|| {
        let above = |(c, r): (usize, &Reach)| (neuron.threshold.at(c) - r.low.min(0.0)) * (1.0 + unit::PRECISION);
        reach.iter().enumerate().map(above).collect()
    })
}

/// Whether all that arrives is spikes: 0 or 1.
pub(super) fn sources_are_spikes<S: ir::Stage>(graph: &Graph<S>, id: PopulationId) -> bool {
    graph.incoming(id).into_iter().all(|p| match &graph.population(graph.ends(p).0).neuron {
        NeuronModel::Input { coding, .. } => coding.is_spikes(),
        neuron => neuron.emits() == ir::Emits::Spikes,
    })
}

/// Largest magnitude of a parameter in units.
pub(super) fn parameter_limit(options: &QuantizeOptions<'_>) -> f64 {
    PARAMETER_LIMIT.min(2f64.powi(options.state_bits.min(62) as i32 - 1) - 1.0)
}
