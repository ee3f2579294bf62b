//! Recordings of spikes: NIRData (recording.h5, or a framework's), spikes.csv of a trace, arrays of numpy by layer.

use super::{Layer, Recorded};
use crate::files;
use anyhow::{Context, Result, anyhow, bail, ensure};
use datasets::recording::array::{self, Content};
use std::{collections::BTreeMap, path::Path};

/// What is recorded in a file.
pub(crate) fn read(path: &Path) -> Result<Recorded> {
    let place = path.display();
    let bytes = files::read(path)?;
    let recorded = if bytes.starts_with(b"\x89HDF") {
        nir_data(bytes).with_context(|| format!("{place}: is no NIRData"))?
    } else if bytes.starts_with(b"PK\x03\x04") {
        arrays(&bytes, path)?
    } else if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv")) {
        table(&bytes).with_context(|| format!("{place}: is no spikes.csv of a trace"))?
    } else if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npz")) {
        bail!(
            "{place}: is no .npz, although its name says so: an .npz is a zip archive of arrays, and the file does not begin as one; write it with \
             numpy.savez"
        );
    } else {
        bail!(
            "{place}: is neither NIRData (recording.h5 of --trace spikes) nor .npz nor spikes.csv; give one of these"
        );
    };
    ensure!(!recorded.is_empty(), "{place}: holds no layer with spikes; record them with --trace spikes");
    Ok(recorded)
}

fn nir_data(bytes: Vec<u8>) -> Result<Recorded> {
    let layers = nir::read_data(bytes).map_err(|error| anyhow!("{error}"))?;
    let layer = |layer: nir::Recording| Layer {
        neurons: (layer.neurons > 0).then_some(layer.neurons),
        // Several spikes of a neuron at once are as many events.
        spikes: layer.spikes.map(|spikes| {
            spikes.into_iter().fold(BTreeMap::new(), |mut found, at| {
                *found.entry(at).or_insert(0) += 1;
                found
            })
        }),
        potentials: layer.potentials.map(|values| {
            values.chunks(layer.neurons.max(1)).map(|row| row.iter().map(|&v| f64::from(v)).collect()).collect()
        }),
    };
    Ok(layers.into_iter().map(|(name, recorded)| (name, layer(recorded))).collect())
}

/// One array per layer, timesteps first: spikes under the layer's name, potentials under `NAME.v`. A first axis of one sample may
/// stand in front.
fn arrays(bytes: &[u8], path: &Path) -> Result<Recorded> {
    let mut recorded = Recorded::new();
    for (name, content) in array::npz(bytes, path)? {
        let Content::Dense(array) = content else { bail!("{}: array {name} holds no numbers", path.display()) };
        let shape = match array.shape[..] {
            [1, ref rest @ ..] if rest.len() >= 2 => rest.to_vec(),
            _ => array.shape.clone(),
        };
        let [steps, ref rest @ ..] = shape[..] else { bail!("{}: array {name} is one number", path.display()) };
        let neurons: usize = rest.iter().product();
        let values: Vec<f64> = array.values.reals().collect();
        let rows = || values.chunks(neurons.max(1)).take(steps);
        if let Some(layer) = name.strip_suffix(".v") {
            let own = recorded.entry(layer.to_owned()).or_default();
            own.potentials = Some(rows().map(<[f64]>::to_vec).collect());
        } else {
            // Whole numbers are spikes at once, or values; others only say that there is something.
            let value = |v: f64| if v.fract() == 0.0 { v as i32 } else { 1 };
            let of_row = |(t, row): (usize, &[f64])| -> Vec<((u32, u32), i32)> {
                let fired = row.iter().enumerate().filter(|(_, v)| **v != 0.0);
                fired.map(|(i, &v)| ((t as u32, i as u32), value(v))).collect()
            };
            let own = recorded.entry(name).or_default();
            own.neurons = Some(neurons);
            own.spikes = Some(rows().enumerate().flat_map(of_row).collect());
        }
    }
    Ok(recorded)
}

/// `timestep,layer,channel,row,column`, perhaps with a `value`. How many rows and columns a layer has is not in it: neurons are numbered by what fires,
/// so that two such files are compared rightly, but not with other formats.
fn table(bytes: &[u8]) -> Result<Recorded> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Row {
        timestep: u32,
        layer: String,
        channel: u32,
        row: u32,
        column: u32,
        value: Option<i32>,
    }
    let mut recorded = Recorded::new();
    for row in csv::Reader::from_reader(bytes).deserialize() {
        let Row { timestep, layer, channel, row, column, value } = row?;
        ensure!(
            channel < 1 << 12 && row < 1 << 10 && column < 1 << 10,
            "a map beyond 4096×1024×1024; compare recording.h5"
        );
        let neuron = channel << 20 | row << 10 | column;
        recorded
            .entry(layer)
            .or_default()
            .spikes
            .get_or_insert_default()
            .insert((timestep, neuron), value.unwrap_or(1));
    }
    Ok(recorded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spikes_of_a_trace_are_read() {
        let found = table(b"timestep,layer,channel,row,column\n0,n,2,0,1\n3,m,0,1,0\n").expect("a table");
        assert_eq!(found["n"].spikes, Some(BTreeMap::from([((0, 2 << 20 | 1), 1)])));
        assert_eq!(found["m"].spikes, Some(BTreeMap::from([((3, 1 << 10), 1)])));
        let found = table(b"timestep,layer,channel,row,column,value\n4,n,0,0,2,3\n").expect("a table");
        assert_eq!(found["n"].spikes, Some(BTreeMap::from([((4, 2), 3)])));
        assert!(table(b"a,b\n1,2\n").is_err());
    }
}
