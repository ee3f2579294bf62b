//! The passes, one per file.

pub mod cluster;
pub mod emit;
pub mod route;
pub mod store;
pub mod tile;
pub(crate) mod tree;
