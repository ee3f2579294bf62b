//! Identities, shapes and time: `Copy` newtypes whose `Display` is the name used in text files.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A population of a graph: the index of its node. Displays as `pop3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PopulationId(pub u32);

/// A projection of a graph: the index of its edge. Displays as `proj3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProjectionId(pub u32);

/// A discrete timestep, counted from 0 within one sample. Displays as `t=3`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestep(pub u32);

impl fmt::Display for PopulationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pop{}", self.0)
    }
}

impl fmt::Display for ProjectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "proj{}", self.0)
    }
}

impl fmt::Display for Timestep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t={}", self.0)
    }
}

/// The shape of a population: channels × height × width. A vector of `n` neurons is `n×1×1`.
///
/// Neurons are numbered channel-major, as PyTorch flattens: `index = (c·height + y)·width + x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shape {
    /// Number of feature maps C.
    pub channels: u32,
    /// Rows H of a feature map.
    pub height: u32,
    /// Columns W of a feature map.
    pub width: u32,
}

impl Shape {
    /// Shape `channels × height × width`.
    pub const fn new(channels: u32, height: u32, width: u32) -> Self {
        Self { channels, height, width }
    }

    /// Shape of a vector of `n` neurons.
    pub const fn vector(n: u32) -> Self {
        Self::new(n, 1, 1)
    }

    /// Number of neurons C·H·W; the largest number there is if it is beyond that.
    pub const fn neurons(self) -> usize {
        (self.channels as usize).saturating_mul(self.height as usize).saturating_mul(self.width as usize)
    }

    /// Neurons of one feature map H·W.
    pub const fn map(self) -> usize {
        self.height as usize * self.width as usize
    }

    /// Index of neuron (c, y, x).
    pub const fn index(self, c: u32, y: u32, x: u32) -> usize {
        (c as usize * self.height as usize + y as usize) * self.width as usize + x as usize
    }

    /// The (c, y, x) of a neuron index.
    pub const fn position(self, index: usize) -> (u32, u32, u32) {
        let map = self.map();
        let rest = index % map;
        ((index / map) as u32, (rest / self.width as usize) as u32, (rest % self.width as usize) as u32)
    }

    /// The channel of a neuron index.
    pub const fn channel(self, index: usize) -> usize {
        index / self.map()
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}×{}×{}", self.channels, self.height, self.width)
    }
}
