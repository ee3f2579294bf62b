//! One line per image: class, spikes, synaptic operations, latency, energy.

use super::rows;
use anyhow::Result;
use energy::table::Table;
use serde::Serialize;
use spikeloom::Run;
use std::path::Path;

#[derive(Serialize)]
struct Row {
    image: u64,
    label: Option<u32>,
    class: u32,
    spikes: u64,
    synaptic_operations: u64,
    seconds: Option<f64>,
    energy_pj: f64,
    energy_low_pj: f64,
    energy_high_pj: f64,
}

/// Writes the table of images as .csv or .json.
pub(crate) fn write(path: &Path, run: &Run, table: &Table) -> Result<()> {
    let energies = run.price_each(table)?;
    let row = |(s, energy): (&spikeloom::Sample, energy::units::Energy)| Row {
        image: s.number,
        label: s.label,
        class: s.class,
        spikes: s.spikes,
        synaptic_operations: s.synaptic_operations,
        seconds: s.seconds,
        energy_pj: energy.value,
        energy_low_pj: energy.low,
        energy_high_pj: energy.high,
    };
    let rows: Vec<Row> = run.samples.iter().zip(energies).map(row).collect();
    rows::write("--per-image", path, &rows, csv)
}

fn csv(rows: &[Row]) -> String {
    let mut text =
        String::from("image,label,class,spikes,synaptic_operations,seconds,energy_pj,energy_low_pj,energy_high_pj\n");
    for r in rows {
        let label = r.label.map(|label| label.to_string()).unwrap_or_default();
        let seconds = r.seconds.map(|s| s.to_string()).unwrap_or_default();
        text.push_str(&format!(
            "{},{label},{},{},{},{seconds},{},{},{}\n",
            r.image, r.class, r.spikes, r.synaptic_operations, r.energy_pj, r.energy_low_pj, r.energy_high_pj
        ));
    }
    text
}
