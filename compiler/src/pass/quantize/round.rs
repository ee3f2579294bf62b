//! Real numbers to integers at given scales.

use super::{
    Pass, Scales, largest_weight, list,
    numbers::{fires_at_once, is_quiet},
    unit,
};
use crate::width::Bound;
use ir::{
    Compare, Graph, Leak, NeuronModel, PerChannel, Population, Projection, Quantized, Readout, Reset, Shape, Spiking,
    Trained,
};

/// Largest magnitude of a channel-energy weight of the host's read-out.
const READOUT_LIMIT: f64 = 1_048_576.0;
/// A threshold for the time until it is known what potentials reach.
const FAR: i64 = 1 << 40;

/// The integer network at given scales. Thresholds that no real potential reaches lie beyond all others; [`settle`] lowers them.
pub(super) fn round(pass: &Pass<'_>, scales: &Scales) -> Graph<Quantized> {
    let Pass { graph, options, reach, .. } = pass;
    let bits = options.weight_bits;
    let mut result = Graph::new(graph.name.clone(), graph.timesteps, graph.encoding);
    result.pace = graph.pace;
    for (id, p) in graph.populations() {
        let reach = &reach[id.0 as usize];
        let (units, form) = (scales.units(id), pass.forms[id.0 as usize]);
        let neuron = match &p.neuron {
            NeuronModel::Dynamic(list) => {
                NeuronModel::Dynamic(Box::new(list::quantized(list, &units, p.shape, form, options)))
            }
            neuron => {
                let parts: Vec<f64> = units.iter().map(|unit| unit / form.fine()).collect();
                match quantized_neuron(neuron, &parts, |c| is_quiet(graph, id, c, reach)) {
                    NeuronModel::Spiking(n) if form.list => {
                        NeuronModel::Dynamic(Box::new(list::of_spiking(&n, form, options)))
                    }
                    neuron => neuron,
                }
            }
        };
        result.add_population(Population { name: p.name.clone(), shape: p.shape, neuron, norm: () });
    }
    for (id, projection) in graph.projections() {
        let (pre, post) = graph.ends(id);
        let shape = graph.population(post).shape;
        // What fires at once is cut down by channel.
        let apart = bits > 1 && fires_at_once(graph, post, &reach[post.0 as usize]).is_some();
        let weights = quantized_weights(projection, shape, &scales.units(post), apart, bits);
        let Projection { connectivity, pool, delay, .. } = projection.clone();
        result.connect(pre, post, Projection { connectivity, pool, weights, delay });
    }
    result.readout = quantized_readout(&graph.readout);
    result
}

/// Lowers what need not be as large as it is, so that it takes no width: thresholds that nothing reaches to one unit above the highest
/// potential, and weights that fire a neuron whatever else arrives to what does so.
pub(super) fn settle(pass: &Pass<'_>, whole: &mut Graph<Quantized>, bounds: &[Vec<Bound>]) {
    let real = pass.graph;
    for (id, p) in real.populations() {
        let NeuronModel::Spiking(n) = &p.neuron else { continue };
        let at = id.0 as usize;
        let (bounds, reach, form) = (&bounds[at], &pass.reach[at], pass.forms[at]);
        let Some(thresholds) = thresholds_mut(&mut whole.population_mut(id).neuron) else { continue };
        let above = i64::from(n.compare == Compare::GreaterEqual);
        for (c, threshold) in thresholds.0.iter_mut().enumerate().filter(|(_, threshold)| **threshold == FAR) {
            let highest = form.saturate.map_or(bounds[c].high, |bits| bounds[c].high.min((1 << (bits - 1)) - 1));
            *threshold = (highest + above).max(1);
        }
        let Some(sure) = fires_at_once(real, id, reach) else { continue };
        let needed = |(c, b): (usize, &Bound)| {
            let missing = fires_at(thresholds.at(c), n.compare) - b.low.min(0);
            missing.div_euclid(1 << form.shift) + i64::from(missing.rem_euclid(1 << form.shift) > 0)
        };
        let needed: Vec<i64> = bounds.iter().enumerate().map(needed).collect();
        let most = largest_weight(pass.options.weight_bits) as i64;
        let shape = real.population(id).shape;
        for p in real.incoming(id) {
            let (real, whole) = (real.projection(p), whole.projection_mut(p));
            let single = real.weights.len() == 1;
            for i in 0..whole.weights.len() {
                let c = whole.channels_of(i, shape).start;
                let w = f64::from(real.weights[if single { 0 } else { i }]);
                if w > sure[c] && needed[c] <= most {
                    // Rounding may have left it a unit short of that.
                    whole.weights[i] = needed[c] as i32;
                }
            }
        }
    }
}

/// The thresholds of an integer neuron, in whatever form it is written.
fn thresholds_mut(neuron: &mut NeuronModel<Quantized>) -> Option<&mut PerChannel<i64>> {
    match neuron {
        NeuronModel::Spiking(neuron) => Some(&mut neuron.threshold),
        NeuronModel::Dynamic(list) => list::threshold_mut(list),
        NeuronModel::Accumulator { .. } | NeuronModel::Input { .. } | NeuronModel::Linear => None,
    }
}

/// The smallest potential that fires.
pub(super) fn fires_at(threshold: i64, compare: Compare) -> i64 {
    threshold + i64::from(compare == Compare::Greater)
}

/// The nearest integer, half away from zero.
pub(super) fn nearest(value: f64) -> i64 {
    value.round() as i64
}

/// `apart`: whether a weight that all channels share is repeated, because they treat it differently.
fn quantized_weights(projection: &Projection<Trained>, post: Shape, units: &[f64], apart: bool, bits: u32) -> Vec<i32> {
    let q_max = largest_weight(bits);
    let apart = apart || units.iter().any(|s| s.total_cmp(&units[0]).is_ne());
    let repeat = |i: usize| if apart { projection.channels_of(i, post).len() } else { 1 };
    let each = (0..projection.weights.len()).flat_map(|i| (0..repeat(i)).map(move |c| (i, c)));
    let rounded = each.map(|(i, c)| {
        let w = projection.weights[i];
        if bits == 1 {
            return if w < 0.0 { -1 } else { 1 };
        }
        let unit = units[projection.channels_of(i, post).start + c];
        (f64::from(w) / unit).round().clamp(-q_max, q_max) as i32
    });
    rounded.collect()
}

fn quantized_neuron(
    neuron: &NeuronModel<Trained>,
    units: &[f64],
    quiet: impl Fn(usize) -> bool,
) -> NeuronModel<Quantized> {
    let per_channel =
        |values: &PerChannel<f64>| PerChannel((0..units.len()).map(|c| nearest(values.at(c) / units[c])).collect());
    match neuron {
        NeuronModel::Input { coding, scale } => NeuronModel::Input { coding: *coding, scale: *scale },
        NeuronModel::Linear => NeuronModel::Linear,
        NeuronModel::Dynamic(_) => unreachable!("lists are rounded in `list`"),
        NeuronModel::Accumulator { v_init } => NeuronModel::Accumulator { v_init: per_channel(v_init) },
        NeuronModel::Spiking(n) => {
            let threshold = |c: usize| if quiet(c) { FAR } else { threshold(n, n.threshold.at(c) / units[c]) };
            NeuronModel::Spiking(Spiking {
                threshold: PerChannel((0..units.len()).map(threshold).collect()),
                v_init: per_channel(&n.v_init),
                bias: per_channel(&n.bias),
                leak: match n.leak {
                    Leak::None => Leak::None,
                    Leak::Decay(decay) => Leak::Decay(decay),
                },
                reset: n.reset,
                compare: n.compare,
                window: n.window,
                floor: n.floor.map(|floor| nearest(floor / units[0])),
            })
        }
    }
}

/// A threshold in units as an integer: what decides on integers as the real one does, where none of it remains after a spike;
/// else the nearest.
fn threshold(neuron: &Spiking<Trained>, units: f64) -> i64 {
    let whole = match (unit::integer(units), neuron.reset, neuron.compare) {
        (Some(whole), ..) => whole,
        (None, Reset::Subtract, _) => units.round(),
        (None, Reset::Zero, Compare::Greater) => units.floor(),
        (None, Reset::Zero, Compare::GreaterEqual) => units.ceil(),
    };
    (whole as i64).max(1)
}

fn quantized_readout(readout: &Readout<Trained>) -> Readout<Quantized> {
    match readout {
        Readout::Goodness { population, sizes } => Readout::Goodness { population: *population, sizes: sizes.clone() },
        Readout::ChannelEnergy { population, grid, weights } => {
            let largest = weights.iter().fold(0.0f64, |m, &w| m.max(f64::from(w).abs()));
            let scale = if largest > 0.0 { READOUT_LIMIT / largest } else { 1.0 };
            let weights = weights.iter().map(|&w| nearest(f64::from(w) * scale) as i32).collect();
            Readout::ChannelEnergy { population: *population, grid: *grid, weights }
        }
        Readout::Potential { population } => Readout::Potential { population: *population },
        Readout::SpikeCount { population } => Readout::SpikeCount { population: *population },
    }
}
