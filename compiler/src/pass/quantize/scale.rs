//! The scale of a channel: the real value of one unit of its integers.
//!
//! With `Q` the largest integer weight, `w_max` the largest weight magnitude onto the channel and `clip ≤ 1`, in this order:
//!
//! - **shared unit.** If weights, threshold, bias and initial potential are multiples of one unit, of which the largest weight has at
//!   most Q, that unit is taken: nothing is rounded. A hard reset leaves nothing of the threshold behind, so it need be no
//!   multiple: `v > θ` is `V > ⌊θ/s⌋`, and `v ≥ θ` is `V ≥ ⌈θ/s⌉`, unless a leak makes potentials any number. A leak takes fractions of a unit away, so that where one is
//!   the unit is divided as often as Q allows;
//! - **free scale.** `Θ = even(⌊θ·Q/(clip·w_max)⌋)`, `s = θ/Θ`: the threshold is exact, and an initial potential of θ/2 is too. With
//!   `θ = 1` and `clip = 1` this is the deployment rule of forward-forward networks. If a quarter of the weights are in ratios of
//!   integers up to 32 to θ, Θ is a multiple of the denominators, so that sums that meet the threshold still do. For a few distinct
//!   weights Θ is the one of the upper half of its range that rounds least, if that halves the error;
//! - **power-of-two thresholds**, if asked: `Θ = 2^⌊log₂(θ·Q/(clip·w_max))⌋`;
//! - **no threshold**, or one that no potential reaches: `s = clip·w_max/Q`.

use super::{
    PARAMETER_LIMIT, QuantizeOptions,
    form::Form,
    list,
    numbers::{Numbers, ascending, parameter_limit},
    unit::{self, Together},
};
use ir::{Leak, NeuronModel, Reset, Trained};

/// Most distinct weights among which the best threshold is sought.
const FEW: usize = 8;
/// Share of the largest weight's units that a shared unit must keep where a leak needs fractions.
const FINE: f64 = 0.75;
/// Most thresholds that are tried.
const TRIES: f64 = 4096.0;

/// The scale of a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// Real value of one unit.
    pub(super) unit: f64,
    /// Whether all numbers are integers in this unit.
    pub(super) exact: bool,
}

/// What a scale has to respect beside the numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules<'a> {
    pub(super) options: &'a QuantizeOptions<'a>,
    /// Largest integer weight, Q, less where potentials must become narrower.
    pub(super) limit: f64,
    pub(super) clip: f64,
    /// A list of operations, whose numbers share no unit.
    pub(super) list: bool,
    /// Units of a potential, a threshold or a bias in a unit of a weight, 2^k.
    pub(super) fine: f64,
    /// Most units of a parameter.
    pub(super) parameter_limit: f64,
    /// Hard reset.
    pub(super) hard: bool,
    /// Updates over which the leak, which takes fractions of a unit, remembers their loss; 0 without.
    pub(super) memory: f64,
    /// Number of updates, in each of which a bias acts.
    pub(super) updates: f64,
}

impl<'a> Rules<'a> {
    pub(super) fn of(
        neuron: &NeuronModel<Trained>,
        options: &'a QuantizeOptions<'a>,
        form: Form,
        limit: f64,
        clip: f64,
    ) -> Self {
        let list = matches!(neuron, NeuronModel::Dynamic(_));
        let fine = form.fine();
        let parameter_limit = if list { PARAMETER_LIMIT } else { parameter_limit(options) } / fine;
        let (hard, memory, updates) = match neuron {
            NeuronModel::Spiking(n) => {
                let updates = f64::from(n.window.len());
                let memory = match n.leak {
                    Leak::Decay(decay @ 1..4096) => updates.min(4096.0 / f64::from(decay)),
                    _ => 0.0,
                };
                (n.reset == Reset::Zero, memory, updates)
            }
            NeuronModel::Dynamic(n) if list::decays(n) => (false, f64::from(n.window.len()), 0.0),
            _ => (false, 0.0, 0.0),
        };
        Self { options, limit, clip, list, fine, parameter_limit, hard, memory, updates }
    }

    fn leaks(&self) -> bool {
        self.memory > 0.0
    }

    fn signs(&self) -> bool {
        self.options.weight_bits == 1
    }
}

/// The scale of one channel.
pub(super) fn of_channel(numbers: &Numbers, rules: Rules<'_>) -> Scale {
    if let Some(scale) = shared([numbers], rules) {
        return scale;
    }
    let top = rules.clip * numbers.top(rules.signs());
    let unit = match numbers.threshold {
        Some(threshold) => threshold / threshold_units(threshold, numbers, top / rules.limit, rules),
        None => without_threshold([numbers], rules),
    };
    Scale { unit, exact: false }
}

/// The one scale of channels that are compared.
pub(super) fn of_population(all: &[Numbers], rules: Rules<'_>) -> Scale {
    if let Some(scale) = shared(all, rules) {
        return scale;
    }
    let top = all.iter().fold(0.0f64, |m, n| m.max(n.top(rules.signs())));
    let thresholds = || all.iter().filter_map(|n| n.threshold.map(|t| (t, n)));
    let unit = if thresholds().next().is_none() {
        without_threshold(all, rules)
    } else {
        let scale = |(t, n): (f64, &Numbers)| {
            let alone = Numbers { others: n.others, ..Numbers::default() };
            t / threshold_units(t, &alone, rules.clip * top / rules.limit, rules)
        };
        let coarsest = thresholds().map(scale).fold(0.0, f64::max);
        // No threshold may fall below 2 units, or it would lose its meaning; weights are clipped instead.
        let finest_threshold = thresholds().map(|(t, _)| t).fold(f64::INFINITY, f64::min);
        coarsest.min(finest_threshold * rules.fine / 2.0)
    };
    Scale { unit, exact: false }
}

fn without_threshold<'n>(all: impl IntoIterator<Item = &'n Numbers>, rules: Rules<'_>) -> f64 {
    let (mut top, mut widest) = (0.0f64, 0.0f64);
    for n in all {
        top = top.max(n.top(rules.signs()));
        widest = n.others.iter().fold(widest, |m, v| m.max(v.abs()));
    }
    let unit = (rules.clip * top / rules.limit).max(widest / rules.parameter_limit);
    if unit > 0.0 { unit } else { 1.0 }
}

/// The unit of which everything is a multiple.
fn shared<'n>(all: impl IntoIterator<Item = &'n Numbers>, rules: Rules<'_>) -> Option<Scale> {
    let all: Vec<&Numbers> = all.into_iter().collect();
    let weights = Numbers::magnitudes(all.iter().copied());
    if rules.clip < 1.0 || (rules.signs() && (weights.len() > 1 || all.iter().any(|n| n.zero))) {
        return None;
    }
    let others = all.iter().flat_map(|n| n.others.iter().chain(&n.potentials));
    let mut parameters: Vec<f64> = others.filter(|&&p| p != 0.0).map(|p| p * rules.fine).collect();
    let mut thresholds: Vec<f64> = all.iter().filter_map(|n| n.threshold).map(|t| t * rules.fine).collect();
    if !rules.hard || rules.leaks() || rules.options.power_of_two_threshold {
        parameters.append(&mut thresholds);
    }
    parameters.sort_by(f64::total_cmp);
    parameters.dedup();
    // Without weights the parameters have to agree among themselves.
    let (weights, most) = if weights.is_empty() {
        (ascending(parameters.iter().chain(&thresholds).map(|p| p.abs()).collect()), TRIES)
    } else {
        (weights, rules.limit.floor())
    };
    let span = all.iter().fold(0.0f64, |m, n| m.max(n.span));
    let numbers = Together {
        weights: &weights,
        most,
        parameters: &parameters,
        at_least_one: &thresholds,
        limit: rules.limit.floor(),
        parameter_limit: rules.parameter_limit * rules.fine,
        span,
    };
    if weights.is_empty() && span == 0.0 {
        return Some(Scale { unit: 1.0, exact: true });
    }
    let n = unit::shared(&numbers)?;
    let unit = weights.last()? / n;
    if rules.options.power_of_two_threshold {
        let power = |t: f64| (t * rules.fine / unit).round().log2().fract() == 0.0;
        return all.iter().filter_map(|n| n.threshold).all(power).then_some(Scale { unit, exact: true });
    }
    let finer = if rules.leaks() {
        let widest = parameters.iter().chain(&thresholds).fold(0.0f64, |m, p| m.max(p.abs()));
        let room = (most / n).min(rules.parameter_limit * rules.fine * unit / widest.max(f64::MIN_POSITIVE));
        let room = if span > 0.0 { room.min(rules.limit * unit / span) } else { room };
        room.floor().max(1.0)
    } else {
        1.0
    };
    // What a leak loses for want of fractions weighs more than what a finer unit would round.
    let fine = !rules.leaks() || finer * n * rules.fine >= FINE * most;
    fine.then_some(Scale { unit: unit / finer, exact: true })
}

/// The integer threshold of a channel, at least 1.
///
/// `step`: the smallest scale at which the weights fit; 0 if there is no weight.
fn threshold_units(theta: f64, numbers: &Numbers, step: f64, rules: Rules<'_>) -> f64 {
    let options = rules.options;
    let fit = if step > 0.0 { theta / step } else { (2.0 * rules.limit).max(f64::from(options.min_threshold)) };
    let widest = numbers.others.iter().fold(theta, |m, p| m.max(p.abs()));
    let fit = fit.min(theta * (rules.parameter_limit / widest));
    if options.power_of_two_threshold {
        return fit.max(1.0).log2().floor().exp2();
    }
    let grid = if rules.list { 2.0 } else { f64::from(grid(theta, numbers, fit)) };
    if fit < grid && rules.fine > 1.0 {
        // An even number of fractions of a unit: no weight need be cut off.
        return (fit * rules.fine / 2.0).floor().max(1.0) * 2.0 / rules.fine;
    }
    let default = if fit >= grid { (fit / grid).floor() * grid } else { 2.0 };
    if rules.list || numbers.weights.is_empty() || numbers.weights.len() > FEW || rules.signs() || fit > TRIES {
        return default;
    }
    let error = |units: f64| rounding_error(theta / units, numbers, rules);
    let (first, last) = if fit < 2.0 { (1.0, 2.0) } else { ((fit / 2.0).ceil(), fit.floor()) };
    let step = if grid > 2.0 { grid } else { 1.0 };
    let tries = (0..).map(|i| last - f64::from(i)).take_while(|&units| units >= first);
    let best = tries.filter(|units| units % step == 0.0).min_by(|&a, &b| error(a).total_cmp(&error(b)));
    let needed = if fit < 2.0 { 1.0 } else { 0.5 };
    best.filter(|&units| error(units) < needed * error(default)).unwrap_or(default)
}

/// What a threshold in units should be a multiple of: 2, and the denominators of weights in small ratios to it, if they are many.
fn grid(theta: f64, numbers: &Numbers, fit: f64) -> u32 {
    let all: u32 = numbers.weights.iter().map(|w| w.1).sum();
    let mut ratios: Vec<(u32, u32)> =
        numbers.weights.iter().filter_map(|&(w, n)| Some((unit::denominator(w / theta)?, n))).collect();
    if ratios.iter().map(|r| r.1).sum::<u32>() * 4 < all || ratios.is_empty() {
        return 2;
    }
    ratios.sort_by_key(|&(q, n)| (std::cmp::Reverse(n), q));
    let others = numbers.others.iter().filter_map(|&p| unit::denominator(p / theta));
    let mut grid = 1;
    for q in ratios.iter().map(|r| r.0).chain(others) {
        let finer = unit::common_multiple(grid, q);
        if f64::from(finer) <= fit {
            grid = finer;
        }
    }
    grid
}

/// Sum of the errors of all weights, of the bias over all updates, of the initial potential, and of half a unit for every update
/// that a leak remembers.
fn rounding_error(unit: f64, numbers: &Numbers, rules: Rules<'_>) -> f64 {
    let part = unit / rules.fine;
    let off = |x: f64| ((x / part).round() * part - x).abs();
    let weight = |&(w, n): &(f64, u32)| ((w / unit).round().min(rules.limit) * unit - w).abs() * f64::from(n);
    let [start, bias, floor] = numbers.others;
    numbers.weights.iter().map(weight).sum::<f64>()
        + off(start)
        + off(bias) * rules.updates
        + off(floor)
        + 0.5 * part * rules.memory
}
