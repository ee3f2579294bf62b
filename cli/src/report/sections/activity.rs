//! One sample over its timesteps: spikes, energy, time.

use super::PJ;
use isa::Program;
use spikeloom::{
    Closeup, Raster as Spikes, StepCost,
    report::{Chart, Raster, RasterLayer, Section, Table, Value},
};

/// Spikes that are drawn, all layers together; more make a page too large, and cannot be told apart.
const MOST_SPIKES: usize = 60_000;
/// With more layers than these their spikes stand in the raster's table alone.
const MOST_LAYERS: usize = 16;
/// With more timesteps than these they are not listed.
const MOST_TIMESTEPS: u32 = 4096;

/// The section; `what` names the sample, `steps` are what its timesteps cost, if that is known.
pub(super) fn section(program: &Program, close: &Closeup, what: &str, steps: &[StepCost]) -> Section {
    let timesteps = n_timesteps(program, &close.raster);
    let section = Section::new("activity", "Activity over timesteps");
    let mut section = if timesteps > MOST_TIMESTEPS {
        section.note(format!("{what} has {timesteps} timesteps; `--per-step FILE` lists each"))
    } else {
        section.table(by_timestep(program, close, what, steps))
    };
    section.rasters.push(raster(program, &close.raster, what));
    section
}

fn n_timesteps(program: &Program, raster: &Spikes) -> u32 {
    let last = raster.layers.iter().flatten().map(|spike| spike.timestep + 1).max().unwrap_or(0);
    program.timesteps.max(last)
}

/// Spikes of every timestep.
fn counts(spikes: &[spikeloom::Spike], timesteps: u32) -> Vec<u64> {
    let mut counts = vec![0; timesteps as usize];
    for spike in spikes {
        counts[spike.timestep as usize] += 1;
    }
    counts
}

fn raster(program: &Program, raster: &Spikes, what: &str) -> Raster {
    let timesteps = n_timesteps(program, raster);
    let layer = |(layer, spikes): (&isa::Layer, &Vec<spikeloom::Spike>)| {
        // Every k-th, so that all timesteps and neurons keep their share.
        let every = spikes.len().div_ceil((MOST_SPIKES / program.layers.len().max(1)).max(1)).max(1);
        RasterLayer {
            name: layer.name.clone(),
            neurons: layer.neurons() as u32,
            spikes: spikes.iter().step_by(every).map(|spike| [spike.timestep, spike.neuron]).collect(),
            counts: counts(spikes, timesteps),
        }
    };
    let layers = program.layers.iter().zip(&raster.layers).map(layer).collect();
    Raster { id: "raster".into(), title: format!("spikes of {what}"), timesteps, layers }
}

/// Spikes, time, dynamic energy and power of every timestep; what the reset does before the first is not in it.
fn by_timestep(program: &Program, close: &Closeup, what: &str, steps: &[StepCost]) -> Table {
    let timesteps = n_timesteps(program, &close.raster);
    let spikes: Vec<Vec<u64>> = close.raster.layers.iter().map(|spikes| counts(spikes, timesteps)).collect();
    let cost = |t: u32| steps.iter().find(|step| step.timestep == Some(t));
    let table = Table::new("by_timestep", format!("dynamic energy of {what}, by timestep"))
        .column("timestep", "timestep", "")
        .column("energy", "dynamic energy", "J")
        .column("time", "time", "s")
        .column("power", "power", "W");
    let listed = if program.layers.len() > MOST_LAYERS { 0 } else { program.layers.len() };
    let table = program.layers[..listed]
        .iter()
        .enumerate()
        .fold(table, |table, (l, layer)| table.column(format!("spikes{l}"), format!("spikes of {}", layer.name), ""));
    let rows = (0..timesteps).map(|t| {
        let cost = cost(t);
        let costs: [Option<f64>; 3] = [
            cost.map(|step| step.energy.dynamic.value * PJ),
            cost.and_then(|step| step.seconds),
            cost.and_then(StepCost::watts),
        ];
        let all = spikes[..listed].iter().map(|counts| Value::from(counts[t as usize]));
        [Value::from(t)].into_iter().chain(costs.map(Value::from)).chain(all).collect()
    });
    let table = table.rows(rows);
    if steps.is_empty() {
        return table;
    }
    table.drawn(Chart::Lines { x: "timestep".into(), y: vec!["energy".into()] })
}
