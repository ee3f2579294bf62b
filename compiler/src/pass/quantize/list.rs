//! Lists of operations: potentials are scaled as the weights onto their channel, with the fraction bits of the list; fractions
//! and counts are rounded; decays take the chip's rule.

use super::{QuantizeOptions, form::Form, numbers::ascending, round::nearest};
use ir::{
    Dynamics, Parameter, PerChannel, Quantized, Shape, Spiking, StateWord, Trained, Unit,
    dynamics::{Action, Op, Operand, Param},
};

/// The parameter that decides to fire, if one does.
pub(super) fn threshold<S: ir::Stage>(list: &Dynamics<S>) -> Option<&PerChannel<S::Value>> {
    Some(&list.params[usize::from(deciding(list)?.0)].values)
}

/// The same of an integer list, to be changed.
pub(super) fn threshold_mut(list: &mut Dynamics<Quantized>) -> Option<&mut PerChannel<i64>> {
    let at = usize::from(deciding(list)?.0);
    Some(&mut list.params[at].values)
}

fn deciding<S: ir::Stage>(list: &Dynamics<S>) -> Option<Param> {
    let compared = list.ops.iter().find_map(|op| match op.action {
        Action::Fire(_, x, _) => Some(x),
        _ => None,
    })?;
    match compared {
        Operand::Param(p) => Some(p),
        // The threshold is computed in a scratch word, which is set to a parameter first.
        Operand::Word(w) => list.ops.iter().find_map(|op| match op.action {
            Action::Set(to, Operand::Param(p)) if to == w => Some(p),
            _ => None,
        }),
    }
}

/// The values that the neurons of a channel have, as magnitudes.
fn magnitudes(values: &PerChannel<f64>, channel: usize, shape: Shape) -> Vec<f64> {
    if values.0.len() > shape.channels as usize {
        let neurons = channel * shape.map()..(channel + 1) * shape.map();
        neurons.map(|i| values.of(i, shape).abs()).collect()
    } else {
        vec![values.at(channel).abs()]
    }
}

/// The smallest magnitude of a threshold in a channel.
pub(super) fn least_threshold(list: &Dynamics<Trained>, channel: usize, shape: Shape) -> Option<f64> {
    let least = magnitudes(threshold(list)?, channel, shape).into_iter().fold(f64::INFINITY, f64::min);
    Some(least).filter(|&theta| theta > 0.0)
}

/// Magnitudes of all potentials of the list in a channel, ascending, without 0.
pub(super) fn potentials(list: &Dynamics<Trained>, channel: usize, shape: Shape) -> Vec<f64> {
    let words = list.words.iter().filter(|w| w.unit == Unit::Potential).map(|w| &w.init);
    let params = list.params.iter().filter(|p| p.unit == Unit::Potential).map(|p| &p.values);
    let all = words.chain(params).flat_map(|values| magnitudes(values, channel, shape));
    ascending(all.filter(|&v| v != 0.0).collect())
}

/// Whether a word of the list decays, so that it takes fractions of a unit.
pub(super) fn decays(list: &Dynamics<Trained>) -> bool {
    list.ops.iter().any(|op| matches!(op.action, Action::Decay(..) | Action::Toward(..)))
}

/// The bias of a list that was written for an integrate-and-fire neuron.
pub(super) fn bias(list: &Dynamics<Quantized>, channel: usize) -> i64 {
    list.params.iter().find(|param| param.name == "bias").map_or(0, |param| param.values.at(channel))
}

/// An integrate-and-fire neuron, whose numbers count fractions of units already, as its list.
pub(super) fn of_spiking(
    neuron: &Spiking<Quantized>,
    form: Form,
    options: &QuantizeOptions<'_>,
) -> Dynamics<Quantized> {
    let mut list = neuron.with(options.decay, form.shift);
    if let Some(bits) = form.saturate {
        list.ops.insert(0, Op::always(Action::Saturate(list.potential, bits)));
    }
    list
}

/// The list in integers.
pub(super) fn quantized(
    list: &Dynamics<Trained>,
    scales: &[f64],
    shape: Shape,
    form: Form,
    options: &QuantizeOptions<'_>,
) -> Dynamics<Quantized> {
    let fine = form.fine();
    let uniform = scales.iter().all(|s| s.total_cmp(&scales[0]).is_eq());
    let values = |unit: Unit, values: &PerChannel<f64>| match unit {
        Unit::Fraction | Unit::Count => values.map(nearest),
        Unit::Potential if uniform => values.map(|v| nearest(v * fine / scales[0])),
        Unit::Potential if values.0.len() > shape.channels as usize => {
            PerChannel((0..shape.neurons()).map(|i| nearest(values.0[i] * fine / scales[shape.channel(i)])).collect())
        }
        Unit::Potential => {
            PerChannel(scales.iter().enumerate().map(|(c, scale)| nearest(values.at(c) * fine / scale)).collect())
        }
    };
    let rule = |op: &Op| match op.action {
        Action::Decay(w, p, _) => Op { action: Action::Decay(w, p, options.decay), ..*op },
        _ => *op,
    };
    let words = list.words.iter();
    let params = list.params.iter();
    Dynamics {
        model: list.model.clone(),
        words: words.map(|w| StateWord { name: w.name.clone(), unit: w.unit, init: values(w.unit, &w.init) }).collect(),
        scratch: list.scratch,
        potential: list.potential,
        params: params
            .map(|p| Parameter { name: p.name.clone(), unit: p.unit, values: values(p.unit, &p.values) })
            .collect(),
        ops: list.ops.iter().map(rule).collect(),
        shift: form.shift,
        window: list.window,
    }
}
