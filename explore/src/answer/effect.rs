//! What each parameter does to a figure: means by value, and the share of the figure's variance that a parameter alone explains, and that
//! two or three explain together beyond what fewer of them do (variance components, Sobol' 1993):
//!
//! ```text
//! R²(S)    = Σ n_g (mean_g − mean)² / Σ (y − mean)²       over the groups g of points that agree in all parameters of S
//! share(S) = R²(S) − Σ share(T)                            over all T ⊂ S
//! ```
//!
//! On a full grid the shares are exact and add up to 1 over all sets. Of other samples, groups explain something by chance alone, which is taken off
//! (`1 − (1 − R²)(n − 1)/(n − groups)`, Ezekiel 1930), and what is left are estimates.
//!
//! Figures of one sign that span more than a factor are compared by their logarithms, so that a parameter that doubles a figure counts the same
//! everywhere.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Most parameters of a set whose interaction is looked for.
const MOST_TOGETHER: usize = 3;

/// Sets that are looked at: beyond it only pairs are.
const MOST_SETS: usize = 1_000;

/// What one parameter does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effect {
    /// The parameter.
    pub parameter: String,
    /// Share of the variance that its value alone explains.
    pub share: f64,
    /// Its values.
    pub means: Vec<Mean>,
}

/// What a value of a parameter comes to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mean {
    /// The value.
    pub value: String,
    /// Mean of the figure there; the geometric one where logarithms are compared.
    pub mean: f64,
    /// Number of points.
    pub points: usize,
}

/// What several parameters do together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Interaction {
    /// The parameters.
    pub parameters: Vec<String>,
    /// Share of the variance that all explain beyond what fewer of them do.
    pub share: f64,
}

/// Effects on a figure, the largest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Effects {
    /// Of single parameters that vary.
    pub single: Vec<Effect>,
    /// Of two and three of them.
    pub together: Vec<Interaction>,
    /// Whether the points are a full grid, so that shares are exact.
    pub exact: bool,
}

/// A parameter that varies.
struct Column<'a> {
    name: &'a str,
    /// Its values, each once.
    values: Vec<&'a str>,
    /// Which of them each point has.
    at: Vec<usize>,
}

impl<'a> Column<'a> {
    fn of(name: &'a str, points: &'a [String]) -> Self {
        let values: Vec<&str> = points.iter().map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect();
        let at = points.iter().map(|value| values.binary_search(&value.as_str()).expect("it is one of them")).collect();
        Self { name, values, at }
    }
}

/// A group of points: how many, and the sum of what was measured.
type Group = (usize, f64);

/// What was measured, with its mean taken off.
struct Measured {
    deviations: Vec<f64>,
    squares: f64,
    exact: bool,
}

impl Measured {
    fn groups(&self, set: &[&Column]) -> HashMap<Vec<usize>, Group> {
        let mut groups: HashMap<Vec<usize>, Group> = HashMap::new();
        for (i, deviation) in self.deviations.iter().enumerate() {
            let group = groups.entry(set.iter().map(|column| column.at[i]).collect()).or_default();
            group.0 += 1;
            group.1 += deviation;
        }
        groups
    }

    /// R² of a set; `None` where there are too few points to tell it from chance.
    fn explained(&self, set: &[&Column]) -> Option<f64> {
        let groups = self.groups(set);
        let mut of_groups: Vec<f64> = groups.values().map(|(n, sum)| sum * sum / *n as f64).collect();
        // In one order, so that the same points give the same bits.
        of_groups.sort_by(f64::total_cmp);
        let share = if self.squares > 0.0 { of_groups.iter().sum::<f64>() / self.squares } else { 0.0 };
        let (n, groups) = (self.deviations.len(), groups.len());
        match (self.exact, n > groups) {
            (true, _) => Some(share),
            (false, true) => Some((1.0 - (1.0 - share) * (n - 1) as f64 / (n - groups) as f64).max(0.0)),
            (false, false) => None,
        }
    }
}

/// The effects of `columns` (name, value of each point) on a figure of each point.
pub fn effects(columns: &[(String, Vec<String>)], figure: &[f64]) -> Effects {
    let logarithmic = !figure.is_empty() && figure.iter().all(|&v| v > 0.0);
    let turned: Vec<f64> = figure.iter().map(|v| if logarithmic { v.ln() } else { *v }).collect();
    let mean = turned.iter().sum::<f64>() / turned.len().max(1) as f64;
    let deviations: Vec<f64> = turned.iter().map(|v| v - mean).collect();
    let squares = deviations.iter().map(|d| d * d).sum();
    let columns: Vec<Column> =
        columns.iter().map(|(name, points)| Column::of(name, points)).filter(|c| c.values.len() > 1).collect();
    let exact = is_grid(&columns, figure.len());
    let measured = Measured { deviations, squares, exact };

    let mut shares: BTreeMap<Vec<usize>, f64> = BTreeMap::new();
    for set in sets(columns.len()) {
        let chosen: Vec<&Column> = set.iter().map(|&i| &columns[i]).collect();
        let Some(explained) = measured.explained(&chosen) else { continue };
        let fewer = subsets(&set).filter_map(|subset| shares.get(&subset)).sum::<f64>();
        shares.insert(set, (explained - fewer).max(0.0));
    }
    let share = |set: &[usize]| shares.get(set).copied();
    let mut single: Vec<Effect> = Vec::new();
    for (i, column) in columns.iter().enumerate() {
        let mut means: Vec<Mean> = measured
            .groups(&[column])
            .into_iter()
            .map(|(at, (points, sum))| {
                let of_group = mean + sum / points as f64;
                let mean = if logarithmic { of_group.exp() } else { of_group };
                Mean { value: column.values[at[0]].to_owned(), mean, points }
            })
            .collect();
        means.sort_by(|a, b| super::by_value(&a.value, &b.value));
        single.push(Effect { parameter: column.name.to_owned(), share: share(&[i]).unwrap_or(0.0), means });
    }
    let named = |(set, share): (&Vec<usize>, &f64)| Interaction {
        parameters: set.iter().map(|&i| columns[i].name.to_owned()).collect(),
        share: *share,
    };
    let mut together: Vec<Interaction> = shares.iter().filter(|(set, _)| set.len() > 1).map(named).collect();
    single.sort_by(|a, b| b.share.total_cmp(&a.share));
    together.sort_by(|a, b| b.share.total_cmp(&a.share));
    Effects { single, together, exact }
}

/// Whether every combination of values is there once.
fn is_grid(columns: &[Column], points: usize) -> bool {
    let all = columns.iter().try_fold(1usize, |all, column| all.checked_mul(column.values.len()));
    let combinations: BTreeSet<Vec<usize>> = (0..points).map(|i| columns.iter().map(|c| c.at[i]).collect()).collect();
    all == Some(points) && combinations.len() == points
}

/// Sets of one to three of `n` parameters, the small ones first; of one and two where there would be very many.
fn sets(n: usize) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = (0..n).map(|i| vec![i]).collect();
    let mut last = all.clone();
    for size in 2..=MOST_TOGETHER.min(n) {
        last = last
            .iter()
            .flat_map(|set| {
                let from = set.last().map_or(0, |last| last + 1);
                (from..n).map(|i| [set.as_slice(), &[i]].concat())
            })
            .collect();
        if size > 2 && all.len() + last.len() > MOST_SETS {
            break;
        }
        all.extend(last.iter().cloned());
    }
    all
}

/// Subsets that are neither empty nor the whole.
fn subsets(set: &[usize]) -> impl Iterator<Item = Vec<usize>> {
    let whole = (1usize << set.len()) - 1;
    (1..whole).map(|mask| (0..set.len()).filter(|i| mask >> i & 1 == 1).map(|i| set[i]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, values: &[u32]) -> (String, Vec<String>) {
        (name.to_owned(), values.iter().map(u32::to_string).collect())
    }

    #[test]
    fn shares_of_a_grid_by_hand() {
        // y = 3a + b on {0,1}², shifted below 0: Var = 9/4 + 1/4.
        let columns = [column("a", &[0, 0, 1, 1]), column("b", &[0, 1, 0, 1]), column("c", &[5; 4])];
        let effects = effects(&columns, &[-9.0, -8.0, -6.0, -5.0]);
        assert_eq!(effects.single.len(), 2, "what does not vary has no effect");
        assert!(effects.exact && (effects.single[0].share - 0.9).abs() < 1e-12);
        assert!((effects.single[1].share - 0.1).abs() < 1e-12);
        let means: Vec<(&str, f64, usize)> =
            effects.single[0].means.iter().map(|m| (m.value.as_str(), m.mean, m.points)).collect();
        assert_eq!(means, [("0", -8.5, 2), ("1", -5.5, 2)]);
        assert!(effects.together[0].share.abs() < 1e-12);
    }

    #[test]
    fn an_interaction_is_what_two_do_together() {
        // y = 1 where a ≠ b, −1 elsewhere: neither alone explains anything.
        let columns = [column("a", &[0, 0, 1, 1]), column("b", &[0, 1, 0, 1])];
        let effects = effects(&columns, &[-1.0, 1.0, 1.0, -1.0]);
        assert!(effects.single.iter().all(|effect| effect.share.abs() < 1e-12));
        assert!((effects.together[0].share - 1.0).abs() < 1e-12);
    }

    #[test]
    fn three_do_what_no_two_do() {
        // y = abc on {−1,1}³: nothing but the interaction of all three.
        let bit = |k: u32| (0..8u32).map(|i| i >> k & 1).collect::<Vec<_>>();
        let columns = [column("a", &bit(0)), column("b", &bit(1)), column("c", &bit(2))];
        let figure: Vec<f64> = (0..8u32).map(|i| if i.count_ones() % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let effects = effects(&columns, &figure);
        assert_eq!(effects.together[0].parameters, ["a", "b", "c"]);
        assert!((effects.together[0].share - 1.0).abs() < 1e-12, "{:?}", effects.together);
        assert_eq!(effects.together.len(), 4);
    }

    #[test]
    fn chance_explains_nothing() {
        // 12 points whose figure has nothing to do with a parameter of six values: plain R² would be 5/11 on average.
        let columns = [column("a", &[0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5])];
        let figure = [1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 2.0, 1.0];
        let effects = effects(&columns, &figure);
        assert!(!effects.exact && effects.single[0].share == 0.0, "{effects:?}");
    }
}
