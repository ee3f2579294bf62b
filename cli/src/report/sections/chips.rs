//! Reports of chip descriptions: the fields of one, and those in which two differ.

use super::{digest, made};
use isa::Arch;
use serde_json::Value as Json;
use spikeloom::report::{Input, Report, Section, Table, Value};

/// A field in which two chips differ, with its value in each.
pub(crate) struct Difference {
    pub(crate) path: String,
    pub(crate) values: [Option<Json>; 2],
}

/// A value of a field in words.
pub(crate) fn word(value: &Json) -> String {
    match value {
        Json::Null => "none".into(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A value of a field for a report.
fn cell(value: &Json) -> Value {
    value.as_f64().map_or_else(|| word(value).into(), Value::from)
}

fn input(name: &str, arch: &Arch) -> Input {
    digest("chip description", name, [serde_json::to_vec(arch).unwrap_or_default().as_slice()])
}

/// Every field of a chip by its path; what is sound was checked when it was read.
pub(crate) fn chip(name: &str, arch: &Arch, fields: &[(String, Json)]) -> Report {
    let table = Table::new("fields", "every field by its path, as --set takes it")
        .column("path", "path", "")
        .column("value", "value", "")
        .rows(fields.iter().map(|(path, value)| vec![path.as_str().into(), cell(value)]));
    let summary = Section::new("summary", "Summary")
        .verdict(true, "every field is sound")
        .quantity("cores", "cores", arch.n_cores(), "")
        .note(arch.doc.as_str());
    Report::new(format!("chip {}", arch.name), made(None, vec![input(name, arch)]))
        .with(summary)
        .with(Section::new("fields", "Fields").table(table))
}

/// The fields in which two chips differ.
pub(crate) fn chips(names: [&str; 2], archs: [&Arch; 2], differing: &[Difference]) -> Report {
    let of = |value: &Option<Json>| value.as_ref().map_or(Value::Missing, cell);
    let rows = differing.iter().map(|d| vec![d.path.as_str().into(), of(&d.values[0]), of(&d.values[1])]);
    let table = Table::new("differences", "fields in which the chips differ")
        .column("path", "path", "")
        .column("first", names[0], "")
        .column("second", names[1], "")
        .rows(rows);
    let inputs = names.into_iter().zip(archs).map(|(name, arch)| input(name, arch)).collect();
    Report::new(format!("chips {} and {}", archs[0].name, archs[1].name), made(None, inputs))
        .with(Section::new("summary", "Summary").quantity("differing", "fields that differ", differing.len(), ""))
        .with(Section::new("differences", "Differences").table(table))
}
