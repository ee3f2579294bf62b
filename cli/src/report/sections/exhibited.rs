//! The report of a table or figure: its picture, and its numbers as a table.

use super::made;
use anyhow::Result;
use experiments::Exhibit;
use spikeloom::report::{Plate, Report, Section, Table, Value};

/// Columns that hold names, though they may look like numbers.
const NAMES: [&str; 3] = ["seed", "class", "image"];

/// Rows of a table.
const MOST: usize = 2_000;

/// A section called `id` with the picture of an exhibit and the table of its CSV file.
pub(crate) fn exhibit(
    id: &str,
    title: &str,
    exhibit: &impl Exhibit,
    provenance: &experiments::Provenance,
) -> Result<Section> {
    let (csv, svg) = (exhibit.csv(), exhibit.picture(provenance));
    let mut section = Section::new(id, title).table(table(id, title, &csv)?);
    section.plates.push(Plate { id: format!("{id}_picture"), title: title.into(), svg });
    Ok(section)
}

/// A report of such sections.
pub(crate) fn exhibited(title: &str, seed: Option<u64>, sections: Vec<Section>) -> Report {
    sections.into_iter().fold(Report::new(title, made(seed, Vec::new())), Report::with)
}

/// A CSV file with a header as a table: `name [unit]` is a column with a unit.
fn table(id: &str, title: &str, csv: &str) -> Result<Table> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(csv.as_bytes());
    let header = reader.headers()?.clone();
    let mut table = Table::new(id, title);
    for (i, name) in header.iter().enumerate() {
        let (name, unit) = name.strip_suffix(']').and_then(|name| name.split_once(" [")).unwrap_or((name, ""));
        table = table.column(format!("{id}_{i}"), name, unit);
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        if rows.len() == MOST {
            table = table.noted(format!("The first {MOST} rows; the CSV file holds all."));
            break;
        }
        let cell = |(i, name): (usize, &str)| {
            let text = record.get(i).unwrap_or("");
            match text.parse::<f64>() {
                _ if text.is_empty() => Value::Missing,
                Ok(number) if number.is_finite() && !NAMES.contains(&name) => number.into(),
                _ => text.into(),
            }
        };
        rows.push(header.iter().enumerate().map(cell).collect());
    }
    Ok(table.rows(rows))
}
