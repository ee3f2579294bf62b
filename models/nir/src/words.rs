//! What a NIR file does not say, in words: those of the command line's options and of Python's arguments.

use super::{
    options::{Coding, Integrator, Reset, Spikes, Start},
    profile::MOST_SPIKES,
};
use std::str::FromStr;

/// A word of an option: what it is called, what it means in a sentence, its value.
#[derive(Clone, Copy, Debug)]
pub struct Word<T: 'static> {
    /// The word.
    pub name: &'static str,
    /// What it means.
    pub help: &'static str,
    /// Its value.
    pub value: T,
}

const fn word<T>(name: &'static str, help: &'static str, value: T) -> Word<T> {
    Word { name, help, value }
}

/// A choice that is made by a word.
pub trait Worded: Copy + Send + Sync + 'static {
    /// All there are.
    const WORDS: &'static [Word<Self>];

    /// The value of a word.
    ///
    /// # Errors
    /// If there is no such word; the error names them all.
    fn of_word(word: &str) -> Result<Self, String> {
        let found = Self::WORDS.iter().find(|known| known.name == word);
        found.map(|known| known.value).ok_or_else(|| {
            let known: Vec<&str> = Self::WORDS.iter().map(|word| word.name).collect();
            format!("`{word}` is none of {}", known.join(", "))
        })
    }
}

impl Worded for Reset {
    const WORDS: &'static [Word<Self>] = &[
        word("zero", "v ← `v_reset`", Self::Zero),
        word(
            "zero-next-step",
            "v ← `v_reset` in the next step, whose input is lost (snnTorch's \"zero\" of `Synaptic`)",
            Self::ZeroNextStep,
        ),
        word("subtract", "v ← v − θ", Self::Subtract),
        word("subtract-after-leak", "v ← v − θ after the next leak (snnTorch's default)", Self::SubtractAfterLeak),
        word("none", "Nothing", Self::None),
    ];
}

impl Worded for ir::Compare {
    const WORDS: &'static [Word<Self>] = &[word("gt", "v > θ", Self::Greater), word("ge", "v ≥ θ", Self::GreaterEqual)];
}

impl Worded for Integrator {
    const WORDS: &'static [Word<Self>] = &[
        word("euler", "Forward Euler", Self::Euler),
        word("exponential", "Exact for inputs that are constant within a step", Self::Exponential),
    ];
}

impl Worded for Coding {
    const WORDS: &'static [Word<Self>] = &[
        word("every", "The sample's values in every timestep", Self::Every),
        word("once", "The sample's values in timestep 0", Self::Once),
        word("events", "Spikes; brighter pixels fire more often", Self::Events),
    ];
}

impl FromStr for Start {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "reset" => Ok(Self::Reset),
            "leak" => Ok(Self::Leak),
            number => number.parse().map(Self::At).map_err(|_| "is neither a number nor reset nor leak".into()),
        }
    }
}

impl FromStr for Spikes {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "one" | "1" => Ok(Self::One),
            "several" => Ok(Self::UpTo(MOST_SPIKES)),
            number => match number.parse() {
                Ok(n @ 2..=MOST_SPIKES) => Ok(Self::UpTo(n)),
                _ => Err(format!("is neither one nor several nor a number from 1 to {MOST_SPIKES}")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_what_they_say() {
        assert_eq!(Reset::of_word("subtract-after-leak"), Ok(Reset::SubtractAfterLeak));
        assert_eq!(Integrator::of_word("exponential"), Ok(Integrator::Exponential));
        assert_eq!(("-0.5".parse(), "leak".parse()), (Ok(Start::At(-0.5)), Ok(Start::Leak)));
        assert_eq!(("1".parse(), "7".parse()), (Ok(Spikes::One), Ok(Spikes::UpTo(7))));
        assert!("16".parse::<Spikes>().is_err() && "0".parse::<Spikes>().is_err());
        assert_eq!(Reset::of_word("hard").unwrap_err().matches("none of zero, zero-next-step").count(), 1);
        assert_eq!(ir::Compare::of_word("ge"), Ok(ir::Compare::GreaterEqual));
    }
}
