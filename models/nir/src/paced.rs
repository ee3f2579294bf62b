//! Lists that are executed in every k-th timestep only: what a population does at a pace of k timesteps per step.
//!
//! ```text
//! set due 0;  t%k=o: set due 1          in front of the list
//! w!=0(due): add v bias                 what had no condition waits for its step, and so does the decision to fire
//! fired: …                              nobody fired in the timesteps between
//! ```
//!
//! Arrivals of the timesteps between add up in word 0. Scratch words are set in every timestep, as they must be before they are read;
//! a condition on one has to be false while nothing is due, which a list sees to by setting what it computes from to 0
//! ([`Dynamics`] of several spikes). A condition on a kept word holds or not as at the last step, and what it does is repeated.

use super::population::Times;
use ir::{
    Dynamics, Parameter, PerChannel, Trained, Unit,
    dynamics::{Action, Op, Operand, Param, When, Word},
};

/// The list at a pace, first executed in the timestep of the population's depth.
pub(super) fn paced(mut list: Dynamics<Trained>, times: Times) -> Dynamics<Trained> {
    if times.pace == 1 || list.ops.is_empty() {
        return list;
    }
    let kept = list.words.len() as u8;
    let due = Word(kept + list.scratch);
    list.scratch += 1;
    let mut count = |n: f64| {
        list.params.push(Parameter { name: "due".into(), unit: Unit::Count, values: PerChannel::uniform(n) });
        Operand::Param(Param(list.params.len() as u8 - 1))
    };
    let [no, yes] = [0.0, 1.0].map(&mut count);
    let step = When::Every { period: times.pace, offset: times.depth % times.pace };
    let mut ops = vec![Op::always(Action::Set(due, no)), Op { when: step, action: Action::Set(due, yes) }];
    for op in list.ops {
        let on_scratch = op.action.word().0 >= kept && !matches!(op.action, Action::Fire(..) | Action::Emit(_));
        let reads_kept = matches!(op.action.operand(), Some(Operand::Word(w)) if w.0 < kept);
        if on_scratch && reads_kept && matches!(op.action, Action::Set(..)) {
            // What is computed from this word is 0 while nothing is due.
            ops.push(Op::always(Action::Set(op.action.word(), no)));
            ops.push(Op { when: When::NonZero(due), ..op });
        } else if op.when == When::Always && !on_scratch && !matches!(op.action, Action::Emit(_)) {
            ops.push(Op { when: When::NonZero(due), ..op });
        } else {
            ops.push(op);
        }
    }
    list.ops = ops;
    list
}
