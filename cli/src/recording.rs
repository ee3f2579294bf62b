//! A probe that keeps spikes and potentials of a run for a NIRData file.

use isa::{LayerId, Timestep};
use nir::{Recording, write_data};
use simulator::{Machine, Probe};

/// Most spikes of a neuron in a timestep that are written as so many events; a larger or negative value is graded.
const MOST_COUNTED: i32 = 15;

/// Spikes (`S`) and potentials (`V`) of every layer, held in memory.
#[derive(Debug)]
pub(crate) struct Recorder<const S: bool, const V: bool> {
    layers: Vec<(String, Recording)>,
    /// Timestep, neuron and value of everything that was sent, by layer.
    sent: Vec<Vec<(u32, u32, i32)>>,
    timesteps: u32,
}

impl<const S: bool, const V: bool> Recorder<S, V> {
    /// Nothing recorded yet.
    pub(crate) fn new(machine: &Machine) -> Self {
        let layer = |layer: &isa::Layer| {
            let spikes = S.then(Vec::new);
            (layer.name.clone(), Recording { neurons: layer.neurons(), spikes, potentials: None })
        };
        let sent = vec![Vec::new(); machine.layers().len()];
        Self { layers: machine.layers().iter().map(layer).collect(), sent, timesteps: 0 }
    }

    /// The file. NIRData has no values: several spikes at once are as many events, anything else that was sent is one.
    pub(crate) fn finish(mut self) -> anyhow::Result<Vec<u8>> {
        for ((_, layer), sent) in self.layers.iter_mut().zip(&self.sent).filter(|_| S) {
            let counted = sent.iter().all(|&(.., value)| (1..=MOST_COUNTED).contains(&value));
            let times = |value: i32| if counted { value as usize } else { 1 };
            let events = sent.iter().flat_map(|&(t, neuron, value)| std::iter::repeat_n((t, neuron), times(value)));
            layer.spikes = Some(events.collect());
        }
        let recorded = self.layers.into_iter().filter(|(_, r)| r.spikes.is_some() || r.potentials.is_some());
        Ok(write_data(&recorded.collect(), self.timesteps)?)
    }
}

impl<const S: bool, const V: bool> Probe for Recorder<S, V> {
    const EMISSIONS: bool = S;
    const POTENTIALS: bool = V;

    fn emissions(&mut self, t: Timestep, layer: LayerId, sent: &[(u32, i32)]) {
        self.timesteps = t.0 + 1;
        self.sent[layer.0 as usize].extend(sent.iter().map(|&(neuron, value)| (t.0, neuron, value)));
    }

    fn potentials(&mut self, t: Timestep, layer: LayerId, potentials: &[i32]) {
        self.timesteps = t.0 + 1;
        self.layers[layer.0 as usize].1.potentials.get_or_insert_default().extend_from_slice(potentials);
    }
}
