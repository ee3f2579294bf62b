//! One parameter at a time: the stored points that differ from a chosen one in a single parameter.

use crate::{
    record::PointRecord,
    space::{Objective, Space},
};
use serde::Serialize;

/// What changing one parameter of a point does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// The parameter.
    pub parameter: String,
    /// Its value at the chosen point.
    pub from: String,
    /// Its other value.
    pub to: String,
    /// The record with the other value.
    pub record: usize,
    /// Each objective's figure there, and its ratio to the chosen point's; `None` where it was not derived.
    pub figures: Vec<Option<Change>>,
}

/// A figure at a neighbour of the chosen point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The figure.
    pub value: f64,
    /// Over the chosen point's.
    pub ratio: f64,
}

/// All stored points one parameter away from `records[chosen]`, by parameter and value. What is linked to a parameter moves with it.
pub fn around(space: &Space, records: &[PointRecord], chosen: usize) -> Vec<Step> {
    let settings = |record: &PointRecord| -> Vec<(String, String)> {
        record.settings().into_iter().filter(|(name, _)| !space.is_linked(name)).collect()
    };
    let own = settings(&records[chosen]);
    let mut steps = Vec::new();
    for (record, other) in records.iter().enumerate() {
        let other = settings(other);
        if other.len() != own.len() {
            continue;
        }
        let mut differing = own.iter().zip(&other).filter(|(a, b)| a != b);
        let (Some(((parameter, from), (_, to))), None) = (differing.next(), differing.next()) else { continue };
        let change = |objective: &Objective| {
            let figure = objective.figure();
            let (value, here) = (records[record].figure(figure)?, records[chosen].figure(figure)?);
            Some(Change { value, ratio: value / here })
        };
        let figures = space.objectives.iter().map(change).collect();
        steps.push(Step { parameter: parameter.clone(), from: from.clone(), to: to.clone(), record, figures });
    }
    steps.sort_by(|a, b| a.parameter.cmp(&b.parameter).then(super::by_value(&a.to, &b.to)));
    steps
}
