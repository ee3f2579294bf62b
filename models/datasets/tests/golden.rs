//! Files that numpy and h5py wrote (`scripts/golden_samples.py`), read as the samples that they are.

use spikeloom_datasets::{
    Split,
    recording::{Binning, Opened, Polarity, Recordings, Wanted, open},
};
use std::path::PathBuf;

fn read(name: &str, input: [usize; 3], binning: Binning) -> Recordings {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    let wanted = Wanted { input, values: false, split: Split::Test, binning };
    match open(&path, &wanted).unwrap_or_else(|error| panic!("{error}")) {
        Opened::Recordings(found) => found,
        Opened::Images(_) => panic!("{name}: recordings"),
    }
}

/// Timestep, neuron and value of every event of a recording.
fn events(found: &Recordings, i: usize) -> Vec<(u32, u32, i32)> {
    found.samples[i].events().iter().map(|event| (event.timestep, event.neuron, event.value)).collect()
}

fn labels(found: &Recordings) -> Vec<Option<u32>> {
    found.samples.iter().map(|sample| sample.label).collect()
}

#[test]
fn spiking_heidelberg_digits() {
    let bin = Binning { bin: Some(0.1), ..Binning::default() };
    let found = read("shd.h5", [700, 1, 1], bin);
    assert_eq!(labels(&found), [Some(4), Some(0), Some(19)]);
    assert_eq!(events(&found, 0), [(0, 3, 1), (0, 699, 1), (2, 3, 1)]);
    assert_eq!((events(&found, 1), events(&found, 2)), (vec![], vec![(5, 0, 1)]));
    assert_eq!(found.samples.iter().map(|s| s.steps).collect::<Vec<_>>(), [3, 1, 6]);
}

#[test]
fn events_of_tonic() {
    let found = read("events.npy", [2, 4, 4], Binning::default());
    // Two events in one millisecond; increases are the second channel.
    assert_eq!(events(&found, 0), [(0, 8, 1), (1, 16 + 7, 2)]);
    assert_eq!(found.range(), (0, 2));
    let on = Binning { bin: Some(100e-6), down: Some(2), polarity: Some(Polarity::On), ..Binning::default() };
    assert_eq!(events(&read("events.npy", [1, 2, 2], on), 0), [(15, 1, 1), (16, 1, 1)]);
}

#[test]
fn frames_with_labels_and_currents_in_column_order() {
    let found = read("frames.npz", [2, 2, 2], Binning::default());
    assert_eq!(labels(&found), [Some(1), Some(0)]);
    assert_eq!((events(&found, 0), events(&found, 1)), (vec![(0, 5, 2)], vec![(2, 2, 1)]));
    assert_eq!((found.unit, found.samples[0].steps), (1.0, 3));
    let currents = read("currents.npy", [2, 2, 2], Binning::default());
    assert_eq!(events(&currents, 0).len(), 1);
    let (timestep, neuron, value) = events(&currents, 0)[0];
    assert_eq!((timestep, neuron, f64::from(value) * currents.unit), (0, 5, 0.5));
}
