//! `spikeloom energy tables`: what the component tables say.

use crate::args::energy::TablesArgs;
use crate::{
    report::{
        sections::{self, basis},
        text::{Table as Text, align_right, wrapped},
    },
    source,
};
use anyhow::{Result, ensure};
use energy::table::{Entry, PRESETS, Scope, StaticPower, Table};
use serde::Serialize;
use std::process::ExitCode;

#[derive(Serialize)]
struct Listed {
    name: String,
    node: String,
    voltage: Option<f64>,
    scope: Scope,
    priced: usize,
    included: usize,
    not_published: usize,
    doc: String,
}

/// Lists or shows.
pub(super) fn run(args: &TablesArgs) -> Result<ExitCode> {
    match &args.show {
        Some(name) => {
            let table = source::table(name)?;
            args.report.write(&sections::prices(name, &table))?;
            if args.json {
                println!("{}", serde_json::to_string_pretty(&table)?);
            } else {
                print!("{}", wrapped(&show(&table)));
            }
        }
        None => {
            ensure!(!args.report.wanted(), "--report: is of one table; name it with --show");
            let tables = PRESETS.iter().map(|(name, _)| source::table(name)).collect::<Result<Vec<_>>>()?;
            let listed: Vec<Listed> = tables.into_iter().map(Listed::of).collect();
            if args.json {
                println!("{}", serde_json::to_string_pretty(&listed)?);
            } else {
                print!("{}", wrapped(&list(&listed)));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Listed {
    fn of(table: Table) -> Self {
        let number = |of: fn(&Entry) -> bool| table.actions.values().filter(|entry| of(entry)).count();
        Self {
            priced: number(|e| matches!(e, Entry::Energy { .. } | Entry::Sram { .. })),
            included: number(|e| matches!(e, Entry::Included { .. })),
            not_published: number(|e| matches!(e, Entry::NotPublished { .. })),
            name: table.name,
            node: table.node,
            voltage: table.voltage,
            scope: table.scope,
            doc: table.doc,
        }
    }
}

fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Term => "per action",
        Scope::AllIn => "all-in",
    }
}

fn list(tables: &[Listed]) -> String {
    let mut text = Text::new(&["table", "node", "scope", "priced", "included", "not published", "what it is"]);
    for t in tables {
        text.row(vec![
            t.name.clone(),
            t.node.clone(),
            scope(t.scope).into(),
            t.priced.to_string(),
            t.included.to_string(),
            t.not_published.to_string(),
            t.doc.clone(),
        ]);
    }
    format!(
        "{}\nall-in: chip energy per synaptic operation at one operating point, to which nothing may be added\n\
         `spikeloom energy tables --show NAME` prints every price with its range and source\n",
        align_right(text, 99)
    )
}

fn show(table: &Table) -> String {
    let voltage = table.voltage.map_or_else(|| "voltage not stated".into(), |v| format!("{v} V"));
    let mut text = Text::new(&["action", "price", "low", "high", "basis", "source or reason"]);
    let figure = |v: f64| format!("{v} pJ");
    for (action, entry) in &table.actions {
        let cells = match entry {
            Entry::Energy { value, low, high, source, basis: b } => {
                [figure(*value), figure(*low), figure(*high), basis(*b).into(), source.clone()]
            }
            Entry::Sram { store, line, range, plus, source, basis: b } => {
                let plus = if *plus > 0.0 { format!(" + {plus} pJ") } else { String::new() };
                let others: Vec<&str> = range.iter().map(|l| l.name()).collect();
                let store = format!("{store:?}").to_lowercase();
                [
                    format!("by size of {store}, line `{}`{plus}", line.name()),
                    "lines:".into(),
                    others.join(" "),
                    basis(*b).into(),
                    source.clone(),
                ]
            }
            Entry::Included { reason } => {
                ["included".into(), String::new(), String::new(), String::new(), reason.clone()]
            }
            Entry::NotPublished { reason } => {
                ["not published".into(), String::new(), String::new(), String::new(), reason.clone()]
            }
        };
        let mut row = vec![action.name().to_owned()];
        row.extend(cells);
        text.row(row);
    }
    let power = match &table.static_power {
        StaticPower::Power { per, value, low, high, source, basis: b } => {
            let per = sections::per(*per);
            format!("{value} W per {per} in use ({low} to {high}); {}; {source}", basis(*b))
        }
        StaticPower::Included { reason } => format!("included: {reason}"),
        StaticPower::NotPublished { reason } => format!("not published: {reason}"),
    };
    format!(
        "{}: {}\nnode {}, {voltage}, prices {}\n\n{}\nstatic power: {power}\n",
        table.name,
        table.doc,
        table.node,
        scope(table.scope),
        align_right(text, 99)
    )
}
