//! The parts of a flatbuffer that a recording needs: the root table, a field of it, a vector of structs.
//!
//! ```text
//! buffer    u32 offset of the root table, 4 bytes of identifier, …
//! table     i32 distance back to its vtable, fields
//! vtable    u16 bytes, u16 bytes of the table, u16 offset of field 0, 1, … in the table (0: absent)
//! vector    u32 elements, elements
//! ```
//!
//! Source: "FlatBuffers Internals" of the format's documentation. Every place is checked against the buffer's end.

use super::word;

/// A place that lies outside the buffer, or another identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Damaged;

/// A table in a buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'a> {
    buffer: &'a [u8],
    at: usize,
}

impl<'a> Table<'a> {
    /// The root of a buffer with this identifier.
    pub(super) fn root(buffer: &'a [u8], identifier: [u8; 4]) -> Result<Self, Damaged> {
        if buffer.get(4..8) != Some(&identifier) {
            return Err(Damaged);
        }
        Ok(Self { buffer, at: word(buffer, 0).ok_or(Damaged)? as usize })
    }

    /// A number of 16 bits at a place.
    fn half(self, at: Option<usize>) -> Result<usize, Damaged> {
        let bytes = at.and_then(|at| self.buffer.get(at..at.checked_add(2)?)).ok_or(Damaged)?;
        Ok(usize::from(u16::from_le_bytes([bytes[0], bytes[1]])))
    }

    /// Where field `n` lies in the buffer; `None` if it is absent.
    fn field(self, n: usize) -> Result<Option<usize>, Damaged> {
        let back = word(self.buffer, self.at).ok_or(Damaged)? as i32;
        let vtable = usize::try_from(self.at as i64 - i64::from(back)).map_err(|_| Damaged)?;
        let slot = 4 + 2 * n;
        if slot + 2 > self.half(Some(vtable))? {
            return Ok(None);
        }
        let offset = self.half(vtable.checked_add(slot))?;
        Ok(if offset == 0 { None } else { self.at.checked_add(offset) })
    }

    /// A field of 32 bits; 0 if absent.
    pub(super) fn number(self, n: usize) -> Result<u32, Damaged> {
        self.field(n)?.map_or(Ok(0), |at| word(self.buffer, at).ok_or(Damaged))
    }

    /// A field of 64 bits, if it is there.
    pub(super) fn long(self, n: usize) -> Result<Option<i64>, Damaged> {
        let Some(at) = self.field(n)? else { return Ok(None) };
        let bytes = at.checked_add(8).and_then(|end| self.buffer.get(at..end)).ok_or(Damaged)?;
        Ok(Some(i64::from_le_bytes(bytes.try_into().map_err(|_| Damaged)?)))
    }

    /// A vector of structs of `size` bytes; none if absent.
    pub(super) fn structs(self, n: usize, size: usize) -> Result<std::slice::ChunksExact<'a, u8>, Damaged> {
        let Some(at) = self.field(n)? else { return Ok([].chunks_exact(size)) };
        let vector = at.checked_add(word(self.buffer, at).ok_or(Damaged)? as usize).ok_or(Damaged)?;
        let bytes = (word(self.buffer, vector).ok_or(Damaged)? as usize).checked_mul(size).ok_or(Damaged)?;
        let end = vector.checked_add(4).and_then(|start| start.checked_add(bytes)).ok_or(Damaged)?;
        Ok(self.buffer.get(vector + 4..end).ok_or(Damaged)?.chunks_exact(size))
    }
}
