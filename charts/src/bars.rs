//! Horizontal bars, one row per item, coloured by kind, with the value written at the end.

use super::{Align, COLOURS, FONT, SMALL, WIDTH, framed, sure, text};
use plotters::prelude::*;

/// Rows of one kind.
pub struct Group<'a> {
    /// What the rows are: an entry of the legend.
    pub name: &'a str,
    /// Name and value of each row.
    pub rows: Vec<(String, f64)>,
}

/// What a chart of bars shows.
pub struct Bars<'a> {
    /// Title of the picture.
    pub title: &'a str,
    /// The kinds of rows, in order.
    pub groups: &'a [Group<'a>],
    /// What the values are, with their unit.
    pub quantity: &'a str,
    /// The bars begin here; values below it go to the left.
    pub from: f64,
    /// Digits behind the point.
    pub decimals: usize,
    /// Small print.
    pub note: &'a str,
}

impl Bars<'_> {
    /// The picture.
    #[must_use]
    pub fn svg(&self) -> String {
        const LINE: i32 = 20;
        const NUMBER: i32 = 52;
        let rows: usize = self.groups.iter().map(|g| g.rows.len()).sum();
        let named: Vec<&Group<'_>> = self.groups.iter().filter(|g| !g.rows.is_empty()).collect();
        let legend = LINE * named.len() as i32;
        let height = 104 + legend + LINE * rows as i32;
        let all = || self.groups.iter().flat_map(|g| &g.rows).map(|(_, v)| *v);
        let low = all().fold(self.from, f64::min);
        let high = all().fold(self.from, f64::max);
        let letters = self.groups.iter().flat_map(|g| &g.rows).map(|(n, _)| n.chars().count()).max().unwrap_or(0);
        let left = (letters as i32 * 7 + 14).min(250);
        let span = f64::from(WIDTH as i32 - left - 2 * NUMBER);
        let x = |v: f64| {
            let room = if low < self.from { NUMBER } else { 0 };
            left + room + (span * (v - low) / (high - low).max(f64::MIN_POSITIVE)).round() as i32
        };
        framed(height as u32, self.title, self.note, |area| {
            for (k, group) in named.iter().enumerate() {
                let y = 4 + LINE * k as i32;
                let fill = colour(self.groups, group).filled();
                sure(area.draw(&Rectangle::new([(left, y + 3), (left + 12, y + 13)], fill)));
                text(area, group.name, (left + 18, y), FONT - 1, BLACK, Align::Left);
            }
            let mut y = legend + 8;
            let top = y;
            for group in &named {
                for (name, value) in &group.rows {
                    text(area, name, (left - 6, y + 2), SMALL + 1, BLACK, Align::Right);
                    let ends = [x(self.from).min(x(*value)), x(self.from).max(x(*value))];
                    let bar = Rectangle::new(
                        [(ends[0], y + 3), (ends[1], y + LINE - 4)],
                        colour(self.groups, group).filled(),
                    );
                    sure(area.draw(&bar));
                    let shown = format!("{value:.*}", self.decimals);
                    let (at, align) =
                        if *value < self.from { (ends[0] - 4, Align::Right) } else { (ends[1] + 4, Align::Left) };
                    text(area, &shown, (at, y + 3), SMALL, BLACK, align);
                    y += LINE;
                }
            }
            sure(area.draw(&PathElement::new([(x(self.from), top), (x(self.from), y)], BLACK)));
            for tick in ticks(low, high, self.from) {
                let at = x(tick);
                sure(area.draw(&PathElement::new([(at, y), (at, y + 4)], BLACK)));
                text(area, &format!("{:.*}", self.decimals.min(1), tick), (at, y + 5), SMALL, BLACK, Align::Centre);
            }
            text(area, self.quantity, (WIDTH as i32 - 8, y + 20), FONT - 1, BLACK, Align::Right);
        })
    }
}

/// Round values from the lowest to the highest, the foot of the bars among them.
fn ticks(low: f64, high: f64, from: f64) -> Vec<f64> {
    let rough = (high - low) / 5.0;
    if rough <= 0.0 || !rough.is_finite() {
        return vec![from];
    }
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|k| k * power).find(|step| *step >= rough).unwrap_or(rough);
    let (first, last) = (((low - from) / step).ceil() as i64, ((high - from) / step).floor() as i64);
    (first..=last).map(|k| from + k as f64 * step).collect()
}

fn colour(groups: &[Group<'_>], group: &Group<'_>) -> RGBColor {
    let at = groups.iter().position(|g| std::ptr::eq(g, group)).unwrap_or(0);
    COLOURS[at % COLOURS.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_named_and_numbered_and_bars_go_both_ways() {
        let groups = [
            Group { name: "more", rows: vec![("bird".into(), 1.25)] },
            Group { name: "less", rows: vec![("truck".into(), -2.07)] },
        ];
        let svg = Bars { title: "t", groups: &groups, quantity: "score", from: 0.0, decimals: 2, note: "n" }.svg();
        for shown in ["bird", "1.25", "truck", "-2.07", "score", "more", "less"] {
            assert!(svg.contains(shown), "{shown}: {svg}");
        }
    }
}
