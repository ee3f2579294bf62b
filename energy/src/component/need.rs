//! What a program asks of memories that a description leaves unlimited: they are built as large as its fullest core needs.

use isa::{Arch, Program, Resource, arch::Memory, usages};
use serde::{Deserialize, Serialize};

/// Sizes that follow from the network rather than from the chip.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// Widest weight \[bits\]; 0 = the widest that the chip stores.
    pub weight_bits: u32,
    /// Bits of the fullest core in each memory, in the order of [`isa::arch::Memories::each`].
    pub bits: [u64; 7],
}

impl Need {
    /// Of a compiled program. An unlimited input queue holds the events of as many sources as the fullest core listens to,
    /// once each.
    pub fn of(program: &Program, arch: &Arch) -> Self {
        let usages = usages(program, arch);
        let most = |resource| usages.iter().map(|core| core[resource].used).max().unwrap_or(0);
        let flits = arch.noc.as_ref().map_or(32, |noc| u64::from(noc.flit_bits) * u64::from(noc.flits_per_spike));
        Self {
            weight_bits: program.weights.iter().map(|block| u32::from(block.bits)).max().unwrap_or(0),
            bits: [
                most(Resource::Weights),
                most(Resource::State),
                most(Resource::Params),
                most(Resource::AxonTable),
                most(Resource::RouteTable),
                most(Resource::AxonsIn).saturating_mul(flits),
                most(Resource::Code),
            ],
        }
    }

    /// Width of a weight in the datapath \[bits\].
    pub fn weight_bits(&self, arch: &Arch) -> u32 {
        match self.weight_bits {
            0 => arch.core.weight_bits.iter().copied().max().unwrap_or(8),
            bits => bits,
        }
    }

    /// Capacities of memory `index` in the cores of a chip, smallest and largest \[bits\], and whether they follow from the
    /// network.
    pub(super) fn capacity(&self, index: usize, memory: &Memory) -> Capacity {
        let of_network = Capacity { smallest: self.bits[index], largest: self.bits[index], described: false };
        memory.bits.as_ref().map_or(of_network, |bits| Capacity {
            smallest: memory.bits_by_core.iter().copied().min().unwrap_or(bits.value),
            largest: bits.value,
            described: true,
        })
    }
}

/// Sizes of one memory over the cores of a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Capacity {
    pub(super) smallest: u64,
    pub(super) largest: u64,
    /// Whether the description states it.
    pub(super) described: bool,
}
