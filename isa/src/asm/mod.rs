//! Assembly text of a [`Program`]: disassembler and assembler, inverses of each other.
//!
//! ```text
//! .program "tiny" arch "loihi1" timesteps 4
//! .layer layer0 "input" 1x4x4
//! .core core0 state 8
//! .desc d0 conv { layer layer1 k 3x3 s 1x1 … w wgt0 v 0 }
//! .axt tag0 -> d0
//! .rte route0 core1 tag1 delay 1
//! on_spike: EVGET ; AXL ; XCALL ; END
//! on_tick: NUPD d1 ; BAR ; END
//! ```
//!
//! A tile of neurons with a list of operations states it in lines of its own: `.word` and `.col` with name and values, then `.op`.
//!
//! One statement per line, `#` begins a comment. Entries of a table carry their index, which must count up from 0. `AxBxC` are
//! channels × rows × columns, or rows × columns. Class lists and weights are run-length coded: `0*4` is four zeros.
//! `assemble(&disassemble(p, Style::Full)) == Ok(p)` for every program.

mod line;
mod read;
mod record;
mod text;
mod write;

pub use line::AsmError;
pub use read::assemble;
pub use write::disassemble;

/// How much a disassembly shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Everything; assembles back to the same program.
    Full,
    /// Weights as a CRC-32 digest of their block. For people; does not assemble.
    Short,
}

#[cfg(test)]
mod tests;
