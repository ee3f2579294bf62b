//! Samples of one's own in any format that is known: what a file or folder holds decides, not its name alone.
//!
//! | format | told by | becomes |
//! |---|---|---|
//! | table | `.csv` | recordings |
//! | .npy, .npz | magic | recordings, or images if the network takes values or each has a label |
//! | HDF5 | magic | recordings |
//! | N-MNIST | `.bin` | recordings |
//! | AEDAT 2.0, 3.1, 4.0 | first bytes | recordings, as many as a table of labels beside the file says |
//! | IDX, CIFAR, class folders of .png or .npy | contents of a folder | images |
//! | class folders of .bin, of AEDAT, or of .npy with events; DVS-Gesture's lists | contents of a folder | recordings |

use super::{
    Raw, Recordings,
    address::{Binning, RawRecording},
    aedat, array, dense,
    format::{Kind, kind},
    nmnist, refuse, shd, table,
};
use crate::dataset::Split;
use crate::error::{Cause, DataError};
use crate::own::{self, OwnImages};
use std::path::Path;

/// Samples that were found.
#[derive(Clone, Debug, PartialEq)]
pub enum Opened {
    /// Images.
    Images(OwnImages),
    /// Recordings.
    Recordings(Recordings),
}

/// What the network takes, and how it is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// Channels, rows and columns of the input.
    pub input: [usize; 3],
    /// Whether the network takes values in no timesteps: images only.
    pub values: bool,
    /// Which half of the data, where it says.
    pub split: Split,
    /// How events with times become timesteps.
    pub binning: Binning,
}

/// The samples in a file or folder.
///
/// # Errors
/// If the format is not known, the contents are damaged, or they do not fit the input.
pub fn open(path: &Path, wanted: &Wanted) -> Result<Opened, DataError> {
    if path.is_dir() {
        return folder(path, wanted);
    }
    let bytes = own::read(path)?;
    file(&bytes, path, wanted)
}

fn file(bytes: &[u8], path: &Path, wanted: &Wanted) -> Result<Opened, DataError> {
    let name = path.display().to_string();
    let wrong = |cause: Cause| DataError::new(path, "", cause);
    let bin = |raw: Raw| raw.bin(&wanted.binning, wanted.input).map(Opened::Recordings).map_err(wrong);
    match kind(bytes, path)? {
        Kind::Table => match table::read(bytes, path, &name)? {
            table::Table::Binned(recordings) => Ok(Opened::Recordings(recordings)),
            table::Table::Raw(raw) => bin(raw),
        },
        Kind::Npy => match array::npy(bytes, path, "")? {
            array::Content::Events(events, unit) => bin(array::raw(events, unit, &name)),
            array::Content::Dense(array) => of_array(&array, None, path, wanted),
        },
        Kind::Npz => {
            let arrays = array::npz(bytes, path)?;
            if let Some(events) = array::columns(&arrays, path) {
                let (events, unit) = events?;
                return bin(array::raw(events, unit, &name));
            }
            if let [(_, array::Content::Events(events, unit))] = &arrays[..] {
                return bin(array::raw(events.clone(), *unit, &name));
            }
            let (array, labels) = own::of_arrays(&arrays, path, wanted.split)?;
            of_array(array, labels, path, wanted)
        }
        Kind::Hdf5 => match shd::read(bytes, path, &name)? {
            shd::Content::Events(raw) => bin(raw),
            shd::Content::Dense(array, labels) => of_array(&array, labels, path, wanted),
        },
        Kind::Nmnist => bin(nmnist::read(bytes, path, &name)?),
        Kind::Aedat => bin(aedat::read(bytes, path, &name)?),
    }
}

/// A dense array as recordings, or as images where it has no timesteps.
fn of_array(array: &array::Array, labels: Option<Vec<u32>>, path: &Path, wanted: &Wanted) -> Result<Opened, DataError> {
    let wrong = |cause: Cause| DataError::new(path, "", cause);
    let layout =
        dense::layout(&array.shape, wanted.input, labels.as_ref().map(Vec::len), wanted.values).map_err(wrong)?;
    if layout.steps.is_none() && (layout.samples.is_some() || wanted.values) {
        let shape: Vec<usize> =
            if layout.samples.is_some() { array.shape.clone() } else { [&[1], &array.shape[..]].concat() };
        let [c, h, w] = wanted.input;
        let n = layout.samples.unwrap_or(1);
        let shape = if layout.channels_last { shape } else { vec![n, c, h, w] };
        return own::of_layout(array, &shape, labels, path, wanted.split).map(Opened::Images);
    }
    let name = path.display().to_string();
    dense::recordings(array, layout, wanted.input, (labels.as_deref(), &name)).map(Opened::Recordings).map_err(wrong)
}

/// Images of a folder, or the recordings in it.
fn folder(path: &Path, wanted: &Wanted) -> Result<Opened, DataError> {
    let entries = match aedat::split_list(path, wanted.split)? {
        Some(files) => {
            own::Entries { files: files.into_iter().map(|file| (file, None)).collect(), classes: Vec::new() }
        }
        None => own::entries(path, wanted.split)?,
    };
    if cut_out(&entries.files[0].0)?.is_none() {
        return own::images(path, wanted.split).map(Opened::Images);
    }
    let (mut raw, mut unit): (Vec<RawRecording>, _) = (Vec::new(), None);
    let mut left = super::MAX_EVENTS;
    // Tables of labels beside recordings are read with them.
    let is_table = |file: &Path| file.to_string_lossy().ends_with("_labels.csv");
    for (file, label) in entries.files.iter().filter(|(file, _)| !is_table(file)) {
        let Some((found, own_unit)) = cut_out(file)? else {
            return Err(refuse(file, "", "is no recording, as the first file is", MIXED));
        };
        left = left.checked_sub(found.iter().map(|r| r.events.len()).sum()).ok_or_else(|| {
            refuse(path, "", format!("holds more than the {} events that are read", super::MAX_EVENTS), "Split it.")
        })?;
        if unit.get_or_insert(own_unit).to_bits() != own_unit.to_bits() {
            return Err(refuse(file, "", "has another unit of time than the first file", MIXED));
        }
        for recording in found {
            if let (Some(a), Some(b)) = (label, recording.label)
                && *a != b
            {
                return Err(refuse(file, "", format!("its folder says class {a}, its table of labels {b}"), MIXED));
            }
            raw.push(RawRecording { number: raw.len() as u64, label: label.or(recording.label), ..recording });
        }
    }
    let raw = Raw { name: path.display().to_string(), recordings: raw, unit: unit.unwrap_or(1e-6) };
    let wrong = |cause: Cause| DataError::new(path, "", cause);
    let mut recordings = raw.bin(&wanted.binning, wanted.input).map_err(wrong)?;
    recordings.remarks.extend(entries.remark());
    Ok(Opened::Recordings(recordings))
}

/// The recordings in a file of a folder and their unit of time; `None` if it holds something else.
fn cut_out(file: &Path) -> Result<Option<(Vec<RawRecording>, f64)>, DataError> {
    let bytes = own::read(file)?;
    let one = |events| vec![RawRecording { number: 0, label: None, events }];
    Ok(match kind(&bytes, file) {
        Ok(Kind::Aedat) => Some((aedat::recordings(&bytes, file)?, 1e-6)),
        Ok(Kind::Nmnist) if bytes.len() % 5 == 0 => nmnist::events(&bytes, file).ok().map(|events| (one(events), 1e-6)),
        Ok(Kind::Npy) => match array::npy(&bytes, file, "")? {
            array::Content::Events(events, unit) => Some((one(events), unit)),
            array::Content::Dense(_) => None,
        },
        _ => None,
    })
}

const MIXED: &str = "Put recordings of one kind into the folder.";
