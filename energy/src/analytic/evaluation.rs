//! Evaluates a network under a reading: per layer and per term, with totals.

use serde::Serialize;
use thiserror::Error;

use super::network::{Layer, Mode, Network, Shape};
use super::options::{Arithmetic, Options, Reading};
use super::reading::Case;
use super::term::{Group, Quantities, Unit};

/// The energy of one inference. Serializes to the `total_pJ` and `layers_pJ` objects of the reference cases, with every
/// term beneath.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Sums over the layers.
    #[serde(rename = "total_pJ")]
    pub total: Groups,
    /// One line per layer.
    #[serde(rename = "layers_pJ")]
    pub layers: Vec<Groups>,
    /// One list of terms per layer.
    pub terms: Vec<LayerTerms>,
}

/// Energies \[pJ\] by report line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Groups {
    /// Membrane potentials.
    pub mem_pot: f64,
    /// Weights.
    pub mem_weights: f64,
    /// Biases.
    pub mem_bias: f64,
    /// Inputs and outputs.
    pub mem_io: f64,
    /// Arithmetic on data.
    pub ops: f64,
    /// Arithmetic on addresses.
    pub addr: f64,
    /// All memory accesses.
    pub mem_total: f64,
    /// All arithmetic.
    pub opsaddr: f64,
    /// Everything.
    pub total: f64,
}

impl Groups {
    pub(crate) fn add(&mut self, group: Group, pj: f64) {
        *match group {
            Group::MemPot => &mut self.mem_pot,
            Group::MemWeights => &mut self.mem_weights,
            Group::MemBias => &mut self.mem_bias,
            Group::MemIo => &mut self.mem_io,
            Group::Ops => &mut self.ops,
            Group::Addr => &mut self.addr,
        } += pj;
        *match group {
            Group::Ops | Group::Addr => &mut self.opsaddr,
            Group::MemPot | Group::MemWeights | Group::MemBias | Group::MemIo => &mut self.mem_total,
        } += pj;
        self.total += pj;
    }
}

/// The terms of one layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerTerms {
    /// The layer's name.
    pub layer: String,
    /// The terms, in the order of the model's table.
    pub terms: Vec<TermValue>,
}

/// A term evaluated.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TermValue {
    /// What is counted.
    pub name: &'static str,
    /// The report line it belongs to.
    pub group: Group,
    /// What one count pays for.
    pub unit: Unit,
    /// How many per inference.
    pub count: f64,
    /// Energy of one \[pJ\].
    pub unit_pj: f64,
    /// count · unit energy \[pJ\].
    pub pj: f64,
    /// The count formula.
    pub formula: String,
    /// Its source.
    pub source: &'static str,
}

/// Why a network cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum EvaluateError {
    /// A spiking layer without activity.
    #[error("layer {index} `{layer}`: `{field}` is missing; give the spikes per inference, summed over T")]
    MissingActivity {
        /// Position in the network.
        index: usize,
        /// Name of the layer.
        layer: String,
        /// The absent field.
        field: &'static str,
    },
    /// The exact reading of a spiking convolution without spike map.
    #[error(
        "layer {index} `{layer}`: the `exact` reading needs `input_spikes`, the spike count of every input element; add \
         it or use the `paper` reading"
    )]
    MissingSpikeMap {
        /// Position in the network.
        index: usize,
        /// Name of the layer.
        layer: String,
    },
    /// A spike map that does not fit the layer.
    #[error("layer {index} `{layer}`: `input_spikes` {problem}")]
    SpikeMap {
        /// Position in the network.
        index: usize,
        /// Name of the layer.
        layer: String,
        /// What does not fit.
        problem: String,
    },
    /// A value that no network can have.
    #[error("{0}")]
    OutOfRange(String),
}

/// Energy of one inference of `network` under `options`: for every layer and term of the reading, count · unit energy.
///
/// # Errors
/// If a spiking layer has no activity, if the exact reading lacks a spike map, or if a value is out of range.
pub fn evaluate(network: &Network, options: &Options) -> Result<Evaluation, EvaluateError> {
    check(network, options)?;
    let mut evaluation = Evaluation { total: Groups::default(), layers: Vec::new(), terms: Vec::new() };
    for layer in &network.layers {
        let quantities = Quantities::of(network, layer, options);
        let mut groups = Groups::default();
        let mut terms = Vec::new();
        for term in options.reading.terms(Case::of(network.mode, layer)) {
            let count = (term.count.eval)(&quantities);
            let unit_pj = term.unit.pj(layer, options);
            let pj = count * unit_pj;
            groups.add(term.group, pj);
            evaluation.total.add(term.group, pj);
            terms.push(TermValue {
                name: term.name,
                group: term.group,
                unit: term.unit,
                count,
                unit_pj,
                pj,
                formula: term.count.text(),
                source: term.source,
            });
        }
        evaluation.layers.push(groups);
        evaluation.terms.push(LayerTerms { layer: layer.name.clone(), terms });
    }
    Ok(evaluation)
}

/// The largest price of one operation \[pJ\]: a joule.
const MOST_PJ: f64 = 1e12;

/// The most spikes of a layer: sums of their prices are then numbers.
const MOST_SPIKES: f64 = 1e24;

impl Network {
    /// Whether neurons that fire at most once in a timestep can have fired as often as the network says. The formulas hold for any
    /// counts, and published ones need not be possible.
    ///
    /// # Errors
    /// The first layer with more spikes.
    pub fn possible(&self) -> Result<(), EvaluateError> {
        if self.mode == Mode::Ann {
            return Ok(());
        }
        let steps = f64::from(self.timesteps);
        for (index, layer) in self.layers.iter().enumerate() {
            // What is not zero of a real-valued input counts once.
            let most_in = layer.shape.n_in() * if layer.analog { 1.0 } else { steps };
            let most_out = layer.shape.n_out() * steps;
            for (field, theta, most) in
                [("theta_in", layer.theta_in, most_in), ("theta_out", layer.theta_out, most_out)]
            {
                if let Some(theta) = theta.filter(|&theta| theta > most * (1.0 + 1e-9)) {
                    let name = &layer.name;
                    return Err(EvaluateError::OutOfRange(format!(
                        "layer {index} `{name}`: `{field}` is {theta}, more than one spike per neuron and timestep ({most})"
                    )));
                }
            }
        }
        Ok(())
    }
}

fn check(network: &Network, options: &Options) -> Result<(), EvaluateError> {
    if !(1..=64).contains(&options.bits) {
        return Err(EvaluateError::OutOfRange(format!("`bits` is {}; give 1 to 64", options.bits)));
    }
    if let Some(Arithmetic { add, mul }) = options.arithmetic
        && ![add, mul].iter().all(|pj| (0.0..=MOST_PJ).contains(pj))
    {
        return Err(EvaluateError::OutOfRange(format!("`arithmetic` is {add} and {mul} pJ; give 0 to {MOST_PJ:e}")));
    }
    if network.timesteps == 0 {
        return Err(EvaluateError::OutOfRange("`T` is 0; give at least one step".into()));
    }
    if network.mode == Mode::Ann {
        return Ok(());
    }
    network.layers.iter().enumerate().try_for_each(|(index, layer)| check_activity(index, layer, options.reading))
}

fn check_activity(index: usize, layer: &Layer, reading: Reading) -> Result<(), EvaluateError> {
    let name = || layer.name.clone();
    let missing = |field| EvaluateError::MissingActivity { index, layer: name(), field };
    let theta_in = layer.theta_in.ok_or(missing("theta_in"))?;
    let theta_out = match layer.neuron {
        Some(_) => layer.theta_out.ok_or(missing("theta_out"))?,
        None => 0.0,
    };
    if ![theta_in, theta_out].iter().all(|theta| (0.0..=MOST_SPIKES).contains(theta)) {
        let name = &layer.name;
        let text = format!("layer {index} `{name}`: spike counts must be ≥ 0 and at most {MOST_SPIKES:e}");
        return Err(EvaluateError::OutOfRange(text));
    }
    let problem = |problem: String| EvaluateError::SpikeMap { index, layer: name(), problem };
    match (&layer.input_spikes, &layer.shape) {
        (None, Shape::Conv(_)) if reading == Reading::Exact && !layer.even => {
            Err(EvaluateError::MissingSpikeMap { index, layer: name() })
        }
        (None, _) => Ok(()),
        (Some(map), shape) if map.len() != shape.n_in() as usize => {
            Err(problem(format!("has {} elements, the input map {}", map.len(), shape.n_in())))
        }
        (Some(map), _) if map.iter().any(|n| !n.is_finite() || *n < 0.0) => {
            Err(problem("holds a negative or undefined count".into()))
        }
        (Some(map), _) => {
            let sum: f64 = map.iter().sum();
            let agrees = (sum - theta_in).abs() <= 1e-9 * sum.max(theta_in);
            if agrees { Ok(()) } else { Err(problem(format!("sums to {sum}, `theta_in` is {theta_in}"))) }
        }
    }
}
