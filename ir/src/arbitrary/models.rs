//! Random neuron models: the named ones with everything that they may have, and two that emit values.

use super::{build::Numbers, tape::Tape};
use crate::{
    dynamics::{Action, Compare as Fires, DecayRule, Dynamics, Op, Operand, Unit, When},
    ids::Shape,
    models::{Adaptation, List, Neuron, ResetTo},
    neuron::{Compare, PerChannel, Window},
    stage::{Quantized, Stage},
};

/// A random model; random numbers, widths, fraction bits and emitted values in quantized graphs only.
pub(super) fn model<S: Numbers>(tape: &mut Tape, shape: Shape, window: Window) -> Dynamics<S> {
    let whole = S::NAME == Quantized::NAME;
    match tape.below(if whole { 6 } else { 4 }) {
        4 => sigma_delta(tape, shape, window),
        5 => value_emitter(tape, window),
        _ => neuron(tape, shape, window, whole).dynamics(),
    }
}

fn values<S: Numbers>(tape: &mut Tape, shape: Shape, spread: u32, around: i32) -> PerChannel<S::Value> {
    let n = tape.one_of(&[1, shape.channels as usize, shape.neurons()]);
    PerChannel(tape.signed(n, spread).into_iter().map(|v| S::value(v + around)).collect())
}

fn decays<S: Numbers>(tape: &mut Tape, shape: Shape) -> PerChannel<S::Value> {
    let n = tape.one_of(&[1, shape.channels as usize, shape.neurons()]);
    PerChannel((0..n).map(|_| S::whole(i32::from(S::small_decay(tape)))).collect())
}

fn neuron<S: Numbers>(tape: &mut Tape, shape: Shape, window: Window, whole: bool) -> Neuron<S> {
    let (spread, around) = tape.one_of(&[(12, 14), (80, 100), (400, 900)]);
    let threshold = values::<S>(tape, shape, spread, around);
    let reset = match tape.below(5) {
        0 => ResetTo::None,
        1 => ResetTo::Value(values::<S>(tape, shape, 30, -5)),
        2 => ResetTo::Next(values::<S>(tape, shape, 8, 0)),
        _ => ResetTo::Subtract,
    };
    let adaptation = tape.sometimes(true, 4).then(|| Adaptation {
        step: values::<S>(tape, shape, 20, 25),
        decay: decays::<S>(tape, shape),
        threshold: tape.below(2) == 0,
    });
    Neuron {
        compare: if tape.below(2) == 0 { Compare::Greater } else { Compare::GreaterEqual },
        reset,
        leak_first: tape.below(3) == 0,
        leak: tape.sometimes(true, 2).then(|| decays::<S>(tape, shape)),
        linear_leak: tape.sometimes(true, 5).then(|| values::<S>(tape, shape, 9, 10)),
        current: tape.sometimes(true, 2).then(|| decays::<S>(tape, shape)),
        rule: tape.one_of(&[DecayRule::Loss, DecayRule::Value, DecayRule::Floor]),
        v_init: values::<S>(tape, shape, 60, 20),
        bias: values::<S>(tape, shape, 12, 0),
        floor: tape.sometimes(true, 4).then(|| S::value(-(tape.below(50) as i32))),
        refractory: if tape.sometimes(true, 3) { tape.between(1, 3) } else { 0 },
        adaptation,
        noise: tape.sometimes(whole, 4).then(|| (tape.below(7) as u8, tape.below(9))),
        widths: tape.sometimes(whole, 4).then(|| (tape.between(8, 20) as u8, tape.between(8, 20) as u8)),
        restart: tape.sometimes(true, 4).then(|| {
            let period = tape.between(1, 4);
            (period, tape.below(period))
        }),
        emit: false,
        shift: if whole { tape.below(5) as u8 } else { 0 },
        ..Neuron::lif(threshold, window)
    }
}

/// `x = max(Σ + b, 0)`; where `|x − reference| ≥ θ`, the difference is emitted and added to the reference.
fn sigma_delta<S: Numbers>(tape: &mut Tape, shape: Shape, window: Window) -> Dynamics<S> {
    let mut l = List::new("sigma-delta", "sum", PerChannel::uniform(S::Value::default()), window);
    let sum = crate::dynamics::Word(0);
    let reference = l.word("reference", Unit::Potential, PerChannel::uniform(S::Value::default()));
    let (x, d) = (l.scratch(), l.scratch());
    let bias = l.param("bias", Unit::Potential, values::<S>(tape, shape, 30, 0));
    let theta = l.param("threshold", Unit::Potential, values::<S>(tape, shape, 10, 12));
    let zero = l.zero();
    for action in [
        Action::Set(x, sum.into()),
        Action::Shift(x, -(tape.below(4) as i8)),
        Action::Add(x, bias.into()),
        Action::Max(x, zero.into()),
        Action::Saturate(x, 8),
        Action::Set(d, x.into()),
        Action::Sub(d, reference.into()),
        Action::Fire(d, theta.into(), Fires::Magnitude),
    ] {
        l.then(action);
    }
    l.when(When::Fired, Action::Add(reference, Operand::Word(d)));
    l.when(When::Fired, Action::Emit(d));
    l.finish(sum, 0)
}

/// A leaky integrator in the middle of a network: it emits its potential, clipped, in every step.
fn value_emitter<S: Numbers>(tape: &mut Tape, window: Window) -> Dynamics<S> {
    let leak = PerChannel::uniform(S::whole(i32::from(S::small_decay(tape))));
    let mut list = Neuron { leak: Some(leak), ..Neuron::<S>::li(window) }.dynamics();
    let clipped = crate::dynamics::Word(1);
    list.scratch = 1;
    list.ops.push(Op::always(Action::Set(clipped, list.potential.into())));
    list.ops.push(Op::always(Action::Saturate(clipped, 8)));
    list.ops.push(Op::always(Action::Emit(clipped)));
    list
}
