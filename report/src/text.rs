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
