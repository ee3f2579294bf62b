//! The answers of a space as text.

use crate::report::{
    number::{count, digits, si},
    text::{Table, align_right},
};
use explore::{
    FIGURES, PointRecord, Space,
    answer::{Answers, bound::Bound, effect::Effects, stand::Standing},
};
use std::collections::BTreeMap;

/// Rows of the front that are printed.
const MOST_ROWS: usize = 24;

/// Interactions that are printed, and the least share of one.
const MOST_TOGETHER: usize = 5;
const LEAST_TOGETHER: f64 = 0.01;

/// Characters of an address that are printed; `--around` takes as many.
const ADDRESS: usize = 8;

pub(super) fn table(header: &[&str], rows: Vec<Vec<String>>, left: usize) -> String {
    let mut table = Table::new(header);
    for row in rows {
        table.row(row);
    }
    align_right(table, left)
}

pub(super) fn with_unit(figure: &str, value: f64) -> String {
    let unit = FIGURES.iter().find(|f| f.name == figure).map_or("", |f| f.unit);
    match unit {
        "1" if figure == "accuracy" => format!("{:.2} %", 100.0 * value),
        "1" if value >= 1000.0 => count(value),
        "1" if value.fract() == 0.0 => format!("{value}"),
        "1" => digits(value),
        "m²" => format!("{:.2} mm²", 1e6 * value),
        unit => si(value, unit),
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// What binds a point, in sentences.
pub(super) fn bound_by(standing: &Standing) -> Vec<String> {
    let time = standing.time.as_ref().map(|time| {
        let (part, share, left) = (&time.part, percent(time.share), percent(time.without));
        format!("time is bound by {part}: {share} of it; without, {left} would be left")
    });
    let fullest = standing.fullest.as_ref().map(|full| format!("fullest: {}, {}", full.resource, percent(full.share)));
    time.into_iter().chain(fullest).collect()
}

/// Everything about one network.
pub(super) fn text(space: &Space, records: &[PointRecord], answers: &Answers) -> String {
    let mut text =
        format!("{}, {}: {} points costed, {} failed\n", space.name, answers.network, answers.costed, answers.failed);
    if let Some(limit) = answers.bounds.get("limit") {
        text += &binds("failed by", limit);
    }
    for note in &answers.notes {
        text += &format!("note: {note}\n");
    }
    if answers.costed == 0 {
        return text;
    }
    for (what, name) in [("fullest resource of a core", "resource"), ("time bound by", "time")] {
        text += &answers.bounds.get(name).map_or(String::new(), |bound| binds(what, bound));
    }
    for range in &answers.ranges {
        text += &format!(
            "{}: {} (best, {}) to {} (worst)\n",
            range.figure,
            with_unit(&range.figure, range.best),
            &records[range.record].key()[..ADDRESS],
            with_unit(&range.figure, range.worst)
        );
    }
    if let Some(volume) = answers.hypervolume {
        text += &format!("hypervolume of the front: {volume:.4} of the box from best to worst\n");
    }
    text += &front(space, records, answers);
    for (figure, effects) in &answers.effects {
        text += &decides(figure, effects);
    }
    if let Some(baseline) = &answers.baseline {
        text += &format!(
            "\nbaseline {}: {} points are better in everything",
            &records[baseline.record].key()[..ADDRESS],
            baseline.dominated_by
        );
        for compared in &baseline.figures {
            let (figure, value) = (&compared.figure, with_unit(&compared.figure, compared.value));
            let (better, factor) = (compared.better, compared.factor);
            text += &format!("; {figure} {value}, {better} are better, the best {factor:.2} times");
        }
        if let Some(distance) = baseline.standing.from_ideal {
            text += &format!("; {distance:.3} from the ideal");
        }
        text += &bound_by(&baseline.standing).iter().map(|line| format!("; {line}")).collect::<String>();
        text += "\n";
    }
    text
}

/// What binds, and where.
fn binds(what: &str, bound: &Bound) -> String {
    let tally = |tally: &[(String, usize)]| {
        tally.iter().map(|(label, n)| format!("{label} at {n}")).collect::<Vec<_>>().join(", ")
    };
    let mut text = format!("{what}: {}\n", tally(&bound.tally));
    let Some(by) = &bound.by else { return text };
    text += &format!("  {} tells {} of that:", by.parameter, percent(by.told));
    let values: Vec<String> = by.values.iter().map(|(value, of)| format!(" {value}: {}", tally(of))).collect();
    text + &values.join(";") + "\n"
}

/// The points of the front, with what was set, what came of it, and what binds them.
fn front(space: &Space, records: &[PointRecord], answers: &Answers) -> String {
    let n = answers.front.len();
    let first = if n > MOST_ROWS { format!(", the first {MOST_ROWS}") } else { String::new() };
    let mut text = format!("\nfront, {n} points{first}:\n");
    let varying = varying(space, records);
    let mut shown: Vec<&str> = space.objectives.iter().map(explore::Objective::figure).collect();
    if !shown.contains(&"cores") {
        shown.push("cores");
    }
    let header: Vec<&str> =
        ["point"].into_iter().chain(varying.iter().map(String::as_str)).chain(shown.iter().copied()).collect();
    let row = |&i: &usize| -> Vec<String> {
        let settings: BTreeMap<String, String> = records[i].settings().into_iter().collect();
        let values = varying.iter().map(|name| settings.get(name).cloned().unwrap_or_default());
        let figure = |&name: &&str| records[i].figure(name).map_or("-".to_owned(), |value| with_unit(name, value));
        let address = records[i].key()[..ADDRESS].to_owned();
        std::iter::once(address).chain(values).chain(shown.iter().map(figure)).collect()
    };
    text += &table(&header, answers.front.iter().take(MOST_ROWS).map(row).collect(), 1 + varying.len());
    text += "\nhow far they are from the ideal (0: best of every objective, 1: worst) and from what binds them:\n";
    let header = ["point", "time bound by", "of it", "left without", "fullest resource", "in use", "from ideal"];
    let row = |standing: &Standing| -> Vec<String> {
        let none = || "-".to_owned();
        let (time, full) = (standing.time.as_ref(), standing.fullest.as_ref());
        vec![
            records[standing.record].key()[..ADDRESS].to_owned(),
            time.map_or_else(none, |time| time.part.clone()),
            time.map_or_else(none, |time| percent(time.share)),
            time.map_or_else(none, |time| percent(time.without)),
            full.map_or_else(none, |full| full.resource.clone()),
            full.map_or_else(none, |full| percent(full.share)),
            standing.from_ideal.map_or_else(none, |distance| format!("{distance:.3}")),
        ]
    };
    text + &table(&header, answers.standings.iter().take(MOST_ROWS).map(row).collect(), 2)
}

/// What decides a figure.
fn decides(figure: &str, effects: &Effects) -> String {
    let how = if effects.exact { "a full grid: exact" } else { "estimated from these points" };
    let mut text = format!("\nwhat decides {figure} (share of its variance, {how}; mean by value)\n");
    for effect in effects.single.iter().filter(|effect| effect.share >= 0.005) {
        let means: Vec<String> =
            effect.means.iter().map(|m| format!("{}: {}", m.value, with_unit(figure, m.mean))).collect();
        text += &format!("  {:5.1} %  {}  {}\n", 100.0 * effect.share, effect.parameter, means.join(", "));
    }
    let together = effects.together.iter().filter(|set| set.share >= LEAST_TOGETHER);
    for set in together.take(MOST_TOGETHER) {
        text += &format!("  {:5.1} %  {} together\n", 100.0 * set.share, set.parameters.join(" × "));
    }
    text
}

/// Names of what differs between the points, without what follows from others.
pub(super) fn varying(space: &Space, records: &[PointRecord]) -> Vec<String> {
    let Some(first) = records.first() else { return Vec::new() };
    let differs = |name: &str, value: &str| {
        records.iter().any(|record| record.settings().iter().any(|(other, v)| other == name && v != value))
    };
    let own = first.settings().into_iter().filter(|(name, _)| !space.is_linked(name));
    own.filter(|(name, value)| differs(name, value)).map(|(name, _)| name).collect()
}
