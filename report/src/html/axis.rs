//! Axes: round numbers between two ends, with a prefix that suits all of them.

use super::svg::Drawing;
use crate::plain::number;

/// An axis from `from` to `to` (values) over `start` to `end` (pixels).
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) start: f64,
    pub(super) end: f64,
}

impl Axis {
    /// The place of a value.
    pub(super) fn at(&self, value: f64) -> f64 {
        let span = self.to - self.from;
        let share = if span > 0.0 { (value - self.from) / span } else { 0.5 };
        self.start + share * (self.end - self.start)
    }

    /// Round values between the ends, about `n` of them; of counts, which have no unit, whole ones.
    pub(super) fn ticks(&self, n: usize, unit: &str) -> Vec<f64> {
        let span = self.to - self.from;
        if span.is_nan() || span <= 0.0 || !span.is_finite() {
            return vec![self.from];
        }
        let rough = span / n.max(1) as f64;
        let power = 10f64.powf(rough.log10().floor());
        let step =
            [1.0, 2.0, 5.0, 10.0].into_iter().map(|k| k * power).find(|step| *step >= rough * 0.999).unwrap_or(rough);
        let step = if unit.is_empty() && span >= 1.0 { step.max(1.0) } else { step };
        let (first, last) = ((self.from / step).ceil() as i64, (self.to / step + 1e-9).floor() as i64);
        (first..=last).map(|k| k as f64 * step).collect()
    }

    /// Horizontal grid lines with numbers to their left, up to pixel `right`.
    pub(super) fn rows(&self, drawing: &mut Drawing, [left, right]: [f64; 2], unit: &str) {
        for tick in self.ticks(5, unit) {
            let y = self.at(tick);
            drawing.line("grid", [left, y, right, y], "");
            drawing.text("end small", (left - 6.0, y + 4.0), &label(tick, unit));
        }
    }

    /// Marks with numbers below a horizontal axis at `y`.
    pub(super) fn columns(&self, drawing: &mut Drawing, y: f64, unit: &str) {
        for tick in self.ticks(5, unit) {
            let x = self.at(tick);
            drawing.line("axis", [x, y, x, y + 4.0], "");
            drawing.text("middle small", (x, y + 17.0), &label(tick, unit));
        }
    }
}

/// A tick's number, without needless zeros.
fn label(value: f64, unit: &str) -> String {
    let text = number(value, unit);
    let (figure, rest) = text.split_once(' ').map_or((text.as_str(), ""), |(figure, rest)| (figure, rest));
    let figure = if figure.contains('.') { figure.trim_end_matches('0').trim_end_matches('.') } else { figure };
    if rest.is_empty() { figure.to_owned() } else { format!("{figure} {rest}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let axis = |from, to| Axis { from, to, start: 0.0, end: 1.0 };
        assert_eq!(axis(0.0, 10.0).ticks(5, "s"), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(axis(25.0, 110.0).ticks(5, "s"), [40.0, 60.0, 80.0, 100.0]);
        assert_eq!(axis(2.0, 2.0).ticks(4, "s"), [2.0]);
        assert_eq!((axis(1.0, 3.0).ticks(6, ""), axis(0.0, 0.5).ticks(2, "").len()), (vec![1.0, 2.0, 3.0], 2));
        assert_eq!(label(0.002, "s"), "2 ms");
        assert_eq!(label(1500.0, ""), "1,500");
    }
}
