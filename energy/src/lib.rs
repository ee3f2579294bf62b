//! Prices counted actions, evaluates published analytical energy models, and re-derives published energy tables.
//!
//! [`analytic`] holds models that estimate counts from a network's geometry and spikes.
//! [`compare`] sets a spiking network against formal ones under several readings at once.
//! [`published`] re-derives printed tables cell by cell and says which cannot be.
//! [`sram`] holds the energies of memory accesses those models are used with.

pub mod analytic;
pub mod compare;
pub mod published;
pub mod sram;
