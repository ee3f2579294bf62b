//! A layered network as a column of stages: what goes in, the channels of each class, what was measured.

use super::{Align, COLOURS, FONT, SMALL, WIDTH, framed, sure, text};
use plotters::prelude::*;

/// One layer.
pub struct Stage {
    /// Its name and operation.
    pub heading: String,
    /// Channels of every class, in order.
    pub groups: Vec<usize>,
    /// Lines of text below the groups.
    pub lines: Vec<String>,
}

/// What the picture shows.
pub struct Framework<'a> {
    /// Title of the picture.
    pub title: &'a str,
    /// What enters the first stage.
    pub input: &'a str,
    /// The layers, in order.
    pub stages: &'a [Stage],
    /// What is done with what leaves the last stage.
    pub output: &'a str,
    /// Names of the classes.
    pub classes: &'a [String],
    /// Small print.
    pub note: &'a str,
}

impl Framework<'_> {
    /// The picture.
    #[must_use]
    pub fn svg(&self) -> String {
        const LEFT: i32 = 16;
        let wide = WIDTH as i32 - 2 * LEFT;
        let box_of = |s: &Stage| 56 + 17 * s.lines.len() as i32;
        let boxes: i32 = self.stages.iter().map(|s| box_of(s) + 26).sum();
        let legend = 20 * (self.classes.len() as i32 + 4) / 5;
        framed((boxes + legend + 150) as u32, self.title, self.note, |area| {
            let mut y = 2;
            text(area, self.input, (WIDTH as i32 / 2, y), FONT, BLACK, Align::Centre);
            y += 20;
            for stage in self.stages {
                arrow(area, WIDTH as i32 / 2, y, y + 18);
                y += 20;
                let bottom = y + box_of(stage);
                let frame = Rectangle::new([(LEFT, y), (LEFT + wide, bottom)], RGBColor(120, 120, 120));
                sure(area.draw(&frame));
                text(area, &stage.heading, (LEFT + 8, y + 4), FONT, BLACK, Align::Left);
                groups(area, &stage.groups, (LEFT + 8, y + 26), wide - 16);
                let mut line_y = y + 50;
                for line in &stage.lines {
                    text(area, line, (LEFT + 8, line_y), SMALL + 1, BLACK, Align::Left);
                    line_y += 17;
                }
                y = bottom + 6;
            }
            arrow(area, WIDTH as i32 / 2, y, y + 18);
            y += 20;
            text(area, self.output, (WIDTH as i32 / 2, y), FONT, BLACK, Align::Centre);
            y += 26;
            for (class, name) in self.classes.iter().enumerate() {
                let (column, row) = (class as i32 % 5, class as i32 / 5);
                let (x, at) = (LEFT + column * (wide / 5), y + 20 * row);
                sure(area.draw(&Rectangle::new([(x, at + 2), (x + 12, at + 14)], fill(class).filled())));
                text(area, &format!("{class} {name}"), (x + 17, at + 2), SMALL + 1, BLACK, Align::Left);
            }
        })
    }
}

/// A strip divided in proportion to the channels of each class, numbered.
fn groups(area: &super::Area<'_>, groups: &[usize], (x, y): (i32, i32), wide: i32) {
    let all: usize = groups.iter().sum::<usize>().max(1);
    let mut before = 0;
    for (class, channels) in groups.iter().enumerate() {
        let place = |n: usize| x + (f64::from(wide) * n as f64 / all as f64).round() as i32;
        let (from, to) = (place(before), place(before + channels));
        sure(area.draw(&Rectangle::new([(from, y), (to - 1, y + 18)], fill(class).filled())));
        text(area, &channels.to_string(), (i32::midpoint(from, to), y + 4), SMALL, ink(fill(class)), Align::Centre);
        before += channels;
    }
}

/// The colour of a class: the palette, then a lighter turn of it.
fn fill(class: usize) -> RGBColor {
    let RGBColor(r, g, b) = COLOURS[class % COLOURS.len()];
    let lighter = |v: u8| v.saturating_add(70);
    if class < COLOURS.len() { RGBColor(r, g, b) } else { RGBColor(lighter(r), lighter(g), lighter(b)) }
}

/// Letters that can be read on `fill`.
fn ink(RGBColor(r, g, b): RGBColor) -> RGBColor {
    if u32::from(r) * 3 + u32::from(g) * 6 + u32::from(b) > 1500 { BLACK } else { WHITE }
}

fn arrow(area: &super::Area<'_>, x: i32, from: i32, to: i32) {
    sure(area.draw(&PathElement::new([(x, from), (x, to)], BLACK)));
    sure(area.draw(&PathElement::new([(x - 4, to - 6), (x, to), (x + 4, to - 6)], BLACK)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_a_colour_of_its_own_and_its_channels_are_shown() {
        let colours: std::collections::BTreeSet<_> = (0..10).map(|c| (fill(c).0, fill(c).1, fill(c).2)).collect();
        assert_eq!(colours.len(), 10);
        let stages = [Stage { heading: "layer 1".into(), groups: vec![17, 23], lines: vec!["measured".into()] }];
        let classes = ["cat".to_owned(), "dog".to_owned()];
        let svg =
            Framework { title: "t", input: "image", stages: &stages, output: "class", classes: &classes, note: "n" }
                .svg();
        for shown in ["layer 1", "17", "23", "measured", "0 cat", "1 dog", "image", "class"] {
            assert!(svg.contains(shown), "{shown}");
        }
    }
}
