//! The cores of a chip where they lie: shaded by how much they do, with the links between routers as strong as their load.
//!
//! Of a large machine only the part in use is drawn, which is said.

use super::svg::{Drawing, WIDTH};
use crate::{chart::Mesh, plain::number, table::Table};
use maud::{Markup, html};

/// Largest side of a router \[pixels\], and the gap between two.
const SIDE: f64 = 46.0;
const GAP: f64 = 0.28;

/// A row of the table of links.
struct Link {
    from: [f64; 2],
    to: [f64; 2],
    load: f64,
}

pub(super) fn draw(table: &Table, mesh: &Mesh, links: Option<&Table>) -> Markup {
    let (xs, ys, slots) = (table.numbers(&mesh.x), table.numbers(&mesh.y), table.numbers(&mesh.slot));
    let (values, labels) = (table.numbers(&mesh.value), table.texts(&mesh.label));
    let links = links.map_or_else(Vec::new, read);
    let unit = table.at(&mesh.value).map_or("", |at| table.columns[at].unit.as_str());
    let name = table.at(&mesh.value).map_or("", |at| table.columns[at].name.as_str());
    let used = || {
        let cores = xs.iter().zip(&ys).filter_map(|(x, y)| Some([(*x)?, (*y)?]));
        cores.chain(links.iter().flat_map(|link| [link.from, link.to]))
    };
    let ends = |axis: usize, size: u32| {
        let (low, high) = used().fold((f64::INFINITY, 0.0f64), |(l, h), p| (l.min(p[axis]), h.max(p[axis])));
        if size <= 24 { (0, size.max(1) - 1) } else { (low.max(0.0) as u32, high as u32) }
    };
    if used().next().is_none() {
        return html! {};
    }
    let ((x0, x1), (y0, y1)) = (ends(0, mesh.size[0]), ends(1, mesh.size[1]));
    let (columns, rows) = (f64::from(x1 - x0 + 1), f64::from(y1 - y0 + 1));
    let pitch = ((WIDTH - 8.0) / columns).min(SIDE * (1.0 + GAP));
    let side = pitch / (1.0 + GAP);
    let left = (WIDTH - columns * pitch) / 2.0 + (pitch - side) / 2.0;
    let corner = |x: f64, y: f64| (left + (x - f64::from(x0)) * pitch, 4.0 + (y - f64::from(y0)) * pitch);
    let mut drawing = Drawing::new(rows * pitch + 8.0, &table.title);
    let most = links.iter().map(|link| link.load).fold(f64::MIN_POSITIVE, f64::max);
    for link in &links {
        let middle = |[x, y]: [f64; 2]| {
            let (x, y) = corner(x, y);
            (x + side / 2.0, y + side / 2.0)
        };
        let ((ax, ay), (bx, by)) = (middle(link.from), middle(link.to));
        // Keep to the right, so that both directions are seen.
        let (dx, dy) = (
            (bx - ax).signum() * f64::from(u8::from((bx - ax).abs() > 1.0)),
            (by - ay).signum() * f64::from(u8::from((by - ay).abs() > 1.0)),
        );
        let shift = side * 0.14;
        let line = [ax - dy * shift, ay + dx * shift, bx - dy * shift, by + dx * shift];
        let share = link.load / most;
        let says = format!(
            "link {},{} to {},{}: {}",
            link.from[0],
            link.from[1],
            link.to[0],
            link.to[1],
            number(link.load, "")
        );
        drawing.stroke("link", line, (1.0 + (0.16 * pitch).min(7.0) * share, 0.25 + 0.75 * share), &says);
    }
    for y in y0..=y1 {
        for x in x0..=x1 {
            let (px, py) = corner(f64::from(x), f64::from(y));
            drawing.rectangle("router", [px, py, side, side], 1.0, "");
        }
    }
    let across = f64::from(mesh.slots.max(1)).sqrt().ceil();
    let down = (f64::from(mesh.slots.max(1)) / across).ceil();
    for (row, label) in labels.iter().enumerate() {
        let (Some(x), Some(y)) = (xs[row], ys[row]) else { continue };
        let slot = slots[row].unwrap_or(0.0);
        let (px, py) = corner(x, y);
        let (w, h) = ((side - 2.0) / across, (side - 2.0) / down);
        let place = [px + 1.0 + (slot % across) * w, py + 1.0 + (slot / across).floor() * h, w - 0.6, h - 0.6];
        let value = values[row].unwrap_or(0.0);
        let says = format!("{label} at {x},{y}: {name} {}", number(value, unit));
        drawing.rectangle("core", place, 1.0, "");
        drawing.rectangle("heat", place, 0.08 + 0.92 * (value / 100.0).clamp(0.0, 1.0), &says);
    }
    let (w, h) = mesh.chip.into();
    if mesh.size[0] > w || mesh.size[1] > h {
        let lines = |from: u32, to: u32, step: u32| (from + 1..=to).filter(move |k| k.is_multiple_of(step.max(1)));
        let gap = (pitch - side) / 2.0;
        for x in lines(x0, x1, w) {
            let (px, _) = corner(f64::from(x), 0.0);
            drawing.line("chip", [px - gap, 0.0, px - gap, rows * pitch + 8.0], "border of a chip");
        }
        for y in lines(y0, y1, h) {
            let (_, py) = corner(0.0, f64::from(y));
            drawing.line("chip", [0.0, py - gap, WIDTH, py - gap], "border of a chip");
        }
    }
    let part = columns * rows < f64::from(mesh.size[0]) * f64::from(mesh.size[1]);
    html! {
        p class="note scale" {
            "Shade: " (name) ", from 0 % " span class="gradient" {} " to 100 %."
            @if !links.is_empty() { " Links: as wide as their load, the busiest " (number(most, "")) "." }
            @if part { " Routers " (x0) "," (y0) " to " (x1) "," (y1) " of " (mesh.size[0]) " × " (mesh.size[1]) " are drawn; the others are not in use." }
        }
        (drawing.finish())
    }
}

fn read(table: &Table) -> Vec<Link> {
    let column = |id: &str| table.numbers(id);
    let (fx, fy, tx, ty, load) = (column("from_x"), column("from_y"), column("to_x"), column("to_y"), column("load"));
    let link = |i: usize| Some(Link { from: [fx[i]?, fy[i]?], to: [tx[i]?, ty[i]?], load: load[i]? });
    (0..table.rows.len()).filter_map(link).collect()
}
