//! Formula counts against counts measured on the ideal machine (`lemaire_ideal`): they must be equal, term by term.

use isa::{Action, LayerId, Ledger};
use serde::Serialize;

use super::evaluation::{EvaluateError, evaluate};
use super::network::Network;
use super::options::{DirectEncoding, Options, Reading};

/// Which actions of the ideal machine a term of the `exact` reading counts. Actions of one row are summed, and so are
/// terms with the same actions. Every addition of a bias has read it once; thresholds are constants of the model.
pub const CORRESPONDENCE: &[(&str, &[Action])] = &[
    ("read input", &[Action::QueuePop]),
    ("read weights", &[Action::WeightRead]),
    ("read bias", &[Action::BiasAdd]),
    ("read potential", &[Action::StateRead]),
    ("read current", &[Action::StateRead]),
    ("write potential", &[Action::StateWrite]),
    ("write output", &[Action::SpikeEmit]),
    ("MAC", &[Action::SynapticMac]),
    ("MAC (leak)", &[Action::LeakMac]),
    ("ACC", &[Action::SynapticAdd, Action::BiasAdd, Action::SpikeReset]),
    ("address MAC", &[Action::AddressMac]),
    ("address ACC", &[Action::AddressAdd]),
];

/// A count that differs from its formula.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Discrepancy {
    /// The layer.
    pub layer: LayerId,
    /// The terms, by name.
    pub terms: Vec<&'static str>,
    /// What their formulas give.
    pub formula: f64,
    /// What was counted.
    pub counted: u64,
}

/// Every count of a run on the ideal machine that differs from the `exact` reading's formula on the same spike maps;
/// empty if they agree. `layers[i]` is the run's name for the i-th layer of `network`.
///
/// # Errors
/// As [`evaluate`].
///
/// # Panics
/// If `layers` and the layers of `network` differ in number.
pub fn discrepancies(
    network: &Network,
    direct: DirectEncoding,
    ledger: &Ledger,
    layers: &[LayerId],
) -> Result<Vec<Discrepancy>, EvaluateError> {
    assert_eq!(network.layers.len(), layers.len(), "one run layer per layer of the network");
    let evaluation = evaluate(network, &Options { direct, ..Options::new(Reading::Exact) })?;
    let mut found = Vec::new();
    for (&layer, analytic) in layers.iter().zip(&evaluation.terms) {
        let counts = ledger.layer(layer);
        for (actions, names) in rows() {
            let terms = || analytic.terms.iter().filter(|term| names.contains(&term.name));
            let formula: f64 = terms().map(|term| term.count).sum();
            let counted: u64 = actions.iter().map(|&action| counts[action]).sum();
            if (formula - counted as f64).abs() >= 0.5 {
                found.push(Discrepancy { layer, terms: terms().map(|term| term.name).collect(), formula, counted });
            }
        }
    }
    Ok(found)
}

/// [`CORRESPONDENCE`] by actions.
fn rows() -> Vec<(&'static [Action], Vec<&'static str>)> {
    let mut rows: Vec<(&[Action], Vec<&str>)> = Vec::new();
    for (name, actions) in CORRESPONDENCE {
        match rows.iter_mut().find(|(known, _)| known == actions) {
            Some((_, names)) => names.push(name),
            None => rows.push((actions, vec![name])),
        }
    }
    rows
}
