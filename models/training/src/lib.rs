//! Forward-forward training of convolutional spiking networks, its baselines, the trained networks that ship, and the way
//! from a trained network to the graph that is compiled.

pub mod baselines;
pub mod export;
pub mod ffgaf;
pub mod kernels;
pub mod zoo;
