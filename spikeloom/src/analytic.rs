//! From a compiled network and its measured spikes to the network that an analytical energy model evaluates.
//!
//! A model sees geometry, neuron and spikes per inference: θ_in of a layer are the events that reached it within the sample,
//! θ_out the spikes that it fired, T the timesteps in which its neurons update (their window), which in two-phase networks
//! is shorter than the sample. Of a directly coded input each non-zero element counts once, as in Lemaire et al. 2022.
//!
//! An element that reaches no neuron (a stride beyond the kernel, rows cut off at the far edge) has no route: its spikes are
//! fired and reset, but neither written nor read. θ_in leaves them out; [`Measured::unrouted`] says how many there are.
//!
//! Expressible are chains: one projection onto each population, no pooling, no dilation.

use crate::error::Error;
use energy::analytic::{Conv, DirectEncoding, Discrepancy, Layer, Mode, Network, Neuron, Shape};
use ir::{Connectivity, Graph, InputCoding, NeuronModel, Population, PopulationId, Projection, Quantized};
use isa::{Action, LayerId, Ledger, Timestep};
use simulator::Probe;

/// The network in the JSON text of a file called `name`: itself, or the `network` of a case.
///
/// # Errors
/// What the text is not, and the form of a network.
pub fn parse(name: &str, text: &str) -> Result<Network, Error> {
    let form = "a network is {\"mode\": \"snn\", \"T\": 4, \"layers\": [...]}, see docs/energy.md";
    let fail = |what: String| Error::input(format!("{name}: {what}"));
    let mut value: serde_json::Value =
        serde_json::from_str(text).map_err(|e| fail(format!("is not JSON; {form}: {e}")))?;
    if value.get("cases").is_some() {
        return Err(fail("holds several cases; put the one you mean into a file of its own".into()));
    }
    if let Some(network) = value.get_mut("network") {
        value = network.take();
    }
    if value.get("layers").is_none() {
        return Err(fail(format!("has no `layers`; {form}")));
    }
    let mut network: Network =
        serde_json::from_value(value).map_err(|e| fail(format!("is not a network; {form}: {e}")))?;
    if network.layers.is_empty() {
        return Err(fail("`layers` is empty; give at least one layer".into()));
    }
    for (i, layer) in network.layers.iter_mut().enumerate().filter(|(_, layer)| layer.name.is_empty()) {
        layer.name = format!("layer{}", i + 1);
    }
    network.possible().map_err(|error| fail(error.to_string()))?;
    Ok(network)
}

/// Why a network is outside the analytical models; names the population.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotExpressible(String);

impl std::fmt::Display for NotExpressible {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotExpressible {}

/// Spikes counted while samples run: a probe.
#[derive(Clone, Debug)]
pub struct Activity {
    timesteps: u32,
    /// By source population: the populations it reaches, with the delay.
    targets: Vec<Vec<(usize, u32)>>,
    /// By target population: events by element of the source's map.
    delivered: Vec<Vec<u64>>,
    /// Spikes fired, by population and neuron.
    fired: Vec<Vec<u64>>,
    /// Neurons that fired at least once in a sample, summed over samples, by population.
    active: Vec<u64>,
    seen: Vec<Vec<bool>>,
    samples: u64,
}

impl Activity {
    /// Nothing seen yet. Each [`Self::begin`] starts a sample.
    pub fn new(graph: &Graph<Quantized>) -> Self {
        let n = graph.n_populations();
        let mut targets = vec![Vec::new(); n];
        let mut delivered = vec![Vec::new(); n];
        for (id, projection) in graph.projections() {
            let (pre, post) = graph.ends(id);
            targets[pre.0 as usize].push((post.0 as usize, projection.delay));
            delivered[post.0 as usize] = vec![0; graph.population(pre).shape.neurons()];
        }
        let neurons = || graph.populations().map(|(_, p)| p.shape.neurons());
        Self {
            timesteps: graph.timesteps,
            targets,
            delivered,
            fired: neurons().map(|n| vec![0; n]).collect(),
            active: vec![0; n],
            seen: neurons().map(|n| vec![false; n]).collect(),
            samples: 0,
        }
    }

    /// Starts a sample.
    pub fn begin(&mut self) {
        self.samples += 1;
        self.seen.iter_mut().for_each(|layer| layer.fill(false));
    }

    /// Adds what `other` saw of the same network.
    pub fn merge(&mut self, other: &Self) {
        let pairs = self.delivered.iter_mut().flatten().zip(other.delivered.iter().flatten());
        pairs
            .chain(self.fired.iter_mut().flatten().zip(other.fired.iter().flatten()))
            .chain(self.active.iter_mut().zip(&other.active))
            .for_each(|(sum, n)| *sum += n);
        self.samples += other.samples;
    }

    /// Samples seen.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// Fraction of a population's neurons that fire at least once in a sample.
    pub fn density(&self, population: PopulationId) -> f64 {
        let at = population.0 as usize;
        self.active[at] as f64 / (self.seen[at].len() as u64 * self.samples.max(1)) as f64
    }
}

impl Probe for Activity {
    const SPIKES: bool = true;

    fn spikes(&mut self, t: Timestep, layer: LayerId, neurons: &[u32]) {
        let at = layer.0 as usize;
        for &neuron in neurons {
            self.fired[at][neuron as usize] += 1;
            self.active[at] += u64::from(!std::mem::replace(&mut self.seen[at][neuron as usize], true));
        }
        for &(post, delay) in &self.targets[at] {
            if t.0 + delay < self.timesteps {
                for &neuron in neurons {
                    self.delivered[post][neuron as usize] += 1;
                }
            }
        }
    }
}

/// A population as the analytical models see it.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Its name in runs.
    pub id: LayerId,
    /// Geometry and mean activity of a sample.
    pub layer: Layer,
    /// Timesteps in which its neurons update; `None` if they only integrate.
    pub updates: Option<u32>,
    /// How its real-valued input is presented, if it has one.
    pub direct: Option<DirectEncoding>,
    /// Spikes of all samples that reach no neuron, and so are fired but not written.
    pub unrouted: u64,
}

/// Every population behind the input, in order.
///
/// # Errors
/// If a population cannot be expressed, or no sample was seen.
pub fn layers(graph: &Graph<Quantized>, activity: &Activity) -> Result<Vec<Measured>, NotExpressible> {
    if activity.samples == 0 {
        return Err(NotExpressible("no sample was run; run at least one".into()));
    }
    let behind_input = graph.populations().filter(|(_, p)| !matches!(p.neuron, NeuronModel::Input { .. }));
    behind_input.map(|(id, population)| measured(graph, activity, id, population)).collect()
}

/// The network of all layers, which must share T, with the presentation of its input and the layers' names in runs.
///
/// # Errors
/// As [`layers`], or if the layers' windows differ in length.
pub fn network(
    graph: &Graph<Quantized>,
    activity: &Activity,
) -> Result<(Network, DirectEncoding, Vec<LayerId>), NotExpressible> {
    let layers = layers(graph, activity)?;
    let mut steps: Vec<u32> = layers.iter().filter_map(|l| l.updates).collect();
    steps.dedup();
    if steps.len() > 1 {
        return Err(NotExpressible(format!(
            "the layers update in {steps:?} timesteps, the analytical models know one T for all; evaluate them one by one"
        )));
    }
    let direct = layers.iter().find_map(|l| l.direct).unwrap_or_default();
    let timesteps = steps.first().copied().unwrap_or(graph.timesteps);
    let ids = layers.iter().map(|l| l.id).collect();
    let layers = layers.into_iter().map(|l| l.layer).collect();
    Ok((Network { mode: Mode::Snn, timesteps, layers }, direct, ids))
}

/// Every count of one sample that differs from the `exact` reading's formula; empty if simulation and model agree.
///
/// # Errors
/// As [`layers`], or if `activity` holds other than one sample.
pub fn disagreements(
    graph: &Graph<Quantized>,
    activity: &Activity,
    ledger: &Ledger,
) -> Result<Vec<Discrepancy>, NotExpressible> {
    if activity.samples != 1 {
        return Err(NotExpressible(format!("{} samples were run; counts are compared one by one", activity.samples)));
    }
    let mut all = Vec::new();
    for Measured { id, layer, updates, direct, unrouted } in layers(graph, activity)? {
        // A population whose window is empty never updates; the model has no network of zero steps.
        let timesteps = updates.unwrap_or(graph.timesteps);
        if timesteps == 0 {
            continue;
        }
        let network = Network { mode: Mode::Snn, timesteps, layers: vec![layer] };
        let mut found = energy::analytic::discrepancies(&network, direct.unwrap_or_default(), ledger, &[id])
            .map_err(|error| NotExpressible(error.to_string()))?;
        if unrouted > 0 {
            let fired = network.layers[0].theta_out.unwrap_or(0.0);
            let (formula, counted) = (fired - unrouted as f64, ledger.layer(id)[Action::SpikeEmit]);
            found.retain(|d| d.terms != ["write output"]);
            if (formula - counted as f64).abs() >= 0.5 {
                found.push(Discrepancy { layer: id, terms: vec!["write output"], formula, counted });
            }
        }
        all.extend(found);
    }
    Ok(all)
}

fn measured(
    graph: &Graph<Quantized>,
    activity: &Activity,
    id: PopulationId,
    population: &Population<Quantized>,
) -> Result<Measured, NotExpressible> {
    let fail = |what: &str| Err(NotExpressible(format!("layer `{}` {what}", population.name)));
    let [incoming] = graph.incoming(id)[..] else {
        return fail("has other than one projection onto it; the analytical models know chains only");
    };
    let projection = graph.projection(incoming);
    let source = graph.population(graph.ends(incoming).0);
    if projection.pool.is_some() {
        return fail("pools its input; the analytical models know layers without pooling only");
    }
    let Some(shape) = shape(projection, source, population) else {
        return fail("is a dilated convolution; the analytical models know dilation 1 only");
    };
    let neurons_of_channel = match shape {
        Shape::Fc { .. } => population.shape.map() as u32,
        Shape::Conv(_) => 1,
    };
    let (neuron, updates, biased) = match &population.neuron {
        NeuronModel::Spiking(s) => {
            let biased = (0..population.shape.channels).filter(|&c| s.bias.at(c as usize) != 0).count() as u32;
            let neuron = if s.leak.is_active() { Neuron::Lif } else { Neuron::If };
            (Some(neuron), Some(s.window.len()), biased * neurons_of_channel)
        }
        NeuronModel::Dynamic(list) => {
            return fail(&format!("has {} neurons; the analytical models know IF and LIF only", list.model));
        }
        NeuronModel::Accumulator { .. } | NeuronModel::Input { .. } | NeuronModel::Linear => (None, None, 0),
    };
    if let NeuronModel::Input { coding: InputCoding::Events { least, most, .. }, .. } = source.neuron
        && (least, most) != (0, 1)
    {
        return fail(
            "gets events of other values than 1; the analytical models know spikes, and values that are repeated",
        );
    }
    let repeats = match source.neuron {
        NeuronModel::Input { coding: InputCoding::DirectOnce, .. } => Some(1),
        NeuronModel::Input { coding: InputCoding::DirectEveryStep { steps }, .. } => Some(steps),
        _ => None,
    };
    let repeats = repeats.map(|n: u32| n.min(graph.timesteps.saturating_sub(projection.delay)));
    let direct = match repeats {
        None => None,
        Some(0 | 1) => Some(DirectEncoding::Once),
        Some(n) if updates.is_none_or(|t| t == n) => Some(DirectEncoding::Recompute),
        Some(n) => return fail(&format!("gets its input {n} times but updates {} times", updates.unwrap_or(0))),
    };
    let per = (u64::from(repeats.unwrap_or(1).max(1)) * activity.samples) as f64;
    let reached = reached(&shape);
    let delivered = activity.delivered[id.0 as usize].iter().zip(&reached);
    let delivered: Vec<u64> = delivered.map(|(&n, &reached)| if reached { n } else { 0 }).collect();
    let fired = &activity.fired[id.0 as usize];
    let layer = Layer {
        name: population.name.clone(),
        shape,
        bias: biased > 0,
        biased_channels: (biased > 0).then_some(biased),
        neuron,
        analog: direct.is_some(),
        theta_in: Some(delivered.iter().sum::<u64>() as f64 / per),
        theta_out: Some(fired.iter().sum::<u64>() as f64 / activity.samples as f64),
        input_spikes: Some(delivered.iter().map(|&n| n as f64 / per).collect()),
        even: false,
    };
    // An accumulator has no window of its own; repeated input sets the number of passes over it.
    let updates = updates.or(repeats.filter(|&n| n > 1));
    let unrouted = match graph.outgoing(id)[..] {
        [outgoing] => {
            let (projection, target) = (graph.projection(outgoing), graph.population(graph.ends(outgoing).1));
            let reached = self::shape(projection, population, target).map(|shape| self::reached(&shape));
            fired.iter().zip(reached.into_iter().flatten()).filter(|(_, reached)| !reached).map(|(n, _)| n).sum()
        }
        _ => 0,
    };
    Ok(Measured { id: LayerId(id.0 as u16), layer, updates, direct, unrouted })
}

/// Which elements of the input map reach at least one neuron.
fn reached(shape: &Shape) -> Vec<bool> {
    match shape {
        Shape::Fc { .. } => vec![true; shape.n_in() as usize],
        Shape::Conv(conv) => {
            let [rows, columns] = conv.reach();
            let map: Vec<bool> = rows.iter().flat_map(|y| columns.iter().map(move |x| y * x > 0)).collect();
            map.repeat(conv.c_in as usize)
        }
    }
}

/// The geometry, unless dilated or sparse.
fn shape(
    projection: &Projection<Quantized>,
    source: &Population<Quantized>,
    target: &Population<Quantized>,
) -> Option<Shape> {
    let conv = match projection.connectivity {
        Connectivity::Dense => {
            return Some(Shape::Fc { n_in: source.shape.neurons() as u32, n_out: target.shape.neurons() as u32 });
        }
        // Neuron to neuron is a depthwise convolution of one tap.
        Connectivity::OneToOne => ir::Conv2d { groups: source.shape.channels, ..ir::Conv2d::square(1, 1, 0) },
        Connectivity::Conv2d(conv) => conv,
        Connectivity::Sparse(_) => return None,
    };
    (conv.dilation == (1, 1)).then_some(Shape::Conv(Conv {
        c_in: source.shape.channels,
        h_in: source.shape.height,
        w_in: source.shape.width,
        c_out: target.shape.channels,
        kernel: conv.kernel.into(),
        stride: conv.stride.into(),
        padding: conv.padding.into(),
        groups: conv.groups,
    }))
}
