//! Changes to bytes that are likely to matter: numbers at the edges of their types, cut and repeated parts, parts of other seeds.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// Numbers at the edges, as texts hold them.
const NUMBERS: [&str; 26] = [
    "0",
    "-1",
    "1",
    "2",
    "15",
    "16",
    "17",
    "255",
    "256",
    "65535",
    "65536",
    "1000000",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e308",
    "-1e308",
    "1e-320",
    "NaN",
    "inf",
    "0.5",
];

/// Edges of words, as bytes hold them.
const WORDS: [u64; 12] =
    [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff, 0x1_0000_0000, 0x7fff_ffff_ffff_ffff, u64::MAX];

/// Makes inputs of seeds. Equal seeds give equal inputs.
pub struct Mutator {
    random: ChaCha8Rng,
    seeds: Vec<Vec<u8>>,
}

impl Mutator {
    /// Of at least one seed, which may be empty.
    #[must_use]
    pub fn new(seed: u64, seeds: Vec<Vec<u8>>) -> Self {
        assert!(!seeds.is_empty(), "there is something to change");
        Self { random: ChaCha8Rng::seed_from_u64(seed), seeds }
    }

    fn below(&mut self, n: usize) -> usize {
        (self.random.next_u64() % n.max(1) as u64) as usize
    }

    /// The next input.
    pub fn input(&mut self) -> Vec<u8> {
        let pick = self.below(self.seeds.len());
        let mut bytes = self.seeds[pick].clone();
        for _ in 0..=self.below(4) {
            self.change(&mut bytes);
        }
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let n = bytes.len();
        match self.below(10) {
            // A number of a text.
            0..=3 => self.number(bytes),
            4 if n > 0 => {
                let at = self.below(n);
                bytes[at] ^= 1 << self.below(8);
            }
            5 if n > 0 => {
                let at = self.below(n);
                let word = WORDS[self.below(WORDS.len())].to_le_bytes();
                let width = [1, 2, 4, 8][self.below(4)];
                for (byte, value) in bytes[at..].iter_mut().zip(&word[..width]) {
                    *byte = *value;
                }
            }
            6 if n > 0 => {
                let (from, to) = self.range(n);
                bytes.drain(from..to);
            }
            7 if n > 0 => {
                let (from, to) = self.range(n);
                let part = bytes[from..to].to_vec();
                let at = self.below(n);
                bytes.splice(at..at, part);
            }
            8 => {
                let other = self.below(self.seeds.len());
                let m = self.seeds[other].len();
                if m > 0 {
                    let (from, to) = self.range(m);
                    let part = self.seeds[other][from..to].to_vec();
                    let at = self.below(n + 1);
                    bytes.splice(at..at, part);
                }
            }
            _ => {
                let at = self.below(n + 1);
                bytes.truncate(at.max(n / 2));
            }
        }
    }

    /// A part of at most 64 bytes.
    fn range(&mut self, n: usize) -> (usize, usize) {
        let from = self.below(n);
        (from, (from + 1 + self.below(64)).min(n))
    }

    /// Replaces one run of digits.
    fn number(&mut self, bytes: &mut Vec<u8>) {
        let n = bytes.len();
        let start = self.below(n);
        let digit = |i: &usize| bytes[*i].is_ascii_digit();
        let Some(from) = (start..n).chain(0..start).find(digit) else { return };
        let first = (0..from).rev().take_while(digit).last().unwrap_or(from);
        let end = (from..n).take_while(digit).last().map_or(from, |last| last + 1);
        let number = NUMBERS[self.below(NUMBERS.len())].bytes();
        bytes.splice(first..end, number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_make_equal_inputs_and_others_do_not() {
        let seeds = || vec![b"(a: 12, b: [3, 4])".to_vec(), Vec::new()];
        let make = |seed| {
            let mut mutator = Mutator::new(seed, seeds());
            (0..50).map(|_| mutator.input()).collect::<Vec<_>>()
        };
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
    }

    #[test]
    fn whole_numbers_are_replaced() {
        let mut mutator = Mutator::new(3, vec![b"abc".to_vec()]);
        let mut bytes = b"x: 1234,".to_vec();
        mutator.number(&mut bytes);
        let text = String::from_utf8(bytes).expect("text");
        assert!(text.starts_with("x: ") && text.ends_with(',') && !text.contains("1234"), "{text}");
    }
}
