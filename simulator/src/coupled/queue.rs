//! The events under way, and when each core is free.

use super::replay::Log;
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

/// An event on its way to a core. The order of the fields is the order of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Event {
    /// Tick of arrival.
    pub(crate) at: u64,
    /// Receiving unit.
    pub(crate) unit: u32,
    /// 0 for the host port, one more than the sending unit otherwise.
    pub(crate) source: u32,
    /// Number of the copy among all that the source has sent.
    pub(crate) sequence: u64,
    pub(crate) axon: u16,
    /// Channel, row and column of the source neuron.
    pub(crate) neuron: (u16, u16, u16),
    pub(crate) value: i32,
    /// Its number in the log, where one is kept.
    pub(crate) logged: u32,
}

/// Queue and clock of a sample.
#[derive(Clone, Debug, Default)]
pub(crate) struct EventQueue {
    events: BinaryHeap<Reverse<Event>>,
    /// Copies sent, by source.
    sent: Vec<u64>,
    /// When each unit is free.
    free: Vec<u64>,
    /// When the events that arrived at each unit were taken up, while that lay ahead at the last arrival.
    taken: Vec<VecDeque<u64>>,
    /// Most events waiting at one core, the one about to be taken included.
    pub(crate) longest: u32,
    /// Spikes sent to the host, and when the last arrived.
    pub(crate) n_outputs: u64,
    pub(crate) last_output: u64,
    /// State words that an event has reached, and those that fired; scratch.
    pub(super) reached: Vec<(u32, u32, u16)>,
    pub(super) fired: Vec<(u32, u16)>,
    /// What happened, where it is replayed.
    pub(super) log: Option<Log>,
}

impl EventQueue {
    /// The start of a sample.
    pub(super) fn reset(&mut self, n_units: usize) {
        self.events.clear();
        self.sent.clear();
        self.sent.resize(n_units + 1, 0);
        self.free.clear();
        self.free.resize(n_units, 0);
        self.taken.resize(n_units, VecDeque::new());
        self.taken.iter_mut().for_each(VecDeque::clear);
        (self.longest, self.n_outputs, self.last_output) = (0, 0, 0);
    }

    /// Sends an event; its sequence number is set here.
    pub(super) fn send(&mut self, event: Event) {
        let sent = &mut self.sent[event.source as usize];
        self.events.push(Reverse(Event { sequence: *sent, ..event }));
        *sent += 1;
    }

    /// The next event.
    pub(super) fn pop(&mut self) -> Option<Event> {
        self.events.pop().map(|Reverse(event)| event)
    }

    /// When the event is taken up: after those that arrived at its core before.
    pub(super) fn begin(&mut self, event: &Event) -> u64 {
        let begin = event.at.max(self.free[event.unit as usize]);
        let taken = &mut self.taken[event.unit as usize];
        while taken.front().is_some_and(|&begin| begin <= event.at) {
            taken.pop_front();
        }
        taken.push_back(begin);
        self.longest = self.longest.max(taken.len() as u32);
        begin
    }

    /// Says until when a unit is busy.
    pub(super) fn busy_until(&mut self, unit: u32, end: u64) {
        self.free[unit as usize] = end;
    }

    /// When the last unit had sent its last packet.
    pub(super) fn last_free(&self) -> u64 {
        self.free.iter().copied().max().unwrap_or(0)
    }
}
