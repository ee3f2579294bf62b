//! What mappings cost, one line per mapping.

use crate::report::{
    number::si,
    text::{Table, align_right},
};
use compiler::MappingCost;
use serde::Serialize;

/// A mapping's figures; rates are per timestep.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MappingReport {
    pub(crate) method: String,
    pub(crate) deliveries_per_event: f64,
    pub(crate) multicast_links_per_event: f64,
    pub(crate) unicast_links_per_event: f64,
    pub(crate) busiest_link: f64,
    pub(crate) objective: f64,
    pub(crate) energy_pj: f64,
    pub(crate) mean_latency_ns: f64,
    pub(crate) max_latency_ns: f64,
    pub(crate) mean_congestion: f64,
    pub(crate) max_congestion: f64,
}

impl MappingReport {
    /// The figures of a mapping called `method`.
    pub(crate) fn new(method: impl ToString, cost: &MappingCost) -> Self {
        Self {
            method: method.to_string(),
            deliveries_per_event: cost.deliveries_per_event,
            multicast_links_per_event: cost.multicast_links_per_event,
            unicast_links_per_event: cost.unicast_links_per_event,
            busiest_link: cost.busiest_link,
            objective: cost.objective,
            energy_pj: cost.energy_pj,
            mean_latency_ns: cost.mean_latency_ns,
            max_latency_ns: cost.max_latency_ns,
            mean_congestion: cost.mean_congestion,
            max_congestion: cost.max_congestion,
        }
    }
}

/// Mappings under a heading of the first column, and what the columns mean; `activity` as in `the assumed activity`.
pub(crate) fn table(heading: &str, mappings: &[MappingReport], activity: &str) -> String {
    let mut table = Table::new(&[
        heading,
        "cores/event",
        "multicast links/event",
        "unicast links/event",
        "busiest link",
        "objective",
        "energy",
        "latency mean, max",
        "congestion mean, max",
    ]);
    for m in mappings {
        table.row(vec![
            m.method.clone(),
            format!("{:.2}", m.deliveries_per_event),
            format!("{:.2}", m.multicast_links_per_event),
            format!("{:.2}", m.unicast_links_per_event),
            format!("{:.1}", m.busiest_link),
            format!("{:.1}", m.objective),
            si(m.energy_pj * 1e-12, "J"),
            format!("{:.1}, {:.1} ns", m.mean_latency_ns, m.max_latency_ns),
            format!("{:.1}, {:.1}", m.mean_congestion, m.max_congestion),
        ]);
    }
    format!(
        "{}per timestep at {activity}; the objective is what placement minimizes (docs/mapping.md); energy, latency and \
         congestion after Jin et al., ASPLOS 2023, to compare mappings\n",
        align_right(table, 1)
    )
}
