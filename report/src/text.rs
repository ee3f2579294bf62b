//! Plain tables of texts.

use std::sync::atomic::{AtomicU16, Ordering};

/// Columns of the terminal that tables are fitted to; 0 leaves them as wide as they are.
static WIDTH: AtomicU16 = AtomicU16::new(0);

/// Fits tables to a terminal of so many columns: cells break at blanks. `None`: they are as wide as their contents.
pub fn fit(columns: Option<u16>) {
    WIDTH.store(columns.unwrap_or(0), Ordering::Relaxed);
}

/// A table of texts with a header.
pub struct Table(comfy_table::Table);

impl Table {
    /// A table with these columns.
    pub fn new(header: &[&str]) -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(comfy_table::presets::NOTHING).set_header(header.iter().copied());
        Self(table)
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.0.add_row(cells);
    }
}

/// The table's lines, columns from `first` on aligned to the right, no blanks at line ends.
pub fn align_right(mut table: Table, first: usize) -> String {
    let width = WIDTH.load(Ordering::Relaxed);
    if width > 0 {
        table.0.set_content_arrangement(comfy_table::ContentArrangement::Dynamic).set_width(width);
    }
    for column in table.0.column_iter_mut().skip(first) {
        column.set_cell_alignment(comfy_table::CellAlignment::Right);
    }
    table.0.to_string().lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// A text whose long lines break at blanks where the terminal ends; what follows a name and two blanks is continued below itself.
pub fn wrapped(text: &str) -> String {
    wrapped_at(text, usize::from(WIDTH.load(Ordering::Relaxed)))
}

fn wrapped_at(text: &str, width: usize) -> String {
    let fits = |line: &str| width == 0 || line.chars().count() <= width;
    text.split_inclusive('\n')
        .map(|line| if fits(line.trim_end()) { line.to_owned() } else { broken(line, width) })
        .collect()
}

fn broken(line: &str, width: usize) -> String {
    let letters: Vec<char> = line.trim_end().chars().collect();
    let (mut out, mut rest) = (String::new(), letters.as_slice());
    let indent = hanging(&letters).min(width / 2);
    let mut room = width;
    while rest.len() > room {
        let found = (1..=room).rev().find(|&i| rest[i] == ' ' && rest[..i].iter().any(|c| *c != ' '));
        let Some(end) = found.or_else(|| (room..rest.len()).find(|&i| rest[i] == ' ')) else { break };
        let head: String = rest[..end].iter().collect();
        out += &format!("{}\n{}", head.trim_end(), " ".repeat(indent));
        rest = &rest[end..];
        rest = &rest[rest.iter().take_while(|c| **c == ' ').count()..];
        room = width - indent;
    }
    out.extend(rest);
    if line.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// Where the text of a line begins: behind a name and two blanks, or else two columns to the right of the line's own begin.
fn hanging(line: &[char]) -> usize {
    const NAME: usize = 40;
    let begin = line.iter().take_while(|c| **c == ' ').count();
    let gap = (begin + 1..line.len().min(NAME)).find(|&i| line[i..].starts_with(&[' ', ' ']));
    gap.map_or(begin + 2, |gap| gap + line[gap..].iter().take_while(|c| **c == ' ').count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_break_below_their_text() {
        let text = "cores        29 in use\nread-out     on the host, not in the energy\n";
        assert_eq!(
            wrapped_at(text, 30),
            "cores        29 in use\nread-out     on the host, not\n             in the energy\n"
        );
        assert_eq!(wrapped_at(text, 0), text);
        assert_eq!(wrapped_at("one two three four", 10), "one two\n  three\n  four");
        assert_eq!(wrapped_at("unbreakableword", 10), "unbreakableword");
    }
}
