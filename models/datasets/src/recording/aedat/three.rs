//! AEDAT 3.1 (cAER): packets of 28 bytes of header and events, lowest byte first.
//!
//! ```text
//! u16 type, u16 source, u32 bytes of an event, u32 offset of its time, u32 overflows of the time, u32 capacity, u32 events, u32 valid
//! event of type 1: u32 { bit 0 valid, bit 1 rise, bits 2–16 row, bits 17–31 column }, i32 time [µs], + overflows·2³¹
//! ```
//!
//! Other types are passed over. Source: the format's page of iniVation.

use super::{Source, Timed, text_end, word};
use crate::{error::DataError, recording::MAX_EVENTS};

const HEADER: usize = 28;
const POLARITY: u32 = 1;

pub(super) fn events(bytes: &[u8], source: &Source<'_>) -> Result<Vec<Timed>, DataError> {
    let end = text_end(bytes, Some(b"#!END-HEADER"));
    let mut at = end.ok_or_else(|| source.fail(0, "the file ends within its header; `#!END-HEADER` is missing"))?;
    let mut events = Vec::new();
    while at < bytes.len() {
        let short = || source.fail(at, "the file ends within a packet");
        let field = |n: usize| word(bytes, at + n).ok_or_else(short);
        let (kind, size, overflow, capacity) = (field(0)? & 0xffff, field(4)?, field(12)?, field(16)?);
        field(HEADER - 4)?;
        let length = (size as usize).checked_mul(capacity as usize).ok_or_else(short)?;
        let first = at + HEADER;
        let packet = first.checked_add(length).and_then(|end| bytes.get(first..end)).ok_or_else(short)?;
        if kind == POLARITY {
            if size < 8 {
                return Err(source.fail(at, format!("events of {size} bytes are no events of brightness")));
            }
            for event in packet.chunks_exact(size as usize) {
                let (Some(data), Some(t)) = (word(event, 0), word(event, 4)) else { return Err(short()) };
                if data & 1 == 1 {
                    events.push(Timed {
                        t: i64::from(t & 0x7fff_ffff) | i64::from(overflow) << 31,
                        x: (data >> 17) as u16,
                        y: (data >> 2 & 0x7fff) as u16,
                        on: data >> 1 & 1 == 1,
                    });
                }
            }
            if events.len() > MAX_EVENTS {
                return Ok(events);
            }
        }
        at = first + length;
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn packet(kind: u16, events: &[(u32, u32)]) -> Vec<u8> {
        let n = events.len() as u32;
        let mut bytes = [kind.to_le_bytes(), [0; 2]].concat();
        for field in [8, 4, 1, n, n, n] {
            bytes.extend(u32::to_le_bytes(field));
        }
        bytes.extend(events.iter().flat_map(|(data, t)| [data.to_le_bytes(), t.to_le_bytes()].concat()));
        bytes
    }

    #[test]
    fn bits_are_where_the_format_puts_them() {
        let mut file = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#!END-HEADER\r\n".to_vec();
        file.extend(packet(0, &[(1, 5)]));
        file.extend(packet(1, &[(7 << 17 | 3 << 2 | 0b11, 9), (1 << 17, 10), (2 << 17 | 0b01, 11)]));
        let source = Source { file: Path::new("x.aedat") };
        let wrapped = 1_i64 << 31;
        let expected =
            [Timed { t: wrapped + 9, x: 7, y: 3, on: true }, Timed { t: wrapped + 11, x: 2, y: 0, on: false }];
        assert_eq!(events(&file, &source).unwrap(), expected);
        for end in 44..file.len() {
            let _ = events(&file[..end], &source);
        }
        assert!(events(&file[..file.len() - 1], &source).unwrap_err().to_string().contains("ends within a packet"));
    }
}
