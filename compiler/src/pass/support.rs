//! Rejects what the convolution engine or the synapses of a core cannot represent, however the network is cut.

use crate::diagnostics::{Diagnostic, Diagnostics, Limit};
use ir::{Connectivity, DecayRule, Graph, NeuronModel, ProjectionId, Quantized};
use isa::{Arch, arch::ConvolutionLimits};
use std::collections::BTreeSet;

/// Checks convolution geometry, the number of distinct weights onto a neuron, and neurons that change without an event.
///
/// # Errors
/// Every projection that the chip does not support.
pub fn supported(graph: &Graph<Quantized>, arch: &Arch) -> Result<(), Diagnostics> {
    let mut found = Vec::new();
    for (id, _) in graph.projections() {
        geometry(graph, id, &mut found);
        if let Some(limits) = &arch.core.convolution {
            convolution(graph, id, arch, limits, &mut found);
        }
        if let Some(max) = &arch.core.weights_per_neuron {
            let used = distinct_weights(graph, id);
            if used > max.value {
                found.push(Diagnostic {
                    entity: entity(graph, id),
                    message: format!("{} has few weight values per neuron", arch.name),
                    limit: Some(Limit { resource: "distinct weights onto a neuron".into(), used, max: max.value }),
                    remedy: format!("quantize to {} bits", (max.value + 1).ilog2().max(1)),
                });
            }
        }
    }
    for (id, population) in graph.populations() {
        for (message, remedy) in lacks(&population.neuron, arch) {
            found.push(Diagnostic { entity: format!("{id} `{}`", population.name), message, limit: None, remedy });
        }
        // Chips that fire per event have no timesteps at all; `event_driven` says so.
        if let NeuronModel::Spiking(neuron) = &population.neuron
            && arch.core.updates_touched()
            && (neuron.leak.is_active() || neuron.bias.0.iter().any(|&b| b != 0))
        {
            found.push(Diagnostic {
                entity: format!("{id} `{}`", population.name),
                message: format!(
                    "{} updates a neuron only when an event reaches it, and this one's bias or leak acts in every timestep",
                    arch.name
                ),
                limit: None,
                remedy: "train it without bias and leak, or use a chip that updates all neurons".into(),
            });
        }
    }
    if found.is_empty() { Ok(()) } else { Err(Diagnostics(found)) }
}

/// What of a neuron model the chip's neurons cannot compute; chips that fire per event say so themselves.
fn lacks(neuron: &NeuronModel<Quantized>, arch: &Arch) -> Vec<(String, String)> {
    let can = &arch.core.dynamics;
    let remedy = |rule: bool| match (rule, can.decay.first()) {
        (true, Some(has)) => format!("quantize it for this chip, whose decays truncate the {has}, or use another chip"),
        _ => "use a chip whose neurons are programmable, or a model that it has".into(),
    };
    match neuron {
        NeuronModel::Spiking(neuron) => {
            let rounds = !neuron.leak.is_active() || can.decays(DecayRule::Loss) || arch.core.is_event_driven();
            if rounds {
                return Vec::new();
            }
            let message = match &can.decay[..] {
                [] => format!("its potential decays, which those of {} do not", arch.name),
                _ => format!("its decay truncates the loss, which {} does not", arch.name),
            };
            vec![(message, remedy(true))]
        }
        NeuronModel::Dynamic(list) => {
            let mut found: Vec<(String, String)> = can
                .refusals(&list.ops, list.words.len(), list.shift)
                .into_iter()
                .map(|what| {
                    (
                        format!("its model {} needs what {} does not have: {what}", list.model, arch.name),
                        remedy(what.contains("truncate")),
                    )
                })
                .collect();
            if !arch.core.updates_all() {
                let message = format!(
                    "its model {} acts in every timestep, but {} updates a neuron only when an event reaches it",
                    list.model, arch.name
                );
                found.push((message, "use integrate-and-fire neurons, or a chip that updates all neurons".into()));
            }
            found
        }
        NeuronModel::Accumulator { .. } | NeuronModel::Input { .. } | NeuronModel::Linear => Vec::new(),
    }
}

/// What descriptors of programs hold in 16 bits.
fn geometry(graph: &Graph<Quantized>, id: ProjectionId, found: &mut Vec<Diagnostic>) {
    let projection = graph.projection(id);
    let pool = projection.pool.map_or((1, 1), |pool| pool.size);
    let mut sizes = vec![("pool", pool)];
    if let Connectivity::Conv2d(conv) = projection.connectivity {
        let (kernel, stride) = (conv.kernel, conv.stride);
        sizes.extend([("kernel", kernel), ("stride", stride), ("padding", conv.padding), ("dilation", conv.dilation)]);
    }
    for (name, (a, b)) in sizes {
        if a.max(b) > u16::MAX.into() {
            found.push(Diagnostic {
                entity: entity(graph, id),
                message: "programs hold the geometry of synapses in 16 bits".into(),
                limit: Some(Limit { resource: name.into(), used: a.max(b).into(), max: u16::MAX.into() }),
                remedy: format!("give a smaller {name}"),
            });
        }
    }
}

fn convolution(
    graph: &Graph<Quantized>,
    id: ProjectionId,
    arch: &Arch,
    limits: &ConvolutionLimits,
    found: &mut Vec<Diagnostic>,
) {
    let Connectivity::Conv2d(conv) = graph.projection(id).connectivity else { return };
    let (pre, post) = graph.ends(id);
    let (pre, post) = (graph.population(pre).shape, graph.population(post).shape);
    let mut limit = |resource: &str, used: u32, max: u32, remedy: String| {
        if used > max {
            found.push(Diagnostic {
                entity: entity(graph, id),
                message: format!("the convolution engine of {} is smaller", arch.name),
                limit: Some(Limit { resource: resource.into(), used: used.into(), max: max.into() }),
                remedy,
            });
        }
    };
    let most = |(a, b): (u32, u32)| a.max(b);
    limit("kernel size", most(conv.kernel), limits.kernel, format!("use kernels up to {0}×{0}", limits.kernel));
    limit(
        "source map size",
        pre.height.max(pre.width),
        limits.source_map,
        format!("use maps up to {0}×{0}", limits.source_map),
    );
    limit(
        "map size",
        post.height.max(post.width),
        limits.map,
        format!("use a larger stride: maps up to {0}×{0}", limits.map),
    );
    for stride in [conv.stride.0, conv.stride.1] {
        if !limits.strides.contains(&stride) {
            found.push(Diagnostic {
                entity: entity(graph, id),
                message: format!("{} has no stride {stride}", arch.name),
                limit: None,
                remedy: format!("use a stride among {:?}", limits.strides),
            });
            break;
        }
    }
}

/// Most distinct non-zero weights of a projection onto one neuron.
fn distinct_weights(graph: &Graph<Quantized>, id: ProjectionId) -> u64 {
    let projection = graph.projection(id);
    let post = graph.population(graph.ends(id).1).shape;
    if let Connectivity::Sparse(lists) = &projection.connectivity {
        let mut onto = vec![BTreeSet::new(); post.neurons()];
        for (&target, &w) in lists.targets().iter().zip(&projection.weights).filter(|(_, w)| **w != 0) {
            onto[target as usize].insert(w);
        }
        return onto.iter().map(|weights| weights.len() as u64).max().unwrap_or(0);
    }
    let per_target = match projection.connectivity {
        Connectivity::Conv2d(_) => projection.weights.len() / post.channels as usize,
        Connectivity::Dense => projection.weights.len() / post.neurons(),
        Connectivity::OneToOne | Connectivity::Sparse(_) => 1,
    };
    projection
        .weights
        .chunks(per_target.max(1))
        .map(|weights| weights.iter().filter(|&&w| w != 0).collect::<BTreeSet<_>>().len() as u64)
        .max()
        .unwrap_or(0)
}

fn entity(graph: &Graph<Quantized>, id: ProjectionId) -> String {
    let (pre, post) = graph.ends(id);
    format!("{id} `{}` → `{}`", graph.population(pre).name, graph.population(post).name)
}
