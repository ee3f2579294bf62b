//! Reports of analytical models: one evaluated, and spiking against formal networks.

use super::{PJ, made};
use energy::{
    analytic::{Evaluation, Groups, Options},
    compare::{BreakEven, Comparison},
};
use spikeloom::report::{Chart, Input, Report, Section, Table, Value};

/// Lines of the model's report: id, name, value.
type Line = (&'static str, &'static str, fn(&Groups) -> f64);

const LINES: [Line; 6] = [
    ("potentials", "potentials", |g| g.mem_pot),
    ("weights", "weights", |g| g.mem_weights),
    ("biases", "biases", |g| g.mem_bias),
    ("messages", "inputs, outputs", |g| g.mem_io),
    ("arithmetic", "arithmetic", |g| g.ops),
    ("addresses", "addresses", |g| g.addr),
];

/// What a reading is called.
pub(crate) fn reading(options: &Options) -> String {
    format!("{}, {}", options.reading.name(), options.ram().name())
}

/// A model evaluated, by layer and by term.
pub(crate) fn model(origin: &str, options: &Options, found: &Evaluation, inputs: Vec<Input>) -> Report {
    let total = &found.total;
    let summary = Section::new("summary", "Summary")
        .quantity("energy", "energy per inference", total.total * PJ, "J")
        .quantity("memory", "memory", total.mem_total * PJ, "J")
        .quantity("computation", "computation", total.opsaddr * PJ, "J")
        .note(format!(
            "reading `{}`, memory line `{}`, {} bits, FIFOs of {} messages",
            options.reading.name(),
            options.ram().name(),
            options.bits,
            options.fifo
        ));
    let table = Table::new("layers", "energy per inference, by layer").column("layer", "layer", "");
    let table = LINES.iter().fold(table, |table, (id, name, _)| table.column(*id, *name, "J"));
    let rows = found.layers.iter().zip(&found.terms).map(|(groups, layer)| {
        let parts = LINES.iter().map(|(_, _, of)| Value::from(of(groups) * PJ));
        std::iter::once(layer.layer.as_str().into()).chain(parts).chain([(groups.total * PJ).into()]).collect()
    });
    let parts = LINES.iter().map(|(id, ..)| (*id).to_owned()).collect();
    let layers = table.column("all", "all", "J").rows(rows).drawn(Chart::Bars { label: "layer".into(), parts });
    let terms = found.terms.iter().flat_map(|layer| {
        layer.terms.iter().filter(|term| term.count > 0.0).map(|term| {
            vec![
                layer.layer.as_str().into(),
                term.name.into(),
                term.formula.as_str().into(),
                term.source.into(),
                term.count.into(),
                (term.unit_pj * PJ).into(),
                (term.pj * PJ).into(),
            ]
        })
    });
    let terms = Table::new("terms", "terms")
        .column("layer", "layer", "")
        .column("term", "term", "")
        .column("formula", "formula", "")
        .column("source", "source", "")
        .column("count", "count", "")
        .column("each", "each", "J")
        .column("energy", "energy", "J")
        .rows(terms);
    Report::new(format!("analytical model of {origin}"), made(None, inputs))
        .with(summary)
        .with(Section::new("layers", "Layers").table(layers))
        .with(Section::new("terms", "Terms").table(terms))
}

/// Spiking against formal networks; `density` says how many of their hidden activations are not zero, and why.
pub(crate) fn contest(origin: &str, density: (f64, &str), found: &Comparison, inputs: Vec<Input>) -> Report {
    let readings: Vec<String> = found.scenarios.iter().map(|s| reading(&s.options)).collect();
    let by_reading = |id: &str, title: &str, unit: &str, cell: &dyn Fn(usize, usize) -> Value| {
        let table = Table::new(id, title).column("network", "formal network", "");
        let table = readings.iter().enumerate().fold(table, |t, (s, name)| t.column(format!("reading{s}"), name, unit));
        let row = |i: usize| {
            let cells = (0..readings.len()).map(|s| cell(s, i));
            std::iter::once(found.verdicts[i].dense.as_str().into()).chain(cells).collect()
        };
        table.rows((0..found.verdicts.len()).map(row))
    };
    let spiking = Table::new("spiking", "the spiking network, energy per inference")
        .column("reading", "reading", "")
        .column("energy", "energy", "J")
        .rows(
            readings.iter().zip(&found.scenarios).map(|(name, s)| vec![name.as_str().into(), (s.snn_pj * PJ).into()]),
        );
    let contest = |s: usize, i: usize| &found.scenarios[s].contests[i];
    let formal = by_reading("formal", "energy per inference", "J", &|s, i| Value::from(contest(s, i).dense_pj * PJ));
    let advantage =
        by_reading("advantage", "formal over spiking energy: above 1 the spiking network is cheaper", "1", &|s, i| {
            contest(s, i).advantage.into()
        });
    let even = by_reading(
        "break_even",
        "spikes per neuron and timestep, the same everywhere, below which the spiking network is cheaper",
        "1",
        &|s, i| match contest(s, i).break_even {
            BreakEven::At { rate, .. } => rate.into(),
            BreakEven::SnnAlways => "any".into(),
            BreakEven::DenseAlways => "none".into(),
        },
    );
    let flips = found.verdicts.iter().filter(|verdict| verdict.flips).count();
    let summary = Section::new("summary", "Summary")
        .quantity("density", "hidden activations of the formal networks that are not zero", density.0, "1")
        .because(density.1)
        .quantity("flips", "formal networks against which the winner depends on the reading", flips, "")
        .because(format!("of {}", found.verdicts.len()))
        .note("skip: zeros cost their read only; reuse: every word moves once; qnnN: activations of N bits");
    Report::new(format!("{origin} against formal networks"), made(None, inputs))
        .with(summary)
        .with(Section::new("energy", "Energy").table(spiking).table(formal))
        .with(Section::new("advantage", "Advantage").table(advantage))
        .with(Section::new("break_even", "Break-even").table(even))
}
