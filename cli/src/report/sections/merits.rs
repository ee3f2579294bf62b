//! Figures of merit, and NeuroBench's metrics under their names.

use super::PJ;
use spikeloom::{
    Metrics,
    report::{Section, Table, Value},
};

/// The section; `sample` is what one sample is.
pub(super) fn section(metrics: &Metrics, sample: &str) -> Section {
    let joules = |pj: Option<f64>| Value::from(pj.map(|pj| pj * PJ));
    let bench = &metrics.neurobench;
    let operations = bench.synaptic_operations;
    let rows = [
        ("footprint", "B", Value::from(bench.footprint)),
        ("connection_sparsity", "1", bench.connection_sparsity.into()),
        ("activation_sparsity", "1", bench.activation_sparsity.into()),
        ("synaptic_operations: Effective_ACs", "", operations.acs.into()),
        ("synaptic_operations: Effective_MACs", "", operations.macs.into()),
        ("membrane_updates", "", bench.membrane_updates.into()),
        ("execution_rate", "Hz", bench.execution_rate.into()),
    ];
    let units = rows.iter().map(|(_, unit, _)| (*unit).to_owned()).collect();
    let rows = rows.into_iter().map(|(name, _, value)| vec![name.into(), value]);
    Section::new("merits", "Figures of merit")
        .quantity("energy_per_spike", "dynamic energy per spike", joules(metrics.energy_per_spike_pj), "J")
        .quantity(
            "energy_per_operation",
            "per synaptic operation",
            joules(metrics.energy_per_synaptic_operation_pj),
            "J",
        )
        .quantity("energy_per_update", "per neuron update", joules(metrics.energy_per_neuron_update_pj), "J")
        .because("all dynamic energy divided by each of the three alone")
        .quantity("power", "mean power", metrics.power_w, "W")
        .quantity("peak_power", "highest mean power in a timestep", metrics.peak_power_w, "W")
        .because("of the sample that --per-step lists; empty without it")
        .quantity("energy_delay", "energy × delay", metrics.energy_delay_product_js, "J s")
        .table(
            Table::new("neurobench", format!("NeuroBench's metrics, means per {sample} (Yik et al. 2025)"))
                .column("metric", "metric", "")
                .column("value", "value", "")
                .rows(rows)
                .units(units)
                .noted("Dense operations are left out: a compiled program does not hold absent connections."),
        )
}
