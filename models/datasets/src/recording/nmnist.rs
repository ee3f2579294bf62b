//! N-MNIST recordings (.bin; Orchard et al. 2015): five bytes per event, big-endian.
//!
//! ```text
//! byte 0: column    byte 1: row    bytes 2–4: bit 23 polarity (1 = increase), bits 22–0 time [µs]
//! ```
//!
//! An event in row 240 is none: what follows is 2¹³ µs later (the reading functions that the data set's authors publish).

use super::address::{Address, Raw, RawRecording};
use super::{MAX_EVENTS, refuse};
use crate::error::DataError;
use std::path::Path;

/// Columns and rows of the sensor's window.
pub const SIDE: u8 = 34;
/// Row of a mark that time has gone on.
const MARK: u8 = 240;
/// By how much it has \[µs\].
const LATER: u32 = 1 << 13;

/// The events in a file; several recordings become one [`Raw`] with [`crate::recording::open`].
///
/// # Errors
/// If the file is not a whole number of events, or an event lies outside the sensor.
pub fn events(bytes: &[u8], file: &Path) -> Result<Vec<Address>, DataError> {
    let remedy = "Check that the file is an N-MNIST recording: five bytes per event on 34×34 pixels.";
    if bytes.is_empty() || !bytes.len().is_multiple_of(5) || bytes.len() / 5 > MAX_EVENTS {
        return Err(refuse(file, "", format!("{} bytes are not a number of events of 5 bytes", bytes.len()), remedy));
    }
    let mut later = 0_u32;
    let mut event = |(i, b): (usize, &[u8])| {
        let (x, y) = (b[0], b[1]);
        if y == MARK {
            later = later.saturating_add(LATER);
            return Ok(None);
        }
        if x >= SIDE || y >= SIDE {
            let why = format!("column {x}, row {y} is outside the {SIDE}×{SIDE} pixels of N-MNIST");
            return Err(refuse(file, format!("byte {}", 5 * i), why, remedy));
        }
        let word = u32::from_be_bytes([0, b[2], b[3], b[4]]);
        let t = f64::from(word & 0x7f_ffff) + f64::from(later);
        Ok(Some(Address { t, x: x.into(), y: y.into(), on: word >> 23 == 1 }))
    };
    bytes.chunks_exact(5).enumerate().filter_map(|numbered| event(numbered).transpose()).collect()
}

/// One recording.
///
/// # Errors
/// As [`events`].
pub fn read(bytes: &[u8], file: &Path, name: &str) -> Result<Raw, DataError> {
    let recording = RawRecording { number: 0, label: None, events: events(bytes, file)? };
    Ok(Raw { name: name.to_owned(), recordings: vec![recording], unit: 1e-6 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_where_the_format_puts_them() {
        let found = events(&[0x1b, 0x14, 0x00, 0x02, 0xce, 3, 4, 0x81, 0, 1], Path::new("x.bin")).unwrap();
        let expected = [Address { t: 718.0, x: 27, y: 20, on: false }, Address { t: 65537.0, x: 3, y: 4, on: true }];
        assert_eq!(found, expected);
        let marked = events(&[1, 1, 0, 0, 9, 0, 240, 0, 0, 0, 1, 1, 0, 0, 9], Path::new("x.bin")).unwrap();
        assert_eq!(marked.iter().map(|event| event.t).collect::<Vec<_>>(), [9.0, 8201.0]);
    }

    #[test]
    fn other_files_are_refused() {
        let error = |bytes: &[u8]| events(bytes, Path::new("x.bin")).unwrap_err().to_string();
        assert!(error(&[0; 7]).contains("7 bytes are not"));
        assert!(error(&[]).contains("0 bytes"));
        assert!(error(&[40, 0, 0, 0, 0]).contains("column 40, row 0 is outside"));
    }
}
