//! How often values occurred.

use super::{
    axis::Axis,
    svg::{Drawing, WIDTH},
};
use crate::{plain::number, table::Table};
use maud::{Markup, html};

const HEIGHT: f64 = 200.0;
const LEFT: f64 = 56.0;
const BELOW: f64 = 40.0;

pub(super) fn draw(table: &Table, [from, to, count]: [&str; 3]) -> Markup {
    let (Some(at), Some(at_count)) = (table.at(from), table.at(count)) else { return html! {} };
    let (froms, tos, counts) = (table.numbers(from), table.numbers(to), table.numbers(count));
    let (Some(Some(low)), Some(Some(high))) = (froms.first(), tos.last()) else { return html! {} };
    let unit = table.columns[at].unit.as_str();
    let most = counts.iter().flatten().copied().fold(1.0, f64::max);
    let bottom = HEIGHT - BELOW;
    let axis_x = Axis { from: *low, to: *high, start: LEFT, end: WIDTH - 16.0 };
    let axis_y = Axis { from: 0.0, to: most * 1.05, start: bottom, end: 20.0 };
    let mut drawing = Drawing::new(HEIGHT, &table.title);
    axis_y.rows(&mut drawing, [LEFT, WIDTH - 10.0], "");
    axis_x.columns(&mut drawing, bottom, unit);
    drawing.text("", (4.0, 11.0), &table.columns[at_count].name);
    drawing.text("middle", (f64::midpoint(LEFT, WIDTH), HEIGHT - 6.0), &table.title);
    for ((from, to), n) in froms.iter().zip(&tos).zip(&counts) {
        let (Some(from), Some(to), Some(n)) = (from, to, n) else { continue };
        if *n > 0.0 {
            let (x0, x1, y) = (axis_x.at(*from), axis_x.at(*to), axis_y.at(*n));
            let says = format!("{} to {}: {}", number(*from, unit), number(*to, unit), number(*n, ""));
            drawing.rectangle("c0", [x0 + 0.5, y, (x1 - x0 - 1.0).max(1.0), bottom - y], 1.0, &says);
        }
    }
    drawing.line("axis", [LEFT, bottom, WIDTH - 10.0, bottom], "");
    drawing.finish()
}
