//! The passes, one per file.

pub(crate) mod balance;
pub mod cluster;
pub mod cut;
pub mod emit;
pub mod fit;
mod fold_compose;
mod fold_linear;
mod fold_norm;
mod fold_scale;
pub mod fuse;
pub mod per_event;
pub mod place;
pub mod quantize;
pub mod renumber;
pub mod route;
pub mod store;
pub mod support;
pub mod tile;
pub(crate) mod tree;
