//! What each parameter does to a figure: means by value, and the shares of the figure's variance that a parameter alone, and a
//! pair beyond its two, explain (first and second order variance components; Sobol' 1993). On a full grid the shares are
//! exact and add up to at most 1; of other samples they are estimates.
//!
//! Figures of one sign that span more than a factor are compared by their logarithms, so that a parameter that doubles a figure counts the same
//! everywhere.

use serde::Serialize;
use std::collections::BTreeMap;

/// What one parameter does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effect {
    /// The parameter.
    pub parameter: String,
    /// Share of the variance that its value alone explains.
    pub share: f64,
    /// Its values with the mean of the figure there (the geometric one where logarithms are compared) and the number of points.
    pub means: Vec<(String, f64, usize)>,
}

/// What two parameters do together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Interaction {
    /// The parameters.
    pub parameters: [String; 2],
    /// Share of the variance that both explain beyond what each does.
    pub share: f64,
}

/// Effects on a figure, the largest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Effects {
    /// Of single parameters that vary.
    pub single: Vec<Effect>,
    /// Of pairs.
    pub pairs: Vec<Interaction>,
}

/// The effects of `columns` (name, value of each point) on a figure of each point.
pub fn effects(columns: &[(String, Vec<String>)], figure: &[f64]) -> Effects {
    let logarithmic = !figure.is_empty() && figure.iter().all(|&v| v > 0.0);
    let turned: Vec<f64> = figure.iter().map(|v| if logarithmic { v.ln() } else { *v }).collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let all = mean(&turned);
    let variance = mean(&turned.iter().map(|v| (v - all).powi(2)).collect::<Vec<f64>>());
    let explained = |keys: &[String]| -> (f64, BTreeMap<String, (f64, usize)>) {
        let mut groups: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for (key, &value) in keys.iter().zip(&turned) {
            groups.entry(key.clone()).or_default().push(value);
        }
        let of_groups = groups.values().map(|group| group.len() as f64 * (mean(group) - all).powi(2)).sum::<f64>();
        let share = if variance > 0.0 { of_groups / turned.len() as f64 / variance } else { 0.0 };
        (share, groups.into_iter().map(|(key, group)| (key, (mean(&group), group.len()))).collect())
    };
    let varying: Vec<&(String, Vec<String>)> =
        columns.iter().filter(|(_, values)| values.iter().any(|v| *v != values[0])).collect();
    let mut single: Vec<Effect> = Vec::new();
    for (name, values) in &varying {
        let (share, groups) = explained(values);
        let mut means: Vec<(String, f64, usize)> = groups
            .into_iter()
            .map(|(value, (mean, n))| (value, if logarithmic { mean.exp() } else { mean }, n))
            .collect();
        let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
        means.sort_by(|a, b| number(&a.0).total_cmp(&number(&b.0)).then(a.0.cmp(&b.0)));
        single.push(Effect { parameter: name.clone(), share, means });
    }
    let mut pairs = Vec::new();
    for (i, (a, first)) in varying.iter().enumerate() {
        for (j, (b, second)) in varying.iter().enumerate().skip(i + 1) {
            let both: Vec<String> = first.iter().zip(second).map(|(a, b)| format!("{a}\u{1f}{b}")).collect();
            let share = (explained(&both).0 - single[i].share - single[j].share).max(0.0);
            pairs.push(Interaction { parameters: [a.clone(), b.clone()], share });
        }
    }
    single.sort_by(|a, b| b.share.total_cmp(&a.share));
    pairs.sort_by(|a, b| b.share.total_cmp(&a.share));
    Effects { single, pairs }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_grid_by_hand() {
        // y = 3a + b on {0,1}², shifted below 0: Var = 9/4 + 1/4.
        let column = |values: [u32; 4]| values.map(|v| v.to_string()).to_vec();
        let columns =
            [("a".into(), column([0, 0, 1, 1])), ("b".into(), column([0, 1, 0, 1])), ("c".into(), column([5; 4]))];
        let effects = effects(&columns, &[-9.0, -8.0, -6.0, -5.0]);
        assert_eq!(effects.single.len(), 2, "what does not vary has no effect");
        assert!((effects.single[0].share - 0.9).abs() < 1e-12 && (effects.single[1].share - 0.1).abs() < 1e-12);
        assert_eq!(effects.single[0].means, [("0".into(), -8.5, 2), ("1".into(), -5.5, 2)]);
        assert!(effects.pairs[0].share.abs() < 1e-12);
    }

    #[test]
    fn an_interaction_is_what_two_do_together() {
        // y = 1 where a ≠ b, −1 elsewhere: neither alone explains anything.
        let column = |values: [u32; 4]| values.map(|v| v.to_string()).to_vec();
        let columns = [("a".into(), column([0, 0, 1, 1])), ("b".into(), column([0, 1, 0, 1]))];
        let effects = effects(&columns, &[-1.0, 1.0, 1.0, -1.0]);
        assert!(effects.single.iter().all(|effect| effect.share.abs() < 1e-12));
        assert!((effects.pairs[0].share - 1.0).abs() < 1e-12);
    }
}
