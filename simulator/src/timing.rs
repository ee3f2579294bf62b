//! Time of a run: what each timestep and each core took, in ticks of the chip, and how timesteps are separated.

pub(crate) mod bounds;
mod costs;
mod flits;
mod flows;
mod room;
mod timer;

use bounds::Binding;
pub(crate) use costs::{Costs, FlitLevel};
use isa::{CoreId, Cycle};
pub(crate) use timer::Timer;

/// How time is derived. Spikes and counts do not depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimingMode {
    /// No time.
    #[default]
    Counts,
    /// Core pipelines in closed form; network as link loads and queueing.
    Analytic,
    /// Core pipelines in closed form; network flit by flit. Where neurons fire per event, the events of every core keep the
    /// order that the network without contention gives them. Yields no time for multicast packets of several flits, for a
    /// torus with one virtual channel, and for routers with more than 64 input channels.
    Cycle,
}

/// Time of a sample.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Time {
    /// Ticks of the reset of all potentials before the first timestep, with its barrier.
    pub reset: u64,
    /// Timesteps; one for the whole sample where neurons fire per event.
    pub steps: Vec<StepTime>,
    /// Ticks after the last timestep until all potentials read by the host have left.
    pub readout: u64,
    /// Ticks of the whole sample.
    pub total: u64,
    /// Length of a tick \[ps\].
    pub tick_ps: u64,
}

impl Time {
    /// Duration of the sample \[s\].
    pub fn seconds(&self) -> f64 {
        self.total as f64 * self.tick_ps as f64 * 1e-12
    }

    /// What the input queues went through in all timesteps; in cycle mode, where queues are limited.
    pub fn queue(&self) -> Option<QueueTime> {
        self.steps.iter().filter_map(|step| step.queue).reduce(QueueTime::and)
    }
}

/// Time of one timestep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepTime {
    /// When it began.
    pub start: Cycle,
    /// Ticks until the slowest core had sent its last packet.
    pub compute: u64,
    /// Further ticks until the last packet had arrived.
    pub network: u64,
    /// Further ticks of the separation from the next timestep: barrier, or idle rest of a fixed timestep.
    pub sync: u64,
    /// Busiest link \[flits\].
    pub max_link: u64,
    /// Most events waiting at one core; where neurons fire per event, in the order without contention.
    pub max_queue: u32,
    /// What all input queues went through; in cycle mode, where queues are limited.
    pub queue: Option<QueueTime>,
    /// What bound it; `None` where timesteps overlap, or there are none.
    pub binding: Option<Binding>,
}

impl StepTime {
    /// Ticks of the timestep.
    pub fn ticks(&self) -> u64 {
        self.compute + self.network + self.sync
    }
}

/// What one core did in a timestep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CoreTime {
    /// The core.
    pub core: CoreId,
    /// When it began to take events.
    pub start: Cycle,
    /// Ticks of events and their synaptic work; longer if the last input event comes later.
    pub arrivals: u64,
    /// Ticks of the synaptic work alone.
    pub synaptic: u64,
    /// Ticks of the neuron sweep.
    pub sweep: u64,
    /// Ticks of the emission of packets.
    pub emission: u64,
    /// Events taken from the queue.
    pub events: u32,
    /// Spikes fired.
    pub spikes: u32,
    /// What its input queue went through; in cycle mode, where queues are limited.
    pub queue: Option<QueueTime>,
}

/// What limited input queues went through: that of one core in a timestep, or several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueTime {
    /// Most events in one at once.
    pub peak: u64,
    /// Ticks that packets waited in front of full ones, summed over queues.
    pub stalled: u64,
}

impl QueueTime {
    /// Two queues, or a queue at two times, together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { peak: self.peak.max(other.peak), stalled: self.stalled + other.stalled }
    }
}

impl CoreTime {
    /// When it had sent its last packet.
    pub fn end(&self) -> Cycle {
        Cycle(self.start.0 + self.busy())
    }

    /// Ticks of work.
    pub fn busy(&self) -> u64 {
        self.arrivals + self.sweep + self.emission
    }
}
