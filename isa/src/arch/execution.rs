//! How a chip executes: time-stepped or event-driven, and which neurons a timestep visits. Whoever asks, asks here.

use super::Core;
use serde::{Deserialize, Serialize};

/// When neurons fire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fire {
    /// At the end of each timestep.
    PerStep,
    /// As soon as an event lifts the potential over the threshold, one spike per update; not equivalent to timesteps
    /// (docs/semantics.md §9). Sums saturate at the width of a potential; windows, sweeps and `neuron_…` times mean nothing.
    PerEvent,
}

/// Which neurons are visited in an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sweep {
    /// All of the population, in every timestep of its window.
    All,
    /// All of the population, in every timestep: outside its window an update changes nothing and is made nevertheless.
    Always,
    /// Only neurons that could fire: touched since the last update, or above threshold. Needs zero bias and leak.
    Touched,
}

impl Core {
    /// Whether the chip is event-driven: neurons fire as events reach them, and there are no timesteps.
    pub fn is_event_driven(&self) -> bool {
        self.fire == Fire::PerEvent
    }

    /// Whether every neuron is updated in every timestep of its window, so that it can act without an event.
    pub fn updates_all(&self) -> bool {
        !self.is_event_driven() && self.sweep != Sweep::Touched
    }

    /// Whether timesteps update those neurons alone that an event has reached.
    pub fn updates_touched(&self) -> bool {
        !self.is_event_driven() && self.sweep == Sweep::Touched
    }
}
