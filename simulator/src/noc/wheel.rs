//! A time wheel: events of the near future in one list per tick, with a bitmap of occupied ticks to jump over idle time.
//! Lists are linked through one pool, so that an event costs no allocation and what is in use stays in cache.

/// End of a list.
const NONE: u32 = u32::MAX;

/// Events at ticks `now .. now + horizon`; those of one tick in no particular order.
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
}

/// Events taken out of the wheel.
#[derive(Debug)]
pub(crate) struct Taken(u32);

impl Wheel {
    /// A wheel for delays of at most `horizon` ticks.
    pub(crate) fn new(horizon: u64) -> Self {
        let n = (horizon as usize + 2).next_power_of_two().max(64);
        Self { heads: vec![NONE; n], occupied: vec![0; n / 64], nodes: Vec::new(), free: NONE, len: 0 }
    }

    fn slot(&self, at: u64) -> usize {
        at as usize & (self.heads.len() - 1)
    }

    pub(crate) fn push(&mut self, at: u64, event: u32) {
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

    /// Takes all events of tick `at`; they come out one by one through [`Self::pop`].
    pub(crate) fn take(&mut self, at: u64) -> Taken {
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
        if self.len == 0 {
            return None;
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
        for (from, at) in [(0, 5), (60, 64), (250, 300), (300, 499), (499, 499)] {
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
                let at = now + 1 + (now * 7 + u64::from(event) * 31) % 100;
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
