//! The stage of a graph as a type: real-valued before quantization, integer after it.
//!
//! | stage | weights | potentials | normalization | made by |
//! |---|---|---|---|---|
//! | [`Trained`] | `f32` | `f64` | may be present | training, import |
//! | [`Quantized`] | `i32` | `i64` | impossible | `compiler::pass::quantize` |

use crate::neuron::Normalization;
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
    /// The distance from a number to the next: 1 for integers, 0 for real numbers.
    fn least_step() -> Self::Value;
    /// `v − v·decay/4096`; integers round the product toward zero.
    fn decay(v: Self::Value, decay: u16) -> Self::Value;
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
    fn least_step() -> f64 {
        0.0
    }
    fn decay(v: f64, decay: u16) -> f64 {
        v - v * f64::from(decay) / 4096.0
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
    fn least_step() -> i64 {
        1
    }
    fn decay(v: i64, decay: u16) -> i64 {
        v - v * i64::from(decay) / 4096
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
