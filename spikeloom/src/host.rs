//! What the host does after the chip: the class from the output layer's spikes or potentials, which no chip is charged with.
//!
//! Counted are the operations of `isa::Readout::classify` on one sample: for goodness and channel energies a square and its sum per neuron
//! of the layer read, the weights' products and sums, and a comparison per class. Spikes are counted by one addition each. The
//! price is that of 32-bit integer arithmetic at 45 nm and 0.9 V, 0.1 pJ an addition and 3.1 pJ a multiplication (Horowitz, ISSCC
//! 2014): a host's instructions and memories cost more, so it is a lower bound.

use energy::units::Energy;
use isa::{Program, Readout};
use serde::Serialize;
use std::fmt;

/// One 32-bit addition \[pJ\].
const ADDITION: f64 = 0.1;
/// One 32-bit multiplication \[pJ\].
const MULTIPLICATION: f64 = 3.1;

/// Operations of one decision on the host.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct HostReadout {
    /// Additions and comparisons.
    pub additions: f64,
    /// Multiplications.
    pub multiplications: f64,
}

impl HostReadout {
    /// Of a program whose output layer emits `spikes` per sample.
    #[must_use]
    pub fn new(program: &Program, spikes: f64) -> Self {
        let shape = program.layers[usize::from(program.readout.layer().0)].shape;
        let neurons = f64::from(shape.0) * f64::from(shape.1) * f64::from(shape.2);
        let [additions, multiplications] = match &program.readout {
            Readout::Goodness { sizes, .. } => {
                let comparisons = sizes.len().saturating_sub(1) as f64;
                [spikes + neurons + comparisons, neurons + 2.0 * comparisons]
            }
            Readout::ChannelEnergy { grid, weights, .. } => {
                let energies = f64::from(*grid) * f64::from(*grid) * f64::from(shape.0);
                let products = weights.len() as f64;
                [spikes + neurons + products + products / energies - 1.0, neurons + products]
            }
            Readout::Potential { .. } => [neurons - 1.0, 0.0],
            Readout::SpikeCount { .. } => [spikes + neurons - 1.0, 0.0],
        };
        Self { additions, multiplications }
    }

    /// Energy of the arithmetic alone \[pJ\].
    #[must_use]
    pub fn energy(&self) -> Energy {
        Energy::exactly(self.additions * ADDITION + self.multiplications * MULTIPLICATION)
    }
}

impl HostReadout {
    /// In words; `sample` is what one sample is.
    #[must_use]
    pub fn per(&self, sample: &str) -> String {
        format!(
            "on the host, not in the energy: {:.0} additions and {:.0} multiplications per {sample}, at least {} (32-bit \
             arithmetic alone, 45 nm, Horowitz 2014)",
            self.additions,
            self.multiplications,
            self.energy()
        )
    }
}

impl fmt::Display for HostReadout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.per("sample"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Chip, DeployOptions, Model, Quiet};

    /// `mnist-small` reads 64 channels of 7 × 7 by 10 × 64 weights: the operations written out.
    #[test]
    fn operations_of_a_learned_readout() {
        let model = Model::open("mnist-small").expect("it ships");
        let chip = Chip::open("loihi1").expect("a preset");
        let deployed = model.deploy(&chip, &DeployOptions::default(), &mut Quiet).expect("it fits");
        let host = HostReadout::new(&deployed.executable.program, 2000.0);
        let neurons = f64::from(64 * 7 * 7);
        assert_eq!(host, HostReadout { additions: 2000.0 + neurons + 640.0 + 9.0, multiplications: neurons + 640.0 });
        assert!((host.energy().value - (host.additions * 0.1 + host.multiplications * 3.1)).abs() < 1e-9);
    }
}
