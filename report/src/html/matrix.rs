//! A matrix with a shade and a number per cell. Where rows and columns are the same things, the diagonal has no shade, so that
//! what is off it can be seen.

use super::svg::{Drawing, LETTER, WIDTH, shortened, width};
use crate::{plain::number, table::Table};
use maud::{Markup, html};

const NAME: usize = 14;

pub(super) fn draw(table: &Table, [row, column, value]: [&str; 3]) -> Markup {
    let (Some(at_row), Some(at_column), Some(at)) = (table.at(row), table.at(column), table.at(value)) else {
        return html! {};
    };
    let unit = table.columns[at].unit.as_str();
    let names = |id: &str| {
        let mut names: Vec<String> = Vec::new();
        for name in table.texts(id) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.sort_by(|a, b| match (a.parse::<f64>(), b.parse::<f64>()) {
            (Ok(a), Ok(b)) => a.total_cmp(&b),
            _ => a.cmp(b),
        });
        names
    };
    let (rows, columns) = (names(row), names(column));
    let cells = table.texts(row).into_iter().zip(table.texts(column)).zip(table.numbers(value));
    let same = |a: &str, b: &str| a == b;
    let most = cells.clone().filter(|((r, c), _)| !same(r, c)).filter_map(|(_, v)| v).fold(f64::MIN_POSITIVE, f64::max);
    let left = rows.iter().map(|n| width(&shortened(n, NAME))).fold(20.0, f64::max) + 26.0;
    let cell = ((WIDTH - left - 4.0) / columns.len().max(1) as f64).min(44.0);
    let high = cell.min(26.0);
    let top = 40.0;
    let mut drawing = Drawing::new(top + high * rows.len() as f64 + 6.0, &table.title);
    drawing.text("small", (left, 11.0), &format!("{} →", table.columns[at_column].name));
    drawing.text("small", (2.0, top - 6.0), &format!("{} ↓", table.columns[at_row].name));
    let step = (30.0 / cell).ceil().max(1.0) as usize;
    for (j, name) in columns.iter().enumerate().filter(|(j, _)| j % step == 0) {
        drawing.text("middle small", (left + cell * (j as f64 + 0.5), top - 6.0), &shortened(name, NAME));
    }
    for (i, name) in rows.iter().enumerate() {
        drawing.text("end small", (left - 6.0, top + high * (i as f64 + 0.5) + 4.0), &shortened(name, NAME));
    }
    for ((r, c), v) in cells {
        let (Some(i), Some(j), Some(v)) = (rows.iter().position(|n| *n == r), columns.iter().position(|n| *n == c), v)
        else {
            continue;
        };
        let diagonal = same(&r, &c);
        let share = if diagonal { 0.0 } else { (v / most).clamp(0.0, 1.0) };
        let (x, y) = (left + cell * j as f64, top + high * i as f64);
        let says =
            format!("{} {r}, {} {c}: {}", table.columns[at_row].name, table.columns[at_column].name, number(v, unit));
        let class = if diagonal { "diagonal" } else { "heat" };
        drawing.rectangle(
            class,
            [x, y, cell - 1.0, high - 1.0],
            if diagonal { 1.0 } else { 0.06 + 0.94 * share },
            &says,
        );
        if v > 0.0 && cell >= 20.0 {
            let class = if share > 0.5 { "middle small on" } else { "middle small" };
            drawing.text(
                class,
                (x + cell / 2.0, y + high / 2.0 + LETTER / 3.0),
                &number(v, if unit == "%" { "1" } else { unit }),
            );
        }
    }
    drawing.finish()
}
