//! A tape of choices: an imperative generator reads it, a property test shrinks it.
//!
//! Choice 0 is always the simplest, and a tape that has run out gives zeros; shortening the tape or lowering its entries
//! therefore makes the generated value simpler.

/// Choices read one after the other.
#[derive(Clone, Debug)]
pub(super) struct Tape {
    choices: Vec<u16>,
    at: usize,
}

impl Tape {
    pub(super) fn new(choices: Vec<u16>) -> Self {
        Self { choices, at: 0 }
    }

    fn next(&mut self) -> u16 {
        self.at += 1;
        self.choices.get(self.at - 1).copied().unwrap_or(0)
    }

    /// A number below `n`.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        u32::from(self.next()) % n.max(1)
    }

    /// A number in `low..=high`, `low` being the simplest.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    /// True in one of `n` cases, if `allowed`.
    pub(super) fn sometimes(&mut self, allowed: bool, n: u32) -> bool {
        self.below(n) == n - 1 && allowed
    }

    /// One of the items, the first being the simplest.
    pub(super) fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u32) as usize]
    }

    /// `n` numbers in `−limit..=limit`, from one seed on the tape (SplitMix64, Steele et al. 2014).
    pub(super) fn signed(&mut self, n: usize, limit: u32) -> Vec<i32> {
        let mut state = u64::from(self.next());
        let span = u64::from(2 * limit + 1);
        let mut mix = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        (0..n).map(|_| (mix() % span) as i32 - limit as i32).collect()
    }
}
