//! The binary container of a [`Program`]: versioned, sectioned, checked, and the same bytes for the same program.
//!
//! All integers are little-endian.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 4 | magic `SNB1` |
//! | 4 | 2 | version: 1 |
//! | 6 | 2 | reserved: 0 |
//! | 8 | 4 | number of sections S |
//! | 12 | 4 | CRC-32 of the section table |
//! | 16 | 32·S | section table |
//! | 16 + 32·S | | sections in table order, each padded with zeros to a multiple of 8 |
//!
//! A table entry is: name (4 ASCII bytes), index (u32), offset (u64), length without padding (u64), CRC-32 of the section
//! (u32), reserved (u32, 0). The sections are `HDR ` (name, architecture, timesteps), `LAY ` (layers), `INP ` (input port),
//! `RDO ` (read-out), `WGT ` (weights: 1 byte each up to 8 bits, else 2), then one `CORE` section per core, indexed from 0.
//!
//! Contract: `decode(&encode(p)) == Ok(p)` for every program, and `encode(&decode(b)?) == b` for every accepted `b`. Decoding is
//! total: it never panics, allocates in proportion to the input only, and refuses what it does not know, down to reserved
//! bits. It checks the form; [`crate::verify`] checks the meaning.

mod layers;
mod types;
mod wire;

use crate::{image::CoreImage, op::WordError, program::Program};
use std::fmt;
use wire::{Fault, Reader, Wire, Writer};

/// First bytes of a program file.
pub const MAGIC: [u8; 4] = *b"SNB1";
/// Version of the container written and read.
pub const VERSION: u16 = 2;

const HEADER: usize = 16;
const ENTRY: usize = 32;
const FIXED: [[u8; 4]; 5] = [*b"HDR ", *b"LAY ", *b"INP ", *b"RDO ", *b"WGT "];
const CORE: [u8; 4] = *b"CORE";

/// A part of the container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// The first 16 bytes.
    Preamble,
    /// The section table.
    Table,
    /// The fixed section of this name.
    Named([u8; 4]),
    /// The image at this position of `Program::cores`.
    Core(u32),
}

/// Why bytes are not a program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The file begins otherwise.
    #[error("the file begins with {0:02x?}, not with `SNB1`: it is not a compiled program")]
    Magic(Vec<u8>),
    /// Another version.
    #[error("container version {0}, but this build reads version {VERSION}: compile the network again")]
    Version(u16),
    /// The bytes end early.
    #[error("{needed} bytes expected, {left} left: the file is truncated")]
    Truncated {
        /// Bytes of the next value.
        needed: usize,
        /// Bytes there are.
        left: usize,
    },
    /// A count that the section cannot hold.
    #[error("a count of {count} items, but only {left} bytes left")]
    Count {
        /// Items claimed.
        count: usize,
        /// Bytes there are.
        left: usize,
    },
    /// A number that names no variant.
    #[error("{value} is no {what}")]
    Variant {
        /// The kind of value.
        what: &'static str,
        /// The number found.
        value: u8,
    },
    /// Reserved bytes or padding in use.
    #[error("reserved bytes are not zero")]
    Reserved,
    /// A text that is not UTF-8.
    #[error("a name is not UTF-8")]
    Utf8,
    /// Bytes after the last value.
    #[error("{0} bytes after the last value")]
    Trailing(usize),
    /// The checksum differs.
    #[error("checksum {found:08x} instead of {stated:08x}: the file is damaged")]
    Checksum {
        /// CRC-32 in the table.
        stated: u32,
        /// CRC-32 of the bytes.
        found: u32,
    },
    /// A section out of order, missing, or in the wrong place.
    #[error("unexpected section {0:?}, or not at its place")]
    Layout(String),
    /// An instruction that does not exist.
    #[error(transparent)]
    Instruction(#[from] WordError),
    /// An operation of a neuron that does not exist, or is not written as it is.
    #[error("`{0}` is no operation of a neuron: a newer version may have written it")]
    Operation(String),
    /// Numbers of layers that are out of order, empty, or of no layer.
    #[error("numbers of layers out of order, empty, or of a layer that does not exist")]
    Numbers,
    /// Weights stored at a width other than the narrowest allowed.
    #[error("weights of {bits} bits stored in {bytes} bytes each")]
    WeightBytes {
        /// Width of a weight \[bits\].
        bits: u8,
        /// Bytes per weight found.
        bytes: u8,
    },
}

/// Where and why decoding stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{section} at byte {offset}: {cause}")]
pub struct DecodeError {
    /// The section.
    pub section: Section,
    /// Offset from the start of the file \[bytes\].
    pub offset: usize,
    /// The cause.
    pub cause: Cause,
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preamble => f.write_str("file header"),
            Self::Table => f.write_str("section table"),
            Self::Named(name) => write!(f, "section {}", name.escape_ascii().to_string().trim_end()),
            Self::Core(index) => write!(f, "section CORE[{index}]"),
        }
    }
}

/// The bytes of a program; equal programs give equal bytes.
///
/// # Panics
/// If a table has 2³² entries or more.
pub fn encode(program: &Program) -> Vec<u8> {
    let Program { name, arch, timesteps, layers, input, readout, weights, cores } = program;
    let mut sections = vec![
        (
            FIXED[0],
            0,
            bytes(|w| {
                name.put(w);
                arch.put(w);
                timesteps.put(w);
            }),
        ),
        (FIXED[1], 0, bytes(|w| layers::put(layers, w))),
        (FIXED[2], 0, bytes(|w| input.put(w))),
        (FIXED[3], 0, bytes(|w| readout.put(w))),
        (FIXED[4], 0, bytes(|w| weights.put(w))),
    ];
    sections.extend((0u32..).zip(cores).map(|(i, core)| (CORE, i, bytes(|w| core.put(w)))));

    let mut offset = HEADER + ENTRY * sections.len();
    let table = bytes(|w| {
        for (name, index, body) in &sections {
            w.bytes.extend_from_slice(name);
            index.put(w);
            (offset as u64).put(w);
            (body.len() as u64).put(w);
            crc32fast::hash(body).put(w);
            0u32.put(w);
            offset += body.len().next_multiple_of(8);
        }
    });
    bytes(|w| {
        w.bytes.reserve_exact(offset);
        w.bytes.extend_from_slice(&MAGIC);
        VERSION.put(w);
        0u16.put(w);
        wire::put_count(sections.len(), w);
        crc32fast::hash(&table).put(w);
        w.bytes.extend_from_slice(&table);
        for (_, _, body) in &sections {
            w.bytes.extend_from_slice(body);
            w.bytes.resize(w.bytes.len().next_multiple_of(8), 0);
        }
    })
}

fn bytes(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::default();
    write(&mut writer);
    writer.bytes
}

/// The program in `bytes`.
///
/// # Errors
/// The first defect of form: section, byte offset and cause.
pub fn decode(bytes: &[u8]) -> Result<Program, DecodeError> {
    let mut bodies = sections(bytes)?;
    let (name, arch, timesteps) = whole(&mut bodies, |r| Ok((Wire::get(r)?, Wire::get(r)?, Wire::get(r)?)))?;
    Ok(Program {
        name,
        arch,
        timesteps,
        layers: whole(&mut bodies, layers::get)?,
        input: whole(&mut bodies, Wire::get)?,
        readout: whole(&mut bodies, Wire::get)?,
        weights: whole(&mut bodies, Wire::get)?,
        cores: std::iter::from_fn(|| (bodies.len() > 0).then(|| whole::<CoreImage>(&mut bodies, Wire::get)))
            .collect::<Result<_, _>>()?,
    })
}

type Body<'a> = (Section, Reader<'a>);

/// Reads the next section to its end.
fn whole<'a, T>(
    bodies: &mut std::vec::IntoIter<Body<'a>>,
    get: impl FnOnce(&mut Reader<'a>) -> Result<T, Fault>,
) -> Result<T, DecodeError> {
    let (section, mut reader) = bodies.next().expect("the table was checked to hold the fixed sections");
    let value = get(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map_err(in_section(section))
}

fn in_section(section: Section) -> impl Fn(Fault) -> DecodeError {
    move |Fault { offset, cause }| DecodeError { section, offset, cause }
}

/// Splits a file into its sections, in order, checksums verified.
fn sections(bytes: &[u8]) -> Result<std::vec::IntoIter<Body<'_>>, DecodeError> {
    let fail = |section, offset, cause| Err(DecodeError { section, offset, cause });
    let preamble = in_section(Section::Preamble);
    let mut r = Reader::new(bytes, 0);
    if !bytes.starts_with(&MAGIC) {
        return fail(Section::Preamble, 0, Cause::Magic(bytes[..bytes.len().min(4)].to_vec()));
    }
    r.take(4).map_err(&preamble)?;
    let version = u16::get(&mut r).map_err(&preamble)?;
    if version != VERSION {
        return fail(Section::Preamble, 4, Cause::Version(version));
    }
    if u16::get(&mut r).map_err(&preamble)? != 0 {
        return fail(Section::Preamble, 6, Cause::Reserved);
    }
    let n = u32::get(&mut r).map_err(&preamble)? as usize;
    let stated = u32::get(&mut r).map_err(&preamble)?;
    if n < FIXED.len() || n > r.remaining() / ENTRY {
        return fail(Section::Preamble, 8, Cause::Count { count: n, left: r.remaining() });
    }
    let table = r.take(n * ENTRY).map_err(in_section(Section::Table))?;
    let found = crc32fast::hash(table);
    if stated != found {
        return fail(Section::Table, HEADER, Cause::Checksum { stated, found });
    }

    let mut bodies = Vec::with_capacity(n);
    let mut offset = HEADER + n * ENTRY;
    for (i, entry) in table.chunks_exact(ENTRY).enumerate() {
        let at = HEADER + i * ENTRY;
        let (entry, table) = (&mut Reader::new(entry, at), in_section(Section::Table));
        let name: [u8; 4] = entry.take(4).map_err(&table)?.try_into().expect("take returns as many bytes as asked");
        let index = u32::get(entry).map_err(&table)?;
        let stated_offset = u64::get(entry).map_err(&table)?;
        let length = u64::get(entry).map_err(&table)?;
        let stated = u32::get(entry).map_err(&table)?;
        let reserved = u32::get(entry).map_err(&table)?;
        let (expected, expected_index) =
            FIXED.get(i).map_or((CORE, i.wrapping_sub(FIXED.len()) as u32), |&name| (name, 0));
        if name != expected || index != expected_index || stated_offset != offset as u64 {
            return fail(Section::Table, at, Cause::Layout(name.escape_ascii().to_string()));
        }
        if reserved != 0 {
            return fail(Section::Table, at + 28, Cause::Reserved);
        }
        let section = if i < FIXED.len() { Section::Named(name) } else { Section::Core(index) };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let body = r.take(length).map_err(in_section(section))?;
        let found = crc32fast::hash(body);
        if stated != found {
            return fail(section, offset, Cause::Checksum { stated, found });
        }
        let padding = r.take(length.next_multiple_of(8) - length).map_err(in_section(section))?;
        if padding.iter().any(|&b| b != 0) {
            return fail(section, offset + length, Cause::Reserved);
        }
        bodies.push((section, Reader::new(body, offset)));
        offset += length + padding.len();
    }
    r.end().map_err(in_section(Section::Table))?;
    Ok(bodies.into_iter())
}

#[cfg(test)]
mod tests;
