//! What the neurons of a chip can compute: operations, rules of rounding, words, fraction bits.
//!
//! Integrate-and-fire with a threshold, a bias, a floor and any reset is what every chip has; a description lists what goes beyond.

use crate::neuron::{Action, DecayRule, Kind, Op};
use serde::{Deserialize, Serialize};

/// What the neurons of a core can compute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dynamics {
    /// How decays are rounded: the first rule is chosen where a network leaves it open. Empty = potentials do not decay.
    pub decay: Vec<DecayRule>,
    /// Operations beyond those of integrate-and-fire (`set`, `add`, `sub`, `max`, `fire`) and decays.
    pub operations: Vec<Kind>,
    /// Most state words of a neuron.
    pub words: u8,
    /// Shifts of contributions against state words \[bits\] that the core offers, beside none.
    pub fraction_bits: Vec<u8>,
    /// Exponents of the weights of a population that the core offers, beside 0: contributions are shifted by so many bits more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weight_exponents: Vec<i8>,
    /// Source of all this.
    pub source: String,
}

impl Default for Dynamics {
    /// Integrate-and-fire and leaky neurons whose loss is truncated: what a description without this field means.
    fn default() -> Self {
        Self {
            decay: vec![DecayRule::Loss],
            operations: Vec::new(),
            words: 1,
            fraction_bits: Vec::new(),
            weight_exponents: Vec::new(),
            source: "not stated in the description: IF and LIF".into(),
        }
    }
}

impl Dynamics {
    /// Operations of every chip.
    pub const BASIC: [Kind; 5] = [Kind::Set, Kind::Add, Kind::Sub, Kind::Max, Kind::Fire];

    /// Everything there is.
    pub fn everything() -> Self {
        Self {
            decay: vec![DecayRule::Loss, DecayRule::Value, DecayRule::Floor],
            operations: Kind::ALL.to_vec(),
            words: 32,
            fraction_bits: (1..=30).collect(),
            weight_exponents: Vec::new(),
            source: "none: a machine without limits".into(),
        }
    }

    /// Whether the core rounds decays by this rule.
    pub fn decays(&self, rule: DecayRule) -> bool {
        self.decay.contains(&rule)
    }

    /// What of a list the core cannot compute, each by name.
    pub fn refusals(&self, ops: &[Op], words: usize, shift: u8) -> Vec<String> {
        let mut found = Vec::new();
        let mut kinds: Vec<Kind> = ops.iter().map(|op| op.action.kind()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        for kind in kinds.into_iter().filter(|&kind| kind != Kind::Decay) {
            if !Self::BASIC.contains(&kind) && !self.operations.contains(&kind) {
                found.push(format!("the operation `{kind}`"));
            }
        }
        let mut rules: Vec<DecayRule> = Vec::new();
        rules.extend(
            ops.iter().filter_map(|op| if let Action::Decay(_, _, rule) = op.action { Some(rule) } else { None }),
        );
        rules.sort_unstable();
        rules.dedup();
        for rule in rules.into_iter().filter(|&rule| !self.decays(rule)) {
            found.push(match &self.decay[..] {
                [] => "potentials that decay".into(),
                has => {
                    let has: Vec<String> = has.iter().map(ToString::to_string).collect();
                    format!("decays that truncate the {rule} (it has: {})", has.join(", "))
                }
            });
        }
        if words > usize::from(self.words) {
            found.push(format!("{words} state words per neuron (it has {})", self.words));
        }
        if !self.shifts(shift) {
            let exponents = match (self.weight_exponents.iter().min(), self.weight_exponents.iter().max()) {
                (Some(least), Some(most)) => format!(", and exponents of weights from {least} to {most}"),
                _ => String::new(),
            };
            found.push(format!("{shift} fraction bits (it has {:?}{exponents})", self.fraction_bits));
        }
        found
    }

    /// Whether contributions can be shifted by so many bits: by fraction bits and an exponent of the weights.
    fn shifts(&self, shift: u8) -> bool {
        let left = |k: u8| i16::from(shift) - i16::from(k);
        let offers = |exponent: i16| exponent == 0 || self.weight_exponents.iter().any(|&e| i16::from(e) == exponent);
        [0].iter().chain(&self.fraction_bits).any(|&k| offers(left(k)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_core_lacks_is_named() {
        let ops: Vec<Op> =
            ["decay w0 p0 value", "count w1", "fire w0 p1 ge"].map(|op| op.parse().expect("an operation")).to_vec();
        let found = Dynamics::default().refusals(&ops, 2, 6);
        assert_eq!(
            found,
            [
                "the operation `count`",
                "decays that truncate the value (it has: loss)",
                "2 state words per neuron (it has 1)",
                "6 fraction bits (it has [])"
            ]
        );
        assert!(Dynamics::everything().refusals(&ops, 2, 6).is_empty());
    }

    #[test]
    fn exponents_of_weights_shift_beside_fraction_bits() {
        let core = Dynamics { fraction_bits: vec![6], weight_exponents: vec![-2, -1, 1], ..Dynamics::default() };
        let fits: Vec<u8> = (0..=9).filter(|&shift| core.refusals(&[], 1, shift).is_empty()).collect();
        assert_eq!(fits, [0, 1, 4, 5, 6, 7]);
        assert_eq!(core.refusals(&[], 1, 9), ["9 fraction bits (it has [6], and exponents of weights from -2 to 1)"]);
    }
}
