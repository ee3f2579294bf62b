//! Neurons of a block: LOIHI and CUBA; sigma-delta neurons (SDNN) are in [`crate::sigma`], what else lava-dl knows is refused by name.

use crate::{
    Problem,
    block::{reals, text},
};
use ir::{Compare, DecayRule, Dynamics, Neuron, PerChannel, Quantized, ResetTo, Window};
use nir::hdf5::Tree;
use std::fmt;

/// Bits of a state word of Loihi.
pub(crate) const STATE_BITS: u8 = 24;
/// Fraction bits of weights, biases and thresholds.
pub(crate) const FRACTION_BITS: i64 = 6;

/// What a file says of the neurons of a block.
#[derive(Clone, Debug, PartialEq)]
pub struct NeuronConfig {
    /// `LOIHI`, `CUBA`, …
    pub kind: String,
    /// Threshold, without fraction bits.
    pub threshold: i64,
    /// Decay of the potential, in 4096ths.
    pub v_decay: i64,
    /// Decay of the current, in 4096ths.
    pub i_decay: i64,
    /// Timesteps from a spike to the next possible one; 1 = no refractory period.
    pub ref_delay: i64,
    /// Exponent of the weights.
    pub weight_exponent: i64,
    /// Whether spikes of a CUBA neuron carry values.
    pub graded: bool,
    /// Bits of a value that a sigma-delta neuron sends, with its sign.
    pub message_bits: i64,
    /// Whether a sigma-delta neuron only sums up what it receives.
    pub sums_only: bool,
}

impl fmt::Display for NeuronConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, threshold, v_decay, i_decay, ref_delay, weight_exponent, .. } = self;
        if self.is_sigma_delta() {
            return if self.sums_only { write!(f, "{kind} sum") } else { write!(f, "{kind} vThMant {threshold}") };
        }
        write!(f, "{kind} vThMant {threshold} vDecay {v_decay} iDecay {i_decay}")?;
        if *ref_delay > 1 {
            write!(f, " refDelay {ref_delay}")?;
        }
        if *weight_exponent != 0 {
            write!(f, " wgtExp {weight_exponent}")?;
        }
        Ok(())
    }
}

impl NeuronConfig {
    pub(crate) fn read(place: &str, group: &Tree) -> Result<Self, Problem> {
        let kind = text(group, "type").ok_or_else(|| Problem::new(place, "its neurons state no type"))?;
        let number = |name: &str, default: i64| {
            let value = group.arrays.get(name).and_then(|array| reals(array).first().copied());
            value.map_or(default, |value| value.round() as i64)
        };
        Ok(Self {
            threshold: number("vThMant", 0),
            v_decay: number("vDecay", 0),
            i_decay: number("iDecay", 4096),
            ref_delay: number("refDelay", 1),
            weight_exponent: number("wgtExp", 0),
            graded: number("gradedSpike", 0) != 0,
            message_bits: number("messageBits", 16),
            // lava-dl asks whether the entry is there.
            sums_only: group.arrays.contains_key("sigma_output"),
            kind,
        })
    }

    /// What lava-dl assumes of a dense block without neurons: an integrator with an unreachable threshold.
    pub(crate) fn integrator() -> Self {
        Self {
            kind: "CUBA".into(),
            threshold: 1 << 17,
            v_decay: 0,
            i_decay: 4096,
            ref_delay: 1,
            weight_exponent: 0,
            graded: false,
            message_bits: 16,
            sums_only: false,
        }
    }

    /// Whether it is a sigma-delta neuron, which sends changes of a value.
    pub(crate) fn is_sigma_delta(&self) -> bool {
        self.kind == "SDNN"
    }

    /// Whether potentials are read: of neurons that send values, and where the threshold is one that no potential of 24 bits passes.
    pub(crate) fn is_silent(&self) -> bool {
        self.is_sigma_delta() || self.threshold >= (1 << (STATE_BITS - 1 - FRACTION_BITS as u8)) - 1
    }

    /// The list of operations; `exponent` is that of the weights beyond the one stated, `restart` the period after which the
    /// state starts again and the first step that finds it so, `v_init` the potential at the start.
    pub(crate) fn dynamics(
        &self,
        place: &str,
        bias: &[i64],
        (exponent, window, restart): (i64, Window, Option<(u32, u32)>),
        v_init: PerChannel<i64>,
    ) -> Result<Dynamics<Quantized>, Problem> {
        match self.kind.as_str() {
            "LOIHI" | "CUBA" => {}
            other => {
                let message = format!("{other} neurons are not read; LOIHI, CUBA and SDNN are");
                return Err(Problem::new(place, message));
            }
        }
        if self.graded {
            return Err(Problem::new(place, "its spikes carry values, which CUBA blocks are not read with"));
        }
        for (name, decay) in [("vDecay", self.v_decay), ("iDecay", self.i_decay)] {
            if !(0..=4096).contains(&decay) {
                return Err(Problem::new(place, format!("{name} {decay} is not within 0 to 4096")));
            }
        }
        if self.threshold < 0 || self.threshold > 1 << 17 {
            return Err(Problem::new(place, format!("vThMant {} is not within 0 and 2^17", self.threshold)));
        }
        let shift = FRACTION_BITS + self.weight_exponent + exponent;
        if !(0..=16).contains(&shift) {
            let message =
                format!("weights shifted by 6 + {} + {exponent} bits; 0 to 16 are read", self.weight_exponent);
            return Err(Problem::new(place, message));
        }
        let one = |value: i64| PerChannel::uniform(value);
        // 24 bits do not hold 2^17 shifted by 6: what no potential passes needs no comparison.
        let threshold = (self.threshold < 1 << 17).then(|| one(self.threshold << FRACTION_BITS));
        let memoryless = self.i_decay == 4096;
        let neuron = Neuron {
            leak: (self.v_decay > 0).then(|| one(self.v_decay)),
            // A current without memory is the arrivals themselves.
            current: (!memoryless).then(|| one(self.i_decay)),
            rule: DecayRule::Value,
            compare: Compare::Greater,
            reset: ResetTo::Value(one(0)),
            bias: PerChannel(if bias.is_empty() { vec![0] } else { bias.iter().map(|b| b << FRACTION_BITS).collect() }),
            refractory: u32::try_from(self.ref_delay - 1).unwrap_or(0),
            widths: Some((STATE_BITS, STATE_BITS)),
            restart,
            v_init,
            shift: shift as u8,
            threshold,
            ..Neuron::li(window)
        };
        Ok(neuron.dynamics())
    }
}
