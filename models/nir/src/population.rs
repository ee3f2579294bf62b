//! The neuron model of a population.

use super::{
    dynamic::dynamic,
    linear::per_channel,
    map::Map,
    model::same_constant,
    network::{Kind, Unit},
    neuron::{Discrete, discretize},
    options::{Coding, Reset, Spikes},
    paced::paced,
    settings::{Rule, Settings},
};
use ir::{Connectivity, InputCoding, Leak, Neuron, NeuronModel, PerChannel, Shape, Spiking, Trained, Window};
use std::collections::BTreeMap;

/// A neuron model, the factor on the weights that reach it, and a remark.
pub(super) struct Made {
    pub(super) neuron: NeuronModel<Trained>,
    pub(super) gain: PerChannel<f64>,
    pub(super) remark: Option<String>,
}

/// When a population works.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// Its depth in the pipeline: the timestep of its first update.
    pub(super) depth: u32,
    /// Timesteps from one update to the next.
    pub(super) pace: u32,
    /// Timesteps of a sample.
    pub(super) timesteps: u32,
}

impl Times {
    /// The timesteps of its updates, and those between them.
    pub(super) fn window(self, steps: u32) -> Window {
        Window::new(self.depth, self.depth + self.pace * steps)
    }
}

/// The neuron model of a population; `drive` gives the largest magnitude of what can reach each neuron in a step.
pub(super) fn population(
    unit: &Unit,
    drive: &dyn Fn() -> Vec<f64>,
    times: Times,
    settings: &Settings,
) -> Result<Made, String> {
    let none = BTreeMap::new();
    let constants = unit.input.as_ref().map_or(&none, |signal| &signal.constants);
    let window = times.window(settings.steps);
    let plain = |neuron| Made { neuron, gain: PerChannel::uniform(1.0), remark: None };
    let mut made = match &unit.kind {
        Kind::Input => plain(input(times.pace, settings)),
        Kind::Linear => Made {
            gain: unit.gain.as_ref().map_or(PerChannel::uniform(1.0), |gain| compact(gain, unit.shape)),
            ..plain(NeuronModel::Linear)
        },
        Kind::Sum => plain(sum(&vec![0.0; unit.shape.neurons()], constants, unit.shape, (times, settings))),
        Kind::Threshold(threshold) => {
            let theta = threshold.expand(&unit.nir_shape).ok_or("threshold does not fit its input")?;
            if theta.iter().any(|&t| t <= 0.0) {
                return Err("threshold must be positive, or silence fires".into());
            }
            let mut step = memoryless(theta, constants);
            if let Some(filter) = &unit.filter {
                step = step.filtered(filter);
            }
            let rule = Rule { reset: Reset::Zero, compare: ir::Compare::Greater, ..settings.rule(&unit.name) };
            let rule = Rule { spikes: Spikes::One, floor: None, ..rule };
            plain(model(&step, rule, unit.shape, window, times))
        }
        Kind::Neuron(neuron) => {
            let rule = settings.rule(&unit.name);
            let mut step = discretize(neuron, &unit.nir_shape, constants, rule, settings)?;
            let remark = step.rounding(&unit.name);
            if let Some(filter) = &unit.filter {
                step = step.filtered(filter);
            }
            if compact(&step.gain, unit.shape).0.len() == unit.shape.neurons()
                && unit.shape.map() > 1
                && step.threshold.is_some()
                && step.gain.iter().all(|&g| g > 0.0)
                && unit.input.iter().flat_map(|s| &s.terms).any(|term| is_shared(&term.map))
            {
                step = step.normalized();
            }
            let gain = compact(&step.gain, unit.shape);
            let is_uniform = step.decay.iter().all(|&d| same_constant(d, step.decay[0]));
            let is_plain = step.late.is_empty() && step.current.is_none() && step.floor.is_none() && is_uniform;
            let neuron = match &step.threshold {
                None if is_plain && step.decay[0] == 0.0 => {
                    let bias = BTreeMap::from([(0, step.bias.clone())]);
                    sum(&step.start, &bias, unit.shape, (times, settings))
                }
                None if is_plain && times.pace == 1 => leaky_integrator(&step, &drive(), unit.shape, window)
                    .unwrap_or_else(|| model(&step, rule, unit.shape, window, times)),
                _ => model(&step, rule, unit.shape, window, times),
            };
            Made { neuron, gain, remark }
        }
    };
    let extra = settings.said.as_ref().and_then(|said| said.populations.get(&unit.name));
    if let Some(extra) = extra {
        let v_init = PerChannel(extra.v_init.clone());
        match &mut made.neuron {
            NeuronModel::Spiking(spiking) => {
                spiking.v_init = v_init;
                spiking.floor = extra.floor;
                spiking.window = extra.window.unwrap_or(spiking.window);
            }
            NeuronModel::Accumulator { v_init: own } => *own = v_init,
            _ => {}
        }
    }
    Ok(made)
}

/// Whether one weight acts on several neurons of a channel.
fn is_shared(map: &Map) -> bool {
    matches!(map.connectivity, Connectivity::Conv2d(_) | Connectivity::OneToOne)
}

/// One value instead of many equal ones, one per channel, or one per neuron.
pub(super) fn compact(values: &[f64], shape: Shape) -> PerChannel<f64> {
    if values.iter().all(|&v| same_constant(v, values[0])) {
        return PerChannel::uniform(values[0]);
    }
    PerChannel(per_channel(values, shape).unwrap_or_else(|| values.to_vec()))
}

fn input(pace: u32, settings: &Settings) -> NeuronModel<Trained> {
    if let Some(said) = &settings.said {
        return NeuronModel::Input { coding: said.coding.within(said.timesteps), scale: said.input_scale };
    }
    let steps = pace * settings.steps;
    let coding = match settings.coding {
        Coding::Every => InputCoding::DirectEveryStep { steps },
        Coding::Once => InputCoding::DirectOnce,
        Coding::Events => InputCoding::spikes(steps),
    };
    let value = settings.normalized.map_or(1.0 / 255.0, |n| n.unit as f32);
    let scale = if coding.is_events() { 1.0 } else { value };
    NeuronModel::Input { coding, scale }
}

/// A stateless comparison: a neuron that forgets everything in every step.
fn memoryless(threshold: Vec<f64>, constants: &BTreeMap<u32, Vec<f64>>) -> Discrete {
    let n = threshold.len();
    let zeros = vec![0.0; n];
    let mut late = constants.clone();
    Discrete {
        gain: vec![1.0; n],
        bias: late.remove(&0).unwrap_or_else(|| zeros.clone()),
        late,
        start: zeros.clone(),
        threshold: Some(threshold),
        reset: zeros.clone(),
        floor: None,
        decay: vec![4096.0; n],
        current: None,
        current_bias: zeros.clone(),
        current_start: zeros,
        late_current: false,
        alpha: vec![1.0; n],
    }
}

/// The sum of everything. Its constants go into its start, so that nothing needs an update; where samples differ in length they are
/// added step by step.
fn sum(
    start: &[f64],
    constants: &BTreeMap<u32, Vec<f64>>,
    shape: Shape,
    (times, settings): (Times, &Settings),
) -> NeuronModel<Trained> {
    let has_constants = constants.values().flatten().chain(start).any(|&v| v != 0.0);
    let is_prompt = constants.keys().all(|&first| first == 0);
    if settings.lengths_differ && has_constants && is_prompt {
        let bias = constants.get(&0).map_or(PerChannel::uniform(0.0), |bias| compact(bias, shape));
        let list = Neuron { bias, v_init: compact(start, shape), ..Neuron::li(times.window(settings.steps)) };
        return NeuronModel::Dynamic(Box::new(paced(list.dynamics(), times)));
    }
    accumulator(start, constants, shape, settings.steps)
}

/// The sum of everything, which starts with what its constants add up to in the whole sample.
fn accumulator(start: &[f64], constants: &BTreeMap<u32, Vec<f64>>, shape: Shape, steps: u32) -> NeuronModel<Trained> {
    let mut total = start.to_vec();
    for (&first, values) in constants {
        let times = f64::from(steps.saturating_sub(first));
        total.iter_mut().zip(values).for_each(|(sum, v)| *sum += times * v);
    }
    let v_init = compact(&total, shape);
    if v_init.0.len() > shape.channels as usize {
        return NeuronModel::Dynamic(Box::new(ir::Dynamics::accumulator(v_init)));
    }
    NeuronModel::Accumulator { v_init }
}

/// A leaky integrator as a spiking population with a threshold that it provably never reaches, where its constants are those of
/// whole channels: |u| ≤ |u₀| + drive·4096/δ.
fn leaky_integrator(step: &Discrete, drive: &[f64], shape: Shape, window: Window) -> Option<NeuronModel<Trained>> {
    let memory = 4096.0 / step.decay[0];
    let bound = (0..step.gain.len())
        .map(|i| (step.kept(i) * step.start[i]).abs() + (step.gain[i].abs() * drive[i] + step.bias[i].abs()) * memory)
        .fold(f64::MIN_POSITIVE, f64::max);
    let threshold = 2.0_f64.powf(bound.log2().floor() + 1.0);
    let step = Discrete { threshold: Some(vec![threshold; step.gain.len()]), ..step.clone() };
    let rule = Rule {
        reset: Reset::Zero,
        compare: ir::Compare::Greater,
        floor: None,
        start: super::options::Start::At(0.0),
        spikes: Spikes::One,
    };
    spiking(&step, rule, shape, window)
}

/// The IR's IF or LIF where it is one, else a list of operations.
fn model(step: &Discrete, rule: Rule, shape: Shape, window: Window, times: Times) -> NeuronModel<Trained> {
    let plain = if times.pace == 1 { spiking(step, rule, shape, window) } else { None };
    plain.unwrap_or_else(|| {
        let list = dynamic(step, rule, shape, (window, times));
        NeuronModel::Dynamic(Box::new(paced(list, times)))
    })
}

/// The step as the IR's IF or LIF: constants of whole channels, one leak, and a reset to zero or by subtraction.
fn spiking(step: &Discrete, rule: Rule, shape: Shape, window: Window) -> Option<NeuronModel<Trained>> {
    let whole = |values: &[f64]| {
        let compact = compact(values, shape);
        (compact.0.len() <= shape.channels as usize).then_some(compact)
    };
    let has_leak = step.decay.iter().any(|&d| d > 0.0);
    let reset = match rule.reset {
        Reset::Zero if step.reset.iter().all(|&v| v == 0.0) => ir::Reset::Zero,
        Reset::Subtract => ir::Reset::Subtract,
        Reset::SubtractAfterLeak if !has_leak => ir::Reset::Subtract,
        _ => return None,
    };
    let above = |theta: f64| -> f64 { theta };
    let threshold = whole(step.threshold.as_ref()?)?.map(above);
    let floor = match &step.floor {
        None => None,
        Some(floor) if floor.iter().all(|&f| same_constant(f, floor[0])) => Some(floor[0]),
        Some(_) => return None,
    };
    let is_simple = step.late.is_empty() && step.current.is_none() && rule.spikes == Spikes::One;
    if !is_simple || step.decay.iter().any(|&d| !same_constant(d, step.decay[0])) {
        return None;
    }
    let start: Vec<f64> = (0..step.start.len()).map(|i| plus_zero(step.kept(i) * step.start[i])).collect();
    Some(NeuronModel::Spiking(Spiking {
        threshold,
        v_init: whole(&start)?,
        bias: whole(&step.bias)?,
        leak: if has_leak { Leak::Decay(step.decay[0] as u16) } else { Leak::None },
        reset,
        compare: rule.compare,
        window,
        floor,
    }))
}

/// The value, with zero as +0.
pub(super) fn plus_zero(v: f64) -> f64 {
    if v == 0.0 { 0.0 } else { v }
}
