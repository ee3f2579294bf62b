//! Is the spiking network cheaper, under which assumptions, and up to which spike rate?
//!
//! A spiking network is set against formal networks of the same geometry ([`Dense`]: width, arithmetic, data reuse,
//! zero-skipping) on the same memory model, under several readings at once. Every contest carries its break-even spike
//! rate, and a verdict that depends on the reading is flagged.

mod dense;

use serde::Serialize;

use crate::analytic::{EvaluateError, Mode, Network, Options, evaluate};

pub use dense::Dense;

/// A spiking network against formal ones, under several readings.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// One per reading, in the order given.
    pub scenarios: Vec<Scenario>,
    /// One per formal network, in the order given.
    pub verdicts: Vec<Verdict>,
}

/// The contests under one reading.
#[derive(Clone, Debug, Serialize)]
pub struct Scenario {
    /// The reading.
    pub options: Options,
    /// Energy of the spiking network \[pJ\].
    pub snn_pj: f64,
    /// One per formal network.
    pub contests: Vec<Contest>,
}

/// One formal network against the spiking one.
#[derive(Clone, Debug, Serialize)]
pub struct Contest {
    /// The formal network's name.
    pub dense: String,
    /// Its energy \[pJ\].
    pub dense_pj: f64,
    /// Formal over spiking energy: above 1 the spiking network is cheaper.
    pub advantage: f64,
    /// Whether the spiking network is cheaper.
    pub snn_wins: bool,
    /// The common spike rate at which the two cost the same.
    pub break_even: BreakEven,
}

/// The common rate at which the spiking network costs as much as the formal one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakEven {
    /// Below this rate the spiking network is cheaper.
    At {
        /// Spikes per neuron and step.
        rate: f64,
        /// Spikes per neuron (hence per synapse) and inference: rate · T.
        spikes_per_inference: f64,
    },
    /// The spiking network is cheaper even if every neuron fires at every step.
    SnnAlways,
    /// The formal network is cheaper even if no neuron fires.
    DenseAlways,
}

/// What the readings say together about one formal network.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// The formal network's name.
    pub dense: String,
    /// Lowest and highest [`Contest::advantage`] over the readings.
    pub advantage: [f64; 2],
    /// Whether the winner depends on the reading.
    pub flips: bool,
}

/// Sets the spiking `network` against every `dense` network under every reading.
///
/// # Errors
/// As [`evaluate`], or if `network` is not spiking.
pub fn compare(network: &Network, readings: &[Options], dense: &[Dense]) -> Result<Comparison, EvaluateError> {
    if network.mode != Mode::Snn {
        return Err(EvaluateError::OutOfRange("a comparison starts from a spiking network; `mode` is `ann`".into()));
    }
    let scenario = |options: &Options| {
        let snn_pj = evaluate(network, options)?.total.total;
        let contests = dense.iter().map(|dense| contest(network, options, dense, snn_pj));
        Ok(Scenario { options: *options, snn_pj, contests: contests.collect::<Result<_, _>>()? })
    };
    let scenarios = readings.iter().map(scenario).collect::<Result<Vec<_>, EvaluateError>>()?;
    let verdicts = dense.iter().enumerate().map(|(i, dense)| verdict(i, dense, &scenarios)).collect();
    Ok(Comparison { scenarios, verdicts })
}

fn contest(network: &Network, options: &Options, dense: &Dense, snn_pj: f64) -> Result<Contest, EvaluateError> {
    let dense_pj = dense.energy(network, options).total;
    Ok(Contest {
        dense: dense.name.clone(),
        dense_pj,
        advantage: dense_pj / snn_pj,
        snn_wins: snn_pj < dense_pj,
        break_even: break_even(network, options, dense_pj)?,
    })
}

fn verdict(i: usize, dense: &Dense, scenarios: &[Scenario]) -> Verdict {
    let contests = || scenarios.iter().map(|scenario| &scenario.contests[i]);
    let wins = contests().filter(|contest| contest.snn_wins).count();
    let low = contests().map(|contest| contest.advantage).fold(f64::INFINITY, f64::min);
    let high = contests().map(|contest| contest.advantage).fold(0.0, f64::max);
    Verdict { dense: dense.name.clone(), advantage: [low, high], flips: wins != 0 && wins != scenarios.len() }
}

/// The common rate r at which the spiking `network` costs `target_pj`.
///
/// Every count formula is affine in θ, so E(r) = E(0) + r·(E(1) − E(0)). Real-valued inputs keep their density.
///
/// # Errors
/// As [`evaluate`].
pub fn break_even(network: &Network, options: &Options, target_pj: f64) -> Result<BreakEven, EvaluateError> {
    let silent = evaluate(&at_rate(network, 0.0), options)?.total.total;
    let saturated = evaluate(&at_rate(network, 1.0), options)?.total.total;
    let rate = (target_pj - silent) / (saturated - silent);
    Ok(if target_pj <= silent {
        BreakEven::DenseAlways
    } else if target_pj > saturated {
        BreakEven::SnnAlways
    } else {
        BreakEven::At { rate, spikes_per_inference: rate * f64::from(network.timesteps) }
    })
}

/// The network with every spiking input and every neuron firing at `rate` spikes per step, evenly over its map.
pub fn at_rate(network: &Network, rate: f64) -> Network {
    let mut network = network.clone();
    let spikes = rate * f64::from(network.timesteps);
    for layer in &mut network.layers {
        layer.theta_out = Some(spikes * layer.shape.n_out());
        let n_in = layer.shape.n_in();
        let per_input = if layer.analog { layer.theta_in.unwrap_or(n_in) / n_in } else { spikes };
        layer.theta_in = Some(per_input * n_in);
        if !(layer.analog && layer.input_spikes.is_some()) {
            (layer.input_spikes, layer.even) = (None, true);
        }
    }
    network
}
