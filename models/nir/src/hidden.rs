//! Integrators in front of neurons: LI and I pass on potentials, which chips do not send.
//!
//! An integrator is a linear filter, y ← (1 − α)·y + α·(R·x + `v_leak`), and so is what comes behind it until the next neuron. Where
//! all its neurons have one α, the two can change places: the next neuron sums `W·α·R·x` in a synaptic current of its own that
//! decays by α, as CubaLIF does, and nothing but spikes has to be sent.
//!
//! ```text
//! x ─A→ LI ─W→ LIF        before
//! x ─W·A→ LIF, current decays as the LI's potential        after
//! ```

use super::{
    model::{Neuron, Problem, same_constant},
    network::{Kind, Unit},
    neuron::{Discrete, discretize},
    settings::Settings,
    signal::Signal,
};
use std::collections::BTreeMap;

/// The current that stands in a neuron for an integrator in front of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Filter {
    /// Decay in 4096ths.
    pub(super) decay: f64,
    /// Added in every step.
    pub(super) bias: Vec<f64>,
    /// Value before the first step.
    pub(super) start: Vec<f64>,
}

fn integrator(unit: &Unit) -> Option<&Neuron> {
    match &unit.kind {
        Kind::Neuron(neuron) if neuron.threshold.is_none() => Some(neuron),
        _ => None,
    }
}

/// Moves integrators that pass on their potential into the neurons behind them.
pub(super) fn absorb(units: &mut Vec<Unit>, settings: &Settings, remarks: &mut Vec<String>) -> Result<(), Problem> {
    let mut moved: BTreeMap<usize, usize> = BTreeMap::new();
    for post in 0..units.len() {
        let Some(signal) = units[post].input.clone() else { continue };
        let from_integrator: Vec<bool> = signal.terms.iter().map(|t| integrator(&units[t.source]).is_some()).collect();
        let Some(first) = from_integrator.iter().position(|&is| is) else { continue };
        let name = units[signal.terms[first].source].name.clone();
        let problem = |message: String| Problem::new(&name, message);
        let takes = match &units[post].kind {
            Kind::Neuron(neuron) => neuron.synapse.is_none(),
            Kind::Threshold(_) => true,
            Kind::Input | Kind::Linear | Kind::Sum => false,
        };
        let place = units[post].name.clone();
        if !takes {
            return Err(problem(format!(
                "passes on its potential to `{place}`, which has no current of its own to take it; chips send spikes, so that it can \
                 stand only in front of I, IF, LI, LIF or Threshold, or be the last node before the Output"
            )));
        }
        if !from_integrator.iter().all(|&is| is) {
            return Err(problem(format!(
                "passes on its potential to `{place}` beside spikes that `{place}` gets directly; chips send spikes, so that all its \
                 input would have to come through one integrator"
            )));
        }
        let mut filter: Option<Filter> = None;
        let mut terms = signal.terms.clone();
        for term in &mut terms {
            let step = steps(&units[term.source], settings).map_err(problem)?;
            if term.delay > 0 {
                return Err(problem(format!(
                    "passes on its potential through a Delay to `{place}`, which cannot be mapped"
                )));
            }
            let drive: Vec<f64> = term.map.apply(&step.bias);
            let kept: Vec<f64> = (0..step.start.len()).map(|i| step.kept(i) * step.start[i]).collect();
            let start = term.map.apply(&kept);
            let decay = step.decay[0];
            let one = step.decay.iter().all(|&d| same_constant(d, decay));
            match &mut filter {
                _ if !one => return Err(problem(several(&place))),
                Some(filter) if !same_constant(filter.decay, decay) => return Err(problem(several(&place))),
                Some(filter) => {
                    filter.bias.iter_mut().zip(drive).for_each(|(a, b)| *a += b);
                    filter.start.iter_mut().zip(start).for_each(|(a, b)| *a += b);
                }
                None => filter = Some(Filter { decay, bias: drive, start }),
            }
            let source = term.source;
            term.source = *moved.entry(source).or_insert_with(|| {
                let unit = &units[source];
                let input = unit.input.clone().map(|input| Signal { constants: BTreeMap::new(), ..input });
                let kind = Kind::Linear;
                units.push(Unit { name: format!("into-{place}"), kind, input, gain: Some(step.gain), ..unit.clone() });
                units.len() - 1
            });
        }
        remarks.push(format!(
            "node `{name}` passes on its potential: it becomes the synaptic current of `{place}`, which is the same in real numbers"
        ));
        units[post].input = Some(Signal { terms, ..signal });
        units[post].filter = filter;
    }
    match units.iter().find(|unit| unit.filter.is_some() && integrator(unit).is_some() && is_source(units, &unit.name))
    {
        None => Ok(()),
        Some(unit) => Err(Problem::new(
            &unit.name,
            "passes on its potential behind another integrator; only one in front of a neuron can be mapped",
        )),
    }
}

fn is_source(units: &[Unit], name: &str) -> bool {
    units
        .iter()
        .flat_map(|unit| &unit.input)
        .flat_map(|signal| &signal.terms)
        .any(|term| units[term.source].name == name)
}

fn several(place: &str) -> String {
    format!(
        "passes on its potential to `{place}` with several time constants; `{place}` can have one current, so give them one tau"
    )
}

/// The step of an integrator.
fn steps(unit: &Unit, settings: &Settings) -> Result<Discrete, String> {
    let neuron = integrator(unit).expect("asked for integrators only");
    if neuron.synapse.is_some() {
        return Err("passes on the potential of a CubaLI; only LI and I can stand in front of a neuron".into());
    }
    let none = BTreeMap::new();
    let constants = unit.input.as_ref().map_or(&none, |signal| &signal.constants);
    if constants.keys().any(|&start| start > 0) {
        return Err("gets a constant through a Delay and passes on its potential, which cannot be mapped".into());
    }
    discretize(neuron, &unit.nir_shape, constants, settings.rule(&unit.name), settings)
}
