//! The program verifier: whether a well-formed [`Program`] means something, and whether a chip can hold it.
//!
//! `verify(program, arch)` reports every violation of the rules below, not only the first. It re-derives all amounts from the
//! program and shares nothing with the compiler. Ill-formed programs never make it panic: a rule whose premises another
//! rule found broken is silent for that entity.
//!
//! | rule | holds |
//! |---|---|
//! | `arch` | the program was compiled for this architecture |
//! | `ids` | layers, descriptors, routes, weight blocks and cores referred to exist |
//! | `input` | an input encoding has finite, positive figures; a sample has at most 2²⁴ timesteps, and the input is presented in them |
//! | `order` | cores, axon entries, and the cores of a destination are strictly ascending; no list of cores is empty |
//! | `handlers` | `on_spike` is EVGET, AXL, XCALL, END; `on_tick` is NUPD…, the chip's synchronization, END; every spiking tile is updated exactly once (never on a chip that fires per event), accumulators never |
//! | `axons` | an axon entry calls synaptic descriptors, each at most once, and at least one |
//! | `geometry` | extents, strides, kernels, pools and groups are positive; tiles lie in their layer; windows are in order; groups and tile borders align with `span`; synapse lists ascend, are not empty, and name sources and targets that exist; the numbers of a layer name each neuron once |
//! | `weights` | a block has as many weights as its descriptor reads, of a width that the core stores, each within the width; every block is used |
//! | `state` | the tiles' state ranges are disjoint and end at `n_state`; a synaptic descriptor addresses exactly one tile, with the same box |
//! | `params` | one parameter set per channel, within the potential's width; chips that sweep touched neurons only or fire per event have neither bias nor leak, and no lists; a list is meaningful, of operations, rules and fraction bits that the chip has, with one value, one per channel or per neuron in each column, decays of 0 to 4096 |
//! | `emission` | classes cover the tile, the table has one entry per combination, no entry names a route twice; accumulators emit nothing |
//! | `routes` | receivers are in use and know the tag; delay 0 only from the input port; the destination form is one that the chip has |
//! | `rectangle` | a rectangle lies in the mesh and its receivers are exactly the cores in use inside that know the tag |
//! | `tags` | all spikes of a tag come from one layer, whose pooled map is the one that the receiving descriptors state |
//! | `coverage` | tiles cover every neuron of every layer but the input exactly once |
//! | `readout` | the layer read exists and reaches the host; class sizes and weights match its channels |
//! | `capacity` | every resource of every core within its limit ([`crate::usage`]) |
//! | `convolution` | kernels, strides and maps within the limits of the convolution engine |

mod core;
mod list;
mod network;
mod sparse;

use crate::{arch::Arch, ids::CoreId, image::CoreImage, program::Program, usage::usages};
use std::{collections::BTreeMap, fmt};

macro_rules! rules {
    ($($name:ident = $text:literal),+ $(,)?) => {
        /// A rule of the verifier; the module's table states each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "the table above documents them once")]
        pub enum Rule {
            $($name),+
        }

        impl Rule {
            /// All rules.
            pub const ALL: &'static [Rule] = &[$(Rule::$name),+];

            /// The rule's name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Rule::$name => $text),+
                }
            }
        }
    };
}

rules! {
    Arch = "arch",
    Ids = "ids",
    Input = "input",
    Order = "order",
    Handlers = "handlers",
    Axons = "axons",
    Geometry = "geometry",
    Weights = "weights",
    State = "state",
    Params = "params",
    Emission = "emission",
    Routes = "routes",
    Rectangle = "rectangle",
    Tags = "tags",
    Coverage = "coverage",
    Readout = "readout",
    Capacity = "capacity",
    Convolution = "convolution",
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// The entity concerned, such as `core3 d1`.
    pub entity: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}: {}", self.rule.name(), self.entity, self.message)
    }
}

/// All violations, in the order of the program.
pub fn verify(program: &Program, arch: &Arch) -> Vec<Violation> {
    let mut cx = Cx {
        program,
        arch,
        images: program.cores.iter().map(|image| (image.core, image)).collect(),
        found: Vec::new(),
    };
    cx.program();
    for image in &program.cores {
        cx.core(image);
    }
    cx.network();
    cx.capacities();
    cx.found
}

/// The program under examination.
struct Cx<'a> {
    program: &'a Program,
    arch: &'a Arch,
    images: BTreeMap<CoreId, &'a CoreImage>,
    found: Vec<Violation>,
}

impl Cx<'_> {
    fn report(&mut self, rule: Rule, entity: impl fmt::Display, message: impl Into<String>) {
        self.found.push(Violation { rule, entity: entity.to_string(), message: message.into() });
    }

    /// Reports unless `holds`; returns `holds`.
    fn check(&mut self, holds: bool, rule: Rule, entity: impl fmt::Display, message: impl FnOnce() -> String) -> bool {
        if !holds {
            self.report(rule, entity, message());
        }
        holds
    }

    fn capacities(&mut self) {
        for usage in usages(self.program, self.arch) {
            for (resource, amount) in usage.iter().filter(|(_, amount)| amount.exceeded()) {
                let max = amount.max.expect("exceeded amounts have a limit");
                self.report(Rule::Capacity, usage.core, format!("{resource}: {} used, {max} available", amount.used));
            }
        }
    }
}

/// Whether items are strictly ascending.
fn ascending<T: Ord>(items: impl IntoIterator<Item = T>) -> bool {
    items.into_iter().is_sorted_by(|a, b| a < b)
}

#[cfg(test)]
mod tests;
