//! Operations as text: a condition and a colon unless always, the mnemonic, the word, what else it takes.
//!
//! ```text
//! decay w1 p0 value · add w1 w0 · fire w1 p1 gt · fired: set w1 p2 · w2=0: add w1 w0 · w2!=0: count w2 · t%17=3: set w0 p3
//! ```

use crate::op::{Action, Compare, DecayRule, Kind, Op, Operand, Param, When, Word};
use std::{fmt, str::FromStr};

/// Why a text is not an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError(String);

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no operation of a neuron", self.0)
    }
}

impl std::error::Error for ParseError {}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "w{}", self.0)
    }
}

impl fmt::Display for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(w) => w.fmt(f),
            Self::Param(p) => p.fmt(f),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for DecayRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loss => "loss",
            Self::Value => "value",
            Self::Floor => "floor",
        })
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.when {
            When::Always => {}
            When::Fired => f.write_str("fired: ")?,
            When::Silent => f.write_str("silent: ")?,
            When::Zero(w) => write!(f, "{w}=0: ")?,
            When::NonZero(w) => write!(f, "{w}!=0: ")?,
            When::Every { period, offset } => write!(f, "t%{period}={offset}: ")?,
        }
        write!(f, "{} {}", self.action.kind(), self.action.word())?;
        match self.action {
            Action::Set(_, x) | Action::Add(_, x) | Action::Sub(_, x) | Action::Max(_, x) | Action::Min(_, x) => {
                write!(f, " {x}")
            }
            Action::Decay(_, p, rule) => write!(f, " {p} {rule}"),
            Action::Toward(_, p) => write!(f, " {p}"),
            Action::Shift(_, k) => write!(f, " {k}"),
            Action::Count(_) | Action::Emit(_) => Ok(()),
            Action::Saturate(_, bits) | Action::Wrap(_, bits) => write!(f, " {bits}"),
            Action::Noise(_, bits, seed) => write!(f, " {bits} {seed}"),
            Action::Fire(_, x, compare) => {
                let compare = match compare {
                    Compare::AtLeast => "ge",
                    Compare::Above => "gt",
                    Compare::Magnitude => "magnitude",
                };
                write!(f, " {x} {compare}")
            }
        }
    }
}

impl FromStr for Op {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        read(text).ok_or_else(|| ParseError(text.into()))
    }
}

fn read(text: &str) -> Option<Op> {
    let (when, action) = match text.split_once(':') {
        Some((when, action)) => (condition(when.trim())?, action),
        None => (When::Always, text),
    };
    let mut tokens = action.split_whitespace();
    let name = tokens.next()?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name)?;
    let w = word(tokens.next()?)?;
    let mut next = || tokens.next();
    let action = match kind {
        Kind::Set => Action::Set(w, operand(next()?)?),
        Kind::Add => Action::Add(w, operand(next()?)?),
        Kind::Sub => Action::Sub(w, operand(next()?)?),
        Kind::Max => Action::Max(w, operand(next()?)?),
        Kind::Min => Action::Min(w, operand(next()?)?),
        Kind::Decay => Action::Decay(
            w,
            param(next()?)?,
            match next()? {
                "loss" => DecayRule::Loss,
                "value" => DecayRule::Value,
                "floor" => DecayRule::Floor,
                _ => return None,
            },
        ),
        Kind::Toward => Action::Toward(w, param(next()?)?),
        Kind::Shift => Action::Shift(w, next()?.parse().ok()?),
        Kind::Count => Action::Count(w),
        Kind::Saturate => Action::Saturate(w, next()?.parse().ok()?),
        Kind::Wrap => Action::Wrap(w, next()?.parse().ok()?),
        Kind::Noise => Action::Noise(w, next()?.parse().ok()?, next()?.parse().ok()?),
        Kind::Fire => Action::Fire(
            w,
            operand(next()?)?,
            match next()? {
                "ge" => Compare::AtLeast,
                "gt" => Compare::Above,
                "magnitude" => Compare::Magnitude,
                _ => return None,
            },
        ),
        Kind::Emit => Action::Emit(w),
    };
    tokens.next().is_none().then_some(Op { when, action })
}

fn condition(text: &str) -> Option<When> {
    if let Some(rest) = text.strip_prefix("t%") {
        let (period, offset) = rest.split_once('=')?;
        return Some(When::Every { period: period.parse().ok()?, offset: offset.parse().ok()? });
    }
    if let Some(w) = text.strip_suffix("!=0") {
        return Some(When::NonZero(word(w)?));
    }
    if let Some(w) = text.strip_suffix("=0") {
        return Some(When::Zero(word(w)?));
    }
    match text {
        "fired" => Some(When::Fired),
        "silent" => Some(When::Silent),
        _ => None,
    }
}

fn word(text: &str) -> Option<Word> {
    text.strip_prefix('w')?.parse().ok().map(Word)
}

fn param(text: &str) -> Option<Param> {
    text.strip_prefix('p')?.parse().ok().map(Param)
}

fn operand(text: &str) -> Option<Operand> {
    word(text).map(Operand::Word).or_else(|| param(text).map(Operand::Param))
}

impl TryFrom<String> for Op {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        text.parse()
    }
}

impl From<Op> for String {
    fn from(op: Op) -> Self {
        op.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_reads_back() {
        let lines = [
            "set w0 p3",
            "fired: sub w1 w2",
            "silent: max w0 p0",
            "w2=0: add w1 w0",
            "w2!=0: count w2",
            "t%17=3: min w0 p1",
            "decay w1 p0 value",
            "decay w1 p0 loss",
            "decay w1 p0 floor",
            "toward w0 p1",
            "shift w0 -3",
            "saturate w0 24",
            "wrap w1 24",
            "noise w2 8 4294967295",
            "fire w1 p1 gt",
            "fire w1 w2 ge",
            "fire w1 p1 magnitude",
            "fired: emit w1",
        ];
        for line in lines {
            assert_eq!(line.parse::<Op>().map(|op| op.to_string()), Ok(line.into()));
        }
        for line in
            ["", "set", "set w0", "set p0 w0", "set w0 p1 p2", "add w300 p0", "sometimes: set w0 p0", "decay w0 p0"]
        {
            assert!(line.parse::<Op>().is_err(), "{line}");
        }
    }
}
