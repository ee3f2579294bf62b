//! What the pass from reals to integers works on: a fused network, and how the chip wants it.

use crate::{
    check,
    diagnostics::{Diagnostics, Violations},
    observe::Advance,
    pass::quantize::{Quantization, QuantizeOptions, quantize_watched},
};
use ir::{Graph, Trained};
use isa::Arch;

/// A fused network on its way to integers.
pub(crate) struct Rounding<'a> {
    fused: Graph<Trained>,
    options: QuantizeOptions<'a>,
    outcome: Option<Quantization>,
}

impl<'a> Rounding<'a> {
    /// A fused network, to be quantized as the options say and as the chip's neurons count.
    pub(crate) fn new(fused: Graph<Trained>, arch: &'a Arch, options: &QuantizeOptions<'a>) -> Self {
        let core = &arch.core;
        // What decays is rounded as the chip rounds it; a chip without decays refuses the network afterwards, by name.
        let decay = core.dynamics.decay.first().copied().unwrap_or(options.decay);
        // Lists, and with them fractions of a unit, need timesteps that visit every neuron.
        let lists = core.updates_all();
        let options = QuantizeOptions {
            state_bits: core.state_bits,
            saturates: options.saturates || core.is_event_driven(),
            decay,
            fractions: if lists { &core.dynamics.fraction_bits } else { &[] },
            has_saturate: lists && core.dynamics.operations.contains(&isa::neuron::Kind::Saturate),
            ..*options
        };
        Self { fused, options, outcome: None }
    }

    pub(crate) fn quantize(&mut self, advance: Advance<'_>) -> Result<(), Diagnostics> {
        self.outcome = Some(quantize_watched(&self.fused, &self.options, advance)?);
        Ok(())
    }

    pub(crate) fn check(&self) -> Violations {
        check::quantize::check(&self.fused, self.outcome(), &self.options).err().unwrap_or_default()
    }

    /// What the pass made.
    pub(crate) fn outcome(&self) -> &Quantization {
        self.outcome.as_ref().expect("the pass ran")
    }

    /// What the pass made, to keep.
    pub(crate) fn into_outcome(self) -> Quantization {
        self.outcome.expect("the pass ran")
    }
}
