//! Intervals through a list of operations.
//!
//! A state holds an interval per word and whether the neuron fired. A condition that an interval leaves open splits the state in
//! two, each with what the condition says about the words; so does the decision to fire. At the end of the list the states are
//! joined. Every operation is monotone in its word for a given parameter, so the ends of an interval stay the ends.

use super::Bound;
use ir::{
    Dynamics, Quantized, Stage,
    dynamics::{Action, Compare, DecayRule, Operand, When, Word},
};

/// States at most; beyond, they are joined, which is safe and less narrow.
const MOST: usize = 64;

/// What may hold at a place in the list.
#[derive(Clone, Debug)]
struct State {
    words: Vec<Bound>,
    fired: bool,
}

/// What a list did to intervals.
pub(super) struct Outcome {
    /// Every kept word at the end.
    pub(super) words: Vec<Bound>,
    /// What is emitted, with 0 for nothing.
    pub(super) emitted: Bound,
}

/// Executes the list on intervals; `seen(index of the operation, word, interval)` takes every word that changed.
pub(super) fn execute(
    list: &Dynamics<Quantized>,
    words: &[Bound],
    params: &[i64],
    t: u32,
    mut seen: impl FnMut(usize, usize, Bound),
) -> Outcome {
    let mut first = words.to_vec();
    first.resize(words.len() + usize::from(list.scratch), Bound::default());
    let mut states = vec![State { words: first, fired: false }];
    let mut emitted = Bound::default();
    for (index, op) in list.ops.iter().enumerate() {
        let mut next = Vec::with_capacity(states.len() + 1);
        for state in states {
            let (holds, not) = split(state, op.when, t);
            next.extend(not);
            let Some(mut state) = holds else { continue };
            let w = usize::from(op.action.word().0);
            let x = match op.action.operand() {
                Some(Operand::Word(x)) => state.words[usize::from(x.0)],
                Some(Operand::Param(p)) => Bound::at(params[usize::from(p.0)]),
                None => Bound::default(),
            };
            match op.action {
                Action::Fire(..) => next.extend(fire(state, op.action, x)),
                Action::Emit(_) => {
                    if op.when == When::Always || state.fired {
                        emitted.hull(state.words[w].low, state.words[w].high);
                    }
                    next.push(state);
                }
                _ => {
                    state.words[w] = apply(op.action, state.words[w], x);
                    seen(index, w, state.words[w]);
                    next.push(state);
                }
            }
        }
        states = if next.len() > MOST { vec![join(&next)] } else { next };
    }
    let mut all = join(&states);
    all.words.truncate(words.len());
    Outcome { words: all.words, emitted }
}

fn join(states: &[State]) -> State {
    let mut all = states[0].clone();
    for state in &states[1..] {
        all.fired |= state.fired;
        for (a, b) in all.words.iter_mut().zip(&state.words) {
            a.hull(b.low, b.high);
        }
    }
    all
}

/// The state where the condition holds, and where it does not.
fn split(state: State, when: When, t: u32) -> (Option<State>, Option<State>) {
    let decided = |holds: bool, state: State| if holds { (Some(state), None) } else { (None, Some(state)) };
    match when {
        When::Always => decided(true, state),
        When::Fired => decided(state.fired, state),
        When::Silent => decided(!state.fired, state),
        When::Every { period, offset } => decided(t % period == offset, state),
        When::Zero(w) => {
            let (zero, other) = zero(state, w);
            (zero, other)
        }
        When::NonZero(w) => {
            let (zero, other) = zero(state, w);
            (other, zero)
        }
    }
}

/// The state where a word is zero, and where it is not.
fn zero(state: State, w: Word) -> (Option<State>, Option<State>) {
    let w = usize::from(w.0);
    let Bound { low, high } = state.words[w];
    if low > 0 || high < 0 {
        return (None, Some(state));
    }
    let mut is = state.clone();
    is.words[w] = Bound::default();
    if low == 0 && high == 0 {
        return (Some(is), None);
    }
    let mut other = state;
    other.words[w] = Bound { low: low + i64::from(low == 0), high: high - i64::from(high == 0) };
    (Some(is), Some(other))
}

/// The states in which the neuron fires and does not.
fn fire(state: State, action: Action, x: Bound) -> Vec<State> {
    let Action::Fire(word, operand, compare) = action else { unreachable!("a decision to fire") };
    let w = usize::from(word.0);
    let v = state.words[w];
    let mut states = Vec::new();
    let (mut fires, mut silent) = (v, v);
    let strict = i64::from(compare == Compare::Above);
    if compare == Compare::Magnitude {
        silent.low = v.low.max(1_i64.saturating_sub(x.high));
        silent.high = v.high.min(x.high.saturating_sub(1));
        if v.low > -x.low {
            fires.low = v.low.max(x.low);
        }
        if v.high < x.low {
            fires.high = v.high.min(-x.low);
        }
    } else {
        fires.low = v.low.max(x.low.saturating_add(strict));
        silent.high = v.high.min(x.high.saturating_sub(1 - strict));
    }
    for (fired, bound) in [(true, fires), (false, silent)] {
        if bound.low > bound.high {
            continue;
        }
        let mut one = State { fired, ..state.clone() };
        one.words[w] = bound;
        // A threshold in a word lies below what fires and above what does not.
        if let (Operand::Word(Word(at)), Compare::AtLeast | Compare::Above) = (operand, compare) {
            let theta = &mut one.words[usize::from(at)];
            if fired {
                theta.high = theta.high.min(bound.high.saturating_sub(strict));
            } else {
                theta.low = theta.low.max(bound.low.saturating_add(1 - strict));
            }
        }
        states.push(one);
    }
    states
}

fn apply(action: Action, w: Bound, x: Bound) -> Bound {
    let ends = |f: &dyn Fn(i64) -> i64| Bound { low: f(w.low), high: f(w.high) };
    match action {
        Action::Set(..) => x,
        // Bounds that leave 64 bits stay at their end: such a word is too wide for any chip.
        Action::Add(..) => Bound { low: w.low.saturating_add(x.low), high: w.high.saturating_add(x.high) },
        Action::Sub(..) => Bound { low: w.low.saturating_sub(x.high), high: w.high.saturating_sub(x.low) },
        Action::Max(..) => Bound { low: w.low.max(x.low), high: w.high.max(x.high) },
        Action::Min(..) => Bound { low: w.low.min(x.low), high: w.high.min(x.high) },
        Action::Decay(_, _, rule) => ends(&|v| decay(v, x.low, rule)),
        Action::Toward(..) => {
            ends(&|v| if v < 0 { v.saturating_add(x.low).min(0) } else { v.saturating_sub(x.low).max(0) })
        }
        Action::Shift(_, k) => ends(&|v| Quantized::shift(v, k)),
        Action::Count(_) => ends(&|v| v.saturating_sub(1).max(0)),
        Action::Saturate(_, bits) => ends(&|v| v.clamp(-(1i64 << (bits - 1)), (1i64 << (bits - 1)) - 1)),
        Action::Wrap(_, bits) => {
            let half = 1i64 << (bits - 1);
            if w.low >= -half && w.high < half { w } else { Bound { low: -half, high: half - 1 } }
        }
        Action::Noise(_, bits, _) => Bound { low: w.low, high: w.high.saturating_add((1i64 << bits) - 1) },
        Action::Fire(..) | Action::Emit(_) => w,
    }
}

fn decay(v: i64, decay: i64, rule: DecayRule) -> i64 {
    let (v, decay) = (i128::from(v), i128::from(decay));
    let kept = v * (4096 - decay);
    let left = match rule {
        DecayRule::Loss => v - v * decay / 4096,
        DecayRule::Value => kept / 4096,
        DecayRule::Floor => kept.div_euclid(4096),
    };
    // What decays comes no further from 0.
    left as i64
}
