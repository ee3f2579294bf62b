//! A time wheel: events of the near future in one list per tick, with a bitmap of occupied ticks to jump over idle time.
//! Lists are linked through one pool, so that an event costs no allocation and what is in use stays in cache. What lies
//! beyond the wheel waits in a heap, so that the wheel's size does not follow the length of times.

use std::{cmp::Reverse, collections::BinaryHeap};

/// End of a list.
const NONE: u32 = u32::MAX;

/// Most ticks of a wheel.
const MOST: usize = 1 << 16;

/// Events by tick; those of one tick in no particular order.
#[derive(Debug)]
pub(crate) struct Wheel {
    /// First node of each tick's list.
    heads: Vec<u32>,
    occupied: Vec<u64>,
    /// Next node and event.
    nodes: Vec<(u32, u32)>,
    /// First unused node.
    free: u32,
    len: usize,
    /// Up to which tick the wheel reaches, and the events beyond.
    end: u64,
    far: BinaryHeap<Reverse<(u64, u32)>>,
}

/// Events taken out of the wheel.
#[derive(Debug)]
pub(crate) struct Taken(u32);

impl Wheel {
    /// A wheel for delays of mostly up to `horizon` ticks.
    pub(crate) fn new(horizon: u64) -> Self {
        let n = usize::try_from(horizon.saturating_add(2)).unwrap_or(MOST).clamp(64, MOST).next_power_of_two();
        Self {
            heads: vec![NONE; n],
            occupied: vec![0; n / 64],
            nodes: Vec::new(),
            free: NONE,
            len: 0,
            end: n as u64,
            far: BinaryHeap::new(),
        }
    }

    fn slot(&self, at: u64) -> usize {
        at as usize & (self.heads.len() - 1)
    }

    /// Adds an event at a tick not before the one taken last.
    pub(crate) fn push(&mut self, at: u64, event: u32) {
        if at >= self.end {
            self.far.push(Reverse((at, event)));
            return;
        }
        let slot = self.slot(at);
        let node = (self.heads[slot], event);
        let index = self.free;
        if index == NONE {
            self.heads[slot] = self.nodes.len() as u32;
            self.nodes.push(node);
        } else {
            self.heads[slot] = index;
            self.free = self.nodes[index as usize].0;
            self.nodes[index as usize] = node;
        }
        self.occupied[slot / 64] |= 1 << (slot % 64);
        self.len += 1;
    }

    /// Takes all events of tick `at`; they come out one by one through [`Self::pop`]. Earlier ones have been taken.
    pub(crate) fn take(&mut self, at: u64) -> Taken {
        self.end = at + self.heads.len() as u64;
        while let Some(&Reverse((due, event))) = self.far.peek()
            && due < self.end
        {
            self.far.pop();
            self.push(due, event);
        }
        let slot = self.slot(at);
        self.occupied[slot / 64] &= !(1 << (slot % 64));
        Taken(std::mem::replace(&mut self.heads[slot], NONE))
    }

    /// The next of the events taken.
    pub(crate) fn pop(&mut self, taken: &mut Taken) -> Option<u32> {
        if taken.0 == NONE {
            return None;
        }
        let node = &mut self.nodes[taken.0 as usize];
        let (next, event) = *node;
        node.0 = self.free;
        self.free = taken.0;
        taken.0 = next;
        self.len -= 1;
        Some(event)
    }

    /// The first tick at or after `from` that has events.
    pub(crate) fn next(&self, from: u64) -> Option<u64> {
        // Whatever is in the wheel comes before what is beyond it.
        if self.len == 0 {
            return self.far.peek().map(|&Reverse((at, _))| at);
        }
        let (start, n) = (self.slot(from), self.occupied.len());
        let first = self.occupied[start / 64] >> (start % 64);
        if first != 0 {
            return Some(from + u64::from(first.trailing_zeros()));
        }
        let to_word = 64 - start as u64 % 64;
        (1..=n).find_map(|i| {
            let word = self.occupied[(start / 64 + i) & (n - 1)];
            (word != 0).then(|| from + to_word + 64 * (i as u64 - 1) + u64::from(word.trailing_zeros()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_event_is_found_across_the_seam() {
        let mut wheel = Wheel::new(200);
        for (from, at) in [(0, 5), (60, 64), (250, 300), (300, 499), (499, 499), (500, 1 << 40), (1 << 41, 1 << 62)] {
            wheel.push(at, at as u32);
            assert_eq!(wheel.next(from), Some(at));
            let mut taken = wheel.take(at);
            assert_eq!((wheel.pop(&mut taken), wheel.pop(&mut taken)), (Some(at as u32), None));
            assert_eq!(wheel.next(at), None);
        }
    }

    #[test]
    fn every_event_comes_once_at_its_tick() {
        let mut wheel = Wheel::new(100);
        let mut due: Vec<(u64, u32)> = Vec::new();
        let mut seen = Vec::new();
        for now in 0..1000 {
            for event in 0..now as u32 % 4 {
                // Three times as far as the wheel reaches.
                let at = now + 1 + (now * 7 + u64::from(event) * 131) % 400;
                wheel.push(at, now as u32 * 4 + event);
                due.push((at, now as u32 * 4 + event));
            }
            let mut taken = wheel.take(now);
            while let Some(event) = wheel.pop(&mut taken) {
                seen.push((now, event));
            }
        }
        due.retain(|&(at, _)| at < 1000);
        due.sort_unstable();
        seen.sort_unstable();
        assert_eq!(seen, due);
    }
}
