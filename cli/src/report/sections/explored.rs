//! The report of a space of chips: its front among all points, what decides, what does not fit.

use super::made;
use explore::{
    FIGURES, PointRecord, Space,
    answer::{
        Answers,
        bound::{Bound, By, Tally},
        stand::Standing,
    },
};
use spikeloom::report::{Chart, Input, Report, Section, Table, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Points in the table and the picture.
const MOST: usize = 2_000;

/// Interactions in a table.
const MOST_TOGETHER: usize = 12;

/// One section per network.
pub(crate) fn explored(
    space: &Space,
    varying: &[String],
    answered: &[(&Vec<PointRecord>, Answers)],
    inputs: Vec<Input>,
) -> Report {
    let title = format!("{}: {} points", space.name, answered.iter().map(|(records, _)| records.len()).sum::<usize>());
    answered.iter().fold(Report::new(title, made(None, inputs)), |report, (records, answers)| {
        report.with(network(space, varying, records, answers))
    })
}

/// Base unit of a figure; shares of 1 are given in percent where they are accuracies.
fn unit(figure: &str) -> (&'static str, f64) {
    match FIGURES.iter().find(|f| f.name == figure).map_or("", |f| f.unit) {
        "1" if figure == "accuracy" => ("%", 100.0),
        unit => (unit, 1.0),
    }
}

fn network(space: &Space, varying: &[String], records: &[PointRecord], answers: &Answers) -> Section {
    let id = format!("network_{}", answers.network);
    let mut section = Section::new(&id, &answers.network)
        .quantity("costed", "points costed", answers.costed, "")
        .quantity("failed", "points that do not fit", answers.failed, "");
    if let Some(volume) = answers.hypervolume {
        section = section
            .quantity("hypervolume", "hypervolume of the front", 100.0 * volume, "%")
            .because("of the box from the best to the worst figures");
    }
    for range in &answers.ranges {
        let (unit, factor) = unit(&range.figure);
        section = section.quantity(&range.figure, &format!("best {}", range.figure), range.best * factor, unit);
        section = section.because(format!("worst: {}", spikeloom::report::plain::number(range.worst * factor, unit)));
    }
    if let Some(baseline) = &answers.baseline {
        section = section.note(format!("{} points are better than the baseline in everything", baseline.dominated_by));
        for compared in &baseline.figures {
            let (unit, factor) = unit(&compared.figure);
            let (id, name) = (format!("baseline_{}", compared.figure), format!("baseline's {}", compared.figure));
            section = section.quantity(&id, &name, compared.value * factor, unit);
            section = section.because(format!(
                "{} points are better; the best is {:.2} times better",
                compared.better, compared.factor
            ));
        }
    }
    let section = answers.notes.iter().fold(section, |section, note| section.note(note.clone()));
    let section = section.table(points(space, varying, records, answers)).table(standings(records, answers));
    let section = answers.bounds.iter().fold(section, |section, (what, bound)| {
        let section = section.table(tally(&answers.network, what, bound));
        let by = bound.by.as_ref().map(|by| by_value(&answers.network, what, by));
        by.into_iter().fold(section, Section::table)
    });
    answers.effects.iter().fold(section, |section, (figure, effects)| {
        let rows = effects
            .single
            .iter()
            .map(|effect| vec![effect.parameter.as_str().into(), Value::from(100.0 * effect.share)]);
        let table = Table::new(format!("effects_{}_{figure}", answers.network), format!("what decides {figure}"))
            .column("parameter", "parameter", "")
            .column("share", "share of its variance", "%")
            .rows(rows)
            .drawn(Chart::Bars { label: "parameter".into(), parts: vec!["share".into()] });
        let together = effects.together.iter().filter(|set| set.share >= 0.005).take(MOST_TOGETHER);
        let rows = together.map(|set| vec![set.parameters.join(" × ").into(), Value::from(100.0 * set.share)]);
        let title = format!("what decides {figure} together, beyond what fewer of them do");
        let sets = Table::new(format!("together_{}_{figure}", answers.network), title)
            .column("parameters", "parameters", "")
            .column("share", "share of its variance", "%")
            .rows(rows);
        section.table(table).table(sets)
    })
}

/// How often each thing binds.
fn tally(network: &str, what: &str, bound: &Bound) -> Table {
    let title = match what {
        "time" => "largest part of the time of costed points",
        "resource" => "fullest resource of costed points",
        _ => "limits that failed points exceed",
    };
    Table::new(format!("{what}_{network}"), title)
        .column("what", what, "")
        .column("points", "points", "")
        .rows(bound.tally.iter().map(|(label, n)| vec![label.as_str().into(), (*n).into()]))
        .drawn(Chart::Bars { label: "what".into(), parts: vec!["points".into()] })
}

/// Where each thing binds: by the values of the parameter that tells most of it.
fn by_value(network: &str, what: &str, by: &By) -> Table {
    let labels: BTreeSet<&str> =
        by.values.iter().flat_map(|(_, tally)| tally.iter().map(|(l, _)| l.as_str())).collect();
    let title = format!("the same by {}, which tells {:.0} % of it", by.parameter, 100.0 * by.told);
    let table = Table::new(format!("{what}_by_{network}"), title).column("value", by.parameter.as_str(), "");
    let table = labels.iter().fold(table, |table, label| table.column(*label, *label, ""));
    let of = |tally: &[(String, usize)], label: &str| tally.iter().find(|(l, _)| l == label).map_or(0, |(_, n)| *n);
    let row = |(value, tally): &(String, Tally)| -> Vec<Value> {
        let counts = labels.iter().map(|label| Value::from(of(tally, label)));
        std::iter::once(value.as_str().into()).chain(counts).collect()
    };
    let parts = labels.iter().map(|label| (*label).to_owned()).collect();
    table.rows(by.values.iter().map(row)).drawn(Chart::Bars { label: "value".into(), parts })
}

/// How far the points of the front are from the ideal and from what binds them.
fn standings(records: &[PointRecord], answers: &Answers) -> Table {
    let share = |share: Option<f64>| Value::from(share.map(|share| 100.0 * share));
    let row = |standing: &Standing| -> Vec<Value> {
        let (time, full) = (standing.time.as_ref(), standing.fullest.as_ref());
        vec![
            records[standing.record].key()[..8].into(),
            time.map_or("-", |time| time.part.as_str()).into(),
            share(time.map(|time| time.share)),
            share(time.map(|time| time.without)),
            full.map_or("-", |full| full.resource.as_str()).into(),
            share(full.map(|full| full.share)),
            standing.from_ideal.into(),
        ]
    };
    Table::new(format!("standing_{}", answers.network), "points of the front: from the ideal, and from what binds them")
        .column("point", "point", "")
        .column("bound", "time bound by", "")
        .column("share", "of the time", "%")
        .column("without", "left without it", "%")
        .column("fullest", "fullest resource", "")
        .column("used", "in use", "%")
        .column("ideal", "distance from the ideal", "1")
        .rows(answers.standings.iter().take(MOST).map(row))
        .noted("The ideal has the best of every objective (0); 1 is the worst of every one.")
}

/// Every point with its figures; those of the front first.
fn points(space: &Space, varying: &[String], records: &[PointRecord], answers: &Answers) -> Table {
    let mut figures: Vec<&str> = space.objectives.iter().map(explore::Objective::figure).collect();
    if !figures.contains(&"cores") {
        figures.push("cores");
    }
    let front: BTreeSet<usize> = answers.front.iter().copied().collect();
    let costed = |i: &usize| figures.iter().any(|figure| records[*i].figure(figure).is_some());
    let others = (0..records.len()).filter(|i| !front.contains(i));
    let order: Vec<usize> = answers.front.iter().copied().chain(others).filter(costed).collect();
    let table = Table::new(
        format!("points_{}", answers.network),
        "all points; those of the front are not bettered in every objective",
    )
    .column("point", "point", "")
    .column("settings", "settings", "")
    .column("place", "place", "");
    let table = figures.iter().fold(table, |table, figure| table.column(*figure, *figure, unit(figure).0));
    let row = |&i: &usize| -> Vec<Value> {
        let settings: BTreeMap<String, String> = records[i].settings().into_iter().collect();
        let shown: Vec<String> =
            varying.iter().filter_map(|name| Some(format!("{name}={}", settings.get(name)?))).collect();
        let place = if front.contains(&i) { "front" } else { "other" };
        let values = figures.iter().map(|figure| Value::from(records[i].figure(figure).map(|v| v * unit(figure).1)));
        [records[i].key()[..8].into(), shown.join(" ").into(), place.into()].into_iter().chain(values).collect()
    };
    let table = table.rows(order.iter().take(MOST).map(row));
    let table =
        if order.len() > MOST { table.noted(format!("The first {MOST} of {} points.", order.len())) } else { table };
    match figures.as_slice() {
        [x, y, ..] => table.drawn(Chart::Scatter {
            x: (*x).into(),
            y: (*y).into(),
            label: "settings".into(),
            group: Some("place".into()),
        }),
        _ => table,
    }
}
