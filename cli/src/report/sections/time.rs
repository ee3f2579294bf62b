//! Time: how it is distributed over samples, and what binds it.

use crate::report::bounds::TimeBounds;
use spikeloom::report::{Chart, Section, Table};

/// Bins of the distribution.
const BINS: usize = 24;

/// The section; `seconds` are the samples', and `sample` is what one is.
pub(super) fn section(seconds: &[f64], bounds: Option<&TimeBounds>, sample: &str) -> Section {
    let section = Section::new("time", "Time").table(distribution(seconds, sample));
    let Some(bounds) = bounds else { return section };
    section
        .quantity("binding", "bound by", bounds.binding, "")
        .quantity("without", &format!("without {}", bounds.binding), bounds.without_seconds, "s")
        .because(format!("then bound by {}", bounds.next))
        .table(by_layer(bounds, sample))
}

/// How many samples took how long.
fn distribution(seconds: &[f64], sample: &str) -> Table {
    let (low, high) = seconds.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &s| (l.min(s), h.max(s)));
    let table = Table::new("latency", format!("latency of single {sample}s"))
        .column("from", "from", "s")
        .column("to", "to", "s")
        .column("images", format!("{sample}s"), "");
    if seconds.len() < 2 || low >= high {
        return table;
    }
    let width = (high - low) / BINS as f64;
    let mut counts = [0u64; BINS];
    for s in seconds {
        counts[(((s - low) / width) as usize).min(BINS - 1)] += 1;
    }
    let row =
        |(i, n): (usize, u64)| vec![(low + width * i as f64).into(), (low + width * (i + 1) as f64).into(), n.into()];
    let chart = Chart::Histogram { from: "from".into(), to: "to".into(), count: "images".into() };
    table.rows(counts.into_iter().enumerate().map(row)).drawn(chart)
}

/// Time of the timesteps by the layer of the slowest core, and part.
fn by_layer(bounds: &TimeBounds, sample: &str) -> Table {
    let parts: Vec<&str> = bounds.parts.iter().map(|part| part.part).collect();
    let id = |part: &str| part.replace(' ', "_");
    let table = Table::new("time_by_layer", format!("time per {sample}, by layer of the slowest core and part"));
    let table = parts
        .iter()
        .fold(table.column("layer", "layer", ""), |table, part| table.column(id(part), *part, "s"))
        .column("all", "all", "s");
    let rows = bounds.layers.iter().map(|layer| {
        let of = |part: &&str| layer.parts.iter().find(|p| p.part == *part).map_or(0.0, |p| p.seconds);
        let times = parts.iter().map(|part| of(part).into());
        std::iter::once(layer.layers.as_str().into()).chain(times).chain([layer.seconds.into()]).collect()
    });
    table.rows(rows).drawn(Chart::Bars { label: "layer".into(), parts: parts.iter().map(|part| id(part)).collect() })
}
