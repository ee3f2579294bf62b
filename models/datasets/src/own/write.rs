//! Recordings as an archive of numpy, as `recording::open` reads it.

use crate::dataset::Dataset;
use std::io::{Cursor, Seek, Write};
use zip::{ZipWriter, result::ZipError, write::SimpleFileOptions};

/// Recordings whose `steps` timesteps stand one after another in the channels: both parts as `x_train`, `y_train`, `x_test` and `y_test` in an `.npz`,
/// N×T×C×H×W and N, bytes throughout.
///
/// # Errors
/// If the archive cannot be packed.
///
/// # Panics
/// If channels are no multiple of the timesteps.
pub fn npz(train: &Dataset, test: &Dataset, steps: usize) -> Result<Vec<u8>, ZipError> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (part, data) in [("train", train), ("test", test)] {
        let [c, h, w] = data.shape;
        assert!(c.is_multiple_of(steps), "whole timesteps");
        array(&mut archive, &format!("x_{part}"), &[data.len(), steps, c / steps, h, w], &data.pixels)?;
        array(&mut archive, &format!("y_{part}"), &[data.len()], &data.labels)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// One array of bytes, last index fastest: numpy's format 1.0.
fn array<W: Write + Seek>(
    archive: &mut ZipWriter<W>,
    name: &str,
    shape: &[usize],
    values: &[u8],
) -> Result<(), ZipError> {
    let sides: Vec<String> = shape.iter().map(|side| format!("{side},")).collect();
    let mut header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({}), }}", sides.join(" "));
    // Magic, version and length are 10 bytes; data begins at a multiple of 64.
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let options = SimpleFileOptions::default().large_file(values.len() >= 1 << 31);
    archive.start_file(format!("{name}.npy"), options)?;
    archive.write_all(b"\x93NUMPY\x01\x00")?;
    archive.write_all(&u16::try_from(header.len()).expect("a header of few sides is short").to_le_bytes())?;
    archive.write_all(header.as_bytes())?;
    archive.write_all(values)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Split;
    use crate::recording::{Binning, Opened, Wanted, open};
    use crate::saccades;
    use std::ops::ControlFlow;

    #[test]
    fn recordings_come_back_as_they_were_written() {
        let images = crate::bundled::mnist_test_500();
        let [train, test] = [0..6, 6..9].map(|range| {
            saccades::recordings(&images.subset(range), 5, 1, &|| ControlFlow::Continue(())).expect("nobody stops it")
        });
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("s.npz");
        std::fs::write(&file, npz(&train, &test, 5).expect("packed")).expect("written");
        for (split, data) in [(Split::Train, &train), (Split::Test, &test)] {
            let wanted = Wanted { input: [2, 34, 34], values: false, split, binning: Binning::default() };
            let Opened::Recordings(found) = open(&file, &wanted).expect("readable") else { panic!("recordings") };
            assert_eq!(found.samples.len(), data.len());
            for (i, recording) in found.samples.iter().enumerate() {
                assert_eq!((recording.steps, recording.label), (5, Some(u32::from(data.labels[i]))));
                let mut image = vec![0; data.image_len()];
                for event in recording.events() {
                    image[event.timestep as usize * 2 * 34 * 34 + event.neuron as usize] = event.value as u8;
                }
                assert_eq!(image, data.image(i));
            }
        }
    }
}
