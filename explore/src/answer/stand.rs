//! Where a point stands: how far from the best of everything, and from what binds it.

use super::{Range, pareto::dominates};
use crate::{
    record::PointRecord,
    space::{Objective, Space},
};
use serde::Serialize;

/// The box between the best and the worst costs of all points.
#[derive(Clone, Debug)]
pub struct Extent(Vec<(f64, f64)>);

impl Extent {
    /// Of these points.
    pub fn of(rows: &[&[f64]]) -> Self {
        let Some(first) = rows.first() else { return Self(Vec::new()) };
        let bound = |k: usize, pick: fn(f64, f64) -> f64| rows.iter().map(|row| row[k]).fold(first[k], pick);
        Self((0..first.len()).map(|k| (bound(k, f64::min), bound(k, f64::max))).collect())
    }

    /// Costs scaled to 0 at the best and 1 at the worst.
    pub fn scaled(&self, costs: &[f64]) -> Vec<f64> {
        let scaled = |(v, (low, high)): (&f64, &(f64, f64))| if high > low { (v - low) / (high - low) } else { 0.0 };
        costs.iter().zip(&self.0).map(scaled).collect()
    }

    /// The distance to the ideal point, which has the best of every objective: `√(Σ scaled² / objectives)`, 0 there and 1 at the worst of all.
    pub fn from_ideal(&self, costs: &[f64]) -> f64 {
        let squares: f64 = self.scaled(costs).iter().map(|v| v * v).sum();
        (squares / self.0.len().max(1) as f64).sqrt()
    }
}

/// How far a point is from what binds it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// Its record.
    pub record: usize,
    /// Its distance to the best of every objective, from 0 to 1 at the worst of every.
    pub from_ideal: Option<f64>,
    /// What binds its time.
    pub time: Option<TimeBound>,
    /// What is fullest on its chip.
    pub fullest: Option<Fullest>,
}

/// The part that takes most of a point's time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimeBound {
    /// The part.
    pub part: String,
    /// Its share of the time of the timesteps.
    pub share: f64,
    /// The time that would be left without it, whichever core is the slowest then, as a share of the whole.
    pub without: f64,
}

/// A resource of a core, where most of it is in use.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fullest {
    /// The resource.
    pub resource: String,
    /// Share in use.
    pub share: f64,
}

/// Where a record stands.
pub fn standing(index: usize, record: &PointRecord, from_ideal: Option<f64>) -> Standing {
    let time = record.time().and_then(|time| {
        let (part, seconds) = time.largest()?;
        let total = time.total();
        Some(TimeBound { part: part.to_owned(), share: seconds / total, without: time.without.get(part)? / total })
    });
    let fullest = record.binding().map(|binding| Fullest { resource: binding.resource.clone(), share: binding.share });
    Standing { record: index, from_ideal, time, fullest }
}

/// The place of the baseline.
#[derive(Clone, Debug, Serialize)]
pub struct Baseline {
    /// Its record.
    pub record: usize,
    /// Points that are nowhere worse and somewhere better.
    pub dominated_by: usize,
    /// Where it stands.
    pub standing: Standing,
    /// Each objective's figure.
    pub figures: Vec<Compared>,
}

/// A figure of the baseline beside those of all points.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// The figure.
    pub figure: String,
    /// The baseline's.
    pub value: f64,
    /// By what factor the best has less (or more) of it.
    pub factor: f64,
    /// Points that are better in it.
    pub better: usize,
}

/// Where the space's baseline stands, if it was costed.
pub(super) fn baseline(
    space: &Space,
    records: &[PointRecord],
    costs: &[Option<Vec<f64>>],
    ranges: &[Range],
) -> Option<Baseline> {
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
    let rows: Vec<&[f64]> = costs.iter().flatten().map(Vec::as_slice).collect();
    let dominated_by = rows.iter().filter(|other| dominates(other, own)).count();
    let compared = |(k, (objective, range)): (usize, (&Objective, &Range))| {
        let value = records[record].figure(objective.figure())?;
        let factor = match objective {
            Objective::Minimize(_) => value / range.best,
            Objective::Maximize(_) => range.best / value,
        };
        let better = rows.iter().filter(|row| row[k] < own[k]).count();
        Some(Compared { figure: range.figure.clone(), value, factor, better })
    };
    let figures = space.objectives.iter().zip(ranges).enumerate().filter_map(compared).collect();
    let standing = standing(record, &records[record], Some(Extent::of(&rows).from_ideal(own)));
    Some(Baseline { record, dominated_by, standing, figures })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ideal_has_the_best_of_everything() {
        let rows: [&[f64]; 3] = [&[1.0, 8.0], &[3.0, 4.0], &[5.0, 8.0]];
        let whole = Extent::of(&rows);
        assert!((whole.from_ideal(&[1.0, 4.0])).abs() < 1e-12);
        assert!((whole.from_ideal(&[5.0, 8.0]) - 1.0).abs() < 1e-12);
        // (0, 1) and (1/2, 0).
        assert!((whole.from_ideal(rows[0]) - 0.5f64.sqrt()).abs() < 1e-12);
        assert!((whole.from_ideal(rows[1]) - (0.25f64 / 2.0).sqrt()).abs() < 1e-12);
    }
}
