//! Drawings: a canvas of pixels that scales with the page. Colours are classes, so that they follow light and dark.

use maud::{Markup, PreEscaped, html};
use std::fmt::Write;

/// Width of every drawing \[pixels\]: letters stay legible where a phone's page is as wide as 350 of its own.
pub(super) const WIDTH: f64 = 420.0;
/// Height of a letter \[pixels\].
pub(super) const LETTER: f64 = 12.0;
/// Colours of parts and lines, `c0` and on.
pub(super) const COLOURS: usize = 8;

/// A drawing.
pub(super) struct Drawing {
    height: f64,
    label: String,
    body: String,
}

impl Drawing {
    /// An empty drawing; `label` is what screen readers say.
    pub(super) fn new(height: f64, label: &str) -> Self {
        Self { height, label: label.into(), body: String::new() }
    }

    /// A rectangle; `says` appears under the pointer.
    pub(super) fn rectangle(&mut self, class: &str, [x, y, w, h]: [f64; 4], opacity: f64, says: &str) {
        let opacity = if opacity < 1.0 { format!(" fill-opacity=\"{opacity:.3}\"") } else { String::new() };
        let (w, h) = (w.max(0.0), h.max(0.0));
        let _ = write!(
            self.body,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.2}\" height=\"{h:.1}\"{opacity}>"
        );
        self.title(says);
        self.body.push_str("</rect>");
    }

    /// A line.
    pub(super) fn line(&mut self, class: &str, [x0, y0, x1, y1]: [f64; 4], says: &str) {
        let _ =
            write!(self.body, "<line class=\"{class}\" x1=\"{x0:.1}\" y1=\"{y0:.1}\" x2=\"{x1:.1}\" y2=\"{y1:.1}\">");
        self.title(says);
        self.body.push_str("</line>");
    }

    /// A line of a certain width and strength.
    pub(super) fn stroke(&mut self, class: &str, [x0, y0, x1, y1]: [f64; 4], (width, opacity): (f64, f64), says: &str) {
        let _ = write!(
            self.body,
            "<line class=\"{class}\" x1=\"{x0:.1}\" y1=\"{y0:.1}\" x2=\"{x1:.1}\" y2=\"{y1:.1}\" stroke-width=\"{width:.1}\" stroke-opacity=\"{opacity:.2}\">"
        );
        self.title(says);
        self.body.push_str("</line>");
    }

    /// A path that is given as it is.
    pub(super) fn path(&mut self, class: &str, d: &str) {
        let _ = write!(self.body, "<path class=\"{class}\" d=\"{d}\"/>");
    }

    /// A mark of series `k`: round, square, triangular or rhombic, so that it does not rest on colour alone.
    pub(super) fn mark(&mut self, k: usize, (x, y): (f64, f64), size: f64, says: &str) {
        let s = size;
        let class = format!("c{}", k % COLOURS);
        let d = match k % 4 {
            0 => format!("M{:.1} {y:.1}a{s} {s} 0 1 0 {} 0a{s} {s} 0 1 0 {} 0z", x - s, 2.0 * s, -2.0 * s),
            1 => format!("M{:.1} {:.1}h{}v{}h{}z", x - s, y - s, 2.0 * s, 2.0 * s, -2.0 * s),
            2 => format!("M{x:.1} {:.1}l{} {}h{}z", y - s, s * 1.1, s * 1.9, -s * 2.2),
            _ => format!("M{x:.1} {:.1}l{s} {s}l{} {s}l{} {}z", y - s * 1.2, -s, -s, -s),
        };
        let _ = write!(self.body, "<path class=\"{class}\" d=\"{d}\">");
        self.title(says);
        self.body.push_str("</path>");
    }

    /// A line of text; `class` may say `end`, `middle`, `small`.
    pub(super) fn text(&mut self, class: &str, (x, y): (f64, f64), text: &str) {
        let text = html! { (text) }.into_string();
        let _ = write!(self.body, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>");
    }

    /// The drawing.
    pub(super) fn finish(self) -> Markup {
        let Self { height, label, body } = self;
        html! {
            div class="drawing" {
                svg viewBox={ "0 0 " (WIDTH) " " (format!("{height:.0}")) } role="img" aria-label=(label) { (PreEscaped(body)) }
            }
        }
    }

    fn title(&mut self, says: &str) {
        if !says.is_empty() {
            let says = html! { (says) }.into_string();
            let _ = write!(self.body, "<title>{says}</title>");
        }
    }
}

/// How wide a text is, roughly \[pixels\].
pub(super) fn width(text: &str) -> f64 {
    0.56 * LETTER * text.chars().count() as f64
}

/// A text of at most `letters`, its middle left out.
pub(super) fn shortened(text: &str, letters: usize) -> String {
    let n = text.chars().count();
    if n <= letters {
        return text.to_owned();
    }
    let (head, tail) = (letters / 2, letters - letters / 2 - 1);
    text.chars().take(head).chain(['…']).chain(text.chars().skip(n - tail)).collect()
}

/// Names of parts with their colours; `parts` leave none out.
pub(super) fn legend(names: &[String]) -> Markup {
    html! {
        ul class="legend" {
            @for (k, name) in names.iter().enumerate() {
                li {
                    svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" { (PreEscaped(format!("<rect class=\"c{}\" width=\"14\" height=\"14\"/>", k % COLOURS))) }
                    " " (name)
                }
            }
        }
    }
}
