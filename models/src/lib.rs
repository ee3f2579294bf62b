//! Data sets, forward-forward training, trained networks, import and export.

pub mod data;
