//! Lists of operations: potentials are scaled as the weights onto their channel, with the fraction bits of the list; fractions
//! and counts are rounded; decays take the chip's rule.

use super::{QuantizeOptions, round::nearest};
use ir::{
    Dynamics, Graph, NeuronModel, Parameter, PerChannel, Quantized, Shape, StateWord, Trained, Unit,
    dynamics::{Action, Op, Operand},
};
use std::borrow::Cow;

/// The network as it is quantized: a leaky neuron whose decay another rule rounds, or which gets fraction bits, as its list.
pub(super) fn form<'a>(graph: &'a Graph<Trained>, options: &QuantizeOptions<'_>) -> Cow<'a, Graph<Trained>> {
    let mut formed = Cow::Borrowed(graph);
    if options.decay == ir::DecayRule::Loss && options.fraction_bits == 0 {
        return formed;
    }
    for (id, population) in graph.populations() {
        if let NeuronModel::Spiking(n) = &population.neuron
            && n.leak.is_active()
        {
            formed.to_mut().population_mut(id).neuron = NeuronModel::Dynamic(Box::new(n.dynamics()));
        }
    }
    formed
}

/// Fraction bits of a list: those asked for, where something decays.
pub(super) fn shift(list: &Dynamics<Trained>, options: &QuantizeOptions<'_>) -> u8 {
    let decays = list.ops.iter().any(|op| matches!(op.action, Action::Decay(..) | Action::Toward(..)));
    if decays { options.fraction_bits } else { 0 }
}

/// The parameter that decides to fire, if one does.
pub(super) fn threshold<S: ir::Stage>(list: &Dynamics<S>) -> Option<&PerChannel<S::Value>> {
    let compared = list.ops.iter().find_map(|op| match op.action {
        Action::Fire(_, x, _) => Some(x),
        _ => None,
    })?;
    let param = match compared {
        Operand::Param(p) => p,
        // The threshold is computed in a scratch word, which is set to a parameter first.
        Operand::Word(w) => list.ops.iter().find_map(|op| match op.action {
            Action::Set(to, Operand::Param(p)) if to == w => Some(p),
            _ => None,
        })?,
    };
    Some(&list.params[usize::from(param.0)].values)
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

/// The list in integers.
pub(super) fn quantized(
    list: &Dynamics<Trained>,
    scales: &[f64],
    shape: Shape,
    options: &QuantizeOptions<'_>,
) -> Dynamics<Quantized> {
    let shift = shift(list, options);
    let fine = f64::from(shift).exp2();
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
        shift,
        window: list.window,
    }
}
