//! Operations, their operands and conditions.

use serde::{Deserialize, Serialize};

/// A state word of a neuron, by its number in the model. Word 0 takes the arrivals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Word(pub u8);

/// A parameter of a model, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Param(pub u8);

/// What an operation reads beside the word that it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Operand {
    /// Another state word.
    Word(Word),
    /// A parameter.
    Param(Param),
}

/// How `v − v·δ/4096` becomes an integer, δ in 0..=4096.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DecayRule {
    /// The loss is truncated toward zero: `v ← v − trunc(v·δ/4096)`. A potential below `4096/δ` stands still.
    #[default]
    Loss,
    /// The value is truncated toward zero: `v ← sign(v)·((|v|·(4096 − δ)) ≫ 12)`, as on Loihi. Every potential reaches 0.
    Value,
    /// An arithmetic shift, which rounds downward: `v ← (v·(4096 − δ)) ≫ 12`. Negative potentials end at −1.
    Floor,
}

/// When a neuron fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Compare {
    /// `v ≥ θ`.
    AtLeast,
    /// `v > θ`.
    Above,
    /// `|v| ≥ θ`.
    Magnitude,
}

/// Where an operation takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum When {
    /// Everywhere.
    Always,
    /// Where the neuron fired in this update.
    Fired,
    /// Where it did not.
    Silent,
    /// Where a word is zero.
    Zero(Word),
    /// Where a word is not zero.
    NonZero(Word),
    /// In the timesteps `t ≡ offset (mod period)`.
    Every {
        /// Timesteps from one to the next.
        period: u32,
        /// The first of them; below `period`.
        offset: u32,
    },
}

/// What an operation does. The word named first is the one that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Action {
    /// `w ← x`.
    Set(Word, Operand),
    /// `w ← w + x`.
    Add(Word, Operand),
    /// `w ← w − x`.
    Sub(Word, Operand),
    /// `w ← max(w, x)`.
    Max(Word, Operand),
    /// `w ← min(w, x)`.
    Min(Word, Operand),
    /// `w ← w − w·δ/4096`, δ a parameter, rounded by a rule.
    Decay(Word, Param, DecayRule),
    /// `w ← sign(w)·max(|w| − x, 0)`: a step toward zero, x a parameter.
    Toward(Word, Param),
    /// `w ← w·2^k`; a negative k is an arithmetic shift to the right.
    Shift(Word, i8),
    /// `w ← max(w − 1, 0)`.
    Count(Word),
    /// Clips to a signed number of so many bits; nothing in real numbers.
    Saturate(Word, u8),
    /// Keeps the lowest bits as a signed number; nothing in real numbers.
    Wrap(Word, u8),
    /// `w ← w + r`, r a random number ([`crate::random`]) of `0..2^bits` by seed, neuron and timestep.
    Noise(Word, u8, u32),
    /// Compares the word; decides who fired from here on.
    Fire(Word, Operand, Compare),
    /// What the neuron emits instead of 1: the word's value. Without a condition, whether it fired or not.
    Emit(Word),
}

/// An operation where its condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Op {
    /// Where it takes effect.
    pub when: When,
    /// What it does.
    pub action: Action,
}

/// The kinds of operations: what a chip lists as its abilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "named as the actions")]
pub enum Kind {
    Set,
    Add,
    Sub,
    Max,
    Min,
    Decay,
    Toward,
    Shift,
    Count,
    Saturate,
    Wrap,
    Noise,
    Fire,
    Emit,
}

impl Kind {
    /// All kinds, in the order of binary codes.
    pub const ALL: [Self; 14] = [
        Self::Set,
        Self::Add,
        Self::Sub,
        Self::Max,
        Self::Min,
        Self::Decay,
        Self::Toward,
        Self::Shift,
        Self::Count,
        Self::Saturate,
        Self::Wrap,
        Self::Noise,
        Self::Fire,
        Self::Emit,
    ];

    /// The mnemonic.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Add => "add",
            Self::Sub => "sub",
            Self::Max => "max",
            Self::Min => "min",
            Self::Decay => "decay",
            Self::Toward => "toward",
            Self::Shift => "shift",
            Self::Count => "count",
            Self::Saturate => "saturate",
            Self::Wrap => "wrap",
            Self::Noise => "noise",
            Self::Fire => "fire",
            Self::Emit => "emit",
        }
    }
}

impl Action {
    /// The kind.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Set(..) => Kind::Set,
            Self::Add(..) => Kind::Add,
            Self::Sub(..) => Kind::Sub,
            Self::Max(..) => Kind::Max,
            Self::Min(..) => Kind::Min,
            Self::Decay(..) => Kind::Decay,
            Self::Toward(..) => Kind::Toward,
            Self::Shift(..) => Kind::Shift,
            Self::Count(..) => Kind::Count,
            Self::Saturate(..) => Kind::Saturate,
            Self::Wrap(..) => Kind::Wrap,
            Self::Noise(..) => Kind::Noise,
            Self::Fire(..) => Kind::Fire,
            Self::Emit(..) => Kind::Emit,
        }
    }

    /// The word named first.
    pub const fn word(self) -> Word {
        match self {
            Self::Set(w, _)
            | Self::Add(w, _)
            | Self::Sub(w, _)
            | Self::Max(w, _)
            | Self::Min(w, _)
            | Self::Decay(w, ..)
            | Self::Toward(w, _)
            | Self::Shift(w, _)
            | Self::Count(w)
            | Self::Saturate(w, _)
            | Self::Wrap(w, _)
            | Self::Noise(w, ..)
            | Self::Fire(w, ..)
            | Self::Emit(w) => w,
        }
    }

    /// What it reads besides.
    pub const fn operand(self) -> Option<Operand> {
        match self {
            Self::Set(_, x)
            | Self::Add(_, x)
            | Self::Sub(_, x)
            | Self::Max(_, x)
            | Self::Min(_, x)
            | Self::Fire(_, x, _) => Some(x),
            Self::Decay(_, p, _) | Self::Toward(_, p) => Some(Operand::Param(p)),
            Self::Shift(..)
            | Self::Count(_)
            | Self::Saturate(..)
            | Self::Wrap(..)
            | Self::Noise(..)
            | Self::Emit(_) => None,
        }
    }

    /// Whether the word changes.
    pub const fn writes(self) -> bool {
        !matches!(self, Self::Fire(..) | Self::Emit(_))
    }
}

impl Op {
    /// An operation that takes effect everywhere.
    pub const fn always(action: Action) -> Self {
        Self { when: When::Always, action }
    }

    /// An operation where the neuron fired.
    pub const fn fired(action: Action) -> Self {
        Self { when: When::Fired, action }
    }

    /// An operation where a condition holds.
    pub const fn when(when: When, action: Action) -> Self {
        Self { when, action }
    }
}

impl From<Word> for Operand {
    fn from(word: Word) -> Self {
        Self::Word(word)
    }
}

impl From<Param> for Operand {
    fn from(param: Param) -> Self {
        Self::Param(param)
    }
}
