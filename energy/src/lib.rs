//! Prices counted actions, evaluates published analytical energy models, and re-derives published energy tables.
//!
//! [`analytic`] holds models that estimate counts from a network's geometry and spikes.
//! [`sram`] holds the energies of memory accesses those models are used with.

pub mod analytic;
pub mod sram;
