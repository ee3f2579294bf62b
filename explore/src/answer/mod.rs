//! What the points of a space answer: which are best, what each parameter does, which limits bind, where the baseline stands.

pub mod around;
pub mod effect;
pub mod pareto;

use crate::{
    figure, price_rule,
    record::{Outcome, PointRecord, Stage},
    space::{Objective, Space},
};
use effect::{Effects, effects};
use pareto::{dominates, front, hypervolume};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

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
    pub limits: Vec<(String, usize)>,
    /// Of the others, by the resource that is fullest.
    pub binding: Vec<(String, usize)>,
    /// Objectives with the best and the worst point's figure.
    pub ranges: Vec<Range>,
    /// Points that none dominates: indices into the records, the best of the first objective first.
    pub front: Vec<usize>,
    /// Share of the box between the best and the worst figures that the front dominates; for two objectives and more.
    pub hypervolume: Option<f64>,
    /// Effects by figure.
    pub effects: BTreeMap<String, Effects>,
    /// The baseline.
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

/// The place of the baseline.
#[derive(Clone, Debug, Serialize)]
pub struct Baseline {
    /// Its record.
    pub record: usize,
    /// Points that are nowhere worse and somewhere better.
    pub dominated_by: usize,
    /// Each objective's figure, and by what factor the best has less (or more) of it.
    pub figures: Vec<(String, f64, f64)>,
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
    Answers {
        network: records.first().map_or(String::new(), |record| record.network.model.clone()),
        costed: costed.len(),
        failed: records.iter().filter(|record| matches!(record.outcome, Outcome::Failed { .. })).count(),
        limits: tally(records.iter().filter_map(PointRecord::failure)),
        binding: tally(records.iter().filter_map(PointRecord::binding)),
        hypervolume: (space.objectives.len() > 1 && !rows.is_empty()).then(|| volume(&rows)),
        baseline: baseline(space, records, &costs, &ranges),
        notes: notes(space, records),
        ranges,
        front: best,
        effects,
    }
}

/// Prices that stay what they are while parameters change the chip.
fn notes(space: &Space, records: &[PointRecord]) -> Vec<String> {
    let of_chip: Vec<&str> =
        space.parameters.iter().map(|p| p.path.as_str()).filter(|path| !path.starts_with("deploy.")).collect();
    let tables: BTreeSet<&str> = records.iter().filter_map(|r| r.prices.as_ref()).map(|p| p.table.as_str()).collect();
    tables.into_iter().filter_map(|table| price_rule::note(table, &of_chip)).collect()
}

/// The names and values of what was set, at the points that were costed; without what follows from others.
fn columns(space: &Space, records: &[PointRecord], costed: &[usize]) -> Vec<(String, Vec<String>)> {
    let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for &i in costed {
        for (name, value) in records[i].settings().into_iter().filter(|(name, _)| !space.is_linked(name)) {
            columns.entry(name).or_default().push(value);
        }
    }
    columns.into_iter().filter(|(_, values)| values.len() == costed.len()).collect()
}

fn tally(names: impl Iterator<Item = String>) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    names.for_each(|name| *counts.entry(name).or_default() += 1);
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    counts
}

/// Hypervolume with every objective scaled to 0 at its best and 1 at its worst point.
fn volume(rows: &[&[f64]]) -> f64 {
    let n = rows[0].len();
    let bound = |k: usize, pick: fn(f64, f64) -> f64| rows.iter().map(|row| row[k]).fold(rows[0][k], pick);
    let bounds: Vec<(f64, f64)> = (0..n).map(|k| (bound(k, f64::min), bound(k, f64::max))).collect();
    let scale = |row: &&[f64]| -> Vec<f64> {
        let scaled = |(v, (low, high)): (&f64, &(f64, f64))| if high > low { (v - low) / (high - low) } else { 0.0 };
        row.iter().zip(&bounds).map(scaled).collect()
    };
    let scaled: Vec<Vec<f64>> = front(rows).into_iter().map(|i| scale(&rows[i])).collect();
    let scaled: Vec<&[f64]> = scaled.iter().map(Vec::as_slice).collect();
    hypervolume(&scaled, &vec![1.0; n])
}

fn baseline(space: &Space, records: &[PointRecord], costs: &[Option<Vec<f64>>], ranges: &[Range]) -> Option<Baseline> {
    if space.baseline.is_empty() {
        return None;
    }
    let is_baseline = |record: &PointRecord| {
        space
            .baseline
            .iter()
            .all(|(path, value)| record.values.get(path).is_some_and(|own| own.to_string() == value.to_string()))
    };
    let record = (0..records.len()).find(|&i| costs[i].is_some() && is_baseline(&records[i]))?;
    let own = costs[record].as_deref()?;
    let dominated_by = costs.iter().flatten().filter(|other| dominates(other, own)).count();
    let figures = space.objectives.iter().zip(ranges).filter_map(|(objective, range)| {
        let value = records[record].figure(objective.figure())?;
        let factor = match objective {
            Objective::Minimize(_) => value / range.best,
            Objective::Maximize(_) => range.best / value,
        };
        Some((range.figure.clone(), value, factor))
    });
    Some(Baseline { record, dominated_by, figures: figures.collect() })
}
