//! Input queues of all cores over a ring of timesteps. Spikes of one source position that take the same routes travel
//! together as a [`Burst`]; what they do and what is counted is the same as one by one. What spikes add by
//! [`crate::kernel::fan_out`] is summed up here instead, by state word.

use super::UnitSet;
use crate::{
    kernel::{
        fan_out::{AHEAD, FanOut},
        sums::Sums,
    },
    load::{Loaded, Path},
};

/// Spikes of one source position in the input queue of a core, their tag already replaced by the core's axon entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Burst {
    /// Index into the axon table of the core.
    pub(crate) axon: u16,
    /// Row of the source neurons in their layer.
    pub(crate) y: u16,
    /// Their column.
    pub(crate) x: u16,
    /// How many.
    pub(crate) n: u16,
    /// Where their channels begin in the list of the timestep.
    pub(crate) start: u32,
    /// 1 for spikes.
    pub(crate) value: i32,
}

impl Burst {
    /// Channels of the source neurons, ascending.
    #[inline]
    pub(crate) fn channels(self, list: &[u16]) -> &[u16] {
        &list[self.start as usize..][..self.n as usize]
    }
}

/// What is queued for one timestep.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrivals {
    /// By unit.
    pub(crate) queues: Vec<Vec<Burst>>,
    /// Channels of all bursts.
    pub(crate) channels: Vec<u16>,
    /// Units with something to take.
    pub(crate) pending: UnitSet,
    /// What fan-outs have added, by state word of the chip.
    pub(crate) sums: Sums,
    /// Their events by unit and slots of their lists by call; only where time is derived.
    pub(crate) events: Vec<u32>,
    pub(crate) list_slots: Vec<u64>,
}

impl Arrivals {
    fn new(loaded: &Loaded) -> Self {
        let units = loaded.units.len();
        let calls = if loaded.has_fan_outs() { loaded.extent().1 } else { 0 };
        Self {
            queues: vec![Vec::new(); units],
            channels: Vec::new(),
            pending: UnitSet::new(units),
            sums: loaded.sums.clone(),
            events: vec![0; units],
            list_slots: vec![0; calls],
        }
    }

    fn clear(&mut self) {
        self.queues.iter_mut().for_each(Vec::clear);
        self.channels.clear();
        self.pending.clear();
        self.sums.clear();
        self.events.fill(0);
        self.list_slots.fill(0);
    }
}

/// Arrivals by timestep modulo the depth of the ring, which exceeds the longest delay.
#[derive(Clone, Debug)]
pub(crate) struct Ring {
    slots: Vec<Arrivals>,
    /// Deliveries for timesteps after the last.
    pub(crate) unprocessed: u64,
}

impl Ring {
    pub(crate) fn new(loaded: &Loaded) -> Self {
        Self { slots: vec![Arrivals::new(loaded); loaded.max_delay as usize + 1], unprocessed: 0 }
    }

    pub(crate) fn reset(&mut self) {
        self.slots.iter_mut().for_each(Arrivals::clear);
        self.unprocessed = 0;
    }

    /// Takes out what is queued for timestep `t`; give it back with [`Self::put_back`].
    pub(crate) fn take(&mut self, t: u32) -> Arrivals {
        let slot = t as usize % self.slots.len();
        std::mem::take(&mut self.slots[slot])
    }

    /// Returns the memory of processed arrivals, whose queues must be empty.
    pub(crate) fn put_back(&mut self, t: u32, mut arrivals: Arrivals) {
        arrivals.channels.clear();
        arrivals.pending.clear();
        let slot = t as usize % self.slots.len();
        self.slots[slot] = arrivals;
    }

    /// Queues the spikes of `channels` at position (y, x) for every delivery `(delay, unit, axon)`, from timestep `t` of
    /// `timesteps`.
    #[inline]
    pub(crate) fn send(
        &mut self,
        (t, timesteps): (u32, u32),
        deliveries: &[(u32, u32, u16)],
        channels: &[u16],
        (y, x): (u16, u16),
        value: i32,
    ) {
        let depth = self.slots.len();
        for same in deliveries.chunk_by(|a, b| a.0 == b.0) {
            let due = t + same[0].0;
            if due >= timesteps {
                self.unprocessed += (same.len() * channels.len()) as u64;
                continue;
            }
            let slot = &mut self.slots[due as usize % depth];
            for channels in channels.chunks(u16::MAX.into()) {
                let (start, n) = (slot.channels.len() as u32, channels.len() as u16);
                slot.channels.extend_from_slice(channels);
                for &(_, unit, axon) in same {
                    slot.queues[unit as usize].push(Burst { axon, y, x, n, start, value });
                    slot.pending.insert(unit as usize);
                }
            }
        }
    }

    /// Adds what the spikes of `neurons` do in timestep `due`; the delay is the same for all.
    pub(crate) fn spread(&mut self, due: u32, fan: &FanOut, neurons: &[u32]) {
        let depth = self.slots.len();
        let Arrivals { pending, sums, .. } = &mut self.slots[due as usize % depth];
        fan.units().iter().for_each(|&unit| pending.insert(unit as usize));
        fan.add(sums, neurons);
    }

    /// Adds the slots of these spikes' lists to their calls, and their uses of the paths of their unit to `uses`.
    pub(crate) fn tally(&mut self, due: u32, fan: &FanOut, neurons: &[u32], uses: &mut [u32]) {
        let depth = self.slots.len();
        let list_slots = &mut self.slots[due as usize % depth].list_slots;
        for (i, &neuron) in neurons.iter().enumerate() {
            if let Some(&next) = neurons.get(i + AHEAD) {
                fan.prefetch(next as usize);
            }
            fan.paths(neuron as usize).iter().for_each(|&path| uses[path as usize] += 1);
            fan.reads(neuron as usize).iter().for_each(|read| list_slots[read.call as usize] += u64::from(read.slots));
        }
    }

    /// Adds `n` events of a path to the units that they go to in timestep `due`.
    pub(crate) fn deliver(&mut self, due: u32, path: &Path, n: u32) {
        let depth = self.slots.len();
        let events = &mut self.slots[due as usize % depth].events;
        path.targets.iter().for_each(|&(unit, _)| events[unit as usize] += n);
    }
}
