//! Units that numbers share: the largest real number of which all of them are integer multiples, found within the precision in
//! which networks are stored.
//!
//! A weight is an `f32`, known to one part in 2²⁴, and often one of 0.1, 0.2, 0.3, which no binary number is. `x` counts as the
//! multiple `m·u` if `|x/u − m| ≤ m·2⁻²²`, at most 1/64.

/// Relative distance from an integer multiple that is taken for rounding.
pub(super) const PRECISION: f64 = 1.0 / 4_194_304.0;
/// Largest distance from an integer, however large it is.
const WIDEST: f64 = 1.0 / 64.0;
/// Largest denominator of a ratio that is taken for meant.
const DENOMINATOR: u32 = 32;

/// The integer that `x` stands for, if it is one within the precision.
pub(super) fn integer(x: f64) -> Option<f64> {
    let whole = x.round();
    let slack = (whole.abs() * PRECISION).min(WIDEST);
    ((x - whole).abs() <= slack && (whole != 0.0 || x == 0.0)).then_some(whole)
}

/// Numbers that are to become integers together.
pub(super) struct Together<'a> {
    /// Magnitudes, ascending, without 0.
    pub(super) weights: &'a [f64],
    /// Most units of the largest of them.
    pub(super) most: f64,
    /// Other numbers that have to be multiples too.
    pub(super) parameters: &'a [f64],
    /// Numbers of which no more is asked than to be at least one unit.
    pub(super) at_least_one: &'a [f64],
    /// Largest integer weight.
    pub(super) limit: f64,
    /// Most units of a parameter.
    pub(super) parameter_limit: f64,
    /// Least real value of `limit` units.
    pub(super) span: f64,
}

/// How many units the largest magnitude has in the largest unit that all numbers share.
pub(super) fn shared(numbers: &Together<'_>) -> Option<f64> {
    let largest = *numbers.weights.last()?;
    let fits = |unit: f64| {
        numbers.limit * unit >= numbers.span
            && numbers.at_least_one.iter().all(|&x| (x / unit * (1.0 + PRECISION)).floor() >= 1.0)
            && numbers.weights.iter().all(|&w| integer(w / unit).is_some())
            && numbers
                .parameters
                .iter()
                .all(|&p| integer(p / unit).is_some_and(|units| units.abs() <= numbers.parameter_limit))
    };
    (1..=numbers.most.max(0.0) as u32).map(f64::from).find(|&n| fits(largest / n))
}

/// The smallest denominator of a ratio, if it is one of small integers.
pub(super) fn denominator(ratio: f64) -> Option<u32> {
    (1..=DENOMINATOR).find(|&q| integer(ratio * f64::from(q)).is_some())
}

/// The least common multiple.
pub(super) fn common_multiple(a: u32, b: u32) -> u32 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a / x * b
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(weights: &[f64], parameters: &[f64], limit: f64) -> Option<f64> {
        let parameter_limit = 1e9;
        shared(&Together { weights, parameters, at_least_one: &[], most: limit, limit, parameter_limit, span: 0.0 })
    }

    #[test]
    fn the_largest_shared_unit_is_found() {
        assert_eq!(units(&[1.0], &[3.0], 127.0), Some(1.0));
        assert_eq!(units(&[0.5], &[1.5], 1.0), Some(1.0));
        assert_eq!(units(&[0.5, 0.75], &[1.0], 127.0), Some(3.0));
        assert_eq!(units(&[1.0], &[2.5], 127.0), Some(2.0));
        assert_eq!(units(&[1.0], &[2.5], 1.0), None);
        let stored = |x: f32| f64::from(x);
        assert_eq!(units(&[stored(0.1), stored(0.7)], &[0.3], 7.0), Some(7.0));
        assert_eq!(units(&[stored(1.0 / 3.0)], &[1.0], 127.0), Some(1.0));
        assert_eq!(units(&[1.0], &[std::f64::consts::SQRT_2], 127.0), None);
        assert_eq!(units(&[], &[1.0], 127.0), None);
    }

    #[test]
    fn tiny_numbers_are_not_zero() {
        assert_eq!(integer(1e-9), None);
        assert_eq!(integer(0.0), Some(0.0));
        assert_eq!(units(&[1.0], &[1e-9], 127.0), None);
    }

    #[test]
    fn ratios_of_small_integers_are_known() {
        assert_eq!(denominator(1.0 / 3.0), Some(3));
        assert_eq!(denominator(-2.25), Some(4));
        assert_eq!(denominator(0.337_1), None);
        assert_eq!(common_multiple(6, 4), 12);
    }
}
