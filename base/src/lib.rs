//! What every crate may use and none owns: a budget of memory ([`budget`]), and files that appear whole or not at all ([`output`]).

pub mod budget;
pub mod output;
