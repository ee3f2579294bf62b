//! Lines over a common axis.

use super::{
    axis::Axis,
    svg::{COLOURS, Drawing, WIDTH, legend},
};
use crate::{plain::number, table::Table};
use maud::{Markup, html};
use std::fmt::Write;

const HEIGHT: f64 = 240.0;
const LEFT: f64 = 62.0;
const BELOW: f64 = 40.0;
/// With more points than these the line alone is drawn, and marks appear under the pointer only.
const MARKED: usize = 60;

pub(super) fn draw(table: &Table, x: &str, y: &[String]) -> Markup {
    let Some(across) = table.at(x) else { return html! {} };
    let columns: Vec<usize> = y.iter().filter_map(|id| table.at(id)).collect();
    let xs = table.numbers(x);
    let all = || columns.iter().flat_map(|&c| table.rows.iter().filter_map(move |row| row[c].number()));
    let (low, high) = all().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if low > high {
        return html! { p class="note" { "Nothing to draw: no row has a number." } };
    }
    // Zero is shown where it is near; a curve far from it fills the picture.
    let from = if low >= 0.0 && low < 0.5 * high { 0.0 } else { low - 0.05 * (high - low).max(high.abs() * 0.01) };
    let to = high + 0.05 * (high - from).max(f64::MIN_POSITIVE);
    let (first, last) =
        xs.iter().flatten().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
    let bottom = HEIGHT - BELOW;
    let axis_x = Axis { from: first, to: last, start: LEFT + 6.0, end: WIDTH - 16.0 };
    let axis_y = Axis { from, to, start: bottom, end: 8.0 };
    let (unit_x, unit_y) = (table.columns[across].unit.as_str(), table.columns[columns[0]].unit.as_str());
    let mut drawing = Drawing::new(HEIGHT, &table.title);
    axis_y.rows(&mut drawing, [LEFT, WIDTH - 10.0], unit_y);
    axis_x.columns(&mut drawing, bottom, unit_x);
    drawing.line("axis", [LEFT, bottom, WIDTH - 10.0, bottom], "");
    drawing.text("middle", (f64::midpoint(LEFT, WIDTH), HEIGHT - 6.0), &table.columns[across].name);
    for (k, &column) in columns.iter().enumerate() {
        let mut path = String::new();
        let points = xs.iter().zip(&table.rows).filter_map(|(x, row)| Some(((*x)?, row[column].number()?)));
        for (x, y) in points.clone() {
            let letter = if path.is_empty() { 'M' } else { 'L' };
            let _ = write!(path, "{letter}{:.1} {:.1}", axis_x.at(x), axis_y.at(y));
        }
        drawing.path(&format!("line s{}", k % COLOURS), &path);
        for (x, y) in points {
            let size = if table.rows.len() <= MARKED { 3.5 } else { 1.5 };
            let name = &table.columns[column].name;
            let says = format!("{name} at {} {}: {}", table.columns[across].name, number(x, unit_x), number(y, unit_y));
            drawing.mark(k, (axis_x.at(x), axis_y.at(y)), size, &says);
        }
    }
    let names: Vec<String> = columns.iter().map(|&c| table.columns[c].name.clone()).collect();
    html! { (legend(&names)) (drawing.finish()) }
}
