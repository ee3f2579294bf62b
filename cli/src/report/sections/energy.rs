//! Energy by layer and part of the chip.

use super::PJ;
use crate::report::run::{EnergyReport, PartReport};
use energy::{
    price::{Breakdown, Component},
    units::Energy,
};
use isa::LayerId;
use spikeloom::report::{Chart, Section, Table, Value};
use std::collections::BTreeMap;

/// An energy \[J\] with its range.
pub(super) fn joules(e: Energy) -> Value {
    Value::range(e.value * PJ, e.low * PJ, e.high * PJ)
}

/// Total, dynamic, static energy and that of barriers; `sample` is what one sample is.
pub(super) fn totals(section: Section, energy: &EnergyReport, sample: &str) -> Section {
    let part = |part: &PartReport| match part {
        PartReport::Pj(e) => joules(*e),
        PartReport::Included(reason) => format!("included: {reason}").into(),
        PartReport::NotDerivable(reason) => format!("not derivable: {reason}").into(),
    };
    let section = section.quantity("energy", &format!("energy per {sample}"), joules(energy.total_pj), "J");
    let section = section.because(if energy.complete {
        format!("table {}", energy.table)
    } else {
        format!("table {}; what is priced: some prices are not published, so only the low end is a bound", energy.table)
    });
    let section = section
        .quantity("dynamic_energy", &format!("dynamic energy per {sample}"), joules(energy.dynamic_pj), "J")
        .quantity("static_energy", &format!("static energy per {sample}"), part(&energy.static_energy), "J");
    let section = match &energy.static_policy {
        Some(policy) => section.because(policy.as_str()),
        None => section,
    };
    section.quantity("sync_energy", &format!("energy of barriers per {sample}"), part(&energy.sync), "J")
}

/// By layer and part of the chip, per sample; `names` are the layers' in order of their ids.
pub(crate) fn by_layer(names: &[String], priced: &Breakdown, (samples, sample): (u64, &str)) -> Table {
    let mut cells: BTreeMap<(LayerId, Component), Energy> = BTreeMap::new();
    for line in priced.lines.iter().filter(|line| line.energy.value > 0.0) {
        *cells.entry((line.layer, line.component)).or_default() += line.energy * (1.0 / samples as f64);
    }
    let mut components: Vec<Component> = cells.keys().map(|(_, component)| *component).collect();
    components.sort_unstable();
    components.dedup();
    let table = Table::new("energy_by_layer", format!("dynamic energy per {sample}, by layer and part of the chip"));
    let table = components
        .iter()
        .fold(table.column("layer", "layer", ""), |table, c| table.column(id(*c), c.to_string(), "J"))
        .column("all", "all", "J");
    let row = |(l, name): (usize, &String)| {
        let of = |c: &Component| cells.get(&(LayerId(l as u16), *c)).copied().unwrap_or_default();
        let sum = components.iter().map(of).sum::<Energy>();
        let parts = components.iter().map(|c| Value::from(of(c).value * PJ));
        std::iter::once(name.as_str().into()).chain(parts).chain([joules(sum)]).collect()
    };
    let parts = components.iter().map(|c| id(*c)).collect();
    table.rows(names.iter().enumerate().map(row)).drawn(Chart::Bars { label: "layer".into(), parts })
}

/// What was counted, and what of it has no published price.
pub(super) fn section(names: &[String], priced: &Breakdown, samples: (u64, &str), energy: &EnergyReport) -> Section {
    let missing = Table::new("without_price", format!("counted without a published price, per {}", samples.1))
        .column("action", "action", "")
        .column("count", "count", "")
        .column("reason", "reason", "")
        .rows(
            energy
                .not_published
                .iter()
                .map(|(action, n, reason)| vec![action.name().into(), (*n).into(), reason.as_str().into()]),
        );
    Section::new("energy", "Energy").table(by_layer(names, priced, samples)).table(missing)
}

fn id(component: Component) -> String {
    component.to_string().replace(' ', "_")
}
