//! The stage of a graph as a type: real-valued before quantization, integer after it.
//!
//! | stage | weights | potentials | normalization | made by |
//! |---|---|---|---|---|
//! | [`Trained`] | `f32` | `f64` | may be present | training, import |
//! | [`Quantized`] | `i32` | `i64` | impossible | `compiler::pass::quantize` |

use crate::{dynamics::DecayRule, neuron::Normalization};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Trained {}
    impl Sealed for super::Quantized {}
}

/// What a population carries between its summed input and its neurons.
pub trait Norm: Clone + Debug + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync {
    /// The normalization, if this stage has one here.
    fn normalization(&self) -> Option<&Normalization>;
}

impl Norm for Option<Normalization> {
    fn normalization(&self) -> Option<&Normalization> {
        self.as_ref()
    }
}

impl Norm for () {
    fn normalization(&self) -> Option<&Normalization> {
        None
    }
}

/// A number system in which a graph is written and interpreted.
pub trait Stage: sealed::Sealed + Clone + Debug + PartialEq + Send + Sync + 'static {
    /// The name of the stage in text files.
    const NAME: &'static str;
    /// Whether values are whole numbers.
    const WHOLE: bool;
    /// A synaptic weight.
    type Weight: Copy + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync;
    /// A membrane potential, threshold or bias.
    type Value: Copy + Debug + Default + PartialEq + PartialOrd + Serialize + DeserializeOwned + Send + Sync;
    /// Normalization between projections and neurons.
    type Norm: Norm;

    /// `acc + weight · input`, the synaptic operation; integers panic on overflow.
    fn accumulate(acc: Self::Value, weight: Self::Weight, input: Self::Value) -> Self::Value;
    /// `a + b`.
    fn add(a: Self::Value, b: Self::Value) -> Self::Value;
    /// `a − b`.
    fn sub(a: Self::Value, b: Self::Value) -> Self::Value;
    /// `v − v·decay/4096`, rounded by the rule; reals do not round.
    fn decay(v: Self::Value, decay: Self::Value, rule: DecayRule) -> Self::Value;
    /// `v·2^k`; integers round downward.
    fn shift(v: Self::Value, k: i8) -> Self::Value;
    /// `−v`.
    fn neg(v: Self::Value) -> Self::Value;
    /// Clipped to a signed number of so many bits, or its lowest bits; reals stay.
    fn narrow(v: Self::Value, bits: u8, wrap: bool) -> Self::Value;
    /// A small whole number.
    fn whole(n: i32) -> Self::Value;
    /// An input event's integer value in this stage's numbers; `scale` is the real value of one unit.
    fn input(value: i32, scale: f32) -> Self::Value;
    /// The value as a real number, for reports and read-outs.
    fn real(v: Self::Value) -> f64;
    /// The weight as a real number.
    fn real_weight(w: Self::Weight) -> f64;
}

/// Real-valued: as training or an import leaves a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trained {}

/// Integer: as a chip executes a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantized {}

impl Stage for Trained {
    const NAME: &'static str = "trained";
    const WHOLE: bool = false;
    type Weight = f32;
    type Value = f64;
    type Norm = Option<Normalization>;

    fn accumulate(acc: f64, weight: f32, input: f64) -> f64 {
        acc + f64::from(weight) * input
    }
    fn add(a: f64, b: f64) -> f64 {
        a + b
    }
    fn sub(a: f64, b: f64) -> f64 {
        a - b
    }
    fn decay(v: f64, decay: f64, _rule: DecayRule) -> f64 {
        v - v * decay / 4096.0
    }
    fn shift(v: f64, k: i8) -> f64 {
        v * f64::from(k).exp2()
    }
    fn neg(v: f64) -> f64 {
        -v
    }
    fn narrow(v: f64, _bits: u8, _wrap: bool) -> f64 {
        v
    }
    fn whole(n: i32) -> f64 {
        f64::from(n)
    }
    fn input(value: i32, scale: f32) -> f64 {
        f64::from(value) * f64::from(scale)
    }
    fn real(v: f64) -> f64 {
        v
    }
    fn real_weight(w: f32) -> f64 {
        f64::from(w)
    }
}

impl Stage for Quantized {
    const NAME: &'static str = "quantized";
    const WHOLE: bool = true;
    type Weight = i32;
    type Value = i64;
    type Norm = ();

    fn accumulate(acc: i64, weight: i32, input: i64) -> i64 {
        input
            .checked_mul(i64::from(weight))
            .and_then(|product| acc.checked_add(product))
            .expect("quantized potentials stay far inside 64 bits: weights and inputs are at most 16 bits wide")
    }
    fn add(a: i64, b: i64) -> i64 {
        a.checked_add(b).expect("quantized potentials stay far inside 64 bits")
    }
    fn sub(a: i64, b: i64) -> i64 {
        a.checked_sub(b).expect("quantized potentials stay far inside 64 bits")
    }
    fn decay(v: i64, decay: i64, rule: DecayRule) -> i64 {
        match rule {
            DecayRule::Loss => v - v * decay / 4096,
            DecayRule::Value => v.signum() * ((v.abs() * (4096 - decay)) >> 12),
            DecayRule::Floor => (v * (4096 - decay)) >> 12,
        }
    }
    fn shift(v: i64, k: i8) -> i64 {
        if k < 0 { v >> -k } else { v.checked_mul(1 << k).expect("quantized potentials stay far inside 64 bits") }
    }
    fn neg(v: i64) -> i64 {
        -v
    }
    fn narrow(v: i64, bits: u8, wrap: bool) -> i64 {
        let half = 1i64 << (bits - 1);
        if wrap { (v + half).rem_euclid(2 * half) - half } else { v.clamp(-half, half - 1) }
    }
    fn whole(n: i32) -> i64 {
        i64::from(n)
    }
    fn input(value: i32, _scale: f32) -> i64 {
        i64::from(value)
    }
    fn real(v: i64) -> f64 {
        v as f64
    }
    fn real_weight(w: i32) -> f64 {
        f64::from(w)
    }
}
