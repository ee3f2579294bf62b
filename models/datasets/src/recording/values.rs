//! Real values as integers: what a network's input takes.
//!
//! Values that are whole already stay. Multiples of a common unit (0.5, 1/255) become multiples of one, exactly. Everything else is
//! rounded to 255 levels of the largest magnitude (127 on either side of 0 where there are negative values): `x = round(v/unit)`.

/// Largest integer that an exact unit may lead to.
const EXACT: f64 = 255.0;

/// How reals became integers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// Real value of one unit.
    pub unit: f64,
    /// Largest difference between a value and its integer's, in units of values.
    pub error: f64,
}

impl Grid {
    /// The grid of values, whose largest magnitude and smallest are given by them; `None` if one is not finite.
    pub fn of(values: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let (mut largest, mut smallest, mut negative) = (0.0_f64, f64::INFINITY, false);
        let mut whole = true;
        for value in values.clone() {
            if !value.is_finite() {
                return None;
            }
            let magnitude = value.abs();
            largest = largest.max(magnitude);
            if magnitude > 0.0 {
                smallest = smallest.min(magnitude);
            }
            negative |= value < 0.0;
            whole &= value.fract() == 0.0;
        }
        if largest == 0.0 || (whole && largest <= f64::from(i32::MAX)) {
            return Some(Self { unit: 1.0, error: 0.0 });
        }
        let multiples = |unit: f64| {
            let near = |value: f64| (value / unit - (value / unit).round()).abs() < 1e-4;
            largest / unit <= EXACT + 0.5 && values.clone().all(near)
        };
        let exact = [smallest, smallest / 2.0, smallest / 3.0, 1.0 / 255.0].into_iter().find(|&unit| multiples(unit));
        let unit = exact.unwrap_or(largest / if negative { 127.0 } else { 255.0 });
        let error = |value: f64| (value - (value / unit).round() * unit).abs();
        Some(Self { unit, error: values.map(error).fold(0.0, f64::max) })
    }

    /// The integer of a value.
    pub fn integer(&self, value: f64) -> i32 {
        (value / self.unit).round() as i32
    }

    /// What was done, in words; nothing where values are whole.
    pub fn remark(&self) -> Option<String> {
        if (self.unit - 1.0).abs() < f64::EPSILON && self.error == 0.0 {
            return None;
        }
        let exactly = if self.error < 1e-6 { ", exactly".into() } else { format!(", within {:.2e}", self.error) };
        Some(format!("real values are held as multiples of {:.6}{exactly}", self.unit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_and_even_values_are_exact() {
        let grid = |values: &[f64]| Grid::of(values.iter().copied()).unwrap();
        assert_eq!(grid(&[0.0, 3.0, -700.0]), Grid { unit: 1.0, error: 0.0 });
        assert_eq!(grid(&[0.5, 2.0, -1.5]), Grid { unit: 0.5, error: 0.0 });
        let pixels = grid(&[5.0 / 255.0, 38.0 / 255.0, 1.0]);
        assert!((pixels.unit - 1.0 / 255.0).abs() < 1e-12 && pixels.error < 1e-12, "{pixels:?}");
        assert_eq!(pixels.integer(38.0 / 255.0), 38);
    }

    #[test]
    fn other_values_are_rounded_and_said() {
        let values = [0.123_456, 0.777_7, 0.999_9];
        let grid = Grid::of(values.into_iter()).unwrap();
        assert!(grid.error > 0.0 && grid.error <= grid.unit / 2.0 + 1e-12, "{grid:?}");
        assert!(grid.remark().unwrap().contains("within"));
        assert_eq!(Grid::of([f64::NAN].into_iter()), None);
        let signed = Grid::of([-0.333, 0.1234].into_iter()).unwrap();
        assert_eq!(signed.integer(-0.333), -127);
    }
}
