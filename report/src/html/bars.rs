//! Horizontal bars made of parts that add up.

use super::{
    says,
    svg::{COLOURS, Drawing, LETTER, WIDTH, legend, shortened, width},
};
use crate::{plain::number, table::Table};
use maud::{Markup, html};

/// Height of a row: of few, and of more than [`MANY`] \[pixels\].
const ROWS: [f64; 2] = [20.0, 12.0];
const MANY: usize = 40;
/// Letters of a row's name.
const NAME: usize = 20;

pub(super) fn draw(table: &Table, label: &str, parts: &[String]) -> Markup {
    let names = table.texts(label);
    let columns: Vec<usize> = parts.iter().filter_map(|id| table.at(id)).collect();
    let Some(unit) = columns.first().map(|&at| table.columns[at].unit.as_str()) else { return html! {} };
    let value = |row: usize, column: usize| table.rows[row][column].number().unwrap_or(0.0).max(0.0);
    let sum = |row: usize| columns.iter().map(|&c| value(row, c)).sum::<f64>();
    let most = (0..names.len()).map(sum).fold(f64::MIN_POSITIVE, f64::max);
    let left = names.iter().map(|n| width(&shortened(n, NAME))).fold(30.0, f64::max) + 8.0;
    let right = WIDTH - 70.0;
    let many = names.len() > MANY;
    let (high, small) = (ROWS[usize::from(many)], if many { " small" } else { "" });
    let mut drawing = Drawing::new(high * names.len() as f64 + 4.0, &table.title);
    for (row, name) in names.iter().enumerate() {
        let y = high * row as f64 + 2.0;
        let base = y + f64::midpoint(high, LETTER) - 3.0;
        drawing.text(&format!("end{small}"), (left - 6.0, base), &shortened(name, NAME));
        let mut x = left;
        for (k, &column) in columns.iter().enumerate() {
            let v = value(row, column);
            let w = v / most * (right - left);
            if w > 0.0 {
                let part = &table.columns[column].name;
                let class = format!("c{}", k % COLOURS);
                drawing.rectangle(
                    &class,
                    [x, y + 0.1 * high, w, 0.75 * high],
                    1.0,
                    &says(&format!("{name}, {part}"), v, unit),
                );
            }
            x += w;
        }
        drawing.text(small.trim(), (x + 5.0, base), &number(sum(row), unit));
    }
    drawing.line("axis", [left, 0.0, left, high * names.len() as f64 + 4.0], "");
    let parts: Vec<String> = columns.iter().map(|&at| table.columns[at].name.clone()).collect();
    html! { @if parts.len() > 1 { (legend(&parts)) } (drawing.finish()) }
}
