//! A report as comma-separated values: each table under a line that names it, every header with its unit, numbers unrounded.

use crate::{Report, Section, Value, plain::heading, table::Table};
use std::fmt::Write;

/// The report's tables. Single figures make a table of their section; a column with ranges becomes three.
pub fn csv(report: &Report) -> String {
    let mut out = format!("# {}\n# {}\n", line(&report.title), line(&report.provenance.command));
    for section in &report.sections {
        if !section.quantities.is_empty() {
            table(&quantities(section), &mut out);
        }
        section.tables.iter().for_each(|found| table(found, &mut out));
    }
    out
}

fn quantities(section: &Section) -> Table {
    let rows = section.quantities.iter().map(|q| vec![q.name.as_str().into(), q.value.clone(), q.unit.as_str().into()]);
    Table::new(&section.id, &section.title)
        .column("quantity", "quantity", "")
        .column("value", "value", "")
        .column("unit", "unit", "")
        .rows(rows)
}

fn table(table: &Table, out: &mut String) {
    let _ = writeln!(out, "\n# {}", line(&table.title));
    let ranged: Vec<bool> =
        (0..table.columns.len()).map(|i| table.rows.iter().any(|row| matches!(row[i], Value::Range { .. }))).collect();
    let mut header = Vec::new();
    for (column, ranged) in table.columns.iter().zip(&ranged) {
        let ends: &[&str] = if *ranged { &["", " low", " high"] } else { &[""] };
        header.extend(ends.iter().map(|end| cell(&heading(&format!("{}{end}", column.name), &column.unit))));
    }
    if !table.row_units.is_empty() {
        header.push("unit".into());
    }
    let _ = writeln!(out, "{}", header.join(","));
    for (r, row) in table.rows.iter().enumerate() {
        let mut cells = Vec::new();
        for (value, ranged) in row.iter().zip(&ranged) {
            cells.push(cell(&value.plain()));
            match value {
                Value::Range { low, high, .. } => cells.extend([low.to_string(), high.to_string()]),
                Value::Number(value) if *ranged => cells.extend([value.to_string(), value.to_string()]),
                _ if *ranged => cells.extend([String::new(), String::new()]),
                _ => {}
            }
        }
        cells.extend(table.row_units.get(r).map(|unit| cell(unit)));
        let _ = writeln!(out, "{}", cells.join(","));
    }
}

/// A text on one line.
fn line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// A cell, quoted where it must be (RFC 4180).
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_become_columns_and_headers_carry_units() {
        let found = Table::new("t", "energy, by layer")
            .column("layer", "layer", "")
            .column("energy", "energy", "J")
            .rows([vec!["a,b".into(), Value::range(2.0, 1.0, 3.0)], vec!["c".into(), Value::Number(4.0)]]);
        let mut out = String::new();
        table(&found, &mut out);
        let expected =
            "\n# energy, by layer\nlayer,energy [J],energy low [J],energy high [J]\n\"a,b\",2,1,3\nc,4,4,4\n";
        assert_eq!(out, expected);
    }
}
