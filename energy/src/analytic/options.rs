//! How a network is evaluated: which reading of the model, which memory, which arithmetic.

use serde::{Deserialize, Serialize};

use super::network::{Layer, Mode, Network, Shape};
use crate::sram::SramLine;

/// A reading of Lemaire et al. 2022. Each is a set of term tables, see [`Reading::terms`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// The equations of the paper.
    Paper,
    /// The equations as coded by qualia-plugin-snn 2.6.0, departures included.
    Qualia,
    /// The same machine counted without approximation: true stride, padding and groups, from real spike maps.
    Exact,
}

impl Reading {
    /// Every reading.
    pub const ALL: [Self; 3] = [Self::Paper, Self::Qualia, Self::Exact];

    /// The name used in option files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Qualia => "qualia",
            Self::Exact => "exact",
        }
    }

    /// The memory line a reading is used with unless told otherwise.
    pub fn default_ram(self) -> SramLine {
        match self {
            Self::Qualia => SramLine::Qualia,
            Self::Paper | Self::Exact => SramLine::Clamped,
        }
    }
}

/// How the energy of an addition and a multiplication follows the data width b (Horowitz 2014, 45 nm integer arithmetic:
/// 8 bit 0.03 and 0.2 pJ, 32 bit 0.1 and 3.1 pJ).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpScaling {
    /// The 8-bit values at 8 bit, otherwise the 32-bit values.
    #[default]
    Table,
    /// Always the 32-bit values.
    Iconip,
    /// The 8-bit values up to 8 bit, otherwise the 32-bit values.
    Saturation,
    /// The line through (8, e8) and (32, e32).
    Linear,
    /// The parabola through (0, 0), (8, e8) and (32, e32). qualia-plugin-snn solves it in single precision and is 6e-8 off.
    Quadratic,
}

impl OpScaling {
    /// Energy \[pJ\] at `bits` from the values at 8 and 32 bit.
    fn at(self, bits: u32, e8: f64, e32: f64) -> f64 {
        let b = f64::from(bits);
        match self {
            Self::Table if bits == 8 => e8,
            Self::Saturation if bits <= 8 => e8,
            Self::Table | Self::Iconip | Self::Saturation => e32,
            Self::Linear => e8 + (b - 8.0) * (e32 - e8) / 24.0,
            Self::Quadratic => {
                let a = (e32 / 32.0 - e8 / 8.0) / 24.0;
                a * b * b + (e8 / 8.0 - 8.0 * a) * b
            }
        }
    }
}

/// Energies of the arithmetic \[pJ\].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arithmetic {
    /// One addition.
    pub add: f64,
    /// One multiplication.
    pub mul: f64,
}

impl Arithmetic {
    /// 45 nm integers of `bits` bits.
    pub fn integer(bits: u32, scaling: OpScaling) -> Self {
        Self { add: scaling.at(bits, 0.03, 0.1), mul: scaling.at(bits, 0.2, 3.1) }
    }

    /// 45 nm single precision: addition 0.9 pJ, multiply-accumulate 4.6 pJ (Horowitz 2014).
    pub const FP32: Self = Self { add: 0.9, mul: 3.7 };
}

/// What the `exact` reading does with a real-valued input that is the same at every step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DirectEncoding {
    /// The weighted sum is computed anew at every step.
    #[default]
    Recompute,
    /// The weighted sum enters the potential once, at the first step.
    Once,
    /// The weighted sum is computed once, kept in a memory of n_out words, and added at every step.
    Cached,
}

/// Everything an evaluation depends on besides the network. The JSON form is the `options` object of the reference
/// cases: `{"variant": "paper", "bits": 32, "fifo": 1000, "ram": "extrapolated"}`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The reading.
    #[serde(rename = "variant", alias = "reading")]
    pub reading: Reading,
    /// b: width of a memory word and of the arithmetic \[bit\], 1..=64.
    #[serde(default = "thirty_two")]
    pub bits: u32,
    /// Messages held by the FIFO before and after a spiking layer \[words\].
    #[serde(default = "thousand")]
    pub fifo: u32,
    /// The memory line; [`Reading::default_ram`] if absent.
    #[serde(default)]
    pub ram: Option<SramLine>,
    /// How arithmetic scales with the width.
    #[serde(default)]
    pub ops: OpScaling,
    /// Energies that replace the integer arithmetic, for example [`Arithmetic::FP32`].
    #[serde(default)]
    pub arithmetic: Option<Arithmetic>,
    /// Real-valued inputs in the `exact` reading.
    #[serde(default)]
    pub direct: DirectEncoding,
}

fn thirty_two() -> u32 {
    32
}

fn thousand() -> u32 {
    1000
}

impl Options {
    /// `reading` with 32-bit data, FIFOs of 1000 messages and its default memory line.
    pub fn new(reading: Reading) -> Self {
        Self {
            reading,
            bits: 32,
            fifo: 1000,
            ram: None,
            ops: OpScaling::Table,
            arithmetic: None,
            direct: DirectEncoding::Recompute,
        }
    }

    /// The readings whose disagreement a reader should see: `qualia` on its line, `paper` clamped, prolonged and packed,
    /// and the same for `exact` if the network carries spike maps.
    pub fn usual(network: &Network, bits: u32) -> Vec<Self> {
        let lines = [SramLine::Clamped, SramLine::Extrapolated, SramLine::Packed64];
        let on = |reading| lines.map(|ram| Self { bits, ram: Some(ram), ..Self::new(reading) });
        let mapped =
            |layer: &Layer| layer.input_spikes.is_some() || layer.even || matches!(layer.shape, Shape::Fc { .. });
        let mut readings = vec![Self { bits, ..Self::new(Reading::Qualia) }];
        readings.extend(on(Reading::Paper));
        if network.mode == Mode::Ann || network.layers.iter().all(mapped) {
            readings.extend(on(Reading::Exact));
        }
        readings
    }

    /// The memory line in force.
    pub fn ram(&self) -> SramLine {
        self.ram.unwrap_or(self.reading.default_ram())
    }

    /// The arithmetic in force.
    pub fn arithmetic(&self) -> Arithmetic {
        self.arithmetic.unwrap_or_else(|| Arithmetic::integer(self.bits, self.ops))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scaling_meets_its_anchors() {
        for scaling in [OpScaling::Table, OpScaling::Saturation, OpScaling::Linear, OpScaling::Quadratic] {
            let (narrow, wide) = (Arithmetic::integer(8, scaling), Arithmetic::integer(32, scaling));
            assert!((narrow.add - 0.03).abs() < 1e-12 && (narrow.mul - 0.2).abs() < 1e-12, "{scaling:?}");
            assert!((wide.add - 0.1).abs() < 1e-12 && (wide.mul - 3.1).abs() < 1e-12, "{scaling:?}");
        }
        assert_eq!(Arithmetic::integer(16, OpScaling::Table), Arithmetic { add: 0.1, mul: 3.1 });
        assert_eq!(Arithmetic::integer(8, OpScaling::Iconip), Arithmetic { add: 0.1, mul: 3.1 });
        assert!(
            (Arithmetic::integer(16, OpScaling::Quadratic).mul
                - 0.2 * 2.0
                - 2.0 * 16.0 * 8.0 * (3.1 / 32.0 - 0.2 / 8.0) / 48.0)
                .abs()
                < 1e-12
        );
    }
}
