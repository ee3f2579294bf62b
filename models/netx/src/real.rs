//! The same network in real numbers: what `export`, reports and pictures of trained networks read.
//!
//! Fraction bits become part of the weights; what only integers have, saturation and wrapping, is left out. Nothing is executed
//! from it: a netx network runs as the integers of its file.

use ir::{
    Dynamics, Graph, NeuronModel, Parameter, PerChannel, Population, Projection, Quantized, Readout, StateWord,
    Trained, dynamics::Action,
};

/// The network with real weights and values.
///
/// # Panics
/// If it holds IF or LIF neurons or a read-out with weights, which no netx network does.
pub fn real(graph: &Graph<Quantized>) -> Graph<Trained> {
    let mut result = Graph::new(graph.name.clone(), graph.timesteps, graph.encoding);
    result.pace = graph.pace;
    for (_, population) in graph.populations() {
        let neuron = match &population.neuron {
            NeuronModel::Input { coding, scale } => NeuronModel::Input { coding: *coding, scale: *scale },
            NeuronModel::Accumulator { v_init } => NeuronModel::Accumulator { v_init: values(v_init) },
            NeuronModel::Dynamic(list) => NeuronModel::Dynamic(Box::new(dynamics(list))),
            NeuronModel::Spiking(_) | NeuronModel::Linear => unreachable!("netx networks consist of lists"),
        };
        let (name, shape) = (population.name.clone(), population.shape);
        result.add_population(Population { name, shape, neuron, norm: None });
    }
    for (id, projection) in graph.projections() {
        let (pre, post) = graph.ends(id);
        let shift = match &graph.population(post).neuron {
            NeuronModel::Dynamic(list) => list.shift,
            _ => 0,
        };
        let weights = projection.weights.iter().map(|&w| w as f32 * f32::from(shift).exp2()).collect();
        let Projection { connectivity, pool, delay, .. } = projection.clone();
        result.connect(pre, post, Projection { connectivity, pool, weights, delay });
    }
    let population = graph.readout.population();
    result.readout = match graph.readout {
        Readout::Potential { .. } => Readout::Potential { population },
        Readout::SpikeCount { .. } => Readout::SpikeCount { population },
        Readout::Goodness { .. } | Readout::ChannelEnergy { .. } => {
            unreachable!("netx networks are read by potentials or spikes")
        }
    };
    result
}

fn values(whole: &PerChannel<i64>) -> PerChannel<f64> {
    PerChannel(whole.0.iter().map(|&v| v as f64).collect())
}

fn dynamics(list: &Dynamics<Quantized>) -> Dynamics<Trained> {
    let whole = |action: &Action| matches!(action, Action::Saturate(..) | Action::Wrap(..));
    Dynamics {
        model: list.model.clone(),
        words: list
            .words
            .iter()
            .map(|w| StateWord { name: w.name.clone(), unit: w.unit, init: values(&w.init) })
            .collect(),
        scratch: list.scratch,
        potential: list.potential,
        params: list
            .params
            .iter()
            .map(|p| Parameter { name: p.name.clone(), unit: p.unit, values: values(&p.values) })
            .collect(),
        ops: list.ops.iter().filter(|op| !whole(&op.action)).copied().collect(),
        shift: 0,
        window: list.window,
    }
}
