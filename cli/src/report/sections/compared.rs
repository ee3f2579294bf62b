//! Reports side by side: what they have in common, with ratios to the first, and what of it differs.

use super::made;
use spikeloom::report::{Input, Provenance, Report, Section, Table, Value};

/// A report, and what it is called here.
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) report: Report,
}

/// One line of the comparison: the same figure of every report.
struct Row {
    name: String,
    unit: String,
    values: Vec<Value>,
}

/// Two or more reports side by side.
pub(crate) fn compared(all: &[Named], inputs: Vec<Input>, changes: Table) -> Report {
    let names: Vec<&str> = all.iter().map(|named| named.name.as_str()).collect();
    let mut report = Report::new(names.join(" · "), made(None, inputs))
        .with(Section::new("origin", "What was compared").table(origins(all)))
        .with(Section::new("changed", "What differs between the chips").table(changes));
    let first = &all[0].report;
    for section in &first.sections {
        let common = all.iter().all(|named| named.report.section(&section.id).is_some());
        if !common {
            continue;
        }
        let rows = quantities(all, section);
        let mut compared =
            Section::new(&section.id, &section.title).table(side_by_side(&section.id, &section.title, &names, rows));
        for table in section.tables.iter().filter(|table| table.columns.first().is_some_and(|c| c.unit.is_empty())) {
            let id = format!("{}_{}", section.id, table.id);
            let rows = cells(all, section, table).into_iter().filter(differs).collect();
            let title = format!("{}: what differs", table.title);
            compared = compared.table(side_by_side(&id, &title, &names, rows));
        }
        report = report.with(compared);
    }
    report
}

fn origins(all: &[Named]) -> Table {
    let row = |named: &Named| {
        let Provenance { spikeloom, command, .. } = &named.report.provenance;
        [&named.name, &named.report.title, spikeloom, command].map(|text| Value::from(text.as_str())).to_vec()
    };
    Table::new("origin", "what was compared")
        .column("name", "name", "")
        .column("what", "what", "")
        .column("spikeloom", "spikeloom", "")
        .column("command", "command", "")
        .rows(all.iter().map(row))
}

fn quantities(all: &[Named], section: &Section) -> Vec<Row> {
    let of = |named: &Named, id: &str| {
        let found = named.report.section(&section.id)?.quantities.iter().find(|q| q.id == id)?;
        Some(found.value.clone())
    };
    // A figure that one of them does not know cannot be compared.
    let row = |q: &spikeloom::report::Quantity| {
        let values = all.iter().map(|named| of(named, &q.id)).collect::<Option<Vec<Value>>>()?;
        Some(Row { name: q.name.clone(), unit: q.unit.clone(), values })
    };
    section.quantities.iter().filter_map(row).collect()
}

/// The numbers of a table, found by the name of their row and the id of their column.
fn cells(all: &[Named], section: &Section, table: &Table) -> Vec<Row> {
    let of = |named: &Named, label: &Value, id: &str| {
        let found = named.report.section(&section.id)?.tables.iter().find(|other| other.id == table.id)?;
        let (at, row) = (found.at(id)?, found.rows.iter().find(|row| row.first() == Some(label))?);
        Some(row[at].clone())
    };
    let mut rows = Vec::new();
    for row in &table.rows {
        for (column, _) in table.columns.iter().zip(row).skip(1).filter(|(_, value)| value.number().is_some()) {
            rows.push(Row {
                name: format!("{}, {}", row[0].plain(), column.name),
                unit: column.unit.clone(),
                values: all.iter().map(|named| of(named, &row[0], &column.id).unwrap_or_default()).collect(),
            });
        }
    }
    rows
}

fn differs(row: &Row) -> bool {
    row.values.iter().any(|value| value.number() != row.values[0].number())
}

fn side_by_side(id: &str, title: &str, names: &[&str], rows: Vec<Row>) -> Table {
    let table = Table::new(id, title).column("figure", "figure", "");
    let table = names.iter().enumerate().fold(table, |table, (i, name)| table.column(format!("run{i}"), *name, ""));
    let table = (1..names.len())
        .fold(table, |table, i| table.column(format!("ratio{i}"), format!("{} / {}", names[i], names[0]), "1"));
    let units = rows.iter().map(|row| row.unit.clone()).collect();
    let row = |row: Row| {
        let base = row.values[0].number();
        let ratio = |value: &Value| Some(value.number()? / base.filter(|base| *base != 0.0)?);
        let ratios: Vec<Value> = row.values[1..].iter().map(|value| ratio(value).into()).collect();
        std::iter::once(row.name.into()).chain(row.values).chain(ratios).collect()
    };
    table.rows(rows.into_iter().map(row)).units(units)
}
