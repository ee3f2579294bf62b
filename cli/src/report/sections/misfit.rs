//! Why a chip cannot hold a network: every broken limit, and what helps.

use super::made;
use compiler::Diagnostics;
use spikeloom::report::{Chart, Report, Section, Table, Value};

/// The report of a failed deployment.
pub(crate) fn misfit(network: &str, chip: &str, found: &Diagnostics) -> Report {
    let title = format!("{network} does not fit on {chip}");
    let reasons = |section: Section, d: &compiler::Diagnostic| {
        let remedy = if d.remedy.is_empty() { String::new() } else { format!(" – {}", d.remedy) };
        let used = d.limit.as_ref().map(|limit| format!(" ({}: {} of {})", limit.resource, limit.used, limit.max));
        section.verdict(false, format!("{}: {}{}{remedy}", d.entity, d.message, used.unwrap_or_default()))
    };
    let summary = found.0.iter().fold(Section::new("summary", "Why it does not fit"), reasons);
    let rows = found.0.iter().filter_map(|d| {
        let limit = d.limit.as_ref()?;
        let share = 100.0 * limit.used as f64 / limit.max.max(1) as f64;
        let name = format!("{}, {}", d.entity, limit.resource);
        let there = share.min(100.0);
        let numbers: [Value; 4] = [limit.used.into(), limit.max.into(), there.into(), (share - there).into()];
        Some([Value::from(name)].into_iter().chain(numbers).chain([d.remedy.as_str().into()]).collect())
    });
    let table = Table::new("limits", "what is needed, of what there is (100 %)")
        .column("limit", "limit", "")
        .column("used", "needed", "")
        .column("max", "limit of the chip", "")
        .column("there", "there is", "%")
        .column("missing", "missing", "%")
        .column("remedy", "what helps", "")
        .rows(rows)
        .drawn(Chart::Bars { label: "limit".into(), parts: vec!["there".into(), "missing".into()] });
    Report::new(title, made(None, Vec::new())).with(summary).with(Section::new("limits", "Broken limits").table(table))
}
