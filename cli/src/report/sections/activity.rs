//! One sample over its timesteps: spikes, energy, time.

use super::PJ;
use energy::{
    price::{Context, price},
    table::Table as Prices,
};
use isa::Program;
use spikeloom::{
    Closeup, Raster as Spikes,
    report::{Chart, Raster, RasterLayer, Section, Table, Value},
};

/// Spikes of a layer that are drawn; more make a page too large, and cannot be told apart.
const MOST_SPIKES: usize = 12_000;

/// The section; `what` names the sample. Prices come with what they need besides counts.
pub(super) fn section(program: &Program, close: &Closeup, what: &str, prices: (&Prices, &Context)) -> Section {
    let mut section =
        Section::new("activity", "Activity over timesteps").table(by_timestep(program, close, what, prices));
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
        let every = spikes.len().div_ceil(MOST_SPIKES).max(1);
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

/// Spikes and dynamic energy of every timestep; what the reset does before the first is not in it.
fn by_timestep(program: &Program, close: &Closeup, what: &str, (prices, context): (&Prices, &Context)) -> Table {
    // Barriers and static power have their own figures.
    let context = Context { timing: None, ..context.clone() };
    let dynamic: Vec<Option<f64>> =
        close.ledgers.iter().map(|ledger| Some(price(ledger, prices, &context).ok()?.dynamic.value * PJ)).collect();
    let energy = |t: usize| Some(dynamic.get(t + 1).copied()?? - dynamic[t]?);
    let timesteps = n_timesteps(program, &close.raster);
    let spikes: Vec<Vec<u64>> = close.raster.layers.iter().map(|spikes| counts(spikes, timesteps)).collect();
    let table = Table::new("by_timestep", format!("dynamic energy of {what}, by timestep"))
        .column("timestep", "timestep", "")
        .column("energy", "dynamic energy", "J");
    let table =
        program.layers.iter().enumerate().fold(table, |table, (l, layer)| {
            table.column(format!("spikes{l}"), format!("spikes of {}", layer.name), "")
        });
    let rows = (0..timesteps as usize).map(|t| {
        let all = spikes.iter().map(|counts| Value::from(counts[t]));
        [Value::from(t), energy(t).into()].into_iter().chain(all).collect()
    });
    let table = table.rows(rows);
    if dynamic.is_empty() {
        return table;
    }
    table.drawn(Chart::Lines { x: "timestep".into(), y: vec!["energy".into()] })
}
