//! Which format a file has: its first bytes say so, and its name where they do not. What is not read is refused by its name.

use super::refuse;
use crate::error::DataError;
use std::path::Path;

/// Formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Table,
    Npy,
    Npz,
    Hdf5,
    Nmnist,
    Aedat,
}

const ARRAY: &str = "Save it with numpy.savez: `x` with the samples (N×T×C×H×W or N×C×H×W) and `y` with their classes.";
const EVENTS: &str =
    "Convert it, as with tonic or dv-processing: numpy.save of the events with the fields t, x, y and p.";
const SPIKES: &str = "Turn it into spikes first, as SHD does.";
const UNPACK: &str = "Unpack it, and give a file or folder of what is inside.";
const PICTURE: &str = "Give a folder with one folder of PNG per class.";
const KNOWN: &str = "Known are .csv, .npy, .npz, HDF5 as SHD has it, N-MNIST's .bin, AEDAT, IDX, CIFAR's binary layout, and folders of class folders.";

/// Formats that are not read: first bytes, name, remedy.
const REFUSED: [(&[u8], &str, &str); 25] = [
    (b"MATLAB ", "a MATLAB file", ARRAY),
    (b"PAR1", "a Parquet table", ARRAY),
    (b"ARROW1", "an Arrow table", ARRAY),
    (b"FEA1", "a Feather table", ARRAY),
    (b"SQLite format 3", "an SQLite data base", ARRAY),
    (b"\x80\x02", "a pickle of Python, which runs code when it is read", ARRAY),
    (b"\x80\x03", "a pickle of Python, which runs code when it is read", ARRAY),
    (b"\x80\x04", "a pickle of Python, which runs code when it is read", ARRAY),
    (b"\x80\x05", "a pickle of Python, which runs code when it is read", ARRAY),
    (b"#ROSBAG", "a ROS bag", EVENTS),
    (b"Event Stream", "an Event Stream recording", EVENTS),
    (b"% ", "a recording of Prophesee's", EVENTS),
    (b"\xff\xd8\xff", "a JPEG picture", PICTURE),
    (b"\x89PNG", "one PNG picture", PICTURE),
    (b"GIF8", "a GIF picture", PICTURE),
    (b"II*\0", "a TIFF picture", PICTURE),
    (b"MM\0*", "a TIFF picture", PICTURE),
    (b"RIFF", "sound or video (RIFF)", SPIKES),
    (b"fLaC", "sound (FLAC)", SPIKES),
    (b"OggS", "sound (Ogg)", SPIKES),
    (b"7z\xbc\xaf", "a 7z archive", UNPACK),
    (b"BZh", "packed with bzip2", UNPACK),
    (b"\xfd7zXZ", "packed with xz", UNPACK),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", UNPACK),
    (b"\0\0\x08", "one file of IDX", "Give the folder with its file of images and its file of labels."),
];

/// Endings of formats that are not read and have no first bytes of their own, or of which the file lacks them.
const ENDINGS: [(&[&str], &str, &str); 8] = [
    (&["raw", "dat"], "a recording of Prophesee's", EVENTS),
    (&["mat"], "a MATLAB file", ARRAY),
    (&["pt", "pth", "pkl", "pickle", "joblib"], "a pickle of Python, which runs code when it is read", ARRAY),
    (&["parquet", "feather", "arrow", "xlsx", "xls", "ods"], "a table that is not text", ARRAY),
    (&["json", "jsonl", "yaml", "yml", "xml"], "a text of nested data", ARRAY),
    (&["bmp", "jpg", "jpeg", "tif", "tiff", "webp"], "a picture that is not PNG", PICTURE),
    (&["wav", "mp3", "mp4", "avi", "mkv"], "sound or video", SPIKES),
    (&["tfrecord", "tfrecords"], "a TFRecord file", ARRAY),
];

/// The format of a file.
pub(crate) fn kind(bytes: &[u8], path: &Path) -> Result<Kind, DataError> {
    let lower = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = lower.strip_suffix(".gz").unwrap_or(&lower);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let refused =
        |format: &str, remedy: &str| Err(refuse(path, "", format!("is {format}, a format that is not read"), remedy));
    if bytes.starts_with(b"\x93NUMPY") {
        return Ok(Kind::Npy);
    }
    if bytes.starts_with(b"\x89HDF") {
        return Ok(Kind::Hdf5);
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return archive(bytes, ending).map_or_else(|format| refused(format, ARRAY), Ok);
    }
    // Two numbers of at most 33 begin a recording of N-MNIST: none of the marks below but those of an IDX file.
    if ending == "bin" {
        return Ok(Kind::Nmnist);
    }
    if bytes.starts_with(super::aedat::MAGIC) {
        return Ok(Kind::Aedat);
    }
    if let Some((_, format, remedy)) = REFUSED.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        return refused(format, remedy);
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return refused("a tar archive", UNPACK);
    }
    if let Some((_, format, remedy)) = ENDINGS.iter().find(|(endings, ..)| endings.contains(&ending)) {
        return refused(format, remedy);
    }
    match ending {
        "csv" | "txt" | "tsv" => Ok(Kind::Table),
        "npy" | "npz" => Err(refuse(path, "", "is no array of numpy, whatever its name", ARRAY)),
        "aedat" | "aedat2" | "aedat4" => Err(refuse(path, "", "is no AEDAT recording, whatever its name", EVENTS)),
        "h5" | "hdf5" => Err(refuse(path, "", "is no HDF5 file, whatever its name", ARRAY)),
        _ => Err(refuse(path, "", "has a format that is not known", KNOWN)),
    }
}

/// An archive of arrays, or what else is packed the same way.
fn archive(bytes: &[u8], ending: &str) -> Result<Kind, &'static str> {
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    if ending == "npz" || holds(b".npy") {
        Ok(Kind::Npz)
    } else if holds(b"data.pkl") {
        Err("a file of PyTorch")
    } else if holds(b"xl/workbook.xml") {
        Err("an Excel table")
    } else {
        Err("a zip archive")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, bytes: &[u8]) -> Result<Kind, String> {
        kind(bytes, Path::new(name)).map_err(|e| e.to_string())
    }

    #[test]
    fn formats_are_told_by_contents_and_named_if_not_read() {
        assert_eq!(of("x", b"\x93NUMPY"), Ok(Kind::Npy));
        assert_eq!(of("A.CSV", b"timestep"), Ok(Kind::Table));
        assert_eq!(of("a.csv.gz", b"timestep"), Ok(Kind::Table));
        assert_eq!(of("a.npz", b"PK\x03\x04"), Ok(Kind::Npz));
        assert_eq!(of("a.zip", b"PK\x03\x04....x.npy"), Ok(Kind::Npz));
        assert_eq!(of("a.csv", b"\x89HDF"), Ok(Kind::Hdf5));
        assert_eq!(of("rec", b"#!AER-DAT4.0\r\n"), Ok(Kind::Aedat));
        for (name, bytes, part) in [
            ("rec.aedat4", &b""[..], "is no AEDAT recording"),
            ("a.mat", b"MATLAB 5.0", "a MATLAB file"),
            ("a.pt", b"PK\x03\x04....archive/data.pkl", "a file of PyTorch"),
            ("a", b"\x80\x04\x95", "a pickle of Python"),
            ("a.xlsx", b"PK\x03\x04....xl/workbook.xml", "an Excel table"),
            ("a.zip", b"PK\x03\x04", "a zip archive"),
            ("a.raw", b"% Date 2020", "Prophesee"),
            ("a.csv", b"PAR1", "a Parquet table"),
            ("train-images", b"\0\0\x08\x03", "one file of IDX"),
            ("a.npz", b"no zip", "no array of numpy"),
            ("a.h5", b"no file", "no HDF5 file"),
            ("a.json", b"{}", "nested data"),
            ("a.xyz", b"", "not known. Known are .csv"),
        ] {
            let error = of(name, bytes).unwrap_err();
            assert!(error.contains(part), "{name}: {error}");
        }
    }
}
