//! AEDAT 4.0 (DV): packets of flatbuffers, compressed one by one.
//!
//! ```text
//! #!AER-DAT4.0\r\n
//! u32 bytes, flatbuffer IOHE { 0: compression, 1: place of the table of packets, −1 if there is none, … }
//! packets: i32 stream, i32 bytes, payload; up to that table
//! payload, unpacked: u32 bytes, flatbuffer EVTS { 0: [i64 time [µs], i16 column, i16 row, u8 rise, 3 bytes] }
//! ```
//!
//! Compression 0: none, 1 and 2: LZ4 frames, 3 and 4: Zstandard frames. Packets of frames, inertia and triggers are passed over.
//! Source: the file format's page and schemas of DV.

use super::{
    Source, Timed,
    flat::{Damaged, Table},
    word,
};
use crate::{error::DataError, recording::MAX_EVENTS};
use std::io::Read;

const START: usize = 14;
/// Bytes of an event.
const EVENT: usize = 16;
/// Most bytes of a packet when unpacked.
const MAX_PACKET: u64 = 1 << 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    None,
    Lz4,
    Zstd,
}

pub(super) fn events(bytes: &[u8], source: &Source<'_>) -> Result<Vec<Timed>, DataError> {
    let short = |at: usize| source.fail(at, "the file ends within a packet");
    let length = word(bytes, START).ok_or_else(|| short(START))? as usize;
    let first = START + 4 + length;
    let header = bytes.get(START + 4..first).ok_or_else(|| short(START))?;
    let damaged = |_: Damaged| source.fail(START, "the header is damaged");
    let table = Table::root(header, *b"IOHE").map_err(damaged)?;
    let packing = match table.number(0).map_err(damaged)? {
        0 => Packing::None,
        1 | 2 => Packing::Lz4,
        3 | 4 => Packing::Zstd,
        other => return Err(source.fail(START, format!("compression {other} is not known"))),
    };
    let end = table.long(1).map_err(damaged)?.and_then(|end| usize::try_from(end).ok());
    let end = end.filter(|&end| end <= bytes.len()).unwrap_or(bytes.len());
    let mut events = Vec::new();
    let mut at = first;
    while at < end {
        let length = word(bytes, at + 4).ok_or_else(|| short(at))? as usize;
        let packed = at.checked_add(8 + length).and_then(|last| bytes.get(at + 8..last)).ok_or_else(|| short(at))?;
        let payload = unpack(packed, packing).map_err(|why| source.fail(at, why))?;
        // The length in front of the buffer says what is known already.
        let buffer = payload.get(4..).unwrap_or_default();
        if buffer.get(4..8) == Some(b"EVTS") {
            let found = Table::root(buffer, *b"EVTS").and_then(|table| table.structs(0, EVENT));
            let found = found.map_err(|_| source.fail(at, "a packet of events is damaged"))?;
            for event in found {
                events.push(one(event).ok_or_else(|| source.fail(at, "an event has a column or row below 0"))?);
            }
            if events.len() > MAX_EVENTS {
                return Ok(events);
            }
        }
        at += 8 + length;
    }
    Ok(events)
}

fn one(event: &[u8]) -> Option<Timed> {
    let side = |at: usize| u16::try_from(i16::from_le_bytes([event[at], event[at + 1]])).ok();
    let t = i64::from_le_bytes(event[..8].try_into().ok()?);
    Some(Timed { t, x: side(8)?, y: side(10)?, on: event[12] != 0 })
}

fn unpack(packed: &[u8], packing: Packing) -> Result<Vec<u8>, String> {
    let all = |mut reader: &mut dyn Read| -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let broken = |e: std::io::Error| format!("a packet cannot be unpacked: {e}");
        Read::take(&mut reader, MAX_PACKET + 1).read_to_end(&mut bytes).map_err(broken)?;
        if bytes.len() as u64 > MAX_PACKET {
            return Err(format!("a packet has more than {MAX_PACKET} bytes when unpacked"));
        }
        Ok(bytes)
    };
    match packing {
        Packing::None => Ok(packed.to_vec()),
        Packing::Lz4 => all(&mut lz4_flex::frame::FrameDecoder::new(packed)),
        Packing::Zstd => {
            let decoder = ruzstd::decoding::StreamingDecoder::new(packed);
            all(&mut decoder.map_err(|e| format!("a packet cannot be unpacked: {e}"))?)
        }
    }
}
