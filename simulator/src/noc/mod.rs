//! The network on chip: geometry, times, waiting in closed form, flit-level simulation.

pub(crate) mod analytic;
#[cfg(test)]
mod congestion;
pub(crate) mod demand;
pub(crate) mod mesh;
mod passage;
#[cfg(test)]
mod reference;
pub(crate) mod topology;
pub(crate) mod tree;
#[cfg(test)]
mod validation;
pub(crate) mod ways;
mod wheel;
