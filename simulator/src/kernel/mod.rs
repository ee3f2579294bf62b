//! Functional kernels: what macro-operations do to the state of a core. Integer additions only, so neither the order of
//! events nor the grouping used here can change a result.

pub(crate) mod add;
pub(crate) mod conv;
pub(crate) mod dense;
pub(crate) mod fan_out;
pub(crate) mod list;
pub(crate) mod neuron;
pub(crate) mod sparse;
pub(crate) mod sums;

pub(crate) use add::Bases;

use crate::state::Burst;
use isa::WeightBlock;
use std::{ops::Range, sync::Arc};

/// Weights in the narrowest form that holds them, shared by all cores with equal blocks.
#[derive(Clone, Debug)]
pub(crate) enum Weights {
    I8(Arc<[i8]>),
    I16(Arc<[i16]>),
}

impl Weights {
    pub(crate) fn new(data: Vec<i16>) -> Self {
        match data.iter().map(|&w| i8::try_from(w)).collect::<Result<Vec<i8>, _>>() {
            Ok(narrow) => Self::I8(narrow.into()),
            Err(_) => Self::I16(data.into()),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::I8(data) => data.len(),
            Self::I16(data) => data.len(),
        }
    }

    /// `v[i] += Σ_b w[b + offset + i]` over the row bases `b`.
    #[inline]
    pub(crate) fn add_rows(&self, v: &mut [i32], bases: &Bases, offset: usize) {
        match self {
            Self::I8(w) => add::add_rows(v, &w[offset..], bases),
            Self::I16(w) => add::add_rows_wide(v, &w[offset..], bases.rows()),
        }
    }

    /// `v[i] += value·w[base + i]`.
    #[inline]
    pub(crate) fn mac_row(&self, v: &mut [i32], base: usize, value: i32) {
        match self {
            Self::I8(w) => add::mac_row(v, &w[base..][..v.len()], value),
            Self::I16(w) => add::mac_row(v, &w[base..][..v.len()], value),
        }
    }
}

/// A synaptic macro-operation, prepared.
#[derive(Clone, Debug)]
pub(crate) enum Synaptic {
    Conv(conv::Conv),
    Dense(dense::Dense),
    Sparse(sparse::Sparse),
}

impl Synaptic {
    /// Adds the weights of the bursts' events to the state; returns the number of rows added (valid kernel taps of a
    /// convolution, synapses of a list). Each row is `span` synaptic operations. `list` holds the channels of the bursts.
    pub(crate) fn scatter(&self, v: &mut [i32], bursts: &[Burst], list: &[u16], bases: &mut Bases) -> u64 {
        match self {
            Self::Conv(conv) => conv.scatter(v, bursts, list, bases),
            Self::Dense(dense) => dense.scatter(v, bursts, list, bases),
            Self::Sparse(sparse) => sparse.scatter(v, bursts, list, &mut sparse::ListReads::default()),
        }
    }

    /// Calls `range(start, end)` for every stretch of state words that an event of the burst reaches.
    pub(crate) fn touched(&self, burst: Burst, list: &[u16], range: impl FnMut(usize, usize)) {
        match self {
            Self::Conv(conv) => conv.touched(burst, list, range),
            Self::Dense(dense) => dense.touched(burst, list, range),
            Self::Sparse(sparse) => sparse.touched(burst, list, range),
        }
    }

    /// Rows that one event of a source place adds, and what it reads of lists.
    pub(crate) fn volume(&self, place: (u16, u16, u16)) -> (u64, sparse::ListReads) {
        match self {
            Self::Conv(conv) => (conv.rows_of(place), sparse::ListReads::default()),
            Self::Dense(dense) => (dense.rows_of(place), sparse::ListReads::default()),
            Self::Sparse(sparse) => sparse.volume(place),
        }
    }

    /// Source channels that reach the tile, all alike; of lists, those that may.
    pub(crate) fn channels(&self) -> Range<u16> {
        match self {
            Self::Conv(conv) => conv.channels(),
            Self::Dense(dense) => 0..dense.n_channels(),
            Self::Sparse(sparse) => 0..sparse.n_channels(),
        }
    }

    /// State words of the tile.
    pub(crate) fn words(&self) -> Range<usize> {
        let (first, n) = match self {
            Self::Conv(conv) => (conv.v_base, conv.n_state),
            Self::Dense(dense) => (dense.v_base, dense.n),
            Self::Sparse(sparse) => return sparse.words(),
        };
        first..first + n
    }

    /// Synaptic operations of one row.
    pub(crate) fn span(&self) -> usize {
        match self {
            Self::Conv(conv) => conv.span,
            Self::Dense(dense) => dense.n,
            Self::Sparse(_) => 1,
        }
    }
}

/// The block's weights, if there are `n` of them.
pub(crate) fn sized(block: &WeightBlock, n: usize) -> Result<&[i16], String> {
    if block.data.len() == n { Ok(&block.data) } else { Err(format!("{} weights instead of {n}", block.data.len())) }
}

/// An axon entry, prepared.
#[derive(Clone, Debug)]
pub(crate) struct Axon {
    /// Indices of the synaptic operations to run.
    pub(crate) calls: Vec<u16>,
    /// Layer that pays for the event itself: index into the layers of the core.
    pub(crate) layer: u16,
    /// Whether its events come from the input port.
    pub(crate) from_input: bool,
    /// Whether neurons send it values rather than spikes.
    pub(crate) graded: bool,
}
