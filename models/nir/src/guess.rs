//! The length of a timestep that a file's constants suggest.
//!
//! | constants | written by | dt |
//! |---|---|---|
//! | LIF, LI with r ≠ 1 | snnTorch, SpikingJelly: r = τ/dt, a spike adds its weight | τ/r |
//! | CubaLIF, CubaLI with `w_in` ≠ 1 | snnTorch: `w_in` = `τ_syn`/dt | `τ_syn`/`w_in` |
//! | IF, I | SpikingJelly: r = 1/dt; sinabs: r = 1 | 1/r |
//! | LIF, LI with r = 1, τ ≤ 1e-4 | Norse with its default dt: τ = 1e-3/`tau_inv` | 1e-6 |
//!
//! The last one is not taken where another framework is known to have written the file. A file suggests a timestep if all nodes that
//! suggest one agree.

use super::{
    inline::Flat,
    model::{Neuron, Node, Tensor},
    profile::Profile,
};

/// Times that differ by less than this factor are the same.
const SAME: f64 = 1.02;
/// A timestep this factor away from the suggested one is far from it.
const FAR: f64 = 1.5;
/// Norse's default dt is 1e-3 and its files hold dt/`tau_inv`, so that a step of theirs is dt² in the file's unit.
const NORSE: f64 = 1e-6;

/// A timestep that a file suggests.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Guess {
    pub(super) dt: f64,
    /// A node that suggests it.
    pub(super) node: String,
    /// Why.
    pub(super) why: &'static str,
}

impl Guess {
    /// What to give, and why.
    pub(super) fn advice(&self) -> String {
        format!("--dt {} is what the constants of node `{}` suggest ({})", shown(self.dt), self.node, self.why)
    }

    /// A warning, if `dt` is far from the suggested one.
    pub(super) fn warning(&self, dt: f64) -> Option<String> {
        let ratio = dt / self.dt;
        (!(1.0 / FAR..=FAR).contains(&ratio)).then(|| {
            format!("warning: the timestep is {}, but {}; time constants would be wrong", shown(dt), self.advice())
        })
    }
}

/// A time with the digits that a constant in single precision has.
fn shown(dt: f64) -> String {
    let rounded: f64 = format!("{dt:.4e}").parse().unwrap_or(dt);
    format!("{rounded:e}")
}

/// The timestep that a file suggests.
pub(super) fn guess(flat: &Flat, profile: Option<&Profile>) -> Option<Guess> {
    let is_norse = profile.is_none_or(|profile| profile.name == "norse");
    let mut found: Option<Guess> = None;
    for (name, node) in &flat.nodes {
        let Node::Neuron(neuron) = node else { continue };
        let Some((dt, why)) = of(neuron, is_norse) else { continue };
        match &found {
            None => found = Some(Guess { dt, node: name.clone(), why }),
            Some(known) if is_same(known.dt, dt) => {}
            Some(_) => return None,
        }
    }
    found
}

fn is_same(a: f64, b: f64) -> bool {
    (1.0 / SAME..=SAME).contains(&(a / b))
}

/// The timestep that one node suggests.
fn of(neuron: &Neuron, is_norse: bool) -> Option<(f64, &'static str)> {
    if let Some(synapse) = &neuron.synapse {
        let dt = ratio(&synapse.tau, &synapse.w_in)?;
        return (!are_one(&synapse.w_in)).then_some((dt, "tau_syn/w_in"));
    }
    let Some(tau) = &neuron.tau else {
        return Some((ratio(&Tensor::scalar(1.0), &neuron.r)?, "1/r"));
    };
    if are_one(&neuron.r) {
        return (is_norse && tau.values.iter().all(|&tau| tau <= 1e-4))
            .then_some((NORSE, "r is 1 and tau is dt/tau_inv, as Norse writes"));
    }
    Some((ratio(tau, &neuron.r)?, "tau/r"))
}

fn are_one(tensor: &Tensor) -> bool {
    tensor.values.iter().all(|&v| is_same(v, 1.0))
}

/// `a/b`, if it is the same everywhere; infinite constants say nothing.
fn ratio(a: &Tensor, b: &Tensor) -> Option<f64> {
    let n = a.values.len().max(b.values.len());
    if !(a.is_uniform() || b.is_uniform() || a.values.len() == b.values.len()) {
        return None;
    }
    let mut ratios = (0..n).filter(|&i| a.at(i).is_finite() && b.at(i).is_finite()).map(|i| a.at(i) / b.at(i));
    let first = ratios.next()?;
    (first.is_finite() && first > 0.0 && ratios.all(|other| is_same(first, other))).then_some(first)
}
