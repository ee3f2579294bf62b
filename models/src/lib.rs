//! Data sets, forward-forward training, trained networks, import and export.

pub mod baselines;
pub mod data;
pub mod export;
pub mod ffgaf;
pub mod kernels;
pub mod nir;
pub mod zoo;
