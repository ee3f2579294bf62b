//! Instructions and the descriptors of macro-operations.
//!
//! A core reacts to two events with a short handler: `on_spike` when an event is taken from its queue, `on_tick` at the
//! end of a timestep. Handlers launch macro-operations, hardware loops driven by descriptors, so that control cost is
//! paid once per event and not once per synapse.

use crate::ids::{LayerId, RouteId, Tag, WeightBlockId};
use crate::{image::Emission, neuron::NeuronList, sparse::SparseDescriptor};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A descriptor of the core. Displays as `d0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DescriptorId(pub u16);

impl fmt::Display for DescriptorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "d{}", self.0)
    }
}

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Instruction {
    /// Take the next event from the queue: (tag, c, y, x, value).
    EventGet,
    /// Look the event's tag up in the axon table: the list of descriptors to run.
    AxonLookup,
    /// Run the synaptic macro-operations of the list that `AxonLookup` found.
    CallAxon,
    /// Update the neurons of a [`NeuronDescriptor`].
    NeuronUpdate(DescriptorId),
    /// Join the barrier of the timestep.
    Barrier,
    /// Send the end-of-timestep token to all successors.
    Token,
    /// End the handler.
    End,
}

/// Why a 32-bit word is not an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordError {
    /// No instruction has this operation code.
    #[error("unknown operation code {0}")]
    Opcode(u32),
    /// A bit without meaning is set.
    #[error("reserved bits {0:#010x} are set")]
    Reserved(u32),
}

impl Instruction {
    /// The instruction word: operation code in bits 31..26, descriptor index in bits 15..0, all others reserved and zero.
    pub fn word(self) -> u32 {
        let (opcode, operand) = match self {
            Self::EventGet => (1, 0),
            Self::AxonLookup => (2, 0),
            Self::CallAxon => (3, 0),
            Self::NeuronUpdate(d) => (4, d.0),
            Self::Barrier => (5, 0),
            Self::Token => (6, 0),
            Self::End => (7, 0),
        };
        opcode << 26 | u32::from(operand)
    }

    /// The instruction of a word.
    ///
    /// # Errors
    /// If the operation code is unknown or a reserved bit is set.
    pub fn from_word(word: u32) -> Result<Self, WordError> {
        let instruction = match word >> 26 {
            1 => Self::EventGet,
            2 => Self::AxonLookup,
            3 => Self::CallAxon,
            4 => Self::NeuronUpdate(DescriptorId(word as u16)),
            5 => Self::Barrier,
            6 => Self::Token,
            7 => Self::End,
            opcode => return Err(WordError::Opcode(opcode)),
        };
        match word ^ instruction.word() {
            0 => Ok(instruction),
            extra => Err(WordError::Reserved(extra)),
        }
    }
}

impl fmt::Display for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EventGet => f.write_str("EVGET"),
            Self::AxonLookup => f.write_str("AXL"),
            Self::CallAxon => f.write_str("XCALL"),
            Self::NeuronUpdate(d) => write!(f, "NUPD {d}"),
            Self::Barrier => f.write_str("BAR"),
            Self::Token => f.write_str("TOKEN"),
            Self::End => f.write_str("END"),
        }
    }
}

/// The operands of a macro-operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Descriptor {
    /// Scatter an event through a convolution kernel.
    Conv(ConvDescriptor),
    /// Scatter an event along a row of a dense matrix.
    Dense(DenseDescriptor),
    /// Add the synapse list of an event's source.
    Sparse(SparseDescriptor),
    /// Update neurons.
    Neurons(NeuronDescriptor),
}

/// Scatters event (c, y, x, value) into the state of a tile. Coordinates are those of the source layer.
///
/// With pooling, (y, x) ← (y / ph, x / pw), dropped if outside the pooled map. For each kernel tap (ky, kx) let
/// `ny = y + padding − ky·dilation`; the output row is `oy = ny / stride` if `ny ≥ 0` and divisible; columns likewise.
/// With g the channel's group, the targets of a valid tap inside the tile are the `span` channels from
/// `j0 = max(g·out_per_group − c0, 0)` on:
/// `state[v_base + ((oy − y0)·width + (ox − x0))·channels + j0 + j] += value·W[((c − first_channel)·kh + ky)·kw + (kw − 1 − kx)][j]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConvDescriptor {
    /// Receiving layer.
    pub layer: LayerId,
    /// Kernel rows, columns.
    pub kernel: (u16, u16),
    /// Stride.
    pub stride: (u16, u16),
    /// Zero padding.
    pub padding: (u16, u16),
    /// Dilation.
    pub dilation: (u16, u16),
    /// Pooling window in front of the kernel; (1, 1) = none.
    pub pool: (u16, u16),
    /// Rows and columns of the source map after pooling.
    pub source: (u16, u16),
    /// First output channel, row and column of the tile.
    pub origin: (u16, u16, u16),
    /// Channels, rows and columns of the tile.
    pub extent: (u16, u16, u16),
    /// Input channels per group.
    pub in_per_group: u16,
    /// Output channels per group.
    pub out_per_group: u16,
    /// First input channel that has weights here.
    pub first_channel: u16,
    /// Number of input channels that have weights here.
    pub n_channels: u16,
    /// Output channels reached by one input channel inside the tile: `min(extent channels, out_per_group)`.
    pub span: u16,
    /// Weights `[input channel][ky][kw − 1 − kx][span]`.
    pub weights: WeightBlockId,
    /// First state word of the tile.
    pub v_base: u32,
}

/// Scatters event (c, y, x, value) along its row: `state[v_base + j] += value·W[row·n + j]` for `j < n`, where
/// `row = (c·source_h + y)·source_w + x` after pooling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DenseDescriptor {
    /// Receiving layer.
    pub layer: LayerId,
    /// Channels, rows and columns of the source map after pooling.
    pub source: (u16, u16, u16),
    /// Pooling window in front; (1, 1) = none.
    pub pool: (u16, u16),
    /// Number of neurons of the tile, in its state order.
    pub n: u32,
    /// Weights `[source neuron][n]`.
    pub weights: WeightBlockId,
    /// First state word of the tile.
    pub v_base: u32,
}

/// Parameters of one channel of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelParams {
    /// Threshold.
    pub threshold: i32,
    /// Potential at the start of a sample.
    pub v_init: i32,
    /// Bias added in every update.
    pub bias: i32,
}

/// What the neurons of a tile do at an update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NeuronKind {
    /// `v += bias; v = max(v, floor); if v ≥ θ (> if strict) { emit; v −= θ (v = 0 if hard) }; v −= v·decay/4096`.
    Spiking {
        /// Compare with `>` instead of `≥`.
        strict: bool,
        /// Reset to 0 instead of subtracting the threshold.
        hard_reset: bool,
        /// Leak as a 12-bit fraction; 0 = none. The product rounds toward zero.
        decay: u16,
        /// Lower clamp.
        floor: Option<i32>,
        /// Updates in timesteps `start ≤ t < end`.
        window: (u32, u32),
    },
    /// Never updated; its potentials go to the host at the end of the sample.
    Accumulator,
    /// Any other model: a list of operations, which has initial values and parameters of its own.
    Listed(Box<NeuronList>),
}

impl NeuronKind {
    /// Words kept per neuron.
    pub fn words(&self) -> usize {
        match self {
            Self::Spiking { .. } | Self::Accumulator => 1,
            Self::Listed(list) => list.words.len(),
        }
    }

    /// Timesteps in which it is updated; `None` if never.
    pub fn window(&self) -> Option<(u32, u32)> {
        match self {
            Self::Spiking { window, .. } => Some(*window),
            Self::Listed(list) => (!list.ops.is_empty()).then_some(list.window),
            Self::Accumulator => None,
        }
    }

    /// Whether it can fire.
    pub fn spikes(&self) -> bool {
        match self {
            Self::Spiking { .. } => true,
            Self::Listed(list) => list.fires(),
            Self::Accumulator => false,
        }
    }

    /// Whether anything leaves it.
    pub fn emits(&self) -> bool {
        match self {
            Self::Spiking { .. } => true,
            Self::Listed(list) => list.fires() || list.emits_values(),
            Self::Accumulator => false,
        }
    }

    /// Parameters per neuron or channel.
    pub fn n_params(&self) -> usize {
        match self {
            Self::Spiking { .. } | Self::Accumulator => 3,
            Self::Listed(list) => list.params.len() + list.words.len(),
        }
    }
}

/// The neurons of a tile; state order `[y][x][c]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NeuronDescriptor {
    /// The layer that the tile belongs to.
    pub layer: LayerId,
    /// First channel, row and column of the tile.
    pub origin: (u16, u16, u16),
    /// Channels, rows and columns of the tile.
    pub extent: (u16, u16, u16),
    /// First state word.
    pub v_base: u32,
    /// What an update does.
    pub kind: NeuronKind,
    /// Parameters, one per channel of the tile; none of a [`NeuronKind::Listed`].
    pub params: Vec<ChannelParams>,
    /// Where spikes go.
    pub emission: Emission,
    /// Whether the host receives the tile's spikes (or potentials) too.
    pub to_host: bool,
}

impl NeuronDescriptor {
    /// Number of neurons of the tile.
    pub fn n(&self) -> usize {
        self.extent.0 as usize * self.extent.1 as usize * self.extent.2 as usize
    }

    /// Number of state words of the tile.
    pub fn n_words(&self) -> usize {
        self.n().saturating_mul(self.kind.words())
    }

    /// Rows of the parameter memory and parameters in each: a row per channel, or per neuron where a list has such a column.
    pub fn param_rows(&self) -> (u64, u64) {
        let channels = usize::from(self.extent.0);
        let rows = match &self.kind {
            NeuronKind::Listed(list) if list.params.iter().chain(&list.words).any(|c| c.values.len() > channels) => {
                self.n()
            }
            NeuronKind::Listed(_) | NeuronKind::Spiking { .. } | NeuronKind::Accumulator => channels,
        };
        (rows as u64, self.kind.n_params() as u64)
    }
}

impl Descriptor {
    /// The layer whose neurons the operation touches.
    pub fn layer(&self) -> LayerId {
        match self {
            Self::Conv(d) => d.layer,
            Self::Dense(d) => d.layer,
            Self::Sparse(d) => d.layer,
            Self::Neurons(d) => d.layer,
        }
    }
}

/// An event as it travels: source-addressed, so that one small table per projection suffices at the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Packet {
    /// The projection.
    pub tag: Tag,
    /// The route it left by.
    pub route: RouteId,
    /// Channel, row and column of the source neuron in its layer.
    pub source: (u16, u16, u16),
    /// 1 for a spike; the graded value of a direct-coded input.
    pub value: i32,
}
