//! What the points of a space answer: which are best, what each parameter does, which limits bind, where the baseline stands, how far
//! each point of the front is from what binds it and from the best of everything.

pub mod around;
pub mod bound;
pub mod effect;
pub mod pareto;
pub mod stand;

use crate::{
    figure, price_rule,
    record::{Outcome, PointRecord, Stage},
    space::Space,
};
use bound::{Bound, Tally, bound};
use effect::{Effects, effects};
use pareto::{front, hypervolume};
use serde::Serialize;
use stand::{Baseline, Extent, Standing, standing};
use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

/// What the points of one network answer.
#[derive(Clone, Debug, Serialize)]
pub struct Answers {
    /// The network.
    pub network: String,
    /// Points by how they ended.
    pub costed: usize,
    /// Points that could not be costed.
    pub failed: usize,
    /// Of those, by the limit that was exceeded or the reason.
    pub limits: Tally,
    /// Of the others, by the resource that is fullest.
    pub binding: Tally,
    /// What binds, and where: `time` by the largest part of the time of costed points, `resource` by their fullest resource, `limit` by what
    /// failed points exceeded.
    pub bounds: BTreeMap<&'static str, Bound>,
    /// Objectives with the best and the worst point's figure.
    pub ranges: Vec<Range>,
    /// Points that none dominates: indices into the records, the best of the first objective first.
    pub front: Vec<usize>,
    /// Where the points of the front stand, in its order.
    pub standings: Vec<Standing>,
    /// Share of the box between the best and the worst figures that the front dominates; for two objectives and more.
    pub hypervolume: Option<f64>,
    /// Effects by figure.
    pub effects: BTreeMap<String, Effects>,
    /// The baseline, if it is among the points that were costed.
    pub baseline: Option<Baseline>,
    /// What a reader must know about the prices.
    pub notes: Vec<String>,
}

/// An objective's range.
#[derive(Clone, Debug, Serialize)]
pub struct Range {
    /// The figure.
    pub figure: String,
    /// Its unit.
    pub unit: String,
    /// The best.
    pub best: f64,
    /// The worst.
    pub worst: f64,
    /// The record of the best.
    pub record: usize,
}

/// The records that answers are drawn from: of equal points the one that was placed with more effort. Failures count too.
pub fn distinct(records: Vec<PointRecord>) -> Vec<PointRecord> {
    let mut best: BTreeMap<String, PointRecord> = BTreeMap::new();
    for record in records {
        let key = record.place();
        if record.stage == Stage::Front || !best.contains_key(&key) {
            best.insert(key, record);
        }
    }
    best.into_values().collect()
}

/// Records by network: what one network costs says nothing about another.
pub fn by_network(records: Vec<PointRecord>) -> BTreeMap<String, Vec<PointRecord>> {
    let mut networks: BTreeMap<String, Vec<PointRecord>> = BTreeMap::new();
    for record in records {
        networks.entry(record.network.model.clone()).or_default().push(record);
    }
    networks
}

/// The answers of distinct records of one network.
pub fn answers(space: &Space, records: &[PointRecord]) -> Answers {
    let costs: Vec<Option<Vec<f64>>> = records.iter().map(|record| record.costs(&space.objectives)).collect();
    let costed: Vec<usize> = (0..records.len()).filter(|&i| costs[i].is_some()).collect();
    let rows: Vec<&[f64]> = costed.iter().filter_map(|&i| costs[i].as_deref()).collect();
    let mut best: Vec<usize> = front(&rows).into_iter().map(|i| costed[i]).collect();
    best.sort_by(|&a, &b| costs[a].partial_cmp(&costs[b]).unwrap_or(std::cmp::Ordering::Equal).then(a.cmp(&b)));
    let ranges: Vec<Range> = space
        .objectives
        .iter()
        .enumerate()
        .filter_map(|(k, objective)| {
            let order = |&&a: &&usize, &&b: &&usize| rows[a][k].total_cmp(&rows[b][k]);
            let all: Vec<usize> = (0..rows.len()).collect();
            let (least, most) = (*all.iter().min_by(order)?, *all.iter().max_by(order)?);
            let figure = objective.figure();
            let unit = figure::find(figure).map_or("", |figure| figure.unit);
            let (best, worst) = (objective.cost(rows[least][k]), objective.cost(rows[most][k]));
            Some(Range { figure: figure.into(), unit: unit.into(), best, worst, record: costed[least] })
        })
        .collect();
    let columns = columns(space, records, &costed);
    let effects = ranges
        .iter()
        .filter(|range| range.best != range.worst)
        .map(|range| {
            let figure: Vec<f64> = costed.iter().filter_map(|&i| records[i].figure(&range.figure)).collect();
            (range.figure.clone(), effects(&columns, &figure))
        })
        .collect();
    let whole = Extent::of(&rows);
    let standings = best.iter().map(|&i| standing(i, &records[i], costs[i].as_deref().map(|c| whole.from_ideal(c))));
    let standings: Vec<Standing> = standings.collect();
    let baseline = stand::baseline(space, records, &costs, &ranges);
    let bounds = bounds(space, records);
    Answers {
        network: records.first().map_or(String::new(), |record| record.network.model.clone()),
        costed: costed.len(),
        failed: records.iter().filter(|record| matches!(record.outcome, Outcome::Failed { .. })).count(),
        limits: bounds.get("limit").map(|bound| bound.tally.clone()).unwrap_or_default(),
        binding: bounds.get("resource").map(|bound| bound.tally.clone()).unwrap_or_default(),
        bounds,
        standings,
        hypervolume: (space.objectives.len() > 1 && !rows.is_empty()).then(|| volume(&rows)),
        notes: notes(space, records, baseline.is_some()),
        baseline,
        ranges,
        front: best,
        effects,
    }
}

/// Prices that stay what they are while parameters change the chip, or that lack something; a baseline that is not there.
fn notes(space: &Space, records: &[PointRecord], baseline: bool) -> Vec<String> {
    let of_chip: Vec<&str> =
        space.parameters.iter().map(|p| p.path.as_str()).filter(|path| !path.starts_with("deploy.")).collect();
    let tables: BTreeSet<&str> = records.iter().filter_map(|r| r.prices.as_ref()).map(|p| p.table.as_str()).collect();
    let mut notes: Vec<String> = tables.into_iter().filter_map(|table| price_rule::note(table, &of_chip)).collect();
    let open = records.iter().filter(|record| record.is_lower_bound());
    let tables: BTreeSet<&str> = open.filter_map(|r| r.prices.as_ref()).map(|p| p.table.as_str()).collect();
    if !tables.is_empty() {
        let names = tables.into_iter().collect::<Vec<_>>().join(", ");
        notes.push(format!("energies priced by {names} leave out what was counted and has no published price there"));
    }
    if !space.baseline.is_empty() && !baseline {
        notes.push("the baseline is not among the points that were costed, so that nothing is compared with it".into());
    }
    notes
}

/// What binds, and where, of the points that it is known of.
fn bounds(space: &Space, records: &[PointRecord]) -> BTreeMap<&'static str, Bound> {
    let of = |label: &dyn Fn(&PointRecord) -> Option<String>| {
        let labelled = records.iter().enumerate().filter_map(|(i, record)| Some((i, label(record)?)));
        let (points, labels): (Vec<usize>, Vec<String>) = labelled.unzip();
        bound(&columns(space, records, &points), &labels)
    };
    let time = of(&|record| Some(record.time()?.largest()?.0.to_owned()));
    let resource = of(&|record| Some(record.binding()?.resource.clone()));
    let limit = of(&PointRecord::failure);
    let all = [("time", time), ("resource", resource), ("limit", limit)];
    all.into_iter().filter(|(_, bound)| !bound.tally.is_empty()).collect()
}

/// Orders values of a parameter: numbers by size, words by letters.
fn by_value(a: &str, b: &str) -> Ordering {
    let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
    number(a).total_cmp(&number(b)).then(a.cmp(b))
}

/// The names and values of what was set at some points; without what follows from others.
fn columns(space: &Space, records: &[PointRecord], points: &[usize]) -> Vec<(String, Vec<String>)> {
    let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for &i in points {
        for (name, value) in records[i].settings().into_iter().filter(|(name, _)| !space.is_linked(name)) {
            columns.entry(name).or_default().push(value);
        }
    }
    columns.into_iter().filter(|(_, values)| values.len() == points.len()).collect()
}

/// Hypervolume with every objective scaled to 0 at its best and 1 at its worst point.
fn volume(rows: &[&[f64]]) -> f64 {
    let whole = Extent::of(rows);
    let scaled: Vec<Vec<f64>> = front(rows).into_iter().map(|i| whole.scaled(rows[i])).collect();
    let scaled: Vec<&[f64]> = scaled.iter().map(Vec::as_slice).collect();
    hypervolume(&scaled, &vec![1.0; rows[0].len()])
}
