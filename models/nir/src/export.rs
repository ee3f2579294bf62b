//! From a network to a NIR graph.
//!
//! ```text
//! projection                                 nodes
//! convolution, matrix, factors               Conv2d, Flatten + Linear, Scale
//! pooling in front of it                     SumPool2d
//! spiking population without, with leak      IF, LIF
//! accumulator                                I
//! ```
//!
//! dt is 1: r = 1 makes IF add its input, and τ = 4096/δ, r = τ make LIF add it and leak δ/4096 of its potential. What NIR has
//! no words for (windows, initial potentials, floors, the input's encoding, the read-out, the reset rule) stands as JSON in
//! `metadata/spikeloom`, so that [`super::lower`] restores the network exactly; other tools do not see it.

use super::{
    model::{Convolution, Neuron, NirGraph, Node, Padding, Pooling, Problem, Problems, Tensor},
    options::Integrator,
    pipeline::{Hop, schedule},
    said::{Extra, METADATA, Said},
};
use ir::{
    Compare, Connectivity, Graph, Leak, NeuronModel, PerChannel, Population, PopulationId, Projection, ProjectionId,
    Reset, Shape, Spiking, Trained,
};

/// The NIR graph of a network without normalization and linear populations.
///
/// # Errors
/// Everything that the nodes listed above cannot express.
pub fn export(graph: &Graph<Trained>) -> Result<NirGraph, Problems> {
    let mut nir = NirGraph::default();
    let mut problems = Vec::new();
    let Some(input) = graph.input() else {
        return Err(Problem::new("graph", "has no input population").into());
    };
    check_delays(graph, input, &mut problems);
    let extents = Extents::new(graph);
    for (id, population) in graph.populations() {
        match node(population, &extents.of(id)) {
            Ok(node) => {
                nir.nodes.insert(population.name.clone(), node);
            }
            Err(reason) => problems.push(Problem::new(&population.name, reason)),
        }
        let mut bias = bias(population);
        for (k, projection) in graph.incoming(id).into_iter().enumerate() {
            let pre_id = graph.ends(projection).0;
            let pre = graph.population(pre_id);
            let suffix = if k == 0 { String::new() } else { format!("-{}", k + 1) };
            let are_maps = [extents.is_map(pre_id), extents.is_map(id)];
            let shapes = [pre.shape, population.shape];
            match through(graph.projection(projection), shapes, are_maps, std::mem::take(&mut bias)) {
                Ok(nodes) => chain(&mut nir, &pre.name, nodes, &population.name, &suffix),
                Err(reason) => problems.push(Problem::new(&population.name, reason)),
            }
        }
        if !bias.is_empty() {
            problems.push(Problem::new(&population.name, "has a bias and no projection that could carry it"));
        }
    }
    let read = graph.readout.population();
    nir.nodes.insert("output".into(), Node::Output(extents.of(read)));
    nir.edges.push((graph.population(read).name.clone(), "output".into()));
    match said(graph, input) {
        Ok(said) => {
            let text = serde_json::to_string(&said).expect("numbers, names and enumerations have a JSON form");
            nir.metadata.insert(METADATA.into(), text);
        }
        Err(problem) => problems.push(problem),
    }
    Problems(problems).into_result()?;
    Ok(nir)
}

/// NIR has no delays: only those are expressible that follow from the pipeline.
fn check_delays(graph: &Graph<Trained>, input: PopulationId, problems: &mut Vec<Problem>) {
    let spiking: Vec<bool> = graph.populations().map(|(_, p)| matches!(p.neuron, NeuronModel::Spiking(_))).collect();
    let ends: Vec<(PopulationId, PopulationId)> = graph.projections().map(|(id, _)| graph.ends(id)).collect();
    let hops: Vec<Hop> = ends.iter().map(|(a, b)| Hop { pre: a.0 as usize, post: b.0 as usize, delay: 0 }).collect();
    let pipeline = schedule(&spiking, &hops, input.0 as usize).unwrap_or_default();
    if (pipeline.pace, graph.pace) != (1, 1) {
        problems.push(Problem::new(
            "graph",
            "has a loop through several layers, whose timesteps NIR has no words for; keep the file that it comes from",
        ));
        return;
    }
    for ((id, projection), expected) in graph.projections().zip(pipeline.delays) {
        if projection.delay != expected {
            problems.push(Problem::new(
                &graph.population(graph.ends(id).1).name,
                format!(
                    "{id} has a delay of {}, but NIR has no delays; only {expected} can be written",
                    projection.delay
                ),
            ));
        }
    }
}

/// Shapes as NIR writes them: maps with three extents, vectors with one.
struct Extents(Vec<(Shape, bool)>);

impl Extents {
    fn new(graph: &Graph<Trained>) -> Self {
        let is_conv = |&id: &ProjectionId| matches!(graph.projection(id).connectivity, Connectivity::Conv2d(_));
        let pools = |&id: &ProjectionId| graph.projection(id).pool.is_some();
        let keeps = |&id: &ProjectionId| graph.projection(id).connectivity == Connectivity::OneToOne;
        // Behind pooling a matrix or synapse lists give a vector.
        let is_map = |id: PopulationId| {
            graph.incoming(id).iter().any(|p| is_conv(p) || (pools(p) && keeps(p)))
                || graph.outgoing(id).iter().any(|p| is_conv(p) || pools(p))
        };
        Self(graph.populations().map(|(id, p)| (p.shape, p.shape.map() > 1 || is_map(id))).collect())
    }

    fn is_map(&self, id: PopulationId) -> bool {
        self.0[id.0 as usize].1
    }

    fn of(&self, id: PopulationId) -> Vec<usize> {
        let (shape, is_map) = self.0[id.0 as usize];
        let all = [shape.channels, shape.height, shape.width].map(|side| side as usize);
        if is_map { all.to_vec() } else { all[..1].to_vec() }
    }
}

/// Values per neuron, as the reference reader wants them.
fn everywhere(values: &PerChannel<f64>, shape: Shape, extents: &[usize]) -> Tensor {
    let values = (0..shape.neurons()).map(|i| values.at(shape.channel(i))).collect();
    Tensor { shape: extents.to_vec(), values }
}

fn node(population: &Population<Trained>, extents: &[usize]) -> Result<Node, String> {
    let uniform = |value: f64| everywhere(&PerChannel::uniform(value), population.shape, extents);
    if population.norm.is_some() {
        return Err("has a normalization, which NIR does not know; fuse the network first".into());
    }
    Ok(match &population.neuron {
        NeuronModel::Input { .. } => Node::Input(extents.to_vec()),
        NeuronModel::Linear => return Err("has no neurons; fuse the network first".into()),
        NeuronModel::Dynamic(list) => return Err(format!("has {} neurons, which are not written to NIR", list.model)),
        NeuronModel::Accumulator { .. } => Node::Neuron(Neuron {
            synapse: None,
            tau: None,
            r: uniform(1.0),
            v_leak: Tensor::scalar(0.0),
            threshold: None,
            v_reset: None,
        }),
        NeuronModel::Spiking(spiking) => {
            let tau = match spiking.leak {
                Leak::Decay(delta @ 1..) => Some(4096.0 / f64::from(delta)),
                _ => None,
            };
            Node::Neuron(Neuron {
                synapse: None,
                tau: tau.map(uniform),
                r: uniform(tau.unwrap_or(1.0)),
                v_leak: uniform(0.0),
                threshold: Some(everywhere(&spiking.threshold, population.shape, extents)),
                v_reset: None,
            })
        }
    })
}

/// The bias per channel; empty for none.
fn bias(population: &Population<Trained>) -> Vec<f64> {
    match &population.neuron {
        NeuronModel::Spiking(Spiking { bias, .. }) if bias.0.iter().any(|&b| b != 0.0) => {
            (0..population.shape.channels as usize).map(|c| bias.at(c)).collect()
        }
        _ => Vec::new(),
    }
}

/// Nodes that do what a projection does, in order, with the ends of their names.
fn through(
    projection: &Projection<Trained>,
    [pre, post]: [Shape; 2],
    [pre_is_map, post_is_map]: [bool; 2],
    bias: Vec<f64>,
) -> Result<Vec<(&'static str, Node)>, String> {
    let mut nodes = Vec::new();
    if let Some(pool) = projection.pool {
        let size = (pool.size.0 as usize, pool.size.1 as usize);
        nodes.push(("pool", Node::Pool(Pooling { average: false, kernel: size, stride: size, padding: (0, 0) })));
    }
    let source = projection.source_shape(pre);
    let values: Vec<f64> = projection.weights.iter().map(|&w| f64::from(w)).collect();
    match &projection.connectivity {
        Connectivity::Conv2d(conv) => {
            let side = |(a, b): (u32, u32)| (a as usize, b as usize);
            let (rows, columns) = side(conv.kernel);
            let shape = vec![post.channels as usize, (source.channels / conv.groups) as usize, rows, columns];
            let padding = side(conv.padding);
            nodes.push((
                "conv",
                Node::Conv2d(Convolution {
                    input_shape: Some((source.height as usize, source.width as usize)),
                    weight: Tensor { shape, values },
                    bias,
                    stride: side(conv.stride),
                    padding: Padding::Sides(padding.0, padding.1),
                    dilation: side(conv.dilation),
                    groups: conv.groups as usize,
                }),
            ));
        }
        Connectivity::Dense => {
            if post_is_map {
                return Err(format!("is a map of {post} behind a matrix; NIR writes vectors there"));
            }
            if pre_is_map {
                nodes.push(("flatten", Node::Flatten { start: 0, end: -1 }));
            }
            let shape = vec![post.neurons(), source.neurons()];
            nodes.push(("dense", Node::Linear { weight: Tensor { shape, values }, bias }));
        }
        Connectivity::Sparse(lists) => {
            if post_is_map {
                return Err(format!("is a map of {post} behind synapse lists; NIR has no node for them but a matrix"));
            }
            if pre_is_map {
                nodes.push(("flatten", Node::Flatten { start: 0, end: -1 }));
            }
            let mut matrix = vec![0.0; post.neurons() * source.neurons()];
            for neuron in 0..lists.len() {
                for synapse in lists.synapses(neuron) {
                    matrix[lists.targets()[synapse] as usize * source.neurons() + neuron] += values[synapse];
                }
            }
            let shape = vec![post.neurons(), source.neurons()];
            nodes.push(("dense", Node::Linear { weight: Tensor { shape, values: matrix }, bias }));
        }
        Connectivity::OneToOne => {
            if !bias.is_empty() {
                return Err("has a bias behind a one-to-one projection, which no NIR node carries".into());
            }
            if pre_is_map != post_is_map {
                return Err(format!("joins a vector to a map of {post}; NIR writes equal shapes there"));
            }
            let all = [post.channels, post.height, post.width].map(|side| side as usize);
            let extents = if post_is_map { &all[..] } else { &all[..1] };
            nodes.push(("scale", Node::Scale(everywhere(&PerChannel(values), post, extents))));
        }
    }
    Ok(nodes)
}

/// Adds nodes between two populations, with the edges that join them.
fn chain(nir: &mut NirGraph, pre: &str, nodes: Vec<(&'static str, Node)>, post: &str, suffix: &str) {
    let mut last = pre.to_owned();
    for (kind, node) in nodes {
        let name = format!("{post}-{kind}{suffix}");
        nir.nodes.insert(name.clone(), node);
        nir.edges.push((std::mem::replace(&mut last, name.clone()), name));
    }
    nir.edges.push((last, post.to_owned()));
}

/// What NIR has no words for.
fn said(graph: &Graph<Trained>, input: PopulationId) -> Result<Said, Problem> {
    let mut rules: Option<(Reset, Compare)> = None;
    let mut populations = std::collections::BTreeMap::new();
    for (_, population) in graph.populations() {
        let extra = match &population.neuron {
            NeuronModel::Spiking(spiking) => {
                let rule = (spiking.reset, spiking.compare);
                if *rules.get_or_insert(rule) != rule {
                    let message = "has another reset or comparison than the rest; one file has one of each";
                    return Err(Problem::new(&population.name, message));
                }
                let window = Some(spiking.window);
                Extra { window, v_init: spiking.v_init.0.clone(), floor: spiking.floor }
            }
            NeuronModel::Accumulator { v_init } => Extra { window: None, v_init: v_init.0.clone(), floor: None },
            NeuronModel::Dynamic(_) | NeuronModel::Input { .. } | NeuronModel::Linear => continue,
        };
        populations.insert(population.name.clone(), extra);
    }
    let (reset, compare) = rules.unwrap_or((Reset::Zero, Compare::Greater));
    let NeuronModel::Input { coding, scale } = graph.population(input).neuron else {
        return Err(Problem::new("graph", "has no input population"));
    };
    Ok(Said {
        format: 1,
        name: graph.name.clone(),
        dt: 1.0,
        reset,
        compare,
        integrator: Integrator::Euler,
        timesteps: graph.timesteps,
        encoding: graph.encoding,
        input_scale: scale,
        coding,
        populations,
        readout: graph.readout.clone(),
    })
}
