//! Prices counted actions, evaluates published analytical energy models, and re-derives published energy tables.
//!
//! [`analytic`] holds models that estimate counts from a network's geometry and spikes.
//! [`compare`] sets a spiking network against formal ones under several readings at once.
//! [`published`] re-derives printed tables cell by cell and says which cannot be.
//! [`memories()`] are the sizes that some prices depend on.
//! [`table`] holds what one counted action costs on a chip; [`mod@price`] multiplies counts by it.
//! [`component`] derives prices, area and leakage from a chip's description, memory by memory.
//! [`sram`] holds Lemaire's readings of the energies of memory accesses as a function of memory size.

pub mod analytic;
pub mod compare;
pub mod component;
mod memories;
pub mod price;
pub mod published;
pub mod sram;
pub mod table;
pub mod units;

pub use memories::{MemorySize, memories};
