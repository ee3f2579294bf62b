//! A chip as the sum of its parts: every memory, core, router and link as described, used or not.
//!
//! `core = Σ memories + lanes·(adder + multiplier) + control`, `tile = cores + router`, `chip = routers · tile`,
//! `link length = √tile`, `static power = area · density`. Pads, host processors, sensors and the space between parts are
//! not in it.
//!
//! Control of a core (sequencing, event decoding, neuron model) is not described. Unless the technology states it, it is
//! between what published cores have beside their memories and datapath, at 45 nm: 0.11 mm² (ODIN, Frenkel 2019: 0.086 mm²
//! at 28 nm with 36 KiB) and 1.45 mm² (Loihi, Davies 2018: 0.41 mm² at 14 nm with 2 Mbit); value: their geometric mean.
//!
//! Static power of a mm² is the technology's, or that of CACTI 7's memories at 45 nm and 300 K: 8.9 µW (low standby
//! power) to 8,200 µW (low operating power); value: the geometric mean. It does not follow supply or node (assumed).

use super::{
    logic,
    memory::Built,
    need::Need,
    scaling::{Process, supply},
};
use crate::units::Figure;
use isa::{
    Arch,
    arch::{Constant, Technology},
};
use thiserror::Error;

/// Control of a core at 45 nm \[µm²\].
const CONTROL_UM2: Figure = Figure { value: 400_000.0, low: 110_000.0, high: 1_450_000.0 };
/// Static power of memory at 45 nm, low standby power to low operating power \[µW/mm²\].
const LEAKAGE_UW_PER_MM2: Figure = Figure { value: 270.0, low: 8.9, high: 8200.0 };
/// Distance of wires in a crossbar at 45 nm \[µm\].
const WIRE_PITCH_UM: f64 = 0.28;

/// Why a chip has no component model.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "chip `{0}`: no `technology` is described, so area and prices by component are not derivable; state `technology: \
     Some((node_nm: …, millivolts: …))` as the presets do"
)]
pub struct NoTechnology(pub String);

/// One kind of part.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What it is.
    pub name: String,
    /// How many a chip has.
    pub count: u64,
    /// Capacity of the largest one \[bits\]; memories only.
    pub bits: Option<u64>,
    /// Whether its size follows from the network, because the description leaves it unlimited.
    pub of_network: bool,
    /// Area of all of a chip \[µm²\].
    pub area_um2: Figure,
    /// Energy of reading and writing a word of one \[pJ\]; memories only.
    pub access_pj: Option<(Figure, Figure)>,
}

/// A chip as the sum of its parts.
#[derive(Clone, Debug)]
pub struct Chip {
    /// The chip's name.
    pub name: String,
    /// Process and supply, the latter as the described speed needs it.
    pub process: Process,
    /// The memories of a core in the order of [`isa::arch::Memories::each`], then datapath, control, routers.
    pub parts: Vec<Part>,
    /// Static power of a mm² \[µW\].
    pub leakage_uw_per_mm2: Figure,
    /// Distance from router to router \[mm\].
    pub pitch_mm: f64,
    /// What was assumed or clipped, in words.
    pub notes: Vec<String>,
    /// Width of a weight \[bits\].
    pub(super) weight_bits: u32,
    /// The largest memory of each kind.
    pub(super) built: Vec<Built>,
    /// The smallest, where they differ among cores.
    pub(super) smallest: Vec<Built>,
}

impl Chip {
    /// The parts of `arch`, whose unlimited memories are as large as `need` says.
    ///
    /// # Errors
    /// If the description has no technology.
    pub fn new(arch: &Arch, need: &Need) -> Result<Self, NoTechnology> {
        let technology = arch.technology.as_ref().ok_or_else(|| NoTechnology(arch.name.clone()))?;
        let mut notes = Vec::new();
        let process = process(arch, technology, &mut notes);
        let (core, cores) = (&arch.core, arch.cores_per_chip());
        let weight_bits = need.weight_bits(arch);
        let mut parts = Vec::new();
        let (mut built, mut smallest) = (Vec::new(), Vec::new());
        for (index, (name, memory)) in core.memories.each().into_iter().enumerate() {
            let capacity = need.capacity(index, memory);
            let datum = if index == 0 { weight_bits } else { core.state_bits };
            let one = |bits| Built::new(memory, bits, datum);
            let areas = memory.bits_by_core.iter().map(|&bits| one(bits).area_um2(process)).sum::<Figure>();
            let all = if memory.bits_by_core.is_empty() {
                one(capacity.largest).area_um2(process) * cores as f64
            } else {
                areas
            };
            let largest = one(capacity.largest);
            parts.push(Part {
                name: format!("{name} memory"),
                count: cores,
                bits: Some(largest.bits),
                of_network: !capacity.described,
                area_um2: if capacity.largest == 0 { Figure::default() } else { all },
                access_pj: Some((largest.read_pj(process), largest.write_pj(process))),
            });
            built.push(largest);
            smallest.push(one(capacity.smallest));
        }
        let lane = logic::adder_um2(core.state_bits, process) + logic::multiplier_um2(weight_bits, 8, process);
        parts.push(plain("datapath", cores, lane * (f64::from(core.lanes) * cores as f64)));
        let stated = technology.core_logic_um2.as_ref().map(figure);
        let control = stated.unwrap_or_else(|| CONTROL_UM2 * process.area_from_45_nm());
        parts.push(plain("control", cores, control * cores as f64));
        let routers = cores / u64::from(arch.mesh.cores_per_router);
        if let Some(router) = Router::of(arch) {
            parts.push(plain("router", routers, router.area_um2(process) * routers as f64));
        }
        let area = parts.iter().map(|part| part.area_um2).sum::<Figure>();
        Ok(Self {
            name: arch.name.clone(),
            process,
            pitch_mm: (area.value / routers as f64).sqrt() * 1e-3,
            leakage_uw_per_mm2: technology.leakage_uw_per_mm2.as_ref().map_or(LEAKAGE_UW_PER_MM2, figure),
            parts,
            notes,
            weight_bits,
            built,
            smallest,
        })
    }

    /// Area of one chip \[mm²\].
    pub fn area_mm2(&self) -> Figure {
        self.parts.iter().map(|part| part.area_um2).sum::<Figure>() * 1e-6
    }

    /// Static power of one chip with everything powered \[W\].
    pub fn static_watts(&self) -> Figure {
        self.area_mm2().times(self.leakage_uw_per_mm2) * 1e-6
    }
}

/// The supply that the described speed needs.
fn process(arch: &Arch, technology: &Technology, notes: &mut Vec<String>) -> Process {
    let nominal = technology.millivolts.value as f64 / 1000.0;
    let node_nm = technology.node_nm.value as f64;
    let described = arch.core.timing.synapse.as_ref().map(|ticks| ticks.value.saturating_mul(arch.tick_ps.value));
    let volts = match (&technology.issue_ps, described) {
        (Some(known), Some(described)) if described > 0 && described != known.value => {
            let ratio = known.value as f64 / described as f64;
            let supply = supply(nominal, ratio);
            notes.push(format!(
                "supply {:.2} V instead of {nominal:.2} V: a synaptic issue takes {described} ps, {} ps at the stated supply",
                supply.volts, known.value
            ));
            if (supply.reached - ratio).abs() > 1e-9 {
                notes.push(format!(
                    "the supply is kept within its limits, where this process is {:.2} times as fast as stated, not {ratio:.2} times",
                    supply.reached
                ));
            }
            supply.volts
        }
        _ => nominal,
    };
    Process { node_nm, volts }
}

fn figure(constant: &Constant) -> Figure {
    Figure { value: constant.value as f64, low: constant.low as f64, high: constant.high as f64 }
}

fn plain(name: &str, count: u64, area_um2: Figure) -> Part {
    Part { name: name.into(), count, bits: None, of_network: false, area_um2, access_pj: None }
}

/// A router: input buffers of all channels and a crossbar.
#[derive(Clone, Copy, Debug)]
pub(super) struct Router {
    ports: u32,
    flit_bits: u32,
    buffer_flits: u32,
}

impl Router {
    pub(super) fn of(arch: &Arch) -> Option<Self> {
        let noc = arch.noc.as_ref()?;
        let buffer_flits = noc.virtual_channels.saturating_mul(noc.buffer_flits);
        Some(Self { ports: 4 + arch.mesh.cores_per_router, flit_bits: noc.flit_bits, buffer_flits })
    }

    /// The buffer of a port, taken as a small memory.
    fn buffer(self) -> Built {
        let bits = u64::from(self.buffer_flits) * u64::from(self.flit_bits);
        Built { bits, word_bits: self.flit_bits, ports: isa::arch::Ports::OneReadWrite, banks: 1 }
    }

    /// Side of the crossbar \[mm\].
    fn crossbar_mm(self, process: Process) -> f64 {
        f64::from(self.ports) * f64::from(self.flit_bits) * WIRE_PITCH_UM * 1e-3 * process.area_from_45_nm().sqrt()
    }

    /// Writing a flit into a buffer \[pJ\].
    pub(super) fn buffer_pj(self, process: Process) -> Figure {
        self.buffer().write_pj(process)
    }

    /// A flit through the router: into a buffer, out of it, through the crossbar \[pJ\].
    pub(super) fn flit_pj(self, process: Process) -> Figure {
        let crossbar = logic::wire_pj(self.flit_bits, 2.0 * self.crossbar_mm(process), process);
        self.buffer_pj(process) + self.buffer().read_pj(process) + crossbar
    }

    /// \[µm²\]
    fn area_um2(self, process: Process) -> Figure {
        let bits = u64::from(self.ports) * u64::from(self.buffer_flits) * u64::from(self.flit_bits);
        let crossbar = self.crossbar_mm(process).powi(2) * 1e6;
        logic::buffer_um2(bits, process) + Figure::within(crossbar, 0.5, 2.0)
    }
}
