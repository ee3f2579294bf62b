//! Small self-contained SVG pictures: rectangles, lines, text. Lengths in pixels, origin at the upper left.

use std::fmt::Write as _;

/// Colours that stay apart for most readers, in order of use.
pub(crate) const COLOURS: [&str; 5] = ["#3b78b8", "#c9822b", "#2b8a4b", "#8a8a8a", "#a23b72"];

/// Where a text is anchored.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A picture under construction.
pub(crate) struct Svg {
    width: f64,
    height: f64,
    body: String,
}

impl Svg {
    /// An empty white picture.
    pub(crate) fn new(width: f64, height: f64) -> Self {
        Self { width, height, body: String::new() }
    }

    /// A filled rectangle.
    pub(crate) fn rect(&mut self, (x, y): (f64, f64), (w, h): (f64, f64), fill: &str) {
        let _ =
            writeln!(self.body, "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" fill=\"{fill}\"/>");
    }

    /// A thin straight line.
    pub(crate) fn line(&mut self, (x0, y0): (f64, f64), (x1, y1): (f64, f64), stroke: &str) {
        let _ = writeln!(
            self.body,
            "<line x1=\"{x0:.1}\" y1=\"{y0:.1}\" x2=\"{x1:.1}\" y2=\"{y1:.1}\" stroke=\"{stroke}\"/>"
        );
    }

    /// A line through points.
    pub(crate) fn polyline(&mut self, points: &[(f64, f64)], stroke: &str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(
            self.body,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"2\"/>",
            points.join(" ")
        );
    }

    /// A line of text; `y` is its base line.
    pub(crate) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, fill: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let _ = writeln!(
            self.body,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{fill}\">{text}</text>"
        );
    }

    /// The file.
    pub(crate) fn finish(self) -> String {
        let Self { width: w, height: h, body } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" \
             font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"{w}\" height=\"{h}\" fill=\"white\"/>\n{body}</svg>\n"
        )
    }
}

/// From white (0) over yellow and red to dark (1).
pub(crate) fn heat(value: f64) -> String {
    const STOPS: [[f64; 3]; 4] = [[255.0, 255.0, 245.0], [250.0, 200.0, 90.0], [200.0, 60.0, 60.0], [60.0, 10.0, 60.0]];
    let at = value.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    let i = (at as usize).min(STOPS.len() - 2);
    let [r, g, b] = [0, 1, 2].map(|c| (STOPS[i][c] + (at - i as f64) * (STOPS[i + 1][c] - STOPS[i][c])).round() as u8);
    format!("#{r:02x}{g:02x}{b:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_the_scale_has_its_ends() {
        let mut svg = Svg::new(10.0, 10.0);
        svg.text((0.0, 0.0), Anchor::Start, "black", "a<b & c");
        assert!(svg.finish().contains("a&lt;b &amp; c"));
        assert_eq!((heat(-1.0), heat(2.0)), ("#fffff5".to_owned(), "#3c0a3c".to_owned()));
    }
}
