//! Spikes and potentials of a run as NIRData, the companion of NIR for recordings (`nir.read_data`, since nir 1.0.8).
//!
//! ```text
//! /                                    __type__ = NIRGraphData
//! /nodes/<layer>                       __type__ = NIRNodeData
//! /nodes/<layer>/observables/spikes    __type__ = EventData, n_neurons, t_max; idx and time, 1 × events
//! /nodes/<layer>/observables/v         __type__ = TimeGriddedData, dt; data, 1 × timesteps × neurons
//! ```
//!
//! Times are in timesteps: dt = 1. Neurons are numbered channel-major.

use super::hdf5::{self, Array, Attribute, Hdf5Error, Tree, Values};
use std::collections::BTreeMap;

/// What was recorded of a layer in one sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// Number of neurons.
    pub neurons: usize,
    /// Timestep and neuron of every spike, ascending; `None` if spikes were not recorded.
    pub spikes: Option<Vec<(u32, u32)>>,
    /// Potentials after each timestep, one row of all neurons after the other; `None` if they were not recorded.
    pub potentials: Option<Vec<i32>>,
}

/// The file of a sample of `timesteps`, by layer.
///
/// # Errors
/// If a layer's name cannot be a link.
///
/// # Panics
/// If the potentials are not whole rows.
pub fn write_data(layers: &BTreeMap<String, Recording>, timesteps: u32) -> Result<Vec<u8>, Hdf5Error> {
    let mut nodes = Tree::default();
    for (name, layer) in layers {
        let mut observables = Tree::default();
        if let Some(spikes) = &layer.spikes {
            let mut events = typed("EventData");
            events.attributes.insert("n_neurons".into(), Attribute::Integer(layer.neurons as i64));
            events.attributes.insert("t_max".into(), Attribute::Real(f64::from(timesteps)));
            let shape = vec![1, spikes.len()];
            let idx = spikes.iter().map(|&(_, neuron)| i64::from(neuron)).collect();
            let time = spikes.iter().map(|&(t, _)| f64::from(t)).collect();
            events.arrays.insert("idx".into(), Array::new(shape.clone(), Values::Integer(idx)));
            events.arrays.insert("time".into(), Array::new(shape, Values::Real(time)));
            observables.groups.insert("spikes".into(), events);
        }
        if let Some(potentials) = &layer.potentials {
            let mut grid = typed("TimeGriddedData");
            grid.attributes.insert("dt".into(), Attribute::Real(1.0));
            let values = potentials.iter().map(|&v| f64::from(v)).collect();
            let shape = vec![1, potentials.len() / layer.neurons.max(1), layer.neurons];
            grid.arrays.insert("data".into(), Array::new(shape, Values::Real(values)));
            observables.groups.insert("v".into(), grid);
        }
        let mut node = typed("NIRNodeData");
        node.groups.insert("observables".into(), observables);
        nodes.groups.insert(name.clone(), node);
    }
    let mut root = typed("NIRGraphData");
    root.groups.insert("nodes".into(), nodes);
    hdf5::write(&root)
}

fn typed(kind: &str) -> Tree {
    Tree { attributes: BTreeMap::from([("__type__".into(), Attribute::Text(kind.into()))]), ..Tree::default() }
}
