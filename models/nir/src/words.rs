//! What a NIR file does not say, in words: those of the command line's options and of Python's arguments.

use super::{
    options::{Coding, Integrator, Reset, Spikes, Start},
    profile::MOST_SPIKES,
};
use std::str::FromStr;

/// The value of a word in a list; the error names them all.
fn one_of<T: Copy>(words: &[(&str, T)], word: &str) -> Result<T, String> {
    let found = words.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let known: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        format!("`{word}` is none of {}", known.join(", "))
    })
}

impl FromStr for Reset {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let words = [
            ("zero", Self::Zero),
            ("zero-next-step", Self::ZeroNextStep),
            ("subtract", Self::Subtract),
            ("subtract-after-leak", Self::SubtractAfterLeak),
            ("none", Self::None),
        ];
        one_of(&words, word)
    }
}

impl FromStr for Integrator {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        one_of(&[("euler", Self::Euler), ("exponential", Self::Exponential)], word)
    }
}

impl FromStr for Coding {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        one_of(&[("every", Self::Every), ("once", Self::Once), ("events", Self::Events)], word)
    }
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

/// The comparison that a word means: `gt` or `ge`.
///
/// # Errors
/// If it is another word.
pub fn compare(word: &str) -> Result<ir::Compare, String> {
    one_of(&[("gt", ir::Compare::Greater), ("ge", ir::Compare::GreaterEqual)], word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_what_they_say() {
        assert_eq!("subtract-after-leak".parse(), Ok(Reset::SubtractAfterLeak));
        assert_eq!("exponential".parse(), Ok(Integrator::Exponential));
        assert_eq!(("-0.5".parse(), "leak".parse()), (Ok(Start::At(-0.5)), Ok(Start::Leak)));
        assert_eq!(("1".parse(), "7".parse()), (Ok(Spikes::One), Ok(Spikes::UpTo(7))));
        assert!("16".parse::<Spikes>().is_err() && "0".parse::<Spikes>().is_err());
        assert_eq!("hard".parse::<Reset>().unwrap_err().matches("none of zero, zero-next-step").count(), 1);
        assert_eq!(compare("ge"), Ok(ir::Compare::GreaterEqual));
    }
}
