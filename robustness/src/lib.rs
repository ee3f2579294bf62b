//! Everything that reads bytes from outside, as functions of bytes, and what throws changed bytes at them.
//!
//! | item | |
//! |---|---|
//! | [`ENTRIES`] | the entry points: each reads, and goes on as far as a command would with what was read |
//! | [`Mutator`] | changes seeds at random, from a seed of its own |
//! | [`Capped`] | an allocator that knows the most that was in use, and ends the process beyond a cap |
//!
//! Contract of an entry: whatever the bytes, it returns. It does not panic, abort, allocate beyond the budget of the process
//! ([`base::budget`]), or run on. What it returns does not matter.

mod alloc;
mod corpus;
mod entries;
mod mutate;

pub use alloc::{Capped, peak};
pub use entries::{ENTRIES, Entry, entry};
pub use mutate::Mutator;
