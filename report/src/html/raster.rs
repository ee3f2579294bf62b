//! Spikes over timesteps, layer below layer: a dot per spike. The table behind it counts them.

use super::svg::{COLOURS, Drawing, WIDTH, shortened};
use crate::{Raster, RasterLayer, Value, plain::number, table::Table};
use maud::{Markup, html};
use std::fmt::Write;

const LEFT: f64 = 104.0;
/// Height of a layer: of few neurons, and of many \[pixels\]; where there are more layers than [`MANY`], and where not.
const HEIGHTS: [[f64; 2]; 2] = [[40.0, 110.0], [12.0, 24.0]];
const MANY: usize = 24;
/// Most places that say their spikes under the pointer; where there are more timesteps of layers, several share one.
const MOST_PLACES: usize = 2400;
/// Most cells of the table; a larger one is left to the data.
const MOST_CELLS: usize = 20_000;

pub(super) fn figure(raster: &Raster) -> Markup {
    let many = raster.layers.len() > MANY;
    let ([least, most], gap) = (HEIGHTS[usize::from(many)], if many { 2.0 } else { 8.0 });
    let heights: Vec<f64> = raster.layers.iter().map(|l| f64::from(l.neurons).clamp(least, most)).collect();
    let bottom = heights.iter().map(|h| h + gap).sum::<f64>() + 4.0;
    let cells = raster.layers.len() * raster.timesteps as usize;
    let step = (WIDTH - LEFT - 12.0) / f64::from(raster.timesteps.max(1));
    let mut drawing = Drawing::new(bottom + 36.0, &raster.title);
    let mut y = 4.0;
    for (k, (layer, height)) in raster.layers.iter().zip(&heights).enumerate() {
        let place =
            Place { y, height: *height, step, timesteps: raster.timesteps, shared: cells.div_ceil(MOST_PLACES).max(1) };
        self::layer(&mut drawing, layer, k, place);
        y += height + gap;
    }
    let every = (raster.timesteps / 8).max(1) as usize;
    for t in (0..raster.timesteps).step_by(every) {
        let x = LEFT + step * (f64::from(t) + 0.5);
        drawing.text("middle small", (x, bottom + 12.0), &t.to_string());
    }
    drawing.text("middle", (f64::midpoint(LEFT, WIDTH), bottom + 30.0), "timestep");
    let cut: Vec<&RasterLayer> =
        raster.layers.iter().filter(|l| l.counts.iter().sum::<u64>() > l.spikes.len() as u64).collect();
    html! {
        figure id=(raster.id) {
            figcaption { (raster.title) }
            (drawing.finish())
            @for layer in &cut {
                p class="note" { (layer.name) ": " (number(layer.spikes.len() as f64, "")) " of " (number(layer.counts.iter().sum::<u64>() as f64, "")) " spikes are drawn." }
            }
            @if cells <= MOST_CELLS {
                details { summary { "Table" } (super::tables::table(&counts(raster))) }
            } @else {
                p class="note" { "The spikes of every layer and timestep stand in the data of this page." }
            }
        }
    }
}

/// Where a layer is drawn.
#[derive(Clone, Copy)]
struct Place {
    y: f64,
    height: f64,
    /// Width of a timestep.
    step: f64,
    timesteps: u32,
    /// Timesteps that share a place under the pointer.
    shared: usize,
}

fn layer(drawing: &mut Drawing, layer: &RasterLayer, k: usize, place: Place) {
    let Place { y, height, step, timesteps, shared } = place;
    drawing.rectangle("panel", [LEFT, y, WIDTH - LEFT - 12.0, height], 1.0, "");
    if height < HEIGHTS[0][0] {
        drawing.text("end small", (LEFT - 6.0, y + height / 2.0 + 4.0), &shortened(&layer.name, 12));
    } else {
        let neurons = format!("{} neurons", number(f64::from(layer.neurons), ""));
        drawing.text("end", (LEFT - 6.0, y + height / 2.0), &shortened(&layer.name, 12));
        drawing.text("end small", (LEFT - 6.0, y + height / 2.0 + 14.0), &neurons);
    }
    let row = height / f64::from(layer.neurons.max(1));
    let mut path = String::new();
    for [t, neuron] in &layer.spikes {
        let x = LEFT + step * f64::from(*t) + 0.12 * step;
        let _ = write!(path, "M{x:.0} {:.1}h{:.0}", y + row * (f64::from(*neuron) + 0.5), (0.76 * step).max(1.0));
    }
    if !path.is_empty() {
        drawing.path(&format!("spikes s{}", k % COLOURS), &path);
    }
    for first in (0..timesteps as usize).step_by(shared) {
        let last = (first + shared).min(timesteps as usize) - 1;
        let n: u64 = (first..=last).filter_map(|t| layer.counts.get(t)).sum();
        let when = if first == last { format!("timestep {first}") } else { format!("timesteps {first} to {last}") };
        let says = format!("{}, {when}: {} spikes", layer.name, number(n as f64, ""));
        let width = step * (last + 1 - first) as f64;
        drawing.rectangle("hover", [LEFT + step * first as f64, y, width, height], 1.0, &says);
    }
}

/// Spikes of every layer in every timestep.
fn counts(raster: &Raster) -> Table {
    let table = raster
        .layers
        .iter()
        .enumerate()
        .fold(Table::new(&raster.id, &raster.title).column("timestep", "timestep", ""), |table, (l, layer)| {
            table.column(format!("layer{l}"), &layer.name, "")
        });
    let row = |t: u32| {
        let counts = raster.layers.iter().map(|layer| Value::from(layer.counts.get(t as usize).copied()));
        std::iter::once(Value::from(t)).chain(counts).collect()
    };
    table.rows((0..raster.timesteps).map(row))
}
