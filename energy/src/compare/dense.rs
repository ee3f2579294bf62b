//! The formal network that a spiking one is compared with, and what its accelerator can do.
//!
//! Without reuse, every multiply-accumulate reads its input and its weight, as in Lemaire et al. 2022. With reuse every
//! weight, input and output moves once: the best case of an accelerator, as in Dampfhoffer et al. (IEEE TETCI 7(3), 2023).
//! With zero-skipping, a zero input costs its read but neither weight read nor multiply-accumulate. The two are the ends
//! between which a real accelerator lies.

use serde::{Deserialize, Serialize};

use crate::analytic::term::Term;
use crate::analytic::{
    Arithmetic, Groups, Layer, Mode, Network, OpScaling, Options, Quantities, Reading, Shape, Unit, terms,
};

/// A formal network of the same geometry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dense {
    /// Name used in reports.
    pub name: String,
    /// Width of weights and biases \[bit\].
    pub weight_bits: u32,
    /// Width of activations \[bit\].
    pub activation_bits: u32,
    /// Energy of the arithmetic.
    pub arithmetic: Arithmetic,
    /// Whether every weight, input and output moves once instead of once per use.
    #[serde(default)]
    pub reuse: bool,
    /// Fraction of the hidden activations that is not zero, if zeros are skipped. The first layer's input counts as dense
    /// unless the network states its non-zero elements.
    #[serde(default)]
    pub density: Option<f64>,
}

impl Dense {
    /// 8-bit integers, no reuse, no skipping.
    pub fn int8() -> Self {
        Self::integer("int8", 8, 8)
    }

    /// Single precision, no reuse, no skipping.
    pub fn fp32() -> Self {
        Self { arithmetic: Arithmetic::FP32, ..Self::integer("fp32", 32, 32) }
    }

    /// The network that carries as much information per activation as T one-bit steps: ⌈log2(T + 1)⌉ bits (Yan et al.,
    /// arXiv 2409.08290). The arithmetic is that of the wider operand, with 8 bit as the narrowest priced: an upper bound.
    pub fn iso_information(timesteps: u32, weight_bits: u32) -> Self {
        let activation_bits = (u64::from(timesteps) + 1).next_power_of_two().ilog2();
        Self::integer(&format!("qnn{activation_bits}"), weight_bits, activation_bits)
    }

    /// Every weight, input and output once.
    #[must_use]
    pub fn with_reuse(self) -> Self {
        Self { name: format!("{} reuse", self.name), reuse: true, ..self }
    }

    /// Zeros skipped; `density` is the fraction of hidden activations that is not zero.
    #[must_use]
    pub fn skipping_zeros(self, density: f64) -> Self {
        Self { name: format!("{} skip", self.name), density: Some(density), ..self }
    }

    /// The variants usually asked for: int8 and fp32 plain, skipping, with reuse, with both; the iso-information network
    /// plain and with both.
    pub fn usual(timesteps: u32, weight_bits: u32, density: f64) -> Vec<Self> {
        let plain = [Self::int8(), Self::fp32(), Self::iso_information(timesteps, weight_bits)];
        let variants = plain.into_iter().flat_map(|dense| {
            let skipping = dense.clone().skipping_zeros(density);
            [dense.clone(), skipping.clone(), dense.with_reuse(), skipping.with_reuse()]
        });
        variants.collect()
    }

    fn integer(name: &str, weight_bits: u32, activation_bits: u32) -> Self {
        Self {
            name: name.into(),
            weight_bits,
            activation_bits,
            arithmetic: Arithmetic::integer(weight_bits.max(activation_bits), OpScaling::Saturation),
            reuse: false,
            density: None,
        }
    }

    /// Energy of one pass over `network`'s geometry \[pJ\], with the memory line of `options`. Spike counts play no part,
    /// except that a real-valued input's non-zero elements give the density of the first layer.
    pub fn energy(&self, network: &Network, options: &Options) -> Groups {
        let formal = Network { mode: Mode::Ann, timesteps: 1, layers: Vec::new() };
        let mut groups = Groups::default();
        for (i, layer) in network.layers.iter().enumerate() {
            let mut quantities = Quantities::of(&formal, layer, options);
            quantities.density = self.density_of(i, layer);
            if options.reading == Reading::Exact {
                quantities.macs = quantities.macs_inside;
            }
            for term in self.terms(&layer.shape) {
                groups.add(term.group, (term.count.eval)(&quantities) * self.unit_pj(term.unit, layer, options));
            }
        }
        groups
    }

    fn density_of(&self, index: usize, layer: &Layer) -> f64 {
        match (self.density, layer.analog, layer.theta_in) {
            (None, ..) => 1.0,
            (Some(_), true, Some(non_zero)) => non_zero / layer.shape.n_in(),
            (Some(_), ..) if index == 0 => 1.0,
            (Some(density), ..) => density,
        }
    }

    fn unit_pj(&self, unit: Unit, layer: &Layer, options: &Options) -> f64 {
        let bits = match unit {
            Unit::InputMap | Unit::OutputMap => self.activation_bits,
            _ => self.weight_bits,
        };
        unit.pj(layer, &Options { bits, arithmetic: Some(self.arithmetic), ..*options })
    }

    /// The model as data.
    pub fn terms(&self, shape: &Shape) -> &'static [Term] {
        match (self.reuse, shape) {
            (true, _) => ONCE,
            (false, Shape::Conv(_)) => PER_USE_CONV,
            (false, Shape::Fc { .. }) => PER_USE_FC,
        }
    }
}

const PER_USE_CONV: &[Term] = terms! {
    "read input",   MemIo,      InputMap,         q => q.macs,                           "Lemaire 2022, eq. 3";
    "read weights", MemWeights, WeightsAndBiases, q => q.macs * q.density,               "Lemaire 2022, eq. 6.1, skipping";
    "read bias",    MemBias,    WeightsAndBiases, q => q.n_out * q.bias,                 "Lemaire 2022, eq. 6.1";
    "write output", MemIo,      OutputMap,        q => q.n_out,                          "Lemaire 2022, eq. 11";
    "MAC",          Ops,        Mac,              q => q.macs * q.density,               "Lemaire 2022, eq. 1.1, skipping";
    "ACC",          Ops,        Add,              q => q.n_out * q.bias,                 "Lemaire 2022, eq. 1.2";
    "address ACC",  Addr,       Add,              q => q.n_in + q.n_out + q.c_out * q.k, "Lemaire 2022";
};

const PER_USE_FC: &[Term] = terms! {
    "read input",   MemIo,      InputMap,         q => q.n_in,             "Lemaire 2022, eq. 4";
    "read weights", MemWeights, WeightsAndBiases, q => q.macs * q.density, "Lemaire 2022, eq. 6.2, skipping";
    "read bias",    MemBias,    WeightsAndBiases, q => q.n_out * q.bias,   "Lemaire 2022, eq. 6.2";
    "write output", MemIo,      OutputMap,        q => q.n_out,            "Lemaire 2022, eq. 12";
    "MAC",          Ops,        Mac,              q => q.macs * q.density, "Lemaire 2022, eq. 2.1, skipping";
    "ACC",          Ops,        Add,              q => q.n_out * q.bias,   "Lemaire 2022, eq. 2.2";
    "address ACC",  Addr,       Add,              q => q.n_in + q.n_out,   "Lemaire 2022";
};

const ONCE: &[Term] = terms! {
    "read input",   MemIo,      InputMap,         q => q.n_in,                     "each word once";
    "read weights", MemWeights, WeightsAndBiases, q => q.weights,                  "each word once";
    "read bias",    MemBias,    WeightsAndBiases, q => q.c_out * q.bias,           "each word once";
    "write output", MemIo,      OutputMap,        q => q.n_out,                    "each word once";
    "MAC",          Ops,        Mac,              q => q.macs * q.density,         "Lemaire 2022, eq. 1.1, skipping";
    "ACC",          Ops,        Add,              q => q.n_out * q.bias,           "Lemaire 2022, eq. 1.2";
    "address ACC",  Addr,       Add,              q => q.n_in + q.n_out + q.weights, "one per word";
};
