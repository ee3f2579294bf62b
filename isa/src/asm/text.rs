//! Values as single tokens: `show` and `read` are inverses.

use crate::{
    ids::{CoreId, LayerId, RouteId, Tag, WeightBlockId},
    neuron::Word,
    op::DescriptorId,
};

/// A value written as one token.
pub(super) trait Text: Sized {
    /// What an error says was expected.
    const WHAT: &'static str;
    /// The token.
    fn show(&self) -> String;
    /// The value of a token.
    fn read(token: &str) -> Option<Self>;
}

macro_rules! numbers {
    ($($ty:ty),+) => {$(
        impl Text for $ty {
            const WHAT: &'static str = concat!("a number (", stringify!($ty), ")");
            fn show(&self) -> String {
                self.to_string()
            }
            fn read(token: &str) -> Option<Self> {
                token.parse().ok()
            }
        }
    )+};
}
numbers!(u8, u16, u32, usize, i16, i32);

impl Text for f32 {
    const WHAT: &'static str = "a number (f32)";
    fn show(&self) -> String {
        // The shortest decimal that reads back as the same number.
        format!("{self:?}")
    }
    fn read(token: &str) -> Option<Self> {
        token.parse().ok()
    }
}

macro_rules! names {
    ($($ty:ident, $prefix:literal);+) => {$(
        impl Text for $ty {
            const WHAT: &'static str = concat!("an id (", $prefix, "0, …)");
            fn show(&self) -> String {
                self.to_string()
            }
            fn read(token: &str) -> Option<Self> {
                token.strip_prefix($prefix)?.parse().ok().map(Self)
            }
        }
    )+};
}
names!(Word, "w"; CoreId, "core"; LayerId, "layer"; RouteId, "route"; Tag, "tag"; WeightBlockId, "wgt"; DescriptorId, "d");

impl<T: Text> Text for (T, T) {
    const WHAT: &'static str = "a pair AxB";
    fn show(&self) -> String {
        format!("{}x{}", self.0.show(), self.1.show())
    }
    fn read(token: &str) -> Option<Self> {
        let (a, b) = token.split_once('x')?;
        Some((T::read(a)?, T::read(b)?))
    }
}

impl<T: Text> Text for (T, T, T) {
    const WHAT: &'static str = "a triple AxBxC";
    fn show(&self) -> String {
        format!("{}x{}x{}", self.0.show(), self.1.show(), self.2.show())
    }
    fn read(token: &str) -> Option<Self> {
        let (a, rest) = token.split_once('x')?;
        let (b, c) = rest.split_once('x')?;
        Some((T::read(a)?, T::read(b)?, T::read(c)?))
    }
}

impl Text for String {
    const WHAT: &'static str = "a quoted text";
    fn show(&self) -> String {
        // RON escapes everything but printable ASCII, so a text never breaks its line.
        ron::to_string(self).expect("texts serialize")
    }
    fn read(token: &str) -> Option<Self> {
        ron::from_str(token).ok()
    }
}

/// Most values that one run may have, so that a text of a few bytes cannot claim all memory.
const LONGEST_RUN: usize = 1 << 16;

/// Runs of equal values: `v*n`, or `v` alone.
pub(super) fn show_runs<T: Text + PartialEq>(values: &[T]) -> String {
    let runs = values.chunk_by(|a, b| a == b).flat_map(|run| run.chunks(LONGEST_RUN)).map(|run| match run.len() {
        1 => run[0].show(),
        n => format!("{}*{n}", run[0].show()),
    });
    runs.collect::<Vec<_>>().join(" ")
}

/// Appends a run.
pub(super) fn read_run<T: Text + Clone>(token: &str, values: &mut Vec<T>) -> Option<()> {
    let (value, n) = match token.split_once('*') {
        Some((value, n)) => (value, n.parse().ok().filter(|&n| n <= LONGEST_RUN)?),
        None => (token, 1),
    };
    values.resize(values.len() + n, T::read(value)?);
    Some(())
}
