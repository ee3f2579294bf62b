//! What sensors write, and how it becomes timesteps and neurons: an event has a time, a place and a polarity.
//!
//! ```text
//! timestep = ⌊time / bin⌋        neuron = (polarity·H + ⌊y/down⌋)·W + ⌊x/down⌋
//! ```
//!
//! Polarities are two channels (decrease first, as tonic orders them), or one where the network has one. Several events of one
//! neuron and timestep are counted.

use super::{MAX_EVENTS, MAX_STEPS, Merged, Recording, Recordings, Timed};
use crate::error::Cause;

/// An event of a sensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Address {
    /// When, in the file's unit of time.
    pub t: f64,
    /// Column.
    pub x: u16,
    /// Row.
    pub y: u16,
    /// Whether the brightness rose.
    pub on: bool,
}

/// Recordings of a sensor, not yet binned.
#[derive(Clone, Debug, PartialEq)]
pub struct Raw {
    /// What the user calls them.
    pub name: String,
    /// The recordings, in order.
    pub recordings: Vec<RawRecording>,
    /// Length of the unit of time \[s\].
    pub unit: f64,
}

/// A recording of a sensor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawRecording {
    /// Its number in the file.
    pub number: u64,
    /// Its class, if the file says so.
    pub label: Option<u32>,
    /// Its events, in the order of the file.
    pub events: Vec<Address>,
}

/// Which events are taken, and as how many channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarity {
    /// Two channels: decrease, increase.
    Both,
    /// All events in one channel.
    Merge,
    /// Increases only, one channel.
    On,
    /// Decreases only, one channel.
    Off,
}

/// How events become timesteps and neurons; what is `None` follows from the network.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Binning {
    /// Length of a timestep \[s\].
    pub bin: Option<f64>,
    /// Rows and columns that become one.
    pub down: Option<u16>,
    /// Polarities.
    pub polarity: Option<Polarity>,
    /// Columns and rows of the sensor after down-sampling, where the network's input is a vector.
    pub sensor: Option<(u16, u16)>,
}

/// Length of a timestep if nobody says \[s\].
const BIN: f64 = 1e-3;

/// Where an event goes: channels, rows and columns of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Frame {
    channels: u32,
    height: u32,
    width: u32,
}

impl Raw {
    /// The recordings in timesteps and neurons of an input of `shape` (channels, rows, columns).
    ///
    /// # Errors
    /// If the shape does not say how to lay out the sensor, or an event does not fit.
    pub fn bin(&self, binning: &Binning, shape: [usize; 3]) -> Result<Recordings, Cause> {
        let mut remarks = Vec::new();
        let bin = binning.bin.unwrap_or_else(|| {
            remarks.push(format!("timesteps of {} ms (assumed); --bin sets their length", BIN * 1e3));
            BIN
        });
        let n: usize = self.recordings.iter().map(|r| r.events.len()).sum();
        if n > MAX_EVENTS {
            let why = format!("{n} events are more than the {MAX_EVENTS} that are read");
            return Err(Cause::refused(why, "Split the file."));
        }
        let frame = self.frame(binning, shape, &mut remarks)?;
        let polarity = binning.polarity.unwrap_or(if frame.channels == 2 { Polarity::Both } else { Polarity::Merge });
        let channels = if polarity == Polarity::Both { 2 } else { 1 };
        if channels != frame.channels {
            let why = format!("the network's input has {} channels, --polarity makes {channels}", frame.channels);
            return Err(Cause::refused(why, "Choose --polarity both for two channels; merge, on or off for one."));
        }
        if polarity == Polarity::Merge && binning.polarity.is_none() && self.has_both() {
            remarks.push("both polarities go into the one channel of the input; --polarity on or off takes one".into());
        }
        let down = u32::from(binning.down.unwrap_or(1).max(1));
        let (mut merged, mut samples) = (Merged::default(), Vec::with_capacity(self.recordings.len()));
        for recording in &self.recordings {
            let mut events = Vec::with_capacity(recording.events.len());
            for event in &recording.events {
                let channel = match (polarity, event.on) {
                    (Polarity::Both, on) => u32::from(on),
                    (Polarity::Merge, _) | (Polarity::On, true) | (Polarity::Off, false) => 0,
                    (Polarity::On, false) | (Polarity::Off, true) => continue,
                };
                let (x, y) = (u32::from(event.x) / down, u32::from(event.y) / down);
                if x >= frame.width || y >= frame.height {
                    let why = format!(
                        "recording {}: an event at column {}, row {} is outside the {} columns and {} rows of the input",
                        recording.number,
                        event.x,
                        event.y,
                        frame.width * down,
                        frame.height * down
                    );
                    return Err(Cause::refused(
                        why,
                        "Divide rows and columns with --down, or check the network's input.",
                    ));
                }
                let timestep = bin_of(event.t * self.unit / bin);
                if timestep >= f64::from(MAX_STEPS) {
                    let why = format!(
                        "recording {}: an event at {} s is in timestep {timestep}, beyond the {MAX_STEPS} that are read",
                        recording.number,
                        event.t * self.unit
                    );
                    return Err(Cause::refused(why, "Use longer timesteps with --bin."));
                }
                let neuron = (channel * frame.height + y) * frame.width + x;
                events.push(Timed { timestep: timestep as u32, neuron, value: 1 });
            }
            let steps = events.iter().map(|event| event.timestep + 1).max().unwrap_or(1);
            let recording = Recording::new((recording.number, recording.label), steps, events, &mut merged);
            samples.push(recording.expect("counts of at most MAX_EVENTS have 32 bits"));
        }
        Recordings::new(self.name.clone(), samples, merged, remarks)
    }

    fn has_both(&self) -> bool {
        let mut events = self.recordings.iter().flat_map(|r| &r.events).map(|event| event.on);
        let first = events.next();
        events.any(|on| Some(on) != first)
    }

    /// Rows and columns: the input's, or for a vector the sensor's, or those of a square.
    fn frame(&self, binning: &Binning, shape: [usize; 3], remarks: &mut Vec<String>) -> Result<Frame, Cause> {
        let n = shape.iter().product::<usize>();
        let [channels, height, width] = shape.map(|side| side as u32);
        if height * width > 1 && binning.sensor.is_none() {
            return Ok(Frame { channels, height, width });
        }
        // All events in one row: a vector of units, as of a cochlea.
        let flat = self.recordings.iter().flat_map(|r| &r.events).all(|event| event.y == 0);
        if flat && binning.sensor.is_none() {
            let channels = if binning.polarity == Some(Polarity::Both) { 2 } else { 1 };
            return Ok(Frame { channels, height: 1, width: (n / channels as usize) as u32 });
        }
        let frame = match binning.sensor {
            Some((width, height)) => {
                let (width, height) = (u32::from(width), u32::from(height));
                [1, 2].into_iter().map(|channels| Frame { channels, height, width }).find(|f| f.neurons() == n)
            }
            None => [1, 2].into_iter().find_map(|channels: usize| {
                let side = (n / channels).isqrt();
                let square = side * side * channels == n;
                square.then_some(Frame { channels: channels as u32, height: side as u32, width: side as u32 })
            }),
        };
        let frame = frame.ok_or_else(|| {
            let why = format!("the {n} inputs of the network are not the columns and rows of one or two channels");
            Cause::refused(why, "Give the sensor's columns and rows with --sensor, as in --sensor 34x34.")
        })?;
        if binning.sensor.is_none() {
            remarks.push(format!(
                "the {n} inputs are taken as {}×{}×{} (channels, rows, columns); --sensor says otherwise",
                frame.channels, frame.height, frame.width
            ));
        }
        Ok(frame)
    }
}

/// The bin of a time in bins. What lies on an edge but for the rounding of decimals (0.29 / 0.01) belongs to the bin that begins there.
fn bin_of(time: f64) -> f64 {
    (time + 1e-9 * time.max(1.0)).floor()
}

impl Frame {
    fn neurons(&self) -> usize {
        self.channels as usize * self.height as usize * self.width as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(events: &[(f64, u16, u16, bool)]) -> Raw {
        let events = events.iter().map(|&(t, x, y, on)| Address { t, x, y, on }).collect();
        Raw { name: "r".into(), recordings: vec![RawRecording { number: 0, label: None, events }], unit: 1e-6 }
    }

    fn binned(raw: &Raw, binning: Binning, shape: [usize; 3]) -> Result<Vec<(u32, u32, i32)>, String> {
        let found = raw.bin(&binning, shape).map_err(|cause| cause.to_string())?;
        Ok(found.samples[0].events().iter().map(|e| (e.timestep, e.neuron, e.value)).collect())
    }

    const EVENTS: [(f64, u16, u16, bool); 4] =
        [(0.0, 1, 0, true), (999.0, 1, 0, true), (1000.0, 3, 2, false), (2500.0, 0, 3, true)];

    #[test]
    fn times_are_binned_and_meetings_counted() {
        let found = binned(&raw(&EVENTS), Binning::default(), [2, 4, 4]).unwrap();
        assert_eq!(found, [(0, 17, 2), (1, 11, 1), (2, 28, 1)]);
        let half = Binning { bin: Some(0.5e-3), ..Binning::default() };
        assert_eq!(binned(&raw(&EVENTS), half, [2, 4, 4]).unwrap()[..2], [(0, 17, 1), (1, 17, 1)]);
    }

    #[test]
    fn edges_of_bins_are_where_decimals_put_them() {
        for n in 0..10_000_u32 {
            let (hundredths, micros) = (f64::from(n) / 100.0, f64::from(n) * 100.0);
            assert_eq!([hundredths / 0.01, micros * 1e-6 / 100e-6].map(|x| bin_of(x) as u32), [n; 2]);
            assert_eq!(bin_of((micros + 99.0) * 1e-6 / 100e-6) as u32, n);
        }
    }

    #[test]
    fn polarities_and_down_sampling_choose_the_neuron() {
        let with = |polarity, down| Binning { polarity: Some(polarity), down, ..Binning::default() };
        let take = |polarity, down, shape| binned(&raw(&EVENTS), with(polarity, down), shape);
        assert_eq!(take(Polarity::Merge, None, [1, 4, 4]).unwrap(), [(0, 1, 2), (1, 11, 1), (2, 12, 1)]);
        assert_eq!(take(Polarity::Off, None, [1, 4, 4]).unwrap(), [(1, 11, 1)]);
        assert_eq!(take(Polarity::Both, Some(2), [2, 2, 2]).unwrap(), [(0, 4, 2), (1, 3, 1), (2, 6, 1)]);
        assert!(take(Polarity::Both, None, [1, 4, 4]).unwrap_err().contains("has 1 channels"));
        assert!(take(Polarity::Both, None, [2, 2, 2]).unwrap_err().contains("column 3, row 2 is outside"));
    }

    #[test]
    fn vectors_are_squares_sensors_or_units() {
        assert_eq!(binned(&raw(&EVENTS), Binning::default(), [32, 1, 1]).unwrap()[0], (0, 17, 2));
        let sensor = Binning { sensor: Some((8, 4)), ..Binning::default() };
        assert_eq!(binned(&raw(&EVENTS), sensor, [32, 1, 1]).unwrap()[1], (1, 19, 1));
        assert!(binned(&raw(&EVENTS), Binning::default(), [30, 1, 1]).unwrap_err().contains("30 inputs"));
        let units = raw(&[(0.0, 519, 0, true)]);
        assert_eq!(binned(&units, Binning::default(), [700, 1, 1]).unwrap(), [(0, 519, 1)]);
        assert!(binned(&units, Binning::default(), [500, 1, 1]).unwrap_err().contains("column 519"));
    }

    #[test]
    fn late_events_are_refused_before_anything_is_made() {
        let late = raw(&[(1e18, 0, 0, true)]);
        assert!(binned(&late, Binning::default(), [1, 1, 1]).unwrap_err().contains("beyond the 1048576"));
    }
}
