//! A report as plain text.

use crate::{
    Report, Section, Value,
    number::{count, digits, si},
    table::Table,
    text::{self, align_right},
};
use std::fmt::Write;

/// A value with its unit, rounded for people; a range in parentheses.
pub fn shown(value: &Value, unit: &str) -> String {
    match value {
        Value::Number(value) => number(*value, unit),
        Value::Range { value, low, high } => {
            format!("{} ({} to {})", number(*value, unit), number(*low, unit), number(*high, unit))
        }
        Value::Text(text) => text.clone(),
        Value::Missing => "–".into(),
    }
}

/// A number with its unit: a prefix where the unit takes one, four digits where it does not.
pub fn number(value: f64, unit: &str) -> String {
    match unit {
        "" => count(value),
        "1" => digits(value),
        "%" => format!("{value:.2} %"),
        "J" | "s" | "W" | "B" | "bit" | "Hz" | "J s" => si(value, unit),
        "m²" => format!("{:.3} mm²", value * 1e6),
        unit => format!("{} {unit}", digits(value)),
    }
}

/// The heading of a column, with its unit where numbers below it do not carry theirs.
pub(crate) fn heading(name: &str, unit: &str) -> String {
    match unit {
        "" | "1" => name.into(),
        unit => format!("{name} [{unit}]"),
    }
}

/// The report as text. Rasters and galleries are named; the page shows them.
pub fn text(report: &Report) -> String {
    let mut out = format!("{}\n", report.title);
    for section in &report.sections {
        section_text(section, &mut out);
    }
    out
}

fn section_text(section: &Section, out: &mut String) {
    let _ = writeln!(out, "\n{}", section.title);
    for verdict in &section.verdicts {
        let _ = writeln!(out, "  {}  {}", if verdict.passed { "passed" } else { "failed" }, verdict.text);
    }
    let width = section.quantities.iter().map(|q| q.name.chars().count()).max().unwrap_or(0);
    for q in &section.quantities {
        let note = q.note.as_ref().map(|note| format!("  {note}")).unwrap_or_default();
        let padding = " ".repeat(width - q.name.chars().count());
        let _ = writeln!(out, "  {}{padding}  {}{note}", q.name, shown(&q.value, &q.unit));
    }
    for table in &section.tables {
        let _ = write!(out, "\n{}\n{}", table.title, rows(table));
        if let Some(note) = &table.note {
            let _ = writeln!(out, "{note}");
        }
    }
    for raster in &section.rasters {
        let spikes: u64 = raster.layers.iter().flat_map(|layer| &layer.counts).sum();
        let _ = writeln!(out, "  {}: {} spikes", raster.title, count(spikes as f64));
    }
    for note in &section.notes {
        let _ = writeln!(out, "  {note}");
    }
}

fn rows(table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
    let mut plain = text::Table::new(&names);
    for (r, row) in table.rows.iter().enumerate() {
        plain.row(row.iter().enumerate().map(|(c, value)| shown(value, table.unit(r, c))).collect());
    }
    let first = (0..table.columns.len()).find(|&i| table.is_numeric(i)).unwrap_or(table.columns.len());
    align_right(plain, first)
}
