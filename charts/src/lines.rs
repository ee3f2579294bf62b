//! Lines through points with a deviation each, axes with units and a legend below.

use super::{Align, COLOURS, FONT, SMALL, framed, sure, text};
use plotters::prelude::*;

/// A point of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Where it stands on the horizontal axis.
    pub x: f64,
    /// Its height.
    pub y: f64,
    /// Half the length of its error bar; 0 draws none.
    pub deviation: f64,
}

/// A series.
pub struct Line {
    /// Its entry of the legend.
    pub name: String,
    /// Its points, from left to right.
    pub points: Vec<Point>,
}

/// What a chart of lines shows.
pub struct Lines<'a> {
    /// Title of the picture.
    pub title: &'a str,
    /// What the horizontal axis shows, with its unit.
    pub x: &'a str,
    /// What the vertical axis shows, with its unit.
    pub y: &'a str,
    /// The series, in order.
    pub lines: &'a [Line],
    /// Small print.
    pub note: &'a str,
}

impl Lines<'_> {
    /// The picture. Lines without points stand in the legend only.
    #[must_use]
    pub fn svg(&self) -> String {
        const ENTRY: i32 = 18;
        let height = 330 + ENTRY * self.lines.len() as i32;
        let points = || self.lines.iter().flat_map(|l| &l.points);
        let bounds = |f: &dyn Fn(&Point) -> [f64; 2]| {
            let low = points().map(|p| f(p)[0]).fold(f64::INFINITY, f64::min);
            let high = points().map(|p| f(p)[1]).fold(f64::NEG_INFINITY, f64::max);
            if low > high { (0.0, 1.0) } else { (low, high) }
        };
        let (x0, x1) = bounds(&|p| [p.x, p.x]);
        let (y0, y1) = bounds(&|p| [p.y - p.deviation, p.y + p.deviation]);
        // Epochs and widths are counts: no label stands between two of them.
        let whole = points().all(|p| p.x.fract() == 0.0);
        let labels = if whole { (x1 - x0) as usize + 2 } else { 8 };
        let (dx, dy) = (((x1 - x0) * 0.04).max(0.5), ((y1 - y0) * 0.08).max(0.5));
        framed(height as u32, self.title, self.note, |area| {
            let (plot, legend) = area.split_vertically(height - 34 - ENTRY * self.lines.len() as i32 - 20);
            let mut chart = sure(
                ChartBuilder::on(&plot)
                    .margin_right(14)
                    .margin_top(6)
                    .x_label_area_size(44)
                    .y_label_area_size(58)
                    .build_cartesian_2d(x0 - dx..x1 + dx, y0 - dy..y1 + dy),
            );
            sure(
                chart
                    .configure_mesh()
                    .x_desc(self.x)
                    .y_desc(self.y)
                    .label_style(("sans-serif", SMALL + 1))
                    .axis_desc_style(("sans-serif", FONT))
                    .light_line_style(TRANSPARENT)
                    .bold_line_style(RGBColor(225, 225, 225))
                    .x_labels(labels.min(8))
                    .y_labels(6)
                    .x_label_formatter(&|v| if whole && v.fract() != 0.0 { String::new() } else { plain(*v) })
                    .y_label_formatter(&|v| plain(*v))
                    .draw(),
            );
            for (k, line) in self.lines.iter().enumerate() {
                let colour = COLOURS[k % COLOURS.len()];
                let path = line.points.iter().map(|p| (p.x, p.y));
                sure(chart.draw_series(LineSeries::new(path, colour.stroke_width(2))));
                let bars = line.points.iter().filter(|p| p.deviation > 0.0);
                sure(chart.draw_series(
                    bars.map(|p| ErrorBar::new_vertical(p.x, p.y - p.deviation, p.y, p.y + p.deviation, colour, 6)),
                ));
                for p in &line.points {
                    sure(chart.plotting_area().draw(&(EmptyElement::at((p.x, p.y)) + mark(k, (0, 0)))));
                }
                let y = ENTRY * k as i32 + 4;
                sure(legend.draw(&PathElement::new([(20, y + 7), (48, y + 7)], colour.stroke_width(2))));
                sure(legend.draw(&(EmptyElement::at((34, y + 7)) + mark(k, (0, 0)))));
                text(&legend, &line.name, (58, y), FONT - 1, BLACK, Align::Left);
            }
        })
    }
}

/// A number without needless digits.
fn plain(v: f64) -> String {
    let text = format!("{v:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The mark of series `k`: round, square, triangular or a cross, so that it does not rest on colour alone.
fn mark<'a>(k: usize, at: (i32, i32)) -> DynElement<'static, SVGBackend<'a>, (i32, i32)> {
    let colour = COLOURS[k % COLOURS.len()];
    match k % 4 {
        0 => Circle::new(at, 4, colour.filled()).into_dyn(),
        1 => Rectangle::new([(at.0 - 4, at.1 - 4), (at.0 + 4, at.1 + 4)], colour.filled()).into_dyn(),
        2 => TriangleMarker::new(at, 5, colour.filled()).into_dyn(),
        _ => Cross::new(at, 4, colour.stroke_width(2)).into_dyn(),
    }
}
