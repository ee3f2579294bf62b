//! Charts as SVG files: heat maps, bars, lines. Drawn by `plotters`; this module fixes how they look.
//!
//! A chart is 520 pixels wide with letters of 14, so that it can be read at the width of a paper's column; colours are those of
//! Okabe and Ito (Color Universal Design, 2008), which colour-blind readers tell apart, and every series has a mark of its own
//! besides. The same chart gives the same bytes.

mod bars;
mod framework;
mod heat_map;
mod lines;
mod maps;

pub use bars::{Bars, Group};
pub use framework::{Framework, Stage};
pub use heat_map::HeatMap;
pub use lines::{Line, Lines, Point};
pub use maps::{Map, MapRow, Maps, Scale};

use plotters::prelude::*;

/// Width of every chart \[pixels\].
const WIDTH: u32 = 520;
/// Size of letters \[pixels\].
const FONT: u32 = 14;
/// Size of the small print below a chart \[pixels\].
const SMALL: u32 = 11;

/// Colours in order of use.
const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
    RGBColor(150, 150, 150),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// A drawing of `height` pixels with a title above and a line of small print below; `draw` fills what is between.
fn framed(height: u32, title: &str, note: &str, draw: impl FnOnce(&Area<'_>)) -> String {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        sure(root.fill(&WHITE));
        let mut below = 4;
        for line in wrapped(title, 70) {
            text(&root, &line, (8, below), FONT, BLACK, Align::Left);
            below += FONT as i32 + 3;
        }
        let notes = wrapped(note, 92);
        let mut at = height as i32 - (SMALL as i32 + 3) * notes.len() as i32;
        let (top, bottom) = (below + 2, at - 2);
        for line in notes {
            text(&root, &line, (8, at), SMALL, RGBColor(90, 90, 90), Align::Left);
            at += SMALL as i32 + 3;
        }
        draw(&root.margin(top, height as i32 - bottom, 0, 0));
        sure(root.present());
    }
    svg
}

/// Where a text's anchor is.
#[derive(Clone, Copy)]
enum Align {
    Left,
    Centre,
    Right,
}

/// A line of text whose upper edge is at `y`.
fn text(area: &Area<'_>, line: &str, (x, y): (i32, i32), size: u32, colour: RGBColor, align: Align) {
    use plotters::style::text_anchor::{HPos, Pos, VPos};
    let at = match align {
        Align::Left => HPos::Left,
        Align::Centre => HPos::Center,
        Align::Right => HPos::Right,
    };
    let style = TextStyle::from(("sans-serif", size).into_font()).color(&colour).pos(Pos::new(at, VPos::Top));
    sure(area.draw_text(line, &style, (x, y)));
}

/// Drawing into a string cannot fail.
fn sure<T, E: std::fmt::Debug>(result: Result<T, E>) -> T {
    result.expect("a picture in memory")
}

/// Lines of at most `width` letters, broken at spaces.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("never empty");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_keep_every_word() {
        assert_eq!(wrapped("a bb ccc dd", 5), ["a bb", "ccc", "dd"]);
        assert_eq!(wrapped("", 5), [""]);
    }

    #[test]
    fn text_is_escaped_and_equal_charts_have_equal_bytes() {
        let draw = || framed(100, "a<b & c", "note", |_| {});
        assert!(draw().contains("a&lt;b &amp; c"), "{}", draw());
        assert_eq!(draw(), draw());
    }
}
