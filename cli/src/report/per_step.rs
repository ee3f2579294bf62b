//! One line per timestep of an image: activity, time, what bound it, energy by part of the chip, power.

use super::rows;
use anyhow::Result;
use isa::Action;
use serde::Serialize;
use spikeloom::StepCost;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

#[derive(Serialize)]
struct Row {
    /// Absent for reset and the final reading of potentials.
    timestep: Option<u32>,
    seconds: Option<f64>,
    bound_by: Option<&'static str>,
    core: Option<u32>,
    input_events: u64,
    spikes: u64,
    synaptic_operations: u64,
    neuron_updates: u64,
    energy_pj: f64,
    energy_low_pj: f64,
    energy_high_pj: f64,
    dynamic_pj: f64,
    static_pj: Option<f64>,
    power_w: Option<f64>,
    components_pj: BTreeMap<String, f64>,
}

/// Writes the table of timesteps as .csv or .json.
pub(crate) fn write(path: &Path, steps: &[StepCost]) -> Result<()> {
    let row = |step: &StepCost| Row {
        timestep: step.timestep,
        seconds: step.seconds,
        bound_by: step.binding.map(|binding| binding.parts.largest().name()),
        core: step.binding.map(|binding| binding.core.0),
        input_events: step.counts[Action::HostInput],
        spikes: step.counts[Action::NeuronSpike],
        synaptic_operations: step.counts.synaptic_operations(),
        neuron_updates: step.counts[Action::NeuronSpike] + step.counts[Action::NeuronIdle],
        energy_pj: step.energy.total.value,
        energy_low_pj: step.energy.total.low,
        energy_high_pj: step.energy.total.high,
        dynamic_pj: step.energy.dynamic.value,
        static_pj: step.energy.static_energy.energy().map(|energy| energy.value),
        power_w: step.watts(),
        components_pj: step.energy.by_component().iter().map(|(part, e)| (part.to_string(), e.value)).collect(),
    };
    let rows: Vec<Row> = steps.iter().map(row).collect();
    rows::write("--per-step", path, &rows, csv)
}

fn csv(rows: &[Row]) -> String {
    let parts: BTreeSet<&str> = rows.iter().flat_map(|row| row.components_pj.keys()).map(String::as_str).collect();
    let mut text = String::from(
        "timestep,seconds,bound_by,core,input_events,spikes,synaptic_operations,neuron_updates,energy_pj,energy_low_pj,\
         energy_high_pj,dynamic_pj,static_pj,power_w",
    );
    for part in &parts {
        text.push_str(&format!(",{}_pj", part.replace(' ', "_")));
    }
    text.push('\n');
    fn cell<T: ToString>(value: Option<T>) -> String {
        value.map(|value| value.to_string()).unwrap_or_default()
    }
    for r in rows {
        let (step, seconds, bound, core) = (cell(r.timestep), cell(r.seconds), cell(r.bound_by), cell(r.core));
        text.push_str(&format!(
            "{step},{seconds},{bound},{core},{},{},{},{},{},{},{},{},{},{}",
            r.input_events,
            r.spikes,
            r.synaptic_operations,
            r.neuron_updates,
            r.energy_pj,
            r.energy_low_pj,
            r.energy_high_pj,
            r.dynamic_pj,
            cell(r.static_pj),
            cell(r.power_w)
        ));
        for part in &parts {
            text.push_str(&format!(",{}", cell(r.components_pj.get(*part))));
        }
        text.push('\n');
    }
    text
}
