//! Reading and writing of values inside a section: little-endian, fields in order, no padding.
//!
//! Integers take their width, lists a 32-bit count, text a list of UTF-8 bytes, options one byte 0 or 1, variants one byte.
//! Every value has exactly one representation. A list grows element by element, so a lying count costs no memory.

use super::Cause;

/// Output of a section.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
}

/// Input of a section; `base` is the file offset of its first byte.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    base: usize,
}

/// A cause at a file offset.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) offset: usize,
    pub(super) cause: Cause,
}

/// A value with one binary representation.
pub(super) trait Wire: Sized {
    /// Appends the value.
    fn put(&self, w: &mut Writer);
    /// Takes the value.
    fn get(r: &mut Reader) -> Result<Self, Fault>;
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], base: usize) -> Self {
        Self { bytes, position: 0, base }
    }

    pub(super) fn remaining(&self) -> usize {
        self.bytes.len() - self.position
    }

    /// A fault at the next byte.
    pub(super) fn fault(&self, cause: Cause) -> Fault {
        Fault { offset: self.base + self.position, cause }
    }

    pub(super) fn take(&mut self, n: usize) -> Result<&'a [u8], Fault> {
        if n > self.remaining() {
            return Err(self.fault(Cause::Truncated { needed: n, left: self.remaining() }));
        }
        let bytes = &self.bytes[self.position..][..n];
        self.position += n;
        Ok(bytes)
    }

    /// A count of items of at least `item` bytes each.
    pub(super) fn count(&mut self, item: usize) -> Result<usize, Fault> {
        let at = self.base + self.position;
        let count = u32::get(self)? as usize;
        if count > self.remaining() / item {
            return Err(Fault { offset: at, cause: Cause::Count { count, left: self.remaining() } });
        }
        Ok(count)
    }

    /// A variant number below `n`.
    pub(super) fn variant(&mut self, n: u8, what: &'static str) -> Result<u8, Fault> {
        let fault = self.fault(Cause::Truncated { needed: 1, left: 0 });
        match *self.take(1)? {
            [value] if value < n => Ok(value),
            [value] => Err(Fault { cause: Cause::Variant { what, value }, ..fault }),
            _ => Err(fault),
        }
    }

    /// Checks that nothing is left.
    pub(super) fn end(&self) -> Result<(), Fault> {
        if self.remaining() == 0 { Ok(()) } else { Err(self.fault(Cause::Trailing(self.remaining()))) }
    }
}

macro_rules! integers {
    ($($int:ty),+) => {$(
        impl Wire for $int {
            fn put(&self, w: &mut Writer) {
                w.bytes.extend_from_slice(&self.to_le_bytes());
            }
            fn get(r: &mut Reader) -> Result<Self, Fault> {
                let bytes = r.take(size_of::<$int>())?;
                Ok(<$int>::from_le_bytes(bytes.try_into().expect("take returns as many bytes as asked")))
            }
        }
    )+};
}
integers!(u8, u16, u32, i32, u64);

impl Wire for bool {
    fn put(&self, w: &mut Writer) {
        u8::from(*self).put(w);
    }
    fn get(r: &mut Reader) -> Result<Self, Fault> {
        Ok(r.variant(2, "flag")? == 1)
    }
}

impl<T: Wire> Wire for Option<T> {
    fn put(&self, w: &mut Writer) {
        self.is_some().put(w);
        if let Some(value) = self {
            value.put(w);
        }
    }
    fn get(r: &mut Reader) -> Result<Self, Fault> {
        bool::get(r)?.then(|| T::get(r)).transpose()
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn put(&self, w: &mut Writer) {
        put_count(self.len(), w);
        for item in self {
            item.put(w);
        }
    }
    fn get(r: &mut Reader) -> Result<Self, Fault> {
        let count = r.count(1)?;
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(T::get(r)?);
        }
        Ok(items)
    }
}

impl Wire for String {
    fn put(&self, w: &mut Writer) {
        put_count(self.len(), w);
        w.bytes.extend_from_slice(self.as_bytes());
    }
    fn get(r: &mut Reader) -> Result<Self, Fault> {
        let count = r.count(1)?;
        let fault = r.fault(Cause::Utf8);
        String::from_utf8(r.take(count)?.to_vec()).map_err(|_| fault)
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn put(&self, w: &mut Writer) {
        self.0.put(w);
        self.1.put(w);
    }
    fn get(r: &mut Reader) -> Result<Self, Fault> {
        Ok((A::get(r)?, B::get(r)?))
    }
}

impl<A: Wire, B: Wire, C: Wire> Wire for (A, B, C) {
    fn put(&self, w: &mut Writer) {
        self.0.put(w);
        self.1.put(w);
        self.2.put(w);
    }
    fn get(r: &mut Reader) -> Result<Self, Fault> {
        Ok((A::get(r)?, B::get(r)?, C::get(r)?))
    }
}

/// Appends a count.
///
/// # Panics
/// At 2³² items: every table is indexed with 32 bits.
pub(super) fn put_count(n: usize, w: &mut Writer) {
    u32::try_from(n).expect("tables are indexed with 32 bits").put(w);
}

/// `Wire` of a struct as its fields in order.
macro_rules! record {
    ($ty:ident { $($field:ident),+ $(,)? }) => {
        impl Wire for $ty {
            fn put(&self, w: &mut Writer) {
                $(self.$field.put(w);)+
            }
            fn get(r: &mut Reader) -> Result<Self, Fault> {
                Ok(Self { $($field: Wire::get(r)?),+ })
            }
        }
    };
}

/// `Wire` of newtypes as their content.
macro_rules! newtypes {
    ($($ty:ident),+) => {$(
        impl Wire for $ty {
            fn put(&self, w: &mut Writer) {
                self.0.put(w);
            }
            fn get(r: &mut Reader) -> Result<Self, Fault> {
                Ok(Self(Wire::get(r)?))
            }
        }
    )+};
}

pub(super) use {newtypes, record};
