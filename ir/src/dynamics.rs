//! The general neuron: named state words and parameters, and the list of operations of an update (docs/semantics.md §3).
//!
//! Word 0 takes the arrivals, `w0 ← w0 + (Σ w·s)·2^shift`, in every timestep; the list is executed inside the window, operation
//! by operation. `shift` gives the words of a neuron fraction bits that weights do not have, as Loihi's 2^6.

use crate::{
    neuron::{Emits, PerChannel, Window},
    stage::Stage,
};
pub use ::dynamics::{Action, Compare, DecayRule, Kind, Layout, Op, Operand, Param, When, Word, check, random};
use serde::{Deserialize, Serialize};

/// What quantization does to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// A potential: scaled as the weights onto the channel.
    Potential,
    /// A fraction in 4096ths, 0 to 4096: rounded.
    Fraction,
    /// A number of timesteps: rounded.
    Count,
}

/// A word of a neuron's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct StateWord<S: Stage> {
    /// Its name: `v`, `u`, …
    pub name: String,
    /// What it counts.
    pub unit: Unit,
    /// Value at the start of a sample: one, one per channel or one per neuron.
    pub init: PerChannel<S::Value>,
}

/// A parameter of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Parameter<S: Stage> {
    /// Its name: `threshold`, `bias`, …
    pub name: String,
    /// What it counts.
    pub unit: Unit,
    /// One value, one per channel or one per neuron.
    pub values: PerChannel<S::Value>,
}

/// A neuron model as a list of operations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Dynamics<S: Stage> {
    /// What people call the model: `CubaLIF`, …
    pub model: String,
    /// The words kept from step to step; the first takes the arrivals.
    pub words: Vec<StateWord<S>>,
    /// Number of words beyond, which hold something within an update only.
    #[serde(default)]
    pub scratch: u8,
    /// The word that read-outs and traces call the potential.
    pub potential: Word,
    /// The parameters.
    pub params: Vec<Parameter<S>>,
    /// The operations of an update.
    pub ops: Vec<Op>,
    /// Fraction bits: contributions count `w·s·2^shift`. 0 in trained graphs.
    #[serde(default)]
    pub shift: u8,
    /// When the list is executed.
    pub window: Window,
}

impl<S: Stage> Dynamics<S> {
    /// A neuron that only adds up what arrives.
    pub fn accumulator(v_init: PerChannel<S::Value>) -> Self {
        Self {
            model: "accumulator".into(),
            words: vec![StateWord { name: "v".into(), unit: Unit::Potential, init: v_init }],
            scratch: 0,
            potential: Word(0),
            params: Vec::new(),
            ops: Vec::new(),
            shift: 0,
            window: Window::new(0, 0),
        }
    }

    /// How many words and parameters there are.
    pub fn layout(&self) -> Layout {
        let kept = u8::try_from(self.words.len()).unwrap_or(u8::MAX);
        let params = u8::try_from(self.params.len()).unwrap_or(u8::MAX);
        Layout { kept, words: kept.saturating_add(self.scratch), params }
    }

    /// Whether an operation decides to fire.
    pub fn fires(&self) -> bool {
        self.ops.iter().any(|op| matches!(op.action, Action::Fire(..)))
    }

    /// What the neurons send out.
    pub fn emits(&self) -> Emits {
        if self.ops.iter().any(|op| matches!(op.action, Action::Emit(_))) {
            Emits::Values
        } else if self.fires() {
            Emits::Spikes
        } else {
            Emits::Nothing
        }
    }

    /// The most that a neuron emits in a timestep, where what it emits are counts, as of several spikes at once: whole numbers from 0
    /// that no scale changes.
    pub fn most_counted(&self) -> Option<f64> {
        let emitted = self.ops.iter().find_map(|op| if let Action::Emit(w) = op.action { Some(w) } else { None })?;
        if usize::from(emitted.0) < self.words.len() {
            return None;
        }
        let writes = self.ops.iter().filter(|op| op.action.writes() && op.action.word() == emitted);
        let most = writes.map(|op| match op.action {
            Action::Set(_, Operand::Param(p)) | Action::Add(_, Operand::Param(p)) => {
                let param = &self.params[usize::from(p.0)];
                let values = || param.values.0.iter().map(|&v| S::real(v));
                let are_counts = param.unit == Unit::Count && values().all(|v| v >= 0.0);
                are_counts.then(|| values().fold(0.0, f64::max))
            }
            _ => None,
        });
        most.sum()
    }

    /// The kinds of operations in the list, ascending.
    pub fn kinds(&self) -> Vec<Kind> {
        let mut kinds: Vec<Kind> = self.ops.iter().map(|op| op.action.kind()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    /// The rules by which its words decay, ascending.
    pub fn decay_rules(&self) -> Vec<DecayRule> {
        let rule = |op: &Op| if let Action::Decay(_, _, rule) = op.action { Some(rule) } else { None };
        let mut rules: Vec<DecayRule> = self.ops.iter().filter_map(rule).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }
}
