//! Energies with their range, and how they are written.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul};

use serde::{Deserialize, Serialize};

/// A quantity with the lowest and highest plausible value, in the unit that its owner states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The value used.
    pub value: f64,
    /// Lowest plausible value.
    pub low: f64,
    /// Highest plausible value.
    pub high: f64,
}

impl Figure {
    /// `value` within factors of it.
    pub fn within(value: f64, low: f64, high: f64) -> Self {
        Self { value, low: value * low, high: value * high }
    }

    /// The product of two figures, each end with the same end: errors that go together.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        Self { value: self.value * other.value, low: self.low * other.low, high: self.high * other.high }
    }
}

impl Add for Figure {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { value: self.value + other.value, low: self.low + other.low, high: self.high + other.high }
    }
}

impl Mul<f64> for Figure {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self { value: self.value * factor, low: self.low * factor, high: self.high * factor }
    }
}

impl Sum for Figure {
    fn sum<I: Iterator<Item = Self>>(figures: I) -> Self {
        figures.fold(Self::default(), Add::add)
    }
}

/// An energy \[pJ\] with the lowest and highest plausible value. Sums add the ends: the range is that of fully correlated
/// errors, the widest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Energy {
    /// The value used \[pJ\].
    pub value: f64,
    /// Lowest plausible value \[pJ\].
    pub low: f64,
    /// Highest plausible value \[pJ\].
    pub high: f64,
}

impl Energy {
    /// An energy known without range.
    pub fn exactly(pj: f64) -> Self {
        Self { value: pj, low: pj, high: pj }
    }
}

impl Add for Energy {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { value: self.value + other.value, low: self.low + other.low, high: self.high + other.high }
    }
}

impl AddAssign for Energy {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul<f64> for Energy {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self { value: self.value * factor, low: self.low * factor, high: self.high * factor }
    }
}

impl Sum for Energy {
    fn sum<I: Iterator<Item = Self>>(energies: I) -> Self {
        energies.fold(Self::default(), Add::add)
    }
}

impl fmt::Display for Energy {
    /// The value in the largest unit that leaves a number of at least 1, with its range: `1.42 uJ (1.20 to 2.10)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(1e12, "J"), (1e9, "mJ"), (1e6, "uJ"), (1e3, "nJ")];
        let fits = units.iter().find(|(scale, _)| self.value.abs() >= *scale);
        let (scale, name) = fits.copied().unwrap_or((1.0, "pJ"));
        write!(f, "{:.2} {name}", self.value / scale)?;
        let has_range = self.low < self.value || self.high > self.value;
        if has_range { write!(f, " ({:.2} to {:.2})", self.low / scale, self.high / scale) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn energies_are_written_in_a_readable_unit() {
        assert_eq!(Energy::exactly(23.6).to_string(), "23.60 pJ");
        assert_eq!(Energy { value: 1.42e6, low: 1.2e6, high: 2.1e6 }.to_string(), "1.42 uJ (1.20 to 2.10)");
        assert_eq!(Energy::default().to_string(), "0.00 pJ");
    }
}
