//! A neuron's step as a list of operations, for what the IR's IF and LIF do not say: constants per neuron, several leaks, a
//! current, constants that begin late, other resets, several spikes.
//!
//! ```text
//! no current                     current u, potential v
//!                                add u, bias of the current;  add v, u
//! add v, bias; add v, late; max v, floor;  next step's reset;  fire v, θ;  reset;  decay v;  reset after the leak;  decay u
//! ```

use super::{
    neuron::Discrete,
    options::{Reset, Spikes},
    population::{Times, compact, plus_zero},
    settings::Rule,
};
use ir::{
    Compare, DecayRule, Dynamics, PerChannel, Shape, Trained, Unit, Window,
    dynamics::{Action, Operand, When, Word},
    models::List,
};

/// The list of a step.
pub(super) fn dynamic(
    step: &Discrete,
    rule: Rule,
    shape: Shape,
    (window, times): (Window, Times),
) -> Dynamics<Trained> {
    let values = |values: &[f64]| compact(values, shape);
    let zero = || PerChannel::uniform(0.0);
    let n = step.start.len();
    let has_current = step.current.is_some();
    let is_leaky = step.decay.iter().any(|&d| d > 0.0);
    // A potential that is only read is kept as it is after an update where its leaks differ: input waits in a word of its own.
    let is_read = step.threshold.is_none() && values(&step.decay).0.len() > 1;
    let start: Vec<f64> = (0..n).map(|i| plus_zero(step.start[i] * if is_read { 1.0 } else { step.kept(i) })).collect();

    let name = model_name(has_current, is_leaky, step.threshold.is_some());
    let is_buffered = has_current || is_read;
    let first = if is_buffered { ("u", values(&step.current_start)) } else { ("v", values(&start)) };
    let mut l: List<Trained> = List::new(name, first.0, first.1, window);
    let v = if is_buffered { l.word("v", Unit::Potential, values(&start)) } else { Word(0) };
    let late = (!step.late.is_empty()).then(|| l.word("late", Unit::Potential, zero()));
    let held = (rule.reset == Reset::ZeroNextStep && step.threshold.is_some())
        .then(|| l.word("fired before", Unit::Count, zero()));

    let decay = |l: &mut List<Trained>| {
        if is_leaky {
            let p = l.param("decay", Unit::Fraction, values(&step.decay));
            l.then(Action::Decay(v, p, DecayRule::Loss));
        }
    };
    let add = |l: &mut List<Trained>, word: Word, name: &str, amounts: &[f64]| {
        if amounts.iter().any(|&b| b != 0.0) {
            let p = l.param(name, Unit::Potential, values(amounts));
            l.then(Action::Add(word, p.into()));
        }
    };
    if is_read {
        decay(&mut l);
    }
    if let Some(late) = late {
        for (&first, amounts) in &step.late {
            let p = l.param("late bias", Unit::Potential, values(amounts));
            let period = times.timesteps.saturating_add(1);
            let when = When::Every { period, offset: times.depth.saturating_add(times.pace.saturating_mul(first)) };
            l.when(when, Action::Add(late, p.into()));
        }
    }
    add(&mut l, Word(0), "current bias", &step.current_bias);
    if let Some(late) = late.filter(|_| step.late_current) {
        l.then(Action::Add(Word(0), Operand::Word(late)));
    }
    if is_buffered {
        l.then(Action::Add(v, Operand::Word(Word(0))));
    }
    if let Some(late) = late.filter(|_| !step.late_current) {
        l.then(Action::Add(v, Operand::Word(late)));
    }
    add(&mut l, v, "bias", &step.bias);
    if let Some(floor) = &step.floor {
        let p = l.param("floor", Unit::Potential, values(floor));
        l.then(Action::Max(v, p.into()));
    }
    if let Some(theta) = &step.threshold {
        fire(&mut l, (v, held), theta, (step, rule, shape), is_leaky);
    } else if !is_read {
        decay(&mut l);
    }
    if let Some(current) = &step.current {
        let p = l.param("current decay", Unit::Fraction, values(current));
        l.then(Action::Decay(Word(0), p, DecayRule::Loss));
    } else if is_read {
        let p = l.zero();
        l.then(Action::Set(Word(0), p.into()));
    }
    l.finish(v, 0)
}

/// Comparison, reset and leak.
fn fire(
    l: &mut List<Trained>,
    (v, held): (Word, Option<Word>),
    theta: &[f64],
    (step, rule, shape): (&Discrete, Rule, Shape),
    is_leaky: bool,
) {
    let values = |values: &[f64]| compact(values, shape);
    let compare = match rule.compare {
        Compare::GreaterEqual => ir::dynamics::Compare::AtLeast,
        Compare::Greater => ir::dynamics::Compare::Above,
    };
    let reset = l.param("reset", Unit::Potential, values(&step.reset));
    if let Some(held) = held {
        l.when(When::NonZero(held), Action::Set(v, reset.into()));
    }
    let amounts: Vec<f64> = theta.iter().zip(&step.reset).map(|(t, r)| t - r).collect();
    let theta = l.param("threshold", Unit::Potential, values(theta));
    let amount = l.param("threshold", Unit::Potential, values(&amounts));
    let count = |l: &mut List<Trained>, n: f64| l.param("count", Unit::Count, PerChannel::uniform(n));
    let (mut emitted, mut owed) = (None, None);
    match rule.spikes {
        Spikes::UpTo(most) if most > 1 => {
            let [none, one] = [0.0, 1.0].map(|n| count(l, n));
            let (spikes, rest, short) = (l.scratch(), l.scratch(), l.scratch());
            let zero = l.zero();
            owed = (rule.reset == Reset::SubtractAfterLeak).then(|| l.scratch());
            if let Some(owed) = owed {
                l.then(Action::Set(owed, zero.into()));
            }
            l.then(Action::Set(spikes, none.into()));
            l.then(Action::Set(rest, Operand::Word(v)));
            l.then(Action::Fire(v, theta.into(), compare));
            // What every spike takes away.
            let take = |l: &mut List<Trained>, when: When| match (rule.reset, owed) {
                (Reset::Subtract, _) => l.when(when, Action::Sub(v, amount.into())),
                (_, Some(owed)) => l.when(when, Action::Add(owed, amount.into())),
                _ => {}
            };
            take(l, When::Fired);
            l.when(When::Fired, Action::Add(spikes, one.into()));
            for _ in 1..most {
                // What a further threshold leaves, and by how much it falls short of it or goes beyond it.
                l.then(Action::Sub(rest, theta.into()));
                l.then(Action::Set(short, zero.into()));
                let again = match rule.compare {
                    Compare::GreaterEqual => {
                        l.then(Action::Add(short, theta.into()));
                        l.then(Action::Sub(short, Operand::Word(rest)));
                        When::Zero(short)
                    }
                    Compare::Greater => {
                        l.then(Action::Add(short, Operand::Word(rest)));
                        l.then(Action::Sub(short, theta.into()));
                        When::NonZero(short)
                    }
                };
                l.then(Action::Max(short, zero.into()));
                take(l, again);
                l.when(again, Action::Add(spikes, one.into()));
            }
            emitted = Some(spikes);
        }
        _ => l.then(Action::Fire(v, theta.into(), compare)),
    }
    match rule.reset {
        Reset::Subtract if emitted.is_some() => {}
        Reset::Zero => l.when(When::Fired, Action::Set(v, reset.into())),
        Reset::Subtract => l.when(When::Fired, Action::Sub(v, amount.into())),
        Reset::ZeroNextStep => {
            if let Some(held) = held {
                let [no, yes] = [0.0, 1.0].map(|n| count(l, n));
                l.then(Action::Set(held, no.into()));
                l.when(When::Fired, Action::Set(held, yes.into()));
            }
        }
        Reset::SubtractAfterLeak | Reset::None => {}
    }
    if is_leaky {
        let decay = l.param("decay", Unit::Fraction, values(&step.decay));
        l.then(Action::Decay(v, decay, DecayRule::Loss));
    }
    if let Some(owed) = owed {
        l.then(Action::Sub(v, Operand::Word(owed)));
    } else if rule.reset == Reset::SubtractAfterLeak {
        l.when(When::Fired, Action::Sub(v, amount.into()));
    }
    if let Some(spikes) = emitted {
        l.then(Action::Emit(spikes));
    }
}

fn model_name(has_current: bool, is_leaky: bool, fires: bool) -> &'static str {
    match (has_current, is_leaky, fires) {
        (true, _, true) => "CubaLIF",
        (true, _, false) => "CubaLI",
        (false, true, true) => "LIF",
        (false, true, false) => "LI",
        (false, false, true) => "IF",
        (false, false, false) => "I",
    }
}
