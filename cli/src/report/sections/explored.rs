//! The report of a space of chips: its front among all points, what decides, what does not fit.

use super::made;
use explore::{FIGURES, PointRecord, Space, answer::Answers};
use spikeloom::report::{Chart, Input, Report, Section, Table, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Points in the table and the picture.
const MOST: usize = 2_000;

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
    }
    let section = answers.notes.iter().fold(section, |section, note| section.note(note.clone()));
    let limits = Table::new(format!("limits_{}", answers.network), "points that exceed a limit")
        .column("limit", "limit", "")
        .column("points", "points", "")
        .rows(answers.limits.iter().map(|(limit, n)| vec![limit.as_str().into(), (*n).into()]))
        .drawn(Chart::Bars { label: "limit".into(), parts: vec!["points".into()] });
    let section = section.table(points(space, varying, records, answers)).table(limits);
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
        section.table(table)
    })
}

/// Every point with its figures; those of the front first.
fn points(space: &Space, varying: &[String], records: &[PointRecord], answers: &Answers) -> Table {
    let mut figures: Vec<&str> = space.objectives.iter().map(explore::Objective::figure).collect();
    figures.push("cores");
    let front: BTreeSet<usize> = answers.front.iter().copied().collect();
    let costed = |i: &usize| figures.iter().any(|figure| records[*i].figure(figure).is_some());
    let others = (0..records.len()).filter(|i| !front.contains(i));
    let order: Vec<usize> = answers.front.iter().copied().chain(others).filter(costed).collect();
    let table = Table::new(
        format!("points_{}", answers.network),
        "all points; those of the front are not bettered in every objective",
    )
    .column("settings", "settings", "")
    .column("place", "place", "");
    let table = figures.iter().fold(table, |table, figure| table.column(*figure, *figure, unit(figure).0));
    let row = |&i: &usize| -> Vec<Value> {
        let settings: BTreeMap<String, String> = records[i].settings().into_iter().collect();
        let shown: Vec<String> =
            varying.iter().filter_map(|name| Some(format!("{name}={}", settings.get(name)?))).collect();
        let place = if front.contains(&i) { "front" } else { "other" };
        let values = figures.iter().map(|figure| Value::from(records[i].figure(figure).map(|v| v * unit(figure).1)));
        [shown.join(" ").into(), place.into()].into_iter().chain(values).collect()
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
