//! Which populations are written as lists of operations, and with how many fraction bits.
//!
//! A leaky neuron becomes a list where the chip's decay truncates something else than the loss. With k fraction bits potentials, thresholds
//! and biases count `s/2^k` where weights count `s`. A population gets the most that the chip offers and its spare state bits hold,
//!
//! - if its neurons decay: each update truncates up to one unit of a potential;
//! - if it is a list whose numbers share no unit: what is rounded to a fraction of a unit is off by less;
//! - if a bias, rounded, would move a potential by more than an eighth of a threshold over the sample;
//! - if weights are cut off because they exceed half the largest weight's units in thresholds (θ below 2 units).
//!
//! Where potentials may saturate the list does so by an operation of its own, before anything else.

use super::{Pass, QuantizeOptions, Scales, list, round::nearest};
use crate::width::{self, Bound};
use ir::{DecayRule, Graph, Leak, NeuronModel, PopulationId, Quantized, Spiking, Trained};

/// Share of a threshold by which a rounded bias may move a potential.
const DRIFT: f64 = 1.0 / 8.0;

/// How the neurons of a population are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    /// As a list of operations.
    pub(super) list: bool,
    /// Fraction bits.
    pub(super) shift: u8,
    /// Width at which its potential saturates by an operation [bits].
    pub(super) saturate: Option<u8>,
}

impl Form {
    /// Units of a potential in a unit of a weight.
    pub(super) fn fine(self) -> f64 {
        f64::from(self.shift).exp2()
    }

    fn of_list(options: &QuantizeOptions<'_>) -> Self {
        let saturate = options.saturates && options.has_saturate && options.state_bits <= 32;
        Self { list: true, shift: 0, saturate: saturate.then_some(options.state_bits as u8) }
    }
}

/// Lists without fractions, where there must be lists.
pub(super) fn whole(graph: &Graph<Trained>, options: &QuantizeOptions<'_>) -> Vec<Form> {
    let form = |neuron: &NeuronModel<Trained>| match neuron {
        NeuronModel::Spiking(n) if n.leak.is_active() && options.decay != DecayRule::Loss => Form::of_list(options),
        NeuronModel::Dynamic(_) => Form { list: true, ..Form::default() },
        NeuronModel::Spiking(_) | NeuronModel::Accumulator { .. } | NeuronModel::Input { .. } | NeuronModel::Linear => {
            Form::default()
        }
    };
    graph.populations().map(|(_, p)| form(&p.neuron)).collect()
}

/// The same with fractions where they are wanted and have room; `made` is what came of whole units.
pub(super) fn fine(pass: &Pass<'_>, scales: &Scales, made: &Graph<Quantized>, bounds: &[Vec<Bound>]) -> Vec<Form> {
    let options = pass.options;
    let refine = |(id, p): (PopulationId, &ir::Population<Trained>)| {
        let form = pass.forms[id.0 as usize];
        let wanted = match &p.neuron {
            NeuronModel::Spiking(n) => {
                matches!(n.leak, Leak::Decay(1..4096)) || drifts(pass, id, n, scales) || cuts(pass, id, scales)
            }
            NeuronModel::Dynamic(list) => {
                list::decays(list) || scales.0[id.0 as usize].iter().any(|scale| !scale.exact)
            }
            NeuronModel::Accumulator { .. } | NeuronModel::Input { .. } | NeuronModel::Linear => false,
        };
        if !wanted {
            return form;
        }
        let list = if form.list { form } else { Form::of_list(options) };
        let used = if list.saturate.is_some() {
            // What a neuron holds that is reset as fast as it is driven.
            let once = width::arrivals_in_a_step(made, id, pass.input);
            Bound { high: once.high + highest_threshold(pass, id, scales), ..once }.bits()
        } else {
            bounds[id.0 as usize].iter().map(|b| b.bits()).max().unwrap_or(0)
        };
        let room = options.state_bits.saturating_sub(used);
        match options.fractions.iter().filter(|&&k| k > 0 && u32::from(k) <= room).max() {
            Some(&shift) => Form { shift, ..list },
            None => form,
        }
    };
    pass.graph.populations().map(refine).collect()
}

/// A form with the next fewer fraction bits that the chip offers; without any, as it is `whole`.
pub(super) fn coarser(form: Form, whole: Form, options: &QuantizeOptions<'_>) -> Form {
    match options.fractions.iter().filter(|&&k| (1..form.shift).contains(&k)).max() {
        Some(&shift) => Form { shift, ..form },
        None => whole,
    }
}

/// The largest threshold that a potential reaches \[units\].
fn highest_threshold(pass: &Pass<'_>, id: PopulationId, scales: &Scales) -> i64 {
    let channels = scales.0[id.0 as usize].iter().zip(&pass.numbers[id.0 as usize]);
    channels.filter_map(|(scale, numbers)| Some((numbers.threshold? / scale.unit).ceil() as i64)).max().unwrap_or(0)
}

/// Whether the error of a rounded bias adds up to a part of the threshold.
fn drifts(pass: &Pass<'_>, id: PopulationId, neuron: &Spiking<Trained>, scales: &Scales) -> bool {
    let updates = f64::from(neuron.window.len());
    scales.0[id.0 as usize].iter().enumerate().any(|(c, scale)| {
        let bias = neuron.bias.at(c) / scale.unit;
        let error = (bias - nearest(bias) as f64).abs() * updates;
        error > DRIFT * neuron.threshold.at(c) / scale.unit && pass.numbers[id.0 as usize][c].threshold.is_some()
    })
}

/// Whether weights are cut off so that a threshold has two units.
fn cuts(pass: &Pass<'_>, id: PopulationId, scales: &Scales) -> bool {
    let most = super::largest_weight(pass.options.weight_bits);
    pass.options.weight_bits > 1
        && scales.0[id.0 as usize]
            .iter()
            .zip(&pass.numbers[id.0 as usize])
            .any(|(scale, numbers)| numbers.threshold.is_some() && numbers.top(false) > (most + 0.5) * scale.unit)
}
