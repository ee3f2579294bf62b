//! Sigma-delta neurons (SDNN): they hold a value and send how it changed, as graded spikes.
//!
//! lava's fixed-point models (lava-nc/lava, `proc/sdn/models.py`, BSD-3-Clause) with the exponents that lava-dl gives them, 6 for spikes and
//! 6 for states, for arrivals a:
//!
//! ```text
//! input block    x ← a·2^12
//! others         σ ← σ + a,  x ← max(σ + bias·2^12, 0)
//! δ ← x − x′ + r;  x′ ← x;  where |δ| ≥ vThMant·2^12: ⌊δ/2^6⌋ is sent, r ← 0; else r ← δ
//! last block     σ ← σ + a, which is read
//! ```
//!
//! σ wraps at 24 bits, x and what is sent saturate at 24 and 16 bits: words of the chip, which lava's models do not have.

use crate::{
    Problem,
    neuron::{NeuronConfig, STATE_BITS},
};
use ir::{
    Dynamics, PerChannel, Quantized, Unit, Window,
    dynamics::{Action, Compare, When, Word},
    models::List,
};

/// Fraction bits of a spike's value.
const SPIKE_EXPONENT: u8 = 6;
/// Fraction bits of a state beyond those of a spike.
const STATE_EXPONENT: u8 = 6;

/// Where in the chain a sigma-delta block stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// First: it receives the values themselves.
    Input,
    /// Behind another: it receives changes, times weights of this exponent.
    Behind {
        /// Power of two that the weights share.
        exponent: i64,
    },
}

/// The list of operations.
pub(crate) fn dynamics(
    config: &NeuronConfig,
    block: &str,
    bias: &[i64],
    (place, window): (Place, Window),
) -> Result<Dynamics<Quantized>, Problem> {
    use Action::{Add, Emit, Fire, Max, Saturate, Set, Shift, Sub, Wrap};
    let one = |value: i64| PerChannel::uniform(value);
    let unit = SPIKE_EXPONENT + STATE_EXPONENT;
    let message_bits = u8::try_from(config.message_bits).ok().filter(|bits| (2..=STATE_BITS).contains(bits));
    let Some(message_bits) = message_bits else {
        let message = format!("messageBits {} is not within 2 and {STATE_BITS}", config.message_bits);
        return Err(Problem::new(block, message));
    };
    if !(0..1 << (STATE_BITS - 1 - unit)).contains(&config.threshold) {
        let message = format!("vThMant {} is not within 0 and 2^{}", config.threshold, STATE_BITS - 1 - unit);
        return Err(Problem::new(block, message));
    }
    let shift = match place {
        Place::Input => i64::from(unit),
        Place::Behind { exponent } => exponent,
    };
    let name = if place == Place::Input { "a" } else { "sigma" };
    let mut l = List::new("SigmaDelta", name, one(0), window);
    let sum = Word(0);
    if config.sums_only {
        if bias.iter().any(|&b| b != 0) {
            return Err(Problem::new(block, "a block that sums up has no bias"));
        }
        l.then(Wrap(sum, STATE_BITS));
        return Ok(l.finish(sum, shift as u8));
    }
    let before = l.word("x", Unit::Potential, one(0));
    // Without a threshold nothing is held back.
    let rest = (config.threshold > 0).then(|| l.word("r", Unit::Potential, one(0)));
    let (x, delta) = (l.scratch(), l.scratch());
    let zero = l.zero();
    if place != Place::Input {
        l.then(Wrap(sum, STATE_BITS));
    }
    l.then(Set(x, sum.into()));
    if place == Place::Input {
        l.then(Set(sum, zero.into()));
    } else {
        if bias.iter().any(|&b| b != 0) {
            let bias = PerChannel(bias.iter().map(|b| b << unit).collect());
            let bias = l.param("bias", Unit::Potential, bias);
            l.then(Add(x, bias.into()));
        }
        l.then(Saturate(x, STATE_BITS));
        l.then(Max(x, zero.into()));
    }
    l.then(Set(delta, x.into()));
    l.then(Sub(delta, before.into()));
    l.then(Set(before, x.into()));
    let send = |l: &mut List<Quantized>| {
        l.then(Shift(delta, -(STATE_EXPONENT as i8)));
        l.then(Saturate(delta, message_bits));
    };
    if let Some(rest) = rest {
        let threshold = l.param("threshold", Unit::Potential, one(config.threshold << unit));
        l.then(Add(delta, rest.into()));
        l.then(Fire(delta, threshold.into(), Compare::Magnitude));
        l.when(When::Silent, Set(rest, delta.into()));
        l.when(When::Fired, Set(rest, zero.into()));
        send(&mut l);
    } else {
        send(&mut l);
        // What changes by nothing that a spike can say is not sent.
        let least = l.param("threshold", Unit::Potential, one(1));
        l.then(Fire(delta, least.into(), Compare::Magnitude));
    }
    l.when(When::Fired, Emit(delta));
    Ok(l.finish(before, shift as u8))
}
