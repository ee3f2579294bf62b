//! Points.

use super::{
    axis::Axis,
    svg::{Drawing, WIDTH, legend},
};
use crate::{plain::number, table::Table};
use maud::{Markup, html};

const HEIGHT: f64 = 280.0;
const LEFT: f64 = 68.0;
const BELOW: f64 = 42.0;

pub(super) fn draw(table: &Table, [x, y]: [&str; 2], label: &str, kind: Option<&str>) -> Markup {
    let (Some(at_x), Some(at_y)) = (table.at(x), table.at(y)) else { return html! {} };
    let (xs, ys) = (table.numbers(x), table.numbers(y));
    let ends = |values: &[Option<f64>]| {
        let (low, high) =
            values.iter().flatten().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
        let pad = 0.05 * (high - low).max(high.abs() * 0.02).max(f64::MIN_POSITIVE);
        let from = if low >= 0.0 { (low - pad).max(0.0) } else { low - pad };
        (from, high + pad)
    };
    if xs.iter().zip(&ys).all(|(x, y)| x.is_none() || y.is_none()) {
        return html! { p class="note" { "Nothing to draw: no row has both numbers." } };
    }
    let (x0, x1) = ends(&xs);
    let (y0, y1) = ends(&ys);
    let bottom = HEIGHT - BELOW;
    let axis_x = Axis { from: x0, to: x1, start: LEFT + 4.0, end: WIDTH - 16.0 };
    let axis_y = Axis { from: y0, to: y1, start: bottom, end: 20.0 };
    let (column_x, column_y) = (&table.columns[at_x], &table.columns[at_y]);
    let mut drawing = Drawing::new(HEIGHT, &table.title);
    axis_y.rows(&mut drawing, [LEFT, WIDTH - 10.0], &column_y.unit);
    axis_x.columns(&mut drawing, bottom, &column_x.unit);
    drawing.line("axis", [LEFT, bottom, WIDTH - 10.0, bottom], "");
    drawing.text("", (4.0, 11.0), &column_y.name);
    drawing.text("middle", (f64::midpoint(LEFT, WIDTH), HEIGHT - 6.0), &column_x.name);
    let kinds = kind.map(|kind| table.texts(kind));
    let mut names: Vec<String> = Vec::new();
    for name in kinds.iter().flatten() {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    let group = |row: usize| kinds.as_ref().and_then(|kinds| names.iter().position(|n| *n == kinds[row])).unwrap_or(0);
    let labels = table.texts(label);
    // The first group is what the table is about: it lies on top.
    let mut rows: Vec<usize> = (0..labels.len()).collect();
    rows.sort_by_key(|&row| std::cmp::Reverse(group(row)));
    for row in rows {
        let (Some(x), Some(y)) = (xs[row], ys[row]) else { continue };
        let (k, name) = (group(row), &labels[row]);
        let says = format!(
            "{name}: {} {}, {} {}",
            column_x.name,
            number(x, &column_x.unit),
            column_y.name,
            number(y, &column_y.unit)
        );
        drawing.mark(k, (axis_x.at(x), axis_y.at(y)), 4.0, &says);
    }
    html! { @if names.len() > 1 { (legend(&names)) } (drawing.finish()) }
}
