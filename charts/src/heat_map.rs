//! A matrix with a colour and a number per cell.

use super::{Align, FONT, SMALL, WIDTH, framed, sure, text};
use plotters::prelude::*;

/// What a heat map shows.
pub struct HeatMap<'a> {
    /// Title of the picture.
    pub title: &'a str,
    /// Names of the rows.
    pub rows: &'a [String],
    /// Names of the columns.
    pub columns: &'a [String],
    /// `[row][column]`; a cell without a value stays empty.
    pub values: &'a [Vec<Option<f64>>],
    /// Digits behind the point.
    pub decimals: usize,
    /// What the values are, with their unit.
    pub quantity: &'a str,
    /// Small print.
    pub note: &'a str,
}

impl HeatMap<'_> {
    /// The picture. The scale runs over the values off the diagonal where rows and columns are the same things.
    #[must_use]
    pub fn svg(&self) -> String {
        const LEFT: i32 = 92;
        let cell = (WIDTH as i32 - LEFT - 8) / self.columns.len().max(1) as i32;
        let high = cell.min(34);
        let names = 84;
        let below = names + high * self.rows.len() as i32;
        let height = below + 120;
        let symmetric = self.rows == self.columns;
        let shown = || {
            let cells = self.values.iter().enumerate();
            cells.flat_map(move |(i, row)| row.iter().enumerate().filter(move |(j, _)| !(symmetric && i == *j)))
        };
        let low = shown().filter_map(|(_, v)| *v).fold(f64::INFINITY, f64::min);
        let most = shown().filter_map(|(_, v)| *v).fold(f64::NEG_INFINITY, f64::max);
        let shade = |v: f64| if most > low { ((v - low) / (most - low)).clamp(0.0, 1.0) } else { 0.0 };
        framed(height as u32, self.title, self.note, |area| {
            for (j, name) in self.columns.iter().enumerate() {
                let style = TextStyle::from(("sans-serif", SMALL + 1).into_font())
                    .transform(FontTransform::Rotate270)
                    .color(&BLACK);
                let x = LEFT + cell * j as i32 + cell / 2 - 6;
                sure(area.draw_text(name, &style, (x, names - 4)));
            }
            for (i, row) in self.values.iter().enumerate() {
                let y = names + high * i as i32;
                text(area, &self.rows[i], (LEFT - 6, y + high / 2 - 7), SMALL + 1, BLACK, Align::Right);
                for (j, value) in row.iter().enumerate() {
                    let Some(value) = value else { continue };
                    let x = LEFT + cell * j as i32;
                    let s = shade(*value);
                    sure(area.draw(&Rectangle::new([(x, y), (x + cell - 1, y + high - 1)], colour(s).filled())));
                    let ink = if s > 0.55 { WHITE } else { BLACK };
                    let shown = format!("{value:.*}", self.decimals);
                    text(area, &shown, (x + cell / 2, y + high / 2 - 6), SMALL, ink, Align::Centre);
                }
            }
            let y = below + 10;
            let steps: i32 = 60;
            for k in 0..steps {
                let x = LEFT + k * 3;
                let fill = colour(f64::from(k) / f64::from(steps - 1)).filled();
                sure(area.draw(&Rectangle::new([(x, y), (x + 3, y + 10)], fill)));
            }
            text(area, &format!("{low:.*}", self.decimals), (LEFT - 6, y - 1), SMALL, BLACK, Align::Right);
            let end = LEFT + 3 * steps + 6;
            text(area, &format!("{most:.*}  {}", self.decimals, self.quantity), (end, y - 2), FONT, BLACK, Align::Left);
        })
    }
}

/// From nearly white (0) to dark blue (1): one hue, monotone in lightness.
fn colour(value: f64) -> RGBColor {
    const STOPS: [[f64; 3]; 4] =
        [[247.0, 251.0, 255.0], [158.0, 202.0, 225.0], [49.0, 130.0, 189.0], [8.0, 48.0, 107.0]];
    let at = value.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    let i = (at as usize).min(STOPS.len() - 2);
    let [r, g, b] = [0, 1, 2].map(|c| (STOPS[i][c] + (at - i as f64) * (STOPS[i + 1][c] - STOPS[i][c])).round() as u8);
    RGBColor(r, g, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_shows_its_number_and_the_scale_leaves_the_diagonal_out() {
        let names = ["cat".to_owned(), "dog".to_owned()];
        let svg = HeatMap {
            title: "t",
            rows: &names,
            columns: &names,
            values: &[vec![Some(1.0), Some(0.97)], vec![Some(0.96), None]],
            decimals: 3,
            quantity: "cosine",
            note: "n",
        }
        .svg();
        for shown in ["cat", "dog", "1.000", "0.970", "0.960", "cosine"] {
            assert!(svg.contains(shown), "{shown}: {svg}");
        }
        assert!(svg.contains("0.970  cosine"), "{svg}");
    }

    #[test]
    fn darker_is_more() {
        let luma = |v: f64| {
            let RGBColor(r, g, b) = colour(v);
            u32::from(r) * 3 + u32::from(g) * 6 + u32::from(b)
        };
        assert!((0..10).all(|k| luma(f64::from(k) / 10.0) > luma(f64::from(k + 1) / 10.0)));
    }
}
