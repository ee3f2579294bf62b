//! What rounding took away, found by comparing each integer with its real number.

use super::{
    Pass, largest_weight, list,
    numbers::{fires_at_once, is_quiet, sources_are_spikes},
    record::Losses,
    round::fires_at,
    scale::Scale,
    unit,
};
use crate::width::Bound;
use ir::{Compare, DecayRule, Graph, Leak, NeuronModel, PerChannel, PopulationId, Quantized, Reset, Spiking, Trained};

/// What an integrate-and-fire neuron became.
struct Whole<'a> {
    thresholds: &'a PerChannel<i64>,
    biases: Vec<i64>,
    leak: Leak,
    /// Whether the kept value is truncated instead of the loss.
    falls: bool,
}

impl<'a> Whole<'a> {
    fn of(real: &Spiking<Trained>, whole: &'a NeuronModel<Quantized>, rule: DecayRule) -> Option<Self> {
        let channels = |of: &dyn Fn(usize) -> i64, n: usize| (0..n).map(of).collect();
        match whole {
            NeuronModel::Spiking(n) => {
                let biases = n.bias.0.clone();
                Some(Self { thresholds: &n.threshold, biases, leak: n.leak, falls: false })
            }
            NeuronModel::Dynamic(list) => {
                let thresholds = list::threshold(list)?;
                let biases = channels(&|c| list::bias(list, c), thresholds.0.len());
                Some(Self { thresholds, biases, leak: real.leak, falls: rule != DecayRule::Loss })
            }
            NeuronModel::Accumulator { .. } | NeuronModel::Input { .. } | NeuronModel::Linear => None,
        }
    }
}

/// The losses of one population, whose channels have these scales and bounds.
pub(super) fn losses(
    pass: &Pass<'_>,
    whole: &Graph<Quantized>,
    id: PopulationId,
    scales: &[Scale],
    bounds: &[Bound],
) -> Losses {
    let (real, bits, at) = (pass.graph, pass.options.weight_bits, id.0 as usize);
    let (reach, form) = (&pass.reach[at], pass.forms[at]);
    let units: Vec<f64> = scales.iter().map(|scale| scale.unit).collect();
    let mut losses = Losses::default();
    let neurons = match &real.population(id).neuron {
        NeuronModel::Spiking(n) => {
            Whole::of(n, &whole.population(id).neuron, pass.options.decay).map(|whole| (n, whole))
        }
        _ => None,
    };
    let threshold = |c: usize| match &neurons {
        Some((real_neuron, _)) if !is_quiet(real, id, c, reach) => real_neuron.threshold.at(c),
        _ => match &real.population(id).neuron {
            NeuronModel::Dynamic(list) => list::least_threshold(list, c, real.population(id).shape),
            _ => None,
        }
        .unwrap_or(largest_weight(bits) * units[c]),
    };
    let sure = fires_at_once(real, id, reach).filter(|_| sources_are_spikes(whole, id));
    let shape = real.population(id).shape;
    let mut zeroed = vec![0.0f64; units.len()];
    let mut all = vec![0.0f64; units.len()];
    for projection in real.incoming(id) {
        let (p, q) = (real.projection(projection), whole.projection(projection));
        for (i, &w) in q.weights.iter().enumerate() {
            let x = f64::from(if p.weights.len() == 1 { p.weights[0] } else { p.weights[i] });
            for c in q.channels_of(i, shape) {
                losses.n_weights += usize::from(x != 0.0);
                let fires = neurons.as_ref().map(|(n, whole)| fires_at(whole.thresholds.at(c), n.compare));
                let arrives = i64::from(w) << form.shift;
                let capped = sure.as_ref().is_some_and(|sure| x > sure[c])
                    && fires.is_some_and(|fires| arrives + bounds[c].low.min(0) >= fires);
                if capped {
                    let cut = f64::from(w) < (x / units[c]).round();
                    losses.n_capped += usize::from(cut);
                    continue;
                }
                all[c] += x.abs();
                if bits == 1 {
                    continue;
                }
                if w == 0 && x != 0.0 {
                    losses.n_zeroed += 1;
                    zeroed[c] += x.abs();
                }
                if (x / units[c]).round().abs() > f64::from(w.unsigned_abs()) {
                    losses.n_clipped += 1;
                } else if unit::integer(x / units[c]).is_none() {
                    let error = (f64::from(w) * units[c] - x).abs() / threshold(c);
                    losses.weight_error = losses.weight_error.max(error);
                }
            }
        }
    }
    for c in 0..units.len() {
        if all[c] > 0.0 {
            losses.zeroed_share = losses.zeroed_share.max(zeroed[c] / all[c]);
            losses.zeroed_drive = losses.zeroed_drive.max(zeroed[c] / threshold(c));
        }
    }
    if let Some((real_neuron, whole_neuron)) = &neurons {
        for (c, &unit) in units.iter().enumerate() {
            let part = unit / form.fine();
            let bias = whole_neuron.biases.get(c).or(whole_neuron.biases.first()).copied().unwrap_or(0);
            of_bias(&mut losses, real_neuron.bias.at(c), bias, part);
            if !is_quiet(real, id, c, reach) {
                of_threshold(&mut losses, real_neuron, c, whole_neuron.thresholds.at(c), part);
            }
            let size = part / threshold(c);
            if whole_neuron.falls {
                of_fall(&mut losses, whole_neuron.leak, real_neuron.window.len(), size);
            } else {
                of_leak(&mut losses, whole_neuron.leak, size);
            }
        }
    }
    losses
}

fn of_bias(losses: &mut Losses, real: f64, whole: i64, unit: f64) {
    if real == 0.0 {
        return;
    }
    losses.n_biases += 1;
    losses.n_vanished += usize::from(whole == 0);
    if unit::integer(real / unit).is_none() {
        losses.bias_error = losses.bias_error.max((whole as f64 * unit / real - 1.0).abs());
    }
}

fn of_threshold(losses: &mut Losses, real: &Spiking<Trained>, c: usize, threshold: i64, unit: f64) {
    let theta = real.threshold.at(c);
    let decides = |v: i64| {
        let v = v as f64 * unit / theta;
        let meets = unit::integer(v) == Some(1.0);
        if meets { real.compare == Compare::GreaterEqual } else { v > 1.0 }
    };
    let fires = fires_at(threshold, real.compare);
    let same = decides(fires) && !decides(fires - 1);
    if !same || (real.reset == Reset::Subtract && unit::integer(theta / unit).is_none()) {
        losses.threshold_error = losses.threshold_error.max((threshold as f64 * unit / theta - 1.0).abs());
    }
}

/// Below 4096/δ units the leak's share of a potential is less than one unit, and is truncated to nothing.
fn of_leak(losses: &mut Losses, leak: Leak, unit: f64) {
    let Leak::Decay(decay @ 1..4096) = leak else { return };
    let stands = (4096 - 1) / i64::from(decay);
    if stands > 0 {
        losses.dead_zone = Some(losses.dead_zone.unwrap_or(0.0).max(stands as f64 * unit));
    }
}

/// A truncated kept value falls by up to a unit too much in each update, which the leak forgets after 4096/δ of them.
fn of_fall(losses: &mut Losses, leak: Leak, updates: u32, unit: f64) {
    let Leak::Decay(decay @ 1..4096) = leak else { return };
    let memory = f64::from(updates).min(4096.0 / f64::from(decay));
    losses.fall = Some(losses.fall.unwrap_or(0.0).max(memory * unit));
}
