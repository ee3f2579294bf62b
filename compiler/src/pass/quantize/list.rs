//! Lists of operations: potentials are scaled as the weights onto their channel, with the fraction bits of the list; fractions
//! and counts are rounded; decays take the chip's rule.

use super::{QuantizeOptions, form::Form, round::nearest};
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

/// Threshold of a channel, the smallest magnitude of its neurons, and the largest magnitude of any potential of the list.
pub(super) fn extremes(list: &Dynamics<Trained>, channel: usize, shape: Shape) -> (Option<f64>, f64) {
    let neurons = || channel * shape.map()..(channel + 1) * shape.map();
    let magnitudes = |values: &PerChannel<f64>| -> Vec<f64> {
        if values.0.len() > shape.channels as usize {
            neurons().map(|i| values.of(i, shape).abs()).collect()
        } else {
            vec![values.at(channel).abs()]
        }
    };
    let theta = threshold(list).map(|values| magnitudes(values).into_iter().fold(f64::INFINITY, f64::min));
    let words = list.words.iter().filter(|w| w.unit == Unit::Potential).map(|w| &w.init);
    let params = list.params.iter().filter(|p| p.unit == Unit::Potential).map(|p| &p.values);
    let widest = words.chain(params).flat_map(magnitudes).fold(0.0, f64::max);
    (theta.filter(|&theta| theta > 0.0), widest)
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
    (form, options): (Form, &QuantizeOptions<'_>),
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
