//! The network on chip: geometry, closed-form load and queueing, flit-level simulation.

pub(crate) mod analytic;
pub(crate) mod mesh;
#[cfg(test)]
mod reference;
pub(crate) mod topology;
pub(crate) mod tree;
#[cfg(test)]
mod validation;
mod wheel;
