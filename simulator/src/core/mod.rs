//! Time of a core in closed form, from the tallies of a timestep.
//!
//! `arrivals = Σ_events (event + axon) + Σ_rows ⌈span/lanes⌉ · interval`, `interval = synapse · max(state, weight slots)`
//! `sweep    = ⌈n_idle/lanes⌉ · idle + n_spikes · spike`
//! `emission = n_packets · emit`
//!
//! all in ticks. A state read-modify-write takes one slot with a read and a write port, two with one shared port. An issue
//! of `lanes` operations touches `w = ⌈lanes·bits/word⌉` consecutive words of each memory; interleaved over `banks` banks
//! that takes `⌈w/banks⌉` slots. Events are processed one after another, the sweep follows the last event, emission follows
//! the sweep: no overlap inside a core is assumed, because descriptions carry none. The entries of a synapse list lie next
//! to each other in the weight memory, their potentials do not: an issue of `lanes` entries touches a state word for each,
//! taken to lie evenly over the banks.

pub(crate) mod queue;

use isa::{
    Arch,
    arch::{Constant, Fire, Memory, Ports},
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
    state_slots: u64,
    /// The same for operations on potentials that do not lie next to each other.
    scattered_slots: u64,
    weights: Option<Memory>,
}

/// Slots in which an issue of `lanes` operations reaches its words.
fn bank_slots(memory: &Memory, lanes: u64, bits: u32) -> u64 {
    memory.words(1, lanes, bits).div_ceil(u64::from(memory.banks.max(1))).max(1)
}

impl CoreCosts {
    /// `None` if a figure is absent. Chips that fire per event have no sweep, and need no figures for it.
    pub(crate) fn new(arch: &Arch) -> Option<Self> {
        let (core, timing) = (&arch.core, &arch.core.timing);
        let state = &core.memories.state;
        let ports = match state.ports {
            Ports::OneReadOneWrite => 1,
            Ports::OneReadWrite => 2,
        };
        let lanes = u64::from(core.lanes.max(1));
        let sweep = |figure: &Option<Constant>| match (figure, core.fire) {
            (Some(constant), _) => Some(constant.value),
            (None, Fire::PerEvent) => Some(0),
            (None, Fire::PerStep) => None,
        };
        Some(Self {
            per_event: timing.event.as_ref()?.value + timing.axon.as_ref()?.value,
            emit: timing.emit.as_ref()?.value,
            synapse: timing.synapse.as_ref()?.value,
            idle: sweep(&timing.neuron_idle)?,
            spike: sweep(&timing.neuron_spike)?,
            lanes,
            state_slots: ports * bank_slots(state, lanes, core.state_bits),
            scattered_slots: ports
                * state.words(lanes, 1, core.state_bits).div_ceil(u64::from(state.banks.max(1))).max(1),
            weights: Some(core.memories.weights.clone()),
        })
    }

    /// Ticks of one row of `span` synaptic operations with weights of `bits` bits.
    pub(crate) fn row_ticks(&self, span: u64, bits: u32) -> u64 {
        let Some(weights) = &self.weights else { return 0 };
        let slots = self.state_slots.max(bank_slots(weights, self.lanes, bits));
        span.div_ceil(self.lanes) * slots * self.synapse
    }

    /// Ticks of `issues` issues of synapses of lists, with entries of `bits` bits; 0 if costs are not known.
    pub(crate) fn list_ticks(&self, issues: u64, bits: u32) -> u64 {
        let Some(weights) = &self.weights else { return 0 };
        issues * self.scattered_slots.max(bank_slots(weights, self.lanes, bits)) * self.synapse
    }

    /// Ticks of writing `n` initial potentials: one slot for each `lanes`.
    pub(crate) fn reset_ticks(&self, n: u64) -> u64 {
        n.div_ceil(self.lanes.max(1)) * self.synapse
    }
}

/// Ticks of an update that visits `visited` neurons, `spikes` of which fire.
pub(crate) fn sweep_ticks(costs: &CoreCosts, visited: u64, spikes: u64) -> u64 {
    (visited - spikes).div_ceil(costs.lanes.max(1)) * costs.idle + spikes * costs.spike
}
