//! What makes a list meaningful, whatever it computes.

use crate::op::{Action, Op, Operand, When, Word};

/// How many words and parameters a model has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Words kept from step to step; words beyond are scratch, and hold nothing at the start of an update.
    pub kept: u8,
    /// All words.
    pub words: u8,
    /// Parameters.
    pub params: u8,
}

/// Everything wrong with a list: words and parameters that do not exist, scratch words read before they are set, widths and shifts
/// without meaning, two decisions to fire, emissions before it.
pub fn check(ops: &[Op], layout: Layout) -> Vec<String> {
    let mut found = Vec::new();
    if layout.kept == 0 || layout.kept > layout.words {
        found.push(format!("{} words kept of {}: a neuron keeps at least word 0", layout.kept, layout.words));
    }
    if ops.len() > 255 {
        found.push(format!("{} operations, more than 255", ops.len()));
    }
    let mut set: Vec<bool> = (0..layout.words).map(|w| w < layout.kept).collect();
    let mut fires = false;
    for op in ops {
        let mut wrong = |message: String| found.push(format!("`{op}`: {message}"));
        let mut reads: Vec<Word> = match op.action {
            Action::Set(..) if op.when == When::Always => Vec::new(),
            _ => vec![op.action.word()],
        };
        if let Some(Operand::Word(w)) = op.action.operand() {
            reads.push(w);
        }
        match op.when {
            When::Zero(w) | When::NonZero(w) => reads.push(w),
            When::Fired | When::Silent if !fires => wrong("nothing decided who fired before it".into()),
            When::Every { period, offset } if offset >= period => wrong("the offset is not below the period".into()),
            When::Always | When::Fired | When::Silent | When::Every { .. } => {}
        }
        if let Some(Operand::Param(p)) = op.action.operand()
            && p.0 >= layout.params
        {
            wrong(format!("there are {} parameters", layout.params));
        }
        if op.action.word().0 >= layout.words || reads.iter().any(|w| w.0 >= layout.words) {
            wrong(format!("there are {} words", layout.words));
        } else if let Some(w) = reads.iter().find(|w| !set[usize::from(w.0)]) {
            wrong(format!("{w} is read before it is set"));
        }
        match op.action {
            Action::Fire(..) if fires => wrong("a second decision to fire".into()),
            Action::Fire(..) if op.when != When::Always && !matches!(op.when, When::Zero(_) | When::NonZero(_)) => {
                wrong("a decision to fire depends on nothing but words".into());
            }
            Action::Shift(_, k) if !(-31..=31).contains(&k) => wrong("shifts by at most 31".into()),
            Action::Saturate(_, bits) | Action::Wrap(_, bits) if !(2..=32).contains(&bits) => {
                wrong("a width is 2 to 32 bits".into());
            }
            Action::Noise(_, bits, _) if bits > 30 => wrong("random numbers have at most 30 bits".into()),
            Action::Emit(_) if !matches!(op.when, When::Always | When::Fired) => {
                wrong("emissions are for those who fired, or for all".into());
            }
            _ => {}
        }
        fires |= matches!(op.action, Action::Fire(..));
        if op.when == When::Always
            && op.action.writes()
            && let Some(set) = set.get_mut(usize::from(op.action.word().0))
        {
            *set = true;
        }
    }
    if ops.iter().filter(|op| matches!(op.action, Action::Emit(_))).count() > 1 {
        found.push("a neuron emits one value in a timestep".into());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: &[&str]) -> Vec<String> {
        let ops: Vec<Op> = lines.iter().map(|line| line.parse().expect("an operation")).collect();
        check(&ops, Layout { kept: 2, words: 3, params: 2 })
    }

    #[test]
    fn a_sound_list_passes() {
        assert_eq!(
            found(&["set w2 p1", "add w2 w1", "fire w0 w2 ge", "fired: sub w0 w2", "fired: emit w2"]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn each_defect_is_named() {
        for (lines, part) in [
            (&["add w2 p0"][..], "w2 is read before it is set"),
            (&["add w3 p0"], "there are 3 words"),
            (&["add w0 p2"], "there are 2 parameters"),
            (&["fired: set w0 p0"], "nothing decided"),
            (&["fire w0 p0 ge", "fire w0 p0 ge"], "second decision"),
            (&["t%3=3: set w0 p0"], "offset"),
            (&["shift w0 40"], "at most 31"),
            (&["saturate w0 1"], "2 to 32"),
            (&["noise w0 31 0"], "30 bits"),
            (&["emit w0", "emit w1"], "one value"),
        ] {
            let found = found(lines);
            assert!(found.iter().any(|message| message.contains(part)), "{lines:?}: {found:?}");
        }
    }
}
