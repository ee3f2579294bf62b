//! Reports of energy tables: all that ship, and every price of one.

use super::{PJ, digest, made};
use energy::table::{Entry, Per, StaticPower, Table as Prices};
use isa::arch::Basis;
use spikeloom::report::{Report, Section, Table, Value};

/// Where a figure comes from, in a word.
pub(crate) fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Measured => "measured",
        Basis::Calibrated => "calibrated",
        Basis::PreSilicon => "pre-silicon",
        Basis::Derived => "derived",
        Basis::Specified => "specified",
        Basis::Assumed => "assumed",
    }
}

/// What static power is charged for.
pub(crate) fn per(per: Per) -> &'static str {
    match per {
        Per::Core => "core",
        Per::Chip => "chip",
    }
}

/// Every price of a table.
pub(crate) fn prices(name: &str, found: &Prices) -> Report {
    let row = |(action, entry): (&isa::Action, &Entry)| {
        let (price, basis, source): (Value, &str, &str) = match entry {
            Entry::Energy { value, low, high, source, basis: b } => {
                (Value::range(value * PJ, low * PJ, high * PJ), basis(*b), source)
            }
            Entry::Sram { store, line, source, basis: b, .. } => {
                let text = format!("by size of {}, line `{}`", format!("{store:?}").to_lowercase(), line.name());
                (text.into(), basis(*b), source)
            }
            Entry::Included { reason } => ("included".into(), "", reason),
            Entry::NotPublished { reason } => ("not published".into(), "", reason),
        };
        vec![action.name().into(), price, basis.into(), source.into()]
    };
    let actions = Table::new("prices", "price of each action")
        .column("action", "action", "")
        .column("price", "price", "J")
        .column("basis", "basis", "")
        .column("source", "source or reason", "")
        .rows(found.actions.iter().map(row));
    let mut summary = Section::new("summary", "Summary").quantity("node", "node", found.node.as_str(), "").quantity(
        "voltage",
        "voltage",
        found.voltage,
        "V",
    );
    summary = match &found.static_power {
        StaticPower::Power { value, low, high, source, per, .. } => summary
            .quantity("static_power", "static power", Value::range(*value, *low, *high), "W")
            .because(format!("per {} in use; {source}", self::per(*per))),
        StaticPower::Included { reason } => {
            summary.quantity("static_power", "static power", format!("included: {reason}"), "W")
        }
        StaticPower::NotPublished { reason } => {
            summary.quantity("static_power", "static power", format!("not published: {reason}"), "W")
        }
    };
    let bytes = serde_json::to_vec(found).unwrap_or_default();
    Report::new(
        format!("energy table {}", found.name),
        made(None, vec![digest("price table", name, [bytes.as_slice()])]),
    )
    .with(summary.note(found.doc.as_str()))
    .with(Section::new("prices", "Prices").table(actions))
}
