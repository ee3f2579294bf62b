//! From a NIR graph to a network that can be compiled.
//!
//! ```text
//! file ─read→ NirGraph ─inline→ Flat ─infer→ shapes ─resolve→ Network ─lower→ Graph<Trained>
//! ```
//!
//! Nothing is guessed in silence: what the file does not say is an [`Assumption`], what the lowering does beyond the file a
//! remark, what it cannot do a [`Problem`].

use super::{
    inline::{Flat, inline},
    model::{Node, Problem, Problems, same_constant},
    network::{Kind, Network, Unit, resolve},
    neuron::{Discrete, compact, discretize},
    options::{Assumption, Coding, METADATA, Options, Said, Settings},
    pipeline::{Pipeline, schedule},
    read::Read,
    shape,
    signal::per_channel,
};
use ir::{
    Compare, Graph, InputCoding, InputEncoding, Leak, NeuronModel, PerChannel, Population, PopulationId, Readout,
    Reset, Spiking, Trained, Window,
};

/// A NIR file as a network.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The network.
    pub graph: Graph<Trained>,
    /// What the file does not say, and what was taken for it.
    pub assumptions: Vec<Assumption>,
    /// Everything else that a user should know.
    pub remarks: Vec<String>,
}

/// What a file does not say and what these options take for it.
///
/// # Errors
/// If the file's own metadata cannot be read.
pub fn assumptions(read: &Read, options: &Options) -> Result<Vec<Assumption>, Problems> {
    Ok(Settings::new(options, said(read)?).list)
}

fn said(read: &Read) -> Result<Option<Said>, Problem> {
    let Some(text) = read.graph.metadata.get(METADATA) else { return Ok(None) };
    let said: Said = serde_json::from_str(text).map_err(|e| {
        Problem::new("graph", format!("metadata/{METADATA} is not what spikeloom writes: {e}; remove it"))
    })?;
    if said.format != 1 {
        let message = format!("metadata/{METADATA} has format {}; this version reads 1", said.format);
        return Err(Problem::new("graph", message));
    }
    Ok(Some(said))
}

/// The network of a file; `name` is taken where the file's metadata give none.
///
/// # Errors
/// Everything that cannot be mapped.
pub fn lower(read: Read, name: &str, options: &Options) -> Result<Imported, Problems> {
    let said = said(&read)?;
    if said.is_some() && (options.steps.is_some() || options.coding.is_some()) {
        let message = "steps and coding of this file are fixed by its metadata; leave --steps and --coding out";
        return Err(Problem::new("graph", message).into());
    }
    let settings = Settings::new(options, said);
    if let Some(dt) = settings.dt
        && !(dt.is_finite() && dt > 0.0)
    {
        return Err(Problem::new("graph", format!("a timestep of {dt:e} is not possible; give a positive --dt")).into());
    }
    let Read { graph, version, mut remarks } = read;
    if !version.is_empty() {
        remarks.insert(0, format!("written by nir {version}"));
    }
    let flat = inline(graph)?;
    let refused = flat.nodes.iter().filter_map(|(name, node)| match node {
        Node::Refused { reason, .. } => Some(Problem::new(name, reason)),
        _ => None,
    });
    let mut problems: Vec<Problem> = refused.collect();
    let (shapes, conflicts) = shape::infer(&flat);
    problems.extend(conflicts);
    Problems(problems).into_result()?;
    ensure_timestep(&flat, &settings)?;
    for ((name, node), shape) in flat.nodes.iter().zip(&shapes) {
        match (node, shape) {
            (_, None) => remarks.push(format!("node `{name}` is not reached by the input and left out")),
            (Node::Pool(pool), _) if pool.average && pool.padding != (0, 0) => {
                remarks.push(format!("node `{name}`: padded zeros count in the mean, as in PyTorch's default"));
            }
            _ => {}
        }
    }
    let network = resolve(&flat, &shapes)?;
    build(&network, name, settings, remarks)
}

/// Neurons need the length of a timestep.
fn ensure_timestep(flat: &Flat, settings: &Settings) -> Result<(), Problem> {
    let is_neuron = |(_, node): &&(String, Node)| matches!(node, Node::Neuron(_));
    let names: Vec<&str> = flat.nodes.iter().filter(is_neuron).map(|(name, _)| name.as_str()).collect();
    if settings.dt.is_some() || names.is_empty() {
        return Ok(());
    }
    let rest = if names.len() > 3 { format!(" and {} more", names.len() - 3) } else { String::new() };
    let names = names[..names.len().min(3)].join("`, `");
    Err(Problem::new(
        "graph",
        format!(
            "node `{names}`{rest} needs the length of a timestep in the file's unit of time, which the file does not say; give \
             --dt, usually 1e-4 (Norse, snnTorch, SpikingJelly: seconds) or 1 (sinabs: time constants in timesteps)"
        ),
    ))
}

fn build(network: &Network, name: &str, settings: Settings, mut remarks: Vec<String>) -> Result<Imported, Problems> {
    let mut problems = Vec::new();
    let spiking: Vec<bool> = network.units.iter().map(Unit::is_spiking).collect();
    let edges: Vec<(usize, usize)> = network
        .units
        .iter()
        .enumerate()
        .flat_map(|(post, unit)| unit.input.iter().flat_map(|s| &s.terms).map(move |term| (term.source, post)))
        .collect();
    let pipeline = schedule(&spiking, &edges, network.input);
    for (e, &late) in pipeline.late.iter().enumerate().filter(|&(_, &late)| late > 0) {
        let (pre, post) = (&network.units[edges[e].0].name, &network.units[edges[e].1].name);
        remarks.push(format!(
            "the loop that `{pre}` → `{post}` closes takes {late} timesteps more than in frameworks that step all nodes at once"
        ));
    }
    let deepest = pipeline.depth.iter().copied().max().unwrap_or(0);
    let timesteps = settings.said.as_ref().map(|s| s.timesteps).or(settings.steps.checked_add(deepest));
    let Some(timesteps) = timesteps.filter(|_| settings.steps > 0) else {
        let message = format!("{} steps are not possible; give --steps 1 or more", settings.steps);
        return Err(Problem::new("graph", message).into());
    };
    if deepest > 0 && settings.said.is_none() {
        remarks.push(format!(
            "layers work as a pipeline: a layer behind n spiking layers does in timestep t + n what the file's does in t \
             ({timesteps} timesteps in all)"
        ));
    }
    let encoding = settings.said.as_ref().map_or(InputEncoding::Pixels, |s| s.encoding);
    let title = settings.said.as_ref().map_or(name, |s| &s.name);
    let mut graph = Graph::new(title, timesteps, encoding);

    // Populations in the order of the data flow, so that input comes first and a listing reads as the network.
    let mut order = pipeline.order.clone();
    order.sort_by_key(|&u| (u != network.input, pipeline.depth[u]));
    let mut reach = vec![1.0; network.units.len()];
    let mut made: Vec<Option<(PopulationId, Vec<f64>)>> = vec![None; network.units.len()];
    for &u in &pipeline.order {
        let unit = &network.units[u];
        let drive = drive(unit, &reach);
        reach[u] = match unit.kind {
            Kind::Input => input_reach(&settings),
            Kind::Linear => drive.iter().copied().fold(0.0, f64::max),
            _ => 1.0,
        };
    }
    for u in order {
        let unit = &network.units[u];
        let depth = pipeline.depth[u];
        match population(unit, &drive(unit, &reach), depth, &settings) {
            Ok((neuron, gain, remark)) => {
                remarks.extend(remark);
                let population = Population { name: unit.name.clone(), shape: unit.shape, neuron, norm: None };
                made[u] = Some((graph.add_population(population), gain));
            }
            Err(reason) => problems.push(Problem::new(&unit.name, reason)),
        }
    }
    Problems(problems).into_result()?;
    let made: Vec<(PopulationId, Vec<f64>)> =
        made.into_iter().map(|m| m.expect("every unit is in the order")).collect();
    connect(&mut graph, network, &pipeline, &made);
    let read = made[network.read].0;
    graph.readout = match &settings.said {
        Some(said) => said.readout.clone().of(read),
        None if network.units[network.read].is_spiking() => Readout::SpikeCount { population: read },
        None => Readout::Potential { population: read },
    };
    if settings.said.is_none() {
        remarks.push(match graph.readout {
            Readout::SpikeCount { .. } => "read-out: the class is the output neuron with the most spikes".into(),
            _ => "read-out: the class is the output with the highest potential after the last timestep".into(),
        });
    }
    let violations = ir::verify(&graph);
    let unsound = violations.into_iter().map(|v| Problem::new("graph", v.to_string())).collect();
    Problems(unsound).into_result()?;
    Ok(Imported { graph, assumptions: settings.list, remarks })
}

fn connect(graph: &mut Graph<Trained>, network: &Network, pipeline: &Pipeline, made: &[(PopulationId, Vec<f64>)]) {
    let mut delays = pipeline.delays.iter();
    for (unit, (post, gain)) in network.units.iter().zip(made) {
        for term in unit.input.iter().flat_map(|signal| &signal.terms) {
            let delay = *delays.next().expect("one delay per term");
            graph.connect(made[term.source].0, *post, term.map.projection(gain, delay));
        }
    }
}

/// Largest magnitude of an input value.
fn input_reach(settings: &Settings) -> f64 {
    match &settings.said {
        Some(said) => match (said.coding, said.encoding) {
            (InputCoding::Events, _) => 1.0,
            (_, InputEncoding::Affine { gain, offset }) => {
                f64::from(gain.abs() + offset.abs() + 1.0) * f64::from(said.input_scale)
            }
            (_, InputEncoding::Pixels) => 255.0 * f64::from(said.input_scale),
            (_, InputEncoding::Standardized { limit, .. }) => f64::from(limit) * f64::from(said.input_scale),
        },
        None => 1.0,
    }
}

/// Largest magnitude, per channel, of what can reach a population in a step, without its constant.
fn drive(unit: &Unit, reach: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; unit.shape.channels as usize];
    for term in unit.input.iter().flat_map(|signal| &signal.terms) {
        let window = term.map.pool.map_or(1, |pool| pool.size.0 * pool.size.1);
        let per_channel = (term.map.weights.len() / sums.len()).max(1);
        for (sum, weights) in sums.iter_mut().zip(term.map.weights.chunks(per_channel)) {
            *sum += weights.iter().map(|w| w.abs()).sum::<f64>() * f64::from(window) * reach[term.source];
        }
    }
    sums
}

type Made = (NeuronModel<Trained>, Vec<f64>, Option<String>);

/// The neuron model of a population at a depth, the factor on its weights, and a remark.
fn population(unit: &Unit, drive: &[f64], depth: u32, settings: &Settings) -> Result<Made, String> {
    let constant = unit.input.as_ref().map_or(&[][..], |signal| &signal.constant);
    let extra = settings.said.as_ref().and_then(|said| said.populations.get(&unit.name));
    let window = Window::new(depth, depth + settings.steps);
    let shapes = (&unit.nir_shape[..], unit.shape);
    let mut remark = None;
    let (mut neuron, gain) = match &unit.kind {
        Kind::Input => (input(settings), vec![1.0]),
        Kind::Linear => (NeuronModel::Linear, vec![1.0]),
        Kind::Sum => {
            let total = sum_over(constant, unit.shape, settings.steps)?;
            (NeuronModel::Accumulator { v_init: compact(total) }, vec![1.0])
        }
        Kind::Threshold(threshold) => {
            let values = threshold.expand(shapes.0).and_then(|v| per_channel(&v, unit.shape));
            let values = values.ok_or("threshold differs inside a channel's map; give one per channel")?;
            if values.iter().any(|&t| t <= 0.0) {
                return Err("threshold must be positive, or silence fires".into());
            }
            let bias =
                if constant.is_empty() { vec![0.0] } else { per_channel(constant, unit.shape).ok_or(SPATIAL)? };
            (NeuronModel::Spiking(memoryless(values, bias, window)), vec![1.0])
        }
        Kind::Neuron(neuron) => {
            let step = discretize(neuron, shapes, constant, settings)?;
            remark = rounding(&unit.name, &step);
            let rule = (settings.reset, settings.compare);
            let model = match (&step.threshold, step.leak) {
                (Some(threshold), _) => NeuronModel::Spiking(step.spiking(threshold.clone(), rule, window)),
                (None, Leak::None) => {
                    let total = step.v_init.iter().zip(&step.bias).map(|(v, b)| v + f64::from(settings.steps) * b);
                    NeuronModel::Accumulator { v_init: compact(total.collect()) }
                }
                (None, Leak::Decay(_)) => {
                    let threshold = vec![unreachable_threshold(&step, drive); step.gain.len()];
                    NeuronModel::Spiking(step.spiking(threshold, rule, window))
                }
            };
            (model, step.gain)
        }
    };
    if let Some(extra) = extra {
        let v_init = PerChannel(extra.v_init.clone());
        match &mut neuron {
            NeuronModel::Spiking(spiking) => {
                spiking.v_init = v_init;
                spiking.floor = extra.floor;
                spiking.window = extra.window.unwrap_or(spiking.window);
            }
            NeuronModel::Accumulator { v_init: own } => *own = v_init,
            NeuronModel::Dynamic(_) | NeuronModel::Input { .. } | NeuronModel::Linear => {}
        }
    }
    Ok((neuron, gain, remark))
}

const SPATIAL: &str = "its constant input differs inside a channel's map; chips store one bias per channel";

fn sum_over(constant: &[f64], shape: ir::Shape, steps: u32) -> Result<Vec<f64>, String> {
    if constant.is_empty() {
        return Ok(vec![0.0]);
    }
    let values = per_channel(constant, shape).ok_or(SPATIAL)?;
    Ok(values.iter().map(|b| b * f64::from(steps)).collect())
}

fn input(settings: &Settings) -> NeuronModel<Trained> {
    if let Some(said) = &settings.said {
        return NeuronModel::Input { coding: said.coding, scale: said.input_scale };
    }
    let coding = match settings.coding {
        Coding::Every => InputCoding::DirectEveryStep { steps: settings.steps },
        Coding::Once => InputCoding::DirectOnce,
        Coding::Events => InputCoding::Events,
    };
    let scale = if coding == InputCoding::Events { 1.0 } else { 1.0 / 255.0 };
    NeuronModel::Input { coding, scale }
}

/// A stateless comparison: a neuron that forgets everything in every step.
fn memoryless(threshold: Vec<f64>, bias: Vec<f64>, window: Window) -> Spiking<Trained> {
    Spiking {
        threshold: compact(threshold),
        v_init: PerChannel::uniform(0.0),
        bias: compact(bias),
        leak: Leak::Decay(4096),
        reset: Reset::Zero,
        compare: Compare::Greater,
        window,
        floor: None,
    }
}

/// A power of two that the potential of a leaky integrator never reaches: |v| ≤ |v₀| + drive·4096/δ.
fn unreachable_threshold(step: &Discrete, drive: &[f64]) -> f64 {
    let Leak::Decay(delta) = step.leak else { return f64::MAX };
    let memory = 4096.0 / f64::from(delta);
    let bound = (0..step.gain.len())
        .map(|c| step.v_init[c].abs() + (step.gain[c].abs() * drive[c] + step.bias[c].abs()) * memory)
        .fold(f64::MIN_POSITIVE, f64::max);
    2.0_f64.powf(bound.log2().floor() + 1.0)
}

/// What the leak's grid costs.
fn rounding(name: &str, step: &Discrete) -> Option<String> {
    let Leak::Decay(delta) = step.leak else { return None };
    let grid = f64::from(delta) / 4096.0;
    (!same_constant(grid, step.alpha)).then(|| {
        format!(
            "node `{name}`: the leak of {:.6} per step is rounded to {delta}/4096 ({:+.2} %)",
            step.alpha,
            100.0 * (grid / step.alpha - 1.0)
        )
    })
}
