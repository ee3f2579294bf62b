//! How often neurons fire: the weights of the mapping's cost.
//!
//! Measured on training images, never on those that results are reported on. Without a measurement every spiking neuron is
//! taken to fire in a tenth of all timesteps and every input neuron to send once per sample.

use ir::{Emits, Graph, NeuronModel, PopulationId, Stage};
use isa::{Descriptor, Program};

/// Events per neuron over a number of timesteps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// `counts[population][neuron]`: events seen, channel-major.
    pub counts: Vec<Vec<u64>>,
    /// Timesteps over which the events were counted.
    pub steps: u64,
}

impl Activity {
    /// The assumption made without a measurement: one tenth of all timesteps for neurons, once per sample for inputs.
    pub fn assumed<S: Stage>(graph: &Graph<S>) -> Self {
        let steps = 10 * u64::from(graph.timesteps);
        let per_neuron = |neuron: &NeuronModel<S>| match (neuron, neuron.emits()) {
            (NeuronModel::Input { .. }, _) => 10,
            (_, Emits::Spikes | Emits::Values) => u64::from(graph.timesteps),
            (_, Emits::Nothing) => 0,
        };
        let counts = graph.populations().map(|(_, p)| vec![per_neuron(&p.neuron); p.shape.neurons()]).collect();
        Self { counts, steps }
    }

    /// As [`Self::assumed`], for a program: populations are its layers.
    pub fn assumed_of(program: &Program) -> Self {
        let steps = 10 * u64::from(program.timesteps);
        let mut per_neuron = vec![0; program.layers.len()];
        per_neuron[program.input.layer.0 as usize] = 10;
        for descriptor in program.cores.iter().flat_map(|image| &image.descriptors) {
            if let Descriptor::Neurons(d) = descriptor
                && d.kind.emits()
            {
                per_neuron[d.layer.0 as usize] = u64::from(program.timesteps);
            }
        }
        let counts = program.layers.iter().zip(per_neuron).map(|(layer, n)| vec![n; layer.neurons()]).collect();
        Self { counts, steps }
    }

    /// Every spiking neuron fires once in `period` timesteps; inputs are silent.
    pub fn uniform<S: Stage>(graph: &Graph<S>, period: u64) -> Self {
        let of = |neuron: &NeuronModel<S>| u64::from(neuron.spikes());
        let counts = graph.populations().map(|(_, p)| vec![of(&p.neuron); p.shape.neurons()]).collect();
        Self { counts, steps: period }
    }

    /// The same activity with the neurons of each population in another order.
    pub(crate) fn renumbered(mut self, orders: &[Option<Vec<u32>>]) -> Self {
        for (counts, order) in self.counts.iter_mut().zip(orders) {
            if let Some(order) = order {
                *counts = order.iter().map(|&i| counts[i as usize]).collect();
            }
        }
        self
    }

    /// Mean events per neuron and timestep of a population.
    pub fn rate(&self, population: PopulationId) -> f64 {
        let counts = &self.counts[population.0 as usize];
        counts.iter().sum::<u64>() as f64 / (counts.len() as f64 * self.steps as f64)
    }
}
