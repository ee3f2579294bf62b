//! Spikes over timesteps, layer below layer: a dot per spike. The table behind it counts them.

use super::svg::{COLOURS, Drawing, WIDTH, shortened};
use crate::{Raster, RasterLayer, Value, plain::number, table::Table};
use maud::{Markup, html};
use std::fmt::Write;

const LEFT: f64 = 104.0;
/// Height of a layer: of few neurons, and of many \[pixels\].
const HEIGHTS: [f64; 2] = [40.0, 110.0];

pub(super) fn figure(raster: &Raster) -> Markup {
    let heights: Vec<f64> = raster.layers.iter().map(|l| f64::from(l.neurons).clamp(HEIGHTS[0], HEIGHTS[1])).collect();
    let bottom = heights.iter().map(|h| h + 8.0).sum::<f64>() + 4.0;
    let step = (WIDTH - LEFT - 12.0) / f64::from(raster.timesteps.max(1));
    let mut drawing = Drawing::new(bottom + 36.0, &raster.title);
    let mut y = 4.0;
    for (k, (layer, height)) in raster.layers.iter().zip(&heights).enumerate() {
        self::layer(&mut drawing, layer, k, [y, *height, step], raster.timesteps);
        y += height + 8.0;
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
            details { summary { "Table" } (super::tables::table(&counts(raster))) }
        }
    }
}

fn layer(drawing: &mut Drawing, layer: &RasterLayer, k: usize, [y, height, step]: [f64; 3], timesteps: u32) {
    drawing.rectangle("panel", [LEFT, y, WIDTH - LEFT - 12.0, height], 1.0, "");
    drawing.text("end", (LEFT - 6.0, y + height / 2.0), &shortened(&layer.name, 12));
    drawing.text(
        "end small",
        (LEFT - 6.0, y + height / 2.0 + 14.0),
        &format!("{} neurons", number(f64::from(layer.neurons), "")),
    );
    let row = height / f64::from(layer.neurons.max(1));
    let mut path = String::new();
    for [t, neuron] in &layer.spikes {
        let x = LEFT + step * f64::from(*t) + 0.12 * step;
        let _ = write!(path, "M{x:.0} {:.1}h{:.0}", y + row * (f64::from(*neuron) + 0.5), (0.76 * step).max(1.0));
    }
    if !path.is_empty() {
        drawing.path(&format!("spikes s{}", k % COLOURS), &path);
    }
    for t in 0..timesteps {
        let n = layer.counts.get(t as usize).copied().unwrap_or(0);
        let says = format!("{}, timestep {t}: {} spikes", layer.name, number(n as f64, ""));
        drawing.rectangle("hover", [LEFT + step * f64::from(t), y, step, height], 1.0, &says);
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
