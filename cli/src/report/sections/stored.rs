//! The report of a stored run, priced again.

use super::{digest, energy, made};
use crate::report::run::{EnergyReport, plural};
use spikeloom::{
    Priced, Record,
    report::{Report, Section, Table, Value},
};

/// The whole report; `file` is what the run was read from.
pub(crate) fn stored(file: &str, text: &str, run: &Record, priced: &Priced) -> Report {
    let n = run.images as f64;
    let names: Vec<String> = run.layers.iter().map(|layer| layer.name.clone()).collect();
    let found = EnergyReport::new(&priced.breakdown, n);
    let one = run.sample.as_str();
    let title = format!("{} on {}: {} of {}", run.network, run.arch, plural(run.images, one), run.dataset);
    let summary = Section::new("summary", "Summary")
        .quantity("accuracy", "accuracy", run.correct.map(|right| 100.0 * right as f64 / n), "%")
        .because(
            run.correct.map_or_else(|| "not every class is known".into(), |n| format!("{n} of {} right", run.images)),
        )
        .quantity("latency", &format!("latency per {one}"), run.seconds.map(|seconds| seconds / n), "s");
    let summary = energy::totals(summary, &found, one)
        .quantity("timesteps", "timesteps", run.timesteps, "")
        .quantity("cores", "cores in use", run.cores, "")
        .quantity("chips", "chips in use", run.chips, "");
    let counts = run.ledger.total();
    let counted = Table::new("counts", format!("actions per {one}"))
        .column("action", "action", "")
        .column("count", "count", "")
        .rows(
            counts.iter().filter(|(_, k)| *k > 0).map(|(action, k)| vec![action.name().into(), (k as f64 / n).into()]),
        );
    let layers = Table::new("layers", format!("layers, means per {one}"))
        .column("layer", "layer", "")
        .column("cores", "cores", "")
        .column("spikes", "spikes", "")
        .rows(
            run.layers.iter().map(|l| vec![l.name.as_str().into(), l.cores.into(), Value::from(l.spikes as f64 / n)]),
        );
    Report::new(title, made(None, vec![digest("stored run", file, [text.as_bytes()])]))
        .with(summary)
        .with(Section::new("layers", "Layers").table(layers))
        .with(energy::section(&names, &priced.breakdown, (run.images, one), &found))
        .with(Section::new("counts", "Counts").table(counted))
}
