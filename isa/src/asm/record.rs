//! Descriptors as `name value` pairs: one table of names serves the assembler and the disassembler.

use super::{
    line::{AsmError, Line},
    text::Text,
};
use crate::{
    op::{ConvDescriptor, DenseDescriptor},
    sparse::SparseDescriptor,
};

/// A value written as named fields.
pub(super) trait Record: Sized {
    /// The fields, a space in front of each.
    fn show(&self) -> String;
    /// The fields, in order. What is written on lines of its own stays empty.
    fn read(line: &mut Line) -> Result<Self, AsmError>;
}

macro_rules! record {
    ($ty:ident { $($name:literal $field:ident),+ } $($elsewhere:ident)?) => {
        impl Record for $ty {
            fn show(&self) -> String {
                [$(format!(" {} {}", $name, self.$field.show())),+].concat()
            }
            fn read(line: &mut Line) -> Result<Self, AsmError> {
                // A struct literal evaluates its fields in the order written.
                Ok(Self { $($field: line.after($name)?,)+ $($elsewhere: Vec::new())? })
            }
        }
    };
}

record!(ConvDescriptor {
    "layer" layer, "k" kernel, "s" stride, "p" padding, "dil" dilation, "pool" pool, "src" source, "at" origin, "of" extent,
    "gin" in_per_group, "gout" out_per_group, "c0" first_channel, "cin" n_channels, "span" span, "w" weights, "v" v_base
});
record!(DenseDescriptor { "layer" layer, "src" source, "pool" pool, "n" n, "w" weights, "v" v_base });
record!(SparseDescriptor { "layer" layer, "src" source, "pool" pool, "n" n, "w" weights, "v" v_base } lists);
