//! What binds time: the parts of a timestep along its slowest core, the network and the separation from the next.
//!
//! `step = input + events + synapses + updates + emission` (of the slowest core) `+ network + separation`; what would be left without a part is
//! the same sum with that part taken from every core, whichever is the slowest then.

use super::{CoreTime, StepTime, Time};
use isa::CoreId;
use std::{collections::BTreeMap, ops::Index};

/// A part of the time of a timestep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Waiting for the host's events.
    Input,
    /// Taking events and looking them up.
    Events,
    /// Adding weights to potentials: issue slots, or the words of the memories if those take longer.
    Synapses,
    /// The sweep over neurons.
    Updates,
    /// Sending packets.
    Emission,
    /// Packets under way after the last core has sent its last, or events that wait for room in full queues.
    Network,
    /// Barrier, or idle rest of a fixed timestep.
    Separation,
}

impl Part {
    /// All parts.
    pub const ALL: [Self; 7] =
        [Self::Input, Self::Events, Self::Synapses, Self::Updates, Self::Emission, Self::Network, Self::Separation];

    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Events => "events",
            Self::Synapses => "synaptic work",
            Self::Updates => "neuron updates",
            Self::Emission => "emission",
            Self::Network => "network",
            Self::Separation => "separation of timesteps",
        }
    }
}

/// Ticks by part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts([u64; Part::ALL.len()]);

impl Index<Part> for Parts {
    type Output = u64;

    fn index(&self, part: Part) -> &u64 {
        &self.0[part as usize]
    }
}

impl Parts {
    /// All together.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The largest part; the first of several.
    pub fn largest(&self) -> Part {
        let largest = Part::ALL.into_iter().rev().max_by_key(|&part| self[part]);
        largest.expect("there are parts")
    }

    fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, ticks)| *sum += ticks);
    }
}

impl std::iter::Sum for Parts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, parts| {
            sum.add(&parts);
            sum
        })
    }
}

/// What bound a timestep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Binding {
    /// The slowest core.
    pub core: CoreId,
    /// Its time, and what followed; together the ticks of the timestep.
    pub parts: Parts,
    /// Ticks of the timestep without each part.
    pub without: Parts,
}

impl Binding {
    /// Of a timestep that lasts `step`, an event taking `per_event` ticks.
    pub(super) fn of(cores: &[CoreTime], per_event: u64, step: &StepTime) -> Self {
        let of = |core: &CoreTime| {
            let events = (u64::from(core.events) * per_event).min(core.arrivals);
            let synapses = core.synaptic.min(core.arrivals - events);
            [core.arrivals - events - synapses, events, synapses, core.sweep, core.emission]
        };
        let (mut binding, mut slowest, mut faster) = (Self::default(), None, [0; 5]);
        for core in cores {
            let own = of(core);
            let busy = own.iter().sum::<u64>();
            if slowest.is_none_or(|slowest| busy > slowest) {
                (slowest, binding.core) = (Some(busy), core.core);
                binding.parts.0[..5].copy_from_slice(&own);
            }
            faster.iter_mut().zip(own).for_each(|(most, part)| *most = busy.saturating_sub(part).max(*most));
        }
        let after = step.network + step.sync;
        binding.parts.0[Part::Network as usize] = step.network;
        binding.parts.0[Part::Separation as usize] = step.sync;
        binding.without.0[..5].copy_from_slice(&faster.map(|busy| busy + after));
        binding.without.0[Part::Network as usize] = step.compute + step.sync;
        binding.without.0[Part::Separation as usize] = step.compute + step.network;
        binding
    }
}

/// What bound the time of samples.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Ticks of all timesteps by part.
    pub parts: Parts,
    /// Ticks of all timesteps without each part.
    pub without: Parts,
    /// Ticks of the timesteps in which each core was the slowest, by part.
    pub cores: BTreeMap<CoreId, Parts>,
}

impl Bounds {
    /// Adds those of other samples.
    pub fn merge(&mut self, other: &Self) {
        self.parts.add(&other.parts);
        self.without.add(&other.without);
        other.cores.iter().for_each(|(core, parts)| self.cores.entry(*core).or_default().add(parts));
    }
}

impl Time {
    /// What bound the timesteps; `None` where they overlap (token synchronization) or there are none (firing per event).
    pub fn bounds(&self) -> Option<Bounds> {
        let mut bounds = Bounds::default();
        for step in &self.steps {
            let binding = step.binding.as_ref()?;
            bounds.parts.add(&binding.parts);
            bounds.without.add(&binding.without);
            bounds.cores.entry(binding.core).or_default().add(&binding.parts);
        }
        Some(bounds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_and_the_next_core_binds_without_the_largest() {
        let core = |core, events, synaptic, sweep, emission| CoreTime {
            core: CoreId(core),
            events,
            synaptic,
            sweep,
            emission,
            arrivals: u64::from(events) * 10 + synaptic,
            ..CoreTime::default()
        };
        // 20 + 100 + 30 + 5 = 155 on core 3, 10 + 20 + 90 = 120 on core 4.
        let cores = [core(3, 2, 100, 30, 5), core(4, 1, 20, 90, 0)];
        let step = StepTime { compute: 155, network: 7, sync: 40, ..StepTime::default() };
        let binding = Binding::of(&cores, 10, &step);
        assert_eq!((binding.core, binding.parts.largest()), (CoreId(3), Part::Synapses));
        assert_eq!(Part::ALL.map(|part| binding.parts[part]), [0, 20, 100, 30, 5, 7, 40]);
        assert_eq!(binding.parts.total(), step.ticks());
        // Without synaptic work core 4 binds, with 100 ticks; without updates core 3, with 125.
        assert_eq!(Part::ALL.map(|part| binding.without[part] - 47), [155, 135, 100, 125, 150, 148, 115]);
    }
}
