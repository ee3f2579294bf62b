//! The input queue of a core in time, where its capacity is limited.
//!
//! What is delivered in a timestep is due in a later one. At the beginning of its timestep a core takes the events that stand
//! in its queue one by one, evenly over the ticks of its `arrivals`; while it updates neurons and emits it takes none. An event
//! that finds the queue full waits in its router and stops what is behind it. Once the core is done with its own work it
//! moves the oldest event into memory, to the others of its timestep, in the `event + axon` ticks of taking one; it does so
//! only to make room. The work of the timestep in which the event is due stays the same.
//!
//! A core emits without waiting for anyone, so it is done after finite time, and then makes room for whatever comes: the
//! network always drains, however small its queues.

use crate::timing::{CoreTime, QueueTime};

/// The queue of a core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InputQueue {
    /// Events that it holds, at least 1.
    capacity: u64,
    /// Ticks of moving an event into memory.
    moving_ticks: u64,
    /// When the timestep began, and how long the core takes events from then on.
    start: u64,
    arrivals: u64,
    /// When the core's own work of the timestep ends.
    done: u64,
    /// Events that stood in the queue then.
    before: u64,
    /// Events that entered since, without those moved.
    entered: u64,
    /// When the event that is being moved has left the queue.
    moved: Option<u64>,
    /// Since when an event has waited for room.
    blocked: Option<u64>,
    time: QueueTime,
}

impl InputQueue {
    pub(crate) fn new(capacity: u64, moving_ticks: u64) -> Self {
        let capacity = capacity.max(1);
        let (moved, blocked, time) = (None, None, QueueTime::default());
        Self { capacity, moving_ticks, start: 0, arrivals: 0, done: 0, before: 0, entered: 0, moved, blocked, time }
    }

    /// A timestep begins at tick `start`, in which the core works as `core` says.
    pub(crate) fn begin(&mut self, start: u64, core: &CoreTime) {
        assert!(self.moved.is_none() && self.blocked.is_none(), "all that came has entered");
        (self.start, self.arrivals, self.done) = (start, core.arrivals, start + core.busy());
        (self.before, self.entered) = (self.entered, 0);
        self.time = QueueTime { peak: self.before, stalled: 0 };
    }

    pub(crate) fn time(&self) -> QueueTime {
        self.time
    }

    /// Events of before that have been taken by tick `now`.
    fn taken(&self, now: u64) -> u64 {
        let passed = now.saturating_sub(self.start);
        if passed >= self.arrivals { self.before } else { self.before * passed / self.arrivals }
    }

    /// The first tick, not before `now`, in which there is room for an event.
    pub(crate) fn ready(&mut self, now: u64) -> u64 {
        if self.moved.is_some_and(|end| end <= now) {
            self.moved = None;
            self.entered -= 1;
        }
        let taken = self.taken(now);
        if self.before - taken + self.entered < self.capacity {
            return now;
        }
        self.blocked.get_or_insert(now);
        if taken < self.before {
            return self.start + ((taken + 1) * self.arrivals).div_ceil(self.before);
        }
        // All that is left has entered since; the oldest of it is moved.
        *self.moved.get_or_insert(now.max(self.done) + self.moving_ticks.max(1))
    }

    /// An event enters in tick `now`, for which there is room.
    pub(crate) fn enter(&mut self, now: u64) {
        self.time.stalled += self.blocked.take().map_or(0, |since| now - since);
        self.entered += 1;
        let held = self.before - self.taken(now) + self.entered;
        assert!(held <= self.capacity, "nothing enters a full queue");
        self.time.peak = self.time.peak.max(held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn core(arrivals: u64, sweep: u64, emission: u64) -> CoreTime {
        CoreTime { arrivals, sweep, emission, ..CoreTime::default() }
    }

    /// When events that stand in front of the queue at `from` enter it.
    fn entries(queue: &mut InputQueue, from: u64, n: usize) -> Vec<u64> {
        let mut now = from;
        let enter = |_| {
            now = queue.ready(now);
            assert_eq!(queue.ready(now), now);
            queue.enter(now);
            now
        };
        (0..n).map(enter).collect()
    }

    #[test]
    fn a_full_queue_makes_room_after_the_cores_own_work() {
        let mut queue = InputQueue::new(2, 16);
        queue.begin(100, &core(0, 30, 20));
        // Two find room; from 150 on the core moves one event after the other.
        assert_eq!(entries(&mut queue, 110, 5), [110, 110, 166, 182, 198]);
        assert_eq!(queue.time(), QueueTime { peak: 2, stalled: 198 - 110 });
    }

    #[test]
    fn events_of_before_leave_evenly() {
        let mut queue = InputQueue::new(4, 16);
        queue.begin(0, &core(0, 0, 0));
        assert_eq!(entries(&mut queue, 0, 3), [0, 0, 0]);
        // Three are taken in 90 ticks: at 1030, 1060 and 1090; the rest of the room is there from the beginning.
        queue.begin(1000, &core(90, 10, 0));
        assert_eq!(entries(&mut queue, 1000, 5), [1000, 1030, 1060, 1090, 1116]);
        assert_eq!(queue.time(), QueueTime { peak: 4, stalled: 116 });
    }
}
