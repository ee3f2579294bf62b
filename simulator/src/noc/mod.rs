//! The network on chip: geometry, closed-form load and queueing, flit-level simulation.

pub(crate) mod analytic;
pub(crate) mod topology;
