//! Whether the figures of a chip description make sense together. All problems are reported at once.
//!
//! Checked: the format's version; each figure within its range and with a source; times of at most 2^32 ticks, a tick of at
//! most a second, so that sums of them are counted; positive sizes, a mesh within the index
//! range and packets of at most 4096 flits; weight widths ascending within 1..=16; potentials of 2..=32 bits; memories with ports and per-core capacities that
//! agree; queues that hold an event; barrier tables ascending; node and voltage where their scaling is known; multicast, times and links only with a network; for chips that
//! fire per event, all times that order events, and no timesteps.

use super::{Arch, Constant, Memory, Multicast, Sync};
use crate::ids::CoreId;

/// The longest packet of a spike, far beyond any chip's; what simulates flits one by one ends in time.
const MOST_FLITS: u32 = 4096;

/// One thing wrong with a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Field path, such as `core.memories.weights.bits`.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

/// Everything wrong with a description that reads well.
pub fn validate(arch: &Arch) -> Vec<Problem> {
    let mut v = Validator { problems: Vec::new() };
    v.check(arch.version == 1, "version", || format!("version {} is unknown", arch.version), "set `version: 1`");
    v.check(!arch.name.trim().is_empty(), "name", || "the name is empty".into(), "name the chip");
    for (path, constant) in constants(arch) {
        v.constant(&path, constant);
    }
    v.times(arch);
    v.check(arch.tick_ps.value > 0, "tick_ps", || "a tick of 0 ps".into(), "state the clock period or a resolution");
    let positioned = v.mesh(arch);
    v.noc(arch);
    v.core(arch);
    if positioned {
        v.queues(arch);
    }
    v.sync(arch);
    v.silicon(arch);
    if arch.core.is_event_driven() {
        v.per_event(arch);
    }
    v.problems
}

/// Longest time of one operation \[ticks\].
const LONGEST: u64 = 1 << 32;
/// Longest tick \[ps\].
const LONGEST_TICK: u64 = 1_000_000_000_000;

struct Validator {
    problems: Vec<Problem>,
}

impl Validator {
    fn check(&mut self, holds: bool, path: &str, message: impl FnOnce() -> String, remedy: &str) {
        if !holds {
            self.problems.push(Problem { path: path.into(), message: message(), remedy: remedy.into() });
        }
    }

    fn constant(&mut self, path: &str, c: &Constant) {
        let range = (c.low..=c.high).contains(&c.value);
        let message = || format!("value {} outside its range {}..={}", c.value, c.low, c.high);
        self.check(range, path, message, "choose low ≤ value ≤ high");
        let sourced = !c.source.trim().is_empty();
        self.check(
            sourced,
            path,
            || "the figure has no source".into(),
            "name author, year, table; or say that it is assumed",
        );
    }

    /// Times must add up without wrapping, their highest figures included.
    fn times(&mut self, arch: &Arch) {
        for (path, time) in times(arch) {
            let message = || format!("{} ticks are more than 2^32", time.value.max(time.high));
            let fits = time.value.max(time.high) <= LONGEST;
            self.check(fits, &path, message, "choose a longer tick, or check the figure");
        }
        let tick = arch.tick_ps.value.max(arch.tick_ps.high);
        let message = || format!("a tick of {tick} ps is longer than a second");
        self.check(tick <= LONGEST_TICK, "tick_ps", message, "state the clock period or a resolution in picoseconds");
    }

    /// Whether cores have positions, which per-core capacities need.
    fn mesh(&mut self, arch: &Arch) -> bool {
        let m = &arch.mesh;
        let factors = [m.width, m.height, m.cores_per_router, m.chips.0, m.chips.1];
        let positive = factors.iter().all(|&n| n > 0);
        self.check(positive, "mesh", || "a dimension is 0".into(), "every dimension is at least 1");
        let cores = factors.iter().try_fold(1u32, |n, &f| n.checked_mul(f));
        let fits = cores.is_some_and(|n| n <= 1 << 24);
        self.check(fits, "mesh", || "more than 2^24 cores".into(), "describe a smaller grid");
        positive && fits
    }

    fn noc(&mut self, arch: &Arch) {
        let Some(noc) = &arch.noc else {
            let absent = matches!(arch.sync, Sync::None | Sync::Fixed(_));
            let message = || "barriers and tokens travel over a network, but `noc` is None".to_string();
            return self.check(absent, "sync", message, "describe the network, or use `sync: None`");
        };
        let sizes = [noc.flit_bits, noc.flits_per_spike, noc.virtual_channels, noc.buffer_flits];
        let positive = sizes.iter().all(|&n| n > 0);
        self.check(positive, "noc", || "a size is 0".into(), "flits, channels and buffers are at least 1");
        let long = || format!("a packet of {} flits", noc.flits_per_spike);
        self.check(noc.flits_per_spike <= MOST_FLITS, "noc.flits_per_spike", long, "at most 4096 flits, or wider ones");
        self.check(
            noc.flit_interval.value > 0,
            "noc.flit_interval",
            || "0 ticks between flits".into(),
            "at least 1 tick",
        );
        let several = arch.mesh.chips != (1, 1);
        let linked = !several || noc.link_chip.is_some();
        self.check(linked, "noc.link_chip", || "several chips, but no link between them".into(), "state `link_chip`");
        let held = noc.multicast != Multicast::Tree { entries: Some(0) };
        self.check(held, "noc.multicast", || "a tree without table entries".into(), "use `Unicast`");
    }

    fn core(&mut self, arch: &Arch) {
        let core = &arch.core;
        let limits = [
            ("core.neurons", &core.neurons),
            ("core.axons_in", &core.axons_in),
            ("core.axons_out", &core.axons_out),
            ("core.fan_in", &core.fan_in),
            ("core.channels", &core.channels),
            ("core.destinations", &core.destinations),
            ("core.destination_layers", &core.destination_layers),
            ("core.weights_per_neuron", &core.weights_per_neuron),
            ("core.thresholds", &core.thresholds),
        ];
        for (path, limit) in limits {
            let positive = limit.as_ref().is_none_or(|c| c.value > 0);
            self.check(positive, path, || "a limit of 0 holds nothing".into(), "leave an unlimited resource out");
        }
        let sourced = !core.dynamics.source.trim().is_empty();
        let remedy = "name author, year, table; or say that it is assumed";
        self.check(sourced, "core.dynamics", || "the abilities of neurons have no source".into(), remedy);
        let useful = core.dynamics.words > 0
            && core.dynamics.fraction_bits.iter().all(|k| (1..=30).contains(k))
            && core.dynamics.weight_exponents.iter().all(|e| (-30..=30).contains(e));
        self.check(useful, "core.dynamics", || "no words, or shifts beyond 30 bits".into(), "give neurons a word");
        let widths = &core.weight_bits;
        let ordered = !widths.is_empty()
            && widths.is_sorted_by(|a, b| a < b)
            && widths.iter().all(|bits| (1..=16).contains(bits));
        let message = || format!("{widths:?} is not an ascending list of widths in 1..=16");
        self.check(ordered, "core.weight_bits", message, "list every width once, the narrowest first");
        let state = (2..=32).contains(&core.state_bits);
        self.check(state, "core.state_bits", || format!("{} bits", core.state_bits), "potentials have 2 to 32 bits");
        self.check(core.lanes > 0, "core.lanes", || "no lanes".into(), "at least 1");
        let touched = !core.updates_touched() || !matches!(arch.sync, Sync::None);
        let message = || "touched-only updates of a chip with timesteps need timesteps that are separated".to_string();
        self.check(touched, "core.sweep", message, "use `sweep: All`, or describe `sync`");
        let memories = &core.memories;
        for (name, memory) in memories.each() {
            self.memory(&format!("core.memories.{name}"), memory, arch);
        }
        let words = memories.state.word_bits;
        let fits = words == 0 || words >= core.state_bits;
        let message = || format!("words of {words} bits do not hold a potential of {} bits", core.state_bits);
        self.check(fits, "core.memories.state.word_bits", message, "widen the word or narrow `state_bits`");
        if let Some(limits) = &core.convolution {
            let strides =
                !limits.strides.is_empty() && limits.strides.is_sorted_by(|a, b| a < b) && limits.strides[0] > 0;
            self.check(strides, "core.convolution.strides", || "not an ascending list from 1".into(), "list each once");
            let positive = limits.kernel > 0 && limits.source_map > 0 && limits.map > 0;
            self.check(positive, "core.convolution", || "a limit of 0".into(), "every limit is at least 1");
        }
    }

    /// The order of events decides spikes, so nothing that it follows from may be absent.
    fn per_event(&mut self, arch: &Arch) {
        let untimed = matches!(arch.sync, Sync::None);
        let message = || "a chip that fires per event has no timesteps to separate".to_string();
        self.check(untimed, "sync", message, "use `sync: None`, or `fire: PerStep`");
        for (path, figure) in arch.ordering_times() {
            let message = || "the order of events decides spikes here, and follows from this time".to_string();
            self.check(figure.is_some(), path, message, "state it, as assumed if nothing is published");
        }
        let positive = arch.core.timing.event.as_ref().is_none_or(|c| c.value > 0);
        let message = || "an event that takes no time would not come before those that it causes".to_string();
        self.check(positive, "core.timing.event", message, "at least 1 tick");
        let message = || format!("{} bits leave no room to saturate in", arch.core.state_bits);
        self.check(arch.core.state_bits < 32, "core.state_bits", message, "at most 31 bits");
    }

    fn memory(&mut self, path: &str, memory: &Memory, arch: &Arch) {
        self.check(memory.banks > 0, path, || "no banks".into(), "at least 1");
        let list = &memory.bits_by_core;
        if list.is_empty() {
            return;
        }
        let cores = u64::from(arch.mesh.width) * u64::from(arch.mesh.height) * u64::from(arch.mesh.cores_per_router);
        let all = list.len() as u64 == cores;
        let message = || format!("{} capacities for the {cores} cores of a chip", list.len());
        self.check(all, &format!("{path}.bits_by_core"), message, "state one capacity per core");
        let largest = list.iter().max().copied();
        let agrees = largest == memory.bits.as_ref().map(|c| c.value);
        let message = || format!("the largest core has {largest:?} bits, but `bits` says otherwise");
        self.check(agrees, &format!("{path}.bits"), message, "state the largest capacity in `bits`");
    }

    fn queues(&mut self, arch: &Arch) {
        let by_core = &arch.core.memories.queue.bits_by_core;
        let smallest = (0..by_core.len().max(1) as u32).filter_map(|core| arch.queue_events(CoreId(core))).min();
        let message = || "the queue of a core does not hold one event".to_string();
        let remedy = "at least the flits of a spike packet, or leave `bits` out";
        self.check(smallest != Some(0), "core.memories.queue.bits", message, remedy);
    }

    fn silicon(&mut self, arch: &Arch) {
        if let Some(technology) = &arch.technology {
            let node = technology.node_nm.value;
            let message = || format!("the scaling of energy and area is known from 7 to 130 nm, not at {node} nm");
            let remedy = "state the nearest node of that range";
            self.check((7..=130).contains(&node), "technology.node_nm", message, remedy);
            let volts = technology.millivolts.value;
            let message = || format!("{volts} mV is outside 400 to 1400 mV, where energies are known");
            self.check(
                (400..=1400).contains(&volts),
                "technology.millivolts",
                message,
                "state the supply in millivolts",
            );
            let slow = technology.issue_ps.as_ref().is_none_or(|c| c.value > 0);
            self.check(slow, "technology.issue_ps", || "an issue in no time".into(), "leave it out if it is not known");
        }
        if let Some(policy) = &arch.static_power {
            let sourced = !policy.source.trim().is_empty();
            let message = || "the policy has no source".to_string();
            self.check(sourced, "static_power", message, "name author, year, section; or say that it is assumed");
            let share = !matches!(policy.powered, super::Powered::Gated { residual_percent } if residual_percent > 100);
            self.check(share, "static_power", || "a gated core draws more than 100 %".into(), "state 0 to 100");
        }
    }

    fn sync(&mut self, arch: &Arch) {
        match &arch.sync {
            Sync::Barrier(points) => {
                let ordered = !points.is_empty() && points.is_sorted_by(|a, b| a.0 < b.0);
                self.check(
                    ordered,
                    "sync",
                    || "barrier points are not ascending, or none".into(),
                    "sort them by routers",
                );
            }
            Sync::Fixed(ticks) => {
                self.check(ticks.value > 0, "sync", || "a timestep of 0 ticks".into(), "state its length");
            }
            Sync::Token | Sync::None => {}
        }
    }
}

/// Every figure of a description with its path.
pub fn constants(arch: &Arch) -> Vec<(String, &Constant)> {
    let core = &arch.core;
    let mut all: Vec<(String, Option<&Constant>)> = vec![
        ("tick_ps".into(), Some(&arch.tick_ps)),
        ("core.neurons".into(), core.neurons.as_ref()),
        ("core.axons_in".into(), core.axons_in.as_ref()),
        ("core.axons_out".into(), core.axons_out.as_ref()),
        ("core.fan_in".into(), core.fan_in.as_ref()),
        ("core.channels".into(), core.channels.as_ref()),
        ("core.destinations".into(), core.destinations.as_ref()),
        ("core.destination_layers".into(), core.destination_layers.as_ref()),
        ("core.weights_per_neuron".into(), core.weights_per_neuron.as_ref()),
        ("core.thresholds".into(), core.thresholds.as_ref()),
    ];
    if let Some(technology) = &arch.technology {
        all.extend([
            ("technology.node_nm".into(), Some(&technology.node_nm)),
            ("technology.millivolts".into(), Some(&technology.millivolts)),
            ("technology.issue_ps".into(), technology.issue_ps.as_ref()),
            ("technology.leakage_uw_per_mm2".into(), technology.leakage_uw_per_mm2.as_ref()),
            ("technology.core_logic_um2".into(), technology.core_logic_um2.as_ref()),
        ]);
    }
    for (name, memory) in core.memories.each() {
        all.push((format!("core.memories.{name}.bits"), memory.bits.as_ref()));
    }
    let stated = all.into_iter().filter_map(|(path, constant)| Some((path, constant?)));
    stated.chain(times(arch)).collect()
}

/// Every time of a description with its path \[ticks\].
fn times(arch: &Arch) -> Vec<(String, &Constant)> {
    let timing = &arch.core.timing;
    let mut all: Vec<(&str, Option<&Constant>)> = vec![
        ("core.timing.event", timing.event.as_ref()),
        ("core.timing.axon", timing.axon.as_ref()),
        ("core.timing.synapse", timing.synapse.as_ref()),
        ("core.timing.neuron_idle", timing.neuron_idle.as_ref()),
        ("core.timing.neuron_spike", timing.neuron_spike.as_ref()),
        ("core.timing.emit", timing.emit.as_ref()),
        ("input_interval", arch.input_interval.as_ref()),
    ];
    if let Some(noc) = &arch.noc {
        all.extend([
            ("noc.router", Some(&noc.router)),
            ("noc.link_east_west", Some(&noc.link_east_west)),
            ("noc.link_north_south", Some(&noc.link_north_south)),
            ("noc.link_chip", noc.link_chip.as_ref()),
            ("noc.flit_interval", Some(&noc.flit_interval)),
        ]);
    }
    match &arch.sync {
        Sync::Barrier(points) => all.extend(points.iter().map(|(_, c)| ("sync", Some(c)))),
        Sync::Fixed(ticks) => all.push(("sync", Some(ticks))),
        Sync::Token | Sync::None => {}
    }
    all.into_iter().filter_map(|(path, constant)| Some((path.to_owned(), constant?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::preset::preset;

    #[test]
    fn packets_have_an_end() {
        let mut arch = preset("loihi1").expect("a preset");
        arch.noc.as_mut().expect("it has one").flits_per_spike = 4096;
        assert_eq!(validate(&arch), []);
        arch.noc.as_mut().expect("it has one").flits_per_spike = u32::MAX;
        let problems = validate(&arch);
        assert!(
            problems.iter().any(|p| p.path == "noc.flits_per_spike" && p.message.contains("4294967295")),
            "{problems:?}"
        );
    }
}
