//! Watching a run. A probe states in constants what it wants; what it does not want is not gathered.
//!
//! On a chip that fires per event the whole sample is timestep 0, and a neuron is listed once for each of its spikes.

use isa::{Cycle, LayerId, Timestep};

/// Receives what happens in a run, in ascending order of timesteps and, within one, of layers.
pub trait Probe {
    /// Whether [`Self::spikes`] is called.
    const SPIKES: bool = false;
    /// Whether [`Self::emissions`] is called.
    const EMISSIONS: bool = false;
    /// Whether [`Self::visits`] is called.
    const VISITS: bool = false;
    /// Whether [`Self::potentials`] is called.
    const POTENTIALS: bool = false;
    /// Whether [`Self::timestep`] is called.
    const TIMELINE: bool = false;
    /// Whether [`Self::firing`] is called.
    const FIRINGS: bool = false;
    /// Whether [`Self::packet`] is called.
    const PACKETS: bool = false;

    /// The neurons of a layer that fired in a timestep: channel-major indices, ascending. Called for every layer and
    /// timestep; for the input layer, its events.
    fn spikes(&mut self, t: Timestep, layer: LayerId, neurons: &[u32]) {
        let _ = (t, layer, neurons);
    }

    /// As [`Self::spikes`], with the value that each neuron sent: 1 for a spike, how many for several at once, a graded value. Called for the
    /// same layers and timesteps.
    fn emissions(&mut self, t: Timestep, layer: LayerId, sent: &[(u32, i32)]) {
        let _ = (t, layer, sent);
    }

    /// The neurons of a layer visited by the update of a timestep, as for [`Self::spikes`]; only on chips that visit touched neurons
    /// alone.
    fn visits(&mut self, t: Timestep, layer: LayerId, neurons: &[u32]) {
        let _ = (t, layer, neurons);
    }

    /// The potentials of a layer at the end of a timestep, channel-major. Called for every layer that holds potentials.
    fn potentials(&mut self, t: Timestep, layer: LayerId, potentials: &[i32]) {
        let _ = (t, layer, potentials);
    }

    /// When the cores worked in a timestep; called in timed modes, in ascending order of cores.
    fn timestep(&mut self, t: Timestep, span: &crate::timing::StepTime, cores: &[crate::timing::CoreTime]) {
        let _ = (t, span, cores);
    }

    /// A spike, on chips that fire per event only: the tick at which its core had done the update, counted from the end of
    /// the reset. Called in the order in which the causing events arrived.
    fn firing(&mut self, at: Cycle, layer: LayerId, neuron: u32) {
        let _ = (at, layer, neuron);
    }

    /// A packet that was sent in a timestep: those of the host first, then core by core in the order of emission. Chips without
    /// a network send none.
    fn packet(&mut self, t: Timestep, packet: &crate::packets::Packet<'_>) {
        let _ = (t, packet);
    }
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProbe;

impl Probe for NoProbe {}

impl<P: Probe, Q: Probe> Probe for (P, Q) {
    const SPIKES: bool = P::SPIKES || Q::SPIKES;
    const EMISSIONS: bool = P::EMISSIONS || Q::EMISSIONS;
    const VISITS: bool = P::VISITS || Q::VISITS;
    const POTENTIALS: bool = P::POTENTIALS || Q::POTENTIALS;
    const TIMELINE: bool = P::TIMELINE || Q::TIMELINE;
    const FIRINGS: bool = P::FIRINGS || Q::FIRINGS;
    const PACKETS: bool = P::PACKETS || Q::PACKETS;

    fn spikes(&mut self, t: Timestep, layer: LayerId, neurons: &[u32]) {
        self.0.spikes(t, layer, neurons);
        self.1.spikes(t, layer, neurons);
    }

    fn emissions(&mut self, t: Timestep, layer: LayerId, sent: &[(u32, i32)]) {
        self.0.emissions(t, layer, sent);
        self.1.emissions(t, layer, sent);
    }

    fn visits(&mut self, t: Timestep, layer: LayerId, neurons: &[u32]) {
        self.0.visits(t, layer, neurons);
        self.1.visits(t, layer, neurons);
    }

    fn potentials(&mut self, t: Timestep, layer: LayerId, potentials: &[i32]) {
        self.0.potentials(t, layer, potentials);
        self.1.potentials(t, layer, potentials);
    }

    fn timestep(&mut self, t: Timestep, span: &crate::timing::StepTime, cores: &[crate::timing::CoreTime]) {
        self.0.timestep(t, span, cores);
        self.1.timestep(t, span, cores);
    }

    fn firing(&mut self, at: Cycle, layer: LayerId, neuron: u32) {
        self.0.firing(at, layer, neuron);
        self.1.firing(at, layer, neuron);
    }

    fn packet(&mut self, t: Timestep, packet: &crate::packets::Packet<'_>) {
        self.0.packet(t, packet);
        self.1.packet(t, packet);
    }
}
