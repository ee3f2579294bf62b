//! The binary representation of the program's types, field by field.

use super::{
    Cause,
    wire::{Fault, Reader, Wire, Writer, newtypes, put_count, record},
};
use crate::{
    ids::{CoreId, LayerId, RouteId, Tag, WeightBlockId},
    image::{AxonEntry, CoreImage, Destination, Emission, Route},
    neuron::{Column, NeuronList, Op, Word},
    op::{
        ChannelParams, ConvDescriptor, DenseDescriptor, Descriptor, DescriptorId, Instruction, NeuronDescriptor,
        NeuronKind,
    },
    program::{Coding, Encoding, InputPort, WeightBlock},
    readout::Readout,
    sparse::{SparseDescriptor, SynapseList},
};

newtypes!(CoreId, LayerId, RouteId, Tag, WeightBlockId, DescriptorId, Word);
record!(Emission { channel_class, row_class, column_class, routes });
record!(Route { tag, delay, destination });
record!(AxonEntry { tag, descriptors });
record!(CoreImage { core, n_state, on_spike, on_tick, axons, descriptors, routes });
record!(ChannelParams { threshold, v_init, bias });
record!(ConvDescriptor {
    layer,
    kernel,
    stride,
    padding,
    dilation,
    pool,
    source,
    origin,
    extent,
    in_per_group,
    out_per_group,
    first_channel,
    n_channels,
    span,
    weights,
    v_base,
});
record!(DenseDescriptor { layer, source, pool, n, weights, v_base });
record!(SynapseList { source, targets });
record!(SparseDescriptor { layer, source, pool, n, weights, v_base, lists });
record!(NeuronDescriptor { layer, origin, extent, v_base, kind, params, emission, to_host });

impl Wire for Instruction {
    fn put(&self, w: &mut Writer) {
        self.word().put(w);
    }
    fn get(r: &mut Reader) -> Result<Self, Fault> {
        let fault = r.fault(Cause::Utf8);
        let word = u32::get(r)?;
        Instruction::from_word(word).map_err(|error| Fault { cause: Cause::Instruction(error), ..fault })
    }
}

impl Wire for Destination {
    fn put(&self, w: &mut Writer) {
        match self {
            Self::Core(core) => {
                0u8.put(w);
                core.put(w);
            }
            Self::Rectangle { x, y, cores } => {
                1u8.put(w);
                (*x, *y).put(w);
                cores.put(w);
            }
            Self::List(cores) => {
                2u8.put(w);
                cores.put(w);
            }
        }
    }
    fn get(r: &mut Reader) -> Result<Self, Fault> {
        Ok(match r.variant(3, "destination")? {
            0 => Self::Core(Wire::get(r)?),
            1 => Self::Rectangle { x: Wire::get(r)?, y: Wire::get(r)?, cores: Wire::get(r)? },
            _ => Self::List(Wire::get(r)?),
        })
    }
}

impl Wire for Descriptor {
    fn put(&self, w: &mut Writer) {
        match self {
            Self::Conv(d) => {
                0u8.put(w);
                d.put(w);
            }
            Self::Dense(d) => {
                1u8.put(w);
                d.put(w);
            }
            Self::Neurons(d) => {
                2u8.put(w);
                d.put(w);
            }
            Self::Sparse(d) => {
                3u8.put(w);
                d.put(w);
            }
        }
    }
    fn get(r: &mut Reader) -> Result<Self, Fault> {
        Ok(match r.variant(4, "descriptor")? {
            0 => Self::Conv(Wire::get(r)?),
            1 => Self::Dense(Wire::get(r)?),
            2 => Self::Neurons(Wire::get(r)?),
            _ => Self::Sparse(Wire::get(r)?),
        })
    }
}

impl Wire for NeuronKind {
    fn put(&self, w: &mut Writer) {
        match self {
            Self::Accumulator => 0u8.put(w),
            Self::Spiking { strict, hard_reset, decay, floor, window } => {
                1u8.put(w);
                strict.put(w);
                hard_reset.put(w);
                decay.put(w);
                floor.put(w);
                window.put(w);
            }
            Self::Listed(list) => {
                2u8.put(w);
                list.put(w);
            }
        }
    }
    fn get(r: &mut Reader) -> Result<Self, Fault> {
        Ok(match r.variant(3, "neuron kind")? {
            0 => Self::Accumulator,
            2 => Self::Listed(Box::new(Wire::get(r)?)),
            _ => Self::Spiking {
                strict: Wire::get(r)?,
                hard_reset: Wire::get(r)?,
                decay: Wire::get(r)?,
                floor: Wire::get(r)?,
                window: Wire::get(r)?,
            },
        })
    }
}

record!(Column { name, values });
record!(NeuronList { model, shift, window, potential, scratch, words, params, ops });

/// An operation is its text: as long as a sentence, and read by one parser everywhere.
impl Wire for Op {
    fn put(&self, w: &mut Writer) {
        self.to_string().put(w);
    }
    fn get(r: &mut Reader) -> Result<Self, Fault> {
        let fault = r.fault(Cause::Utf8);
        let text = String::get(r)?;
        match text.parse::<Op>() {
            // Every value has one representation.
            Ok(op) if op.to_string() == text => Ok(op),
            _ => Err(Fault { cause: Cause::Operation(text), ..fault }),
        }
    }
}

impl Wire for Encoding {
    fn put(&self, w: &mut Writer) {
        match self {
            Self::Pixels => 0u8.put(w),
            Self::Standardized { gain, eps, limit } => {
                1u8.put(w);
                gain.to_bits().put(w);
                eps.to_bits().put(w);
                limit.put(w);
            }
            Self::Affine { gain, offset } => {
                2u8.put(w);
                gain.to_bits().put(w);
                offset.to_bits().put(w);
            }
            Self::ByChannel { channels, gain, offset } => {
                3u8.put(w);
                channels.put(w);
                gain.iter().chain(offset).for_each(|v| v.to_bits().put(w));
            }
        }
    }
    fn get(r: &mut Reader) -> Result<Self, Fault> {
        Ok(match r.variant(4, "input encoding")? {
            0 => Self::Pixels,
            3 => {
                let channels = Wire::get(r)?;
                let mut four = || -> Result<[f32; 4], Fault> {
                    let mut values = [0.0; 4];
                    for value in &mut values {
                        *value = f32::from_bits(Wire::get(r)?);
                    }
                    Ok(values)
                };
                Self::ByChannel { channels, gain: four()?, offset: four()? }
            }
            2 => Self::Affine { gain: f32::from_bits(Wire::get(r)?), offset: f32::from_bits(Wire::get(r)?) },
            _ => Self::Standardized {
                gain: f32::from_bits(Wire::get(r)?),
                eps: f32::from_bits(Wire::get(r)?),
                limit: Wire::get(r)?,
            },
        })
    }
}

/// The pace stands in front of the coding, as variant 3 of it, where it is not 1.
impl Wire for InputPort {
    fn put(&self, w: &mut Writer) {
        self.layer.put(w);
        self.encoding.put(w);
        if self.pace != 1 {
            3u8.put(w);
            self.pace.put(w);
        }
        self.coding.put(w);
        self.emission.put(w);
        self.routes.put(w);
    }
    fn get(r: &mut Reader) -> Result<Self, Fault> {
        let (layer, encoding) = (Wire::get(r)?, Wire::get(r)?);
        let (coding, pace) = match r.variant(4, "input coding")? {
            3 => {
                let fault = r.fault(Cause::Variant { what: "input pace", value: 1 });
                let pace = Wire::get(r)?;
                // A pace of 1 is written by leaving it out.
                if pace == 1 {
                    return Err(fault);
                }
                (Wire::get(r)?, pace)
            }
            variant => (coding(variant, r)?, 1),
        };
        Ok(Self { layer, encoding, coding, pace, emission: Wire::get(r)?, routes: Wire::get(r)? })
    }
}

fn coding(variant: u8, r: &mut Reader) -> Result<Coding, Fault> {
    Ok(match variant {
        0 => Coding::Once,
        1 => Coding::EveryStep { steps: Wire::get(r)? },
        _ => Coding::Events { steps: Wire::get(r)?, least: Wire::get(r)?, most: Wire::get(r)? },
    })
}

impl Wire for Coding {
    fn put(&self, w: &mut Writer) {
        match self {
            Self::Once => 0u8.put(w),
            Self::EveryStep { steps } => {
                1u8.put(w);
                steps.put(w);
            }
            Self::Events { steps, least, most } => {
                2u8.put(w);
                steps.put(w);
                least.put(w);
                most.put(w);
            }
        }
    }
    fn get(r: &mut Reader) -> Result<Self, Fault> {
        let variant = r.variant(3, "input coding")?;
        coding(variant, r)
    }
}

impl Wire for Readout {
    fn put(&self, w: &mut Writer) {
        match self {
            Self::Goodness { layer, sizes } => {
                0u8.put(w);
                layer.put(w);
                sizes.put(w);
            }
            Self::ChannelEnergy { layer, grid, weights } => {
                1u8.put(w);
                layer.put(w);
                grid.put(w);
                weights.put(w);
            }
            Self::Potential { layer } => {
                2u8.put(w);
                layer.put(w);
            }
            Self::SpikeCount { layer } => {
                3u8.put(w);
                layer.put(w);
            }
        }
    }
    fn get(r: &mut Reader) -> Result<Self, Fault> {
        let variant = r.variant(4, "read-out")?;
        let layer = Wire::get(r)?;
        Ok(match variant {
            0 => Self::Goodness { layer, sizes: Wire::get(r)? },
            1 => Self::ChannelEnergy { layer, grid: Wire::get(r)?, weights: Wire::get(r)? },
            2 => Self::Potential { layer },
            _ => Self::SpikeCount { layer },
        })
    }
}

/// Bytes per stored weight: 1 if the block is at most 8 bits wide, else 2. An ill-formed block, narrower than its data,
/// is kept whole in 2 bytes, for the verifier to report.
fn stored_bytes(bits: u8, mut data: impl Iterator<Item = i16>) -> u8 {
    if bits <= 8 && data.all(|w| i8::try_from(w).is_ok()) { 1 } else { 2 }
}

impl Wire for WeightBlock {
    fn put(&self, w: &mut Writer) {
        let bytes = stored_bytes(self.bits, self.data.iter().copied());
        self.bits.put(w);
        bytes.put(w);
        put_count(self.data.len(), w);
        if bytes == 1 {
            w.bytes.extend(self.data.iter().map(|&v| i8::try_from(v).expect("stored_bytes saw it fit") as u8));
        } else {
            w.bytes.extend(self.data.iter().flat_map(|v| v.to_le_bytes()));
        }
    }
    fn get(r: &mut Reader) -> Result<Self, Fault> {
        let bits = u8::get(r)?;
        let fault = r.fault(Cause::Utf8);
        let bytes = u8::get(r)?;
        let count = r.count(usize::from(bytes.clamp(1, 2)))?;
        let data: Vec<i16> = match bytes {
            1 => r.take(count)?.iter().map(|&b| i16::from(b as i8)).collect(),
            _ => r.take(count * 2)?.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect(),
        };
        if bytes != stored_bytes(bits, data.iter().copied()) {
            return Err(Fault { cause: Cause::WeightBytes { bits, bytes }, ..fault });
        }
        Ok(Self { bits, data })
    }
}
