//! The vocabulary of countable actions. The simulator counts them as `u64`, the energy model prices them.
//!
//! A row of the list holds all that is known of an action: its name in files, the part of a chip that it happens in, the actions whose prices
//! contain it if a price table does not say otherwise, and what is counted. `docs/counters.md` shows the list.
//!
//! Memory accesses are counted in *words* of the memory's word width (`arch::Memory::word_bits`); bits are words × width.

use crate::ids::{CoreId, LayerId};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fmt,
    ops::{AddAssign, Index, IndexMut},
};

macro_rules! actions {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal of $component:ident in [$($within:ident),*],)+) => {
        /// Something a chip does that can be counted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[repr(u8)]
        pub enum Action {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Action {
            /// Every action, in the order of reports.
            pub const ALL: &'static [Action] = &[$(Action::$name,)+];

            /// The action's name in tables and files.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Action::$name => $text,)+
                }
            }

            /// The part of a chip that it happens in.
            pub const fn component(self) -> Component {
                match self {
                    $(Action::$name => Component::$component,)+
                }
            }

            /// The actions whose prices contain this one's, where a price table says nothing of it and prices all of them; none if
            /// nothing contains it unless a table says so.
            pub const fn within(self) -> &'static [Action] {
                match self {
                    $(Action::$name => &[$(Action::$within),*],)+
                }
            }

            /// One sentence on what is counted.
            pub const fn doc(self) -> &'static str {
                match self {
                    $(Action::$name => concat!($($doc),+),)+
                }
            }
        }
    };
}

actions! {
    /// Synaptic operation: one weight added to one potential because of one spike.
    SynapticAdd = "synaptic_add" of Synapse in [],
    /// Synaptic operation of a graded event: weight times value added to one potential.
    SynapticMac = "synaptic_mac" of Synapse in [],
    /// Word read from the synaptic weight memory.
    WeightRead = "weight_read" of WeightMemory in [SynapticAdd],
    /// Word read from the neuron state memory.
    StateRead = "state_read" of StateMemory in [SynapticAdd, NeuronIdle, NeuronSpike],
    /// Word written to the neuron state memory.
    StateWrite = "state_write" of StateMemory in [SynapticAdd, NeuronIdle, NeuronSpike],
    /// Word written to the neuron state memory by the reset between samples.
    StateReset = "state_reset" of StateMemory in [],
    /// Word read from the neuron parameter memory (threshold, bias).
    ParamRead = "param_read" of StateMemory in [NeuronIdle, NeuronSpike],
    /// Word read from the axon table.
    AxonRead = "axon_read" of Control in [],
    /// Word read from the route table.
    RouteRead = "route_read" of Control in [],
    /// Instruction fetched and executed.
    Instruction = "instruction" of Control in [],
    /// Event written into the input queue of a core.
    QueuePush = "queue_push" of Control in [PacketInject],
    /// Event taken from the input queue of a core.
    QueuePop = "queue_pop" of Control in [SynapticAdd],
    /// Address computed for an event (two per convolution event: row and column).
    AddressMac = "address_mac" of Synapse in [SynapticAdd],
    /// Address incremented for a synaptic operation.
    AddressAdd = "address_add" of Synapse in [SynapticAdd],
    /// Neuron updated in its window without a spike.
    NeuronIdle = "neuron_idle" of Neuron in [],
    /// Neuron updated in its window and fired.
    NeuronSpike = "neuron_spike" of Neuron in [],
    /// Bias added at a neuron update.
    BiasAdd = "bias_add" of Neuron in [NeuronIdle, NeuronSpike],
    /// Reset after a spike.
    SpikeReset = "spike_reset" of Neuron in [NeuronIdle, NeuronSpike],
    /// Leak applied at a neuron update.
    LeakMac = "leak_mac" of Neuron in [NeuronIdle, NeuronSpike],
    /// Spike written to the outgoing message unit of a core.
    SpikeEmit = "spike_emit" of Control in [NeuronSpike],
    /// Packet put into the network.
    PacketInject = "packet_inject" of Network in [],
    /// Packet copy delivered to a core.
    PacketEject = "packet_eject" of Network in [PacketInject],
    /// Flit through a router.
    RouterFlit = "router_flit" of Network in [LinkEastWest, LinkNorthSouth],
    /// Flit over an east-west link inside a chip.
    LinkEastWest = "link_east_west" of Network in [],
    /// Flit over a north-south link inside a chip.
    LinkNorthSouth = "link_north_south" of Network in [],
    /// Flit over a link between chips.
    LinkChip = "link_chip" of Network in [],
    /// Event from the host into the chip.
    HostInput = "host_input" of Host in [],
    /// Event or value from the chip to the host.
    HostOutput = "host_output" of Host in [],
    /// Core that took part in a barrier.
    Barrier = "barrier" of Sync in [],
}

/// The parts of a chip, as reports group them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// Synaptic arithmetic and its addresses.
    Synapse,
    /// Weight memory.
    WeightMemory,
    /// State and parameter memories.
    StateMemory,
    /// Neuron updates.
    Neuron,
    /// Axon and route tables, queues, instructions.
    Control,
    /// Packets, routers, links.
    Network,
    /// Traffic with the host.
    Host,
    /// Barriers.
    Sync,
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Synapse => "synapse",
            Self::WeightMemory => "weight memory",
            Self::StateMemory => "state memory",
            Self::Neuron => "neuron",
            Self::Control => "control",
            Self::Network => "network",
            Self::Host => "host",
            Self::Sync => "sync",
        })
    }
}

/// Number of actions.
pub const N_ACTIONS: usize = Action::ALL.len();

/// How often each action happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts(pub [u64; N_ACTIONS]);

impl Default for Counts {
    fn default() -> Self {
        Self([0; N_ACTIONS])
    }
}

impl Index<Action> for Counts {
    type Output = u64;
    fn index(&self, action: Action) -> &u64 {
        &self.0[action as usize]
    }
}

impl IndexMut<Action> for Counts {
    fn index_mut(&mut self, action: Action) -> &mut u64 {
        &mut self.0[action as usize]
    }
}

impl AddAssign<&Counts> for Counts {
    fn add_assign(&mut self, other: &Counts) {
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            *a += b;
        }
    }
}

impl Counts {
    /// Number of synaptic operations, binary and graded.
    pub fn synaptic_operations(&self) -> u64 {
        self[Action::SynapticAdd] + self[Action::SynapticMac]
    }

    /// Actions that happened at least once, in report order.
    pub fn iter(&self) -> impl Iterator<Item = (Action, u64)> + '_ {
        Action::ALL.iter().map(|&a| (a, self[a])).filter(|&(_, n)| n > 0)
    }
}

impl Serialize for Counts {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut counts = Counts::default();
        for (action, n) in BTreeMap::<Action, u64>::deserialize(deserializer)? {
            counts[action] = n;
        }
        Ok(counts)
    }
}

/// Where an action happened: in which core, for which layer.
///
/// Synaptic work belongs to the receiving layer, packets and links to the sending layer, host traffic to the input port
/// (no core).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Site {
    /// The core; none for the input port and for links.
    pub core: Option<CoreId>,
    /// The layer.
    pub layer: LayerId,
}

/// Counts by site. Sums over parts equal the whole: merging ledgers adds their counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(Site, Counts)>", into = "Vec<(Site, Counts)>")]
pub struct Ledger {
    rows: BTreeMap<Site, Counts>,
}

impl Ledger {
    /// The counts of a site, to add to.
    pub fn at(&mut self, site: Site) -> &mut Counts {
        self.rows.entry(site).or_default()
    }

    /// All sites with their counts, in ascending order.
    pub fn rows(&self) -> impl Iterator<Item = (Site, &Counts)> {
        self.rows.iter().map(|(&site, counts)| (site, counts))
    }

    /// Adds another ledger.
    pub fn merge(&mut self, other: &Ledger) {
        for (&site, counts) in &other.rows {
            *self.at(site) += counts;
        }
    }

    /// The sum over all sites.
    pub fn total(&self) -> Counts {
        self.sum(|_| true)
    }

    /// The sum over the sites of a layer.
    pub fn layer(&self, layer: LayerId) -> Counts {
        self.sum(|site| site.layer == layer)
    }

    /// The sum over the sites of a core.
    pub fn core(&self, core: CoreId) -> Counts {
        self.sum(|site| site.core == Some(core))
    }

    fn sum(&self, keep: impl Fn(Site) -> bool) -> Counts {
        let mut total = Counts::default();
        for (_, counts) in self.rows.iter().filter(|(site, _)| keep(**site)) {
            total += counts;
        }
        total
    }
}

/// Counts that add up to more than 64 bits hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the counts of `{}` add up to more than 2^64", .0.name())]
pub struct TooMany(pub Action);

impl TryFrom<Vec<(Site, Counts)>> for Ledger {
    type Error = TooMany;

    /// The sum over all rows is one that 64 bits hold, and so is every other.
    fn try_from(rows: Vec<(Site, Counts)>) -> Result<Self, TooMany> {
        let (mut ledger, mut total) = (Self::default(), Counts::default());
        for (site, counts) in rows {
            for (action, n) in counts.iter() {
                total[action] = total[action].checked_add(n).ok_or(TooMany(action))?;
            }
            *ledger.at(site) += &counts;
        }
        total[Action::SynapticAdd].checked_add(total[Action::SynapticMac]).ok_or(TooMany(Action::SynapticAdd))?;
        Ok(ledger)
    }
}

impl From<Ledger> for Vec<(Site, Counts)> {
    fn from(ledger: Ledger) -> Self {
        ledger.rows.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn site(core: Option<u32>, layer: u16) -> Site {
        Site { core: core.map(CoreId), layer: LayerId(layer) }
    }

    #[test]
    fn names_are_unique_and_those_of_files() {
        let names: std::collections::BTreeSet<&str> = Action::ALL.iter().map(|a| a.name()).collect();
        assert_eq!(names.len(), N_ACTIONS);
        for &action in Action::ALL {
            assert_eq!(ron::to_string(&action), Ok(action.name().to_string()));
            assert_eq!(Action::ALL[action as usize], action);
            assert!(action.doc().trim().ends_with(['.', ')']), "{}", action.doc());
        }
    }

    #[test]
    fn sums_by_core_and_layer() {
        let mut ledger = Ledger::default();
        ledger.at(site(Some(0), 1))[Action::SynapticAdd] += 3;
        ledger.at(site(Some(1), 1))[Action::SynapticAdd] += 4;
        ledger.at(site(Some(1), 2))[Action::SynapticMac] += 5;
        ledger.at(site(None, 0))[Action::HostInput] += 6;
        assert_eq!(ledger.layer(LayerId(1))[Action::SynapticAdd], 7);
        assert_eq!(ledger.core(CoreId(1)).synaptic_operations(), 9);
        assert_eq!(ledger.total().synaptic_operations(), 12);
        assert_eq!(ledger.total()[Action::HostInput], 6);
        assert_eq!(ledger.core(CoreId(9)), Counts::default());
    }

    fn any_ledger() -> impl Strategy<Value = Ledger> {
        let row = (prop::option::of(0..3u32), 0..3u16, prop::collection::vec(0..1000u64, N_ACTIONS));
        prop::collection::vec(row, 0..6).prop_map(|rows| {
            rows.into_iter()
                .map(|(core, layer, n)| (site(core, layer), Counts(n.try_into().expect("one per action"))))
                .collect::<Vec<_>>()
                .try_into()
                .expect("small counts")
        })
    }

    proptest! {
        #[test]
        fn merging_adds_and_forgets_the_order(a in any_ledger(), b in any_ledger()) {
            let (mut ab, mut ba) = (a.clone(), b.clone());
            ab.merge(&b);
            ba.merge(&a);
            prop_assert_eq!(&ab, &ba);
            let mut sum = a.total();
            sum += &b.total();
            prop_assert_eq!(ab.total(), sum);
            for layer in (0..3).map(LayerId) {
                let mut sum = a.layer(layer);
                sum += &b.layer(layer);
                prop_assert_eq!(ab.layer(layer), sum);
            }
        }

        #[test]
        fn ledgers_survive_storage(ledger in any_ledger()) {
            let text = ron::to_string(&ledger).expect("ledgers serialize");
            prop_assert_eq!(ron::from_str::<Ledger>(&text).expect("written by us"), ledger);
        }
    }
}
