//! The passes, one per file; [`crate::passes`] is their list.

pub(crate) mod balance;
pub(crate) mod canonicalize;
pub mod cluster;
pub mod cut;
pub mod emit;
pub mod event_driven;
pub(crate) mod fit;
mod fold_compose;
pub(crate) mod fold_linear;
pub(crate) mod fold_norm;
pub(crate) mod fold_scale;
pub mod fuse;
pub mod legalize;
pub(crate) mod net;
pub mod place;
pub mod quantize;
pub mod renumber;
pub mod route;
pub mod store;
pub mod support;
pub mod tile;
pub(crate) mod tree;
pub(crate) mod verify;
