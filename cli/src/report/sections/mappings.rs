//! What mappings cost.

use super::PJ;
use crate::report::mapping::MappingReport;
use spikeloom::report::Table;

/// One row per mapping; `activity` as in `the assumed activity`.
pub(crate) fn table(id: &str, heading: &str, mappings: &[MappingReport], activity: &str) -> Table {
    let rows = mappings.iter().map(|m| {
        vec![
            m.method.as_str().into(),
            m.deliveries_per_event.into(),
            m.multicast_links_per_event.into(),
            m.unicast_links_per_event.into(),
            m.busiest_link.into(),
            m.objective.into(),
            (m.energy_pj * PJ).into(),
            (m.mean_latency_ns * 1e-9).into(),
            (m.max_latency_ns * 1e-9).into(),
            m.mean_congestion.into(),
            m.max_congestion.into(),
        ]
    });
    Table::new(id, format!("mapping, per timestep at {activity}"))
        .column("method", heading, "")
        .column("deliveries", "cores per event", "1")
        .column("multicast_links", "multicast links per event", "1")
        .column("unicast_links", "unicast links per event", "1")
        .column("busiest_link", "packets on the busiest link", "1")
        .column("objective", "objective", "1")
        .column("energy", "energy", "J")
        .column("mean_latency", "mean latency", "s")
        .column("max_latency", "largest latency", "s")
        .column("mean_congestion", "mean congestion", "1")
        .column("max_congestion", "largest congestion", "1")
        .rows(rows)
        .noted(
            "The objective is what placement minimizes (docs/mapping.md); energy, latency and congestion after Jin et al., ASPLOS \
             2023, to compare mappings.",
        )
}
