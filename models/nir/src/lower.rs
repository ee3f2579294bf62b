//! From a NIR graph to a network that can be compiled.
//!
//! ```text
//! file ─read→ NirGraph ─inline→ Flat ─infer→ shapes ─resolve→ Network ─lower→ Graph<Trained>
//! ```
//!
//! Nothing is guessed in silence: what the file does not say is an [`Assumption`], what the lowering does beyond the file a
//! remark, what it cannot do a [`Problem`].

use super::{
    guess::{Guess, guess},
    inline::{Flat, inline},
    model::{Node, Problem, Problems},
    network::{Kind, Network, Unit, resolve},
    options::{Assumption, Options, Spikes},
    pipeline::{Hop, Pipeline, schedule},
    population::{Made, Times, population},
    read::Read,
    said::{Said, said},
    settings::Settings,
    shape,
};
use ir::{Graph, InputCoding, InputEncoding, PerChannel, Population, PopulationId, Readout, Trained};

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
    let flat = inline(read.graph.clone()).ok();
    let suggested = flat.as_ref().and_then(|flat| guess(flat, options.profile));
    let mut settings = Settings::new(options, said(read)?, suggested.as_ref());
    if let Some(flat) = &flat {
        settings.note_currents(flat, options.profile);
    }
    Ok(settings.list)
}

/// The network of a file; `name` is taken where the file's metadata give none.
///
/// # Errors
/// Everything that cannot be mapped.
pub fn lower(read: Read, name: &str, options: &Options) -> Result<Imported, Problems> {
    let said = said(&read)?;
    let Read { graph, version, mut remarks } = read;
    if !version.is_empty() {
        remarks.insert(0, format!("written by nir {version}"));
    }
    let flat = inline(graph)?;
    let suggested = guess(&flat, options.profile);
    let mut settings = Settings::new(options, said, suggested.as_ref());
    settings.note_currents(&flat, options.profile);
    settings.check(options)?;
    ensure_nodes(&flat, &settings)?;
    let refused = flat.nodes.iter().filter_map(|(name, node)| match node {
        Node::Refused { reason, .. } => Some(Problem::new(name, reason)),
        _ => None,
    });
    let mut problems: Vec<Problem> = refused.collect();
    let inferred = shape::infer(&flat);
    problems.extend(inferred.problems);
    Problems(problems).into_result()?;
    ensure_timestep(&flat, &settings, suggested.as_ref())?;
    remarks.extend(inferred.remarks);
    for ((name, node), shape) in flat.nodes.iter().zip(&inferred.shapes) {
        match (node, shape) {
            (_, None) => remarks.push(format!("node `{name}` is not reached by the input and left out")),
            (Node::Pool(pool), _) if pool.average && pool.padding != (0, 0) => {
                remarks.push(format!("node `{name}`: padded zeros count in the mean, as in PyTorch's default"));
            }
            (Node::Linear { .. }, Some(shape)) if shape.iter().rev().skip(1).any(|&side| side > 1) => {
                let sides: Vec<String> = shape.iter().map(ToString::to_string).collect();
                remarks.push(format!(
                    "node `{name}` maps the last dimension alone and gives {}: were an axis in front of it that of time, export the network with a \
                     sample of one timestep",
                    sides.join("×")
                ));
            }
            _ => {}
        }
    }
    let warning = suggested.as_ref().zip(settings.dt).and_then(|(guess, dt)| guess.warning(dt));
    remarks.extend(warning.clone());
    let advised = |mut problems: Problems| {
        if let Some(warning) = warning {
            problems.0.push(Problem::new("graph", warning));
        }
        problems
    };
    let network = resolve(&flat, &inferred.shapes, &settings).map_err(advised.clone())?;
    remarks.extend(network.remarks.iter().cloned());
    build(&network, name, settings, remarks).map_err(advised)
}

/// Nodes that options name must exist.
fn ensure_nodes(flat: &Flat, settings: &Settings) -> Result<(), Problem> {
    let neurons: Vec<&str> =
        flat.nodes.iter().filter(|(_, node)| matches!(node, Node::Neuron(_))).map(|(name, _)| name.as_str()).collect();
    let is_there = |name: &str| {
        neurons.iter().any(|node| node.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    };
    match settings.nodes.keys().find(|name| !is_there(name)) {
        None => Ok(()),
        Some(name) => {
            let known = neurons.join("`, `");
            Err(Problem::new("graph", format!("--node {name}: is no node with neurons; those are `{known}`")))
        }
    }
}

/// Neurons need the length of a timestep.
fn ensure_timestep(flat: &Flat, settings: &Settings, guess: Option<&Guess>) -> Result<(), Problem> {
    let is_neuron = |(_, node): &&(String, Node)| matches!(node, Node::Neuron(_) | Node::Delay(_));
    let names: Vec<&str> = flat.nodes.iter().filter(is_neuron).map(|(name, _)| name.as_str()).collect();
    if settings.dt.is_some() || names.is_empty() {
        return Ok(());
    }
    let rest = if names.len() > 3 { format!(" and {} more", names.len() - 3) } else { String::new() };
    let names = names[..names.len().min(3)].join("`, `");
    let advice = guess.map_or_else(
        || {
            "give --dt, usually 1e-4 (snnTorch, SpikingJelly: seconds), 1 (sinabs: time constants in timesteps) or 1e-6 (Norse with \
             its default dt)"
                .to_owned()
        },
        |guess| format!("{}; give it, or --profile", guess.advice()),
    );
    Err(Problem::new(
        "graph",
        format!(
            "node `{names}`{rest} needs the length of a timestep in the file's unit of time, which the file does not say; {advice}"
        ),
    ))
}

fn build(
    network: &Network,
    name: &str,
    mut settings: Settings,
    mut remarks: Vec<String>,
) -> Result<Imported, Problems> {
    let mut problems = Vec::new();
    let spiking: Vec<bool> = network.units.iter().map(Unit::is_spiking).collect();
    let hops: Vec<Hop> = network
        .units
        .iter()
        .enumerate()
        .flat_map(|(post, unit)| {
            let terms = unit.input.iter().flat_map(|s| &s.terms);
            terms.map(move |term| Hop { pre: term.source, post, delay: term.delay })
        })
        .collect();
    let too_many = || Problem::new("graph", format!("{} steps are too many for its delays and loops", settings.steps));
    let pipeline = schedule(&spiking, &hops, network.input).ok_or_else(too_many)?;
    for &e in &pipeline.ambiguous {
        let (pre, post) = (&network.units[hops[e].pre].name, &network.units[hops[e].post].name);
        remarks.push(format!(
            "`{pre}` → `{post}` closes a loop that input reaches at several nodes: it carries the spikes of the step before; frameworks              may break such a loop elsewhere"
        ));
    }
    let pace = pipeline.pace;
    if pace > 1 && settings.said.is_some() {
        return Err(Problem::new(
            "graph",
            format!(
                "has loops that need {pace} timesteps per step, but its metadata fix the timesteps; remove the metadata"
            ),
        )
        .into());
    }
    let deepest = pipeline.depth.iter().copied().max().unwrap_or(0);
    let in_all = settings.steps.checked_mul(pace).and_then(|steps| steps.checked_add(deepest));
    let timesteps = settings.said.as_ref().map(|s: &Said| s.timesteps).or(in_all).ok_or_else(too_many)?;
    if pace > 1 {
        remarks.push(format!(
            "loops through several spiking layers: a step of the file is {pace} timesteps, so that their spikes arrive when frameworks              have them; a layer behind n spiking layers does in timestep {pace}·t + n what the file's does in t ({timesteps} timesteps              in all)"
        ));
    } else if deepest > 0 && settings.said.is_none() {
        remarks.push(format!(
            "layers work as a pipeline: a layer behind n spiking layers does in timestep t + n what the file's does in t \
             ({timesteps} timesteps in all)"
        ));
    }
    let channels = network.units[network.input].shape.channels;
    let normalized = settings.normalize.as_ref().map(|normalize| normalize.over(channels)).transpose();
    settings.normalized = normalized.map_err(|reason| Problem::new("graph", reason))?;
    if let Some(normalized) = settings.normalized.filter(|n| n.error > 1e-9) {
        remarks.push(format!(
            "normalized intensities are multiples of {:.6}, off by at most {:.6}",
            normalized.unit, normalized.error
        ));
    }
    let plain = settings.normalized.map_or(InputEncoding::Pixels, |n| n.encoding);
    let encoding = settings.said.as_ref().map_or(plain, |s| s.encoding);
    let title = settings.said.as_ref().map_or(name, |s| &s.name);
    let mut graph = Graph::new(title, timesteps, encoding);
    graph.pace = pace;

    // Populations in the order of the data flow, so that input comes first and a listing reads as the network.
    let mut order = pipeline.order.clone();
    order.sort_by_key(|&u| (u != network.input, pipeline.depth[u]));
    let mut reach = vec![1.0; network.units.len()];
    let mut made: Vec<Option<(PopulationId, PerChannel<f64>)>> = vec![None; network.units.len()];
    for &u in &pipeline.order {
        let unit = &network.units[u];
        reach[u] = match unit.kind {
            Kind::Input => input_reach(&settings),
            Kind::Linear => drive(unit, &reach).iter().copied().fold(0.0, f64::max),
            Kind::Neuron(_) => match settings.rule(&unit.name).spikes {
                Spikes::One => 1.0,
                Spikes::UpTo(most) => f64::from(most),
            },
            Kind::Threshold(_) | Kind::Sum => 1.0,
        };
    }
    for u in order {
        let unit = &network.units[u];
        let drive = || drive(unit, &reach);
        match population(unit, &drive, Times { depth: pipeline.depth[u], pace, timesteps }, &settings) {
            Ok(Made { neuron, gain, remark }) => {
                remarks.extend(remark);
                let population = Population { name: unit.name.clone(), shape: unit.shape, neuron, norm: None };
                made[u] = Some((graph.add_population(population), gain));
            }
            Err(reason) => problems.push(Problem::new(&unit.name, reason)),
        }
    }
    Problems(problems).into_result()?;
    let made: Vec<(PopulationId, PerChannel<f64>)> =
        made.into_iter().map(|m| m.expect("every unit is in the order")).collect();
    connect(&mut graph, network, &pipeline, &made)?;
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

fn connect(
    graph: &mut Graph<Trained>,
    network: &Network,
    pipeline: &Pipeline,
    made: &[(PopulationId, PerChannel<f64>)],
) -> Result<(), Problem> {
    let mut delays = pipeline.delays.iter();
    for (unit, (post, gain)) in network.units.iter().zip(made) {
        for term in unit.input.iter().flat_map(|signal| &signal.terms) {
            let delay = *delays.next().expect("one delay per term");
            let projection = term.map.projection(gain, delay).map_err(|reason| Problem::new(&unit.name, reason))?;
            graph.connect(made[term.source].0, *post, projection);
        }
    }
    Ok(())
}

/// Largest magnitude of an input value.
fn input_reach(settings: &Settings) -> f64 {
    match &settings.said {
        Some(said) => match (said.coding, said.encoding) {
            (InputCoding::Events { least, most, .. }, _) => {
                f64::from(least.unsigned_abs().max(most.unsigned_abs())) * f64::from(said.input_scale)
            }
            (_, encoding) => reach(encoding) * f64::from(said.input_scale),
        },
        None => settings.reach.unwrap_or_else(|| settings.normalized.map_or(1.0, |n| reach(n.encoding) * n.unit)),
    }
}

fn reach(encoding: InputEncoding) -> f64 {
    let (least, most) = encoding.range();
    f64::from(least.unsigned_abs().max(most.unsigned_abs()))
}

/// Largest magnitude, per neuron, of what can reach a population in a step, without its constant.
fn drive(unit: &Unit, reach: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; unit.shape.neurons()];
    for term in unit.input.iter().flat_map(|signal| &signal.terms) {
        let each = term.map.reach();
        sums.iter_mut().zip(each).for_each(|(sum, value)| *sum += value * reach[term.source]);
    }
    sums
}
