//! A price table derived from a chip's parts: one counted action, what the parts that it moves take.

use super::{Chip, chip::Router, logic};
use crate::{
    table::{Entry, Per, Scope, StaticPower, Table, VERSION},
    units::Figure,
};
use isa::{Action, Arch, arch::Basis};
use std::collections::BTreeMap;

/// The name of the table derived from a chip's own description, as in `--table components`.
pub const NAME: &str = "components";

/// Positions of the memories in [`isa::arch::Memories::each`].
const WEIGHTS: usize = 0;
const STATE: usize = 1;
const PARAMS: usize = 2;
const AXONS: usize = 3;
const ROUTES: usize = 4;
const QUEUE: usize = 5;
const CODE: usize = 6;

/// Bits of a graded value, and of a coordinate.
const VALUE_BITS: u32 = 8;
const ADDRESS_BITS: u32 = 16;

impl Chip {
    /// The prices of this chip. What leaves the chip is not priced.
    pub fn table(&self, arch: &Arch) -> Table {
        let actions = Action::ALL.iter().map(|&action| (action, self.entry(action, arch))).collect::<BTreeMap<_, _>>();
        let watts = self.static_watts();
        let known = arch.technology.as_ref().is_some_and(|t| t.leakage_uw_per_mm2.is_some());
        let density =
            if known { "static power of a mm² as described" } else { "static power of a mm² of memory, CACTI 7" };
        Table {
            version: VERSION,
            name: NAME.into(),
            doc: format!(
                "Derived from the parts of {} as described: {:.0} nm at {:.2} V, {:.2} mm². Control of a core costs area and \
                 static power but no dynamic energy here; pads, host and links between chips are not priced.",
                self.name,
                self.process.node_nm,
                self.process.volts,
                self.area_mm2().value
            ),
            node: format!("{:.0} nm", self.process.node_nm),
            voltage: Some(self.process.volts),
            scope: Scope::Term,
            measured_on: None,
            actions,
            static_power: StaticPower::Power {
                per: Per::Chip,
                value: watts.value,
                low: watts.low,
                high: watts.high,
                source: format!("area of all parts times {density}"),
                basis: Basis::Derived,
            },
        }
    }

    fn entry(&self, action: Action, arch: &Arch) -> Entry {
        use Action as A;
        let (state_bits, process) = (arch.core.state_bits, self.process);
        let add = |addend| (logic::add_pj(addend, state_bits, process), "adder, Horowitz 2014");
        let address = logic::add_pj(ADDRESS_BITS, ADDRESS_BITS, process);
        let multiplied = |a, b| logic::multiply_pj(a, b, process);
        let router = Router::of(arch);
        let (figure, source) = match action {
            A::SynapticAdd => add(self.weight_bits),
            A::SynapticMac => {
                let product = multiplied(self.weight_bits, VALUE_BITS);
                (product + add(self.weight_bits.saturating_add(VALUE_BITS)).0, "multiplier and adder, Horowitz 2014")
            }
            A::WeightRead => self.read(WEIGHTS),
            A::StateRead => self.read(STATE),
            A::StateWrite | A::StateReset => self.write(STATE),
            A::ParamRead => self.read(PARAMS),
            A::AxonRead => self.read(AXONS),
            A::RouteRead => self.read(ROUTES),
            A::Instruction => self.read(CODE),
            A::QueuePush => self.write(QUEUE),
            A::QueuePop => self.read(QUEUE),
            A::AddressMac => (multiplied(VALUE_BITS, VALUE_BITS) + address, "multiplier and adder, Horowitz 2014"),
            A::AddressAdd => (address, "adder, Horowitz 2014"),
            A::NeuronIdle | A::NeuronSpike | A::BiasAdd | A::SpikeReset => add(state_bits),
            A::LeakMac => {
                (multiplied(state_bits, VALUE_BITS) + add(state_bits).0, "multiplier and adder, Horowitz 2014")
            }
            A::SpikeEmit => return Entry::Included { reason: "packet_inject".into() },
            A::PacketInject | A::PacketEject | A::RouterFlit | A::LinkEastWest | A::LinkNorthSouth | A::Barrier => {
                let Some(router) = router else {
                    return Entry::Included {
                        reason: "no network is described: events are delivered for nothing".into(),
                    };
                };
                let flit_bits = arch.noc.as_ref().map_or(0, |noc| noc.flit_bits);
                let link = logic::wire_pj(flit_bits, self.pitch_mm, process);
                match action {
                    A::RouterFlit => (router.flit_pj(process), "buffers (CACTI 7) and crossbar wires (Keckler 2011)"),
                    A::LinkEastWest | A::LinkNorthSouth => (link, "wire as long as a tile is wide, Keckler 2011"),
                    A::Barrier => {
                        ((router.flit_pj(process) + link) * 2.0, "a flit to a neighbour and one back, assumed")
                    }
                    _ => (router.buffer_pj(process), "buffer, CACTI 7"),
                }
            }
            A::LinkChip => return Entry::NotPublished { reason: "energy of a link between chips".into() },
            A::HostInput | A::HostOutput => return Entry::NotPublished { reason: "energy of host traffic".into() },
        };
        let source = format!("{source}, {:.0} nm, {:.2} V after Stillmaker 2017", process.node_nm, process.volts);
        let Figure { value, low, high } = figure;
        Entry::Energy { value, low, high, source, basis: Basis::Derived }
    }

    fn read(&self, memory: usize) -> (Figure, &'static str) {
        let low = self.smallest[memory].read_pj(self.process).low;
        (Figure { low, ..self.built[memory].read_pj(self.process) }, "memory as built, CACTI 7")
    }

    fn write(&self, memory: usize) -> (Figure, &'static str) {
        let low = self.smallest[memory].write_pj(self.process).low;
        (Figure { low, ..self.built[memory].write_pj(self.process) }, "memory as built, CACTI 7")
    }
}
