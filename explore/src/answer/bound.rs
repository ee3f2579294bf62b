//! What binds points, and where: the tally of a label (the largest part of time, the fullest resource, the limit exceeded) over the points, and
//! the parameter whose values tell most of it.
//!
//! How much a parameter tells is Goodman and Kruskal's τ (1954): by what share knowing its value lowers the chance that a label drawn from the tally is
//! wrong, `τ = (Σ_v Σ_l n_vl²/n_v/n − Σ_l (n_l/n)²) / (1 − Σ_l (n_l/n)²)`.

use serde::Serialize;
use std::collections::BTreeMap;

/// Labels with the number of points that have them, the most frequent first.
pub type Tally = Vec<(String, usize)>;

/// What binds, and where.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bound {
    /// How often each label.
    pub tally: Tally,
    /// What tells most of where, if labels differ.
    pub by: Option<By>,
}

/// A parameter, and what binds at each of its values.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct By {
    /// The parameter.
    pub parameter: String,
    /// How much of the labels it tells, 0 to 1.
    pub told: f64,
    /// Its values with their tallies.
    pub values: Vec<(String, Tally)>,
}

/// Least that a parameter must tell to be named.
const LEAST: f64 = 0.05;

/// What binds points that have a label, by the columns (name, value of each point) that are known of them.
pub fn bound(columns: &[(String, Vec<String>)], labels: &[String]) -> Bound {
    let all: Vec<&str> = labels.iter().map(String::as_str).collect();
    let own = agreement(&all);
    let split = |(name, points): &(String, Vec<String>)| -> Option<By> {
        let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        points.iter().zip(&all).for_each(|(value, label)| groups.entry(value).or_default().push(label));
        let inside: f64 = groups.values().map(|group| group.len() as f64 * agreement(group)).sum();
        let told = (inside / all.len() as f64 - own) / (1.0 - own);
        let mut values: Vec<(String, Tally)> =
            groups.into_iter().map(|(value, group)| (value.to_owned(), tally(group.into_iter()))).collect();
        values.sort_by(|a, b| super::by_value(&a.0, &b.0));
        (values.len() > 1 && told >= LEAST).then(|| By { parameter: name.clone(), told, values })
    };
    let by = (own < 1.0).then(|| columns.iter().rev().filter_map(split).max_by(|a, b| a.told.total_cmp(&b.told)));
    Bound { tally: tally(all.into_iter()), by: by.flatten() }
}

/// The chance that two labels drawn from these agree.
fn agreement(labels: &[&str]) -> f64 {
    let n = labels.len().max(1) as f64;
    tally(labels.iter().copied()).iter().map(|(_, of_label)| (*of_label as f64 / n).powi(2)).sum()
}

/// How often each label occurs, the most frequent first.
pub fn tally<'a>(labels: impl Iterator<Item = &'a str>) -> Tally {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    labels.for_each(|label| *counts.entry(label).or_default() += 1);
    let mut counts: Tally = counts.into_iter().map(|(label, n)| (label.to_owned(), n)).collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(words: &str) -> Vec<String> {
        words.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn what_tells_most_is_named() {
        let columns = [("lanes".into(), texts("1 1 2 2 4 4")), ("bits".into(), texts("4 8 4 8 4 8"))];
        let bound = bound(&columns, &texts("work work work updates updates updates"));
        assert_eq!(bound.tally, [("updates".into(), 3), ("work".into(), 3)]);
        // Own agreement 1/2; inside 1, 1/2, 1: (5/6 − 1/2) / (1/2).
        let by = bound.by.expect("lanes tell most of it");
        assert!(by.parameter == "lanes" && (by.told - 2.0 / 3.0).abs() < 1e-12, "{by:?}");
        assert_eq!(by.values[1], ("2".into(), vec![("updates".into(), 1), ("work".into(), 1)]));
    }

    #[test]
    fn one_label_needs_no_reason() {
        let columns = [("lanes".into(), texts("1 2"))];
        assert_eq!(bound(&columns, &texts("work work")).by, None);
        assert_eq!(bound(&columns, &[]).tally, []);
    }
}
