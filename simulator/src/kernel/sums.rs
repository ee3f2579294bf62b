//! Sums by state word of the chip: what [`super::fan_out`] adds in a timestep, until the cores take it over.
//!
//! Every neuron fires once in a timestep at most, so a sum is no larger than all weights together that lead to its word. Where
//! no word passes the range of 16 bits, sums of 16 bits are exact, and twice as many of them lie in the nearest cache.

/// Sums by state word.
#[derive(Clone, Debug)]
pub(crate) enum Sums {
    Narrow(Vec<i16>),
    Wide(Vec<i32>),
}

impl Default for Sums {
    fn default() -> Self {
        Self::Narrow(Vec::new())
    }
}

impl Sums {
    /// Zeros, by the sum of the magnitudes of all weights that lead to each word.
    pub(crate) fn new(magnitudes: &[u64]) -> Self {
        if magnitudes.iter().all(|&magnitude| i16::try_from(magnitude).is_ok()) {
            Self::Narrow(vec![0; magnitudes.len()])
        } else {
            Self::Wide(vec![0; magnitudes.len()])
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Narrow(sums) => sums.is_empty(),
            Self::Wide(sums) => sums.is_empty(),
        }
    }

    pub(crate) fn clear(&mut self) {
        match self {
            Self::Narrow(sums) => sums.fill(0),
            Self::Wide(sums) => sums.fill(0),
        }
    }

    /// Moves the sums of the words from `first` on into potentials.
    pub(crate) fn take(&mut self, first: usize, v: &mut [i32]) {
        match self {
            Self::Narrow(sums) => take(&mut sums[first..], v),
            Self::Wide(sums) => take(&mut sums[first..], v),
        }
    }
}

fn take<S: Sum>(sums: &mut [S], v: &mut [i32]) {
    for (v, sum) in v.iter_mut().zip(sums) {
        *v = v.wrapping_add(std::mem::take(sum).into());
    }
}

/// A sum of weights.
pub(crate) trait Sum: Copy + Default + Into<i32> {
    /// The sum with a weight more; potentials wrap, and so do the sums that go into them.
    fn with(self, weight: i32) -> Self;
}

impl Sum for i32 {
    #[inline]
    fn with(self, weight: i32) -> Self {
        self.wrapping_add(weight)
    }
}

impl Sum for i16 {
    #[inline]
    fn with(self, weight: i32) -> Self {
        self.wrapping_add(weight as Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_narrow_as_long_as_all_weights_together_fit() {
        assert!(matches!(Sums::new(&[0, 32_767]), Sums::Narrow(_)));
        assert!(matches!(Sums::new(&[32_768, 0]), Sums::Wide(_)));
    }

    #[test]
    fn taken_sums_start_again_at_zero() {
        for magnitude in [7, 100_000] {
            let mut sums = Sums::new(&[magnitude; 3]);
            match &mut sums {
                Sums::Narrow(sums) => sums[1] = sums[1].with(-7),
                Sums::Wide(sums) => sums[1] = sums[1].with(-7),
            }
            let mut v = [1, 2];
            sums.take(1, &mut v);
            assert_eq!(v, [-6, 2]);
            sums.take(1, &mut v);
            assert_eq!(v, [-6, 2]);
        }
    }
}
