//! A probe that keeps spikes and potentials of a run for a NIRData file.

use isa::{LayerId, Timestep};
use nir::{Recording, write_data};
use simulator::{Machine, Probe};

/// Spikes (`S`) and potentials (`V`) of every layer, held in memory.
#[derive(Debug)]
pub(crate) struct Recorder<const S: bool, const V: bool> {
    layers: Vec<(String, Recording)>,
    timesteps: u32,
}

impl<const S: bool, const V: bool> Recorder<S, V> {
    /// Nothing recorded yet.
    pub(crate) fn new(machine: &Machine) -> Self {
        let layer = |layer: &isa::Layer| {
            let spikes = S.then(Vec::new);
            (layer.name.clone(), Recording { neurons: layer.neurons(), spikes, potentials: None })
        };
        Self { layers: machine.layers().iter().map(layer).collect(), timesteps: 0 }
    }

    /// The file.
    pub(crate) fn finish(self) -> anyhow::Result<Vec<u8>> {
        let recorded = self.layers.into_iter().filter(|(_, r)| r.spikes.is_some() || r.potentials.is_some());
        Ok(write_data(&recorded.collect(), self.timesteps)?)
    }
}

impl<const S: bool, const V: bool> Probe for Recorder<S, V> {
    const SPIKES: bool = S;
    const POTENTIALS: bool = V;

    fn spikes(&mut self, t: Timestep, layer: LayerId, neurons: &[u32]) {
        self.timesteps = t.0 + 1;
        let spikes = self.layers[layer.0 as usize].1.spikes.get_or_insert_default();
        spikes.extend(neurons.iter().map(|&neuron| (t.0, neuron)));
    }

    fn potentials(&mut self, t: Timestep, layer: LayerId, potentials: &[i32]) {
        self.timesteps = t.0 + 1;
        self.layers[layer.0 as usize].1.potentials.get_or_insert_default().extend_from_slice(potentials);
    }
}
