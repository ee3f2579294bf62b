//! Reading NIRData: what [`super::write_data`] writes, and what frameworks write with the package `nir`.

use super::{
    data::Recording,
    hdf5::{self, Array, Hdf5Error, Tree, Values},
};
use std::collections::BTreeMap;

/// What was recorded of each layer.
///
/// # Errors
/// If the bytes are not HDF5, hold no NIRData, or hold more than one sample.
pub fn read_data(bytes: Vec<u8>) -> Result<BTreeMap<String, Recording>, Hdf5Error> {
    let tree = hdf5::read(bytes)?;
    let fail = |path: &str, reason: &str| Hdf5Error { path: path.to_owned(), reason: reason.to_owned() };
    let nodes = tree.groups.get("nodes").ok_or_else(|| fail("", "holds no group `nodes`"))?;
    let mut layers = BTreeMap::new();
    for (name, node) in &nodes.groups {
        let Some(observables) = node.groups.get("observables") else { continue };
        let layer = layer(observables).map_err(|reason| fail(&format!("nodes/{name}/observables"), &reason))?;
        layers.insert(name.clone(), layer);
    }
    Ok(layers)
}

fn layer(observables: &Tree) -> Result<Recording, String> {
    let mut recording = Recording::default();
    if let Some(grid) = observables.groups.get("v").and_then(|v| v.arrays.get("data")) {
        let neurons: usize = one_sample(grid)?.get(1..).unwrap_or_default().iter().product();
        recording.neurons = neurons;
        recording.potentials = Some(reals(grid).into_iter().map(|v| v.round() as i32).collect());
    }
    let Some(spikes) = observables.groups.get("spikes") else { return Ok(recording) };
    if let Some(grid) = spikes.arrays.get("data") {
        let neurons: usize = one_sample(grid)?.get(1..).unwrap_or_default().iter().product();
        let fires =
            |(i, v): (usize, f64)| (v != 0.0).then(|| ((i / neurons.max(1)) as u32, (i % neurons.max(1)) as u32));
        recording.neurons = neurons;
        recording.spikes = Some(reals(grid).into_iter().enumerate().filter_map(fires).collect());
        return Ok(recording);
    }
    let (Some(idx), Some(time)) = (spikes.arrays.get("idx"), spikes.arrays.get("time")) else {
        return Err("has spikes without `idx` and `time`".into());
    };
    if idx.shape.len() > 1 && idx.shape[0] != 1 {
        return Err(format!("holds {} samples; one is compared", idx.shape[0]));
    }
    let (idx, time) = (reals(idx), reals(time));
    if idx.len() != time.len() {
        return Err(format!("has {} neurons for {} times", idx.len(), time.len()));
    }
    let pair = |(neuron, t): (f64, f64)| {
        // Events are padded with −1.
        let known = neuron >= 0.0 && neuron <= f64::from(u32::MAX) && t >= 0.0 && t <= f64::from(u32::MAX);
        known.then_some((t.round() as u32, neuron as u32))
    };
    let mut events: Vec<(u32, u32)> = idx.into_iter().zip(time).filter_map(pair).collect();
    events.sort_unstable();
    recording.spikes = Some(events);
    Ok(recording)
}

/// The shape of one sample: timesteps, then neurons.
fn one_sample(array: &Array) -> Result<&[usize], String> {
    match array.shape[..] {
        [1, ref rest @ ..] if rest.len() >= 2 => Ok(rest),
        [n, _, _, ..] => Err(format!("holds {n} samples; one is compared")),
        _ => Ok(&array.shape),
    }
}

fn reals(array: &Array) -> Vec<f64> {
    match &array.values {
        Values::Real(values) => values.clone(),
        Values::Single(values) => values.iter().map(|&v| f64::from(v)).collect(),
        Values::Integer(values) => values.iter().map(|&v| v as f64).collect(),
        Values::Text(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write_data;

    #[test]
    fn what_is_written_is_read() {
        let spikes = vec![(0, 2), (1, 0)];
        let layer = Recording { neurons: 3, spikes: Some(spikes), potentials: Some(vec![1, -2, 3, 4, 5, 6]) };
        let only = Recording { neurons: 0, spikes: Some(Vec::new()), potentials: None };
        let layers = BTreeMap::from([("n".to_owned(), layer), ("silent".to_owned(), only)]);
        assert_eq!(read_data(write_data(&layers, 2).unwrap()).unwrap(), layers);
        assert!(read_data(b"no file".to_vec()).is_err());
    }
}
