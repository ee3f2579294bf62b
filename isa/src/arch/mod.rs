//! The description of a chip, as data: everything the compiler must respect and the simulator must time.
//!
//! Time is counted in ticks of [`Arch::tick_ps`]: the clock period of a clocked chip, a resolution for an asynchronous
//! one. Every figure carries its range, source and basis; an absent capacity is unlimited, an absent time disables the
//! outputs that need it.

pub mod difference;
mod dynamics;
mod execution;
mod memory;
mod parse;
pub mod preset;
mod silicon;
pub mod validate;

pub use dynamics::Dynamics;
pub use execution::{Fire, Sweep};
pub use memory::{Addressing, Memories, Memory, Ports};
pub use silicon::{Powered, StaticPower, Technology};

use crate::ids::{CoreId, RouterId};
use serde::{Deserialize, Serialize};

/// Where a figure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Basis {
    /// Measured on silicon.
    Measured,
    /// Fitted to silicon by others.
    Calibrated,
    /// Circuit simulation before silicon.
    PreSilicon,
    /// Derived from other published figures.
    Derived,
    /// Part of a published specification.
    Specified,
    /// Assumed here, because nothing is published.
    Assumed,
}

/// A figure with its range, source and basis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constant {
    /// The figure used.
    pub value: u64,
    /// Lowest plausible figure.
    pub low: u64,
    /// Highest plausible figure.
    pub high: u64,
    /// Author, year, table or section.
    pub source: String,
    /// How the figure was obtained.
    pub basis: Basis,
}

/// A chip, or a grid of equal chips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arch {
    /// Version of this format: 1.
    pub version: u32,
    /// Name, as in `--arch NAME`.
    pub name: String,
    /// What the description models and what it does not.
    pub doc: String,
    /// The table of energies that prices what the chip counts: a table that ships, or a file beside the description.
    #[serde(default)]
    pub prices: Option<String>,
    /// Length of a tick \[ps\].
    pub tick_ps: Constant,
    /// Arrangement of cores.
    pub mesh: Mesh,
    /// Network on chip; `None` delivers events without packets, links or time.
    pub noc: Option<Noc>,
    /// The core, the same everywhere.
    pub core: Core,
    /// How timesteps are separated.
    pub sync: Sync,
    /// Ticks between two input events from the host.
    pub input_interval: Option<Constant>,
    /// How the chip is made; absent = area and prices by component are not derivable.
    #[serde(default)]
    pub technology: Option<Technology>,
    /// What draws static power; absent = all of every chip in use, as the report then says.
    #[serde(default)]
    pub static_power: Option<StaticPower>,
}

/// Arrangement of cores: `chips` of `width × height` routers with `cores_per_router` cores each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mesh {
    /// Routers in a row of one chip.
    pub width: u32,
    /// Rows of routers of one chip.
    pub height: u32,
    /// Cores at each router.
    pub cores_per_router: u32,
    /// Whether opposite edges of the whole mesh are joined.
    pub torus: bool,
    /// Largest grid of chips (columns, rows).
    pub chips: (u32, u32),
    /// Source of these figures.
    pub source: String,
}

/// Network on chip: wormhole routers with virtual channels and credits, XY routing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noc {
    /// Bits of a flit.
    pub flit_bits: u32,
    /// Flits of one spike packet.
    pub flits_per_spike: u32,
    /// Virtual channels per port.
    pub virtual_channels: u32,
    /// Buffer depth per virtual channel \[flits\].
    pub buffer_flits: u32,
    /// Ticks through a router.
    pub router: Constant,
    /// Ticks over an east-west link.
    pub link_east_west: Constant,
    /// Ticks over a north-south link.
    pub link_north_south: Constant,
    /// Ticks over a link between chips.
    pub link_chip: Option<Constant>,
    /// Ticks between two flits on the same link.
    pub flit_interval: Constant,
    /// How a router gives its outputs and the virtual channels behind them.
    #[serde(default)]
    pub allocation: Allocation,
    /// How one spike reaches several cores.
    pub multicast: Multicast,
}

/// How a router gives its outputs and the virtual channels behind them; matters where packets wait for each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Allocation {
    /// Together: a packet that wins an output takes a free virtual channel with a credit there (Kumar 2007, ICCD).
    #[default]
    Combined,
    /// In the same tick, but each without regard to the other: a virtual channel is held while its packet waits for the switch, and
    /// a won output without one is wasted (Peh and Dally 2001, HPCA).
    Speculative,
}

/// How one spike reaches several cores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Multicast {
    /// One packet per destination core.
    Unicast,
    /// One packet to all cores of a rectangle of routers, forked on the way.
    Rectangle,
    /// One packet along a tree to a list of cores, forked on the way; `entries` limits the branches held per router.
    Tree {
        /// Multicast table entries per router, if limited.
        entries: Option<u32>,
    },
}

/// A core.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Core {
    /// Largest number of neurons.
    pub neurons: Option<Constant>,
    /// Largest number of distinct source neurons that a core listens to.
    pub axons_in: Option<Constant>,
    /// Largest number of (neuron, destination) pairs; a multicast route is one destination.
    pub axons_out: Option<Constant>,
    /// Largest number of synapses onto one neuron.
    pub fan_in: Option<Constant>,
    /// Largest number of output channels of a layer.
    pub channels: Option<Constant>,
    /// Largest number of destinations of one neuron; a multicast route is one destination.
    #[serde(default)]
    pub destinations: Option<Constant>,
    /// Largest number of layers that the neurons of one core send to.
    #[serde(default)]
    pub destination_layers: Option<Constant>,
    /// Largest number of distinct non-zero weights onto one neuron (the axon types of TrueNorth).
    #[serde(default)]
    pub weights_per_neuron: Option<Constant>,
    /// Largest number of distinct thresholds.
    #[serde(default)]
    pub thresholds: Option<Constant>,
    /// Whether input events carry values; a chip whose events are spikes alone takes graded inputs as a liberty
    /// ([`crate::liberty`]).
    #[serde(default = "yes")]
    pub graded_inputs: bool,
    /// Limits of convolution geometry.
    #[serde(default)]
    pub convolution: Option<ConvolutionLimits>,
    /// Weight widths that the core stores \[bits\], ascending.
    pub weight_bits: Vec<u32>,
    /// Width of a membrane potential \[bits, signed\].
    pub state_bits: u32,
    /// What a convolution costs in weight memory.
    pub sharing: Sharing,
    /// When neurons fire.
    pub fire: Fire,
    /// Which neurons are visited in an update.
    pub sweep: Sweep,
    /// What neurons can compute.
    #[serde(default)]
    pub dynamics: Dynamics,
    /// Synaptic operations per issue.
    pub lanes: u32,
    /// Memories.
    pub memories: Memories,
    /// Ticks of the pipeline.
    pub timing: Timing,
}

/// Geometry that the convolution engine of a core supports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvolutionLimits {
    /// Most rows and columns of a kernel.
    pub kernel: u32,
    /// Strides, ascending.
    pub strides: Vec<u32>,
    /// Most rows and columns of a source map, before pooling.
    pub source_map: u32,
    /// Most rows and columns of a layer's map.
    pub map: u32,
    /// Source of these figures.
    pub source: String,
}

/// What a convolution costs in weight memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sharing {
    /// Kernel weights are stored once per core and shared by all positions.
    Native,
    /// Every synapse is stored.
    Unrolled,
}

/// Ticks of a core's pipeline. An absent figure makes time not derivable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// Taking an event from the queue and decoding it.
    pub event: Option<Constant>,
    /// Looking up the axon table.
    pub axon: Option<Constant>,
    /// Issue of up to `lanes` synaptic operations, per state-memory slot.
    pub synapse: Option<Constant>,
    /// Update of one neuron that does not fire (up to `lanes` at once).
    pub neuron_idle: Option<Constant>,
    /// Update of one neuron that fires.
    pub neuron_spike: Option<Constant>,
    /// Emission of one packet.
    pub emit: Option<Constant>,
}

/// How timesteps are separated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Sync {
    /// All cores in use wait for each other: ticks by number of routers in use, linear between the points.
    Barrier(Vec<(u32, Constant)>),
    /// A timestep has a fixed length in ticks; work that does not fit is an error of the mapping.
    Fixed(Constant),
    /// A core goes on when all its predecessors' tokens have arrived; a token costs one packet per edge.
    Token,
    /// Counts only: no time. Chips that fire per event have time, but no timesteps to separate.
    None,
}

fn yes() -> bool {
    true
}

/// An end of the range of every time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Every time at its lowest plausible figure.
    Low,
    /// Every time at its highest plausible figure.
    High,
}

impl Arch {
    /// The same chip with every time at an end of its range.
    #[must_use]
    pub fn at(&self, end: End) -> Self {
        let mut arch = self.clone();
        let timing = &mut arch.core.timing;
        let pipeline = [
            &mut timing.event,
            &mut timing.axon,
            &mut timing.synapse,
            &mut timing.neuron_idle,
            &mut timing.neuron_spike,
            &mut timing.emit,
            &mut arch.input_interval,
        ];
        let mut times: Vec<&mut Constant> = pipeline.into_iter().flatten().collect();
        times.push(&mut arch.tick_ps);
        if let Some(noc) = &mut arch.noc {
            let links = [&mut noc.router, &mut noc.link_east_west, &mut noc.link_north_south, &mut noc.flit_interval];
            times.extend(links.into_iter().chain(&mut noc.link_chip));
        }
        match &mut arch.sync {
            Sync::Barrier(points) => times.extend(points.iter_mut().map(|(_, time)| time)),
            Sync::Fixed(time) => times.push(time),
            Sync::Token | Sync::None => {}
        }
        for time in times {
            time.value = if end == End::Low { time.low } else { time.high };
        }
        arch
    }

    /// Routers in a row of the whole mesh.
    pub fn columns(&self) -> u32 {
        self.mesh.width * self.mesh.chips.0
    }

    /// Rows of routers of the whole mesh.
    pub fn rows(&self) -> u32 {
        self.mesh.height * self.mesh.chips.1
    }

    /// Cores of one chip.
    pub fn cores_per_chip(&self) -> u64 {
        u64::from(self.mesh.width) * u64::from(self.mesh.height) * u64::from(self.mesh.cores_per_router)
    }

    /// Cores of the whole mesh.
    pub fn n_cores(&self) -> u32 {
        self.columns() * self.rows() * self.mesh.cores_per_router
    }

    /// The times that the order of events follows from on a chip that fires per event, by field path.
    pub fn ordering_times(&self) -> [(&'static str, Option<&Constant>); 5] {
        let timing = &self.core.timing;
        [
            ("core.timing.event", timing.event.as_ref()),
            ("core.timing.axon", timing.axon.as_ref()),
            ("core.timing.synapse", timing.synapse.as_ref()),
            ("core.timing.emit", timing.emit.as_ref()),
            ("input_interval", self.input_interval.as_ref()),
        ]
    }

    /// The router of a core.
    pub fn router(&self, core: CoreId) -> RouterId {
        RouterId(core.0 / self.mesh.cores_per_router)
    }

    /// Position of a core among those of its own chip, router by router.
    pub fn core_in_chip(&self, core: CoreId) -> u32 {
        let (x, y) = self.position(self.router(core));
        let router = y % self.mesh.height * self.mesh.width + x % self.mesh.width;
        router * self.mesh.cores_per_router + core.0 % self.mesh.cores_per_router
    }

    /// Events that the input queue of a core holds; `None` = all of a timestep. An event takes the words that the flits of a
    /// spike packet need.
    pub fn queue_events(&self, core: CoreId) -> Option<u64> {
        let (noc, queue) = (self.noc.as_ref()?, &self.core.memories.queue);
        let event = queue.row_bits(1, 1, noc.flit_bits.saturating_mul(noc.flits_per_spike));
        Some(queue.capacity(self, core)? / event.max(1))
    }

    /// Column and row of a router.
    pub fn position(&self, router: RouterId) -> (u32, u32) {
        (router.0 % self.columns(), router.0 / self.columns())
    }

    /// Column and row of the chip that a router belongs to.
    pub fn chip(&self, router: RouterId) -> (u32, u32) {
        let (x, y) = self.position(router);
        (x / self.mesh.width, y / self.mesh.height)
    }
}
