//! A time wheel: events of the near future in one bucket per tick, with a bitmap of occupied buckets to jump over idle time.

/// Events at ticks `now + 1 .. now + horizon`.
#[derive(Debug)]
pub(crate) struct Wheel<T> {
    buckets: Vec<Vec<T>>,
    occupied: Vec<u64>,
    len: usize,
}

impl<T> Wheel<T> {
    /// A wheel for delays of at most `horizon` ticks.
    pub(crate) fn new(horizon: u64) -> Self {
        let n = (horizon as usize + 2).next_power_of_two().max(64);
        Self { buckets: (0..n).map(|_| Vec::new()).collect(), occupied: vec![0; n / 64], len: 0 }
    }

    fn slot(&self, at: u64) -> usize {
        at as usize & (self.buckets.len() - 1)
    }

    pub(crate) fn push(&mut self, at: u64, event: T) {
        let slot = self.slot(at);
        self.buckets[slot].push(event);
        self.occupied[slot / 64] |= 1 << (slot % 64);
        self.len += 1;
    }

    /// Exchanges the events of tick `at` with the empty `events`, whose allocation is kept.
    pub(crate) fn take(&mut self, at: u64, events: &mut Vec<T>) {
        let slot = self.slot(at);
        std::mem::swap(&mut self.buckets[slot], events);
        self.occupied[slot / 64] &= !(1 << (slot % 64));
        self.len -= events.len();
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
            let word = self.occupied[(start / 64 + i) % n];
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
            wheel.push(at, at);
            assert_eq!(wheel.next(from), Some(at));
            let mut events = Vec::new();
            wheel.take(at, &mut events);
            assert_eq!((events, wheel.next(at)), (vec![at], None));
        }
    }
}
