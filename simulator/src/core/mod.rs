//! Time of a core in closed form, from the tallies of a timestep.
//!
//! `arrivals = Σ_events (event + axon) + Σ_rows slots · synapse`
//! `slots    = max(⌈n/lanes⌉, p·⌈state words/banks⌉, ⌈weight words/banks⌉)`
//! `sweep    = ⌈n_idle/lanes⌉ · idle + n_spikes · spike`
//! `emission = n_packets · emit`
//!
//! all in ticks, for a row of `n` synaptic operations. A row takes an issue for every `lanes` operations, and longer where
//! its memories cannot deliver: every word that it touches is read once, interleaved over `banks` banks; a read-modify-write
//! of a state word takes `p` = one slot with a read and a write port, two with one shared port. So more lanes, more banks and
//! wider words never make a row slower. Events are processed one after another, the sweep follows the last event, emission
//! follows the sweep: no overlap inside a core is assumed, because descriptions carry none. The entries of a synapse list lie
//! next to each other in the weight memory, their potentials do not: a list touches a state word for each entry, taken to lie
//! evenly over the banks.

pub(crate) mod queue;

use crate::error::NoTime;
use isa::{
    Arch,
    arch::{Constant, Memory, Ports},
};

/// Ticks of a core's operations.
#[derive(Clone, Debug, Default)]
pub(crate) struct CoreCosts {
    pub(crate) per_event: u64,
    pub(crate) emit: u64,
    synapse: u64,
    idle: u64,
    spike: u64,
    lanes: u64,
    state_bits: u32,
    /// Potentials and weights.
    memories: Option<(Memory, Memory)>,
}

/// The figure at a path of the description.
pub(crate) fn stated(figure: Option<&Constant>, path: &'static str) -> Result<u64, NoTime> {
    figure.map(|constant| constant.value).ok_or(NoTime::Absent { figure: path })
}

impl CoreCosts {
    /// The first figure that is absent, if any is. Chips that fire per event have no sweep, and need no figures for it.
    pub(crate) fn new(arch: &Arch) -> Result<Self, NoTime> {
        let (core, timing) = (&arch.core, &arch.core.timing);
        let sweep = |figure: &Option<Constant>, path| {
            let given = figure.as_ref().map_or(0, |constant| constant.value);
            if core.is_event_driven() { Ok(given) } else { stated(figure.as_ref(), path) }
        };
        Ok(Self {
            per_event: stated(timing.event.as_ref(), "core.timing.event")?
                + stated(timing.axon.as_ref(), "core.timing.axon")?,
            emit: stated(timing.emit.as_ref(), "core.timing.emit")?,
            synapse: stated(timing.synapse.as_ref(), "core.timing.synapse")?,
            idle: sweep(&timing.neuron_idle, "core.timing.neuron_idle")?,
            spike: sweep(&timing.neuron_spike, "core.timing.neuron_spike")?,
            lanes: u64::from(core.lanes.max(1)),
            state_bits: core.state_bits,
            memories: Some((core.memories.state.clone(), core.memories.weights.clone())),
        })
    }

    /// Ticks of one row of `span` synaptic operations with weights of `bits` bits; 0 if costs are not known.
    pub(crate) fn row_ticks(&self, span: u64, bits: u32) -> u64 {
        let Some((state, weights)) = &self.memories else { return 0 };
        let words = (state.words(1, span, self.state_bits), weights.words(1, span, bits));
        slots((state, weights), self.lanes, span, words).saturating_mul(self.synapse)
    }

    /// Ticks of synapse lists that take so many slots.
    pub(crate) fn list_ticks(&self, slots: u64) -> u64 {
        slots.saturating_mul(self.synapse)
    }

    /// Ticks of writing `n` initial potentials: one slot for each `lanes`.
    pub(crate) fn reset_ticks(&self, n: u64) -> u64 {
        n.div_ceil(self.lanes.max(1)).saturating_mul(self.synapse)
    }
}

/// Slots of `n` synaptic operations that touch so many words of the memories of potentials and of weights.
fn slots((state, weights): (&Memory, &Memory), lanes: u64, n: u64, (touched, read): (u64, u64)) -> u64 {
    let ports = match state.ports {
        Ports::OneReadOneWrite => 1,
        Ports::OneReadWrite => 2,
    };
    let banks = |memory: &Memory, words: u64| words.div_ceil(u64::from(memory.banks.max(1)));
    n.div_ceil(lanes.max(1)).max(banks(state, touched).saturating_mul(ports)).max(banks(weights, read))
}

/// Slots of a synapse list of `n` entries that takes `words` words of the weight memory.
pub(crate) fn list_slots(arch: &Arch, n: u64, words: u64) -> u64 {
    let (state, weights) = (&arch.core.memories.state, &arch.core.memories.weights);
    let touched = state.words(n, 1, arch.core.state_bits);
    slots((state, weights), arch.core.lanes.into(), n, (touched, words))
}

/// Ticks of an update that visits `visited` neurons, `spikes` of which fire.
pub(crate) fn sweep_ticks(costs: &CoreCosts, visited: u64, spikes: u64) -> u64 {
    let idle = visited.saturating_sub(spikes).div_ceil(costs.lanes.max(1)).saturating_mul(costs.idle);
    idle.saturating_add(spikes.saturating_mul(costs.spike))
}

#[cfg(test)]
mod tests {
    use super::*;
    use isa::arch::preset::preset;
    use proptest::prelude::*;

    proptest! {
        /// More lanes, banks or bits of a word never make a row or a list slower; one lane bounds all.
        #[test]
        fn more_hardware_is_never_slower(
            n in 1..300_u64,
            (lanes, more) in (1..40_u32, 1..2000_u32),
            (state_bits, bits) in (2..32_u32, 1..16_u32),
            (word, wider) in (1..100_u32, 1..100_u32),
            (banks, extra, shared) in (1..5_u32, 1..5_u32, any::<bool>()),
        ) {
            let mut arch = preset("loihi1").expect("a preset");
            (arch.core.lanes, arch.core.state_bits) = (lanes, state_bits);
            for memory in [&mut arch.core.memories.state, &mut arch.core.memories.weights] {
                (memory.word_bits, memory.banks) = (word, banks);
                memory.ports = if shared { Ports::OneReadWrite } else { Ports::OneReadOneWrite };
            }
            let ticks = |arch: &Arch| {
                let words = arch.core.memories.weights.list_words(n, bits);
                (CoreCosts::new(arch).expect("loihi1 has all times").row_ticks(n, bits), list_slots(arch, n, words))
            };
            let base = ticks(&arch);
            let faster = |change: &dyn Fn(&mut Arch)| {
                let mut arch = arch.clone();
                change(&mut arch);
                let (row, list) = ticks(&arch);
                row <= base.0 && list <= base.1
            };
            prop_assert!(faster(&|arch| arch.core.lanes += more), "lanes");
            prop_assert!(faster(&|arch| arch.core.memories.state.banks += extra), "banks of the state");
            prop_assert!(faster(&|arch| arch.core.memories.weights.banks += extra), "banks of the weights");
            prop_assert!(faster(&|arch| arch.core.memories.weights.word_bits += wider), "words of the weights");
            prop_assert!(faster(&|arch| arch.core.memories.state.word_bits += wider), "words of the state");
        }
    }
}
