//! AEDAT 2.0 (jAER) of a DVS128, as CIFAR10-DVS: pairs of an address and a time, highest byte first.
//!
//! ```text
//! u32 { bit 0 fall, bits 1–7 column, bits 8–14 row, bit 15 none of these }, u32 time [µs]
//! ```
//!
//! Columns and rows are numbered as the sensor numbers them; viewers mirror them. Cameras of more pixels put theirs elsewhere, and are
//! refused. Source: jAER's chip class of the DVS128.

use super::{Source, Timed, text_end};
use crate::error::DataError;

const SPECIAL: u32 = 1 << 15;

pub(super) fn events(bytes: &[u8], source: &Source<'_>) -> Result<Vec<Timed>, DataError> {
    let start = text_end(bytes, None).ok_or_else(|| source.fail(0, "the file ends within its header"))?;
    if !(bytes.len() - start).is_multiple_of(8) {
        let why = format!("the file ends within an event: {} bytes are no pairs of 8", bytes.len() - start);
        return Err(source.fail(start, why));
    }
    let mut events = Vec::with_capacity((bytes.len() - start) / 8);
    for (i, pair) in bytes[start..].chunks_exact(8).enumerate() {
        let [address, t] = [0, 4].map(|at| u32::from_be_bytes([pair[at], pair[at + 1], pair[at + 2], pair[at + 3]]));
        if address >> 16 != 0 {
            let why = format!("address {address:#x} is none of a DVS128, the only camera whose 2.0 files are read");
            return Err(source.fail(start + 8 * i, why));
        }
        if address & SPECIAL == 0 {
            let (x, y) = ((address >> 1 & 0x7f) as u16, (address >> 8 & 0x7f) as u16);
            events.push(Timed { t: t.into(), x, y, on: address & 1 == 0 });
        }
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn bits_are_where_the_format_puts_them() {
        let mut file = b"#!AER-DAT2.0\r\n# a comment\r\n".to_vec();
        for (address, t) in [(5_u32 << 8 | 3 << 1, 7_u32), (0x8000, 8), (127 << 8 | 127 << 1 | 1, 9)] {
            file.extend([address.to_be_bytes(), t.to_be_bytes()].concat());
        }
        let source = Source { file: Path::new("x.aedat") };
        let expected = [Timed { t: 7, x: 3, y: 5, on: true }, Timed { t: 9, x: 127, y: 127, on: false }];
        assert_eq!(events(&file, &source).unwrap(), expected);
        assert!(events(&file[..file.len() - 3], &source).unwrap_err().to_string().contains("within an event"));
        file.extend([0x40_0000_u32.to_be_bytes(), [0; 4]].concat());
        assert!(events(&file, &source).unwrap_err().to_string().contains("none of a DVS128"));
    }
}
