//! Buffers of input channels. A slot is taken when a flit is sent, so the slots of the receiver are the credits of the
//! sender: a slot that is empty, and was emptied so long ago that the credit is back, is one credit.

use super::{Injection, Mesh, Routing};

/// A flit, and when it arrives; in an empty slot, when the credit for the slot is back.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flit {
    pub(super) at: u64,
    pub(super) key: u32,
    pub(super) packet: u32,
    /// Flits of the packet behind this one.
    pub(super) rest: u32,
    pub(super) marks: Marks,
}

/// What else a router must know of a flit, in one word: flits are copied at every hop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks(u32);

impl Marks {
    /// First flit of its packet.
    pub(super) const HEAD: Self = Self(1);
    /// Travels in the upper half of the virtual channels (torus).
    pub(super) const UPPER: Self = Self(2);
    /// Travels along a column rather than a row.
    pub(super) const COLUMN: Self = Self(4);

    pub(super) fn has(self, mark: Self) -> bool {
        self.0 & mark.0 != 0
    }

    pub(super) fn set(self, mark: Self, on: bool) -> Self {
        Self(if on { self.0 | mark.0 } else { self.0 & !mark.0 })
    }
}

/// An input channel of a router.
#[derive(Clone, Copy, Debug)]
pub(super) struct Channel {
    /// Outputs still to serve for the flit in front.
    pub(super) pending: u64,
    /// When the credit of the slot emptied last is back.
    credited: u64,
    /// Slot of the flit in front.
    pub(super) front: u32,
    /// Flits in the buffer or on the link to it; at a local port, 1 if any packet waits.
    len: u32,
    pub(super) router: u32,
    /// Output port and virtual channel, `port·v + lane + 1`, that the packet in transit holds (wormhole).
    pub(super) held: u16,
    /// Number within the router, and its input port.
    pub(super) c: u8,
    pub(super) port: u8,
    /// A packet in transit is sent here and no other may be.
    pub(super) owned: bool,
    /// The sender waits for a credit that has not left.
    starved: bool,
}

impl Channel {
    pub(super) fn new(router: u32, c: u8, port: u8, front: u32) -> Self {
        Self { pending: 0, credited: 0, front, len: 0, router, held: 0, c, port, owned: false, starved: false }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn is_at_rest(&self) -> bool {
        self.len == 0 && self.held == 0 && !self.owned && self.pending == 0
    }
}

impl<R: Routing> Mesh<'_, R> {
    /// The flit that is, or will be, in front of a channel that is not empty.
    pub(super) fn front(&self, channel: usize) -> &Flit {
        &self.slots[self.channels[channel].front as usize]
    }

    /// Slots of a channel: first and end.
    fn ring(&self, channel: usize) -> (u32, u32) {
        let first = channel * self.shape.buffer;
        (first as u32, (first + self.shape.buffer) as u32)
    }

    /// Credits of the channel that its sender has.
    pub(super) fn credits(&self, channel: usize, now: u64) -> u32 {
        let Channel { credited, front, len, .. } = self.channels[channel];
        let mut credits = self.shape.buffer as u32 - len;
        if credited > now {
            let ((first, end), mut last) = (self.ring(channel), front);
            while credits > 0 {
                last = if last == first { end } else { last } - 1;
                if self.slots[last as usize].at <= now {
                    break;
                }
                credits -= 1;
            }
        }
        credits
    }

    /// When the next credit of a channel without any will be back; if it has not left, its sender is woken for it.
    pub(super) fn await_credit(&mut self, channel: usize) -> u64 {
        let (first, end) = self.ring(channel);
        let state = &mut self.channels[channel];
        if state.len == end - first {
            state.starved = true;
            return u64::MAX;
        }
        let oldest = state.front + state.len;
        self.slots[if oldest < end { oldest } else { oldest - end + first } as usize].at
    }

    /// Puts a flit that arrives at `flit.at` behind the others; uses up a credit.
    pub(super) fn put(&mut self, channel: usize, flit: Flit, now: u64) {
        let (first, end) = self.ring(channel);
        let state = &mut self.channels[channel];
        assert!(state.len < end - first, "credits keep buffers from overflowing");
        if state.len == 0 {
            if state.credited <= now {
                // With all credits back any slot will do: the same one stays in cache.
                state.front = first;
            }
            self.wheel.push(flit.at, channel as u32);
        }
        let slot = state.front + state.len;
        state.len += 1;
        self.slots[if slot < end { slot } else { slot - end + first } as usize] = flit;
    }

    /// Puts a packet at a local port.
    pub(super) fn inject(&mut self, injection: &Injection) {
        let Injection { at, router, local, key, packet, flits } = *injection;
        let channel = router as usize * self.n_channels + 4 * self.shape.virtual_channels + local as usize;
        let flit = Flit { at, key, packet, rest: flits - 1, marks: Marks::HEAD };
        let state = &mut self.channels[channel];
        if state.len == 1 {
            self.backlogs[router as usize * self.shape.local + local as usize].push_back(flit);
        } else {
            state.len = 1;
            self.slots[state.front as usize] = flit;
            self.present(channel, at);
        }
    }

    /// Puts the requests of the flit in front of a channel, now or when it arrives.
    pub(super) fn present(&mut self, channel: usize, now: u64) {
        loop {
            let state = &mut self.channels[channel];
            if state.is_empty() {
                return;
            }
            let flit = &self.slots[state.front as usize];
            if flit.at > now {
                self.wheel.push(flit.at, channel as u32);
                return;
            }
            state.pending = match state.held {
                0 => self.routing.outputs(state.router as usize, flit.key),
                held => 1 << (usize::from(held - 1) / self.shape.virtual_channels),
            };
            if state.pending != 0 {
                self.routers[state.router as usize].waiting |= 1 << state.c;
                return;
            }
            // A rectangle's corner without a receiver: the packet ends here.
            self.retire(channel, now);
        }
    }

    /// Removes the flit in front and sends its credit back.
    pub(super) fn retire(&mut self, channel: usize, now: u64) {
        let (first, end) = self.ring(channel);
        let state = &mut self.channels[channel];
        let flit = &mut self.slots[state.front as usize];
        if state.port < 4 {
            let side = &self.sides[4 * state.router as usize + usize::from(state.port)];
            let back = now + side.credit;
            flit.at = back;
            state.credited = back;
            state.front = if state.front + 1 == end { first } else { state.front + 1 };
            state.len -= 1;
            if std::mem::take(&mut state.starved) {
                self.wake(side.neighbour as usize, back);
            }
        } else if flit.rest > 0 {
            flit.rest -= 1;
            flit.marks = flit.marks.set(Marks::HEAD, false);
        } else {
            let local = usize::from(state.port) - 4;
            match self.backlogs[state.router as usize * self.shape.local + local].pop_front() {
                Some(next) => *flit = next,
                None => state.len = 0,
            }
        }
    }
}
