//! Rejects what a chip that fires per event (docs/semantics.md §9) cannot mean: everything that happens once per timestep.
//!
//! Such a chip has no timesteps. A bias, a leak and a delay of several timesteps have nothing to follow; a loop of projections
//! may keep a sample from ending. Windows are not refused: without timesteps neurons fire as soon as they can, which makes
//! the program another network, and whoever runs it is told so.

use crate::diagnostics::{Diagnostic, Diagnostics, Limit};
use ir::{Connectivity, Graph, NeuronModel, PopulationId, Projection, Quantized};
use isa::Arch;
use std::collections::BTreeSet;

/// Largest magnitude of what one event adds to a potential: with a potential of at most 31 bits the sum stays within 32.
const LARGEST_STEP: u64 = (1 << 30) - 1;

/// Checks that nothing in the network depends on timesteps, if the chip has none.
///
/// # Errors
/// Every population and projection that does, every loop, and every projection whose products are too large to saturate.
pub fn timeless(graph: &Graph<Quantized>, arch: &Arch) -> Result<(), Diagnostics> {
    if !arch.core.is_event_driven() {
        return Ok(());
    }
    let mut found = Vec::new();
    let mut refuse = |entity: String, message: String, limit: Option<Limit>, remedy: &str| {
        found.push(Diagnostic { entity, message, limit, remedy: remedy.into() });
    };
    let name = &arch.name;
    for (id, population) in graph.populations() {
        let NeuronModel::Spiking(neuron) = &population.neuron else { continue };
        let entity = || format!("{id} `{}`", population.name);
        if neuron.bias.0.iter().any(|&bias| bias != 0) {
            let message = format!("has a bias in every timestep, but {name} fires per event and has no timesteps");
            refuse(entity(), message, None, "give it an initial potential instead, or train it without bias");
        }
        if neuron.leak.is_active() {
            let message = format!("leaks in every timestep, but {name} fires per event and has no timesteps");
            refuse(entity(), message, None, "use integrate-and-fire neurons");
        }
    }
    for (id, projection) in graph.projections() {
        let (pre, post) = graph.ends(id);
        let entity = || format!("{id} `{}` → `{}`", graph.population(pre).name, graph.population(post).name);
        if projection.delay > 1 {
            let limit = Limit { resource: "delay [timesteps]".into(), used: projection.delay.into(), max: 1 };
            refuse(
                entity(),
                format!("waits for timesteps, which {name} does not have"),
                Some(limit),
                "use a delay of 1",
            );
        }
        let input = matches!(graph.population(pre).neuron, NeuronModel::Input { .. });
        let (low, high) = graph.input_range().filter(|_| input).unwrap_or((0, 1));
        let value = u64::from(low.unsigned_abs().max(high.unsigned_abs()));
        let step = value.saturating_mul(largest_weight(projection));
        if step > LARGEST_STEP {
            let limit = Limit { resource: "weight times input value".into(), used: step, max: LARGEST_STEP };
            let message = "one event may change a potential by more than the adder holds".into();
            refuse(entity(), message, Some(limit), "use inputs of a smaller range or fewer weight bits");
        }
    }
    if let Some(id) = in_a_loop(graph) {
        let entity = format!("{id} `{}`", graph.population(id).name);
        let message =
            format!("its spikes come back to it; on {name}, which has no last timestep, they may do so for ever");
        refuse(entity, message, None, "use a network without recurrence");
    }
    if found.is_empty() { Ok(()) } else { Err(Diagnostics(found)) }
}

/// Largest magnitude of the weights of one pair of neurons together.
fn largest_weight(projection: &Projection<Quantized>) -> u64 {
    let magnitude = |w: &i32| u64::from(w.unsigned_abs());
    let Connectivity::Sparse(lists) = &projection.connectivity else {
        return projection.weights.iter().map(magnitude).max().unwrap_or(0);
    };
    // The synapses of a pair lie next to each other.
    let of_source = |source: usize| {
        let synapses = lists.synapses(source);
        let (targets, weights) = (&lists.targets()[synapses.clone()], &projection.weights[synapses]);
        let mut first = 0;
        targets
            .chunk_by(|a, b| a == b)
            .map(|pair| {
                first += pair.len();
                weights[first - pair.len()..first].iter().map(magnitude).sum()
            })
            .max()
            .unwrap_or(0)
    };
    (0..lists.len()).map(of_source).max().unwrap_or(0)
}

/// The first population that its own spikes can reach.
fn in_a_loop(graph: &Graph<Quantized>) -> Option<PopulationId> {
    let targets = |id: PopulationId| {
        graph.projections().map(|(p, _)| graph.ends(p)).filter(move |(pre, _)| *pre == id).map(|(_, post)| post)
    };
    graph.populations().map(|(id, _)| id).find(|&id| {
        let mut reached: BTreeSet<PopulationId> = BTreeSet::new();
        let mut next: Vec<PopulationId> = targets(id).collect();
        while let Some(at) = next.pop() {
            if reached.insert(at) {
                next.extend(targets(at));
            }
        }
        reached.contains(&id)
    })
}
