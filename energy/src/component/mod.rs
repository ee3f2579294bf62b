//! Costs that follow the chip: energy, area and static power of every memory, lane, router and link from a description.
//!
//! [`Chip::new`] sums the parts; [`Chip::table`] turns them into a price table for [`crate::price`]. Measured tables
//! ([`crate::table`]) price the chip that was measured, [`scaled`] carries them over to another; this one prices the chip that is described, with errors of a factor
//! of two or three that `docs/energy.md` compares with published chips.

mod chip;
mod generate;
pub mod logic;
pub mod memory;
mod need;
mod scaled;
pub mod scaling;

pub use chip::{Chip, NoTechnology, Part};
pub use generate::NAME;
pub use need::Need;
pub use scaled::scaled;
