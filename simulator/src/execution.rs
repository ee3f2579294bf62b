//! How a loaded program is run: in timesteps, or event by event on chips whose neurons fire per event. One machine holds one of the two.

use crate::{
    coupled::Coupled,
    error::{NoTime, RunError},
    load::Loaded,
    machine::Machine,
    probe::Probe,
    state::State,
    step::Settings,
    stepped::Stepped,
    timing::{FlitLevel, Time, TimingMode},
};
use isa::{Arch, Stimulus};

/// A sample about to run in a state that was reset.
pub(crate) struct Sample<'a> {
    pub(crate) machine: &'a Machine,
    pub(crate) settings: Settings<'a>,
    pub(crate) mode: TimingMode,
    pub(crate) stimulus: &'a Stimulus,
}

impl<'a> Sample<'a> {
    pub(crate) fn loaded(&self) -> &'a Loaded {
        &self.machine.loaded
    }

    pub(crate) fn arch(&self) -> &'a Arch {
        &self.machine.arch
    }
}

/// What a sample did besides the tallies in the state.
#[derive(Clone, Debug)]
pub(crate) struct Finish {
    /// In modes that yield one.
    pub(crate) time: Option<Time>,
    /// Updates whose sum left the range of a potential.
    pub(crate) saturated: u64,
}

/// A way to run samples.
pub(crate) trait Execute {
    /// Why a run in this mode yields no time, if it does not.
    fn untimed(&self, mode: TimingMode) -> Option<NoTime>;

    /// The network flit by flit, if it can be simulated so.
    fn flit_level(&self) -> Option<&FlitLevel>;

    /// Runs a sample: potentials and tallies are left in the state, spikes and potentials are shown to the probe.
    fn run<P: Probe>(&self, sample: &Sample<'_>, state: &mut State, probe: &mut P) -> Result<Finish, RunError>;
}

/// The way of a machine.
#[derive(Clone, Debug)]
pub(crate) enum Execution {
    /// Neurons are updated once per timestep.
    TimeStepped(Stepped),
    /// Neurons are updated by every event that reaches them.
    EventDriven(Coupled),
}

impl Execution {
    /// The time-stepped one.
    pub(crate) fn stepped(&self) -> Option<&Stepped> {
        match self {
            Self::TimeStepped(stepped) => Some(stepped),
            Self::EventDriven(_) => None,
        }
    }

    pub(crate) fn is_event_driven(&self) -> bool {
        matches!(self, Self::EventDriven(_))
    }
}

impl Execute for Execution {
    fn untimed(&self, mode: TimingMode) -> Option<NoTime> {
        match self {
            Self::TimeStepped(stepped) => stepped.untimed(mode),
            Self::EventDriven(coupled) => coupled.untimed(mode),
        }
    }

    fn flit_level(&self) -> Option<&FlitLevel> {
        match self {
            Self::TimeStepped(stepped) => stepped.flit_level(),
            Self::EventDriven(coupled) => coupled.flit_level(),
        }
    }

    fn run<P: Probe>(&self, sample: &Sample<'_>, state: &mut State, probe: &mut P) -> Result<Finish, RunError> {
        match self {
            Self::TimeStepped(stepped) => stepped.run(sample, state, probe),
            Self::EventDriven(coupled) => coupled.run(sample, state, probe),
        }
    }
}
